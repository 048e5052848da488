"""Has each bot's agent told of the policy that its bot shall keep, whenever the bot's own word is another.

Level-triggered: at each tick what a slot tells is compared with what is wanted; a fingerprint that differs is mended by
one call, without a generation, a reload or a restart. A bot that is not there to tell (stopped, or starting) is told
once, for its agent keeps the policy for its next process. An agent or a bot that lost it shows the wrong fingerprint,
and is told again.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from loguru import logger

from orchestrator.bots.repository import DesiredRow
from orchestrator.errors import AgentUnreachable, Error
from orchestrator.kit.backoff import Backoff
from orchestrator.policies.book import NOTHING
from orchestrator.pools.directory import AgentDirectory
from orchestrator.reconcile.watch import Sighting
from pool.contract.policy import PolicyInForce
from pool.contract.slots import ObservedState, Slot

PATIENCE_SECONDS = 5.0
"""How long a bot that was told may take to say so itself."""
_BACKOFF = Backoff(first_seconds=1, limit_seconds=30)
_REPORTING = frozenset({ObservedState.RUNNING, ObservedState.PAUSED, ObservedState.STOPPING})


@dataclass(frozen=True, slots=True)
class _Told:
    """What a bot's agent took, and when. `place` is where and in which run."""

    place: tuple[str, int, str | None]
    fingerprint: str
    at: float


@dataclass(frozen=True, slots=True)
class _Failure:
    fingerprint: str
    count: int
    retry_at: float


class PolicyTeller:
    """`told(pool_id)` is called after each call to an agent that succeeded."""

    def __init__(
        self, agents: AgentDirectory, seconds: float, told: Callable[[str], None], calls_at_once: int = 8
    ) -> None:
        self._agents = agents
        self._seconds = seconds
        self._after = told
        self._gate = asyncio.Semaphore(calls_at_once)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._told: dict[str, _Told] = {}
        self._failures: dict[str, _Failure] = {}

    def tell(
        self,
        rows: Sequence[DesiredRow],
        sightings: Mapping[str, Sighting],
        wanted: Mapping[str, PolicyInForce],
    ) -> None:
        """Begins what is to be done; waits for nothing."""
        alive = {row.bot.id for row in rows}
        self._told = {bot_id: told for bot_id, told in self._told.items() if bot_id in alive}
        self._failures = {bot_id: failure for bot_id, failure in self._failures.items() if bot_id in alive}
        for row in rows:
            sighting = sightings.get(row.bot.pool_id or "")
            slot = None if sighting is None or sighting.problem is not None else sighting.slots.get(row.bot.id)
            if row.bot.pool_id is None or slot is None or slot.epoch != row.bot.epoch or row.bot.id in self._tasks:
                continue
            policy = wanted.get(row.bot.id, NOTHING)
            if self._must_tell(row.bot.pool_id, slot, policy):
                self._begin(row.bot.pool_id, slot, policy)

    async def stop(self) -> None:
        """Abandons what is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _must_tell(self, pool_id: str, slot: Slot, policy: PolicyInForce) -> bool:
        if slot.policy == policy.fingerprint or (policy is NOTHING and slot.policy is None):
            return False
        now = time.monotonic()
        failure = self._failures.get(slot.bot_id)
        if failure is not None and failure.fingerprint == policy.fingerprint and now < failure.retry_at:
            return False
        told = self._told.get(slot.bot_id)
        if told is None or (told.place, told.fingerprint) != (_place(pool_id, slot), policy.fingerprint):
            return True
        return slot.observed_state in _REPORTING and now - told.at >= PATIENCE_SECONDS

    def _begin(self, pool_id: str, slot: Slot, policy: PolicyInForce) -> None:
        task = asyncio.create_task(self._run(pool_id, slot, policy), name=f"policy-{slot.bot_id}")
        self._tasks[slot.bot_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(slot.bot_id, None))

    async def _run(self, pool_id: str, slot: Slot, policy: PolicyInForce) -> None:
        bot_id = slot.bot_id
        try:
            async with self._gate, asyncio.timeout(self._seconds):
                agent = await self._agents.agent_for(pool_id)
                await agent.put_policy(bot_id, slot.epoch, policy)
        except TimeoutError:
            self._failed(bot_id, policy, AgentUnreachable("It took longer than its deadline.", pool_id=pool_id))
        except Error as error:
            self._failed(bot_id, policy, error)
        except Exception:  # a task's boundary: one bot's trouble must not end the others'
            logger.exception("telling {} of its policy failed", bot_id)
            self._failed(bot_id, policy, Error("It failed; the log says why."))
        else:
            self._failures.pop(bot_id, None)
            self._told[bot_id] = _Told(_place(pool_id, slot), policy.fingerprint, time.monotonic())
            self._after(pool_id)

    def _failed(self, bot_id: str, policy: PolicyInForce, error: Error) -> None:
        before = self._failures.get(bot_id)
        count = before.count + 1 if before is not None and before.fingerprint == policy.fingerprint else 1
        delay = _BACKOFF.delay_seconds(count)
        self._failures[bot_id] = _Failure(policy.fingerprint, count, time.monotonic() + delay)
        logger.warning("policy {} was not told to {}, again in {} s: {}", policy.label, bot_id, delay, error)


def _place(pool_id: str, slot: Slot) -> tuple[str, int, str | None]:
    return (pool_id, slot.epoch, slot.run_id)
