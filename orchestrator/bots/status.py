"""What a bot is, derived from what was seen of it. Pure: observations and the last status give the next one.

Two sources of conditions meet here: those of the agent come with each slot and replace each other; those of the control
plane (`CONTROL_CONDITIONS`) are set and cleared by name. The observed state is the slot's, unless the agent is silent
(`unknown`, the last values stay) or there is no slot (`pending`, or `stopped` where nobody wants a process, or `failed`
where its template is broken).

Snapshots are ordered and aged by their arrival here, never by the bot's clock, which may be wrong or be set back. The
stream tells them in order, so what it tells last holds; the same one told again (after a reconnection, say) did not
arrive anew. A listing, or the answer to an order, may be older than what the stream told meanwhile, so its snapshot
only serves to move forward, and what it tells of a run counts only where the bot had not reported again by what is
known: else a bot that was resumed would be paused once more for a moment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pool.contract.slots import Condition, ConditionType, DesiredState, ObservedState, Slot
from pool.contract.snapshots import BotSnapshot

CONTROL_CONDITIONS = frozenset(
    {
        ConditionType.NO_CAPACITY,
        ConditionType.AGENT_UNREACHABLE,
        ConditionType.TEMPLATE_BROKEN,
        ConditionType.MOVING,
        ConditionType.ARRIVING,
        ConditionType.REPORT_REFUSED,
        ConditionType.UNGOVERNED,
        ConditionType.KEY_UNUSABLE,
    }
)
"""Conditions that the control plane sets; all others are the agent's."""
_REFUSED_FOR = timedelta(minutes=1)
_OVER = frozenset({ObservedState.STOPPED, ObservedState.FAILED, ObservedState.QUARANTINED})
_OLDEST_LOOK = timedelta(seconds=20)
"""Answers of agents are hardly ever older. A report that is further back was dated by a clock that was set back."""


@dataclass(frozen=True, slots=True)
class SlotSeen:
    """The agent told of the bot's slot."""

    bot_id: str
    at: datetime
    slot: Slot
    streamed: bool = False
    """By its stream, which is in order; else it was asked, and its answer may have been overtaken."""


@dataclass(frozen=True, slots=True)
class SlotAbsent:
    """The agent listed its slots and the bot's was not among them."""

    bot_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SnapshotSeen:
    bot_id: str
    at: datetime
    snapshot: BotSnapshot


@dataclass(frozen=True, slots=True)
class ConditionSet:
    """A condition of the control plane holds from now on; its `since` stays if it held before."""

    bot_id: str
    at: datetime
    type: ConditionType
    message: str


@dataclass(frozen=True, slots=True)
class ConditionCleared:
    bot_id: str
    at: datetime
    type: ConditionType


@dataclass(frozen=True, slots=True)
class RestartDone:
    """The restart number `count` was handed to the agent."""

    bot_id: str
    at: datetime
    count: int


Observation = SlotSeen | SlotAbsent | SnapshotSeen | ConditionSet | ConditionCleared | RestartDone


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a bot's intent its status depends on."""

    desired_state: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Status:
    """The columns of `bot_statuses`; JSON columns in wire form."""

    observed_state: str
    observed_generation: int
    restart_done: int
    trader_state: str | None
    conditions: tuple[Condition, ...]
    slot: Mapping[str, Any] | None
    snapshot: Mapping[str, Any] | None
    snapshot_at: datetime | None
    last_seen_at: datetime | None


def apply(status: Status, wanted: Wanted, observation: Observation) -> Status:
    """The status after one observation. What an older assignment's slot tells is ignored."""
    match observation:
        case SlotSeen():
            return _slot_seen(status, wanted, observation)
        case SlotAbsent():
            gone = replace(status, slot=None, trader_state=None, last_seen_at=observation.at)
            return _derive(gone, wanted, _still_held(status, observation.at))
        case SnapshotSeen():
            return _snapshot_seen(status, observation.snapshot, observation.at)
        case ConditionSet():
            return _condition_set(status, wanted, observation)
        case ConditionCleared():
            return _derive(status, wanted, [c for c in status.conditions if c.type != observation.type])
        case RestartDone():
            return replace(status, restart_done=max(status.restart_done, observation.count))


def _slot_seen(status: Status, wanted: Wanted, seen: SlotSeen) -> Status:
    slot = seen.slot
    if slot.epoch < wanted.epoch or (not seen.streamed and _overtaken(status, slot)):
        return status
    told = replace(
        status,
        slot=slot.model_dump(mode="json", exclude={"snapshot"}),
        trader_state=slot.trader_state,
        observed_generation=slot.observed_generation,
        last_seen_at=seen.at,
    )
    if slot.snapshot is not None and _moves_forward(status, slot.snapshot):
        told = _snapshot_seen(told, slot.snapshot, seen.at)
    return _derive(told, wanted, [*slot.conditions, *_still_held(status, seen.at)])


def _overtaken(status: Status, slot: Slot) -> bool:
    """Whether the bot had reported again, in the same run, by what is known of it. Both times are the agent's. A run
    that is over reports no more: that always counts."""
    if slot.observed_state in _OVER:
        return False
    known = status.slot or {}
    reported_at = known.get("last_report_at")
    same_run = slot.run_id is not None and (known.get("run_id"), known.get("epoch")) == (slot.run_id, slot.epoch)
    if not same_run or reported_at is None or slot.last_report_at is None:
        return False
    return timedelta(0) < datetime.fromisoformat(reported_at) - slot.last_report_at < _OLDEST_LOOK


def _snapshot_seen(status: Status, snapshot: BotSnapshot, at: datetime) -> Status:
    told = snapshot.model_dump(mode="json")
    arrived_at = status.snapshot_at if told == status.snapshot else None
    return replace(status, snapshot=told, snapshot_at=arrived_at or at, last_seen_at=at)


def _moves_forward(status: Status, snapshot: BotSnapshot) -> bool:
    known = (status.snapshot or {}).get("as_of")
    return not isinstance(known, str) or snapshot.as_of > datetime.fromisoformat(known)


def _condition_set(status: Status, wanted: Wanted, told: ConditionSet) -> Status:
    before = next((c for c in status.conditions if c.type == told.type), None)
    since = before.since if before else told.at
    condition = Condition(type=told.type, message=told.message, since=since)
    return _derive(status, wanted, [*(c for c in status.conditions if c.type != told.type), condition])


def ends_when_seen(condition: Condition, now: datetime) -> bool:
    """Whether the condition holds no more once its bot's slot, or the lack of it, was seen and written. That a report
    was refused is told for a while: the next one may be better by chance."""
    if condition.type == ConditionType.REPORT_REFUSED:
        return now - condition.since > _REFUSED_FOR
    return condition.type == ConditionType.AGENT_UNREACHABLE


def _still_held(status: Status, now: datetime) -> list[Condition]:
    """The control plane's conditions that stay when the agent tells of the bot."""
    return [c for c in status.conditions if c.type in CONTROL_CONDITIONS and not ends_when_seen(c, now)]


def _derive(status: Status, wanted: Wanted, conditions: Iterable[Condition]) -> Status:
    held = tuple(sorted(conditions, key=lambda condition: condition.type))
    types = {condition.type for condition in held}
    if status.slot is not None:
        unreachable = ConditionType.AGENT_UNREACHABLE in types
        state = str(ObservedState.UNKNOWN) if unreachable else str(status.slot["observed_state"])
    elif ConditionType.TEMPLATE_BROKEN in types:
        state = str(ObservedState.FAILED)
    elif wanted.desired_state in (DesiredState.RUNNING, DesiredState.PAUSED):
        state = str(ObservedState.PENDING)
    else:
        state = str(ObservedState.STOPPED)
    return replace(status, observed_state=state, conditions=held)
