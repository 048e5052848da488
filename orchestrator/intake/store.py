"""Writes a batch: events, cursor, statuses and history in one transaction, each event once however often it is told."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loguru import logger
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.actions import service as actions
from orchestrator.actions.service import Told
from orchestrator.bots import repository
from orchestrator.bots.models import BotEventModel
from orchestrator.bots.observe import Change, observe
from orchestrator.bots.repository import EventIdentity, Owned
from orchestrator.bots.status import Observation, SlotSeen, SnapshotSeen
from orchestrator.intake.batch import Taken
from orchestrator.intake.pushes import pushes_of
from orchestrator.kit.clock import utc_now
from orchestrator.pools import service as pools_service
from orchestrator.portfolio import bot_history
from orchestrator.push import outbox
from pool.contract.events import Event
from pool.contract.snapshots import BotSnapshot

_CHUNK = 200
_RUN_ID_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Stored:
    """What a batch brought that was not known before."""

    events: Sequence[Event]
    changes: Sequence[Change]
    owners: dict[str, Owned]
    """Of every bot in the batch that exists."""
    reported: Mapping[str, BotSnapshot]
    """Snapshots in the batch, by bot."""
    at: datetime
    """When they arrived, as it is stored."""
    told: Sequence[Told] = ()
    """What rules did and refused."""


async def store(session: AsyncSession, pool_id: str, taken: Taken) -> Stored:
    """Facts of bots that never were here are dropped: they belong to another installation. So are readings by a pool
    that the bot is not assigned to (any more): they would take the place of newer ones."""
    told = {event.bot_id for event in taken.events} | taken.slots.keys() | taken.snapshots.keys()
    owners = await repository.owners(session, told)
    if told - owners.keys():
        logger.debug("pool {} tells of bots that are not known: {}", pool_id, sorted(told - owners.keys()))
    fresh: list[Event] = []
    known = [_stored_form(event) for event in taken.events if event.bot_id in owners]
    for start in range(0, len(known), _CHUNK):
        fresh.extend(await _store_events(session, known[start : start + _CHUNK]))
    told_of_rules = await actions.take(session, fresh, {bot_id: one.owner_id for bot_id, one in owners.items()})
    here = {bot_id for bot_id, one in owners.items() if one.pool_id == pool_id}
    reported = {bot_id: snapshot for bot_id, snapshot in taken.snapshots.items() if bot_id in here}
    now = utc_now()
    changes = await observe(session, _observations(taken, reported, now))
    await bot_history.record(session, reported, now)
    if taken.cursor is not None:
        await pools_service.set_cursor(session, pool_id, taken.cursor)
    await outbox.queue(session, pushes_of(fresh, told_of_rules, owners))
    return Stored(fresh, changes, owners, reported, now, told_of_rules)


def identity(event: Event) -> EventIdentity:
    return (event.bot_id, event.run_id, event.origin, event.seq)


async def _store_events(session: AsyncSession, events: Sequence[Event]) -> list[Event]:
    unique = {identity(event): event for event in events}
    stored = await repository.known_events(session, unique.keys())
    fresh = [event for key, event in unique.items() if key not in stored]
    session.add_all(
        BotEventModel(
            bot_id=event.bot_id,
            run_id=event.run_id,
            origin=event.origin,
            seq=event.seq,
            at=event.at,
            type=str(event.type),
            data=event.data,
        )
        for event in fresh
    )
    await session.flush()
    return fresh


def _stored_form(event: Event) -> Event:
    return event.model_copy(update={"run_id": event.run_id[:_RUN_ID_LENGTH], "data": _finite(event.data)})


def _finite(value: Any) -> Any:
    """The same without NaN and infinities, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value


def _observations(taken: Taken, reported: Mapping[str, BotSnapshot], now: datetime) -> list[Observation]:
    seen: list[Observation] = [SlotSeen(bot_id, now, slot, streamed=True) for bot_id, slot in taken.slots.items()]
    seen.extend(SnapshotSeen(bot_id, now, snapshot) for bot_id, snapshot in reported.items())
    return seen
