"""A subscriber that notes all it gets, and what must be true of that."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from orchestrator.errors import RedisUnavailable
from orchestrator.events.bus import Bus, Message, Reset
from tests.support import eventually

TOPIC = "user.user-1"


class Follower:
    """`got` holds the `n` of each message, and "reset"."""

    def __init__(self, bus: Bus, topic: str = TOPIC, after: str | None = None) -> None:
        self.got: list[int | str] = []
        self.cursors: list[str] = []
        self._subscription = bus.subscribe(topic, after)
        self._task = asyncio.create_task(self._follow())

    async def until(self, last: int | str, seconds: float = 60) -> list[int | str]:
        """What came up to and with `last`."""
        await eventually(lambda: last in self.got, seconds, f"{last} among {self.got}")
        return self.got

    async def close(self) -> None:
        await self._subscription.aclose()
        await self._task

    async def _follow(self) -> None:
        async for item in self._subscription:
            self.cursors.append(item.cursor)
            self.got.append("reset" if isinstance(item, Reset) else item.body["n"])
            assert isinstance(item, Message | Reset)


@contextlib.asynccontextmanager
async def following(bus: Bus, topic: str = TOPIC, after: str | None = None) -> AsyncIterator[Follower]:
    """Begins once the subscription has its place in Redis."""
    follower = Follower(bus, topic, after)
    try:
        await placed(bus, topic)
        yield follower
    finally:
        await follower.close()


async def placed(bus: Bus, topic: str) -> str:
    """Where the topic is, once Redis answers in time: on a busy machine a hasty bus takes it for gone now and then."""

    async def answered() -> str | None:
        with contextlib.suppress(RedisUnavailable):
            return await bus.latest_cursor(topic)
        return None

    cursor = await eventually(answered, message="Redis answers in time")
    assert cursor
    return cursor


async def publish(bus: Bus, *values: int, topic: str = TOPIC) -> list[str]:
    return [await bus.publish(topic, "bot", {"n": value}) for value in values]


async def slowest(bus: Bus, numbers: range) -> float:
    """Seconds that the slowest of these took to publish."""
    longest = 0.0
    for number in numbers:
        began = time.monotonic()
        await publish(bus, number)
        longest = max(longest, time.monotonic() - began)
    return longest


def assert_no_silent_gap(got: list[int | str], sent: dict[int, list[int]]) -> None:
    """Between two resets the messages of each publisher come without gap, in order, each once."""
    for numbers in sent.values():
        places = {number: place for place, number in enumerate(numbers)}
        previous = -1
        for item in got:
            if item == "reset":
                previous = -2
            elif item in places:
                assert previous == -2 or places[int(item)] == previous + 1, f"{item} after {previous} in {got}"
                previous = places[int(item)]
