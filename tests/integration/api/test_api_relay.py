"""The relay to a bot's own API, its WebSocket, and its log."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.quota import Quota
from orchestrator.errors import TooManyRequests
from orchestrator.pools import relaying
from pool.contract.errors import AgentErrorCode
from tests.fakes.fake_agent import TOKEN
from tests.integration.api.world import OTHER, OWNER, World, open_world, problem_of, token_of
from tests.support import eventually


def _relay(bot_id: str, path: str) -> str:
    return f"/api/v1/bots/{bot_id}/freqtrade/api/v1/{path}"


async def test_a_call_reaches_the_bot_and_its_answer_comes_back(world: World) -> None:
    url = _relay(await world.placed(), "pair_candles")
    answer = await world.client.post(
        url, params=[("pair", "BTC/USDT"), ("pair", "ETH/USDT"), ("x", "a b")], json={"columns": ["é"]},
        headers={"Cookie": "secret=1"},
    )  # fmt: skip
    told = answer.json()
    assert (told["method"], told["path"]) == ("POST", "pair_candles")
    assert told["query"] == [["pair", "BTC/USDT"], ["pair", "ETH/USDT"], ["x", "a b"]]
    assert json.loads(told["body"]) == {"columns": ["é"]}
    assert told["headers"]["content-type"] == "application/json"
    assert told["headers"]["authorization"] == f"Bearer {TOKEN}"
    assert "cookie" not in told["headers"]
    assert TOKEN not in str(answer.headers)


async def test_status_headers_and_type_are_the_bots_own(world: World) -> None:
    bot_id = await world.placed()
    answer = await world.client.get(_relay(bot_id, "version?fake=teapot"))
    assert (answer.status_code, answer.text) == (418, "short and stout")
    assert answer.headers.get_list("x-bot") == ["yes", "twice"]
    assert answer.headers["content-type"].startswith("text/plain")
    assert "set-cookie" not in answer.headers
    answer = await world.client.get(_relay(bot_id, "trade/77?fake=unknown"))
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


async def test_big_answers_come_whole(world: World) -> None:
    answer = await world.client.get(_relay(await world.placed(), "trades?fake=big"))
    assert len(answer.content) == 5_000_000


async def test_a_short_answer_of_which_half_came_is_told_and_not_passed_on(world: World) -> None:
    problem_of(await world.client.get(_relay(await world.placed(), "status?fake=cut")), 503, "agent_unreachable")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "backtest", 403, "relay_refused"), ("POST", "download_data", 403, "relay_refused"),
        ("DELETE", "background/clear", 403, "relay_refused"), ("GET", "pair_history?pair=x", 403, "relay_refused"),
        ("GET", "plot_config?strategy=Other", 403, "relay_refused"),
        ("GET", "stop", 405, "method_not_allowed"), ("PUT", "status", 405, "method_not_allowed"),
        ("OPTIONS", "version", 405, "method_not_allowed"), ("DELETE", "trades", 405, "method_not_allowed"),
        ("POST", "stop/", 404, "not_found"), ("POST", "/stop", 404, "not_found"),
        ("GET", "anything-new", 404, "not_found"),
        ("DELETE", "trades/../stop", 404, "not_found"), ("POST", "trades/..%2fstop", 404, "not_found"),
        ("GET", "..%2f..%2fversion", 404, "not_found"), ("GET", "", 404, "not_found"),
    ],
)  # fmt: skip
async def test_what_freqtrade_does_not_have_or_would_break_the_pools_ownership_never_reaches_the_bot(
    world: World, method: str, path: str, status: int, code: str
) -> None:
    answer = await world.client.request(method, f"{_relay(await world.placed(), '')}{path.replace('..', '%2e%2e')}")
    problem_of(answer, status, code)
    asked = [call for call in world.agent.calls if "/api/" in call[1]]
    assert asked == []


async def test_a_method_that_is_not_offered_is_told_with_those_that_are(world: World) -> None:
    bot_id = await world.placed()
    assert (await world.client.put(_relay(bot_id, "blacklist"))).headers["allow"] == "DELETE, GET, POST"
    head = await world.client.head(_relay(bot_id, "version"))
    assert (head.status_code, head.headers["allow"], head.content) == (405, "GET", b"")


async def test_a_bot_without_a_pool_is_not_running(world: World) -> None:
    bot_id = (await world.create())["id"]
    for path in ("/logs", "/logs?follow=true", "/freqtrade/api/v1/status"):
        problem_of(await world.client.get(f"/api/v1/bots/{bot_id}{path}"), 409, "bot_not_running")


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (AgentErrorCode.BOT_NOT_RUNNING, 409, "bot_not_running"),
        (AgentErrorCode.SLOT_NOT_FOUND, 409, "bot_not_running"),
        (AgentErrorCode.BOT_NOT_ANSWERING, 504, "relay_timeout"),
        (AgentErrorCode.RELAY_REFUSED, 403, "relay_refused"),
    ],
)
async def test_the_agents_own_refusals(world: World, problem: AgentErrorCode, status: int, code: str) -> None:
    bot_id = await world.placed()
    world.agent.problem = problem
    problem_of(await world.client.get(_relay(bot_id, "status")), status, code)


async def test_an_agent_that_is_gone(world: World) -> None:
    bot_id = await world.placed()
    await world.agent.stop()
    for url in (_relay(bot_id, "status"), f"/api/v1/bots/{bot_id}/logs", f"/api/v1/bots/{bot_id}/logs?follow=true"):
        answer = await world.client.get(url)
        problem_of(answer, 503, "agent_unreachable")
        assert int(answer.headers["retry-after"]) > 0


async def test_a_relayed_body_has_a_limit_of_its_own(tmp_path: Path) -> None:
    async with open_world(tmp_path, body_limit_bytes=1024, relay_body_limit_bytes=4096) as world:
        url = _relay(await world.placed(), "forceenter")
        assert (await world.client.post(url, content=b"x" * 4000)).status_code == 200
        problem_of(await world.client.post(url, content=b"x" * 5000), 413, "body_too_large")


@pytest.mark.parametrize(("fake", "status"), [("endless", 200), ("endless-refusal", 400)])
async def test_a_client_that_goes_ends_the_answer_of_the_bot(world: World, fake: str, status: int) -> None:
    bot_id = await world.placed()
    async with world.serving() as client:
        async with client.stream("GET", _relay(bot_id, f"logs?fake={fake}")) as answer:
            assert answer.status_code == status
            await anext(answer.aiter_bytes())
            assert world.agent.streaming == 1
        await eventually(lambda: world.agent.streaming == 0, message="the bot's answer ends")


@pytest.mark.parametrize(("most", "value"), [("_MOST_READ_BYTES", 100), ("_READ_SECONDS", 0.1)])
async def test_what_has_to_be_read_whole_has_an_end(
    world: World, monkeypatch: pytest.MonkeyPatch, most: str, value: float
) -> None:
    monkeypatch.setattr(relaying, most, value)
    bot_id = await world.placed()
    given = {"user": OTHER, "what": "bot", "bot_id": bot_id, "level": "view"}
    assert (await world.client.post("/api/v1/shares", json=given)).status_code == 201
    async with world.client_of(OTHER) as other, asyncio.timeout(60):
        problem_of(await other.get(_relay(bot_id, "strategy/Mine?fake=endless")), 503, "agent_unreachable")
    await eventually(lambda: world.agent.streaming == 0, message="the bot's answer ends")


async def test_the_end_of_a_log(world: World) -> None:
    url = f"/api/v1/bots/{await world.placed()}/logs"
    assert (await world.client.get(url)).json() == {"items": ["one", "two"], "next": None}
    assert problem_of(await world.client.get(url, params={"tail": 0}), 422)["params"]["field"] == "tail"


async def _first_lines(answer: httpx.Response, count: int) -> list[str]:
    lines: list[str] = []
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            lines.append(line.removeprefix("data: "))
        if len(lines) == count:
            break
    return lines


async def test_following_a_log_ends_at_the_agent_when_the_client_goes(world: World) -> None:
    url = f"/api/v1/bots/{await world.placed()}/logs"
    async with world.serving() as client:
        async with client.stream("GET", url, params={"follow": "true"}) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert await _first_lines(answer, 4) == ["one", "two", "more", "more"]
            assert world.agent.followers == 1
        await eventually(lambda: world.agent.followers == 0, message="the agent's stream ends")


async def test_a_quiet_log_keeps_nobody_waiting(world: World) -> None:
    url = f"/api/v1/bots/{await world.placed()}/logs"
    world.agent.quiet = True
    async with world.serving() as client:
        async with asyncio.timeout(30), client.stream("GET", url, params={"follow": "true"}) as answer:
            assert answer.status_code == 200
        await eventually(lambda: world.agent.followers == 0, message="the agent's stream ends")


async def test_a_follower_is_told_when_the_agent_goes(world: World) -> None:
    url = f"/api/v1/bots/{await world.placed()}/logs"
    async with world.serving() as client, client.stream("GET", url, params={"follow": "true"}) as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        await world.agent.stop()
        rest = [line async for line in lines]
    assert "event: error" in rest


async def test_a_user_follows_so_many_logs_and_no_more(tmp_path: Path) -> None:
    async with open_world(tmp_path, log_streams_per_user=1) as world:
        url = f"/api/v1/bots/{await world.placed()}/logs"
        async with world.serving() as client:
            async with client.stream("GET", url, params={"follow": "true"}) as answer:
                assert answer.status_code == 200
                refused = await client.get(url, params={"follow": "true"})
                problem_of(refused, 429, "too_many_requests")
                assert int(refused.headers["retry-after"]) > 0
                assert (await client.get(url)).status_code == 200

            async def free() -> bool:
                async with client.stream("GET", url, params={"follow": "true"}) as again:
                    return again.status_code == 200

            await eventually(free, message="the place is free again")


async def test_a_user_holds_so_many_streams_and_no_more(tmp_path: Path) -> None:
    async with open_world(tmp_path, portfolio_streams_per_user=1) as world, world.serving() as client:
        url = "/api/v1/portfolio/stream"
        assert (await client.get(url, params={"user": "nobody"})).status_code == 404
        async with client.stream("GET", url) as answer:
            assert answer.status_code == 200
            problem_of(await client.get(url), 429, "too_many_requests")

        async def free() -> bool:
            async with client.stream("GET", url) as again:
                return again.status_code == 200

        await eventually(free, message="the place is free again")


def test_a_quota_is_per_user() -> None:
    quota = Quota(1, "things")
    with quota.taken("a"), quota.taken("b"), pytest.raises(TooManyRequests), quota.taken("a"):
        pass
    assert quota.open == 0


def _socket(client: httpx.AsyncClient, bot_id: str, query: str = "", token: str | None = None) -> connect:
    base = str(client.base_url).replace("http", "ws").rstrip("/")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return connect(
        f"{base}{_relay(bot_id, 'message/ws')}{query}", additional_headers=headers, proxy=None, open_timeout=60
    )


async def _converse(socket: ClientConnection) -> None:
    async with asyncio.timeout(60):
        await socket.send("hello")
        assert await socket.recv() == "bot heard hello"


async def _closing(socket: ClientConnection) -> tuple[int, str]:
    """Code and reason that come."""
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(60):
            await socket.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def test_a_websocket_is_relayed_both_ways_and_closed_on_both_sides(world: World) -> None:
    bot_id = await world.placed()
    async with world.serving() as client:
        async with _socket(client, bot_id, token=token_of(OWNER)) as socket:
            await _converse(socket)
            assert world.agent.sockets == 1
        await eventually(lambda: world.agent.sockets == 0, message="the bot's side is closed")
        async with _socket(client, bot_id, token=token_of(OWNER)) as socket:
            await socket.send("go away")
            assert await _closing(socket) == (4001, "Gone away.")
        async with _socket(client, bot_id, token=token_of(OWNER)) as socket:
            await socket.send("break off")
            assert (await _closing(socket))[0] == 1013


async def test_a_ticket_opens_a_websocket_once(world: World) -> None:
    bot_id = await world.placed()
    async with world.serving() as client:
        ticket = (await client.post("/api/v1/auth/tickets", json={"purpose": "freqtrade"})).json()["ticket"]
        async with _socket(client, bot_id, f"?ticket={ticket}") as socket:
            await _converse(socket)
        other = (await client.post("/api/v1/auth/tickets", json={"purpose": "portfolio"})).json()["ticket"]
        for spent in (ticket, other):
            with pytest.raises(InvalidStatus) as refused:
                async with _socket(client, bot_id, f"?ticket={spent}"):
                    pass
            assert refused.value.response.status_code == 401


async def test_a_user_holds_so_many_websockets_and_no_more(tmp_path: Path) -> None:
    async with open_world(tmp_path, relay_websockets_per_user=1) as world:
        bot_id = await world.placed()
        async with world.serving() as client, _socket(client, bot_id, token=token_of(OWNER)) as socket:
            await _converse(socket)
            with pytest.raises(InvalidStatus) as refused:
                async with _socket(client, bot_id, token=token_of(OWNER)):
                    pass
            assert refused.value.response.status_code == 429


async def test_a_websocket_to_a_bot_that_does_not_run_or_answer(world: World) -> None:
    placed, waiting = await world.placed(), (await world.create("two"))["id"]
    async with world.serving() as client:
        for bot_id, status in ((waiting, 409), (placed, 503)):
            if bot_id == placed:
                await world.agent.stop()
            with pytest.raises(InvalidStatus) as refused:
                async with _socket(client, bot_id, token=token_of(OWNER)):
                    pass
            assert refused.value.response.status_code == status
