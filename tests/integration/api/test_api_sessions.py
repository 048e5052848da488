"""Sessions and API tokens over the API; and that what they hold open ends with them, in every process."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from sqlmodel.ext.asyncio.session import AsyncSession
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.auth import tokens
from api.auth.tokens import Claims
from orchestrator.kit.clock import utc_now
from orchestrator.users import sessions
from orchestrator.users.models import ApiTokenModel, SessionModel, UserModel
from orchestrator.users.sessions import Origin, TokenPolicy
from tests.fakes.signed_in import subject_of
from tests.integration.api.test_api_pools import admin
from tests.integration.api.test_api_sharing import share
from tests.integration.api.world import KEY, OTHER, OWNER, World, problem_of
from tests.support import eventually

__all__ = ["admin"]
SESSIONS, TOKENS, SHARES = "/api/v1/sessions", "/api/v1/tokens", "/api/v1/shares"
SOON = 12.0
"""A look is due every 0.4 s; a busy machine may be late with it."""


async def another_session(world: World, user_id: str = OWNER) -> httpx.AsyncClient:
    """The same user, signed in once more, as from another machine."""
    async with world.rig.database.unit_of_work() as session:
        user = await session.get_one(UserModel, user_id)
        origin = Origin("password", None, "192.0.2.7", "Mozilla\x1b/5.0")
        begun = await sessions.start(session, user, TokenPolicy(), origin)
    client = world.client_of(None)
    token = tokens.issue(Claims(user_id, begun.session_id), KEY, 900, utc_now())
    client.headers["Authorization"] = f"Bearer {token}"
    return client


async def api_token(world: World, client: httpx.AsyncClient | None = None, **body: object) -> tuple[str, str]:
    """Its id, and the token."""
    asked = {"name": "t", "scopes": ["trade"], **body}
    answer = await (client or world.client).post(TOKENS, json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()["api_token"]["id"], answer.json()["token"]


def program(world: World, token: str) -> httpx.AsyncClient:
    client = world.client_of(None)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


async def test_one_sees_where_one_is_signed_in_and_ends_it(world: World) -> None:
    async with await another_session(world) as second, await another_session(world) as third:
        listed = (await second.get(SESSIONS)).json()["items"]
        assert [one["current"] for one in listed] == [False, True, False]
        assert (listed[0]["address"], listed[0]["user_agent"]) == ("192.0.2.7", "Mozilla/5.0")
        assert (await second.delete(f"{SESSIONS}/{listed[0]['id']}")).status_code == 204
        problem_of(await third.get("/api/v1/bots"), 401)
        problem_of(await second.delete(f"{SESSIONS}/{listed[0]['id']}"), 404)
        problem_of(await second.delete(f"{SESSIONS}/session-{OTHER}"), 404)
        assert (await second.delete(SESSIONS)).json() == {"ended": 1}
        problem_of(await world.client.get("/api/v1/bots"), 401)
        assert [one["current"] for one in (await second.get(SESSIONS)).json()["items"]] == [True]


async def test_an_administrator_signs_a_user_out_and_revokes_his_tokens(world: World, admin: httpx.AsyncClient) -> None:
    token_id, token = await api_token(world)
    user = f"/api/v1/users/{OWNER}"
    assert len((await admin.get(f"{user}/sessions")).json()["items"]) == 1
    assert (await admin.delete(f"{user}/sessions")).json() == {"ended": 1}
    problem_of(await world.client.get("/api/v1/bots"), 401)
    async with program(world, token) as client:
        assert (await client.get("/api/v1/bots")).status_code == 200
        (listed,) = (await admin.get(f"{user}/tokens")).json()["items"]
        assert (listed["id"], listed["last_used_address"]) == (token_id, "10.0.0.1")
        problem_of(await admin.delete(f"/api/v1/users/{OTHER}/tokens/{token_id}"), 404)
        assert (await admin.delete(f"{user}/tokens/{token_id}")).status_code == 204
        problem_of(await client.get("/api/v1/bots"), 401)


async def test_an_administrator_ends_one_session_of_a_user(world: World, admin: httpx.AsyncClient) -> None:
    user = f"/api/v1/users/{OWNER}/sessions"
    async with await another_session(world) as lost:
        listed = (await admin.get(user)).json()["items"]
        (lost_id,) = [one["id"] for one in listed if one["address"] == "192.0.2.7"]
        problem_of(await admin.delete(f"/api/v1/users/{OTHER}/sessions/{lost_id}"), 404)
        problem_of(await world.client.delete(f"{user}/{lost_id}"), 403, "not_allowed")
        assert (await lost.get("/api/v1/auth/me")).status_code == 200
        assert (await admin.delete(f"{user}/{lost_id}")).status_code == 204
        problem_of(await lost.get("/api/v1/auth/me"), 401)
        assert (await world.client.get("/api/v1/auth/me")).status_code == 200
        problem_of(await admin.delete(f"{user}/{lost_id}"), 404)


async def test_tokens_do_what_their_scopes_say_and_never_reach_the_account(
    world: World, admin: httpx.AsyncClient
) -> None:
    bot_id = (await world.create())["id"]
    pause = f"/api/v1/bots/{bot_id}/pause"
    for scopes, may_trade in ((["read"], False), (["trade"], True), (["read", "trade"], True)):
        _, token = await api_token(world, scopes=scopes)
        async with program(world, token) as client:
            assert (await client.get("/api/v1/bots")).status_code == 200
            assert (await client.post(pause)).status_code == (202 if may_trade else 403)
            for method, path in (
                ("GET", TOKENS), ("POST", TOKENS), ("GET", SESSIONS), ("DELETE", SESSIONS), ("POST", SHARES),
                ("PATCH", "/api/v1/auth/me"), ("GET", "/api/v1/users"),
            ):  # fmt: skip
                problem_of(await client.request(method, path, json={}), 403, "not_allowed")
    for scopes, status in ((["admin"], 200), (["trade"], 403)):
        _, token = await api_token(world, admin, scopes=scopes)
        async with program(world, token) as client:
            assert (await client.get("/api/v1/users")).status_code == status
            problem_of(await client.post("/api/v1/users", json={"username": "ann"}), 403, "not_allowed")


async def test_a_token_is_told_once_kept_by_hash_and_expires(world: World) -> None:
    soon = utc_now() + timedelta(hours=1)
    token_id, token = await api_token(world, name="FreqUI", expires_at=soon.isoformat())
    listed = await world.client.get(TOKENS)
    assert token not in listed.text
    assert [(one["id"], one["name"], one["last_used_at"]) for one in listed.json()["items"]] == [
        (token_id, "FreqUI", None)
    ]
    async with world.rig.database.unit_of_work() as session:
        row = await session.get_one(ApiTokenModel, token_id)
        assert token not in str(row.model_dump())
        row.expires_at = utc_now() - timedelta(seconds=1)
    async with program(world, token) as client:
        problem_of(await client.get("/api/v1/bots"), 401)
    for late in (utc_now() - timedelta(seconds=1), utc_now() + timedelta(days=4000)):
        body = {"name": "t", "scopes": ["read"], "expires_at": late.isoformat()}
        assert problem_of(await world.client.post(TOKENS, json=body), 422)["params"]["field"] == "expires_at"
    await world.age_proof(OWNER)
    problem_of(await world.client.post(TOKENS, json={"name": "t", "scopes": ["read"]}), 403, "step_up_required")


async def test_a_look_that_a_revocation_overtook_is_not_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, revoked = asyncio.Event(), asyncio.Event()
    standing = sessions.standing

    async def slow(session: AsyncSession, session_ids: Collection[str]) -> dict[str, tuple[SessionModel, UserModel]]:
        found = await standing(session, session_ids)
        if doomed_id in session_ids and not looked.is_set():
            looked.set()
            await revoked.wait()
        return found

    async with await another_session(world) as doomed:
        (row, _) = (await world.client.get(SESSIONS)).json()["items"]
        doomed_id = row["id"]
        monkeypatch.setattr(sessions, "standing", slow)
        overtaken = asyncio.create_task(doomed.get("/api/v1/bots"))
        await looked.wait()
        assert (await world.client.delete(f"{SESSIONS}/{doomed_id}")).status_code == 204
        revoked.set()
        assert (await overtaken).status_code == 200
        problem_of(await doomed.get("/api/v1/bots"), 401)


async def test_a_look_that_breaks_is_not_the_last(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, standing = asyncio.Event(), sessions.standing

    async def breaks_once(
        session: AsyncSession, session_ids: Collection[str]
    ) -> dict[str, tuple[SessionModel, UserModel]]:
        if not broken.is_set():
            broken.set()
            raise ValueError("a row that nobody thought of")
        return await standing(session, session_ids)

    monkeypatch.setattr(sessions, "standing", breaks_once)
    async with asyncio.timeout(60), world.app.state.auth.principals.until_ended(subject_of(OWNER)):
        await broken.wait()
        async with world.rig.database.unit_of_work() as session:
            (await session.get_one(SessionModel, f"session-{OWNER}")).revoked_at = utc_now()
        await asyncio.Event().wait()


@dataclass
class Held:
    """A portfolio stream, a followed log and a WebSocket, all of one caller at one server."""

    reading: list[asyncio.Task[None]] = field(default_factory=list)
    begun: int = 0

    async def follow(self, client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> None:
        async with client.stream("GET", path, headers=headers, timeout=None) as answer:
            assert answer.status_code == 200, await answer.aread()
            first = True
            async for _ in answer.aiter_raw():
                self.begun += first
                first = False

    async def talk(self, base: str, bot_id: str, headers: dict[str, str]) -> None:
        url = f"{base.replace('http', 'ws', 1)}/api/v1/bots/{bot_id}/freqtrade/api/v1/message/ws"
        async with connect(url, additional_headers=headers, proxy=None, open_timeout=60) as socket:
            await socket.send("hello")
            await socket.recv()
            self.begun += 1
            with contextlib.suppress(ConnectionClosed):
                await socket.recv()

    @property
    def left(self) -> int:
        return sum(not task.done() for task in self.reading)


@contextlib.asynccontextmanager
async def holding(
    servers: list[httpx.AsyncClient], token: str, bot_id: str | None, portfolio_of: str = ""
) -> AsyncIterator[Held]:
    """Everything that lasts, open at each of the servers."""
    held, headers = Held(), {"Authorization": f"Bearer {token}"}
    stream = "/api/v1/portfolio/stream" + (f"?user={portfolio_of}" if portfolio_of else "")
    for server in servers:
        held.reading.append(asyncio.create_task(held.follow(server, stream, headers)))
        if bot_id is not None:
            logs = f"/api/v1/bots/{bot_id}/logs?follow=true"
            held.reading.append(asyncio.create_task(held.follow(server, logs, headers)))
            held.reading.append(asyncio.create_task(held.talk(str(server.base_url).rstrip("/"), bot_id, headers)))
    try:
        await eventually(lambda: held.begun == len(held.reading) or held.left < len(held.reading))
        await asyncio.gather(*(task for task in held.reading if task.done()))  # raises what went wrong
        assert held.left == len(held.reading)
        yield held
        await asyncio.gather(*(task for task in held.reading if task.done()))
    finally:
        for task in held.reading:
            task.cancel()
        await asyncio.gather(*held.reading, return_exceptions=True)


async def ends_soon(held: Held, act: Callable[[], Awaitable[httpx.Response]]) -> None:
    answer = await act()
    assert answer.status_code in (200, 204), answer.text
    began = time.monotonic()
    await eventually(lambda: held.left == 0, message="what was open has ended")
    assert time.monotonic() - began < SOON


@contextlib.asynccontextmanager
async def two_processes(world: World) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Servers over one database that know nothing of each other, as two processes are."""
    second = World(world.rig, world.agent, world.settings)
    async with second.client, world.serving() as here, second.serving() as there:
        yield [here, there]


async def test_what_a_session_or_token_holds_open_ends_with_it(world: World, admin: httpx.AsyncClient) -> None:
    bot_id = await world.placed()
    token_id, token = await api_token(world)
    async with two_processes(world) as servers, await another_session(world) as doomed:
        session_token = doomed.headers["Authorization"].removeprefix("Bearer ")
        (listed, _) = (await world.client.get(SESSIONS)).json()["items"]
        async with holding(servers, session_token, bot_id) as held, holding(servers, token, bot_id) as other:
            await ends_soon(held, lambda: world.client.delete(f"{SESSIONS}/{listed['id']}"))
            assert other.left == len(other.reading)
            await ends_soon(other, lambda: world.client.delete(f"{TOKENS}/{token_id}"))
        _, token = await api_token(world)
        async with holding(servers, token, bot_id) as held:
            await ends_soon(held, lambda: admin.post(f"/api/v1/users/{OWNER}/deactivate", json={}))


async def test_what_is_open_by_a_share_ends_with_it_and_nothing_else_does(world: World) -> None:
    bot_id = await world.placed()
    async with two_processes(world) as servers, world.client_of(OTHER) as other:
        token = other.headers["Authorization"].removeprefix("Bearer ")
        single = await share(world.client, OTHER, "operate", bot_id)
        async with holding(servers, token, None) as own:
            async with holding(servers, token, bot_id) as held:
                assert (await world.client.delete(f"{SHARES}/{single}")).status_code == 204
                streams = len(servers)  # of his own portfolio, which go on
                await eventually(lambda: held.left == streams, message="log and WebSocket have ended")
            whole = await share(world.client, OTHER)
            async with holding(servers, token, None, portfolio_of=OWNER) as held:
                await ends_soon(held, lambda: world.client.delete(f"{SHARES}/{whole}"))
            assert own.left == len(own.reading)
