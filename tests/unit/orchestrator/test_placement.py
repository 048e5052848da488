from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.pools.placement import MEMORY_OF_A_BOT_BYTES, Capacity, capacity, place
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


offers = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 6)).map(
    lambda found: [Capacity(pool_id, places) for pool_id, places in found.items()]
)


@given(st.lists(st.text(max_size=3), unique=True, max_size=12), offers)
def test_placing_fills_no_pool_beyond_its_places_and_wastes_none(bots: list[str], capacities: list[Capacity]) -> None:
    placed = place(bots, capacities)
    assert list(placed) == bots
    room = {offer.pool_id: offer.places for offer in capacities}
    for pool_id in room:
        assert sum(1 for where in placed.values() if where == pool_id) <= room[pool_id]
    assert sum(1 for where in placed.values() if where) == min(len(bots), sum(room.values()))
    assert placed == place(bots, list(reversed(capacities))), "the order of pools does not matter"


def test_the_emptiest_goes_first() -> None:
    assert place(["1", "2", "3"], [Capacity("a", 1), Capacity("b", 2)]) == {"1": "b", "2": "a", "3": "b"}
