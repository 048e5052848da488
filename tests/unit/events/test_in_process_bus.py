"""What bounds the memory of the in-process bus."""

import asyncio

import pytest

from orchestrator.events.bus import Reset, SubscriberTooSlow
from orchestrator.events.in_process import InProcessBus


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_a_ring_is_bounded_in_bytes_too_but_keeps_the_newest_message() -> None:
    bus = InProcessBus(ring_messages=100, ring_bytes=1000)
    slow = bus.subscribe("t")
    cursors = [await bus.publish("t", "k", {"text": "x" * 300}) for _ in range(5)]
    with pytest.raises(SubscriberTooSlow):
        await anext(slow)
    assert isinstance(await anext(bus.subscribe("t", after=cursors[0])), Reset)
    assert (await anext(bus.subscribe("t", after=cursors[3]))).cursor == cursors[4]
    huge = await bus.publish("t", "k", {"text": "x" * 5000})
    assert (await anext(bus.subscribe("t", after=cursors[4]))).cursor == huge


async def test_of_portfolios_the_newest_is_kept_alone_and_nothing_else_goes_for_them() -> None:
    bus = InProcessBus(ring_messages=100, ring_bytes=1000)
    subscription = bus.subscribe("t")
    await bus.publish("t", "trade", {"n": 1})
    for number in range(5):
        cursor = await bus.publish("t", "portfolio", {"n": number, "text": "x" * 300})
    await bus.publish("t", "trade", {"n": 2})
    told = [await anext(subscription) for _ in range(3)]
    assert [(one.kind, one.body["n"]) for one in told] == [("trade", 1), ("portfolio", 4), ("trade", 2)]
    assert (await anext(bus.subscribe("t", after=cursor))).body == {"n": 2}


async def test_a_portfolio_that_was_overtaken_is_no_gap() -> None:
    bus = InProcessBus()
    old = await bus.publish("t", "portfolio", {"n": 1})
    await bus.publish("t", "portfolio", {"n": 2})
    await bus.publish("other", "portfolio", {"n": 3})
    resumed = await anext(bus.subscribe("t", after=old))
    assert not isinstance(resumed, Reset)
    assert resumed.body == {"n": 2}


async def test_topics_that_nobody_asks_for_are_dropped_and_their_cursors_reset() -> None:
    clock = Clock()
    bus = InProcessBus(idle_seconds=600, monotonic=clock)
    kept = bus.subscribe("kept")
    old, newest = await bus.publish("idle", "k", {}), await bus.publish("idle", "k", {})
    clock.seconds = 300
    await bus.publish("kept", "k", {})
    assert bus.topics == {"idle", "kept"}
    clock.seconds = 1000
    await bus.publish("kept", "k", {})
    assert bus.topics == {"kept"}
    assert isinstance(await anext(bus.subscribe("idle", after=old)), Reset)
    resumed = bus.subscribe("idle", after=newest)
    await bus.publish("idle", "k", {"n": 1})
    assert (await anext(resumed)).body == {"n": 1}
    assert (await anext(kept)).body == {}


async def test_a_dropped_topic_counts_on_so_that_new_cursors_resume() -> None:
    clock = Clock()
    bus = InProcessBus(idle_seconds=600, monotonic=clock)
    await bus.publish("t", "k", {"n": 1})
    clock.seconds = 1000
    cursor = await bus.publish("t", "k", {"n": 2})
    await bus.publish("t", "k", {"n": 3})
    assert (await anext(bus.subscribe("t", after=cursor))).body == {"n": 3}


async def test_a_topic_lives_on_while_it_has_a_subscriber_and_a_while_longer() -> None:
    clock = Clock()
    bus = InProcessBus(idle_seconds=600, monotonic=clock)
    subscription = bus.subscribe("t")
    cursor = await bus.publish("t", "k", {"n": 1})
    clock.seconds = 5000
    await subscription.aclose()
    await bus.publish("other", "k", {})
    clock.seconds = 5500
    await bus.publish("t", "k", {"n": 2})
    assert (await anext(bus.subscribe("t", after=cursor))).body == {"n": 2}


async def test_one_subscriber_that_closes_wakes_no_other() -> None:
    bus = InProcessBus()
    leaving, staying = bus.subscribe("t"), bus.subscribe("t")
    waiting = asyncio.ensure_future(anext(staying))
    await asyncio.sleep(0)
    await leaving.aclose()
    await asyncio.sleep(0)
    assert not waiting.done()
    await bus.publish("t", "k", {"n": 1})
    assert (await waiting).body == {"n": 1}
