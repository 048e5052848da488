"""What to do next about a bot that is being moved; see `pools.moves` for the phases. Pure.

As soon as the target is ready, and until the bot belongs to it, the source is told to keep the bot stopped, whatever
its user wants meanwhile; that comes into force where it arrives. Only its deletion ends the move.
"""

from collections.abc import Callable, Mapping

from orchestrator.reconcile.actions import (
    DELETED,
    Action,
    Assign,
    CopyBot,
    DeleteSlot,
    EndMove,
    Intent,
    Memory,
    Moving,
    PoolView,
    Put,
    PutSlot,
    SlotView,
    TellMove,
)
from pool.contract.slots import DesiredState, ObservedState, OpenTrades

Views = Mapping[str, PoolView]
Ordinary = Callable[[Intent, str, Views, Memory], Action | None]


def move(intent: Intent, moving: Moving, views: Views, memory: Memory, ordinary: Ordinary) -> Action | None:
    """One action, or None while there is nothing to do but wait. `ordinary` plans for a bot in its pool."""
    if moving.arrived:
        return _clean(intent, moving, views, memory, ordinary)
    if intent.desired == DELETED:
        return EndMove(intent.bot_id, moving, "Its bot is to be deleted.")
    if (intent.pool_id, intent.epoch) != (moving.source_pool_id, moving.epoch):
        return EndMove(intent.bot_id, moving, "Its bot was assigned anew meanwhile.")
    if moving.target_pool_id not in views:  # removed for good: nobody would ever take the bot
        return EndMove(intent.bot_id, moving, f"{moving.target_pool_id}, its target, is gone.")
    if moving.refused:
        return None
    return _leave(intent, moving, views, memory, ordinary)


def _leave(intent: Intent, moving: Moving, views: Views, memory: Memory, ordinary: Ordinary) -> Action | None:
    source, target = _slots(views, moving.source_pool_id), _slots(views, moving.target_pool_id)
    if source is None:
        return _tell(intent, moving, f"The agent of {moving.source_pool_id}, which has the bot, does not answer.")
    if intent.bot_id in memory.resting:
        return _tell(intent, moving, memory.failures.get(intent.bot_id))
    if not _fresh(intent, moving.source_pool_id, views, memory):
        return None
    slot = source.get(intent.bot_id)
    if slot is not None and (slot.epoch, slot.generation) > (moving.source_epoch, intent.generation):
        why = f"{moving.source_pool_id} knows more of the bot: the database was restored from a backup."
        return EndMove(intent.bot_id, moving, why)
    begun = slot is not None and slot.epoch == moving.source_epoch
    if not begun and not _is_ready(views, moving.target_pool_id):
        return _wait(intent, moving, views, memory, ordinary, "is not ready yet")
    full = _is_full(intent, views, moving.target_pool_id)
    if not begun and full:
        return _wait(intent, moving, views, memory, ordinary, "has no free slot")
    if slot is None or (slot.epoch, slot.desired) != (moving.source_epoch, DesiredState.STOPPED):
        return PutSlot(intent.bot_id, moving.source_pool_id, _stop(intent, moving))
    if slot.observed_state != ObservedState.STOPPED:
        return _tell(intent, moving, None)
    if target is None:
        return _tell(intent, moving, f"The agent of {moving.target_pool_id}, where the bot goes, does not answer yet.")
    if not _fresh(intent, moving.target_pool_id, views, memory):
        return None
    stale = target.get(intent.bot_id)
    if stale is not None:  # of an assignment long ago; its directory goes to the archive there
        return DeleteSlot(intent.bot_id, moving.target_pool_id, stale.epoch)
    if full:  # from the moment that it belongs to the target there is no way back
        return _tell(intent, moving, f"{moving.target_pool_id}, where the bot goes, has no free slot any more.")
    if intent.bot_id not in memory.failures and moving.problem is not None:
        return _tell(intent, moving, None)  # what was in the way before it came so far
    return CopyBot(intent.bot_id, moving.source_pool_id, moving)


def _wait(intent: Intent, moving: Moving, views: Views, memory: Memory, ordinary: Ordinary, why: str) -> Action | None:
    """While the target only starts, or is full, the bot trades on where it is."""
    action = ordinary(intent, moving.source_pool_id, views, memory)
    if isinstance(action, Assign):  # the database was restored from a backup: what is right comes first
        return EndMove(intent.bot_id, moving)
    return action or _tell(intent, moving, f"{moving.target_pool_id} {why}; until then the bot trades on.")


def _clean(intent: Intent, moving: Moving, views: Views, memory: Memory, ordinary: Ordinary) -> Action | None:
    """The target first: the source's copy goes only once the target has the bot."""
    target_id = moving.target_pool_id
    if intent.pool_id != target_id:
        return EndMove(intent.bot_id, moving)
    action = _settle(intent, target_id, views, memory, ordinary)
    if action is not None:
        return action
    target, source = _slots(views, target_id), _slots(views, moving.source_pool_id)
    if target is None:
        return _tell(intent, moving, f"The agent of {target_id}, which has the bot now, does not answer.")
    if intent.bot_id in memory.resting:
        return _tell(intent, moving, _why_it_rests(intent, target_id, views, memory))
    if intent.bot_id not in target or not _fresh(intent, target_id, views, memory):
        return None
    if moving.source_pool_id not in views:
        return EndMove(intent.bot_id, moving)
    if source is None:
        problem = f"The agent of {moving.source_pool_id} does not answer; what is left there is archived later."
        return _tell(intent, moving, problem)
    if not _fresh(intent, moving.source_pool_id, views, memory):
        return None
    left = source.get(intent.bot_id)
    if left is not None:
        return DeleteSlot(intent.bot_id, moving.source_pool_id, left.epoch)
    return EndMove(intent.bot_id, moving)


def _settle(intent: Intent, target_id: str, views: Views, memory: Memory, ordinary: Ordinary) -> Action | None:
    """In the target even a stopped bot gets a slot, for its directory is there."""
    slots = _slots(views, target_id)
    free = intent.bot_id not in memory.resting and _fresh(intent, target_id, views, memory)
    if slots is None or not free or intent.bot_id in slots:
        return ordinary(intent, target_id, views, memory)
    if intent.desired == DELETED and memory.dismissed.get(intent.bot_id) != target_id:
        return DeleteSlot(intent.bot_id, target_id, intent.epoch)
    if intent.desired == DesiredState.STOPPED or (intent.broken and intent.desired != DELETED):
        put = Put(target_id, intent.epoch, intent.generation, DesiredState.STOPPED, intent.open_trades, intent.content)
        return PutSlot(intent.bot_id, target_id, put)
    return ordinary(intent, target_id, views, memory)


def _stop(intent: Intent, moving: Moving) -> Put:
    return Put(
        moving.source_pool_id,
        moving.source_epoch,
        intent.generation,
        DesiredState.STOPPED,
        OpenTrades.KEEP,
        intent.content,
    )


def _slots(views: Views, pool_id: str) -> Mapping[str, SlotView] | None:
    view = views.get(pool_id)
    return None if view is None else view.slots


def _is_ready(views: Views, pool_id: str) -> bool:
    view = views.get(pool_id)
    return view is not None and view.slots is not None and view.ready


def _is_full(intent: Intent, views: Views, pool_id: str) -> bool:
    """There is no slot for the bot, which has none there."""
    view = views.get(pool_id)
    return view is not None and view.full and intent.bot_id not in (view.slots or {})


def _why_it_rests(intent: Intent, target_id: str, views: Views, memory: Memory) -> str | None:
    if _is_full(intent, views, target_id):
        return (
            f"{target_id}, which has the bot now, has no free slot, so it does not run: delete a bot there or move one "
            "away; it starts by itself then."
        )
    return memory.failures.get(intent.bot_id)


def _fresh(intent: Intent, pool_id: str, views: Views, memory: Memory) -> bool:
    """The pool's listing began after the bot's last action ended."""
    view = views.get(pool_id)
    return view is not None and view.listed_at >= memory.settled_at.get(intent.bot_id, float("-inf"))


def _tell(intent: Intent, moving: Moving, problem: str | None) -> Action | None:
    return None if problem == moving.problem else TellMove(intent.bot_id, moving, problem)
