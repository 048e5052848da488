"""The risk engine at work, for as long as its process leads: looks at what binds, tells pools, answers bots, measures
losses. What it holds in memory begins anew with each term."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus
from orchestrator.exchanges.candles import Candles
from orchestrator.kit.clock import SteadyClock
from orchestrator.pools.directory import AgentDirectory
from orchestrator.portfolio.service import PortfolioService
from orchestrator.risk.board import Board
from orchestrator.risk.correlations import Correlations
from orchestrator.risk.desk import Desk
from orchestrator.risk.engine import Engine
from orchestrator.risk.losses import Losses
from orchestrator.risk.mandates import Mandates
from orchestrator.risk.markets import Markets
from orchestrator.risk.readings import Readings
from orchestrator.risk.watch import Watch


class RiskTask:
    """`desk` is what intake calls. Run `run` as one task; it ends when one of its parts breaks, and can run again."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        agents: AgentDirectory,
        portfolio: PortfolioService,
        paper_url: Callable[[], str | None] = lambda: None,
        leading: Callable[[], bool] = lambda: True,
        engine: Engine | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        engine, clock = engine or Engine(), clock or SteadyClock()
        self.board = Board(engine)
        self.desk = Desk(engine, agents, leading)
        self._candles = Candles(paper_url)
        self._correlations = Correlations(self._candles, lambda: self.board.world)
        self._watch = Watch(database, bus, self.board, self._correlations, leading, clock)
        self._mandates = Mandates(self.board, agents, leading)
        self._losses = Losses(database, self.board, portfolio, leading, clock)
        self._markets = Markets(database, bus, self.board, self._candles, leading)
        self._readings = Readings(database, self.board, leading)

    async def run(self) -> None:
        """Until cancelled."""
        parts = {
            "halts": self._watch.run,
            "hints": self._watch.follow_hints,
            "mandates": self._mandates.run,
            "losses": self._losses.run,
            "markets": self._markets.run,
            "correlations": self._correlations.run,
            "readings": self._readings.run,
        }
        tasks = [asyncio.create_task(part(), name=f"risk-{name}") for name, part in parts.items()]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            await self.desk.aclose()
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def aclose(self) -> None:
        await self._candles.aclose()

    def gauges(self) -> Mapping[str, float]:
        """Readings for /metrics."""
        world, engine = self.board.world, self.board.engine
        modes = Counter(order.mode.value for bot_id, order in world.orders.items() if bot_id in world.bots)
        leased = sum(one.lease_left_seconds > 0 for pool in self.board.pools.values() for one in pool.bots.values())
        return {
            "risk_halts": len(world.halts),
            "risk_bots_active": modes["active"],
            "risk_bots_reducing": modes["reducing"],
            "risk_bots_halted": modes["halted"],
            "risk_bots_leased": leased,
            "risk_reservations": engine.reserved(),
            "risk_granted": engine.granted,
            "risk_refused": sum(engine.refused.values()),
            "risk_pools_outdated": sum(pool.outdated for pool in self.board.pools.values()),
        }
