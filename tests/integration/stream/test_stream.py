"""The live stream over a real server: what comes, how to resume, who is dropped."""

import asyncio
import contextlib
import socket
import time
from typing import Any

import httpx
import pytest

from api.stream import encoding
from api.stream.transport import WriteDeadlineProtocol
from orchestrator.kit.clock import utc_now
from orchestrator.portfolio.task import PortfolioTask
from orchestrator.users.models import ShareModel
from tests.fakes.portfolio_world import PortfolioWorld
from tests.integration.stream.conftest import token_of
from tests.integration.stream.sse import Served
from tests.support import eventually

TOPIC = "user.user-1"


def without_ages(body: dict[str, Any]) -> dict[str, Any]:
    bots = [{key: value for key, value in bot.items() if key != "age_seconds"} for bot in body["bots"]]
    return {key: value for key, value in body.items() if key != "as_of"} | {"bots": bots}


async def test_a_portfolio_comes_at_connect_with_the_body_of_get(served: Served) -> None:
    async with served.stream() as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        event = await stream.next()
    assert event.name == "portfolio"
    assert event.id
    assert without_ages(event.data) == without_ages((await served.client.get("/api/v1/portfolio")).json())


async def test_what_is_published_follows_in_order_with_ids(served: Served) -> None:
    async with served.stream() as stream:
        await stream.next()
        kinds = ["bot", "trade", "alert", "trade"]
        cursors = [await served.bus.publish(TOPIC, kind, {"n": n}) for n, kind in enumerate(kinds)]
        await served.bus.publish("user.other", "bot", {"n": 99})
        events = await stream.take(4)
    assert [event.name for event in events] == kinds
    assert [event.data for event in events] == [{"n": n} for n in range(4)]
    assert [event.id for event in events] == cursors


async def test_who_sees_a_shared_portfolio_hears_nothing_of_wallets_and_keys(
    served: Served, world: PortfolioWorld
) -> None:
    await world.add_user("user-2")
    async with world.database.unit_of_work() as session:
        session.add(
            ShareModel(
                id="share-1", owner_id="user-1", grantee_id="user-2", what="portfolio", level="view",
                created_at=utc_now(),
            )
        )  # fmt: skip
    headers = {"Authorization": f"Bearer {token_of('user-2')}"}
    async with served.stream() as own, served.stream("/api/v1/portfolio/stream?user=user-1", **headers) as shared:
        first = await shared.next()
        await own.next()
        kinds = ["account.unreadable", "finding.balance", "key.expires", "Hung"]
        for kind in kinds:
            await served.bus.publish(TOPIC, "alert", {"type": kind})
        assert [event.data["type"] for event in await own.take(4)] == kinds
        assert (await shared.next()).data == {"type": "Hung"}
    async with served.stream(
        "/api/v1/portfolio/stream?user=user-1", **headers, **{"Last-Event-ID": str(first.id)}
    ) as again:
        assert (await again.next()).data == {"type": "Hung"}, "nor later"


async def test_a_change_comes_as_a_portfolio_at_most_once_a_second(served: Served, world: PortfolioWorld) -> None:
    task = asyncio.create_task(PortfolioTask(world.database, served.bus, served.app.state.services.portfolio).run())
    try:
        async with served.stream() as stream:
            assert (await stream.next()).data["equity"] == "1100"
            arrivals = [time.monotonic()]
            for equity in ("1200", "1300"):
                await world.report("bot-a", equity)
                await served.bus.publish("portfolio", "changed", {"user_id": "user-1"})
                event = await stream.next()
                while event.data["equity"] != equity:
                    arrivals.append(time.monotonic())
                    event = await stream.next()
                assert event.name == "portfolio"
                arrivals.append(time.monotonic())
        assert arrivals[-1] - arrivals[0] > 0.6 * (len(arrivals) - 1), "what arrives late is followed sooner"
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def rebuilt(before: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """As the description of the stream says it."""
    bots = {bot["id"]: bot for bot in before["bots"]}
    for told in change["bots"]:
        bots[told["id"]] = {**bots.get(told["id"], {}), **told}
    fields = {key: value for key, value in change.items() if key not in ("since", "order", "bots")}
    return {**before, **fields, "bots": [bots[bot_id] for bot_id in change.get("order", list(bots))]}


async def test_changes_give_the_same_portfolios_as_whole_ones(served: Served, world: PortfolioWorld) -> None:
    await world.add_bot("bot-b")
    await world.report("bot-b", "500")
    whole_path, path = "/api/v1/portfolio/stream", "/api/v1/portfolio/stream?changes=true"
    service = served.app.state.services.portfolio

    async def publish() -> None:
        portfolio = (await service.portfolios({"user-1"}))["user-1"]
        await served.bus.publish(TOPIC, "portfolio", portfolio.model_dump(mode="json"))

    async with served.stream(whole_path) as whole, served.stream(path) as changing:
        first = await whole.next()
        event = await changing.next()
        assert (event.name, event.id) == ("portfolio", first.id)
        assert without_ages(event.data) == without_ages(first.data)
        known, last = event.data, event.id
        for act in ("bot-a gains", "bot-c comes", "bot-b goes", "nothing"):
            if act == "bot-a gains":
                await world.report("bot-a", "1250")
            elif act == "bot-c comes":
                await world.add_bot("bot-c")
            elif act == "bot-b goes":
                await world.change_bot("bot-b", deleted_at=utc_now())
            await publish()
            expected, event = await whole.next(), await changing.next()
            assert (event.name, event.id) == ("change", expected.id)
            assert event.data["since"] == last, "what it builds on"
            known, last = rebuilt(known, event.data), event.id
            assert known == expected.data, act
            if act == "bot-a gains":
                told = {bot["id"]: bot for bot in event.data["bots"]}
                assert told["bot-a"]["equity"] == "1250"
                assert not told.keys() - {"bot-a"} or set(told["bot-b"]) <= {"id", "age_seconds"}, "no more than is new"
                assert "name" not in told["bot-a"]
                assert "currency" not in event.data
    assert last
    await publish()
    async with served.stream(path, **{"Last-Event-ID": last}) as stream:
        event = await stream.next()
        assert event.name == "portfolio", "the first of a connection is whole, whatever it was that the client has"
        await publish()
        change = await stream.next()
        assert (change.name, change.data["since"]) == ("change", event.id)


async def test_resuming_replays_exactly_what_followed(served: Served) -> None:
    async with served.stream() as stream:
        first = await stream.next()
        await served.bus.publish(TOPIC, "bot", {"n": 0})
        seen = await stream.next()
    assert first.id
    assert seen.id
    await eventually(lambda: not served.state.open, message="the closed stream is forgotten")
    for number in (1, 2):
        await served.bus.publish(TOPIC, "trade", {"n": number})
    async with served.stream(**{"Last-Event-ID": seen.id}) as stream:
        events = await stream.take(2)
        await served.bus.publish(TOPIC, "bot", {"n": 3})
        events.append(await stream.next())
    assert [event.data["n"] for event in events] == [1, 2, 3]
    async with served.stream(**{"Last-Event-ID": first.id}) as stream:
        assert [event.data["n"] for event in await stream.take(4)] == [0, 1, 2, 3]


@pytest.mark.parametrize("last", ["nonsense", "0123456789ab-5"])
async def test_an_id_that_is_not_remembered_gives_a_reset_and_a_fresh_portfolio(served: Served, last: str) -> None:
    async with served.stream(**{"Last-Event-ID": last}) as stream:
        reset, portfolio = await stream.take(2)
        await served.bus.publish(TOPIC, "bot", {"n": 1})
        assert (await stream.next()).data == {"n": 1}
    assert (reset.name, reset.id) == ("reset", None)
    assert (portfolio.name, portfolio.data["equity"]) == ("portfolio", "1100")
    assert portfolio.id


async def test_of_portfolios_the_newest_is_replayed_and_does_not_wait(served: Served) -> None:
    first = await served.bus.publish(TOPIC, "bot", {})
    for number in range(20):
        await served.bus.publish(TOPIC, "portfolio", {"n": number})
        await served.bus.publish(TOPIC, "trade", {"n": number})
    began = time.monotonic()
    async with served.stream(**{"Last-Event-ID": first}) as stream:
        told = [(event.name, event.data["n"]) for event in await stream.take(21)]
        assert told == [*(("trade", number) for number in range(19)), ("portfolio", 19), ("trade", 19)]
        await served.bus.publish(TOPIC, "portfolio", {"n": "live"})
        assert (await stream.next()).data == {"n": "live"}
        assert time.monotonic() - began > 0.8


async def test_an_id_that_fell_out_of_the_ring_resets_too(served: Served) -> None:
    first = await served.bus.publish(TOPIC, "bot", {})
    for _ in range(60):
        await served.bus.publish(TOPIC, "bot", {})
    async with served.stream(**{"Last-Event-ID": first}) as stream:
        assert [event.name for event in await stream.take(2)] == ["reset", "portfolio"]


async def test_comments_come_when_nothing_else_does(served: Served) -> None:
    served.state.heartbeat_seconds = 0.05
    async with served.stream() as stream:
        await stream.next()
        assert (await stream.next(comments=True)).comment
        assert (await stream.next(comments=True)).comment
        await served.bus.publish(TOPIC, "bot", {"n": 1})
        assert (await stream.next()).data == {"n": 1}, "a heartbeat loses no message"


async def test_a_ticket_opens_one_stream(served: Served) -> None:
    answer = await served.client.post("/api/v1/auth/tickets", json={"purpose": "portfolio"})
    path = f"/api/v1/portfolio/stream?ticket={answer.json()['ticket']}"
    async with httpx.AsyncClient(base_url=served.client.base_url, timeout=60) as browser:
        async with browser.stream("GET", path) as response:
            assert response.status_code == 200
        second = await browser.get(path)
    assert second.status_code == 401
    assert "ticket" in second.json()["detail"]


async def test_a_token_of_nobody_is_told_before_the_stream_begins(served: Served) -> None:
    headers = {"Authorization": f"Bearer {token_of('gone')}"}
    response = await served.client.get("/api/v1/portfolio/stream", headers=headers)
    assert response.status_code == 401
    assert response.json()["code"] == "unauthenticated"


async def test_a_stream_holds_no_database_session(served: Served, world: PortfolioWorld) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(10):
            stream = await stack.enter_async_context(served.stream())
            await stream.next()
        pool: Any = world.database.engine.pool
        await eventually(lambda: pool.checkedout() == 0, message="only looks at who may listen take one for a moment")


async def test_a_client_that_leaves_is_forgotten(served: Served) -> None:
    async with served.stream() as stream:
        await stream.next()
        assert len(served.state.open) == 1
    await eventually(lambda: not served.state.open, message="the stream ended")


async def test_a_client_that_does_not_read_is_cut_off_and_holds_nobody_up(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WriteDeadlineProtocol, "write_seconds", 2.0)
    loop = asyncio.get_running_loop()
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        await loop.sock_connect(deaf, ("127.0.0.1", served.port))
        request = f"GET /api/v1/portfolio/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.token}\r\n\r\n"
        await loop.sock_sendall(deaf, request.encode())
        await eventually(lambda: len(served.state.open) == 1, message="the deaf client's stream is open")
        async with served.stream() as stream:
            await stream.next()
            for number in range(60):
                await served.bus.publish(TOPIC, "bot", {"n": number, "text": "x" * 200_000})
                assert (await stream.next()).data["n"] == number
            await eventually(lambda: len(served.state.open) == 1, message="the deaf client is dropped")
            await eventually(lambda: len(served.server.server_state.connections) <= 2, message="its connection is gone")
            await served.bus.publish(TOPIC, "bot", {"n": "still there"})
            assert (await stream.next()).data["n"] == "still there"


async def test_streams_end_promptly_when_the_server_stops(served: Served) -> None:
    async with contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(served.stream()) for _ in range(5)]
        for stream in streams:
            await stream.next()
        began = time.monotonic()
        served.server.should_exit = True
        for stream in streams:
            assert await stream.until_end() == [], "a clean end, so that the client comes back by itself"
        await asyncio.wait_for(served.serving, 60)
    assert time.monotonic() - began < 15, "not as long as the server waits for others"


async def test_many_streams_share_one_encoding(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []
    original = encoding._json
    monkeypatch.setattr(encoding, "_json", lambda body: encoded.append("x") or original(body))
    async with contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(served.stream()) for _ in range(50)]
        for stream in streams:
            await stream.next()
        at_connect = len(encoded)
        await served.bus.publish(TOPIC, "bot", {"n": 1})
        for stream in streams:
            assert (await stream.next()).data == {"n": 1}
    assert at_connect < 25, "a portfolio is computed and encoded once a second, not once a stream"
    assert len(encoded) == at_connect + 1
