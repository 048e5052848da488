"""What to do next, from what is wanted and what was seen. Pure.

One action per bot at a time. A pool that was not listed lately gets none, and a listing is believed about a bot only if
it began after that bot's last action ended: absence in an older one proves nothing. What the rules never do: delete the
slot of a bot that nobody deleted, put a bot into a pool that it is not assigned to, or start it while another pool
still runs it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from orchestrator.pools.placement import Capacity, Homeless, place
from pool.contract.slots import DesiredState, ObservedState, OpenTrades

DELETED = "deleted"
_WITH_PROCESS = frozenset({DesiredState.RUNNING, DesiredState.PAUSED})
_AT_REST = frozenset({ObservedState.STOPPED, ObservedState.FAILED, ObservedState.QUARANTINED})
_NO_PROCESS = frozenset({ObservedState.STOPPED})


@dataclass(frozen=True, slots=True)
class Intent:
    """What is wanted of one bot."""

    bot_id: str
    pool_id: str | None
    epoch: int
    generation: int
    desired: str
    """A `DesiredState`, or `deleted`."""
    open_trades: str
    content: str
    """Hash of everything else that its pool is told."""
    broken: bool = False
    """It cannot be rendered, or its pool refused it as it is now: it can be stopped and deleted, not started."""
    no_capacity: bool = False
    """Its status says already that no pool has room."""
    restart_requested: int = 0
    restart_done: int = 0
    owner_id: str = ""
    shareable: bool = True
    """Its template may run beside other tenants' bots."""


@dataclass(frozen=True, slots=True)
class SlotView:
    """What an agent lists of one bot."""

    epoch: int
    desired: str
    observed_state: str


@dataclass(frozen=True, slots=True)
class PoolView:
    """What is known of one pool."""

    pool_id: str
    slots: Mapping[str, SlotView] | None
    """By bot; None while its agent does not answer."""
    listed_at: float = 0.0
    """When the listing was asked for, on the clock of `Memory`."""
    capacity: Capacity | None = None
    """None where no new bot shall go there."""


@dataclass(frozen=True, slots=True)
class Put:
    """Everything that a PUT depends on; equal ones say the same."""

    pool_id: str
    epoch: int
    generation: int
    desired: str
    open_trades: str
    content: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What the reconciler remembers of its own doings; all of it may be lost, at the price of repeating a PUT."""

    acknowledged: Mapping[str, Put] = field(default_factory=dict)
    """The last PUT that each bot's agent accepted."""
    busy: frozenset[str] = frozenset()
    """Bots with an action under way."""
    settled_at: Mapping[str, float] = field(default_factory=dict)
    """When each bot's last action ended."""
    resting: frozenset[str] = frozenset()
    """Bots whose last action failed so lately that it is not tried again yet."""


@dataclass(frozen=True, slots=True)
class Assign:
    bot_id: str
    pool_id: str
    above: int = 0
    """The new epoch must be above this one."""


@dataclass(frozen=True, slots=True)
class ReportNoCapacity:
    bot_id: str


@dataclass(frozen=True, slots=True)
class PutSlot:
    bot_id: str
    pool_id: str
    put: Put


@dataclass(frozen=True, slots=True)
class DeleteSlot:
    bot_id: str
    pool_id: str
    epoch: int


@dataclass(frozen=True, slots=True)
class RestartSlot:
    bot_id: str
    pool_id: str
    epoch: int
    count: int


@dataclass(frozen=True, slots=True)
class ForgetRestart:
    """A restart was asked for, then a stop: it must not happen at the next start."""

    bot_id: str
    count: int


@dataclass(frozen=True, slots=True)
class MarkDeleted:
    bot_id: str


AgentAction = PutSlot | DeleteSlot | RestartSlot
RowAction = Assign | ReportNoCapacity | ForgetRestart | MarkDeleted
Action = AgentAction | RowAction


def plan(
    intents: Sequence[Intent], pools: Sequence[PoolView], buried: Mapping[str, int], memory: Memory
) -> list[Action]:
    """At most one action per bot. `buried` are deleted bots that some pool still lists, with their last epoch."""
    views = {view.pool_id: view for view in pools}
    actions: list[Action] = []
    homeless: list[Intent] = []
    for intent in intents:
        if intent.bot_id in memory.busy:
            continue
        if intent.pool_id is None:
            if intent.desired in _WITH_PROCESS and not intent.broken:
                homeless.append(intent)
            elif intent.desired == DELETED:
                actions.append(MarkDeleted(intent.bot_id))
            continue
        action = _for_assigned(intent, intent.pool_id, views, memory)
        if action is not None:
            actions.append(action)
    actions.extend(_place(homeless, pools))
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
    if slot is not None and slot.epoch > intent.epoch:
        return Assign(intent.bot_id, pool_id, above=slot.epoch)
    return _keep(intent, pool_id, slot, views, memory)


def _wants_no_restart(intent: Intent) -> bool:
    return intent.desired == DesiredState.STOPPED and intent.restart_requested > intent.restart_done


def _keep(
    intent: Intent, pool_id: str, slot: SlotView | None, views: Mapping[str, PoolView], memory: Memory
) -> Action | None:
    if slot is None and intent.desired == DesiredState.STOPPED:
        return None
    if intent.desired in _WITH_PROCESS and (intent.broken or _runs_elsewhere(intent.bot_id, pool_id, views)):
        return None
    put = _put(intent, pool_id, intent.desired)
    in_force = slot is not None and (slot.epoch, slot.desired) == (intent.epoch, intent.desired)
    if not in_force or memory.acknowledged.get(intent.bot_id) != put:
        return PutSlot(intent.bot_id, pool_id, put)
    if intent.restart_requested > intent.restart_done:
        return RestartSlot(intent.bot_id, pool_id, intent.epoch, intent.restart_requested)
    return None


def _delete(intent: Intent, pool_id: str, slot: SlotView | None, memory: Memory) -> Action | None:
    if slot is None:
        return MarkDeleted(intent.bot_id)
    epoch = max(intent.epoch, slot.epoch)
    if intent.open_trades == OpenTrades.KEEP:
        return DeleteSlot(intent.bot_id, pool_id, epoch)
    if slot.epoch > intent.epoch:
        return Assign(intent.bot_id, pool_id, above=slot.epoch)
    put = _put(intent, pool_id, DesiredState.STOPPED)
    if memory.acknowledged.get(intent.bot_id) != put or slot.desired != DesiredState.STOPPED:
        return PutSlot(intent.bot_id, pool_id, put)
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


def _place(homeless: Sequence[Intent], pools: Sequence[PoolView]) -> list[Action]:
    """Pools that answer first; one that is only starting will do where no other has room."""
    if not homeless:
        return []
    offers = [replace(view.capacity, answering=view.slots is not None) for view in pools if view.capacity is not None]
    placed = place([Homeless(intent.bot_id, intent.owner_id, intent.shareable) for intent in homeless], offers).placed
    actions: list[Action] = []
    for intent in homeless:
        pool_id = placed.get(intent.bot_id)
        if pool_id is not None:
            actions.append(Assign(intent.bot_id, pool_id))
        elif not intent.no_capacity:
            actions.append(ReportNoCapacity(intent.bot_id))
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
