"""One task per pool that lists its slots each second, or when poked. A slow agent delays nothing but its own view."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loguru import logger

from orchestrator.errors import AgentUnreachable, Error
from orchestrator.pools.directory import AgentDirectory
from pool.contract.pools import PoolReport
from pool.contract.slots import Slot

_LIST_SECONDS = 5.0
_REPORT_EVERY_SECONDS = 5.0
_GATHER_SECONDS = 0.02
"""Pokes that come within this time are answered by one listing."""
VOLATILE = frozenset({"memory", "cpu_percent", "last_report_at", "snapshot"})
"""Of a slot. Changes in these alone are left to the event stream."""
_TELLING = tuple(sorted(Slot.model_fields.keys() - VOLATILE - {"waking"}))
"""Of a slot, what calls for a look at once."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The last that was seen of a pool through its agent. Times are monotonic seconds."""

    slots: Mapping[str, Slot]
    listed_at: float
    """When the listing was asked for; -inf where there was none yet."""
    heard_at: float
    """When the agent answered last, or the watch began."""
    report: PoolReport | None
    problem: str | None
    """Why the agent does not answer now; None where it does."""


class PoolWatch:
    """Keeps `sighting`; calls `changed` after a look that somebody poked for, or that shows what may have to be acted
    upon. Who goes by sightings looks at them now and then in any case: many pools would keep him at it for nothing."""

    def __init__(
        self, pool_id: str, agents: AgentDirectory, interval_seconds: float, changed: Callable[[], None]
    ) -> None:
        self.pool_id = pool_id
        self.sighting = Sighting({}, float("-inf"), time.monotonic(), None, "Its agent was not asked yet.")
        self._agents = agents
        self._interval_seconds = interval_seconds
        self._changed = changed
        self._poke = asyncio.Event()
        self._reported_at = float("-inf")

    def poke(self) -> None:
        """Look again at once."""
        self._poke.set()

    async def run(self) -> None:
        """Until cancelled."""
        poked = False
        while True:
            before = self.sighting
            try:
                await self._look()
            except Exception:  # a task's boundary: whatever an agent makes us stumble over must not end the watch
                logger.exception("watching pool {} failed", self.pool_id)
            if poked or _calls(before, self.sighting):
                self._changed()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval_seconds):
                    await self._poke.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            poked = self._poke.is_set()
            self._poke.clear()

    async def _look(self) -> None:
        asked_at = time.monotonic()
        before = self.sighting
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                agent = await self._agents.agent_for(self.pool_id)
                slots = await agent.slots(_LIST_SECONDS, snapshots=False)  # intake has them from the stream
                report = before.report
                if report is None or before.problem is not None or asked_at - self._reported_at > _REPORT_EVERY_SECONDS:
                    report = await agent.pool(_LIST_SECONDS)
                    self._reported_at = asked_at
        except (Error, TimeoutError) as error:
            told = error.message if isinstance(error, Error) else "The agent did not answer in time."
            if before.problem is None:
                logger.warning("pool {}: {}", self.pool_id, told)
            self.sighting = Sighting(before.slots, before.listed_at, before.heard_at, before.report, told)
            return
        if report.pool_id != self.pool_id:
            problem = AgentUnreachable(f"The agent at the address of {self.pool_id} says it is {report.pool_id[:80]}.")
            self.sighting = Sighting(before.slots, before.listed_at, before.heard_at, before.report, problem.message)
            return
        if before.problem is not None:
            logger.info("pool {} answers", self.pool_id)
        self.sighting = Sighting({slot.bot_id: slot for slot in slots}, asked_at, time.monotonic(), report, None)


def _calls(before: Sighting, after: Sighting) -> bool:
    """Whether what is seen now may have to be acted upon at once."""
    if before.problem != after.problem or _capacity(before.report) != _capacity(after.report):
        return True
    if before.slots.keys() != after.slots.keys():
        return True
    return any(
        slot is not after.slots[bot_id] and _differ(slot, after.slots[bot_id]) for bot_id, slot in before.slots.items()
    )


def _capacity(report: PoolReport | None) -> tuple[object, ...] | None:
    return None if report is None else (report.zygote.state, report.slots_total)


def _differ(one: Slot, other: Slot) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in _TELLING)
