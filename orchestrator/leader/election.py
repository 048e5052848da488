"""Who leads: of all control planes that share a database one does the work, the others stand by.

`run(work)` starts the work when this control plane becomes the leader, and cancels it as soon as it may not be the
leader any more: before anything else is tried, and before another one can be it (see `leader.lock`). On SQLite there
is only one control plane, the one that holds the home's lock.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.leader.lock import LeaderLock, LockLost, NotLeading, Timing

Work = Callable[[], Awaitable[None]]
"""Runs until it is cancelled; ends by itself only where it breaks."""


class Leadership(Protocol):
    """Whether this control plane leads."""

    problem: str | None
    """Why it can neither lead nor stand by, in a sentence."""
    alone: bool
    """No other control plane is known that would lead."""

    def leading(self) -> bool:
        """We may act now."""

    async def guard(self, session: AsyncSession) -> None:
        """At the begin of a unit of work of the leader. Raises NotLeading."""

    async def run(self, work: Work) -> None:
        """Until cancelled: does the work while we lead."""


class HomeLeadership:
    """For the one control plane of a home."""

    problem: str | None = None
    alone = True

    def leading(self) -> bool:
        return True

    async def guard(self, session: AsyncSession) -> None:
        return

    async def run(self, work: Work) -> None:
        await work()


class LockLeadership:
    """For control planes that share PostgreSQL."""

    def __init__(self, url: str, timing: Timing | None = None) -> None:
        self.problem: str | None = None
        self.alone = True
        self._url = url
        self._timing = timing or Timing()
        self._lock: LeaderLock | None = None

    def leading(self) -> bool:
        return self._lock is not None and self._lock.leading()

    async def guard(self, session: AsyncSession) -> None:
        if self._lock is None:
            raise NotLeading("this control plane does not lead")
        await self._lock.guard(session)

    async def run(self, work: Work) -> None:
        while True:
            try:
                async with LeaderLock(self._url, self._timing) as lock:
                    await self._campaign(lock)
                    await self._lead(lock, work)
            except (SQLAlchemyError, OSError, LockLost) as error:
                self._tell(error)
            except Exception:  # a task's boundary: whatever the work broke of, it is begun again
                logger.exception("the work of the leader broke; it is begun again")
            await asyncio.sleep(self._timing.try_seconds)

    async def _campaign(self, lock: LeaderLock) -> None:
        """Until we lead."""
        told = False
        while not await lock.acquire():
            self.problem, self.alone = None, False
            if not told:
                logger.info("another control plane leads; this one stands by")
                told = True
            await asyncio.sleep(self._timing.try_seconds)
        self.problem = None
        logger.info("this control plane leads")

    async def _lead(self, lock: LeaderLock, work: Work) -> None:
        """Until the lock is lost or the work ends. The lock is given back when all of the work has ended."""
        self._lock = lock
        working = asyncio.ensure_future(work())
        pinging = asyncio.create_task(self._ping(lock), name="leader-ping")
        try:
            await asyncio.wait({working, pinging}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._lock = None  # from here on nothing is written, whatever the work still tries
            working.cancel()
            pinging.cancel()
            if pinging.done() and not pinging.cancelled() and pinging.exception() is not None:
                logger.warning("this control plane leads no more: {}", pinging.exception())
            await asyncio.gather(working, pinging, return_exceptions=True)
        for ended in (pinging, working):
            with contextlib.suppress(asyncio.CancelledError):
                ended.result()

    async def _ping(self, lock: LeaderLock) -> None:
        while True:
            await asyncio.sleep(self._timing.ping_seconds)
            await lock.ping()
            self.alone = lock.candidates <= 1

    def _tell(self, error: Exception) -> None:
        why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        sentence = f"This control plane can neither lead nor stand by: {why}."
        if self.problem != sentence:
            logger.warning("{}", sentence)
        self.problem = sentence
