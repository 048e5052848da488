"""Candles and prices as the market-data gateway tells them.

Pages that cannot change any more are kept for a while in the cache that all processes of the installation share; below
it are the gateway's memory and its disk.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from loguru import logger

from orchestrator.errors import ExchangeUnreachable, InvalidSpec, RedisUnavailable
from orchestrator.kit.cache import Cache
from orchestrator.kit.plain_http import TRUST_NOBODY
from orchestrator.templates.exchange_ids import EXCHANGE_IDS, PAPER
from pool.contract.market import INCARNATION_HEADER

T = TypeVar("T")

ARROW = "application/vnd.apache.arrow.file"
NEXT_HEADER = "X-Flotilla-Next"
_ASK_SECONDS = 25.0
_AT_ONCE = 8
_TICKERS_AT_ONCE = 8
_PLACE_SECONDS = 5.0
"""So long a request waits for others before it."""
_OFF = "There is no market-data gateway (FLOTILLA_ORCH_GATEWAY), so there are no candles and prices."
_KEPT_SECONDS = 600.0
_MOST_KEPT = 100
_MOST_KEPT_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Candles that open from `since` on, before `until` (Unix milliseconds), at most `limit` steps of time; without
    `since` the last ones. `type` is `spot`, `futures`, `mark` or `funding_rate`."""

    exchange: str
    pair: str
    timeframe: str
    type: str = "spot"
    since: int | None = None
    until: int | None = None
    limit: int = 500

    def query(self) -> dict[str, str]:
        told = {name: getattr(self, name) for name in self.__slots__}
        return {name: str(value) for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Candles:
    """`rows` are `[opening in ms, values…]` as `columns` say; `partial`: the last one is not closed yet."""

    columns: list[str]
    rows: list[list[float]]
    partial: bool
    next: int | None


class MarketData:
    """`find_gateway` answers where the gateway is, None for nowhere yet; `find_gateway` None where there is to be none.
    Close it with `aclose`."""

    def __init__(
        self,
        find_gateway: Callable[[], Awaitable[str | None]] | None,
        cache: Cache,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._find_gateway = find_gateway
        self._cache = cache
        self._http = httpx.AsyncClient(transport=transport, trust_env=False, verify=TRUST_NOBODY, timeout=_ASK_SECONDS)
        self._places = {"/v1/candles": asyncio.Semaphore(_AT_ONCE), "/v1/tickers": asyncio.Semaphore(_TICKERS_AT_ONCE)}
        self._looks: Counter[str] = Counter()

    async def candles(self, wanted: Wanted) -> Candles:
        """A page. Raises InvalidSpec naming the field, ExchangeUnreachable."""
        key = f"candles:{json.dumps(wanted.query(), sort_keys=True)}"
        text = await self._look(key)
        if text is None:
            text = (await self._ask("/v1/candles", wanted.exchange, list(wanted.query().items()))).text
            found = _read(_candles, text)
            if _is_final(wanted, found) and len(text) <= _MOST_KEPT_CHARACTERS:
                await self._keep(key, text)
            return found
        return _candles(text)

    async def feather(self, wanted: Wanted) -> tuple[bytes, int | None]:
        """The closed candles of a page as a file that FreqTrade reads, and where the next page begins."""
        query = list(wanted.query().items())
        response = await self._ask("/v1/candles", wanted.exchange, query, {"Accept": ARROW})
        following = response.headers.get(NEXT_HEADER)
        return response.content, None if following is None else _read(int, following)

    async def tickers(self, exchange: str, trading_mode: str, pairs: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Last prices by pair, of those that are traded. Raises InvalidSpec, ExchangeUnreachable."""
        query = [("exchange", exchange), ("type", trading_mode), *(("pair", pair) for pair in pairs)]
        return _read(_tickers, (await self._ask("/v1/tickers", exchange, query)).text)

    def readings(self) -> Mapping[str, float]:
        """For /metrics."""
        return {"market_cache_hits": self._looks["hit"], "market_cache_misses": self._looks["miss"]}

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _ask(
        self, path: str, exchange: str, query: list[tuple[str, str]], headers: dict[str, str] | None = None
    ) -> httpx.Response:
        if exchange != PAPER and exchange not in EXCHANGE_IDS:
            raise InvalidSpec("There is no such exchange; list the exchanges to see which there are.", field="exchange")
        if self._find_gateway is None:
            raise ExchangeUnreachable(_OFF)
        url = await self._find_gateway()
        if url is None:
            raise ExchangeUnreachable("The market-data gateway is not there; try again in a moment.")
        try:
            async with self._place(path):
                response = await self._http.get(
                    f"{url.rstrip('/')}{path}", params=httpx.QueryParams(tuple(query)), headers=headers
                )
        except (httpx.HTTPError, OSError) as problem:
            logger.warning("the market-data gateway does not answer: {}", type(problem).__name__)
            raise ExchangeUnreachable("The market-data gateway does not answer; try again in a moment.") from None
        if INCARNATION_HEADER not in response.headers:
            logger.warning("somebody else answers where the market-data gateway was")
            raise ExchangeUnreachable("The market-data gateway does not answer; try again in a moment.")
        if response.status_code == httpx.codes.OK:
            return response
        raise _error(response)

    @asynccontextmanager
    async def _place(self, path: str) -> AsyncIterator[None]:
        places = self._places[path]
        try:
            async with asyncio.timeout(_PLACE_SECONDS):
                await places.acquire()
        except TimeoutError:
            raise ExchangeUnreachable(
                "Too much is asked of the market-data gateway just now; try again in a moment.", retry_after_seconds=5
            ) from None
        try:
            yield
        finally:
            places.release()

    async def _look(self, key: str) -> str | None:
        try:
            text = await self._cache.look(key)
        except RedisUnavailable:
            text = None
        self._looks["miss" if text is None else "hit"] += 1
        return text

    async def _keep(self, key: str, text: str) -> None:
        try:
            await self._cache.put(key, text, seconds=_KEPT_SECONDS, group="candles", most=_MOST_KEPT)
        except RedisUnavailable:
            return


def _read(how: Callable[[str], T], text: str) -> T:
    """What the gateway told. Raises ExchangeUnreachable where that is not understood."""
    try:
        return how(text)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        logger.warning("what the market-data gateway answers is not understood: {}", type(problem).__name__)
        raise ExchangeUnreachable("The market-data gateway answers what is not understood; try again later.") from None


def _tickers(text: str) -> dict[str, dict[str, Any]]:
    return {str(pair): dict(ticker) for pair, ticker in json.loads(text)["tickers"].items()}


def _candles(text: str) -> Candles:
    body = json.loads(text)
    return Candles(body["columns"], body["rows"], body["partial"], body["next"])


def _is_final(wanted: Wanted, found: Candles) -> bool:
    """Whether the same question has the same answer for good: its stretch is given, and full of closed candles."""
    full = len(found.rows) == wanted.limit and not found.partial
    return full and wanted.since is not None and found.next is not None


def _error(response: httpx.Response) -> Exception:
    try:
        body = response.json()
        message, field = str(body["message"]), body["field"]
    except (ValueError, KeyError, TypeError):
        message, field = "The market-data gateway failed; try again in a moment.", None
    if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY and field is not None:
        return InvalidSpec(message, field=field)
    after = response.headers.get("Retry-After", "")
    seconds = {"retry_after_seconds": int(after)} if after.isascii() and after.isdigit() else {}
    return ExchangeUnreachable(message, **seconds)
