"""What one tick of the reconciler goes by, and how the plan is told of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from orchestrator.bots.repository import DesiredRow
from orchestrator.pools import provision
from orchestrator.pools.assignments import Assigned
from orchestrator.pools.models import LOCAL_POOL, MoveModel, PoolModel
from orchestrator.pools.placement import admits
from orchestrator.pools.policy import PoolPolicy
from orchestrator.pools.provision import Seen
from orchestrator.reconcile.actions import DELETED, Arrivals, Intent, Moving, PoolView, SlotView
from orchestrator.reconcile.arriving import awaits
from orchestrator.reconcile.rendering import Rendered
from orchestrator.reconcile.watch import Sighting
from pool.contract.policy import PolicyInForce
from pool.contract.slots import ConditionType, Slot


@dataclass(frozen=True)
class World:
    rows: Sequence[DesiredRow]
    pools: Sequence[PoolModel]
    moves: Sequence[MoveModel]
    rendered: Mapping[str, Rendered]
    problems: Mapping[str, str]
    """Why bots cannot be rendered, or are refused as they are."""
    sightings: Mapping[str, Sighting]
    arrivals: Arrivals = field(default_factory=Arrivals)
    held: frozenset[str] = frozenset()
    """Bots that may run where nobody knows, see `reconcile.strays`."""
    policies: Mapping[str, PolicyInForce] = field(default_factory=dict)
    """What each bot shall keep; a bot that nobody wrote one for is absent."""
    keyless: Mapping[str, str] = field(default_factory=dict)
    """Live bots whose exchange key cannot be used now, each with why."""

    @cached_property
    def assigned(self) -> list[Assigned]:
        """The bots as pools see them, in the order of their rows."""
        return [assigned(row) for row in self.rows]


def assigned(row: DesiredRow) -> Assigned:
    """The bot as pools see it."""
    bot = row.bot
    return Assigned(bot.id, bot.owner_id, bot.template, bot.pool_id, bot.epoch, bot.desired_state == DELETED)


def moving(move: MoveModel) -> Moving:
    """The move as the plan wants it."""
    return Moving(move.source_pool_id, move.target_pool_id, move.epoch, move.started_at, move.phase, move.problem)


def intents(world: World, policy: PoolPolicy) -> list[Intent]:
    """What is wanted of each bot."""
    moves = {move.bot_id: moving(move) for move in world.moves}
    pools = {pool.id: pool for pool in world.pools}
    return [
        _intent(row, seen, world, policy, moves.get(seen.bot_id), pools)
        for row, seen in zip(world.rows, world.assigned, strict=True)
    ]


def misplaced(bot: Assigned, pools: Mapping[str, PoolModel], policy: PoolPolicy) -> bool:
    """Its pool may not have it: another user's, or a shared one that its template is not allowed in (any more). A local
    pool from before pools had tenants keeps what it has."""
    pool = pools.get(bot.pool_id) if bot.pool_id is not None else None
    if pool is None or (pool.id == LOCAL_POOL and pool.tenant_id is None):
        return False
    return not admits(pool.tenant_id, policy.homeless(bot))


def looks(world: World) -> dict[str, Seen]:
    """What placement goes by, of each pool that ever answered."""
    return {
        pool_id: Seen(sighting.report, sighting.problem is None, sighting.slots.keys())
        for pool_id, sighting in world.sightings.items()
        if sighting.report is not None
    }


def views(world: World, policy: PoolPolicy) -> list[PoolView]:
    """What is known of each pool."""
    offers = provision.offers(world.pools, world.assigned, world.moves, policy, looks(world))
    capacities = {offer.pool_id: offer for offer in offers}
    found: list[PoolView] = []
    for pool in world.pools:
        sighting = world.sightings.get(pool.id)
        if sighting is None or sighting.problem is not None:
            found.append(PoolView(pool.id, None, capacity=capacities.get(pool.id)))
            continue
        slots = {
            bot_id: SlotView(slot.epoch, str(slot.desired), str(slot.observed_state), slot.generation, _needs_key(slot))
            for bot_id, slot in sighting.slots.items()
        }
        ready = sighting.report is not None and sighting.report.zygote.state == "ready"
        found.append(PoolView(pool.id, slots, sighting.listed_at, capacities.get(pool.id), ready, _is_full(sighting)))
    return found


def _needs_key(slot: Slot) -> bool:
    return any(condition.type is ConditionType.SECRETS_NEEDED for condition in slot.conditions)


def _is_full(sighting: Sighting) -> bool:
    return sighting.report is not None and len(sighting.slots) >= sighting.report.slots_total


def _intent(
    row: DesiredRow,
    seen: Assigned,
    world: World,
    policy: PoolPolicy,
    move: Moving | None,
    pools: Mapping[str, PoolModel],
) -> Intent:
    bot = row.bot
    return Intent(
        bot_id=bot.id,
        pool_id=bot.pool_id,
        epoch=bot.epoch,
        generation=bot.generation,
        desired=bot.desired_state,
        open_trades=bot.open_trades,
        content=world.rendered[bot.id].content,
        broken=bot.id in world.problems,
        misplaced=misplaced(seen, pools, policy),
        fresh=not row.reported and not any(bot.id == placed for placed, _ in world.arrivals.placed),
        restart_requested=bot.restart_requested,
        restart_done=row.restart_done,
        has_key=world.rendered[bot.id].key is not None and bot.id not in world.keyless,
        owner_id=bot.owner_id,
        shareable=policy.homeless(seen).shareable,
        moving=move,
        arrival=world.arrivals.waiting.get(bot.id),
        awaits=awaits(row, world.arrivals) or bot.id in world.held,
    )
