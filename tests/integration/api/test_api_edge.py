"""What holds for every route: who is let in, how errors read, limits, readiness, figures."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError
from starlette.routing import BaseRoute, WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from orchestrator.bots import service
from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import PoolModel
from orchestrator.users.models import UserModel
from tests.integration.api.world import OTHER, OWNER, World, open_world, problem_of, token_of

OPEN = {
    ("GET", "/healthz"), ("GET", "/readyz"), ("POST", "/api/v1/auth/login"), ("POST", "/api/v1/auth/refresh"),
}  # fmt: skip
DOCS = {"/docs", "/openapi.json", "/docs/oauth2-redirect"}


def _routes(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(method, path) of every route of the application, whichever way it was included; `WS` for WebSockets."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if isinstance(inner, APIRouter):
            context = route.include_context  # type: ignore[attr-defined]
            yield from _routes(inner.routes, prefix + context.prefix)
        elif isinstance(route, APIRoute):
            yield from ((method, prefix + route.path) for method in route.methods or ())
        elif isinstance(route, WebSocketRoute):
            yield "WS", prefix + route.path
        elif getattr(route, "path", None) not in DOCS:
            raise AssertionError(f"a route of unknown kind: {route!r}")


def _filled(path: str) -> str:
    for name in ("bot_id", "pool_id", "rollout_id", "name", "path:path"):
        path = path.replace("{" + name + "}", "anything")
    assert "{" not in path
    return path


async def test_every_route_but_the_open_ones_wants_a_token(world: World) -> None:
    routes = set(_routes(world.app.routes))
    assert len(routes) > 25
    assert routes >= OPEN
    async with world.client_of(None) as nobody:
        for method, path in routes - OPEN:
            if method == "WS":
                continue
            answer = await nobody.request(method, _filled(path), params={"ticket": "wrong"})
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
            assert answer.headers["www-authenticate"] == "Bearer"
            if method != "HEAD":
                problem_of(answer, 401, "unauthenticated")


async def test_every_websocket_wants_a_token_or_a_ticket(world: World) -> None:
    sockets = [path for method, path in _routes(world.app.routes) if method == "WS"]
    assert sockets
    async with world.serving() as client:
        base = str(client.base_url).replace("http", "ws")
        for path in sockets:
            for query in ("", "?ticket=wrong", f"?token={token_of(OWNER)}"):
                with pytest.raises(InvalidStatus) as refused:
                    async with connect(base.rstrip("/") + _filled(path) + query, proxy=None):
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

    async with asyncio.timeout(5):
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
        b'{"n": ' + b"9" * 5000 + b"}",
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
    for path in ("/api/v1/nothing", "/api/nothing", "/nothing", "/api/v1/bots/", "/api/v1/templates/no-such"):
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
    assert (await world.client.get("/readyz")).json()["checks"] == {"database": "ready", "pool-a": "ready"}
    world.checks["pool-a"] = "The zygote is warming."
    answer = await world.client.get("/readyz")
    problem = problem_of(answer, 503, "not_ready")
    assert "The zygote is warming." in problem["detail"]
    assert problem["params"]["checks"]["database"] == "ready"
    assert int(answer.headers["retry-after"]) > 0
    assert (await world.client.get("/healthz")).status_code == 200


async def test_figures_tell_bots_by_state(world: World) -> None:
    await world.placed("one")
    await world.create("two")
    world.checks["pool-a"] = "down"
    text = (await world.client.get("/metrics")).text
    assert 'flotilla_bots{state="running"} 1.0' in text
    assert 'flotilla_bots{state="pending"} 1.0' in text
    assert 'flotilla_ready{check="pool-a"} 0.0' in text
    assert 'route="/api/v1/bots"' in text
    for kind in ("portfolio_streams", "log_streams", "relayed_websockets"):
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
