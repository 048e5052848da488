"""`observe`: the one writer of `bot_statuses`, in batches (ids ascending, so that two batches never deadlock)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy.orm.attributes import flag_modified
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots import repository
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.bots.status import Observation, Status, Wanted, apply
from orchestrator.push import outbox
from pool.contract.slots import Condition, ConditionType

ALERTING = frozenset(
    {
        ConditionType.QUARANTINED,
        ConditionType.BOOT_FAILED,
        ConditionType.HUNG,
        ConditionType.TRADER_STOPPED,
        ConditionType.FENCED,
        ConditionType.SECRETS_NEEDED,
        ConditionType.KEY_UNUSABLE,
        ConditionType.TEMPLATE_BROKEN,
        ConditionType.NO_CAPACITY,
        ConditionType.UNGOVERNED,
    }
)
"""Conditions that somebody should hear of when they appear."""
_CHUNK = 50
"""Bots whose rows are read and written at once: so long the event loop stands still."""


@dataclass(frozen=True, slots=True)
class Change:
    """A bot that looks different to its owner: what a `bot` message carries."""

    bot_id: str
    owner_id: str
    name: str
    observed_state: str
    trader_state: str | None
    conditions: list[dict[str, Any]]
    appeared: tuple[Condition, ...]
    """Those of its conditions that did not hold before."""

    @property
    def alerting(self) -> list[Condition]:
        """Those of them that the owner is told as alerts, and by pushes."""
        return [condition for condition in self.appeared if condition.type in ALERTING]


async def observe(session: AsyncSession, observations: Sequence[Observation]) -> list[Change]:
    """Applies observations in their order. Answers the bots whose observed state, trader state or conditions changed;
    those of unknown and of deleted bots are dropped."""
    by_bot: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        by_bot[observation.bot_id].append(observation)
    ids = sorted(by_bot)
    changes: list[Change] = []
    for start in range(0, len(ids), _CHUNK):
        for bot, row in await repository.statuses(session, ids[start : start + _CHUNK]):
            if bot.deleted_at is not None:
                continue
            change = _observe_one(session, bot, row, by_bot[bot.id])
            if change is not None:
                changes.append(change)
        await session.flush()
    await outbox.queue(
        session,
        [
            outbox.of_alert(change.owner_id, change.bot_id, change.name, str(condition.type), condition.message)
            for change in changes
            for condition in change.alerting
        ],
    )
    return changes


def _observe_one(
    session: AsyncSession, bot: BotModel, row: BotStatusModel, observations: Sequence[Observation]
) -> Change | None:
    before = _status_of(row)
    after = before
    wanted = Wanted(bot.desired_state, bot.epoch)
    for observation in observations:
        after = apply(after, wanted, observation)
    if after == before:
        return None
    _store(row, after)
    session.add(row)
    if _face(after) == _face(before):
        return None
    held = {condition.type for condition in before.conditions}
    appeared = tuple(condition for condition in after.conditions if condition.type not in held)
    return Change(bot.id, bot.owner_id, bot.name, row.observed_state, row.trader_state, row.conditions, appeared)


def _face(status: Status) -> tuple[object, ...]:
    return (
        status.observed_state,
        status.trader_state,
        tuple((condition.type, condition.message) for condition in status.conditions),
    )


def _status_of(row: BotStatusModel) -> Status:
    return Status(
        observed_state=row.observed_state,
        observed_generation=row.observed_generation,
        restart_done=row.restart_done,
        trader_state=row.trader_state,
        conditions=tuple(Condition.model_validate(condition) for condition in row.conditions),
        slot=row.slot,
        snapshot=row.snapshot,
        snapshot_at=row.snapshot_at,
        last_seen_at=row.last_seen_at,
    )


def _store(row: BotStatusModel, status: Status) -> None:
    row.observed_state = status.observed_state
    row.observed_generation = status.observed_generation
    row.restart_done = status.restart_done
    row.trader_state = status.trader_state
    row.conditions = [condition.model_dump(mode="json") for condition in status.conditions]
    row.slot = None if status.slot is None else dict(status.slot)
    row.snapshot = None if status.snapshot is None else dict(status.snapshot)
    row.snapshot_at = status.snapshot_at
    row.last_seen_at = status.last_seen_at
    for one in fields(Status):  # changed or not: rows that are written alike go by one statement, however many
        flag_modified(row, one.name)
