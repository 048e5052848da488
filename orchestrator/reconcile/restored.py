"""What to do about a bot of which a pool knows more than the database, restored from an older backup, does. Pure.

No agent is told of an assignment before that is committed, so a slot under a higher epoch than the bot's row is news of
what was committed after the backup: the bot has moved since. It belongs to where that slot is, under a yet higher
epoch; its move, if it has one by the backup, is over. In the pool of the backup it is not started while it is found
nowhere: its directory there is in the archive, and no epoch is raised against the agent, which refuses the backup's.
"""

from collections.abc import Mapping

from orchestrator.reconcile.actions import DELETED, Action, Assign, EndMove, Intent, PoolView, SlotView
from pool.contract.slots import DesiredState, ObservedState

_WITHOUT_PROCESS = frozenset({ObservedState.STOPPED, ObservedState.FAILED, ObservedState.QUARANTINED})
_Found = tuple[str, SlotView]


def newer_elsewhere(intent: Intent, views: Mapping[str, PoolView]) -> _Found | None:
    """Pool and slot of the highest epoch, where that is not the bot's own pool and it is above all that the database
    can have told an agent; None where the database is right, or the bot's own pool knows most."""
    moving = intent.moving
    known = intent.epoch if moving is None or moving.arrived else moving.source_epoch
    found = {
        view.pool_id: view.slots[intent.bot_id] for view in views.values() if view.slots and intent.bot_id in view.slots
    }
    above = {pool_id: slot for pool_id, slot in found.items() if slot.epoch > known}
    own = found.get(intent.pool_id or "")
    if not above or (own is not None and own.observed_state not in _WITHOUT_PROCESS):
        return None
    pool_id, slot = max(above.items(), key=lambda item: (item[1].epoch, item[0] == intent.pool_id))
    return None if pool_id == intent.pool_id else (pool_id, slot)


def follow(intent: Intent, found: _Found, views: Mapping[str, PoolView]) -> Action | None:
    """One action, or None while there is nothing to do but wait: a slot at rest may be what a move left behind, and
    the bot run in a pool that does not answer."""
    pool_id, slot = found
    if intent.moving is not None:
        why = f"The bot is in {pool_id} under a later assignment: the database was restored from a backup."
        return EndMove(intent.bot_id, intent.moving, why)
    everybody_tells = all(view.slots is not None for view in views.values()) and not intent.awaits
    if slot.desired == DesiredState.STOPPED and intent.desired != DELETED and not everybody_tells:
        return None
    return Assign(intent.bot_id, pool_id, slot.epoch, intent.pool_id, adopts=True)
