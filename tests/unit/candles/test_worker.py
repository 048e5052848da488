"""The process that knows the exchanges."""

import asyncio
from types import SimpleNamespace
from typing import Any

import ccxt
import pytest

from pool.contract.freshness import Moment, fresh
from pool.contract.market import Kind
from pool.exchange.gateway.candles import through, worker

NOON_MS = 1_795_435_200_000
QUESTION = {"exchange": "paper", "pair": "BTC/USDT", "timeframe": "1h", "type": "spot", "limit": 50}


async def test_the_current_candle_is_a_second_old_at_most() -> None:
    told: list[Kind] = []

    async def fetch_ohlcv(*_: Any, **__: Any) -> list[list[float]]:
        told.append(through.kind.get())
        return [[NOON_MS, 1, 1, 1, 1, 1]]

    client = SimpleNamespace(
        markets={"BTC/USDT"},
        timeframes={"1h": "1h"},
        has={"fetchOHLCV": True},
        feature_value=lambda *_: 500,
        fetch_ohlcv=fetch_ohlcv,
    )
    await worker._candles(client, {**QUESTION, "since": NOON_MS})
    (kind,) = told
    asked = Moment(100.0, NOON_MS + 60_000, 0)

    def told_again(seconds: float) -> bool:
        return fresh(kind, asked, Moment(100.0 + seconds, NOON_MS + 60_000 + int(seconds * 1000), 0), 0, 9999, holds)

    assert told_again(0.9)
    assert not told_again(1.1)


class Client:
    """Of an exchange that trades BTC/USDT, and more after it was asked again; `gate` holds up its prices."""

    def __init__(self) -> None:
        self.markets: set[str] = set()
        self.loads = 0
        self.fails = False
        self.closed = False
        self.gate = asyncio.Event()
        self.asked = asyncio.Event()
        self.has: dict[str, bool] = {}
        self.gate.set()

    async def load_markets(self, reload: bool = False) -> None:
        if self.fails:
            raise ccxt.ExchangeNotAvailable("down")
        self.loads += 1
        self.markets = {"BTC/USDT", "ETH/USDT"} if self.loads > 1 else {"BTC/USDT"}

    async def fetch_ticker(self, pair: str) -> dict[str, float]:
        assert not self.closed
        self.asked.set()
        await self.gate.wait()
        assert not self.closed
        return {"last": 1.0}

    async def close(self) -> None:
        self.closed = True


class Bench:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.clients: dict[str, list[Client]] = {}
        self.fails = False
        self.desk = worker.Desk("http://127.0.0.1:1", None, lambda: self.now)
        monkeypatch.setattr(self.desk, "_made", self._made)

    def _made(self, exchange: str, spot: bool) -> Client:
        client = Client()
        client.fails = self.fails
        self.clients.setdefault(exchange, []).append(client)
        return client

    async def ask(self, exchange: str, *pairs: str) -> dict[str, Any]:
        wanted = list(pairs or ("BTC/USDT",))
        return await self.desk.answer({"ask": "tickers", "exchange": exchange, "type": "spot", "pairs": wanted})


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


async def test_a_client_that_is_in_use_is_not_closed_and_those_used_longest_ago_go_first(bench: Bench) -> None:
    await bench.ask("used")
    (used,) = bench.clients["used"]
    used.gate.clear()
    used.asked.clear()
    asking = asyncio.create_task(bench.ask("used"))
    await used.asked.wait()
    for number in range(8):
        await bench.ask(f"other{number}")
        await bench.ask("often")
    used.gate.set()
    assert "tickers" in await asking
    assert not used.closed
    (often,) = bench.clients["often"]
    closed = [name for name, (client,) in bench.clients.items() if client.closed]
    assert closed == [f"other{number}" for number in range(4)]
    assert not often.closed


async def test_markets_are_read_again_each_hour_and_those_of_before_do_where_that_fails(bench: Bench) -> None:
    assert list((await bench.ask("one", "BTC/USDT", "ETH/USDT"))["tickers"]) == ["BTC/USDT"]
    (client,) = bench.clients["one"]
    bench.now = 3599
    assert list((await bench.ask("one", "ETH/USDT"))["tickers"]) == []
    bench.now, client.fails = 3601, True
    assert list((await bench.ask("one"))["tickers"]) == ["BTC/USDT"]
    client.fails = False
    bench.now = 3601 + 61
    assert list((await bench.ask("one", "ETH/USDT"))["tickers"]) == ["ETH/USDT"]


async def test_one_whose_markets_never_came_is_made_anew(bench: Bench) -> None:
    bench.fails = True
    assert "error" in await bench.ask("one")
    bench.fails = False
    assert "tickers" in await bench.ask("one")
    first, second = bench.clients["one"]
    assert (first.closed, second.closed) == (True, False)


async def test_it_says_that_it_lives(bench: Bench) -> None:
    assert await bench.desk.answer({"ask": "ping"}) == {}


def holds(_opened_ms: int, _length_ms: int) -> bool:
    return True
