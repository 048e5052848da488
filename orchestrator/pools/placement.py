"""Which pool a bot goes to, and where a new pool is needed. Pure.

A pool is its tenant's: a bot goes into a pool of its owner, or into a shared one (no tenant) if its template may run
beside other tenants' bots. A pool offers as many places as it has both free slots and measured memory for. What a bot
takes is what the pool's own bots with a process take on average; bots that were placed but have no slot yet are counted
at that price.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pool.contract.pools import PoolReport

MEMORY_OF_A_BOT_BYTES = 40 * 2**20
"""Price of a bot where a pool has measured none, and the least that is reckoned with per new one."""

MEMORY_OF_A_POOL_BYTES = 300 * 2**20
"""What zygote, agent and init are reckoned with before they reported."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many more bots a pool takes, and whose."""

    pool_id: str
    places: int
    tenant_id: str | None = None
    """None for a shared pool."""
    answering: bool = True
    """Its agent answers; others are taken only where none that answers has room."""


@dataclass(frozen=True, slots=True)
class Homeless:
    """A bot that needs a pool."""

    bot_id: str
    owner_id: str
    shareable: bool = False
    """Its template may run beside other tenants' bots."""


@dataclass(frozen=True, slots=True)
class Placement:
    placed: Mapping[str, str]
    """Pool by bot."""
    wanting: Mapping[str | None, tuple[str, ...]] = field(default_factory=dict)
    """By tenant who needs a new pool (None: a shared one) the bots that fit nowhere."""


def capacity(
    pool_id: str,
    slots_total: int,
    taken: int,
    memory_limit_bytes: int | None,
    report: PoolReport | None,
    *,
    headroom: float = 0.0,
    tenant_id: str | None = None,
    answering: bool = True,
) -> Capacity:
    """Places left in a pool where `taken` bots have a place: they belong to it, are on their way there or away, or left
    a slot behind. No more than its agent knows of slots: one that was changed counts once the pool has started again.
    `headroom` is the share of its memory limit that stays free. Never negative."""
    free = (slots_total if report is None else min(slots_total, report.slots_total)) - taken
    limit = memory_limit(memory_limit_bytes, report)
    if limit is not None and report is None:
        left = int(limit * (1 - headroom)) - MEMORY_OF_A_POOL_BYTES
        free = min(free, left // MEMORY_OF_A_BOT_BYTES - taken)
    elif limit is not None and report is not None:
        listed = max(report.slots_used, 0)
        alive = listed if report.bots_alive is None else max(report.bots_alive, 0)
        bots = report.bots_memory.pss_bytes if report.bots_memory else 0
        price = max(bots // alive if alive else 0, MEMORY_OF_A_BOT_BYTES)
        waiting = max(taken - listed, 0)
        left = int(limit * (1 - headroom)) - memory_in_use(report) - waiting * price
        free = min(free, left // price)
    return Capacity(pool_id, max(free, 0), tenant_id, answering)


def memory_limit(wanted_bytes: int | None, report: PoolReport | None) -> int | None:
    """What a pool may use just now: containers have a limit where none is wanted, and a wanted one counts once the pool
    has started again."""
    told = None if report is None else report.memory_limit_bytes
    return min((limit for limit in (wanted_bytes, told) if limit is not None), default=None)


def memory_in_use(report: PoolReport) -> int:
    """PSS of everything in the pool, in bytes."""
    return memory_beside_bots(report) + (report.bots_memory.pss_bytes if report.bots_memory else 0)


def memory_beside_bots(report: PoolReport) -> int:
    """PSS of init, agent and zygote, in bytes; 0 where none was measured."""
    parts = (report.init_memory, report.agent_memory, report.zygote.memory)
    return sum(memory.pss_bytes for memory in parts if memory)


def place(bots: Sequence[Homeless], offers: Sequence[Capacity], how: Literal["spread", "pack"] = "spread") -> Placement:
    """A pool for each bot, in order. Of the pools that it may go to, those that answer come first; for a bot that may
    share, shared ones before its owner's; then the one with the most places left (`spread`), or with the fewest
    (`pack`); the first by id among equals."""
    left = {offer.pool_id: offer.places for offer in offers}
    placed: dict[str, str] = {}
    wanting: dict[str | None, list[str]] = {}

    def rank(offer: Capacity) -> tuple[bool, bool, int, str]:
        places = left[offer.pool_id]
        return not offer.answering, offer.tenant_id is not None, -places if how == "spread" else places, offer.pool_id

    for bot in bots:
        fitting = [offer for offer in offers if left[offer.pool_id] > 0 and admits(offer.tenant_id, bot)]
        best = min(fitting, key=rank, default=None)
        if best is None:
            wanting.setdefault(None if bot.shareable else bot.owner_id, []).append(bot.bot_id)
            continue
        left[best.pool_id] -= 1
        placed[bot.bot_id] = best.pool_id
    return Placement(placed, {tenant: tuple(bot_ids) for tenant, bot_ids in wanting.items()})


def admits(tenant_id: str | None, bot: Homeless) -> bool:
    """Whether a pool of this tenant may take the bot."""
    return bot.shareable if tenant_id is None else tenant_id == bot.owner_id


def assigned_by_pool(pool_ids: Sequence[str | None], arriving: Sequence[str]) -> Counter[str]:
    """Bots per pool: those that belong to it (`pool_ids`, one entry per bot), and those that move there."""
    return Counter([*(pool_id for pool_id in pool_ids if pool_id is not None), *arriving])
