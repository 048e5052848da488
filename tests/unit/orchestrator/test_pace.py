"""Long work lets others have their turn."""

import asyncio
from collections.abc import Generator

from orchestrator.kit import pace
from orchestrator.kit.pace import Pace, at_once, in_steps


class Clock:
    """Each step of the work takes 2 ms of it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def work(clock: Clock, steps: int) -> Generator[None, None, str]:
    for _ in range(steps):
        clock.seconds += 0.002
        yield
    return "done"


async def turns_during(clock: Clock, steps: int) -> int:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beside = asyncio.create_task(others())
    await asyncio.sleep(0)
    assert await in_steps(work(clock, steps), Pace(clock)) == "done"
    beside.cancel()
    return turns


async def test_others_have_a_turn_after_each_slice() -> None:
    assert pace.SLICE_SECONDS == 0.005
    assert await turns_during(Clock(), 30) == 10, "three steps make a slice"


async def test_short_work_is_done_in_one_go() -> None:
    assert await turns_during(Clock(), 2) == 0


async def test_time_that_others_take_is_none_of_the_work() -> None:
    clock = Clock()
    paced = Pace(clock)
    clock.seconds += 0.006

    async def other() -> None:
        clock.seconds += 1

    beside = asyncio.create_task(other())
    await paced.breathe()
    assert beside.done()
    later = asyncio.create_task(other())
    await paced.breathe()
    assert not later.done()
    await later


def test_the_same_work_can_be_done_at_once() -> None:
    assert at_once(work(Clock(), 100)) == "done"
