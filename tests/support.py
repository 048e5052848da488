"""Waiting on conditions, never on time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.05


async def eventually(
    check: Callable[[], T | Awaitable[T]], timeout_seconds: float = 60, message: str = "condition"
) -> T:
    """The first truthy answer of `check`, called every 50 ms. Raises AssertionError with the last one on time-out."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        answer = check()
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{message} did not come true in {timeout_seconds} s; last: {answer!r}")
        await asyncio.sleep(_POLL_SECONDS)


def eventually_sync(check: Callable[[], T], timeout_seconds: float = 60, message: str = "condition") -> T:
    """The same for synchronous tests."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{message} did not come true in {timeout_seconds} s; last: {answer!r}")
        time.sleep(_POLL_SECONDS)
