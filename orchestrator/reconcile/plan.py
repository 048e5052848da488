"""What to do next, from what is wanted and what was seen. Pure.

One action per bot at a time. A pool that was not listed lately gets none, and a listing is believed about a bot only if
it began after that bot's last action ended: absence in an older one proves nothing. What the rules never do: delete the
slot of a bot that nobody deleted or moved away, start a bot in a pool that it is not assigned to, or while another pool
still runs it. Bots that are being moved follow the rules of `moving`, those that come from another home `arriving`,
those of which a pool knows more than a database that was restored from a backup `restored`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from orchestrator.pools.placement import Homeless, place
from orchestrator.reconcile import restored
from orchestrator.reconcile.actions import (
    DELETED,
    Action,
    AskForPool,
    Assign,
    DeleteSlot,
    ForgetRestart,
    Intent,
    MarkDeleted,
    Memory,
    PoolView,
    Put,
    PutSlot,
    RestartSlot,
    SlotView,
)
from orchestrator.reconcile.arriving import arrive, arrives
from orchestrator.reconcile.moving import move
from pool.contract.slots import DesiredState, ObservedState, OpenTrades

_WITH_PROCESS = frozenset({DesiredState.RUNNING, DesiredState.PAUSED})
_AT_REST = frozenset({ObservedState.STOPPED, ObservedState.FAILED, ObservedState.QUARANTINED})
_NO_PROCESS = frozenset({ObservedState.STOPPED})


def plan(
    intents: Sequence[Intent],
    pools: Sequence[PoolView],
    buried: Mapping[str, int],
    memory: Memory,
    how: Literal["spread", "pack"] = "spread",
) -> list[Action]:
    """At most one action per bot. `buried` are deleted bots that some pool still lists, with their last epoch; `how`
    new bots are placed."""
    views = {view.pool_id: view for view in pools}
    actions: list[Action] = []
    homeless: list[Intent] = []
    step: Action | None
    for intent in intents:
        if intent.bot_id in memory.busy:
            continue
        newer = restored.newer_elsewhere(intent, views)
        if newer is not None:
            step = restored.follow(intent, newer, views)
            if step is not None:
                actions.append(step)
            continue
        if arrives(intent, views):
            step = arrive(intent, views, memory)
            if step is not None:
                actions.append(step)
            continue
        if intent.moving is not None:
            step = move(intent, intent.moving, views, memory, _for_assigned)
            if step is not None:
                actions.append(step)
            continue
        if intent.pool_id is None:
            if intent.desired in _WITH_PROCESS and not intent.broken and not intent.awaits:
                homeless.append(intent)
            elif intent.desired == DELETED:
                actions.append(MarkDeleted(intent.bot_id))
            continue
        if _is_crowded_out(intent, intent.pool_id, views, memory):
            homeless.append(intent)
            continue
        action = _for_assigned(intent, intent.pool_id, views, memory)
        action = action or _left_behind(intent, intent.pool_id, views, memory)
        if action is not None:
            actions.append(action)
    actions.extend(_place(homeless, pools, how))
    actions.extend(_bury(buried, pools, memory))
    return actions


def _for_assigned(intent: Intent, pool_id: str, views: Mapping[str, PoolView], memory: Memory) -> Action | None:
    if _wants_no_restart(intent):
        return ForgetRestart(intent.bot_id, intent.restart_requested)
    view = views.get(pool_id)
    if view is None or view.slots is None or intent.bot_id in memory.resting:
        return None
    if view.listed_at < memory.settled_at.get(intent.bot_id, float("-inf")):
        return None
    slot = view.slots.get(intent.bot_id)
    if intent.desired == DELETED:
        return _delete(intent, pool_id, slot, memory)
    if slot is not None and _is_ahead(slot, intent):
        return Assign(intent.bot_id, pool_id, above=slot.epoch)
    return _keep(intent, pool_id, slot, views, memory)


def _is_crowded_out(intent: Intent, pool_id: str, views: Mapping[str, PoolView], memory: Memory) -> bool:
    """Its pool has no slot for it, whatever was expected, and there is nothing of it anywhere yet: another will do."""
    view = views.get(pool_id)
    if view is None or view.slots is None or not view.full or not intent.fresh:
        return False
    if intent.desired not in _WITH_PROCESS or intent.broken or intent.misplaced:
        return False
    seen = any(intent.bot_id in (other.slots or {}) for other in views.values())
    return not seen and view.listed_at >= memory.settled_at.get(intent.bot_id, float("-inf"))


def _left_behind(intent: Intent, pool_id: str, views: Mapping[str, PoolView], memory: Memory) -> Action | None:
    """A move that was abandoned after the bot had arrived left a slot in its source, fenced and at rest. It goes once
    the bot has one where it belongs."""
    settled_at = memory.settled_at.get(intent.bot_id, float("-inf"))
    fresh = [view for view in views.values() if view.slots and view.listed_at >= settled_at]
    slots = {view.pool_id: view.slots[intent.bot_id] for view in fresh if view.slots and intent.bot_id in view.slots}
    own = slots.pop(pool_id, None)
    if own is None or own.epoch != intent.epoch or intent.bot_id in memory.resting:
        return None
    for source_id, left in slots.items():
        fenced = left.epoch < own.epoch and left.desired == DesiredState.STOPPED
        if fenced and left.observed_state == ObservedState.STOPPED:
            return DeleteSlot(intent.bot_id, source_id, left.epoch)
    return None


def _is_ahead(slot: SlotView, intent: Intent) -> bool:
    """Its agent was told more than the database knows, which was restored from a backup: it would refuse what is wanted
    now, and is only convinced by a higher epoch."""
    return (slot.epoch, slot.generation) > (intent.epoch, intent.generation)


def _wants_no_restart(intent: Intent) -> bool:
    return intent.desired == DesiredState.STOPPED and intent.restart_requested > intent.restart_done


def _keep(
    intent: Intent, pool_id: str, slot: SlotView | None, views: Mapping[str, PoolView], memory: Memory
) -> Action | None:
    if slot is None and intent.desired == DesiredState.STOPPED:
        return None
    held_back = intent.broken or intent.misplaced or _runs_elsewhere(intent.bot_id, pool_id, views)
    if intent.desired in _WITH_PROCESS and held_back:
        return None
    put = _put(intent, pool_id, intent.desired)
    in_force = slot is not None and (slot.epoch, slot.desired) == (intent.epoch, intent.desired)
    needs_key = slot is not None and slot.needs_key and intent.has_key
    if not in_force or needs_key or memory.acknowledged.get(intent.bot_id) != put:
        return PutSlot(intent.bot_id, pool_id, put, needs_key)
    if intent.restart_requested > intent.restart_done:
        return RestartSlot(intent.bot_id, pool_id, intent.epoch, intent.restart_requested)
    return None


def _delete(intent: Intent, pool_id: str, slot: SlotView | None, memory: Memory) -> Action | None:
    if slot is None:
        return MarkDeleted(intent.bot_id)
    epoch = max(intent.epoch, slot.epoch)
    if intent.open_trades == OpenTrades.KEEP:
        return DeleteSlot(intent.bot_id, pool_id, epoch)
    if _is_ahead(slot, intent):
        return Assign(intent.bot_id, pool_id, above=slot.epoch)
    put = _put(intent, pool_id, DesiredState.STOPPED)
    needs_key = slot.needs_key and intent.has_key
    if memory.acknowledged.get(intent.bot_id) != put or needs_key or slot.desired != DesiredState.STOPPED:
        return PutSlot(intent.bot_id, pool_id, put, needs_key)
    return DeleteSlot(intent.bot_id, pool_id, epoch) if slot.observed_state in _AT_REST else None


def _put(intent: Intent, pool_id: str, desired: str) -> Put:
    return Put(pool_id, intent.epoch, intent.generation, desired, intent.open_trades, intent.content)


def _runs_elsewhere(bot_id: str, pool_id: str, views: Mapping[str, PoolView]) -> bool:
    return any(
        view.pool_id != pool_id
        and view.slots is not None
        and bot_id in view.slots
        and view.slots[bot_id].observed_state not in _NO_PROCESS
        for view in views.values()
    )


def _place(homeless: Sequence[Intent], pools: Sequence[PoolView], how: Literal["spread", "pack"]) -> list[Action]:
    """Pools that answer first; one that is only starting will do where no other has room."""
    if not homeless:
        return []
    offers = [replace(view.capacity, answering=view.slots is not None) for view in pools if view.capacity is not None]
    placement = place([Homeless(one.bot_id, one.owner_id, one.shareable) for one in homeless], offers, how)
    leaves = {one.bot_id: one for one in homeless if one.pool_id is not None}
    actions: list[Action] = [
        Assign(bot_id, pool_id, leaves[bot_id].epoch, leaves[bot_id].pool_id)
        if bot_id in leaves
        else Assign(bot_id, pool_id)
        for bot_id, pool_id in placement.placed.items()
    ]
    for tenant_id, bot_ids in placement.wanting.items():
        actions.extend(AskForPool(bot_id, tenant_id) for bot_id in bot_ids)
    return actions


def _bury(buried: Mapping[str, int], pools: Sequence[PoolView], memory: Memory) -> list[Action]:
    actions: list[Action] = []
    done: set[str] = set()
    for view in pools:
        for bot_id, slot in (view.slots or {}).items():
            free = bot_id not in memory.busy and bot_id not in memory.resting and bot_id not in done
            if bot_id in buried and free:
                done.add(bot_id)
                actions.append(DeleteSlot(bot_id, view.pool_id, max(slot.epoch, buried[bot_id])))
    return actions
