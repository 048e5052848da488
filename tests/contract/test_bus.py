"""What every bus must do. A driver joins by an entry in `DRIVERS`."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.events.bus import Bus, Message, Reset, SubscriberTooSlow, Subscription
from orchestrator.events.in_process import InProcessBus
from orchestrator.events.redis import RedisBus
from tests.fakes.redis_server import redis_server

RING = 8
"""Messages a topic remembers in these tests."""

OpenBus = Callable[[], AbstractAsyncContextManager[Bus]]
"""Opens a bus that knows nothing of others."""
Driver = Callable[[Path], AbstractAsyncContextManager[OpenBus]]


@asynccontextmanager
async def in_process(_: Path) -> AsyncIterator[OpenBus]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Bus]:
        bus = InProcessBus(ring_messages=RING)
        yield bus
        await bus.close()

    yield opened


@asynccontextmanager
async def redis(directory: Path) -> AsyncIterator[OpenBus]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Bus]:
        bus = RedisBus(server.url, f"test:{secrets.token_hex(4)}:", ring_messages=RING, patience_seconds=5)
        bus.start()
        yield bus
        await bus.close()

    async with redis_server(directory) as server:
        yield opened


DRIVERS: dict[str, Driver] = {"in_process": in_process, "redis": redis}


@pytest.fixture(params=DRIVERS.values(), ids=DRIVERS.keys())
async def open_bus(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OpenBus]:
    async with request.param(tmp_path) as opened:
        yield opened


@pytest.fixture
async def bus(open_bus: OpenBus) -> AsyncIterator[Bus]:
    async with open_bus() as bus:
        yield bus


async def take(subscription: Subscription, count: int) -> list[Any]:
    async with asyncio.timeout(60):
        return [await anext(subscription) for _ in range(count)]


def numbers(items: list[Any]) -> list[int]:
    return [item.body["n"] for item in items]


async def publish(bus: Bus, *values: int, topic: str = "t") -> list[str]:
    return [await bus.publish(topic, "k", {"n": value}) for value in values]


async def test_a_subscriber_gets_what_is_published_from_its_subscription_on_in_order(bus: Bus) -> None:
    await publish(bus, 1)
    subscription = bus.subscribe("t")
    cursors = await publish(bus, 2, 3)
    items = await take(subscription, 2)
    assert items == [Message(cursors[0], "k", {"n": 2}), Message(cursors[1], "k", {"n": 3})]


async def test_a_waiting_subscriber_is_woken(bus: Bus) -> None:
    subscription = bus.subscribe("t")
    waiting = asyncio.ensure_future(take(subscription, 1))
    await asyncio.sleep(0)
    await publish(bus, 1)
    assert numbers(await waiting) == [1]


async def test_every_subscriber_gets_every_message(bus: Bus) -> None:
    subscriptions = [bus.subscribe("t") for _ in range(5)]
    await publish(bus, 1, 2)
    for subscription in subscriptions:
        assert numbers(await take(subscription, 2)) == [1, 2]


async def test_topics_are_apart(bus: Bus) -> None:
    subscription = bus.subscribe("t")
    await publish(bus, 1, topic="other")
    await publish(bus, 2)
    assert numbers(await take(subscription, 1)) == [2]


async def test_resuming_replays_what_followed_the_cursor(bus: Bus) -> None:
    cursors = await publish(bus, 1, 2, 3)
    await publish(bus, 99, topic="other")
    subscription = bus.subscribe("t", after=cursors[0])
    await publish(bus, 4)
    assert numbers(await take(subscription, 3)) == [2, 3, 4]


async def test_resuming_at_the_newest_message_replays_nothing_and_is_no_reset(bus: Bus) -> None:
    cursors = await publish(bus, 1, 2)
    subscription = bus.subscribe("t", after=cursors[-1])
    await publish(bus, 3)
    assert numbers(await take(subscription, 1)) == [3]


@pytest.mark.parametrize("published", [0, 3])
async def test_the_latest_cursor_is_where_a_subscription_from_now_starts(bus: Bus, published: int) -> None:
    await publish(bus, *range(published))
    cursor = await bus.latest_cursor("t")
    await publish(bus, 100)
    assert numbers(await take(bus.subscribe("t", after=cursor), 1)) == [100]


async def test_the_oldest_cursor_that_is_remembered_resumes_and_the_one_before_resets(bus: Bus) -> None:
    cursors = await publish(bus, *range(RING + 3))
    remembered = bus.subscribe("t", after=cursors[2])
    assert numbers(await take(remembered, RING)) == list(range(3, RING + 3))
    forgotten = bus.subscribe("t", after=cursors[1])
    assert await take(forgotten, 1) == [Reset(cursors[-1])]


@pytest.mark.parametrize("cursor", ["", "nonsense", "0-0", "deadbeef-1", "ünïcode-1", "-", "1" * 500])
async def test_a_cursor_never_given_out_resets_and_then_goes_on_from_now(bus: Bus, cursor: str) -> None:
    (last,) = await publish(bus, 1)
    subscription = bus.subscribe("t", after=cursor)
    await publish(bus, 2)
    reset, message = await take(subscription, 2)
    assert reset == Reset(last)
    assert message.body == {"n": 2}


async def test_the_cursor_of_a_reset_can_be_resumed_from(bus: Bus) -> None:
    await publish(bus, 1)
    (reset,) = await take(bus.subscribe("t", after="nonsense"), 1)
    await publish(bus, 2)
    assert numbers(await take(bus.subscribe("t", after=reset.cursor), 1)) == [2]


async def test_a_cursor_of_a_bus_that_is_gone_resets(open_bus: OpenBus, bus: Bus) -> None:
    async with open_bus() as former:
        for value in range(3):
            await publish(former, value)
        cursor = await former.latest_cursor("t")
    await publish(bus, *range(3))
    assert isinstance((await take(bus.subscribe("t", after=cursor), 1))[0], Reset)


async def test_a_bus_that_begins_anew_resets_all_once_and_goes_on(bus: Bus) -> None:
    subscription, other = bus.subscribe("t"), bus.subscribe("u")
    (cursor,) = await publish(bus, 1)
    assert numbers(await take(subscription, 1)) == [1]
    bus.begin_anew()
    assert [type(item) for item in [*await take(subscription, 1), *await take(other, 1)]] == [Reset, Reset]
    await publish(bus, 2, 3)
    assert numbers(await take(subscription, 2)) == [2, 3]
    (reset,) = await take(bus.subscribe("t", cursor), 1)
    assert isinstance(reset, Reset), "what came before is not to be resumed"
    newest = await bus.latest_cursor("t")
    await publish(bus, 4)
    assert numbers(await take(bus.subscribe("t", newest), 1)) == [4]


async def test_a_subscriber_that_falls_behind_the_ring_is_dropped(bus: Bus) -> None:
    subscription = bus.subscribe("t")
    await publish(bus, *range(RING + 1))
    with pytest.raises(SubscriberTooSlow):
        await anext(subscription)


async def test_a_slow_subscriber_holds_nobody_up(bus: Bus) -> None:
    bus.subscribe("t")
    quick = bus.subscribe("t")
    for value in range(RING * 3):
        await publish(bus, value)
        assert numbers(await take(quick, 1)) == [value]


async def test_a_wait_that_is_cancelled_loses_no_message(bus: Bus) -> None:
    subscription = bus.subscribe("t")
    for value in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await anext(subscription)
        waiting = asyncio.ensure_future(anext(subscription))
        await asyncio.sleep(0)
        await publish(bus, value)
        waiting.cancel()  # woken already, but in-process not run yet
        (item,) = await asyncio.gather(waiting, return_exceptions=True)
        assert numbers([item] if isinstance(item, Message) else await take(subscription, 1)) == [value]


async def test_closing_ends_a_waiting_iteration_and_may_be_repeated(bus: Bus) -> None:
    subscription, other = bus.subscribe("t"), bus.subscribe("t")
    waiting = asyncio.ensure_future(anext(subscription))
    await asyncio.sleep(0)
    await subscription.aclose()
    await subscription.aclose()
    with pytest.raises(StopAsyncIteration):
        async with asyncio.timeout(60):
            await waiting
    await publish(bus, 1)
    assert numbers(await take(other, 1)) == [1]


async def test_closing_the_bus_ends_all_subscriptions_and_later_ones(bus: Bus) -> None:
    waiting = [asyncio.ensure_future(anext(bus.subscribe("t"))) for _ in range(3)]
    await asyncio.sleep(0)
    await bus.close()
    async with asyncio.timeout(60):
        ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(item) for item in ended] == [StopAsyncIteration] * 3
    await bus.publish("t", "k", {"n": 1})
    with pytest.raises(StopAsyncIteration):
        await anext(bus.subscribe("t"))


@pytest.mark.parametrize("body", [{"n": Decimal(1)}, {"n": {1, 2}}, {"n": float("nan")}])
async def test_a_body_that_is_not_json_is_refused(bus: Bus, body: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        await bus.publish("t", "k", body)
