"""Has pools check strategies: whatever waits for a check is given to a pool of its owner's, again and again while there
is none that can look. One that pools were asked about `_MOST_FAILURES` times without an answer has failed: whatever it
does to them is not done for ever. Runs on the leader; a row that waits is all that there is to remember.

A check runs a user's code, so it goes where his bots go: into a pool of his own, never a shared one, and not into the
local pool while it is nobody's and others have bots there. Who has no pool gets one, within what he may have; it is
removed like any that is empty for long.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loguru import logger
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.db.engine import Database
from orchestrator.errors import AgentOutdated, Error, NoCapacity
from orchestrator.pools import assignments, provision
from orchestrator.pools import service as pools
from orchestrator.pools.client import AgentClient
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.models import LOCAL_POOL, PoolModel
from orchestrator.pools.policy import PoolPolicy
from orchestrator.strategies import checks, repository
from pool.contract.slots import StrategySource

_INTERVAL_SECONDS = 1.0
_RETRY_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 300.0
_MOST_FAILURES = 8
"""Some ten minutes with the waits between them: then it is the content's matter."""
_FORGET_SECONDS = 3600.0
_AT_ONCE = 8
_READY = frozenset({"ready", "degraded"})


@dataclass(frozen=True, slots=True)
class _Begun:
    owner_id: str
    task: asyncio.Task[None]


@dataclass(frozen=True, slots=True)
class _Tried:
    """A content whose check did not come about."""

    failures: int
    """How many times a pool was asked and gave no answer."""
    again_at: float


class CheckTask:
    """Run `run` as one task on the leader: it begins nothing unless `leading()`."""

    def __init__(
        self,
        database: Database,
        agents: AgentDirectory,
        policy: PoolPolicy,
        leading: Callable[[], bool] = lambda: True,
        interval_seconds: float = _INTERVAL_SECONDS,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        self._database = database
        self._agents = agents
        self._policy = policy
        self._leading = leading
        self._interval_seconds = interval_seconds
        self._retry_seconds = retry_seconds
        self._begun: dict[str, _Begun] = {}
        self._tried: dict[str, _Tried] = {}

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                try:
                    await self.tick()
                except (Error, SQLAlchemyError, OSError) as error:
                    logger.error("strategies cannot be checked now, it will be tried again: {}", error)
                await asyncio.sleep(self._interval_seconds)
        finally:
            tasks = [one.task for one in self._begun.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def tick(self) -> None:
        """Begins what is due, one of each owner at a time; does not wait for it."""
        if not self._leading():
            return
        now = time.monotonic()
        self._begun = {content_id: one for content_id, one in self._begun.items() if not one.task.done()}
        self._tried = {key: one for key, one in self._tried.items() if one.again_at > now - _FORGET_SECONDS}
        later = [content_id for content_id, one in self._tried.items() if one.again_at > now]
        room = _AT_ONCE - len(self._begun)
        if room <= 0:
            return
        owners = {one.owner_id for one in self._begun.values()}
        async with self._database.read() as session:
            due = await repository.waiting(session, room, later, owners)
        for content_id, owner_id in due:
            task = asyncio.create_task(self._check(content_id, owner_id), name=f"check-{content_id}")
            self._begun[content_id] = _Begun(owner_id, task)

    async def _check(self, content_id: str, owner_id: str) -> None:
        try:
            try:
                agent = await self._agents.agent_for(await self._pool_for(owner_id))
            except Error as error:
                await self._wait(content_id, error.message)
            else:
                await self._ask(agent, content_id)
        except (SQLAlchemyError, OSError) as error:
            self._note(content_id, 0, self._retry_seconds)
            logger.error("the check of {} is not written down, it will be tried again: {}", content_id, error)

    async def _ask(self, agent: AgentClient, content_id: str) -> None:
        async with self._database.read() as session:
            content = await repository.content_to_check(session, content_id)
        if content is None:
            return
        try:
            answer = await agent.check(
                StrategySource(class_name=content.class_name, source=content.source), deep=content.deep
            )
        except ValidationError:
            answer = checks.UNREADABLE
        except (NoCapacity, AgentOutdated) as error:
            await self._wait(content_id, error.message)
            return
        except Error as error:
            failures = self._failures(content_id) + 1
            if failures < _MOST_FAILURES:
                self._note(content_id, failures, min(self._retry_seconds * 2**failures, _LONGEST_WAIT_SECONDS))
                await self._tell(content_id, error.message)
                return
            logger.error("strategy content {} cannot be checked: {}", content_id, error)
            answer = checks.unanswered(failures, error.message)
        self._tried.pop(content_id, None)
        async with self._database.unit_of_work() as session:
            await checks.answered(session, content_id, answer, content.asked_at)

    async def _wait(self, content_id: str, why: str) -> None:
        """Nobody looked at it, which is not its fault."""
        self._note(content_id, self._failures(content_id), self._retry_seconds)
        await self._tell(content_id, why)

    async def _tell(self, content_id: str, why: str) -> None:
        async with self._database.unit_of_work() as session:
            await checks.delayed(session, content_id, why)

    def _failures(self, content_id: str) -> int:
        known = self._tried.get(content_id)
        return 0 if known is None else known.failures

    def _note(self, content_id: str, failures: int, seconds: float) -> None:
        self._tried[content_id] = _Tried(failures, time.monotonic() + seconds)

    async def _pool_for(self, owner_id: str) -> str:
        """Raises NoCapacity, saying what it waits for."""
        async with self._database.read() as session:
            own = await _pools_of(session, owner_id)
        ready = [pool for pool in own if pool.observed_state in _READY]
        if ready:
            return ready[0].id
        if own:
            raise NoCapacity(f"It waits for the pool {own[0].id}, which is not ready yet.", pool_id=own[0].id)
        async with self._database.unit_of_work() as session:
            if not await _pools_of(session, owner_id):
                made = await provision.make(session, owner_id, self._policy, "A strategy waits to be checked.")
                logger.info("pool {} is made to check a strategy", made.id)
        raise NoCapacity("It waits for a pool of yours, which is being made.")


async def _pools_of(session: AsyncSession, owner_id: str) -> Sequence[PoolModel]:
    """Where this user's code may run, and which are to run at all."""
    running = [pool for pool in await pools.every(session) if pool.desired_state == "running"]
    own = [pool for pool in running if pool.tenant_id == owner_id]
    local = next((pool for pool in running if pool.id == LOCAL_POOL and pool.tenant_id is None), None)
    if local is not None:
        inside = {bot.owner_id for bot in await assignments.of_pool(session, local.id)}
        if inside <= {owner_id}:
            own.append(local)
    return own
