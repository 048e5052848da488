"""The paper exchange's market, asked by ccxt's clients in the process itself."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from inspect import isawaitable
from random import Random
from typing import Any
from urllib.parse import urlsplit

import ccxt
import ccxt.async_support

from pool.exchange.simulator.calls import Call
from pool.exchange.simulator.futures.perpetuals import Perpetuals
from pool.exchange.simulator.futures.public import FuturesPublicApi
from pool.exchange.simulator.klines import Klines
from pool.exchange.simulator.limits import WeightLimit
from pool.exchange.simulator.listings import make_listings
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.public import PublicApi
from pool.exchange.simulator.scripts import After, Piece
from tests.process.bot.virtual.clock import CLOCK

SYMBOLS = 12
_RESTLESS = 4.0
"""Times as restless as the paper exchange: minutes bring what would take hours."""
_SHOCK_SECONDS = (120, 900)
_SHOCKS = (-0.035, -0.02, -0.012, 0.012, 0.02, 0.035)


class VirtualExchange:
    """Public market data of spot and perpetuals, made of a seed: paths that wander, and now and then jump."""

    def __init__(self, seed: int, start: int, seconds: int, market: Market | None = None) -> None:
        """`market` is that of another one with the same arguments, for a second event loop."""
        assets, listings = make_listings(SYMBOLS)
        restless = {name: replace(asset, sigma=asset.sigma * _RESTLESS) for name, asset in assets.items()}
        self.market = market or Market(seed, restless, listings)
        klines = Klines(self.market)
        perpetuals = Perpetuals(seed, self.market.listings)
        self._table = PublicApi(self.market, restless, WeightLimit(), klines).endpoints()
        self._table |= FuturesPublicApi(self.market, perpetuals, klines).endpoints()
        self.requests = 0
        for symbol in self.market.order if market is None else ():
            self._shake(symbol, Random(f"{seed}:{symbol}"), start, start + seconds)

    def _shake(self, symbol: str, random: Random, second: int, end: int) -> None:
        """Jumps at random moments, after which the price goes on from where it is."""
        while (second := second + random.randint(*_SHOCK_SECONDS)) < end:
            price = float(self.market.ticks(symbol, second) * self.market.listings[symbol].tick)
            target = price * (1 + random.choice(_SHOCKS))
            self.market.script(symbol, Piece(second, random.choice((0, 0, 7)), price, target, After.FOLLOW))

    def answer(self, method: str, url: str) -> bytes | Awaitable[bytes]:
        """Raises KeyError for what a dry run has no business to ask."""
        self.requests += 1
        parts = urlsplit(url)
        call = Call(method, parts.path, parts.query, b"", {}, int(CLOCK.now * 1000))
        return self._table[(method, parts.path)].answer(call)

    def connect(self) -> None:
        """From now on all clients of ccxt's, whatever they are told, ask here."""

        def fetch(client: Any, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            answer = self.answer(method, url)
            if isawaitable(answer):
                answer = asyncio.Runner().run(_awaited(answer))
            return client.parse_json(answer.decode())

        async def fetch_async(client: Any, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            answer = self.answer(method, url)
            return client.parse_json((await answer if isawaitable(answer) else answer).decode())

        ccxt.Exchange.fetch = fetch
        ccxt.async_support.Exchange.fetch = fetch_async


async def _awaited(answer: Awaitable[bytes]) -> bytes:
    return await answer
