"""The parts of the exchange, put together."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from loguru import logger

from pool.exchange.simulator.control import ControlApi
from pool.exchange.simulator.engine import Engine
from pool.exchange.simulator.faults import Faults
from pool.exchange.simulator.futures.control import FuturesControl
from pool.exchange.simulator.futures.engine import FuturesEngine
from pool.exchange.simulator.futures.ledger import FuturesLedger
from pool.exchange.simulator.futures.perpetuals import Perpetuals
from pool.exchange.simulator.futures.public import FuturesPublicApi
from pool.exchange.simulator.futures.signed import FuturesSignedApi
from pool.exchange.simulator.key_control import KeyControl
from pool.exchange.simulator.klines import Klines
from pool.exchange.simulator.ledger import Ledger
from pool.exchange.simulator.limits import UNLIMITED, WeightLimit
from pool.exchange.simulator.listings import make_listings
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.public import PublicApi
from pool.exchange.simulator.server import Front, wall_clock_ms
from pool.exchange.simulator.signed import SignedApi
from pool.exchange.simulator.streams import Streams

_TICK_SECONDS = 1.0


class Exchange:
    """One exchange on a ledger. `front` answers requests while `run_until` lets time pass for open orders."""

    def __init__(
        self,
        ledger: Path,
        control_token: str,
        seed: int,
        symbols: int,
        weight_limit: int = UNLIMITED,
        futures_weight_limit: int | None = None,
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        assets, listings = make_listings(symbols)
        self._clock_ms = clock_ms
        self.market = Market(seed, assets, listings)
        self.ledger = Ledger(ledger)
        for symbol, piece in self.ledger.scripts():
            if symbol in self.market.listings:
                self.market.script(symbol, piece)
        self.engine = Engine(self.market, self.ledger)
        perpetuals = Perpetuals(seed, self.market.listings)
        futures_ledger = FuturesLedger(self.ledger)
        for symbol, start, rate in futures_ledger.funding():
            perpetuals.script_funding(symbol, start, rate)
        self.futures = FuturesEngine(self.market, perpetuals, futures_ledger, self.engine.rule)
        weights, klines = WeightLimit(weight_limit, futures_weight_limit), Klines(self.market)
        spot = PublicApi(self.market, assets, weights, klines).endpoints()
        spot |= SignedApi(self.market, assets, self.ledger, self.engine).endpoints()
        futures = FuturesPublicApi(self.market, perpetuals, klines, weights).endpoints()
        futures |= FuturesSignedApi(perpetuals, self.ledger, futures_ledger, self.futures).endpoints()
        self.front = Front(spot | futures, weights, Faults(), clock_ms)
        listed = self.market.listings, perpetuals.listings
        self.front.streams = Streams(self.market, *listed, self.front.faults, clock_ms)
        control = ControlApi(
            control_token,
            self.market,
            self.ledger,
            self.engine,
            self.front.faults,
            weights,
            self.front.counters,
            self.front.forget_shared,
            self.advance,
            FuturesControl(perpetuals, self.ledger, futures_ledger, self.futures).answers()
            | KeyControl(self.ledger).answers(),
        )
        self.front.control = control.endpoints()

    def advance(self, now_ms: int) -> None:
        """Let the market act on everything that is open, up to now."""
        self.engine.advance(now_ms)
        self.futures.advance(now_ms)

    async def run_until(self, stop: asyncio.Event) -> None:
        """Moves open orders on once a second, until told to stop."""
        while not stop.is_set():
            try:
                self.advance(self._clock_ms())
            except Exception:  # the boundary of the clockwork: one bad order must not stop the market
                logger.exception("open orders could not be moved on")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _TICK_SECONDS)

    def close(self) -> None:
        """Close the ledger; what was acknowledged is in it."""
        self.ledger.close()
