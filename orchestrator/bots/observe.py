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
        found = [
            _Seen(bot, row, _status_of(row), _seen(bot, row, by_bot[bot.id]))
            for bot, row in await repository.statuses(session, ids[start : start + _CHUNK])
            if bot.deleted_at is None
        ]
        for reported in (False, True):  # all rows are locked: their order is no longer of weight
            for one in found:
                if one.after != one.before and (one.after.snapshot != one.before.snapshot) is reported:
                    _store(session, one.row, one.after, snapshot=reported)
            await session.flush()
        changes += [change for one in found if (change := _change(one)) is not None]
    await outbox.queue(
        session,
        [
            outbox.of_alert(change.owner_id, change.bot_id, change.name, str(condition.type), condition.message)
            for change in changes
            for condition in change.alerting
        ],
    )
    return changes


@dataclass(frozen=True, slots=True)
class _Seen:
    bot: BotModel
    row: BotStatusModel
    before: Status
    after: Status


def _seen(bot: BotModel, row: BotStatusModel, observations: Sequence[Observation]) -> Status:
    status, wanted = _status_of(row), Wanted(bot.desired_state, bot.epoch)
    for observation in observations:
        status = apply(status, wanted, observation)
    return status


def _change(one: _Seen) -> Change | None:
    if _face(one.after) == _face(one.before):
        return None
    bot, row = one.bot, one.row
    held = {condition.type for condition in one.before.conditions}
    appeared = tuple(condition for condition in one.after.conditions if condition.type not in held)
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


def _store(session: AsyncSession, row: BotStatusModel, status: Status, *, snapshot: bool) -> None:
    """What did not change is written as well, since rows that are written alike go by one statement, however many; but
    for the snapshot, which is most of a row, and which PostgreSQL would store anew."""
    row.observed_state = status.observed_state
    row.observed_generation = status.observed_generation
    row.restart_done = status.restart_done
    row.trader_state = status.trader_state
    row.conditions = [condition.model_dump(mode="json") for condition in status.conditions]
    row.slot = None if status.slot is None else dict(status.slot)
    if snapshot:
        row.snapshot = None if status.snapshot is None else dict(status.snapshot)
    row.snapshot_at = status.snapshot_at
    row.last_seen_at = status.last_seen_at
    for one in fields(Status):
        if snapshot or one.name != "snapshot":
            flag_modified(row, one.name)
    session.add(row)
