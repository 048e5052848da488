"""From what agents list to observations of bots, only where something differs from what is written already. Pure.

This is the level-triggered twin of `orchestrator.intake`: what the event stream lost is put right here within a second.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestrator.bots.repository import DesiredRow
from orchestrator.bots.status import ConditionCleared, ConditionSet, Observation, SlotAbsent, SlotSeen, ends_when_seen
from orchestrator.pools.models import MoveModel
from orchestrator.reconcile.credentials import STILL_ASKED
from orchestrator.reconcile.watch import VOLATILE, Sighting
from pool.contract.slots import Condition, ConditionType, DesiredState, ObservedState, Slot


def observations(
    rows: Sequence[DesiredRow],
    problems: Mapping[str, str],
    sightings: Mapping[str, Sighting],
    settled_at: Mapping[str, float],
    silence_seconds: float,
    clock: float,
    now: datetime,
) -> list[Observation]:
    """`problems` says why a bot cannot be rendered; `clock` is now in the sightings' monotonic seconds."""
    found: list[Observation] = []
    for row in rows:
        found.extend(_about_template(row, problems.get(row.bot.id), now))
        if row.bot.pool_id is None:
            found.extend(_without_slot(row, now))
            continue
        sighting = sightings.get(row.bot.pool_id)
        if sighting is None:
            continue
        if sighting.problem is not None:
            if clock - sighting.heard_at > silence_seconds:
                found.extend(_unreachable(row, sighting.problem, now))
        elif sighting.listed_at >= settled_at.get(row.bot.id, float("-inf")):
            slot = sighting.slots.get(row.bot.id)
            found.extend(_without_slot(row, now) if slot is None else _with_slot(row, slot, now))
    return found


def condition_types(row: DesiredRow) -> set[str]:
    """The conditions that the row's status holds now."""
    return {str(condition["type"]) for condition in row.conditions}


def condition_message(row: DesiredRow, kind: ConditionType) -> str | None:
    """What the row's status says of that condition; None where it does not hold."""
    return next((str(held["message"]) for held in row.conditions if held["type"] == kind), None)


def move_conditions(
    rows: Sequence[DesiredRow], moves: Sequence[MoveModel], now: datetime
) -> list[ConditionSet | ConditionCleared]:
    """A bot that is being moved says so, where to, and what is in the way."""
    found: list[ConditionSet | ConditionCleared] = []
    by_bot = {move.bot_id: move for move in moves}
    for row in rows:
        move, told = by_bot.get(row.bot.id), condition_message(row, ConditionType.MOVING)
        if move is None:
            if told is not None:
                found.append(ConditionCleared(row.bot.id, now, ConditionType.MOVING))
            continue
        message = f"It is being moved from {move.source_pool_id} to {move.target_pool_id}."
        message += f" {move.problem}" if move.problem else ""
        if told != message:
            found.append(ConditionSet(row.bot.id, now, ConditionType.MOVING, message))
    return found


def key_conditions(
    rows: Sequence[DesiredRow], keyless: Mapping[str, str], now: datetime
) -> list[ConditionSet | ConditionCleared]:
    """Live bots whose exchange key cannot be used say so, and why; until that is known, what they said before."""
    found: list[ConditionSet | ConditionCleared] = []
    for row in rows:
        message, told = keyless.get(row.bot.id), condition_message(row, ConditionType.KEY_UNUSABLE)
        if message == STILL_ASKED:
            continue
        if message is None and told is not None:
            found.append(ConditionCleared(row.bot.id, now, ConditionType.KEY_UNUSABLE))
        elif message is not None and told != message:
            found.append(ConditionSet(row.bot.id, now, ConditionType.KEY_UNUSABLE, message))
    return found


def _about_template(row: DesiredRow, problem: str | None, now: datetime) -> list[Observation]:
    told = {condition["message"] for condition in row.conditions if condition["type"] == ConditionType.TEMPLATE_BROKEN}
    if problem is not None and problem not in told:
        return [ConditionSet(row.bot.id, now, ConditionType.TEMPLATE_BROKEN, problem)]
    if problem is None and told:
        return [ConditionCleared(row.bot.id, now, ConditionType.TEMPLATE_BROKEN)]
    return []


def _unreachable(row: DesiredRow, problem: str, now: datetime) -> list[Observation]:
    if ConditionType.AGENT_UNREACHABLE in condition_types(row):
        return []
    return [ConditionSet(row.bot.id, now, ConditionType.AGENT_UNREACHABLE, problem)]


def _without_slot(row: DesiredRow, now: datetime) -> list[Observation]:
    wanted = row.bot.desired_state in (DesiredState.RUNNING, DesiredState.PAUSED)
    expected = ObservedState.PENDING if wanted else ObservedState.STOPPED
    if ConditionType.TEMPLATE_BROKEN in condition_types(row):
        expected = ObservedState.FAILED
    settled = row.slot is None and row.observed_state == expected and not _ends_when_seen(row, now)
    return [] if settled else [SlotAbsent(row.bot.id, now)]


def _with_slot(row: DesiredRow, slot: Slot, now: datetime) -> list[Observation]:
    if slot.epoch < row.bot.epoch:
        return []
    same = row.slot is not None and _steady(row.slot) == slot.model_dump(mode="json", exclude=set(VOLATILE))
    return [] if same and not _ends_when_seen(row, now) else [SlotSeen(row.bot.id, now, slot)]


def _ends_when_seen(row: DesiredRow, now: datetime) -> bool:
    return any(ends_when_seen(Condition.model_validate(condition), now) for condition in row.conditions)


def _steady(slot: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in slot.items() if name not in VOLATILE}
