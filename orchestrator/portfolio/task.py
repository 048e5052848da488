"""The one task that keeps all portfolios current.

It recomputes a user's portfolio when told that something changed (topic `portfolio`, kind `changed`, `{"user_id"}`) and
all users' every two seconds, because readings age without anything happening; never one user's more than once a second.
It is published on `user.<user_id>` when it differs in more than its age; every stream lives on that. What is computed
also feeds equity history and the high-water marks, which are written every 10 s.

One process of an installation runs it: the leader (`orchestrator.leader`).
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from loguru import logger

from orchestrator.bots.announce import user_topic
from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus, Message, SubscriberTooSlow
from orchestrator.kit.clock import utc_now
from orchestrator.kit.pace import Pace, in_steps
from orchestrator.portfolio import history, repository
from orchestrator.portfolio.models import EquityPointModel
from orchestrator.portfolio.service import PortfolioService
from orchestrator.portfolio.views import Portfolio, material, wiring

HINTS_TOPIC = "portfolio"
INTERVAL_SECONDS = 1.05
"""A little more than a second, so that streams that began out of step catch up (see `api.stream.feed`)."""
_AGEING_SECONDS = 2.0
_WRITE_SECONDS = 10.0


class PortfolioTask:
    """`service` should be the one that the API reads through, so that both go on from the same marks."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        service: PortfolioService | None = None,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._service = service or PortfolioService(database, bus, clock=clock)
        self._sampler = history.Sampler()
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()
        self._published: dict[str, dict[str, Any]] = {}
        self._computed_at: dict[str, float] = {}
        self._unwritten: list[EquityPointModel] = []

    async def run(self) -> None:
        """Runs until cancelled; then writes what it still holds."""
        hints = asyncio.create_task(self._collect_hints(), name="portfolio-hints")
        try:
            await self._loop()
        finally:
            hints.cancel()
            with suppress(asyncio.CancelledError):
                await hints
            await self._write_last()

    async def recompute(self, user_ids: set[str]) -> None:
        """Computes these users' portfolios and publishes those that changed."""
        for user_id, portfolio in (await self._service.portfolios(user_ids)).items():
            self._sampler.add(user_id, portfolio)
            await self._publish(user_id, portfolio)
            self._computed_at[user_id] = time.monotonic()

    async def write(self, *, everything: bool = False) -> None:
        """Stores finished history points (or all) and high-water marks that moved."""
        self._unwritten += self._sampler.take(None if everything else self._clock())
        marks = self._service.take_marks()
        if not self._unwritten and not marks:
            return
        try:
            async with self._database.unit_of_work() as session:
                await history.write(session, self._unwritten)
                for user_id, currency, marks_of_user in marks:
                    await repository.store_marks(session, user_id, currency, marks_of_user, self._clock())
        except BaseException:
            self._service.return_marks(user_id for user_id, _, _ in marks)
            raise
        self._unwritten = []

    async def _loop(self) -> None:
        next_ageing = next_write = time.monotonic()
        while True:
            now = time.monotonic()
            try:
                if now >= next_ageing:
                    next_ageing = now + _AGEING_SECONDS
                    self._dirty |= await self._everybody()
                await self._recompute_due()
                if now >= next_write:
                    next_write = now + _WRITE_SECONDS
                    await self.write()
            except Exception:  # boundary of the task: portfolios must come back when the database does
                logger.exception("portfolios could not be computed")
                await asyncio.sleep(INTERVAL_SECONDS)
            await self._sleep_until(min(next_ageing, next_write, self._next_due()))

    async def _write_last(self) -> None:
        try:
            await self.write(everything=True)
        except Exception:  # boundary of the task: at its end nobody could mend it any more
            logger.exception("the last seconds of equity history could not be written")

    async def _everybody(self) -> set[str]:
        """All who have bots, and those whose last one may just have gone."""
        owners = await self._service.owners()
        return owners | {user_id for user_id, body in self._published.items() if body["bots"]}

    async def _recompute_due(self) -> None:
        now = time.monotonic()
        due = {user_id for user_id in self._dirty if self._due_at(user_id) <= now}
        if due:
            self._dirty -= due
            await self.recompute(due)

    def _due_at(self, user_id: str) -> float:
        return self._computed_at.get(user_id, float("-inf")) + INTERVAL_SECONDS

    def _next_due(self) -> float:
        return min((self._due_at(user_id) for user_id in self._dirty), default=float("inf"))

    async def _sleep_until(self, moment: float) -> None:
        """Until then, or until a hint makes somebody due earlier."""
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(moment, self._next_due()) - time.monotonic())):
                await self._wake.wait()

    async def _publish(self, user_id: str, portfolio: Portfolio) -> None:
        pace = Pace()
        body = await in_steps(wiring(portfolio), pace)
        told = material(body)
        if self._published.get(user_id) == told:
            return
        await pace.breathe()
        await self._bus.publish(user_topic(user_id), "portfolio", body)
        self._published[user_id] = told

    async def _collect_hints(self) -> None:
        """A hint that is missed is made up for by the next round."""
        while True:
            try:
                async for item in self._bus.subscribe(HINTS_TOPIC):
                    if isinstance(item, Message) and item.kind == "changed":
                        self._dirty.add(str(item.body["user_id"]))
                        self._wake.set()
            except SubscriberTooSlow:
                logger.debug("more hints of changed portfolios than could be followed")
            else:
                return  # the bus has closed
