"""The client of an agent: calls, streams, the relay, and what becomes of every failure."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator

import pytest

from orchestrator.errors import (
    AgentOutdated,
    AgentUnreachable,
    BotNotRunning,
    Error,
    NoCapacity,
    NotFound,
    RelayRefused,
    StaleEpoch,
)
from orchestrator.pools.client import AgentClient, AgentEndpoint
from orchestrator.pools.directory import AgentDirectory
from pool.contract.errors import AgentErrorCode
from pool.contract.events import EventItem, EventType
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.contract.risk import Grant, Mode, RiskOrder
from pool.contract.slots import DesiredState, SlotSpec, StrategySource
from tests.fakes.fake_agent import FakeAgent, LyingAgent, NeverAgent, snapshot

SPEC = SlotSpec(
    epoch=2,
    generation=1,
    desired=DesiredState.RUNNING,
    exchange="paper",
    config={},
    strategy=StrategySource(class_name="S", source=""),
)


@contextlib.asynccontextmanager
async def client_of(fake: FakeAgent) -> AsyncIterator[AgentClient]:
    async with fake:
        assert fake.endpoint is not None
        client = AgentClient(fake.pool_id, fake.endpoint)
        try:
            yield client
        finally:
            await client.aclose()


async def test_slots_come_and_go() -> None:
    async with client_of(FakeAgent()) as client:
        assert (await client.health()).incarnation == "first"
        assert (await client.pool()).pool_id == "pool-a"
        slot = await client.put_slot("b", SPEC)
        assert await client.slots() == [slot] == [await client.slot("b")]
        await client.restart("b", 2)
        assert await client.logs("b") == ["one", "two"]
        with pytest.raises(StaleEpoch):
            await client.put_slot("b", SPEC.model_copy(update={"epoch": 1}))
        with pytest.raises(StaleEpoch):
            await client.delete_slot("b", 1)
        assert await client.delete_slot("b", 2)
        assert await client.delete_slot("b", 2), "gone is gone"
        with pytest.raises(NotFound):
            await client.slot("b")


async def test_slots_are_listed_without_what_is_large() -> None:
    fake = FakeAgent()
    async with client_of(fake) as client:
        slot = await client.put_slot("b", SPEC)
        fake.slots["b"] = slot.model_copy(update={"snapshot": snapshot()})
        assert await client.slots(snapshots=False) == [slot]
        assert await client.slots() == [fake.slots["b"]]


async def test_marks_of_books_are_told_by_agents_that_know_of_them() -> None:
    fake = FakeAgent()
    async with client_of(fake) as client:
        with pytest.raises(AgentOutdated):
            await client.book_marks()
        fake.marks = {"b": "a-mark"}
        assert (await client.book_marks()).marks == {"b": "a-mark"}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (AgentErrorCode.POOL_FULL, NoCapacity),
        (AgentErrorCode.BOT_NOT_RUNNING, BotNotRunning),
        (AgentErrorCode.INTERNAL, AgentUnreachable),
    ],
)
async def test_refusals_keep_their_meaning(code: AgentErrorCode, error: type[Error]) -> None:
    fake = FakeAgent()
    fake.refusing["b"] = code
    async with client_of(fake) as client:
        with pytest.raises(error):
            await client.put_slot("b", SPEC)


async def test_a_wrong_token_is_an_agent_out_of_reach_and_stays_untold() -> None:
    async with FakeAgent() as fake:
        assert fake.endpoint is not None
        client = AgentClient("pool-a", AgentEndpoint(fake.endpoint.url, "a wrong secret"))
        with pytest.raises(AgentUnreachable) as refused:
            await client.slots()
        assert "secret" not in str(refused.value)
        assert "secret" not in repr(client.endpoint)
        assert "secret" not in repr(client.websocket("b"))
        await client.aclose()


async def test_silence_has_a_deadline() -> None:
    async with client_of(NeverAgent()) as client:
        began = time.monotonic()
        with pytest.raises(AgentUnreachable):
            await client.slots(0.3)
        assert time.monotonic() - began < 8, "not as long as a call may take"


async def test_nobody_there_is_told_at_once() -> None:
    fake = FakeAgent()
    async with client_of(fake) as client:
        await fake.stop()
        with pytest.raises(AgentUnreachable):
            await client.slots()
        with pytest.raises(AgentUnreachable):
            await anext(client.events())
        with pytest.raises(AgentUnreachable):
            await client.relay("b", "GET", "ping")


@pytest.mark.parametrize("lie", [b"{}", b"not json", b'{"items": [{"bot_id": 3}]}', b"[" * 5000, b"\xff\xfe"])
async def test_lies_are_not_believed(lie: bytes) -> None:
    async with client_of(LyingAgent(lie=lie)) as client:
        for call in (client.health, client.pool, client.slots, client.book_marks):
            with pytest.raises(AgentUnreachable):
                await call()
        with pytest.raises(AgentUnreachable):
            await anext(client.events())


async def test_events_go_on_from_a_cursor_until_closed() -> None:
    fake = FakeAgent()
    async with client_of(fake) as client:
        for seq in range(3):
            fake.tell_event("b", EventType.STARTED, {}, seq)
        items = client.events("first-1")
        first, second = await anext(items), await anext(items)
        assert isinstance(first, EventItem)
        assert isinstance(second, EventItem)
        assert [first.event.seq, second.event.seq] == [1, 2]
        fake.tell_event("b", EventType.EXITED, {}, 3)
        live = await anext(items)
        assert isinstance(live, EventItem)
        assert live.cursor == "first-4"
        await items.aclose()


async def test_an_agent_that_dies_ends_the_stream() -> None:
    fake = FakeAgent()
    async with client_of(fake) as client:
        items = client.events()
        waiting = asyncio.create_task(anext(items))  # type: ignore[arg-type]
        while not fake.cursors:
            await asyncio.sleep(0.01)
        await fake.stop()
        with pytest.raises(AgentUnreachable):
            await waiting


async def test_logs_are_followed() -> None:
    async with client_of(FakeAgent()) as client:
        lines = client.follow_logs("b")
        assert [await anext(lines) for _ in range(3)] == ["one", "two", "three"]
        await lines.aclose()


async def test_the_relay_passes_a_request_on_but_no_credentials() -> None:
    async with client_of(FakeAgent()) as client:
        headers = {"Authorization": "Bearer of the user", "Cookie": "c=1", "X-Thing": "kept", "Connection": "close"}
        headers |= {"User-Agent": "curl/8", "Accept": "*/*", "X-Unsendable": "a\x01\x7f", "X-Tab": "a\tb"}
        response = await client.relay("b", "POST", "forceexit", [("a", "1"), ("a", "2")], headers.items(), b"body")
        told = await response.read()
        echo = json.loads(told)
        await response.aclose()
        assert told
        assert (echo["method"], echo["path"], echo["body"]) == ("POST", "forceexit", "body")
        assert echo["query"] == [["a", "1"], ["a", "2"]]
        assert echo["headers"]["x-thing"] == "kept"
        assert echo["headers"]["user-agent"] == "curl/8"
        assert echo["headers"]["x-tab"] == "a\tb"
        assert not {"cookie", "x-unsendable"} & echo["headers"].keys()
        assert "of the user" not in echo["headers"]["authorization"]


async def test_the_relay_tells_the_agents_refusal_from_the_bots() -> None:
    async with client_of(FakeAgent()) as client:
        with pytest.raises(RelayRefused):
            await client.relay("b", "GET", "refused")
        response = await client.relay("b", "GET", "unknown")
        assert response.status == 404
        assert b"".join([part async for part in response.chunks()]) == b'{"detail": "Not Found"}'
        await response.aclose()


@pytest.mark.parametrize("method", ["DELETE", "PUT", "POST"])
async def test_what_acts_is_relayed_once_although_no_answer_comes(method: str) -> None:
    fake = FakeAgent()
    async with client_of(fake) as client:
        with pytest.raises(AgentUnreachable):
            await client.relay("b", method, "vanish")
        assert [asked for asked, _ in fake.calls] == [method]


@pytest.mark.parametrize("path", ["../../slots", "a/../b", "", "a//b", "."])
async def test_paths_do_not_climb(path: str) -> None:
    fake = FakeAgent()
    async with client_of(fake) as client:
        with pytest.raises(RelayRefused):
            await client.relay("b", "GET", path)
        assert not fake.calls


async def test_the_directory_follows_an_agent_to_its_new_address() -> None:
    first, second = FakeAgent(), FakeAgent()
    async with first, second:
        current = first
        directory = AgentDirectory(lambda _: _ready(current.endpoint))
        client = await directory.agent_for("pool-a")
        assert await directory.agent_for("pool-a") is client
        current = second
        moved = await directory.agent_for("pool-a")
        assert moved is not client
        await moved.slots()
        assert ("GET", "/v1/slots") in second.calls
        await second.stop()
        with pytest.raises(AgentUnreachable):
            await directory.agent_for("pool-a")
        await directory.aclose()


async def _ready(endpoint: AgentEndpoint | None) -> AgentEndpoint | None:
    return endpoint


async def test_policies_orders_and_grants_are_handed_over() -> None:
    policy = PolicyInForce(label="1.0.0", fingerprint="abc", document=PolicyDocument())
    order = RiskOrder(bot_id="b", epoch=2, number=1, mode=Mode.ACTIVE, lease_seconds=15)
    fake = FakeAgent()
    async with client_of(fake) as client:
        with pytest.raises(NotFound):
            await client.put_policy("b", 2, policy)
        await client.put_slot("b", SPEC)
        with pytest.raises(StaleEpoch):
            await client.put_policy("b", 1, policy)
        await client.put_policy("b", 2, policy)
        assert (await client.slot("b")).policy == "abc"
        answer = await client.post_risk(None, [order])
        await client.post_risk(answer.clock, [order])
        assert fake.clocks == [None, answer.clock]
        assert (fake.orders["b"], (await client.slot("b")).mode) == (order, Mode.ACTIVE)
        await client.post_grants([Grant(bot_id="b", request_id="r", granted=False, limit="mode")])
        assert [grant.request_id for grant in fake.grants] == ["r"]
        fake.outdated = True
        for call in (client.put_policy("b", 2, policy), client.post_risk(None, []), client.post_grants([])):
            with pytest.raises(AgentOutdated):
                await call
