"""Pools made and removed: the decisions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.pools.assignments import Assigned
from orchestrator.pools.models import LOCAL_POOL, MoveModel, NodeModel, PoolModel
from orchestrator.pools.policy import PoolPolicy
from orchestrator.pools.provision import Emptied, Remove, Seen, idle, new_pool, offers, why_no_new_pool
from orchestrator.reconcile.world import misplaced
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.catalogue import Catalogue
from pool.contract.pools import PoolReport, ZygoteReport

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MB = 2**20


def pool(pool_id: str = "pool-a", tenant_id: str | None = "one", **changes: Any) -> PoolModel:
    made = new_pool(pool_id, tenant_id, changes.pop("driver", "process"), 5, changes.pop("limit", None), None)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def bot(bot_id: str = "b", pool_id: str | None = "pool-a", owner_id: str = "one", **changes: Any) -> Assigned:
    return Assigned(bot_id, owner_id, changes.pop("template", "trend"), pool_id, 1, changes.pop("deleting", False))


def node(available: int | None = 4000, memory: int = 8000) -> NodeModel:
    report = {"name": "local", "cores": 2, "memory_bytes": memory * MB}
    report["memory_available_bytes"] = None if available is None else available * MB
    return NodeModel(name="local", driver="process", report=report, conditions=[])


def move(bot_id: str, source: str, target: str) -> MoveModel:
    return MoveModel(
        bot_id=bot_id,
        source_pool_id=source,
        target_pool_id=target,
        epoch=1,
        phase="stopping",
        reason="move",
        started_at=NOW,
    )


def report(**changes: int) -> PoolReport:
    zygote = ZygoteReport(
        state="ready", pid=1, python=None, freqtrade=None, warm_seconds=None, immortal_objects=None,
        shared_markets=None, memory=None,
    )  # fmt: skip
    values: dict[str, Any] = {"slots_total": 5, "slots_used": 0, **changes}
    return PoolReport(
        protocol=1, pool_id="pool-a", incarnation="i", started_at=NOW, bots_alive=None, zygote=zygote, init_memory=None,
        agent_memory=None, bots_memory=None, memory_limit_bytes=None, paper_exchange=True,
        recent_fork_milliseconds=[], **values,
    )  # fmt: skip


def places(
    pools: list[PoolModel],
    bots: list[Assigned],
    moves: list[MoveModel] | None = None,
    seen: dict[str, Seen] | None = None,
) -> dict[str, int]:
    return {offer.pool_id: offer.places for offer in offers(pools, bots, moves or [], PoolPolicy(), seen)}


def test_who_is_on_the_way_takes_a_place_at_both_ends() -> None:
    pools = [pool("pool-a"), pool("pool-b")]
    assert places(pools, [bot("b1"), bot("b2")], [move("b1", "pool-a", "pool-b")]) == {"pool-a": 3, "pool-b": 4}
    arrived = [bot("b1", "pool-b"), bot("b2")]
    there = places(pools, arrived, [move("b1", "pool-a", "pool-b")])
    assert there == {"pool-a": 3, "pool-b": 4}, "what it left is cleared away only at the end; it is not counted twice"
    assert places(pools, arrived, []) == {"pool-a": 4, "pool-b": 4}


def test_a_bot_that_is_being_deleted_keeps_its_place_until_it_is_gone() -> None:
    assert places([pool()], [bot("b1"), bot("closing", deleting=True)]) == {"pool-a": 3}


def test_a_slot_takes_a_place_whoever_it_belongs_to() -> None:
    bots = [bot("b1"), bot("b2")]
    seen = {"pool-a": Seen(report(slots_used=4), True, {"b2", "left behind"})}
    assert places([pool()], bots, seen=seen) == {"pool-a": 2}, "the listing is newer than the report"
    told = report(slots_used=4).model_dump(mode="json")
    assert places([pool(report=told)], bots) == {"pool-a": 1}


def test_an_agent_that_knows_of_fewer_slots_takes_no_more_than_those() -> None:
    seen = {"pool-a": Seen(report(slots_used=1, slots_total=2), True, {"b1"})}
    assert places([pool()], [bot("b1")], seen=seen) == {"pool-a": 1}


def test_pools_in_somebodys_hands_take_no_bots() -> None:
    held = [
        pool("p1", cordoned=True),
        pool("p2", draining=True),
        pool("p3", desired_state="stopped"),
        pool("p4", desired_state="removed"),
    ]
    assert offers(held, [], [], PoolPolicy()) == []


def test_no_more_pools_than_the_maximum_and_removed_ones_do_not_count() -> None:
    policy = PoolPolicy(maximum=2)
    two = [pool("p1"), pool("p2")]
    assert "POOLS_MAXIMUM" in str(why_no_new_pool("one", two, [], None, policy))
    assert why_no_new_pool("two", two, [], None, policy) is None
    assert why_no_new_pool("one", [two[0], pool("p2", desired_state="removed")], [], None, policy) is None
    assert "shared pools" in str(why_no_new_pool(None, [pool("p", None), pool("q", None)], [], None, policy))


def test_a_users_quota_bounds_what_his_pools_may_use() -> None:
    policy = PoolPolicy(memory_limit_bytes=1000 * MB)
    one = [pool(limit=1000 * MB)]
    assert why_no_new_pool("one", one, [], 2000 * MB, policy) is None
    assert "quota" in str(why_no_new_pool("one", one, [], 1999 * MB, policy))
    assert why_no_new_pool("two", one, [], 1000 * MB, policy) is None


def test_the_machines_memory_bounds_all_pools_together() -> None:
    limited = PoolPolicy(memory_limit_bytes=3000 * MB)
    assert "511 MB of memory left" in str(why_no_new_pool("one", [], [node(available=511)], None, PoolPolicy()))
    assert why_no_new_pool("one", [], [node(available=None)], None, PoolPolicy()) is None
    two = [pool("p1", "one", limit=3000 * MB), pool("p2", "two", limit=3000 * MB)]
    assert why_no_new_pool("one", two[:1], [node()], None, limited) is None
    assert "8000 MB already" in str(why_no_new_pool("one", two, [node()], None, limited))


def test_an_empty_pool_goes_after_a_while_and_comes_back_into_use() -> None:
    policy = PoolPolicy(idle_seconds=60)
    assert idle([pool()], {}, NOW, policy) == [Emptied("pool-a", NOW)]
    assert idle([pool()], {"pool-a": 1}, NOW, policy) == []
    lately = pool(empty_since=NOW - timedelta(seconds=59))
    assert idle([lately], {}, NOW, policy) == []
    assert idle([lately], {"pool-a": 1}, NOW, policy) == [Emptied("pool-a", None)]
    assert idle([pool(empty_since=NOW - timedelta(seconds=61))], {}, NOW, policy) == [Remove("pool-a")]


def test_the_minimum_stays_the_longest_empty_goes_first() -> None:
    policy = PoolPolicy(idle_seconds=60, minimum=1)
    old, older = NOW - timedelta(hours=1), NOW - timedelta(hours=2)
    pools = [pool("p1", empty_since=old), pool("p2", empty_since=older), pool("p3", "two", empty_since=older)]
    assert idle(pools, {}, NOW, policy) == [Remove("p2")]
    drained = pool("p1", empty_since=old, draining=True, cordoned=True)
    assert idle([drained, pools[1]], {}, NOW, policy) == [Remove("p1")], "one that is drained is no reserve"


def test_what_is_an_administrators_or_was_there_from_the_start_stays() -> None:
    old = NOW - timedelta(days=1)
    kept = [
        pool(LOCAL_POOL, empty_since=old),
        pool("p1", empty_since=old, cordoned=True),
        pool("p2", empty_since=old, desired_state="stopped"),
    ]
    assert idle(kept, {}, NOW, PoolPolicy()) == []


def test_templates_share_pools_by_their_hash_and_only_if_that_is_switched_on() -> None:
    catalogue = Catalogue.load(OrchestratorSettings().templates_directory)
    trend = catalogue.get("trend")
    allowed: dict[str, Any] = {"shared_template_hashes": [trend.source_hash, "0" * 64]}
    assert PoolPolicy.of(OrchestratorSettings(**allowed), catalogue).shared_templates == frozenset()
    policy = PoolPolicy.of(OrchestratorSettings(share_pools=True, **allowed), catalogue)
    assert policy.shared_templates == {"trend"}
    edited = Catalogue({"trend": trend.model_copy(update={"source_hash": "1" * 64})})
    assert PoolPolicy.of(OrchestratorSettings(share_pools=True, **allowed), edited).shared_templates == frozenset()
    assert policy.homeless(bot()).shareable
    assert not policy.homeless(bot(template="breakout")).shareable


def test_a_bot_is_misplaced_with_another_tenant_or_where_it_may_not_share_any_more() -> None:
    pools = {one.id: one for one in (pool("own"), pool("other", "two"), pool("shared", None), pool(LOCAL_POOL, None))}
    closed, opened = PoolPolicy(), PoolPolicy(shared_templates=frozenset({"trend"}))
    assert not misplaced(bot(pool_id="own"), pools, closed)
    assert misplaced(bot(pool_id="other"), pools, opened)
    assert misplaced(bot(pool_id="shared"), pools, closed)
    assert not misplaced(bot(pool_id="shared"), pools, opened)
    assert misplaced(bot(pool_id="shared", template="edited"), pools, opened)
    assert not misplaced(bot(pool_id=LOCAL_POOL), pools, closed), "from before pools had tenants"
    assert not misplaced(bot(pool_id=None), pools, closed)
