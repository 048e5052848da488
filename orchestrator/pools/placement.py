"""Which pool a bot goes to. Pure.

A pool offers as many places as it has both free slots and measured memory for. What a bot takes is what the pool's
own bots with a process take on average; bots that were placed but have no slot yet are counted at that price.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pool.contract.pools import PoolReport

MEMORY_OF_A_BOT_BYTES = 40 * 2**20
"""Price of a bot where a pool has measured none, and the least that is reckoned with per new one."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many more bots a pool takes."""

    pool_id: str
    places: int


def capacity(
    pool_id: str, slots_total: int, assigned: int, memory_limit_bytes: int | None, report: PoolReport | None
) -> Capacity:
    """Places left in a pool to which `assigned` bots belong, running or not. Never negative."""
    free = slots_total - assigned
    if memory_limit_bytes is not None and report is not None:
        listed = max(report.slots_used, 0)
        alive = listed if report.bots_alive is None else max(report.bots_alive, 0)
        bots = report.bots_memory.pss_bytes if report.bots_memory else 0
        price = max(bots // alive if alive else 0, MEMORY_OF_A_BOT_BYTES)
        others = sum(
            memory.pss_bytes for memory in (report.init_memory, report.agent_memory, report.zygote.memory) if memory
        )
        waiting = max(assigned - listed, 0)
        left = memory_limit_bytes - others - bots - waiting * price
        free = min(free, left // price)
    return Capacity(pool_id, max(free, 0))


def place(bot_ids: Sequence[str], capacities: Sequence[Capacity]) -> dict[str, str | None]:
    """A pool for each bot, in order: always the one with the most places left, the first by id among equals; None for
    those that fit nowhere."""
    left = {offer.pool_id: offer.places for offer in capacities}
    placed: dict[str, str | None] = {}
    for bot_id in bot_ids:
        best = min(left, key=lambda pool_id: (-left[pool_id], pool_id), default=None)
        if best is None or left[best] <= 0:
            placed[bot_id] = None
            continue
        left[best] -= 1
        placed[bot_id] = best
    return placed
