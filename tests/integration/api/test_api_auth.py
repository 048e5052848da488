"""Sign-in, refresh, logout, who am I, and the throttle."""

from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import jwt
import pytest

from orchestrator.users.passwords import Passwords
from tests.integration.api.world import KEY, OWNER, World, open_world, problem_of, token_of

PASSWORD = "correct horse battery staple"
GOOD = {"username": OWNER, "password": PASSWORD}
BAD = {"username": OWNER, "password": "wrong"}
REFRESH = "/api/v1/auth/refresh"


async def _with_password(world: World) -> httpx.AsyncClient:
    await world.change_user(OWNER, password_hash=await Passwords().hash(PASSWORD))
    return world.client_of(None)


async def _login(client: httpx.AsyncClient, body: dict[str, str]) -> httpx.Response:
    return await client.post("/api/v1/auth/login", json=body)


async def test_login_refresh_me_logout(world: World) -> None:
    async with await _with_password(world) as client:
        answer = await _login(client, GOOD)
        assert set(answer.json()) == {"access_token", "token_type", "expires_in"}
        assert answer.json()["token_type"] == "bearer"
        refreshed = await client.post(REFRESH)
        assert refreshed.status_code == 200
        headers = {"Authorization": f"Bearer {refreshed.json()['access_token']}"}
        me = (await client.get("/api/v1/auth/me", headers=headers)).json()
        assert (me["id"], me["username"], me["role"]) == (OWNER, OWNER, "trader")
        assert "password" not in str(me)
        kept = client.cookies["flotilla_refresh"]
        assert (await client.post("/api/v1/auth/logout", headers=headers)).status_code == 204
        assert "flotilla_refresh" not in client.cookies
        problem_of(await client.post(REFRESH, headers={"Cookie": f"flotilla_refresh={kept}"}), 401)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_refresh_cookie_is_for_the_browser_alone(world: World, scheme: str) -> None:
    await (await _with_password(world)).aclose()
    async with world.client_of(None, base_url=f"{scheme}://flotilla") as client:
        answer = await _login(client, GOOD)
    cookie = SimpleCookie(answer.headers["set-cookie"])["flotilla_refresh"]
    assert cookie["httponly"]
    assert cookie["samesite"].lower() == "strict"
    assert cookie["path"] == "/api/v1/auth"
    assert bool(cookie["secure"]) is (scheme == "https")
    assert cookie.value not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_a_used_refresh_token_ends_the_whole_sign_in(tmp_path: Path) -> None:
    async with open_world(tmp_path, refresh_grace_seconds=0) as world, await _with_password(world) as client:
        await _login(client, GOOD)
        stolen = client.cookies["flotilla_refresh"]
        assert (await client.post(REFRESH)).status_code == 200
        assert client.cookies["flotilla_refresh"] != stolen
        latest = client.cookies["flotilla_refresh"]
        client.cookies.clear()
        for token in (stolen, latest):
            problem_of(await client.post(REFRESH, headers={"Cookie": f"flotilla_refresh={token}"}), 401)


async def test_two_tabs_may_refresh_at_once(world: World) -> None:
    async with await _with_password(world) as client:
        await _login(client, GOOD)
        token = client.cookies["flotilla_refresh"]
        client.cookies.clear()
        for _ in range(2):
            answer = await client.post(REFRESH, headers={"Cookie": f"flotilla_refresh={token}"})
            assert answer.status_code == 200
            client.cookies.clear()


async def test_wrong_password_and_unknown_user_read_alike(world: World) -> None:
    async with await _with_password(world) as client:
        wrong = problem_of(await _login(client, BAD), 401, "unauthenticated")
        unknown = problem_of(await _login(client, {"username": "nobody", "password": PASSWORD}), 401)
    assert wrong["detail"] == unknown["detail"]
    assert "wrong" in wrong["detail"]


async def test_guessing_slows_down_the_guesser_alone(tmp_path: Path) -> None:
    async with open_world(tmp_path, login_attempts=2) as world, await _with_password(world) as guesser:
        for _ in range(2):
            problem_of(await _login(guesser, BAD), 401)
        answer = await _login(guesser, GOOD)
        problem_of(answer, 429, "too_many_requests")
        assert int(answer.headers["retry-after"]) >= 1
        async with world.client_of(None, address=("10.0.0.2", 1)) as owner:
            assert (await _login(owner, GOOD)).status_code == 200


async def test_a_password_is_not_told_back(world: World) -> None:
    async with world.client_of(None) as client:
        for body in ({"username": OWNER, "password": ["hunter2"]}, {"user": "x", "password": "hunter2"}):
            answer = await client.post("/api/v1/auth/login", json=body)
            problem_of(answer, 422)
            assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        jwt.encode({"sub": OWNER}, KEY, algorithm="HS256"),
        jwt.encode({"sub": OWNER, "exp": 4_000_000_000}, "another key " * 4, algorithm="HS256"),
        token_of(OWNER)[:-3] + "abc",
        token_of("nobody"),
    ],
)
async def test_forged_and_foreign_tokens_are_refused(world: World, token: str) -> None:
    async with world.client_of(None) as client:
        problem_of(await client.get("/api/v1/bots", headers={"Authorization": f"Bearer {token}"}), 401)
        problem_of(await client.get("/api/v1/bots", headers={"Authorization": token}), 401)
        assert (await client.get("/api/v1/bots", params={"token": token_of(OWNER)})).status_code == 401
