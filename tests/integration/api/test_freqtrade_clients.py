"""FreqTrade's own clients at a bot's address: HTTP Basic with every call, FreqUI's sign-in and its JWTs, the token of
the WebSocket; and who may do what there."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from loguru import logger
from pydantic import ValidationError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.cli.log import ToLoguru
from api.proxy.passes import Kind, Pass, issue
from api.proxy.rules import RULES, WEBSOCKET, Rule
from api.proxy.rules import Kind as RuleKind
from api.settings import ApiSettings
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.users import api_tokens
from orchestrator.users.models import ShareModel
from tests.integration.api.world import KEY, OTHER, OWNER, World, open_world, problem_of, token_of
from tests.support import eventually


class Seat:
    """A bot of OWNER, and those who come to it."""

    def __init__(self, world: World, bot_id: str) -> None:
        self.world = world
        self.bot_id = bot_id
        self.anonymous = world.client_of(None)

    def url(self, path: str) -> str:
        return f"/api/v1/bots/{self.bot_id}/freqtrade/api/v1/{path}"

    async def token(self, user_id: str = OWNER, *scopes: str, bot_ids: list[str] | None = None) -> str:
        async with self.world.rig.database.unit_of_work() as session:
            _, token = await api_tokens.create(session, user_id, "a client", scopes or ("trade",), bot_ids, None)
        return token

    async def share(self, level: str, what: str | None = None) -> None:
        """With OTHER."""
        async with self.world.rig.database.unit_of_work() as session:
            share = ShareModel(
                id=new_id("share"), owner_id=OWNER, grantee_id=OTHER, what=what or self.bot_id, level=level,
                created_at=utc_now(),
            )  # fmt: skip
            session.add(share)

    async def login(self, username: str, password: str) -> httpx.Response:
        return await self.anonymous.post(self.url("token/login"), json={}, auth=(username, password))

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self.anonymous.request(method, self.url(path), **options)

    async def bot(self) -> tuple[str, str, int, int]:
        """Desired state, open trades, generation, restarts asked for."""
        async with self.world.rig.database.read() as session:
            row = await session.get_one(BotModel, self.bot_id)
            return row.desired_state, row.open_trades, row.generation, row.restart_requested

    async def observe(self, state: str) -> None:
        async with self.world.rig.database.unit_of_work() as session:
            (await session.get_one(BotStatusModel, self.bot_id)).observed_state = state


@pytest.fixture
async def seat(world: World) -> AsyncIterator[Seat]:
    seat = Seat(world, await world.placed())
    async with seat.anonymous:
        yield seat


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_the_python_client_sends_basic_with_every_call(seat: Seat) -> None:
    token = await seat.token()
    answer = await seat.call("GET", "status", auth=(OWNER, token))
    assert answer.status_code == 200
    assert token not in json.dumps(answer.json()), "the bot does not get to see it"
    for username, password in ((OTHER, token), (OWNER, "a password"), (OWNER, "flt_" + "x" * 43), ("", token)):
        refused = await seat.call("GET", "status", auth=(username, password))
        problem_of(refused, 401, "unauthenticated")
        assert "basic" not in refused.headers.get("www-authenticate", "").lower(), "a browser would ask by itself"
    for junk in ("Basic", "Basic !!", f"Basic {base64.b64encode(b'no colon').decode()}", "Basic w7w="):
        problem_of(await seat.call("GET", "status", headers={"Authorization": junk}), 401, "unauthenticated")


async def test_ping_is_open_and_says_nothing(seat: Seat) -> None:
    for path in (seat.url("ping"), "/api/v1/bots/bot-nobodys/freqtrade/api/v1/ping"):
        answer = await seat.anonymous.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "pong"})
    assert (await seat.call("HEAD", "ping")).status_code == 200
    assert not [call for call in seat.world.agent.calls if "/api/" in call[1]]


async def test_frequi_signs_in_calls_and_refreshes(seat: Seat) -> None:
    """Its login form, its calls, and what it does after a 401."""
    token = await seat.token()
    tokens = (await seat.login(OWNER, token)).raise_for_status().json()
    assert set(tokens) == {"access_token", "refresh_token"}
    rows = (await seat.world.client.get("/api/v1/audit")).json()["items"]
    assert ("bot.freqtrade_sign_in", f"bot/{seat.bot_id}") in {(row["action"], row["subject"]) for row in rows}
    assert token not in json.dumps(rows)
    for path in ("show_config", "status", "balance"):
        assert (await seat.call("GET", path, headers=_bearer(tokens["access_token"]))).status_code == 200
    old = issue(await _pass_of(seat), Kind.ACCESS, KEY, timedelta(seconds=-1), utc_now())
    problem_of(await seat.call("GET", "status", headers=_bearer(old)), 401, "unauthenticated")
    refreshed = await seat.call("POST", "token/refresh", json={}, headers=_bearer(tokens["refresh_token"]))
    assert set(refreshed.raise_for_status().json()) == {"access_token"}
    access = refreshed.json()["access_token"]
    assert (await seat.call("GET", "status", headers=_bearer(access))).status_code == 200
    problem_of(await seat.call("POST", "token/refresh", headers=_bearer(access)), 401, "unauthenticated")
    problem_of(await seat.call("GET", "status", headers=_bearer(tokens["refresh_token"])), 401, "unauthenticated")
    for wrong in ((OWNER, "nonsense"), (OTHER, token)):
        problem_of(await seat.login(*wrong), 401, "unauthenticated")
    problem_of(await seat.call("POST", "token/login"), 401, "unauthenticated")


async def _pass_of(seat: Seat) -> Pass:
    async with seat.world.rig.database.read() as session:
        (row,) = await api_tokens.living(session, OWNER)
    return Pass(OWNER, row.id, seat.bot_id)


async def test_a_pass_is_for_one_bot_and_never_for_flotilla_itself(seat: Seat) -> None:
    tokens = (await seat.login(OWNER, await seat.token())).json()
    other = await seat.world.placed("two")
    for token in tokens.values():
        for url in ("/api/v1/bots", f"/api/v1/bots/{seat.bot_id}", f"/api/v1/bots/{other}/freqtrade/api/v1/status"):
            problem_of(await seat.anonymous.get(url, headers=_bearer(token)), 401, "unauthenticated")


async def test_what_ends_the_api_token_ends_its_passes(seat: Seat) -> None:
    token = await seat.token()
    tokens = (await seat.login(OWNER, token)).json()
    held = await _pass_of(seat)
    assert (await seat.call("GET", "status", headers=_bearer(tokens["access_token"]))).status_code == 200
    async with seat.world.rig.database.unit_of_work() as session:
        await api_tokens.revoke(session, OWNER, held.token_id, OWNER)

    async def ended() -> bool:
        calls = (
            await seat.call("GET", "status", headers=_bearer(tokens["access_token"])),
            await seat.call("POST", "token/refresh", headers=_bearer(tokens["refresh_token"])),
            await seat.call("GET", "status", auth=(OWNER, token)),
        )
        return [answer.status_code for answer in calls] == [401, 401, 401]

    await eventually(ended, message="within the half second that a look serves")


async def test_every_route_for_everyone(seat: Seat) -> None:
    """What each may do follows from the rule of the route."""
    two = await seat.world.placed("two")
    stranger = (OTHER, await seat.token(OTHER, "trade"))
    everyone: dict[str, tuple[str, str] | None] = {
        "nobody": None,
        "stranger": stranger,
        "owner with read": (OWNER, await seat.token(OWNER, "read")),
        "owner": (OWNER, await seat.token()),
        "other's bot": (OWNER, await seat.token(OWNER, "trade", bot_ids=[two])),
    }
    for who, auth in everyone.items():
        await _try_all(seat, who, auth)
    await seat.share("view")
    await _try_all(seat, "viewer", stranger)
    await seat.share("operate", "portfolio")
    await _try_all(seat, "operator", stranger)


async def _try_all(seat: Seat, who: str, auth: tuple[str, str] | None) -> None:
    for rule in RULES:
        if rule.method != WEBSOCKET and rule.path != "token/refresh":
            path = rule.path.replace("{", "").replace("}", "")
            answer = await seat.call(rule.method, path, **({} if auth is None else {"auth": auth}))
            assert answer.status_code == _expected(rule, who), f"{who}: {rule.method} {rule.path}: {answer.text}"


def _expected(rule: Rule, who: str) -> int:
    if rule.kind is RuleKind.OPEN:
        return 200
    if who == "nobody":
        return 401
    if who in ("stranger", "other's bot"):
        return 404
    may_steer = who in ("operator", "owner")
    match rule.kind:
        case RuleKind.SIGN_IN | RuleKind.READ:
            return 200
        case RuleKind.REFUSED:
            return 403
        case _:
            return 200 if may_steer else 403


CORS = {"cors_origins": ("http://frequi.example:3000",)}


async def test_frequi_on_another_origin(tmp_path: Path) -> None:
    """Preflights, answers and refusals, as a browser wants them where credentials are included, which FreqUI asks
    for."""
    async with open_world(tmp_path, **CORS) as world:
        seat = Seat(world, await world.placed())
        origin = {"Origin": CORS["cors_origins"][0]}
        async with seat.anonymous:
            for path, method in (("token/login", "POST"), ("ping", "GET"), ("blacklist", "DELETE")):
                asked = {"Access-Control-Request-Method": method}
                asked["Access-Control-Request-Headers"] = "authorization,content-type"
                preflight = await seat.call("OPTIONS", path, headers={**origin, **asked})
                assert preflight.status_code == 200, preflight.text
                assert method in preflight.headers["access-control-allow-methods"]
                _assert_open_to(preflight, origin["Origin"])
            token = await seat.token()
            login = await seat.call("POST", "token/login", json={}, auth=(OWNER, token), headers=origin)
            _assert_open_to(login, origin["Origin"])
            calls = (
                await seat.call("GET", "status", headers={**origin, **_bearer(login.json()["access_token"])}),
                await seat.call("GET", "status", headers={**origin, **_bearer("expired")}),
            )
            assert [answer.status_code for answer in calls] == [200, 401]
            for answer in calls:
                _assert_open_to(answer, origin["Origin"])
            elsewhere = await seat.call("GET", "ping", headers={"Origin": "http://elsewhere.example"})
            assert "access-control-allow-origin" not in elsewhere.headers


def _assert_open_to(answer: httpx.Response, origin: str) -> None:
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"


SAID = [
    ("running", "start", "already running", ("running", 0)),
    ("stopped", "start", "starting trader ...", ("running", 0)),
    ("paused", "start", "starting trader ...", ("running", 0)),
    ("running", "stop", "stopping trader ...", ("stopped", 0)),
    ("stopped", "stop", "already stopped", ("stopped", 0)),
    ("running", "pause", "paused, no more entries", ("paused", 0)),
    ("running", "stopbuy", "paused, no more entries", ("paused", 0)),
    ("stopped", "stopentry", "starting bot with trader in paused state", ("paused", 0)),
    ("running", "reload_config", "Reloading config ...", ("running", 1)),
    ("paused", "reload_config", "Reloading config ...", ("running", 1)),
    ("stopped", "reload_config", "Reloading config ...", ("running", 0)),
]
"""What was wanted before, what is said, FreqTrade's answer, and what is wanted then; how many restarts more."""


async def test_start_stop_pause_and_reload_become_what_is_wanted(seat: Seat) -> None:
    auth = (OWNER, await seat.token())
    for before, word, answer, after in SAID:
        async with seat.world.rig.database.unit_of_work() as session:
            row = await session.get_one(BotModel, seat.bot_id)
            row.desired_state, row.restart_requested = before, 0
        told = await seat.call("POST", word, auth=auth)
        assert told.status_code == 200
        assert told.json()["status"].startswith(answer), (before, word)
        desired, open_trades, _, restarts = await seat.bot()
        assert (desired, restarts) == after, (before, word)
        assert open_trades == "keep"
    assert not [call for call in seat.world.agent.calls if "/api/" in call[1]], "the bot itself is not told"


async def test_start_gives_a_bot_that_was_given_up_a_fresh_process(seat: Seat) -> None:
    await seat.observe("quarantined")
    told = await seat.call("POST", "start", auth=(OWNER, await seat.token()))
    assert told.json() == {"status": "starting trader ..."}
    assert (await seat.bot())[3] == 1


async def test_a_stopped_bot_can_still_be_asked_how_it_is_set_up(seat: Seat) -> None:
    waiting = (await seat.world.create("two"))["id"]
    answer = await seat.world.client.get(f"/api/v1/bots/{waiting}/freqtrade/api/v1/show_config")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["state"], told["bot_name"], told["strategy"]) == ("stopped", waiting, "TrendFollowing")
    refused = await seat.world.client.get(f"/api/v1/bots/{waiting}/freqtrade/api/v1/balance")
    problem_of(refused, 409, "bot_not_running")


async def test_the_source_of_a_strategy_is_its_owners(seat: Seat) -> None:
    await seat.share("view")
    source = {"strategy": "Mine", "code": "class Mine: pass", "params": []}
    seat.world.agent.told["strategy/Mine"] = source
    mine = await seat.call("GET", "strategy/Mine", auth=(OWNER, await seat.token()))
    assert mine.json() == source
    shared = await seat.call("GET", "strategy/Mine", auth=(OTHER, await seat.token(OTHER, "read")))
    assert shared.json() == {**source, "code": ""}
    assert int(shared.headers["content-length"]) == len(shared.content)


async def test_the_list_for_frequi_has_what_it_keeps_and_no_token(seat: Seat) -> None:
    await seat.world.create("two")
    token = await seat.token()
    answer = await seat.anonymous.get("/api/v1/freqtrade/bots", auth=(OWNER, token))
    told = answer.raise_for_status().json()
    assert [(bot["name"], bot["username"]) for bot in told["items"]] == [("one", OWNER), ("two", OWNER)]
    url = f"https://flotilla/api/v1/bots/{seat.bot_id}/freqtrade"
    assert told["items"][0]["url"] == url
    assert (await seat.anonymous.get(f"{url}/api/v1/status", auth=(OWNER, token))).status_code == 200
    kept = told["frequi"]["ftbot.0"]
    assert (kept["apiUrl"], kept["botName"], kept["username"]) == (url, "one", OWNER)
    assert (kept["accessToken"], kept["refreshToken"]) == ("", "")
    assert token not in answer.text
    single = await seat.token(OWNER, "read", bot_ids=[seat.bot_id])
    alone = await seat.anonymous.get("/api/v1/freqtrade/bots", auth=(OWNER, single))
    assert [bot["name"] for bot in alone.json()["items"]] == ["one"]
    problem_of(await seat.anonymous.get("/api/v1/freqtrade/bots"), 401, "unauthenticated")
    others = await seat.anonymous.get("/api/v1/freqtrade/bots", auth=(OTHER, await seat.token(OTHER)))
    assert others.json()["items"] == []


@pytest.mark.parametrize(
    ("named", "told", "origin"),
    [
        ("https://frequi.example", "https://frequi.example", "https://frequi.example"),
        (" HTTPS://Frequi.Example:443/ui/ ", "https://frequi.example/ui", "https://frequi.example"),
        ("http://10.0.0.5:3000/", "http://10.0.0.5:3000", "http://10.0.0.5:3000"),
    ],
)
async def test_a_frequi_that_is_named_is_told_and_may_call_bots(
    tmp_path: Path, named: str, told: str, origin: str
) -> None:
    async with open_world(tmp_path, frequi_url=named, cors_origins=("https://other.example",)) as world:
        assert (await world.client.get("/api/v1/freqtrade/bots")).json()["frequi_url"] == told
        bot_id = await world.placed()
        for allowed in (origin, "https://other.example"):
            headers = {"Origin": allowed}
            answer = await world.client.get(f"/api/v1/bots/{bot_id}/freqtrade/api/v1/ping", headers=headers)
            assert answer.headers["access-control-allow-origin"] == allowed
        headers = {"Origin": "https://elsewhere.example"}
        answer = await world.client.get(f"/api/v1/bots/{bot_id}/freqtrade/api/v1/ping", headers=headers)
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "named",
    [
        "frequi.example",
        "ftp://frequi.example",
        "https://",
        "https://a:b@c.example",
        "https://a.example/?x=1",
        "https://a.example/#x",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_of_a_frequi_is_refused_at_the_start(named: str) -> None:
    with pytest.raises(ValidationError, match="frequi_url"):
        ApiSettings(frequi_url=named)


async def test_without_a_frequi_none_is_told(seat: Seat) -> None:
    assert (await seat.world.client.get("/api/v1/freqtrade/bots")).json()["frequi_url"] is None
    assert ApiSettings(frequi_url="").frequi_url is None


def _socket(client: httpx.AsyncClient, seat: Seat, token: str | None, headers: dict[str, str] | None = None) -> connect:
    base = str(client.base_url).replace("http", "ws").rstrip("/")
    query = "" if token is None else f"?token={token}"
    return connect(f"{base}{seat.url('message/ws')}{query}", additional_headers=headers, proxy=None, open_timeout=60)


async def test_the_websocket_takes_a_short_lived_token_in_its_address_which_no_log_shows(seat: Seat) -> None:
    api_token = await seat.token()
    access = (await seat.login(OWNER, api_token)).json()["access_token"]
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(str(message)), level=0)
    handler, uvicorn_log = ToLoguru(), logging.getLogger("uvicorn.error")
    uvicorn_log.addHandler(handler)
    level = uvicorn_log.level
    uvicorn_log.setLevel(logging.INFO)
    try:
        async with seat.world.serving() as client:
            for token, headers in ((access, {}), (None, _bearer(api_token))):
                async with _socket(client, seat, token, headers) as socket, asyncio.timeout(60):
                    await socket.send("hello")
                    assert await socket.recv() == "bot heard hello"
            refresh = issue(await _pass_of(seat), Kind.REFRESH, KEY, timedelta(days=1), utc_now())
            for token in (refresh, api_token, token_of(OWNER), "nonsense", ""):
                with pytest.raises(InvalidStatus) as refused:
                    async with _socket(client, seat, token):
                        pass
                assert refused.value.response.status_code == 401
    finally:
        uvicorn_log.removeHandler(handler)
        uvicorn_log.setLevel(level)
        logger.remove(sink)
    written = "".join(lines)
    assert "message/ws?token=***" in written, "uvicorn tells of each WebSocket"
    for secret in (access, api_token, refresh):
        assert secret not in written


async def test_a_revoked_token_ends_its_websockets_within_a_second(seat: Seat) -> None:
    access = (await seat.login(OWNER, await seat.token())).json()["access_token"]
    async with seat.world.serving() as client, _socket(client, seat, access) as socket:
        held = await _pass_of(seat)
        async with seat.world.rig.database.unit_of_work() as session:
            await api_tokens.revoke(session, OWNER, held.token_id, OWNER)
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(30):
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        await eventually(lambda: seat.world.agent.sockets == 0, message="the bot's side is closed")
