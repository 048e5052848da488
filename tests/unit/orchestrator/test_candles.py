"""Candles are asked for once for all who want them, and not at all of an exchange that refuses."""

import asyncio
from typing import Any

import httpx

from orchestrator.exchanges.candles import SHARED_SECONDS, Candles


class Exchange:
    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.status, self.headers = 200, dict[str, str]()
        self.now = 0.0

    def candles(self) -> Candles:
        return Candles(lambda: "http://exchange", httpx.MockTransport(self._answer), lambda: self.now)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        limit = int(request.url.params["limit"])
        self.asked.append((request.url.params["symbol"], limit))
        if self.status != 200:
            return httpx.Response(self.status, headers=self.headers)
        return httpx.Response(200, json=[[minute * 60_000, "0", "0", "0", str(minute)] for minute in range(limit)])


async def test_many_who_ask_at_once_share_one_answer() -> None:
    exchange = Exchange()
    candles = exchange.candles()
    told = await asyncio.gather(*(candles.closes("paper", "BTC/USDT", "1m", 10) for _ in range(20)))
    few = await candles.closes("paper", "BTC/USDT", "1m", 3)
    assert exchange.asked == [("BTCUSDT", 10)]
    assert all(one == told[0] for one in told)
    assert few == {420_000: 7.0, 480_000: 8.0, 540_000: 9.0}
    await candles.closes("paper", "BTC/USDT", "1m", 11)
    exchange.now += SHARED_SECONDS
    await candles.closes("paper", "BTC/USDT", "1m", 5)
    assert exchange.asked[1:] == [("BTCUSDT", 11), ("BTCUSDT", 5)]
    await candles.aclose()


async def test_an_exchange_that_refuses_is_left_alone_as_long_as_it_says() -> None:
    exchange = Exchange()
    exchange.status, exchange.headers = 429, {"Retry-After": "30"}
    candles = exchange.candles()
    assert await candles.closes("paper", "BTC/USDT", "1m", 10) is None
    exchange.now += 29
    assert await candles.closes("paper", "ETH/USDT", "1m", 10) is None
    assert exchange.asked == [("BTCUSDT", 10)]
    exchange.now += 5
    exchange.status = 200
    assert await candles.closes("paper", "ETH/USDT", "1m", 2) == {0: 0.0, 60_000: 1.0}
    await candles.aclose()


async def test_exchanges_beyond_this_machine_are_asked_by_tls_that_trusts_authorities() -> None:
    candles = Candles(lambda: None)
    transport: Any = candles._http._transport
    assert transport._pool._ssl_context.get_ca_certs()
    await candles.aclose()
