"""Waiting on conditions, never on time."""

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PATIENT_SECONDS = 180
"""For what takes seconds on a machine that has nothing else to do."""
_POLL_SECONDS = 0.05
_PORTS = range(20_000, 32_000)
"""Below those that Linux gives to whoever asks for none in particular."""


def free_port() -> int:
    """A port of loopback that stays free until it is bound, and while who listens there is started again."""
    while True:
        port = secrets.choice(_PORTS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


async def eventually(
    check: Callable[[], T | Awaitable[T]], timeout_seconds: float = PATIENT_SECONDS, message: str = "condition"
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


def eventually_sync(check: Callable[[], T], timeout_seconds: float = PATIENT_SECONDS, message: str = "condition") -> T:
    """The same for synchronous tests."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{message} did not come true in {timeout_seconds} s; last: {answer!r}")
        time.sleep(_POLL_SECONDS)
