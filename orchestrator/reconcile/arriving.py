"""What to do next about a bot whose directory comes from another home, in a parcel. Pure.

It is put into the bot's pool before the bot has a slot there, under an epoch above the one that it was fenced with in
its old home; until then the bot is not started, whatever is in the way. A bot that has a slot is past that: its parcel
came too late, and what it has traded since is never replaced. A bot that was in a pool before and is in none now was
restored without its pools: it awaits its parcel, and is given no place without. So does one whose parcel was seen here
once (its condition tells) and is gone without having been put into its pool: to be replaced by a better one, say.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from orchestrator.bots.repository import DesiredRow
from orchestrator.bots.status import ConditionCleared, ConditionSet
from orchestrator.reconcile.actions import DELETED, Action, Arrivals, Assign, Intent, Memory, PoolView, TakeIn
from orchestrator.reconcile.sightings import condition_message
from pool.contract.slots import ConditionType, DesiredState

_WITH_PROCESS = frozenset({DesiredState.RUNNING, DesiredState.PAUSED})


def awaits(row: DesiredRow, arrivals: Arrivals) -> bool:
    """It must not be started, for its parcel is not here or cannot be used."""
    bot = row.bot
    if bot.id in arrivals.waiting:
        return arrivals.waiting[bot.id].problem is not None
    if bot.pool_id is None:
        return bot.epoch > 0
    return condition_message(row, ConditionType.ARRIVING) is not None and (bot.id, bot.epoch) not in arrivals.placed


def arrives(intent: Intent, views: Mapping[str, PoolView]) -> bool:
    """It is to be started in its pool, and its parcel comes first."""
    comes = intent.arrival is not None or intent.awaits
    if not comes or intent.pool_id is None or intent.desired not in _WITH_PROCESS:
        return False
    view = views.get(intent.pool_id)
    return view is None or view.slots is None or intent.bot_id not in view.slots


def arrive(intent: Intent, views: Mapping[str, PoolView], memory: Memory) -> Action | None:
    """One action, or None while there is nothing to do but wait."""
    arrival, pool_id = intent.arrival, intent.pool_id
    view = None if pool_id is None else views.get(pool_id)
    if intent.awaits or arrival is None or pool_id is None or view is None or view.slots is None:
        return None
    if intent.bot_id in memory.resting or view.listed_at < memory.settled_at.get(intent.bot_id, float("-inf")):
        return None
    if any(other.slots is not None and intent.bot_id in other.slots for other in views.values()):
        return None  # it was somewhere here already
    if intent.epoch <= arrival.epoch and intent.moving is None:
        return Assign(intent.bot_id, pool_id, above=arrival.epoch)
    return TakeIn(intent.bot_id, pool_id, intent.epoch)


def arrival_conditions(
    rows: Sequence[DesiredRow],
    arrivals: Arrivals,
    failures: Mapping[str, str],
    slots: Mapping[str, str],
    now: datetime,
) -> list[ConditionSet | ConditionCleared]:
    """A bot that waits for its directory says so, and what to do. `failures` says why bots' last actions failed,
    `slots` in which pool a bot has one."""
    found: list[ConditionSet | ConditionCleared] = []
    for row in rows:
        told = condition_message(row, ConditionType.ARRIVING)
        message = _message(row, arrivals, failures.get(row.bot.id), slots.get(row.bot.id))
        if message is None and told is not None:
            found.append(ConditionCleared(row.bot.id, now, ConditionType.ARRIVING))
        elif message is not None and message != told:
            found.append(ConditionSet(row.bot.id, now, ConditionType.ARRIVING, message))
    return found


def _message(row: DesiredRow, arrivals: Arrivals, failure: str | None, slot_in: str | None) -> str | None:
    bot, arrival = row.bot, arrivals.waiting.get(row.bot.id)
    if bot.desired_state == DELETED:
        return None
    if arrival is None:
        if slot_in is not None or not awaits(row, arrivals):
            return None
        return (
            f"Its trades are not here, so it is not started: put {bot.id}.parcel, which `flotilla bots pack` makes in "
            "its old home, into `arrivals` of this home."
        )
    if slot_in is not None:
        return (
            f"{arrival.file} came too late: the bot has its directory in {slot_in} already, which is kept. Take the "
            "parcel away, or restore the backup once more into an empty database with all parcels in place."
        )
    if arrival.problem is not None:
        return (
            f"{arrival.file} cannot be used, so the bot is not started without its trades: {arrival.problem} Put a "
            "whole copy of the parcel in its place, or pack it again in its old home."
        )
    if bot.desired_state not in _WITH_PROCESS:
        return f"{arrival.file} is put into its pool when the bot is started."
    return f"{arrival.file} is put into its pool before it is started." + (f" {failure}" if failure else "")
