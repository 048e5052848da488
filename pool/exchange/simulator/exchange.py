"""The parts of the exchange, put together."""

import asyncio

from pool.exchange.simulator.directory import Directory
from pool.exchange.simulator.faults import Faults
from pool.exchange.simulator.limits import WeightLimit
from pool.exchange.simulator.listings import make_listings
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.public import PublicApi
from pool.exchange.simulator.server import Front


class Exchange:
    """One exchange in a directory. `front` answers requests while `run_until` keeps its clockwork going."""

    def __init__(self, directory: Directory, seed: int, symbols: int, weight_limit: int) -> None:
        assets, listings = make_listings(seed, symbols)
        self.market = Market(seed, assets, listings)
        public = PublicApi(self.market, assets, weight_limit)
        self.front = Front(public.endpoints(), {}, WeightLimit(weight_limit), Faults())

    async def run_until(self, stop: asyncio.Event) -> None:
        await stop.wait()

    def close(self) -> None:
        """Nothing to give back yet."""
