"""Carries out actions on agents: one task each, a bounded number per pool, a deadline, backoff per bot after failures.

What succeeded is remembered as acknowledged; what was learned on the way is queued as observations for the loop's next
tick, which writes them.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loguru import logger

from orchestrator.bots.live import KeyOfBot
from orchestrator.bots.repository import DesiredRow
from orchestrator.bots.status import ConditionCleared, ConditionSet, Observation, RestartDone, SlotSeen
from orchestrator.errors import (
    AgentUnreachable,
    Error,
    InvalidSpec,
    KeyRejected,
    KeysLocked,
    NoCapacity,
    NotFound,
    StaleEpoch,
)
from orchestrator.kit.backoff import Backoff
from orchestrator.kit.clock import utc_now
from orchestrator.pools.client import AgentClient
from orchestrator.pools.directory import AgentDirectory
from orchestrator.reconcile.actions import AgentAction, CopyBot, DeleteSlot, Memory, Put, PutSlot, RestartSlot, TakeIn
from orchestrator.reconcile.arrivals import ArrivalsDirectory
from orchestrator.reconcile.carrier import Carrier
from orchestrator.reconcile.credentials import Credentials
from orchestrator.reconcile.rendering import Rendered, slot_spec
from pool.contract.slots import ConditionType, DesiredState, ExchangeCredentials

_BACKOFF = Backoff(first_seconds=1, limit_seconds=30)
_COPY_SECONDS = 900.0
"""Of a directory to another pool; between two chunks it may take far less."""
_REMEMBERED_SECONDS = 60.0
"""Of a bot that is no more, for its slot may still be listed."""


@dataclass(slots=True)
class _Failure:
    generation: int
    count: int
    retry_at: float
    message: str


class Executor:
    """`finished(pool_id)` is called after each action, for each pool that it concerned."""

    def __init__(
        self,
        agents: AgentDirectory,
        carrier: Carrier,
        arrivals: ArrivalsDirectory,
        action_seconds: float,
        actions_per_pool: int,
        finished: Callable[[str], None],
        credentials: Credentials,
    ) -> None:
        self._agents = agents
        self._carrier = carrier
        self._arrivals = arrivals
        self._action_seconds = action_seconds
        self._finished = finished
        self._credentials = credentials
        self._given: dict[str, tuple[str, str, int]] = {}
        self._gates: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(actions_per_pool))
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._acknowledged: dict[str, Put] = {}
        self._dismissed: dict[str, str] = {}
        self._settled_at: dict[str, float] = {}
        self._failures: dict[str, _Failure] = {}
        self._refused: dict[str, tuple[Put, str]] = {}
        self._learned: list[Observation] = []

    def memory(self, generations: Mapping[str, int]) -> Memory:
        """What the plan must know. A bot that its user changed since it failed is tried at once."""
        now = time.monotonic()
        resting = frozenset(
            bot_id
            for bot_id, failure in self._failures.items()
            if now < failure.retry_at and generations.get(bot_id, failure.generation) == failure.generation
        )
        return Memory(
            acknowledged=dict(self._acknowledged),
            dismissed=dict(self._dismissed),
            busy=frozenset(self._tasks),
            settled_at=dict(self._settled_at),
            resting=resting,
            failures={bot_id: failure.message for bot_id, failure in self._failures.items()},
        )

    def refusal(self, bot_id: str, generation: int, content: str) -> str | None:
        """Why the agent refused just this generation and content of the bot; None where it did not."""
        put, message = self._refused.get(bot_id, (None, None))
        return message if put is not None and (put.generation, put.content) == (generation, content) else None

    def take_learned(self) -> list[Observation]:
        """Observations made since the last call."""
        learned, self._learned = self._learned, []
        return learned

    def next_retry_seconds(self) -> float | None:
        """How long until the first bot that rests may be tried again."""
        now = time.monotonic()
        waits = [failure.retry_at - now for failure in self._failures.values() if failure.retry_at > now]
        return min(waits, default=None)

    def forgive(self, bot_ids: set[str]) -> None:
        """Their agent answers again: no need to wait any longer."""
        for bot_id in bot_ids & self._failures.keys():
            del self._failures[bot_id]

    def forget_all_but(self, bot_ids: set[str]) -> None:
        """Drops what is remembered of bots that are no more."""
        kept = bot_ids | self._tasks.keys()
        self._acknowledged = {bot_id: put for bot_id, put in self._acknowledged.items() if bot_id in kept}
        self._dismissed = {bot_id: pool_id for bot_id, pool_id in self._dismissed.items() if bot_id in kept}
        self._given = {bot_id: given for bot_id, given in self._given.items() if bot_id in kept}
        self._refused = {bot_id: refused for bot_id, refused in self._refused.items() if bot_id in kept}
        now = time.monotonic()
        for bot_id, failure in list(self._failures.items()):
            if bot_id not in kept and now > failure.retry_at + _BACKOFF.limit_seconds:
                del self._failures[bot_id]
        for bot_id, settled_at in list(self._settled_at.items()):
            if bot_id not in kept and now > settled_at + _REMEMBERED_SECONDS:
                del self._settled_at[bot_id]

    def start(self, action: AgentAction, row: DesiredRow | None, rendered: Rendered | None) -> None:
        """Begins the action. `row` and `rendered` as the plan saw them; None for a bot that is deleted already."""
        generation = row.bot.generation if row is not None else 0
        task = asyncio.create_task(self._run(action, generation, row, rendered), name=f"act-{action.bot_id}")
        self._tasks[action.bot_id] = task
        task.add_done_callback(lambda _: self._ended(action))

    async def stop(self) -> None:
        """Abandons what is under way; it is planned again by whoever comes next."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, action: AgentAction) -> None:
        self._tasks.pop(action.bot_id, None)
        self._settled_at[action.bot_id] = time.monotonic()
        self._finished(action.pool_id)
        if isinstance(action, CopyBot):
            self._finished(action.moving.target_pool_id)

    async def _run(
        self, action: AgentAction, generation: int, row: DesiredRow | None, rendered: Rendered | None
    ) -> None:
        try:
            async with self._gates[action.pool_id], asyncio.timeout(self._deadline_of(action)):
                if isinstance(action, CopyBot):
                    await self._carrier.carry(action.bot_id, action.moving)
                elif isinstance(action, TakeIn):
                    agent = await self._agents.agent_for(action.pool_id)
                    await self._arrivals.hand_over(agent, action.bot_id, action.epoch)
                else:
                    await self._act(await self._agents.agent_for(action.pool_id), action, row, rendered)
            self._failures.pop(action.bot_id, None)
        except TimeoutError:
            late = AgentUnreachable("It took longer than its deadline.", pool_id=action.pool_id)
            self._failed(action, generation, late)
        except Error as error:
            self._failed(action, generation, error)
        except Exception:  # a task's boundary: one bot's trouble must not end the loop
            logger.exception("acting on {} failed", action.bot_id)
            self._failed(action, generation, Error("It failed; the log says why."))

    def _deadline_of(self, action: AgentAction) -> float:
        return _COPY_SECONDS if isinstance(action, CopyBot | TakeIn) else self._action_seconds

    async def _act(
        self,
        agent: AgentClient,
        action: PutSlot | DeleteSlot | RestartSlot,
        row: DesiredRow | None,
        rendered: Rendered | None,
    ) -> None:
        match action:
            case PutSlot(put=put):
                if row is None or rendered is None:
                    return
                key = self._key_to_give(action, rendered)
                credentials = None if key is None else await self._credentials_of(key, action)
                spec = slot_spec(row, rendered, put, credentials)
                slot = await agent.put_slot(action.bot_id, spec, self._action_seconds)
                if key is not None and credentials is not None:
                    self._given[action.bot_id] = (action.pool_id, key.id, key.version)
                self._acknowledged[action.bot_id] = put
                self._dismissed.pop(action.bot_id, None)
                self._learned.append(SlotSeen(action.bot_id, utc_now(), slot))
                self._learned.append(ConditionCleared(action.bot_id, utc_now(), ConditionType.NO_CAPACITY))
            case DeleteSlot():
                if await agent.delete_slot(action.bot_id, action.epoch, self._action_seconds):
                    self._dismissed[action.bot_id] = action.pool_id
            case RestartSlot():
                await agent.restart(action.bot_id, action.epoch, self._action_seconds)
                self._learned.append(RestartDone(action.bot_id, utc_now(), action.count))

    def _key_to_give(self, action: PutSlot, rendered: Rendered) -> KeyOfBot | None:
        """What the agent is to be given with this PUT: what it has not got yet, or asks for, of a bot that is to have a
        process."""
        key = rendered.key
        if key is None or (action.put.desired == DesiredState.STOPPED and not action.needs_key):
            return None
        given = self._given.get(action.bot_id) == (action.pool_id, key.id, key.version)
        return key if action.needs_key or not given else None

    async def _credentials_of(self, key: KeyOfBot, action: PutSlot) -> ExchangeCredentials | None:
        """None where they cannot be had: the bot is told of all else, and goes on with what its agent has."""
        try:
            return await self._credentials.give(key, action.bot_id, action.pool_id)
        except (KeysLocked, KeyRejected, NotFound) as error:
            logger.warning("bot {} is not given its exchange key: {}", action.bot_id, error.message)
            return None

    def _failed(self, action: AgentAction, generation: int, error: Error) -> None:
        before = self._failures.get(action.bot_id)
        count = before.count + 1 if before is not None and before.generation == generation else 1
        delay = _BACKOFF.delay_seconds(count)
        self._failures[action.bot_id] = _Failure(generation, count, time.monotonic() + delay, error.message)
        name = type(action).__name__
        logger.warning("{} of {} in {} failed, again in {} s: {}", name, action.bot_id, action.pool_id, delay, error)
        if isinstance(action, PutSlot):
            if isinstance(error, NoCapacity):
                told = ConditionSet(action.bot_id, utc_now(), ConditionType.NO_CAPACITY, error.message)
                self._learned.append(told)
            elif isinstance(error, StaleEpoch):
                told = ConditionSet(action.bot_id, utc_now(), ConditionType.FENCED, _stale(action.pool_id))
                self._learned.append(told)
            elif isinstance(error, InvalidSpec):
                self._refused[action.bot_id] = (action.put, f"Its pool refuses it: {error.message}")


def _stale(pool_id: str) -> str:
    return (
        f"It is not started in {pool_id}, which knows a later assignment than the database, restored from an older "
        "backup perhaps: it was moved to another pool since, or deleted, and its trades are not here. Bring back the "
        "pools that do not answer; where it is found, it goes on. If it was deleted, delete it again."
    )
