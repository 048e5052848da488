"""Which bots to move so that pools are used evenly (`spread`) or as few of them as possible (`pack`). Pure.

Every move interrupts a bot, so a plan is as short as its goal allows, and moving those that trade least hurts least:
stopped bots go first, then those with the fewest open trades. Tenants never mix: bots move among pools of
the same `tenant_id` only.

All bots of a tenant are reckoned with the same price, the memory of the largest, so a pool has a fixed number of
`places`. That overestimates, hence no pool goes over its limit less headroom, whatever the order in which the moves
are carried out: who gives bots away takes none in the same plan, and no bot moves twice. It also makes plans
converge. With counts as the only variable the argument is short: in `spread` each move goes to the pool with the lowest
share of used places after it, those shares never fall, so what received never becomes a better source than any target;
in `pack` a pool is kept because the others have no room for its bots, and that room only shrinks. Once a plan is
carried out there is nothing left to plan.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Goal = Literal["spread", "pack"]

TOLERATED_DIFFERENCE = 0.05
"""Difference of used slots, as a share of a pool's slots, that is not worth a move."""
LEAST_PRICE_BYTES = 40 * 2**20
_STEP_BYTES = 4 * 2**20
"""Readings are rounded up to this, so that a plan does not change with every sample."""


@dataclass(frozen=True, slots=True)
class PoolLoad:
    """A pool as the plan sees it."""

    pool_id: str
    tenant_id: str | None
    slots_total: int
    memory_limit_bytes: int | None
    overhead_bytes: int
    """Measured of what is no bot: init, zygote, agent."""
    accepts: bool
    """Runs, is neither cordoned nor draining: only then it takes or gives bots, but for what it has too much of."""


@dataclass(frozen=True, slots=True)
class BotLoad:
    """A bot as the plan sees it."""

    bot_id: str
    pool_id: str
    memory_bytes: int
    """Measured PSS; 0 while it has no process."""
    running: bool
    open_trades: int
    movable: bool
    """Nothing else is being done to it."""


@dataclass(frozen=True, slots=True)
class Move:
    bot_id: str
    source_pool_id: str
    target_pool_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Use:
    """What a pool holds before and after; memory as expected from what was measured."""

    pool_id: str
    bots_before: int
    bots_after: int
    slots_total: int
    memory_before_bytes: int
    memory_after_bytes: int
    memory_limit_bytes: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    plan_id: str
    """The same for the same moves: to apply a plan is to name it."""
    goal: Goal
    moves: tuple[Move, ...]
    pools: tuple[Use, ...]


@dataclass(slots=True)
class _Pool:
    load: PoolLoad
    bots: list[BotLoad]
    """Those that were in it from the start and were not moved away."""
    count: int
    places: int
    limit_bytes: float

    @property
    def room(self) -> int:
        return max(self.places - self.count, 0) if self.load.accepts else 0

    @property
    def share(self) -> float:
        return self.count / self.load.slots_total

    @property
    def share_with_one_more(self) -> float:
        return (self.count + 1) / self.load.slots_total

    @property
    def over(self) -> bool:
        """Holds more than it may, as measured."""
        memory = self.load.overhead_bytes + sum(_rounded(bot.memory_bytes) for bot in self.bots)
        return len(self.bots) > self.load.slots_total or memory > self.limit_bytes

    @property
    def next_to_leave(self) -> BotLoad | None:
        return min((bot for bot in self.bots if bot.movable), key=_pain, default=None)


def plan(pools: Sequence[PoolLoad], bots: Sequence[BotLoad], goal: Goal, headroom: float) -> Plan:
    """The moves that reach the goal. `headroom` is the share of each memory limit that is left free. Bots of unknown
    pools are left alone."""
    moves: list[Move] = []
    for group in _groups(pools, bots, headroom):
        moves += _spread(group) if goal == "spread" else _pack(group)
    return Plan(_identity(goal, moves), goal, tuple(moves), _uses(pools, bots, moves))


def applied(bots: Iterable[BotLoad], moves: Iterable[Move]) -> list[BotLoad]:
    """The bots as they are once the moves are carried out."""
    targets = {move.bot_id: move.target_pool_id for move in moves}
    return [replace(bot, pool_id=targets.get(bot.bot_id, bot.pool_id)) for bot in bots]


def _groups(pools: Sequence[PoolLoad], bots: Sequence[BotLoad], headroom: float) -> list[list[_Pool]]:
    """By tenant, each in the order of the ids."""
    tenants: dict[str | None, list[PoolLoad]] = defaultdict(list)
    for pool in sorted(pools, key=lambda pool: pool.pool_id):
        tenants[pool.tenant_id].append(pool)
    held: dict[str, list[BotLoad]] = defaultdict(list)
    for bot in sorted(bots, key=lambda bot: bot.bot_id):
        held[bot.pool_id].append(bot)
    groups = []
    for tenant in sorted(tenants, key=lambda tenant: (tenant is not None, tenant or "")):
        loads = tenants[tenant]
        largest = max((_rounded(bot.memory_bytes) for load in loads for bot in held[load.pool_id]), default=0)
        price = max(largest, LEAST_PRICE_BYTES)
        groups.append([_pool(load, held[load.pool_id], price, headroom) for load in loads])
    return groups


def _pool(load: PoolLoad, bots: Sequence[BotLoad], price: int, headroom: float) -> _Pool:
    load = replace(load, overhead_bytes=_rounded(load.overhead_bytes))
    if load.memory_limit_bytes is None:
        return _Pool(load, list(bots), len(bots), load.slots_total, float("inf"))
    limit = load.memory_limit_bytes * (1 - headroom)
    places = min(load.slots_total, max(int((limit - load.overhead_bytes) // price), 0))
    return _Pool(load, list(bots), len(bots), places, limit)


def _spread(pools: list[_Pool]) -> list[Move]:
    moves: list[Move] = []
    for source in pools:
        while source.over:
            bot = max((bot for bot in source.bots if bot.movable), key=lambda bot: bot.memory_bytes, default=None)
            target = _emptiest(pools, source)
            if bot is None or target is None:
                break
            moves.append(_move(bot, source, target, f"{source.load.pool_id} holds more than its limits allow"))
    while True:
        donors = [pool for pool in pools if pool.load.accepts and pool.next_to_leave is not None]
        donor = max(donors, key=lambda pool: (pool.share, pool.load.pool_id), default=None)
        target = None if donor is None else _emptiest(pools, donor)
        bot = None if donor is None else donor.next_to_leave
        if donor is None or target is None or bot is None:
            return moves
        if target.share_with_one_more + TOLERATED_DIFFERENCE >= donor.share:
            return moves
        why = (
            f"{donor.load.pool_id} uses {donor.count} of {donor.load.slots_total} slots, "
            f"{target.load.pool_id} {target.count} of {target.load.slots_total}"
        )
        moves.append(_move(bot, donor, target, why))


def _emptiest(pools: list[_Pool], source: _Pool) -> _Pool | None:
    targets = [pool for pool in pools if pool is not source and pool.room > 0]
    return min(targets, key=lambda pool: (pool.share_with_one_more, pool.load.pool_id), default=None)


def _pack(pools: list[_Pool]) -> list[Move]:
    """First which pools are kept, then who goes where: the fullest is filled first."""
    leaving: list[tuple[BotLoad, _Pool, str]] = []
    room = sum(pool.room for pool in pools)
    for pool in pools:
        movable = sorted((bot for bot in pool.bots if bot.movable), key=lambda bot: bot.memory_bytes, reverse=True)
        while pool.over and movable and len(leaving) < room:
            bot = movable.pop(0)
            pool.bots.remove(bot)
            pool.count -= 1
            leaving.append((bot, pool, f"{pool.load.pool_id} holds more than its limits allow"))
    kept = [pool for pool in pools if pool.load.accepts and pool.count]
    for empty in sorted((pool for pool in pools if pool.room and not pool.count), key=lambda pool: -pool.room):
        if sum(pool.room for pool in kept) >= len(leaving):
            break
        kept.append(empty)
    for donor in sorted(kept, key=lambda pool: (pool.count, pool.load.pool_id)):
        others = sum(pool.room for pool in kept if pool is not donor)
        if not donor.count or others < len(leaving) + donor.count or not all(bot.movable for bot in donor.bots):
            continue
        kept.remove(donor)
        why = f"{donor.load.pool_id} has only {donor.count} bots, and other pools have room for them"
        leaving += [(bot, donor, why) for bot in sorted(donor.bots, key=_pain)]
    moves = []
    for bot, source, why in leaving:
        targets = [pool for pool in kept if pool.room > 0 and pool is not source]
        target = max(targets, key=lambda pool: (pool.share, pool.load.pool_id))
        target.count += 1
        moves.append(Move(bot.bot_id, source.load.pool_id, target.load.pool_id, why))
    return moves


def _move(bot: BotLoad, source: _Pool, target: _Pool, why: str) -> Move:
    source.bots.remove(bot)
    source.count -= 1
    target.count += 1
    return Move(bot.bot_id, source.load.pool_id, target.load.pool_id, why)


def _pain(bot: BotLoad) -> tuple[bool, int, str]:
    """How much a move hurts. Memory is not in it: it changes with every sample, and the plan would with it."""
    return (bot.running, bot.open_trades, bot.bot_id)


def _rounded(amount: int) -> int:
    return -(-amount // _STEP_BYTES) * _STEP_BYTES


def _identity(goal: Goal, moves: Sequence[Move]) -> str:
    facts = [goal, *([move.bot_id, move.source_pool_id, move.target_pool_id] for move in moves)]
    return "plan-" + hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]


def _uses(pools: Sequence[PoolLoad], bots: Sequence[BotLoad], moves: Sequence[Move]) -> tuple[Use, ...]:
    before, after = _sums(bots), _sums(applied(bots, moves))
    return tuple(
        Use(
            pool_id=pool.pool_id,
            bots_before=before.get(pool.pool_id, (0, 0))[0],
            bots_after=after.get(pool.pool_id, (0, 0))[0],
            slots_total=pool.slots_total,
            memory_before_bytes=pool.overhead_bytes + before.get(pool.pool_id, (0, 0))[1],
            memory_after_bytes=pool.overhead_bytes + after.get(pool.pool_id, (0, 0))[1],
            memory_limit_bytes=pool.memory_limit_bytes,
        )
        for pool in sorted(pools, key=lambda pool: pool.pool_id)
    )


def _sums(bots: Iterable[BotLoad]) -> Mapping[str, tuple[int, int]]:
    sums: dict[str, tuple[int, int]] = {}
    for bot in bots:
        count, memory = sums.get(bot.pool_id, (0, 0))
        sums[bot.pool_id] = (count + 1, memory + bot.memory_bytes)
    return sums
