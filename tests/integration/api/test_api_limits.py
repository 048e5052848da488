"""Rates, origins, headers and time limits, as they are answered."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.auth.access import PUBLIC
from api.auth.throttle import LoginThrottle
from api.limits import Limits
from api.middleware import TimeLimitMiddleware
from orchestrator.kit.cache import InProcessCache
from tests.integration.api.world import OTHER, OWNER, World, open_world, problem_of, token_of

LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
FREQUI = "https://frequi.example"


@pytest.fixture(autouse=True)
def within_one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows begin at whole minutes, which come at any moment of a test."""
    monkeypatch.setattr("api.app.Limits", partial(Limits, now=lambda: 0.0))


async def test_what_a_user_asks_for_too_often_waits(tmp_path: Path) -> None:
    async with open_world(tmp_path, reads_per_minute=3, changes_per_minute=1) as world:
        first = await world.client.get("/api/v1/bots")
        assert first.headers["ratelimit-policy"] == '"reads";q=3;w=60'
        assert first.headers["ratelimit"].startswith('"reads";r=2;t=')
        for _ in range(2):
            assert (await world.client.get("/api/v1/auth/me")).status_code == 200
        refused = await world.client.get("/api/v1/bots")
        problem = problem_of(refused, 429, "too_many_requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert problem["params"]["budget"] == "reads"
        assert refused.headers["ratelimit"].startswith('"reads";r=0;t=')
        assert (await world.client.post("/api/v1/auth/tickets", json={"purpose": "portfolio"})).status_code == 200
        problem_of(await world.client.post("/api/v1/auth/tickets", json={"purpose": "portfolio"}), 429)
        async with world.client_of(OTHER) as other:
            assert (await other.get("/api/v1/bots")).status_code == 200


async def test_what_comes_from_one_address_too_often_waits(tmp_path: Path) -> None:
    settings = {"requests_per_address_per_minute": 4, "sign_ins_per_minute": 2, "trusted_proxies": "192.0.2.1"}
    async with open_world(tmp_path, **settings) as world:
        bad = {"username": OWNER, "password": "wrong"}
        async with world.client_of(None, address=("2001:db8::1", 1)) as one:
            for _ in range(2):
                problem_of(await one.post(REFRESH), 401)
        async with world.client_of(None, address=("2001:db8::2", 1)) as neighbour:
            problem = problem_of(await neighbour.post(LOGIN, json=bad), 429, "too_many_requests")
            assert problem["params"]["budget"] == "sign-ins"
            problem_of(await neighbour.get("/api/v1/bots"), 401)
            problem_of(await neighbour.get("/api/v1/bots"), 429)
            assert (await neighbour.get("/healthz")).status_code == 200
        async with world.client_of(None, address=("2001:db8:1::1", 1)) as browser:
            starts = [await browser.get("/api/v1/auth/oidc/none/start") for _ in range(3)]
            assert [answer.status_code for answer in starts] == [404, 404, 429], "each costs as much as a sign-in"
        async with world.client_of(None, address=("192.0.2.1", 1)) as proxy:
            for client, status in (("198.51.100.1", 401),) * 4 + (("198.51.100.1", 429), ("198.51.100.2", 401)):
                answer = await proxy.get("/api/v1/bots", headers={"X-Forwarded-For": f"127.0.0.1, {client}"})
                assert answer.status_code == status
        async with world.client_of(None, address=("192.0.2.9", 1)) as liar:
            for number in range(5):
                answer = await liar.get("/api/v1/bots", headers={"X-Forwarded-For": f"198.51.100.{number}"})
            problem_of(answer, 429)


async def test_who_guesses_a_password_keeps_nobody_else_out_behind_a_proxy(tmp_path: Path) -> None:
    async with open_world(tmp_path, trusted_proxies="192.0.2.0/24") as world:
        still = LoginThrottle(1, 60, InProcessCache(lambda: 0.0), lambda: 0.0)  # however slow the machine is
        world.app.state.auth = replace(world.app.state.auth, throttle=still)
        bad = {"username": OWNER, "password": "wrong"}
        async with world.client_of(None, address=("192.0.2.1", 1)) as proxy:
            guesser, other = ({"X-Forwarded-For": address} for address in ("2001:db8:0:1::1", "2001:db8:0:2::1"))
            problem_of(await proxy.post(LOGIN, json=bad, headers=guesser), 401)
            problem_of(await proxy.post(LOGIN, json=bad, headers=guesser), 429)
            neighbour = {"X-Forwarded-For": "2001:db8:0:1:ffff::9"}
            problem_of(await proxy.post(LOGIN, json=bad, headers=neighbour), 429)
            problem_of(await proxy.post(LOGIN, json=bad, headers=other), 401)


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "https://flotilla"}, True),
        ({"Origin": "https://FLOTILLA:443"}, True),
        ({"Origin": "http://flotilla"}, False),
        ({"Origin": "https://flotilla.evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, False),
    ],
)
async def test_a_sign_in_is_changed_from_our_own_pages_alone(
    world: World, headers: dict[str, str], let_in: bool
) -> None:
    async with world.client_of(None) as browser:
        for path in (REFRESH, LOGIN, "/api/v1/auth/logout"):
            answer = await browser.post(path, headers=headers, json={})
            assert (answer.json()["code"] != "cross_origin") is let_in
            if not let_in:
                problem_of(answer, 403, "cross_origin")
                assert "set-cookie" not in answer.headers


async def test_public_addresses_are_the_only_pages_of_ours(tmp_path: Path) -> None:
    public = "https://one.example, https://two.example:8443/"
    async with (
        open_world(tmp_path, public_url=public) as world,
        world.client_of(None, base_url="http://inside") as client,
    ):
        for origin in ("https://one.example", "https://two.example:8443"):
            problem_of(await client.post(REFRESH, headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"}), 401)
        problem_of(await client.post(REFRESH, headers={"Origin": "http://inside"}), 403, "cross_origin")


async def test_other_origins_may_call_bots_and_nothing_else(tmp_path: Path) -> None:
    async with open_world(tmp_path, cors_origins=FREQUI) as world:
        url = f"/api/v1/bots/{await world.placed()}/freqtrade/api/v1/version"
        asking = {
            "Origin": FREQUI,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        }
        async with world.client_of(None) as browser:
            allowed = await browser.options(url, headers=asking)
            assert allowed.status_code == 200
            assert allowed.headers["access-control-allow-origin"] == FREQUI
            assert allowed.headers["access-control-max-age"] == "600"
            assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
            assert (await browser.options(url, headers={**asking, "Origin": "https://evil.example"})).status_code == 400
            elsewhere = await browser.options("/api/v1/bots", headers=asking)
            assert "access-control-allow-origin" not in elsewhere.headers
        answer = await world.client.get(url, headers={"Origin": FREQUI})
        assert answer.headers["access-control-allow-origin"] == FREQUI
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert (
            "access-control-allow-origin"
            not in (await world.client.get("/api/v1/bots", headers={"Origin": FREQUI})).headers
        )


async def test_no_origin_is_let_in_by_default(world: World) -> None:
    url = f"/api/v1/bots/{await world.placed()}/freqtrade/api/v1/version"
    answer = await world.client.get(url, headers={"Origin": FREQUI})
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_every_answer_has_the_headers_that_keep_browsers_safe(world: World) -> None:
    async with world.client_of(None) as nobody:
        for path in ("/api/v1/bots", "/api/nowhere", "/docs"):
            headers = (await nobody.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert "geolocation=()" in headers["permissions-policy"]
            assert headers["strict-transport-security"].startswith("max-age=")
    async with world.client_of(None, base_url="http://flotilla") as nobody:
        assert "strict-transport-security" not in (await nobody.get("/docs")).headers


async def test_the_page_of_operations_runs_nothing_and_loads_nothing(world: World) -> None:
    async with world.client_of(None) as nobody:
        page = (await nobody.get("/docs")).text
        document = (await nobody.get("/openapi.json")).json()
    assert "<script" not in page
    assert "http://" not in page.replace("http://www", "")
    assert "src=" not in page
    for path in document["paths"]:
        assert path in page


async def test_a_body_that_dribbles_is_cut(tmp_path: Path) -> None:
    async with open_world(tmp_path, body_seconds=0.2) as world, world.serving() as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        head = f"POST {LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        writer.write(head.encode() + b'{"user')
        async with asyncio.timeout(30):
            answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in answer.lower()
        assert b"body_too_slow" in answer


async def test_an_answer_that_does_not_begin_is_given_up_and_one_that_lasts_is_not() -> None:
    app = FastAPI()
    given_up = asyncio.Event()

    @app.get("/slow", dependencies=[PUBLIC])
    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    @app.get("/raises", dependencies=[PUBLIC])
    async def raises() -> None:
        raise TimeoutError

    def client_within(seconds: float) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(TimeLimitMiddleware(app, seconds))
        return httpx.AsyncClient(transport=transport, base_url="https://flotilla")

    async with client_within(0.05) as client:
        answer = await client.get("/slow")
        assert answer.status_code == 503
        assert answer.json()["code"] == "took_too_long"
        assert int(answer.headers["retry-after"]) > 0
        assert given_up.is_set()
    async with client_within(60) as client:
        with pytest.raises(TimeoutError):
            await client.get("/raises")


async def test_a_stream_outlasts_the_limit_of_ordinary_requests(tmp_path: Path) -> None:
    async with open_world(tmp_path, request_seconds=5.0) as world:
        bot_id = await world.placed()
        async with world.serving() as client:
            url = f"/api/v1/bots/{bot_id}/logs?follow=true"
            loop = asyncio.get_running_loop()
            async with client.stream("GET", url, headers={"Authorization": f"Bearer {token_of(OWNER)}"}) as stream:
                began = loop.time()
                async for _ in stream.aiter_lines():
                    if loop.time() - began > 5.5:
                        break
                else:
                    raise AssertionError("the stream was ended")
