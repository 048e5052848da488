"""`python -m pool.exchange.gateway.candles.worker`: asks exchanges by ccxt, for the gateway that started it.

ccxt and its markets take a hundred megabytes, so they live here, and only while somebody asks. A line of JSON on
standard input is a question (`Question`), a line on standard output its answer, or what a websocket told (`push`).
Requests leave through the gateway: its budget, its breaker and its cache hold for them; websockets go straight. Ends
when standard input does.
"""

import argparse
import asyncio
import base64
import json
import sys
import time
from array import array
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any

import ccxt
import ccxt.async_support as exchanges
from ccxt import pro
from ccxt.base import errors

from pool.contract.mapped import COLUMNS, LATEST_MS, MOST_ROWS, LatestCandles
from pool.contract.market import Kind, Price
from pool.exchange.gateway.candles.series import FUNDING_RATE, MARK, SPOT
from pool.exchange.gateway.candles.through import Noted, through
from pool.exchange.gateway.candles.through import kept as kept_
from pool.exchange.gateway.candles.through import kind as kind_
from pool.exchange.gateway.prices import looks, sources, streaming
from pool.exchange.urls import paper_urls

PAPER = "paper"
_USUAL_LIMIT = 500
_FUNDING_LIMIT = 100
_ASK_MILLISECONDS = 15_000
LOOK_SECONDS = 50.0
"""Who asked waits a minute."""
_MOST_CLIENTS = 6
_MARKETS_SECONDS = 3600.0
_MARKETS_AGAIN_SECONDS = 60.0
_LONGEST_LINE = 2**20
_MOST_TICKERS = 20
"""Of one request: exchanges count more of them dearly."""


class Told(Exception):
    """What cannot be answered: `field` of the question is wrong; without one it may be asked again."""

    def __init__(self, message: str, field: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.body = {"message": message, "field": field, "retry_after": retry_after}


class Desk:
    """Clients by exchange and market. `paper` is where the paper exchange is."""

    def __init__(
        self,
        gateway: str,
        paper: str | None,
        clock: Callable[[], float] = time.monotonic,
        push: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> None:
        self._gateway = gateway
        self._paper = paper
        self._clock = clock
        self._push = push
        self._streams: dict[tuple[str, str], streaming.Stream] = {}
        self._clients: dict[tuple[str, bool], Any] = {}
        self._loaded_at: dict[tuple[str, bool], float] = {}
        self._locks: dict[tuple[str, bool], asyncio.Lock] = {}
        self._using: Counter[tuple[str, bool]] = Counter()

    async def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Never raises."""
        if question["ask"] == "ping":
            return {}
        if question["ask"] == "follow":
            return await self._follow(question["exchange"], question["market"], question["symbols"])
        try:
            if question["ask"] == "prices":
                return await self._look((question["exchange"], question["market"]), question["symbols"])
            async with self._client(question["exchange"], question["type"] == SPOT) as client:
                if question["ask"] == "mapped":
                    return {"mapped": await columns(client, LatestCandles.model_validate(question["series"]))}
                if question["ask"] == "tickers":
                    return {"tickers": await _tickers(client, question["pairs"])}
                return await _candles(client, question)
        except Told as told:
            return {"error": told.body}
        except errors.NetworkError as problem:
            return {"error": Told(_sentence("The exchange does not answer", problem), retry_after=_after(problem)).body}
        except (
            errors.BaseError,
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            ArithmeticError,
        ) as problem:
            return {"error": Told(_sentence("The exchange's answer is of no use", problem)).body}

    async def _look(self, key: tuple[str, str], symbols: list[str]) -> dict[str, Any]:
        """At prices. One that takes too long ends its exchange's client and websocket, which may hang, and no other's.
        Raises Told, and what ccxt raises."""
        exchange, market = key
        try:
            async with asyncio.timeout(LOOK_SECONDS), self._client(exchange, market == SPOT) as client:
                answer = await looks.best(client, exchange, market, symbols)
        except TimeoutError:
            await self._follow(exchange, market, [])
            self._loaded_at.pop((exchange, market == SPOT), None)
            await self._shrink()
            raise Told("The exchange does not answer in time; try again in a moment.", retry_after=5.0) from None
        return answer | self._judged(key, answer)

    async def _follow(self, exchange: str, market: str, symbols: list[str]) -> dict[str, Any]:
        """By websocket these, and no others; none ends it."""
        key = (exchange, market)
        if not symbols:
            if (ended := self._streams.pop(key, None)) is not None:
                await ended.aclose()
            return {}
        if key not in self._streams:
            self._streams[key] = streaming.Stream(
                market,
                lambda: self._client(exchange, market == SPOT),
                lambda told: self._push({"exchange": exchange, "market": market, **told}),
            )
        self._streams[key].want(symbols)
        return {}

    def _judged(self, key: tuple[str, str], answer: Mapping[str, Any]) -> dict[str, Any]:
        stream = self._streams.get(key)
        if stream is None:
            return {"run": None, "proven": False}
        told = {name: Price.model_validate(price) for name, price in answer["prices"].items()}
        return stream.judge(told, answer["asked_at"])

    @asynccontextmanager
    async def _client(self, exchange: str, spot: bool) -> AsyncIterator[Any]:
        """Nobody closes it within."""
        key = (exchange, spot)
        self._using[key] += 1
        try:
            async with self._locks.setdefault(key, asyncio.Lock()):
                client = self._clients.pop(key, None)
                self._clients[key] = client = self._made(exchange, spot) if client is None else client
                await self._load(key, client)
            yield client
        finally:
            self._using[key] -= 1
            if not self._using[key]:
                del self._using[key], self._locks[key]
            await self._shrink()

    async def _load(self, key: tuple[str, bool], client: Any) -> None:
        """Its markets, anew where new ones may have been listed since."""
        loaded_at = self._loaded_at.get(key)
        if loaded_at is not None and self._clock() - loaded_at < _MARKETS_SECONDS:
            return
        token = kind_.set(Kind(name="markets"))
        try:
            await client.load_markets(reload=True)
            self._loaded_at[key] = self._clock()
        except (errors.BaseError, ValueError, TypeError, KeyError, IndexError, AttributeError):
            if loaded_at is None:
                raise
            self._loaded_at[key] = self._clock() - _MARKETS_SECONDS + _MARKETS_AGAIN_SECONDS
        finally:
            kind_.reset(token)

    async def _shrink(self) -> None:
        """Closes those used longest ago that nobody uses, and those whose markets never came."""
        while True:
            idle = [key for key in self._clients if key not in self._using]
            many = len(self._clients) > _MOST_CLIENTS
            found = next((key for key in idle if many or key not in self._loaded_at), None)
            if found is None:
                return
            self._loaded_at.pop(found, None)
            await self._clients.pop(found).close()

    def _made(self, exchange: str, spot: bool) -> Any:
        name = "binance" if exchange == PAPER else exchange
        if name not in exchanges.exchanges or (exchange == PAPER and self._paper is None):
            raise Told(f"There is no exchange {exchange} here; list the exchanges to see which there are.", "exchange")
        streamed = exchange in sources.STREAMED
        base = getattr(pro if streamed else exchanges, name)
        made = type(name, (base,), through(self._gateway, exchange))
        options: dict[str, Any] = {"defaultType": "spot" if spot else "swap"}
        if streamed:
            options |= streaming.options()
        if name == "binance":
            options["fetchMarkets"] = {"types": ["spot"] if spot else ["linear"]}
        client = made({"timeout": _ASK_MILLISECONDS, "options": options})
        if exchange == PAPER and self._paper is not None:
            client.urls["api"] = paper_urls(self._paper, client.urls["api"])
        return client

    async def close(self) -> None:
        for stream in self._streams.values():
            await stream.aclose()
        for client in self._clients.values():
            await client.close()


async def _candles(client: Any, question: Mapping[str, Any]) -> dict[str, Any]:
    pair, timeframe, kind, since = question["pair"], question["timeframe"], question["type"], question["since"]
    if pair not in client.markets:
        raise Told(f"{question['exchange']} does not trade {pair}; search its pairs.", "pair")
    if kind == FUNDING_RATE:
        return await _funding(client, pair, since, min(question["limit"], _FUNDING_LIMIT))
    known = client.timeframes or {}
    if timeframe not in known:
        raise Told(f"{question['exchange']} has no candles of {timeframe}; it has {', '.join(known)}.", "timeframe")
    if not client.has.get("fetchOHLCV") or client.has["fetchOHLCV"] == "emulated":
        raise Told(f"{question['exchange']} has no candles of its own.", "exchange")
    if kind == MARK and not client.has.get("fetchMarkOHLCV"):
        raise Told(f"{question['exchange']} tells no candles of mark prices.", "type")
    most = client.feature_value(pair, "fetchOHLCV", "limit", _USUAL_LIMIT)
    limit = min(question["limit"], int(most) if isinstance(most, int | float) else _USUAL_LIMIT)
    params = {"price": "mark"} if kind == MARK else {}
    kind_.set(Kind(name="candles"))  # without a timeframe a second old at most: what is closed the store keeps
    rows = await client.fetch_ohlcv(pair, timeframe, since=since, limit=limit, params=params)
    return {"rows": [[row[0] - row[0] % 1000, *row[1:6]] for row in rows], "limit": limit}


async def columns(client: Any, series: LatestCandles) -> dict[str, Any] | None:
    """The latest candles as columns of one answer that the gateway keeps; None where it keeps none that is right for
    somebody (each bot judges for itself), or rows are not whole milliseconds with five fractions each."""
    timeframe = int(client.parse_timeframe(series.timeframe))
    kind_.set(Kind(name="candles", timeframe=timeframe, limit=series.limit, at_close=True))
    answers: list[Noted] = []
    kept_.set(answers)
    params = {} if series.price is None else {"price": series.price}
    try:
        rows = await client.fetch_ohlcv(series.symbol, series.timeframe, limit=series.limit, params=params)
    except errors.BaseError:
        if answers and answers[-1].asked is None:
            return None
        raise
    if len(answers) != 1 or answers[0].asked is None or not 0 < len(rows) <= MOST_ROWS:
        return None
    if any(len(row) != 1 + COLUMNS for row in rows):
        return None
    times, *values = zip(*rows, strict=True)
    if {*map(type, times)} != {int} or not 0 <= min(times) <= max(times) <= LATEST_MS:
        return None
    if {*map(type, chain(*values))} != {float}:
        return None
    boot, asked_ms, skew_ms = answers[0].asked.split()
    numbers = array("q", times).tobytes() + b"".join(array("d", column).tobytes() for column in values)
    return {
        "rows": len(rows), "asked_boot": float(boot), "asked_ms": int(asked_ms), "skew_ms": int(skew_ms),
        "url": answers[0].url, "maker": ccxt.__version__, "columns": base64.b64encode(numbers).decode(),
    }  # fmt: skip


async def _funding(client: Any, pair: str, since: int, limit: int) -> dict[str, Any]:
    if not client.has.get("fetchFundingRateHistory"):
        raise Told("This exchange tells no history of funding rates.", "type")
    kind_.set(Kind(name="funding"))
    rows = await client.fetch_funding_rate_history(pair, since=since, limit=limit)
    return {"rows": [[row["timestamp"] - row["timestamp"] % 1000, row["fundingRate"]] for row in rows], "limit": limit}


async def _tickers(client: Any, pairs: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Of the pairs that are traded, by one request where the exchange can tell many."""
    wanted = [pair for pair in pairs if pair in client.markets]
    kind_.set(Kind(name="ticker"))
    if len(wanted) > 1 and client.has.get("fetchTickers"):
        found = await client.fetch_tickers(wanted[:_MOST_TICKERS])
        for number in range(_MOST_TICKERS, len(wanted), _MOST_TICKERS):
            found |= await client.fetch_tickers(wanted[number : number + _MOST_TICKERS])
    else:
        found = {pair: await client.fetch_ticker(pair) for pair in wanted}
    names = ("timestamp", "last", "bid", "ask", "percentage", "high", "low", "quoteVolume")
    return {pair: {name: found[pair].get(name) for name in names} for pair in wanted if pair in found}


def _sentence(what: str, problem: BaseException) -> str:
    return f"{what} ({type(problem).__name__}); try again in a moment."


def _after(problem: BaseException) -> float:
    return 30.0 if isinstance(problem, errors.RateLimitExceeded | errors.DDoSProtection) else 5.0


def _say(told: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, separators=(",", ":")) + "\n")
    sys.stdout.flush()


async def serve(desk: Desk) -> None:
    """Until standard input ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks: set[asyncio.Task[None]] = set()

    async def one(question: Mapping[str, Any]) -> None:
        _say({"id": question["id"], **await desk.answer(question)})

    try:
        while line := await reader.readline():
            task = asyncio.create_task(one(json.loads(line)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    finally:
        for task in tasks:
            task.cancel()
        await desk.close()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pool.exchange.gateway.candles.worker")
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--paper-url")
    options = parser.parse_args(arguments)

    async def run() -> None:
        await serve(Desk(options.gateway, options.paper_url, push=lambda told: _say({"push": told})))

    asyncio.run(run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
