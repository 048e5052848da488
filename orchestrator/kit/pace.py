"""Long work on the event loop, a few milliseconds at a time: requests of users are served in between."""

import asyncio
import time
from collections.abc import Callable, Generator
from typing import TypeVar

T = TypeVar("T")
SLICE_SECONDS = 0.005


class Pace:
    """Of one piece of work. `clock` answers seconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._since = clock()

    async def breathe(self) -> None:
        """Lets others have their turn where the work has gone on for long enough: to be called between its steps."""
        if self._clock() - self._since >= SLICE_SECONDS:
            await asyncio.sleep(0)
            self._since = self._clock()


async def in_steps(work: Generator[None, None, T], pace: Pace | None = None) -> T:
    """What `work` returns; it yields between its steps."""
    pace = pace or Pace()
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result
        await pace.breathe()


def at_once(work: Generator[None, None, T]) -> T:
    """The same without a pause."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result
