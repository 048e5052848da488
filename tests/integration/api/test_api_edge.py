"""What holds for every route: who is let in, how errors read, limits, readiness, figures."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api.auth.access import Need
from api.health import Readiness
from orchestrator.bots import service
from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import PoolModel
from orchestrator.users.models import UserModel
from tests.integration.api.matrix import routes_of
from tests.integration.api.world import OTHER, OWNER, World, open_world, problem_of, token_of

OPEN = {
    "GET /healthz", "GET /readyz", "POST /api/v1/auth/login", "POST /api/v1/auth/login/second-factor",
    "POST /api/v1/auth/login/passkey", "POST /api/v1/auth/login/passkey/options", "POST /api/v1/auth/refresh",
    "GET /api/v1/auth/methods", "GET /api/v1/auth/oidc/{provider}/start", "GET /api/v1/auth/oidc/{provider}/callback",
    "POST /api/v1/invitations/accept", "GET /api/v1/bots/{bot_id}/freqtrade/api/v1/ping",
    "HEAD /api/v1/bots/{bot_id}/freqtrade/api/v1/ping",
}  # fmt: skip
"""All that answers somebody who has not signed in; what else there is, `test_api_matrix` asks for by everybody."""


async def test_what_is_open_to_all_is_known(world: World) -> None:
    assert {str(route) for route in routes_of(world) if route.access.need is Need.NOBODY} == OPEN


async def test_every_websocket_wants_a_token_or_a_ticket(world: World) -> None:
    sockets = [route.path for route in routes_of(world) if route.method == "WS"]
    assert sockets
    bot_ids = ("bot-unknown", await world.placed())
    async with world.serving() as client:
        base = str(client.base_url).replace("http", "ws")
        for path in sockets:
            for bot_id, query in itertools.product(bot_ids, ("", "?ticket=wrong", f"?token={token_of(OWNER)}")):
                with pytest.raises(InvalidStatus) as refused:
                    async with connect(base.rstrip("/") + path.replace("{bot_id}", bot_id) + query, proxy=None):
                        pass
                assert refused.value.response.status_code == 401


async def test_open_routes_are_open(world: World) -> None:
    async with world.client_of(None) as nobody:
        assert (await nobody.get("/healthz")).json() == {"status": "alive"}
        assert (await nobody.get("/readyz")).status_code == 200
        assert (await nobody.get("/openapi.json")).status_code == 200
        assert (await nobody.get("/docs")).status_code == 200


@pytest.mark.parametrize("change", ["deactivated", "deleted"])
async def test_an_account_that_ended_is_refused_everywhere(world: World, change: str) -> None:
    async with world.client_of(OTHER) as other:
        if change == "deactivated":
            await world.change_user(OTHER, deactivated_at=utc_now())
        else:
            async with world.rig.database.unit_of_work() as session:
                await session.delete(await session.get_one(UserModel, OTHER))
        for path in ("/auth/me", "/bots", "/templates", "/pools", "/portfolio", "/portfolio/stream"):
            problem_of(await other.get(f"/api/v1{path}"), 401, "unauthenticated")
        problem_of(await other.get("/metrics"), 401, "unauthenticated")
        problem_of(await other.post("/api/v1/bots", json={"name": "one", "template": "trend"}), 401)


async def test_an_account_that_ends_is_refused_within_seconds(world: World) -> None:
    assert (await world.client.get("/api/v1/bots")).status_code == 200
    await world.change_user(OWNER, deactivated_at=utc_now())

    async def refused() -> bool:
        return (await world.client.get("/api/v1/bots")).status_code == 401

    async with asyncio.timeout(20):
        while not await refused():
            await asyncio.sleep(0.05)


async def test_a_bot_of_somebody_else_is_not_there(world: World) -> None:
    bot_id = await world.placed()
    url = f"/api/v1/bots/{bot_id}"
    calls = [
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/start"), ("POST", "/stop"), ("POST", "/pause"),
        ("POST", "/resume"), ("POST", "/restart"), ("GET", "/logs"), ("GET", "/logs?follow=true"), ("GET", "/events"),
        ("GET", "/freqtrade/api/v1/status"), ("POST", "/freqtrade/api/v1/stop"),
    ]  # fmt: skip
    before = (await world.client.get(url)).json()
    async with world.client_of(OTHER) as other:
        for method, path in calls:
            body = {"max_open_trades": 1} if method == "PATCH" else None
            problem_of(await other.request(method, url + path, json=body), 404, "not_found")
        assert (await other.get("/api/v1/bots")).json()["items"] == []
    assert (await world.client.get(url)).json() == before
    async with world.serving() as client:
        base = str(client.base_url).replace("http", "ws").rstrip("/")
        headers = {"Authorization": f"Bearer {token_of(OTHER)}"}
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"{base}{url}/freqtrade/api/v1/message/ws", additional_headers=headers, proxy=None):
                pass
        assert refused.value.response.status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"{", b'{"name": "one",}', b"\xff\xfe", b'{"name": NaN}', b'{"name": Infinity}', b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}', b"[" * 100_000, b'{"stake_amount": 1e99999999999999999999}',
        b'{"n": ' + b"9" * 5000 + b"}", b'{"max_open_trades": 1e4001}', b'{"max_open_trades": -1e-4001}',
        b'{"max_open_trades": 1.' + b"0" * 5000 + b"}",
    ],
)  # fmt: skip
async def test_malformed_json(world: World, content: bytes) -> None:
    answer = await world.client.post("/api/v1/bots", content=content, headers={"Content-Type": "application/json"})
    problem = problem_of(answer, 400, "malformed_body")
    assert "send" in problem["detail"]
    assert await world.count() == 0


@pytest.mark.parametrize("content", [b"[]", b'"text"', b"7", b"null", b""])
async def test_json_that_is_no_object(world: World, content: bytes) -> None:
    answer = await world.client.post("/api/v1/bots", content=content, headers={"Content-Type": "application/json"})
    problem_of(answer, 422, "invalid_spec")


async def test_a_form_is_no_json(world: World) -> None:
    problem = problem_of(await world.client.post("/api/v1/bots", data={"name": "one"}), 422)
    assert "application/json" in problem["detail"]


async def test_huge_bodies_announced_or_not(world: World) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 65_536

    for content in (b" " * 2_000_000, endless()):
        answer = await world.client.post("/api/v1/bots", content=content, headers={"Content-Type": "application/json"})
        problem_of(answer, 413, "body_too_large")


async def test_unknown_paths_and_methods(world: World) -> None:
    for path in ("/api/v1/nothing", "/api/nothing", "/api/v1/bots/", "/api/v1/templates/no-such"):
        problem_of(await world.client.get(path), 404, "not_found")
    problem = problem_of(await world.client.put("/api/v1/bots"), 405, "method_not_allowed")
    assert "use one of" in problem["detail"]


@pytest.mark.parametrize("bot_id", ["..", "%2e%2e", "..%2f..%2fetc", "bot%00", "BOT", "x" * 300, "%ff", "bot-none"])
async def test_odd_ids_are_not_found(world: World, bot_id: str) -> None:
    for path in (f"/api/v1/bots/{bot_id}/events", f"/api/v1/bots/{bot_id}/freqtrade/api/v1/status"):
        assert (await world.client.get(path)).status_code == 404


async def test_an_unforeseen_error_tells_nothing_of_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(world.rig.catalogue, "all", broken, raising=False)
    answer = await world.client.get("/api/v1/templates")
    problem_of(answer, 500, "internal")
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text


async def test_the_correlation_id_is_the_callers_where_it_is_fit(world: World) -> None:
    answer = await world.client.get("/api/v1/nothing", headers={"X-Request-ID": "my-request-0001"})
    assert problem_of(answer, 404)["correlation_id"] == "my-request-0001"
    answer = await world.client.get("/api/v1/nothing", headers={"X-Request-ID": "<script>"})
    assert "<script>" not in problem_of(answer, 404)["correlation_id"]
    assert (await world.client.get("/healthz")).headers["x-request-id"]


async def test_readiness_tells_the_truth(world: World) -> None:
    assert (await world.client.get("/readyz")).json()["checks"] == {"database": "ready", "pools": "ready"}
    world.checks["pool-a"] = "The zygote is warming."
    world.app.state.readiness = Readiness(time.monotonic)
    answer = await world.client.get("/readyz")
    problem = problem_of(answer, 503, "not_ready")
    assert "The zygote is warming." in problem["detail"]
    assert problem["params"]["checks"]["database"] == "ready"
    assert int(answer.headers["retry-after"]) > 0
    assert (await world.client.get("/healthz")).status_code == 200


async def test_readiness_tells_which_pools_there_are_to_administrators_alone(world: World) -> None:
    world.checks |= {"pool-b": "The zygote is warming.", "pool-c": "The zygote is warming."}
    await world.change_user(OTHER, role="admin")
    async with world.client_of(None) as nobody, world.client_of(OTHER) as admin:
        nobodys = [await nobody.get("/readyz"), await world.client.get("/readyz")]
        nobodys.append(await nobody.get("/readyz", headers={"Authorization": "Bearer flt_nonsense"}))
        for answer in nobodys:
            told = problem_of(answer, 503, "not_ready")
            assert told["params"]["checks"] == {"database": "ready", "pools": "The zygote is warming."}
            assert "pool-" not in answer.text
        told = problem_of(await admin.get("/readyz"), 503)["params"]["checks"]
        assert told == {"database": "ready", "pool-a": "ready"} | dict.fromkeys(
            ("pool-b", "pool-c"), "The zygote is warming."
        )
    assert "ratelimit" in nobodys[2].headers, "who shows something has it looked up"
    assert "ratelimit" not in nobodys[0].headers


async def test_the_document_and_its_page_are_made_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = [await world.client.get(path) for path in ("/openapi.json", "/docs")]
    monkeypatch.setattr(type(world.app), "openapi", lambda _: pytest.fail("made again"))
    again = [await world.client.get(path) for path in ("/openapi.json", "/docs")]
    assert [one.content for one in first] == [one.content for one in again]
    assert first[0].json()["info"]["title"] == "Flotilla"
    assert [one.headers["content-type"] for one in first] == ["application/json", "text/html; charset=utf-8"]


async def test_a_flood_of_questions_whether_it_is_ready_looks_once_a_second(world: World) -> None:
    now, looks, look = 0.0, 0, world.app.state.services.readiness

    async def counted() -> Mapping[str, str | None]:
        nonlocal looks
        looks += 1
        found: Mapping[str, str | None] = await look()
        return found

    services = replace(world.app.state.services, readiness=counted)
    readiness = Readiness(lambda: now)
    told = await asyncio.gather(*(readiness.read(services) for _ in range(20)))
    assert told == [{"database": None, "pool-a": None}] * 20
    assert looks == 1
    now, world.checks["pool-a"] = 1.0, "down"
    assert (await readiness.read(services))["pool-a"] == "down"


async def test_figures_tell_bots_by_state(world: World) -> None:
    await world.placed("one")
    await world.create("two")
    world.checks["pool-a"] = "down"
    problem_of(await world.client.get("/metrics"), 403, "not_allowed")
    await world.change_user(OWNER, role="admin")
    world.app.state.auth.principals.forget_user(OWNER)
    text = (await world.client.get("/metrics")).text
    assert 'flotilla_bots{state="running"} 1.0' in text
    assert 'flotilla_bots{state="pending"} 1.0' in text
    assert 'flotilla_ready{check="pool-a"} 0.0' in text
    assert 'route="/api/v1/bots"' in text
    for kind in ("portfolio_streams", "market_streams", "log_streams", "relayed_websockets"):
        assert f"flotilla_{kind} 0.0" in text


async def test_templates(world: World) -> None:
    listed = (await world.client.get("/api/v1/templates")).json()
    assert listed["next"] is None
    assert [item["name"] for item in listed["items"]] == [one.name for one in world.rig.catalogue.all()]
    for item in listed["items"]:
        assert (await world.client.get(f"/api/v1/templates/{item['name']}")).json() == item
        assert item["parameters"]["type"] == "object"
        assert item["docs"]
        assert isinstance(item["defaults"]["stake_amount"], str)


async def test_templates_come_in_pages(world: World) -> None:
    names, after = [], None
    for left in range(len(world.rig.catalogue.all()), 0, -1):
        params = {"limit": 1, **({"after": after} if after else {})}
        page = (await world.client.get("/api/v1/templates", params=params)).json()
        (item,), after = page["items"], page["next"]
        names.append(item["name"])
        assert (after is None) == (left == 1)
    assert names == [one.name for one in world.rig.catalogue.all()]
    for params in ({"limit": 0}, {"limit": 201}, {"after": "nonsense"}):
        problem_of(await world.client.get("/api/v1/templates", params=params), 422, "invalid_spec")


async def test_pools(world: World) -> None:
    listed = (await world.client.get("/api/v1/pools")).json()
    assert [pool["id"] for pool in listed["items"]] == ["pool-a"]
    pool = (await world.client.get("/api/v1/pools/pool-a")).json()
    assert pool == listed["items"][0]
    assert (pool["slots_total"], pool["observed_state"], pool["report"]) == (50, "ready", None)
    report = (await (await world.rig.agents.agent_for("pool-a")).pool()).model_dump(mode="json")
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(PoolModel, "pool-a")).report = report
    assert (await world.client.get("/api/v1/pools/pool-a")).json()["report"]["zygote"]["state"] == "ready"
    problem_of(await world.client.get("/api/v1/pools/none"), 404, "not_found")


async def test_body_limits_are_settings(tmp_path: Path) -> None:
    async with open_world(tmp_path, body_limit_bytes=2048) as world:
        answer = await world.client.post("/api/v1/bots", json={"name": "x" * 3000, "template": "trend"})
        assert "2048" in problem_of(answer, 413)["detail"]


async def test_a_database_that_fails_is_told_in_a_sentence_and_nothing_is_created(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a full disk; when there is room again, the same request goes through."""

    async def fails(*_arguments: object, **_keywords: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    body = {"name": "one", "template": "trend"}
    with monkeypatch.context() as broken:
        broken.setattr(service, "create", fails)
        refused = await world.client.post("/api/v1/bots", json=body)
    problem = problem_of(refused, 503, "storage_unavailable")
    assert "disk" in problem["detail"]
    assert "INSERT" not in refused.text
    assert refused.headers["Retry-After"]
    assert await world.count() == 0
    assert (await world.client.post("/api/v1/bots", json=body)).status_code == 201
