"""One exchange that hangs ends neither the looks nor the websockets of another: one worker has them all."""

import asyncio
from typing import Any

import pytest

from pool.exchange.gateway.candles import worker
from pool.exchange.gateway.candles.worker import Desk


class Client:
    """ccxt, of an exchange whose every look hangs, or none."""

    def __init__(self, hangs: bool) -> None:
        self.hangs = hangs
        self.closed = False
        self.markets_by_id = {"A": [{"symbol": "A/USDT", "spot": True}]}
        self.rateLimit = 50

    async def load_markets(self, reload: bool = False) -> None: ...

    async def fetch_bids_asks(self, symbols: list[str]) -> dict[str, Any]:
        if self.hangs:
            await asyncio.Event().wait()
        return {symbol: {"bid": 1.0, "ask": 2.0} for symbol in symbols}

    async def close(self) -> None:
        self.closed = True


class Stream:
    """In place of a websocket."""

    def __init__(self, *_: Any) -> None:
        self.ended = False

    def want(self, symbols: list[str]) -> None: ...

    def judge(self, *_: Any) -> dict[str, Any]:
        return {"run": 1.0, "proven": not self.ended}

    async def aclose(self) -> None:
        self.ended = True


class Exchanges(Desk):
    def __init__(self) -> None:
        super().__init__("http://gateway", None)
        self.hanging = {"binance"}
        self.made: list[tuple[str, Client]] = []

    def _made(self, exchange: str, spot: bool) -> Any:
        self.made.append((exchange, Client(exchange in self.hanging)))
        return self.made[-1][1]

    async def look(self, exchange: str) -> dict[str, Any]:
        told = {"exchange": exchange, "market": "spot", "symbols": ["A"]}
        await self.answer({"ask": "follow", **told})
        return await self.answer({"ask": "prices", "type": "spot", **told})


async def test_a_look_that_hangs_ends_what_is_its_own_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.streaming, "Stream", Stream)
    desk = Exchanges()
    assert (await desk.look("binanceus"))["proven"]
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.01)
    assert "in time" in (await desk.look("binance"))["error"]["message"]
    assert [(exchange, client.closed) for exchange, client in desk.made] == [("binanceus", False), ("binance", True)]
    desk.hanging.clear()
    monkeypatch.setattr(worker, "LOOK_SECONDS", 50.0)
    assert (await desk.look("binance"))["prices"]["A"]["bid"] == "1.0"
    assert (await desk.look("binanceus"))["proven"], "its websocket is the one of before"
    assert len(desk.made) == 3
    await desk.close()
