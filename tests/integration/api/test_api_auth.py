"""Sign-in, refresh, logout, who am I, and the throttle."""

from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import jwt
import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth.signing import Desk
from api.auth.throttle import ElsewhereThrottle, LoginThrottle
from orchestrator.kit.cache import InProcessCache
from orchestrator.kit.clock import utc_now
from orchestrator.users.factor_models import TotpModel
from orchestrator.users.models import UserModel
from orchestrator.users.passwords import Passwords
from orchestrator.users.sessions import Issued
from tests.integration.api.world import KEY, OTHER, OWNER, World, open_world, problem_of, token_of

PASSWORD = "correct horse battery staple"
GOOD = {"username": OWNER, "password": PASSWORD}
BAD = {"username": OWNER, "password": "wrong"}
REFRESH = "/api/v1/auth/refresh"
SEALED = {"kek_id": "", "wrapped_key": "", "ciphertext": ""}
COOKIE = "__Secure-flotilla_refresh"


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
        assert me.pop("password_generated") is False
        assert "password" not in str(me)
        kept = client.cookies[COOKIE]
        assert (await client.post("/api/v1/auth/logout", headers=headers)).status_code == 204
        assert COOKIE not in client.cookies
        problem_of(await client.post(REFRESH, headers={"Cookie": f"{COOKIE}={kept}"}), 401)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_refresh_cookie_is_for_the_browser_alone(world: World, scheme: str) -> None:
    await (await _with_password(world)).aclose()
    async with world.client_of(None, base_url=f"{scheme}://flotilla") as client:
        answer = await _login(client, GOOD)
    cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE if scheme == "https" else "flotilla_refresh"]
    assert cookie["httponly"]
    assert cookie["samesite"].lower() == "strict"
    assert cookie["path"] == "/api/v1/auth"
    assert bool(cookie["secure"]) is (scheme == "https")
    assert cookie.value not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_a_used_refresh_token_ends_the_whole_sign_in(tmp_path: Path) -> None:
    async with open_world(tmp_path, refresh_grace_seconds=0) as world, await _with_password(world) as client:
        await _login(client, GOOD)
        stolen = client.cookies[COOKIE]
        assert (await client.post(REFRESH)).status_code == 200
        assert client.cookies[COOKIE] != stolen
        latest = client.cookies[COOKIE]
        client.cookies.clear()
        for token in (stolen, latest):
            problem_of(await client.post(REFRESH, headers={"Cookie": f"{COOKIE}={token}"}), 401)


async def test_two_tabs_may_refresh_at_once(world: World) -> None:
    async with await _with_password(world) as client:
        await _login(client, GOOD)
        token = client.cookies[COOKIE]
        client.cookies.clear()
        for _ in range(2):
            answer = await client.post(REFRESH, headers={"Cookie": f"{COOKIE}={token}"})
            assert answer.status_code == 200
            client.cookies.clear()


async def test_wrong_password_and_unknown_user_read_alike(world: World) -> None:
    async with await _with_password(world) as client:
        wrong = problem_of(await _login(client, BAD), 401, "unauthenticated")
        unknown = problem_of(await _login(client, {"username": "nobody", "password": PASSWORD}), 401)
    assert wrong["detail"] == unknown["detail"]
    assert "wrong" in wrong["detail"]


async def test_guessing_slows_down_the_guesser_alone(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world, await _with_password(world) as guesser:
        still = LoginThrottle(2, 60, InProcessCache(lambda: 0.0), lambda: 0.0)  # however slow the machine is
        world.app.state.auth = replace(world.app.state.auth, throttle=still)
        for _ in range(2):
            problem_of(await _login(guesser, BAD), 401)
        answer = await _login(guesser, GOOD)
        problem_of(answer, 429, "too_many_requests")
        assert int(answer.headers["retry-after"]) >= 1
        async with world.client_of(None, address=("10.0.0.2", 1)) as owner:
            assert (await _login(owner, GOOD)).status_code == 200


async def test_guessing_from_everywhere_slows_down_nobody_where_he_is_known(world: World) -> None:
    async with await _with_password(world) as known, world.client_of(None, address=("192.0.2.9", 1)) as stranger:
        await _login(known, GOOD)
        still = ElsewhereThrottle(InProcessCache(lambda: 0.0), lambda: 0.0)
        for _ in range(51):
            await still.begin("10.2.0.1", OWNER, [])
        world.app.state.auth = replace(world.app.state.auth, elsewhere=still)
        problem_of(await _login(stranger, BAD), 401, "unauthenticated")  # of a place the first try is taken
        problem_of(await _login(stranger, GOOD), 429, "too_many_requests")
        answer = await _login(known, GOOD)
        assert answer.status_code == 200
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await known.post("/api/v1/auth/logout", headers=headers)).status_code == 204
        assert (
            await known.delete("/api/v1/sessions", headers={"Authorization": f"Bearer {token_of(OWNER)}"})
        ).is_success
        assert (await _login(known, GOOD)).status_code == 200, "also after he signed out"
        proof = {"password": PASSWORD}
        problem_of(await stranger.post("/api/v1/auth/step-up", json=proof, headers=world.client.headers), 429)


@pytest.mark.parametrize("who", ["owner", "administrator"])
async def test_where_a_session_was_ended_from_elsewhere_nobody_is_known_any_more(world: World, who: str) -> None:
    async with await _with_password(world) as known, world.client_of(None, address=("192.0.2.66", 1)) as thief:
        assert (await _login(known, GOOD)).status_code == (await _login(thief, GOOD)).status_code == 200
        still = ElsewhereThrottle(InProcessCache(lambda: 0.0), lambda: 0.0)
        for _ in range(51):
            await still.begin("10.2.0.1", OWNER, [])
        world.app.state.auth = replace(world.app.state.auth, elsewhere=still)
        for _ in range(2):
            problem_of(await _login(thief, BAD), 401, "unauthenticated")
        await world.change_user(OTHER, role="admin")
        async with world.client_of(OTHER if who == "administrator" else OWNER) as client:
            ended = f"/api/v1/users/{OWNER}/sessions" if who == "administrator" else "/api/v1/sessions"
            assert (await client.delete(ended)).is_success
        assert (await _login(known, GOOD)).status_code == 200, "of each place the first try is taken"
        problem_of(await _login(known, BAD), 401, "unauthenticated")
        problem_of(await _login(thief, BAD), 401, "unauthenticated")
        problem_of(await _login(thief, BAD), 429, "too_many_requests")


async def test_who_waits_for_his_password_to_be_checked_holds_no_connection(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []

    async def matches(password: str, password_hash: str | None) -> bool:
        held.append(world.rig.database.readings().in_use)
        return False

    monkeypatch.setattr(world.app.state.auth.passwords, "matches", matches)
    async with world.client_of(None) as client:
        problem_of(await _login(client, BAD), 401)
    assert held == [0]


@pytest.mark.parametrize("change", ["password_hash", "deactivated_at", "factor"])
async def test_a_sign_in_under_way_does_not_outlive_what_it_was_judged_by(
    world: World, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    client = await _with_password(world)
    judged = Desk.start

    async def start(desk: Desk, session: AsyncSession, user: UserModel, method: str) -> Issued:
        held = await session.get_one(UserModel, user.id)
        if change == "factor":
            session.add(TotpModel(user_id=OWNER, **SEALED, created_at=utc_now(), confirmed_at=utc_now()))
        else:
            setattr(held, change, "another" if change == "password_hash" else utc_now())
        await session.flush()
        return await judged(desk, session, user, method)

    monkeypatch.setattr(Desk, "start", start)
    async with client:
        problem_of(await _login(client, GOOD), 401, "unauthenticated")


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
        token_of(OWNER, 86_400)[:-3] + "abc",
        token_of("nobody"),
    ],
)
async def test_forged_and_foreign_tokens_are_refused(world: World, token: str) -> None:
    async with world.client_of(None) as client:
        problem_of(await client.get("/api/v1/bots", headers={"Authorization": f"Bearer {token}"}), 401)
        problem_of(await client.get("/api/v1/bots", headers={"Authorization": token}), 401)
        assert (await client.get("/api/v1/bots", params={"token": token_of(OWNER)})).status_code == 401
