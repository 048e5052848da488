"""A stream towards servers that do not cut slow clients off by themselves."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from api.stream import feed as feed_module
from api.stream.feed import Feed, StreamResponse, StreamState, open_feed
from orchestrator.errors import NotFound
from orchestrator.events.in_process import InProcessBus
from orchestrator.portfolio.service import PortfolioService
from tests.fakes.portfolio_world import PortfolioWorld
from tests.support import eventually

TOPIC = "user.user-1"
Message = MutableMapping[str, Any]


class Client:
    """What a server hands on to a client that takes messages only while `open` is set."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.got: list[Message] = []

    async def send(self, message: Message) -> None:
        await self.open.wait()
        self.got.append(message)


@pytest.fixture
def bus() -> InProcessBus:
    return InProcessBus(ring_messages=5)


async def test_a_client_that_takes_nothing_is_dropped_by_time(world: PortfolioWorld, bus: InProcessBus) -> None:
    state, client = StreamState(send_seconds=0.1), Client()
    feed = await open_feed(PortfolioService(world.database, bus), state, "user-1", None, to_owner=True)
    streaming = asyncio.create_task(StreamResponse(feed).stream_response(client.send))
    await eventually(lambda: len(client.got) == 2, message="headers and portfolio are sent")
    client.open.clear()
    await bus.publish(TOPIC, "bot", {})
    with pytest.raises(ClientDisconnect):
        await asyncio.wait_for(streaming, 60)
    assert not state.open


async def test_a_client_that_falls_behind_the_bus_is_ended(world: PortfolioWorld, bus: InProcessBus) -> None:
    state, client = StreamState(), Client()
    feed = await open_feed(PortfolioService(world.database, bus), state, "user-1", None, to_owner=True)
    streaming = asyncio.create_task(StreamResponse(feed).stream_response(client.send))
    await eventually(lambda: len(client.got) == 2, message="headers and portfolio are sent")
    client.open.clear()
    await bus.publish(TOPIC, "bot", {})
    await asyncio.sleep(0)
    for _ in range(10):
        await bus.publish(TOPIC, "bot", {})
    client.open.set()
    await asyncio.wait_for(streaming, 60)
    assert client.got[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert len(client.got) <= 4, "what it missed is not sent: it resumes, and is reset"


async def test_nothing_waits_behind_a_portfolio_whose_time_has_not_come(
    world: PortfolioWorld, bus: InProcessBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "PORTFOLIO_SECONDS", 3600)
    client = Client()
    feed = await open_feed(PortfolioService(world.database, bus), StreamState(), "user-1", None, to_owner=True)
    streaming = asyncio.create_task(StreamResponse(feed).stream_response(client.send))
    for kind in ("portfolio", "trade", "bot"):
        await bus.publish(TOPIC, kind, {})
    await eventually(lambda: len(client.got) == 5, message="all of them")
    assert [_kind(message) for message in client.got[1:]] == ["portfolio", "portfolio", "trade", "bot"]
    await bus.publish(TOPIC, "portfolio", {})
    await eventually(lambda: _taken(feed, bus), message="it was seen, and nothing is behind it")
    assert len(client.got) == 5
    await bus.publish(TOPIC, "trade", {})
    await eventually(lambda: len(client.got) == 7)
    assert [_kind(message) for message in client.got[5:]] == ["portfolio", "trade"]
    await bus.close()
    await asyncio.wait_for(streaming, 60)


async def test_a_replay_is_over_though_the_portfolio_at_its_end_was_overtaken(
    world: PortfolioWorld, bus: InProcessBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "PORTFOLIO_SECONDS", 3600)
    client = Client()
    first = await bus.publish(TOPIC, "bot", {})
    await bus.publish(TOPIC, "portfolio", {"n": "at the end of what is to be replayed"})
    feed = await open_feed(PortfolioService(world.database, bus), StreamState(), "user-1", first, to_owner=True)
    await bus.publish(TOPIC, "portfolio", {"n": "newer"})
    streaming = asyncio.create_task(StreamResponse(feed).stream_response(client.send))
    await eventually(lambda: len(client.got) == 3, message="headers, a comment, the newer portfolio")
    assert b"newer" in client.got[2]["body"]
    await bus.publish(TOPIC, "portfolio", {})
    await eventually(lambda: _taken(feed, bus), message="it was seen, and waits for its time")
    assert len(client.got) == 3
    await bus.close()
    await asyncio.wait_for(streaming, 60)


def _taken(feed: Feed, bus: InProcessBus) -> bool:
    """The stream waits for what comes behind the newest message."""
    ring = bus._topics[TOPIC]
    return feed.subscription._position == ring.last and bool(ring.waiters)


def _kind(message: Message) -> str:
    return str(message["body"].decode()).partition("event: ")[2].partition("\n")[0]


async def test_a_stream_opened_while_closing_ends_at_once(world: PortfolioWorld, bus: InProcessBus) -> None:
    state, client = StreamState(), Client()
    await state.close()
    feed = await open_feed(PortfolioService(world.database, bus), state, "user-1", None, to_owner=True)
    await asyncio.wait_for(StreamResponse(feed).stream_response(client.send), 60)
    assert client.got[-1]["more_body"] is False


async def test_a_feed_that_cannot_be_opened_leaves_no_subscription(world: PortfolioWorld, bus: InProcessBus) -> None:
    with pytest.raises(NotFound):
        await open_feed(PortfolioService(world.database, bus), StreamState(), "nobody", None, to_owner=True)
    assert bus._topics["user.nobody"].subscribers == 0
