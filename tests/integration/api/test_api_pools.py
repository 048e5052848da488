"""What administrators do to pools over the API, and what everybody else may not."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.kit.clock import utc_now
from orchestrator.pools import orders, service
from orchestrator.pools.disks import PoolDisk
from orchestrator.pools.models import MoveModel, NodeModel, PoolModel, PoolOrderModel
from orchestrator.pools.nodes import NodeReport
from orchestrator.pools.policy import PoolPolicy
from orchestrator.users.models import UserModel
from pool.contract.slots import DesiredState, SlotSpec, StrategySource
from tests.fakes.fake_agent import FakeAgent
from tests.fakes.signed_in import session_of, token_of
from tests.integration.api.world import MISSING_IMAGE, OTHER, OWNER, POOL, World, problem_of

ADMIN = "user-admin"


@pytest.fixture
async def admin(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.rig.database.unit_of_work() as session:
        session.add(UserModel(id=ADMIN, username="root", password_hash="-", role="admin", created_at=utc_now()))
        await session.flush()
        session.add(session_of(ADMIN))
        (await session.get_one(PoolModel, POOL)).tenant_id = None
    client = world.client_of(None)
    client.headers["Authorization"] = f"Bearer {token_of(ADMIN)}"
    async with client:
        yield client


async def add_pool(world: World, pool_id: str, tenant: str | None = OWNER, **columns: Any) -> FakeAgent:
    agent = FakeAgent(pool_id)
    await world.rig.add_pool(agent)
    await change(world, pool_id, tenant_id=tenant, **columns)
    return agent


async def change(world: World, pool_id: str, **columns: Any) -> None:
    async with world.rig.database.unit_of_work() as session:
        pool = await session.get_one(PoolModel, pool_id)
        for name, value in columns.items():
            setattr(pool, name, value)


async def place(world: World, pool_id: str, *names: str) -> list[str]:
    """Running bots of OWNER in that pool."""
    made = []
    for name in names:
        bot_id = await world.placed(name)
        async with world.rig.database.unit_of_work() as session:
            (await session.get_one(BotModel, bot_id)).pool_id = pool_id
        made.append(bot_id)
    return made


async def audited(admin: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    answer = await admin.get("/api/v1/audit", params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


ADMIN_ONLY = [
    ("GET", "/pools/pool-a/slots"), ("GET", "/nodes"), ("GET", "/moves"), ("GET", "/rollouts"),
    ("GET", "/audit?tenant=fleet"),
    ("GET", "/rollouts/rollout-a"), ("POST", "/pools"), ("POST", "/pools/pool-a/cordon"), ("POST", "/pools/sync"),
    ("POST", "/pools/pool-a/uncordon"), ("POST", "/pools/pool-a/drain"), ("POST", "/pools/pool-a/restart"),
    ("POST", "/pools/pool-a/health-check"), ("POST", "/pools/pool-a/rotate-token"),
    ("DELETE", "/pools/pool-a"), ("POST", "/pools/rebalance"),
    ("POST", "/bots/bot-a/move"), ("DELETE", "/moves/bot-a"), ("POST", "/rollouts"),
    ("GET", "/pools/disks"), ("POST", "/rollouts/rollout-a/abort"), ("POST", "/rollouts/rollout-a/rollback"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ADMIN_ONLY)
async def test_only_administrators_may(world: World, method: str, path: str) -> None:
    body: dict[str, Any] | None = None if method == "GET" else {}
    problem_of(await world.client.request(method, f"/api/v1{path}", json=body), 403, "not_allowed")


async def test_a_trader_sees_his_own_pools_and_shared_ones(world: World, admin: httpx.AsyncClient) -> None:
    await add_pool(world, "pool-mine")
    await add_pool(world, "pool-theirs", OTHER)
    mine = (await world.client.get("/api/v1/pools")).json()["items"]
    assert [pool["id"] for pool in mine] == [POOL, "pool-mine"]
    problem_of(await world.client.get("/api/v1/pools/pool-theirs"), 404, "not_found")
    every = (await admin.get("/api/v1/pools")).json()["items"]
    assert [(pool["id"], pool["tenant_id"]) for pool in every] == [
        (POOL, None),
        ("pool-mine", OWNER),
        ("pool-theirs", OTHER),
    ]


async def test_what_others_take_in_a_shared_pool_is_told_to_administrators_alone(
    world: World, admin: httpx.AsyncClient
) -> None:
    await add_pool(world, "pool-mine")
    for pool_id in (POOL, "pool-mine"):
        report = await (await world.rig.agents.agent_for(pool_id)).pool()
        await change(world, pool_id, report={**report.model_dump(mode="json"), "slots_used": 7})
    seen = {pool["id"]: pool for pool in (await world.client.get("/api/v1/pools")).json()["items"]}
    assert (seen[POOL]["slots_used"], seen[POOL]["pss_bytes"], seen[POOL]["report"]) == (0, None, None)
    assert (seen["pool-mine"]["slots_used"], seen["pool-mine"]["report"]["slots_used"]) == (7, 7)
    whole = (await admin.get(f"/api/v1/pools/{POOL}")).json()
    assert (whole["slots_used"], whole["report"]["slots_used"]) == (7, 7)


async def test_why_bots_cannot_be_moved_is_told_to_administrators_alone(world: World, admin: httpx.AsyncClient) -> None:
    why = "The user's pools may use 512 MB in all and have 300 MB."
    async with world.rig.database.unit_of_work() as session:
        await service.set_condition(session, POOL, service.DRAIN_STUCK, why)
    for path in ("/api/v1/pools", f"/api/v1/pools/{POOL}"):
        seen = await world.client.get(path)
        assert "512 MB" not in seen.text
        assert "cannot be moved elsewhere" in seen.text
        assert why in (await admin.get(path)).text
    assert why in (await admin.post(f"/api/v1/pools/{POOL}/cordon", json={})).text


@pytest.mark.parametrize("path", ["/api/v1/rollouts", "/api/v1/pools"])
async def test_an_image_that_cannot_be_used_is_refused_at_once(
    world: World, admin: httpx.AsyncClient, path: str
) -> None:
    await change(world, POOL, driver="docker", image="flotilla-pool:1")
    refused = problem_of(await admin.post(path, json={"image": MISSING_IMAGE}), 422, "invalid_spec")
    assert refused["params"]["field"] == "image"
    assert "build it or pull it" in refused["detail"]
    assert (await admin.get("/api/v1/rollouts")).json()["items"] == []
    assert [pool["id"] for pool in (await admin.get("/api/v1/pools")).json()["items"]] == [POOL]


async def test_slots_tell_whose_bots_are_there_and_what_they_take(world: World, admin: httpx.AsyncClient) -> None:
    (bot_id,) = await place(world, POOL, "one")
    agent_slot = world.agent._slot(bot_id, _spec())
    slot = {**agent_slot.model_dump(mode="json"), "restarts": 3, "cpu_percent": "1.5"}
    slot["memory"] = {"pss_bytes": 31_000_000, "uss_bytes": 1, "rss_bytes": 2}
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(BotStatusModel, bot_id)).slot = slot
    (told,) = (await admin.get(f"/api/v1/pools/{POOL}/slots")).json()["items"]
    assert told["bot_id"] == bot_id
    assert (told["owner"], told["pss_bytes"], told["restarts"], told["cpu_percent"]) == (OWNER, 31_000_000, 3, 1.5)
    assert told["uptime_seconds"] >= 0
    pool = (await admin.get(f"/api/v1/pools/{POOL}")).json()
    assert (pool["bot_restarts"], pool["cpu_percent"]) == (3, 1.5)
    problem_of(await admin.get("/api/v1/pools/pool-none/slots"), 404, "not_found")


async def test_nodes_are_told_with_their_conditions(world: World, admin: httpx.AsyncClient) -> None:
    report = NodeReport(name="local", cores=2, memory_bytes=8 * 2**30).model_dump(mode="json")
    held = [{"type": "NodeReduced", "message": "No seccomp.", "since": utc_now().isoformat()}]
    async with world.rig.database.unit_of_work() as session:
        session.add(NodeModel(name="local", driver="fake", report=report, conditions=held))
    (node,) = (await admin.get("/api/v1/nodes")).json()["items"]
    assert (node["name"], node["pools"], node["report"]["cores"]) == ("local", 1, 2)
    assert node["conditions"][0]["message"] == "No seccomp."


async def test_a_pool_is_made_for_a_user_and_audited(world: World, admin: httpx.AsyncClient) -> None:
    body = {"tenant_id": OWNER, "slots_total": 7, "reason": "ready for Monday"}
    made = await admin.post("/api/v1/pools", json=body)
    assert made.status_code == 201, made.text
    pool = made.json()
    assert (pool["tenant_id"], pool["slots_total"], pool["desired_state"]) == (OWNER, 7, "running")
    (row,) = await audited(admin, subject=f"pool/{pool['id']}")
    assert (row["actor"], row["actor_name"], row["action"], row["reason"]) == (
        ADMIN,
        "root",
        "pool.create",
        "ready for Monday",
    )
    assert (row["before"], row["after"]["slots_total"]) == (None, 7)


async def test_bad_pools_are_refused_with_what_to_do(admin: httpx.AsyncClient) -> None:
    unknown = problem_of(await admin.post("/api/v1/pools", json={"tenant_id": "user-nobody"}), 422, "invalid_spec")
    assert unknown["params"]["field"] == "tenant_id"
    image = problem_of(await admin.post("/api/v1/pools", json={"image": "x:1"}), 422, "invalid_spec")
    assert image["params"]["field"] == "image"
    problem_of(await admin.post("/api/v1/pools", json={"slots_total": 0}), 422, "invalid_spec")


async def test_cordoning_is_idempotent_and_audited_once(world: World, admin: httpx.AsyncClient) -> None:
    for _ in range(2):
        answer = await admin.post(f"/api/v1/pools/{POOL}/cordon", json={"reason": "kernel"})
        assert answer.json()["cordoned"] is True
    assert (await admin.post(f"/api/v1/pools/{POOL}/uncordon")).json()["cordoned"] is False
    rows = await audited(admin, subject=f"pool/{POOL}")
    assert [(row["action"], row["before"]["cordoned"], row["after"]["cordoned"]) for row in rows] == [
        ("pool.uncordon", True, False),
        ("pool.cordon", False, True),
    ]
    assert rows[1]["reason"] == "kernel"
    problem_of(await admin.post("/api/v1/pools/pool-none/cordon"), 404, "not_found")


async def test_the_last_pool_cannot_be_drained_where_no_other_may_be_made(
    world: World, admin: httpx.AsyncClient
) -> None:
    object.__setattr__(world.app.state.services, "pool_policy", _policy(maximum=1))
    await add_pool(world, "pool-mine")
    await place(world, "pool-mine", "one")
    refused = problem_of(await admin.post("/api/v1/pools/pool-mine/drain"), 409, "conflict")
    assert "FLOTILLA_ORCH_POOLS_MAXIMUM" in refused["detail"]
    assert await audited(admin, subject="pool/pool-mine") == []
    await add_pool(world, "pool-more")
    assert (await admin.post("/api/v1/pools/pool-mine/drain")).json()["draining"] is True


async def test_only_an_empty_pool_is_deleted(world: World, admin: httpx.AsyncClient) -> None:
    await add_pool(world, "pool-mine")
    (bot_id,) = await place(world, "pool-mine", "one")
    refused = problem_of(await admin.delete("/api/v1/pools/pool-mine"), 409, "conflict")
    assert "drain it first" in refused["detail"]
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(BotModel, bot_id)).pool_id = None
    gone = await admin.delete("/api/v1/pools/pool-mine", params={"reason": "empty"})
    assert (gone.status_code, gone.json()) == (202, {"pool_id": "pool-mine", "purge": False})
    assert (await admin.get("/api/v1/pools/pool-mine")).json()["desired_state"] == "removed"
    (row,) = await audited(admin, subject="pool/pool-mine")
    assert (row["action"], row["reason"]) == ("pool.delete", "empty")


async def test_a_purge_wants_the_id_once_more_and_works_after_the_pool_has_gone(
    world: World, admin: httpx.AsyncClient
) -> None:
    await add_pool(world, "pool-mine")
    for confirm in ({}, {"confirm": "pool-other"}):
        refused = await admin.delete("/api/v1/pools/pool-mine", params={"purge": True, **confirm})
        assert problem_of(refused, 422, "invalid_spec")["params"]["field"] == "confirm"
    assert (await admin.delete("/api/v1/pools/pool-mine")).status_code == 202
    async with world.rig.database.unit_of_work() as session:
        await session.delete(await session.get_one(PoolModel, "pool-mine"))
    for _ in range(2):
        purged = await admin.delete("/api/v1/pools/pool-mine", params={"purge": True, "confirm": "pool-mine"})
        assert purged.status_code == 202, purged.text
    async with world.rig.database.read() as session:
        order = await session.get(PoolOrderModel, ("pool-mine", "purge"))
    assert order is not None
    assert order.actor == ADMIN
    never = await admin.delete("/api/v1/pools/pool-never", params={"purge": True, "confirm": "pool-never"})
    problem_of(never, 404, "not_found")
    assert [row["action"] for row in await audited(admin, subject="pool/pool-mine")] == ["pool.purge", "pool.delete"]


async def test_what_removed_pools_left_is_listed_and_purged_by_its_driver(
    world: World, admin: httpx.AsyncClient
) -> None:
    await add_pool(world, "pool-gone")
    assert (await admin.delete("/api/v1/pools/pool-gone")).status_code == 202
    async with world.rig.database.unit_of_work() as session:
        await session.delete(await session.get_one(PoolModel, "pool-gone"))
    world.disks = {
        "docker": [
            PoolDisk("pool-gone", in_use=False, tenant_id=OWNER, image_id="sha256:1"),
            PoolDisk("pool-lives", in_use=True),
            PoolDisk("pool-lost", in_use=False),
            PoolDisk(POOL, in_use=True),
        ],
    }
    first = (await admin.get("/api/v1/pools/disks", params={"limit": 2})).json()
    then = (await admin.get("/api/v1/pools/disks", params={"limit": 2, "after": first["next"]})).json()
    assert then["next"] is None
    gone, lives, lost = first["items"] + then["items"]
    assert gone.pop("removed_at") is not None
    assert gone == {
        "pool_id": "pool-gone", "driver": "docker", "tenant_id": OWNER, "image_id": "sha256:1", "in_use": False,
    }  # fmt: skip
    assert (lives["pool_id"], lives["in_use"]) == ("pool-lives", True)
    assert (lost["pool_id"], lost["removed_at"]) == ("pool-lost", None)

    async def purge(pool_id: str) -> httpx.Response:
        return await admin.delete(f"/api/v1/pools/{pool_id}", params={"purge": True, "confirm": pool_id})

    problem_of(await purge("pool-lives"), 409, "conflict")
    problem_of(await purge("pool-never"), 404, "not_found")
    for pool_id in ("pool-gone", "pool-lost"):
        assert (await purge(pool_id)).status_code == 202
    async with world.rig.database.read() as session:
        assert [(one.pool_id, one.kind, one.driver) for one in await orders.every(session)] == [
            ("pool-gone", "purge", "docker"),
            ("pool-lost", "purge", "docker"),
        ]


async def test_disks_that_nobody_can_tell_are_not_told_as_none(world: World, admin: httpx.AsyncClient) -> None:
    world.disks = None
    problem_of(await admin.get("/api/v1/pools/disks"), 503, "disks_unknown")
    await add_pool(world, "pool-mine")
    mine = await admin.delete("/api/v1/pools/pool-mine", params={"purge": True, "confirm": "pool-mine"})
    assert mine.status_code == 202, "a pool that is there needs no looking for"
    other = await admin.delete("/api/v1/pools/pool-other", params={"purge": True, "confirm": "pool-other"})
    problem_of(other, 503, "disks_unknown")


async def test_a_restart_is_left_to_the_driver(world: World, admin: httpx.AsyncClient) -> None:
    answer = await admin.post(f"/api/v1/pools/{POOL}/restart", json={"reason": "leak"})
    assert (answer.status_code, answer.json()["kind"], answer.json()["problem"]) == (202, "restart", None)
    await change(world, POOL, desired_state="removed")
    problem_of(await admin.post(f"/api/v1/pools/{POOL}/restart"), 409, "conflict")


async def test_a_health_check_asks_now(world: World, admin: httpx.AsyncClient) -> None:
    well = (await admin.post(f"/api/v1/pools/{POOL}/health-check")).json()
    assert well["healthy"] is True
    assert {check["name"] for check in well["checks"]} == {"agent", "zygote", "memory", "bots"}
    world.agent.zygote = "down"
    assert (await admin.post(f"/api/v1/pools/{POOL}/health-check")).json()["healthy"] is False
    await world.agent.stop()
    dead = (await admin.post(f"/api/v1/pools/{POOL}/health-check")).json()
    assert (dead["healthy"], [check["name"] for check in dead["checks"]]) == (False, ["agent"])


async def test_a_token_is_replaced_and_audited(world: World, admin: httpx.AsyncClient) -> None:
    before = world.agent.token_made_at
    answer = await admin.post(f"/api/v1/pools/{POOL}/rotate-token", json={"reason": "it leaked"})
    assert answer.status_code == 200
    assert set(answer.json()) == {"pool_id", "made_at"}
    assert world.agent.token_made_at > before
    (row,) = [one for one in await audited(admin, subject=f"pool/{POOL}") if one["action"] == "pool.rotate_token"]
    assert (row["subject"], row["reason"]) == (f"pool/{POOL}", "it leaked")
    problem_of(await admin.post("/api/v1/pools/pool-none/rotate-token"), 404, "not_found")
    world.agent.outdated = True
    problem_of(await admin.post(f"/api/v1/pools/{POOL}/rotate-token"), 503, "agent_outdated")


async def test_a_bot_is_moved_and_the_move_abandoned(world: World, admin: httpx.AsyncClient) -> None:
    await add_pool(world, "pool-mine")
    await add_pool(world, "pool-more")
    await add_pool(world, "pool-theirs", OTHER)
    (bot_id,) = await place(world, "pool-mine", "one")
    theirs = await admin.post(f"/api/v1/bots/{bot_id}/move", json={"pool_id": "pool-theirs"})
    assert problem_of(theirs, 422, "invalid_spec")["params"]["field"] == "pool_id"
    assert (await admin.get("/api/v1/moves")).json()["items"] == []
    for _ in range(2):
        moved = await admin.post(f"/api/v1/bots/{bot_id}/move", json={"pool_id": "pool-more", "reason": "heat"})
        assert moved.status_code == 202, moved.text
    assert (moved.json()["source_pool_id"], moved.json()["target_pool_id"]) == ("pool-mine", "pool-more")
    (listed,) = (await admin.get("/api/v1/moves")).json()["items"]
    assert (listed["bot_id"], listed["phase"]) == (bot_id, "stopping")
    (slot,) = (await admin.get("/api/v1/pools/pool-mine/slots")).json()["items"]
    assert slot["moving_to"] == "pool-more"
    assert (await admin.delete(f"/api/v1/moves/{bot_id}")).status_code == 204
    problem_of(await admin.delete(f"/api/v1/moves/{bot_id}"), 404, "not_found")
    rows = await audited(admin, subject=f"bot/{bot_id}", actor=ADMIN)
    assert [row["action"] for row in rows] == ["bot.move_abandon", "bot.move"]
    assert (rows[1]["before"], rows[1]["reason"]) == ({"pool_id": "pool-mine"}, "heat")


async def test_a_move_that_arrived_is_not_abandoned(world: World, admin: httpx.AsyncClient) -> None:
    await add_pool(world, "pool-mine")
    (bot_id,) = await place(world, "pool-mine", "one")
    await _move_row(world, bot_id, "cleaning")
    problem_of(await admin.delete(f"/api/v1/moves/{bot_id}"), 409, "conflict")


async def test_a_move_anywhere_makes_a_pool_where_there_is_none(world: World, admin: httpx.AsyncClient) -> None:
    await add_pool(world, "pool-mine")
    (bot_id,) = await place(world, "pool-mine", "one")
    moved = await admin.post(f"/api/v1/bots/{bot_id}/move", json={"pool_id": None})
    target = moved.json()["target_pool_id"]
    assert target not in (POOL, "pool-mine")
    assert (await admin.get(f"/api/v1/pools/{target}")).json()["tenant_id"] == OWNER


async def test_rebalancing_is_told_first_and_applied_just_so(world: World, admin: httpx.AsyncClient) -> None:
    await add_pool(world, "pool-mine", slots_total=10)
    await add_pool(world, "pool-more", slots_total=10)
    await place(world, "pool-mine", *(f"bot {number}" for number in range(6)))
    plan = (await admin.post("/api/v1/pools/rebalance", json={"goal": "spread"})).json()
    assert (plan["applied"], len(plan["moves"])) == (False, 3)
    uses = {use["pool_id"]: (use["bots_before"], use["bots_after"]) for use in plan["pools"]}
    assert (uses["pool-mine"], uses["pool-more"]) == ((6, 3), (0, 3))
    assert (await admin.get("/api/v1/moves")).json()["items"] == []
    problem_of(await admin.post("/api/v1/pools/rebalance", json={"dry_run": False}), 422, "invalid_spec")
    apply = {"goal": "spread", "dry_run": False, "plan_id": plan["plan_id"], "reason": "even"}
    applied = await admin.post("/api/v1/pools/rebalance", json=apply)
    assert applied.status_code == 200, applied.text
    assert (applied.json()["applied"], applied.json()["moves"]) == (True, plan["moves"])
    moves = (await admin.get("/api/v1/moves")).json()["items"]
    assert {move["bot_id"] for move in moves} == {move["bot_id"] for move in plan["moves"]}
    assert {move["reason"] for move in moves} == {"rebalance"}
    (fleet,) = await audited(admin, subject="fleet")
    assert (fleet["action"], fleet["reason"]) == ("pools.rebalance", "even")


async def test_a_plan_of_another_world_is_refused(world: World, admin: httpx.AsyncClient) -> None:
    await add_pool(world, "pool-mine", slots_total=10)
    await add_pool(world, "pool-more", slots_total=10)
    await place(world, "pool-mine", *(f"bot {number}" for number in range(6)))
    plan = (await admin.post("/api/v1/pools/rebalance", json={"goal": "spread"})).json()
    await place(world, "pool-mine", "more", "and more")
    apply = {"goal": "spread", "dry_run": False, "plan_id": plan["plan_id"]}
    problem_of(await admin.post("/api/v1/pools/rebalance", json=apply), 409, "conflict")
    assert (await admin.get("/api/v1/moves")).json()["items"] == []


async def test_sync_tells_what_does_not_fit_and_deletes_nothing(world: World, admin: httpx.AsyncClient) -> None:
    mine = await add_pool(world, "pool-mine")
    dead = await add_pool(world, "pool-dead")
    await dead.stop()
    here, stopped, missing = await place(world, "pool-mine", "here", "stopped", "missing")
    for bot_id in (here, stopped, "bot-stranger"):
        mine.slots[bot_id] = mine._slot(bot_id, _spec("stopped" if bot_id == stopped else "running"))
    told = (await admin.post("/api/v1/pools/sync", json={"reason": "odd"})).json()["pools"]
    found = {pool["pool_id"]: pool for pool in told}
    assert (found["pool-mine"]["missing"], found["pool-mine"]["foreign"]) == ([missing], ["bot-stranger"])
    assert found["pool-dead"]["problem"]
    assert set(mine.slots) == {here, stopped, "bot-stranger"}
    assert not [call for call in mine.calls if call[0] != "GET"]
    assert await world.rig.state(stopped) == "stopped"
    (row,) = await audited(admin, subject="fleet")
    assert (row["action"], row["reason"]) == ("pools.sync", "odd")


async def test_a_roll_out_is_started_once_aborted_and_rolled_back(world: World, admin: httpx.AsyncClient) -> None:
    await change(world, POOL, driver="process")
    image = problem_of(await admin.post("/api/v1/rollouts", json={"image": "flotilla-pool:2"}), 422, "invalid_spec")
    assert image["params"]["field"] == "image"
    unknown = problem_of(await admin.post("/api/v1/rollouts", json={"pools": ["pool-none"]}), 422, "invalid_spec")
    assert unknown["params"]["field"] == "pools"
    started = await admin.post("/api/v1/rollouts", json={"reason": "new code"})
    assert started.status_code == 202, started.text
    rollout = started.json()
    assert (rollout["state"], [leg["source_pool_id"] for leg in rollout["legs"]]) == ("running", [POOL])
    again = await admin.post("/api/v1/rollouts", json={})
    assert again.json()["id"] == rollout["id"]
    await add_pool(world, "pool-more", driver="process")
    problem_of(await admin.post("/api/v1/rollouts", json={"pools": ["pool-more"]}), 409, "conflict")
    path = f"/api/v1/rollouts/{rollout['id']}"
    assert (await admin.post(f"{path}/abort", json={"reason": "oops"})).json()["wish"] == "abort"
    assert (await admin.post(f"{path}/rollback")).json()["wish"] == "roll_back"
    assert (await admin.get(path)).json()["reason"] == "new code"
    assert [one["id"] for one in (await admin.get("/api/v1/rollouts")).json()["items"]] == [rollout["id"]]
    problem_of(await admin.get("/api/v1/rollouts/rollout-none"), 404, "not_found")
    rows = await audited(admin, subject=f"rollout/{rollout['id']}")
    assert [row["action"] for row in rows] == ["rollout.roll_back", "rollout.abort", "rollout.start"]
    assert rows[1]["reason"] == "oops"


async def test_containers_are_rolled_out_to_an_image(world: World, admin: httpx.AsyncClient) -> None:
    await change(world, POOL, driver="docker", image="flotilla-pool:1")
    assert problem_of(await admin.post("/api/v1/rollouts", json={}), 422)["params"]["field"] == "image"
    started = await admin.post("/api/v1/rollouts", json={"image": "flotilla-pool:2"})
    assert (started.status_code, started.json()["image"]) == (202, "flotilla-pool:2")


async def test_what_users_do_to_their_bots_is_audited_too(world: World, admin: httpx.AsyncClient) -> None:
    bot = await world.create("one")
    path = f"/api/v1/bots/{bot['id']}"
    await world.client.post(f"{path}/stop")
    await world.client.post(f"{path}/stop")
    await world.client.patch(path, json={"max_open_trades": 7})
    await world.client.post(f"{path}/start")
    await world.client.post(f"{path}/restart")
    await world.client.delete(path)
    rows = list(reversed(await audited(admin, subject=f"bot/{bot['id']}")))
    assert [row["action"] for row in rows] == [
        "bot.create", "bot.stop", "bot.update", "bot.start", "bot.restart", "bot.delete",
    ]  # fmt: skip
    assert {row["actor"] for row in rows} == {OWNER}
    assert rows[2]["before"]["max_open_trades"] != rows[2]["after"]["max_open_trades"] == 7
    assert (rows[1]["before"]["desired_state"], rows[1]["after"]["desired_state"]) == ("running", "stopped")


async def test_the_audit_is_read_page_by_page_newest_first(world: World, admin: httpx.AsyncClient) -> None:
    for verb in ("cordon", "uncordon", "cordon", "uncordon", "cordon"):
        await admin.post(f"/api/v1/pools/{POOL}/{verb}")
    first = (await admin.get("/api/v1/audit", params={"limit": 3})).json()
    rest = (await admin.get("/api/v1/audit", params={"limit": 3, "after": first["next"]})).json()
    numbers = [int(row["id"]) for row in [*first["items"], *rest["items"]]]
    assert numbers == sorted(numbers, reverse=True)
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 2, None)
    problem_of(await admin.get("/api/v1/audit", params={"after": "nonsense"}), 422, "invalid_spec")


async def _move_row(world: World, bot_id: str, phase: str) -> None:
    move = MoveModel(
        bot_id=bot_id,
        source_pool_id="pool-mine",
        target_pool_id=POOL,
        epoch=1,
        phase=phase,
        reason="move",
        started_at=utc_now(),
    )
    async with world.rig.database.unit_of_work() as session:
        session.add(move)


def _policy(**changes: Any) -> PoolPolicy:
    return PoolPolicy(**changes)


def _spec(desired: str = "running") -> SlotSpec:
    return SlotSpec(
        epoch=1,
        generation=1,
        desired=DesiredState(desired),
        exchange="paper",
        config={},
        strategy=StrategySource(class_name="A", source=""),
    )
