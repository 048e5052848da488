"""The event ring: cursors, resets, slow readers."""

import asyncio
import json
from unittest.mock import Mock

import pytest

from pool.agent.ring import EventRing, Overtaken, Reader
from pool.contract.events import Event, EventType, SettleItem
from pool.contract.risk import Settlement
from tests.fakes.fake_agent import snapshot
from tests.unit.agent.builders import AT


def event(seq: int, text: str = "") -> Event:
    return Event(
        bot_id="bot", run_id="run", origin="bot", seq=seq, epoch=1, at=AT, type=EventType.MESSAGE, data={"t": text}
    )


def ring_of(count: int, size: int = 100) -> EventRing:
    ring = EventRing("me", size)
    for seq in range(1, count + 1):
        ring.append(event(seq))
    return ring


async def taken(reader: Reader) -> list[str]:
    return await taken_within(reader, 0.01)


async def taken_within(reader: Reader, seconds: float) -> list[str]:
    """What comes next, as `kind` or the event's number."""
    found = []
    for line in (await reader.take(seconds)).splitlines():
        item = json.loads(line)
        found.append(str(item["event"]["seq"]) if item["kind"] == "event" else item["kind"])
    return found


async def test_without_a_cursor_all_that_is_held_comes() -> None:
    assert await taken(ring_of(3).read(None)) == ["1", "2", "3"]


@pytest.mark.parametrize(("cursor", "expected"), [("me-0", ["1", "2", "3"]), ("me-1", ["2", "3"])])
async def test_a_good_cursor_resumes_after_it(cursor: str, expected: list[str]) -> None:
    assert await taken(ring_of(3).read(cursor)) == expected


@pytest.mark.parametrize("cursor", ["other-1", "me-4", "me-x", "me-", "", "me--1", "me-٣", "me-" + "9" * 30])
async def test_a_bad_cursor_resets(cursor: str) -> None:
    assert await taken(ring_of(3).read(cursor)) == ["reset", "1", "2", "3"]


async def test_a_cursor_that_left_the_ring_resets_and_its_neighbour_does_not() -> None:
    ring = ring_of(10, size=4)
    assert await taken(ring.read("me-5")) == ["reset", "7", "8", "9", "10"]
    assert await taken(ring.read("me-6")) == ["7", "8", "9", "10"]


async def test_cursor_of_the_end_waits_with_heartbeats() -> None:
    ring = ring_of(3)
    reader = ring.read("me-3")
    assert await taken(reader) == []
    assert await taken(reader) == ["heartbeat"]
    ring.append(event(4))
    assert await taken(reader) == ["4"]


async def test_overtaken_reader_is_told_and_costs_no_memory() -> None:
    ring = ring_of(3, size=4)
    reader = ring.read(None)
    for seq in range(4, 12):
        ring.append(event(seq))
    with pytest.raises(Overtaken):
        await reader.take(0.01)


async def test_ring_is_bounded_by_bytes_too() -> None:
    ring = EventRing("me", 1000, limit_bytes=5000)
    for seq in range(1, 101):
        ring.append(event(seq, "x" * 500))
    assert ring.last == 100
    assert 90 < ring.first <= 100


async def test_much_comes_in_portions() -> None:
    ring = EventRing("me", 1000)
    for seq in range(1, 101):
        ring.append(event(seq, "x" * 10_000))
    reader = ring.read(None)
    portions = [await taken(reader) for _ in range(4)]
    assert [len(portion) for portion in portions[:3]] < [100, 100, 100]
    assert [seq for portion in portions for seq in portion] == [str(seq) for seq in range(1, 101)]


async def test_what_bots_ask_goes_first_to_those_who_listen_and_is_never_repeated() -> None:
    ring = ring_of(2)
    item = SettleItem(bot_id="bot", run_id="run", settlement=Settlement(request_id="r", outcome="sent"))
    assert not ring.say(item), "nobody listens"
    reader = ring.read("me-0")
    assert ring.say(item)
    assert await taken(reader) == ["settle", "1", "2"]
    assert await taken(ring.read("me-2")) == []
    for _ in range(100_000):
        ring.say(item)
    assert len(await reader.take(0.01)) < 5_000_000, "nothing grows without bounds for a reader that does not read"


async def test_what_a_bot_asks_comes_behind_the_snapshot_that_it_told_before() -> None:
    ring = ring_of(0)
    reader = ring.read(None)
    ring.set_snapshot("bot", "run", snapshot())
    ring.set_snapshot("other", "run", snapshot())
    ring.say(SettleItem(bot_id="bot", run_id="run", settlement=Settlement(request_id="r", outcome="sent")))
    lines = [json.loads(line) for line in (await reader.take(0.01)).splitlines()]
    told = [(item["kind"], item["bot_id"]) for item in lines]
    assert told == [("snapshot", "bot"), ("settle", "bot"), ("snapshot", "other")]


async def test_snapshots_wait_a_moment_for_others_and_events_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = ring_of(0)
    reader = ring.read(None)
    assert await taken(reader) == []
    later = Mock()
    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", later)
    reading = asyncio.create_task(taken_within(reader, 60))
    ring.set_snapshot("bot", "run", snapshot())
    ring.set_snapshot("other", "run", snapshot())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not reading.done()
    later.assert_called_once()
    later.call_args.args[1]()
    assert await reading == ["snapshot", "snapshot"]
    ring.set_snapshot("bot", "run", snapshot())
    ring.append(event(1))
    assert await taken_within(reader, 60) == ["1", "snapshot"]
    ring.set_snapshot("bot", "run", snapshot())
    assert await taken(reader) == ["snapshot"], "rather than a heartbeat"
    assert await taken(reader) == ["heartbeat"]
