from collections import Counter
from datetime import UTC, datetime
from typing import Any, Literal

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.pools.placement import (
    MEMORY_OF_A_BOT_BYTES,
    MEMORY_OF_A_POOL_BYTES,
    Capacity,
    Homeless,
    capacity,
    place,
)
from pool.contract.pools import PoolReport, ZygoteReport
from pool.contract.slots import Memory

MB = 2**20


def memory(mb: int) -> Memory:
    return Memory(pss_bytes=mb * MB, uss_bytes=0, rss_bytes=0)


def report(used: int, bots_mb: int, others_mb: int = 300, alive: int | None = None) -> PoolReport:
    zygote = ZygoteReport(
        state="ready",
        pid=1,
        python=None,
        freqtrade=None,
        warm_seconds=None,
        immortal_objects=None,
        shared_markets=None,
        memory=memory(others_mb),
    )
    return PoolReport(
        protocol=1,
        pool_id="p",
        incarnation="i",
        started_at=datetime.now(UTC),
        slots_total=50,
        slots_used=used,
        bots_alive=alive,
        zygote=zygote,
        init_memory=None,
        agent_memory=None,
        bots_memory=memory(bots_mb) if used else None,
        memory_limit_bytes=None,
        paper_exchange=True,
        recent_fork_milliseconds=[],
    )


def test_slots_bound_without_a_memory_limit() -> None:
    assert capacity("p", 50, 48, None, report(48, 5000)).places == 2
    assert capacity("p", 50, 60, None, None).places == 0


def test_memory_bounds_at_the_measured_price() -> None:
    assert capacity("p", 50, 10, 2300 * MB, report(10, 1000)).places == 10, "1000 MB left at 100 MB each"
    assert capacity("p", 50, 15, 2300 * MB, report(10, 1000)).places == 5, "five are placed and do not run yet"
    assert capacity("p", 50, 0, 340 * MB, report(0, 0)).places == 40 * MB // MEMORY_OF_A_BOT_BYTES


def test_stopped_bots_make_the_others_no_cheaper() -> None:
    assert capacity("p", 50, 10, 2300 * MB, report(10, 1000, alive=5)).places == 5, "1000 MB left at 200 MB each"


def test_the_limit_that_the_pool_has_counts_where_none_or_another_is_wanted() -> None:
    told = report(10, 1000).model_copy(update={"memory_limit_bytes": 2300 * MB})
    assert capacity("p", 50, 10, None, told).places == 10
    assert capacity("p", 50, 10, 9000 * MB, told).places == 10, "a wider one counts once the pool has started again"
    assert capacity("p", 50, 10, 1800 * MB, told).places == 5


@given(
    st.integers(1, 200),
    st.integers(0, 250),
    st.none() | st.integers(1, 10**10),
    st.integers(0, 200),
    st.integers(0, 9999),
)
def test_never_more_than_slots_and_never_negative(
    total: int, assigned: int, limit: int | None, used: int, bots_mb: int
) -> None:
    places = capacity("p", total, assigned, limit, report(used, bots_mb)).places
    assert 0 <= places <= max(total - assigned, 0)


TENANTS = ("one", "two", None)
offers = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]), st.tuples(st.integers(0, 6), st.sampled_from(TENANTS), st.booleans())
).map(lambda found: [Capacity(pool_id, *rest) for pool_id, rest in found.items()])
homeless = st.lists(
    st.builds(Homeless, st.text(max_size=3), st.sampled_from(["one", "two"]), st.booleans()),
    unique_by=lambda bot: bot.bot_id,
    max_size=12,
)


@given(homeless, offers, st.sampled_from(["spread", "pack"]))
def test_nobody_lands_with_another_tenant_and_no_pool_is_filled_beyond_its_places(
    bots: list[Homeless], capacities: list[Capacity], how: Literal["spread", "pack"]
) -> None:
    placement = place(bots, capacities, how)
    pools = {offer.pool_id: offer for offer in capacities}
    by_id = {bot.bot_id: bot for bot in bots}
    for bot_id, pool_id in placement.placed.items():
        tenant = pools[pool_id].tenant_id
        assert tenant == by_id[bot_id].owner_id or (tenant is None and by_id[bot_id].shareable)
    for pool_id, offer in pools.items():
        assert sum(1 for where in placement.placed.values() if where == pool_id) <= offer.places
    for tenant, bot_ids in placement.wanting.items():
        for bot_id in bot_ids:
            assert tenant == (None if by_id[bot_id].shareable else by_id[bot_id].owner_id)
    told = [bot_id for bot_ids in placement.wanting.values() for bot_id in bot_ids]
    assert sorted([*placement.placed, *told]) == sorted(by_id)
    assert placement == place(bots, list(reversed(capacities)), how), "the order of pools does not matter"


@given(homeless, offers)
def test_a_bot_is_refused_only_where_no_pool_that_admits_it_has_room(
    bots: list[Homeless], capacities: list[Capacity]
) -> None:
    placement = place(bots, capacities)
    taken = Counter(placement.placed.values())
    free = {offer.tenant_id for offer in capacities if offer.places > taken[offer.pool_id]}
    for bot in bots:
        if bot.bot_id not in placement.placed:
            assert bot.owner_id not in free
            assert not (bot.shareable and None in free)


def bots(count: int, **changes: Any) -> list[Homeless]:
    return [Homeless(str(number), "one", **changes) for number in range(1, count + 1)]


def test_spread_takes_the_emptiest_and_pack_the_fullest() -> None:
    two = [Capacity("a", 1, "one"), Capacity("b", 3, "one")]
    assert place(bots(3), two, "spread").placed == {"1": "b", "2": "b", "3": "a"}
    assert place(bots(3), two, "pack").placed == {"1": "a", "2": "b", "3": "b"}


def test_who_may_share_does_so_first_and_asks_for_a_shared_pool() -> None:
    two = [Capacity("own", 5, "one"), Capacity("shared", 1, None)]
    assert place(bots(2, shareable=True), two).placed == {"1": "shared", "2": "own"}
    assert place(bots(1), [Capacity("shared", 9, None)]).wanting == {"one": ("1",)}
    assert place(bots(1, shareable=True), []).wanting == {None: ("1",)}


def test_a_pool_that_only_starts_is_the_last_choice() -> None:
    two = [Capacity("new", 50, "one", answering=False), Capacity("old", 1, "one")]
    assert place(bots(2), two).placed == {"1": "old", "2": "new"}


def test_headroom_stays_free() -> None:
    assert capacity("p", 50, 10, 2300 * MB, report(10, 1000), headroom=0.1).places == 7, "770 MB left at 100 MB each"


def test_a_pool_that_never_reported_is_reckoned_with_what_every_pool_takes() -> None:
    assert capacity("p", 50, 0, 1000 * MB, None).places == (1000 * MB - MEMORY_OF_A_POOL_BYTES) // MEMORY_OF_A_BOT_BYTES
    assert capacity("p", 50, 4, 1000 * MB, None).places == 13, "four are placed already"
