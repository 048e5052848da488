"""Candles for all bots of the pool to map, as the gateway makes them (`pool.contract.mapped`).

The agent alone writes there, whole files in one step each: who maps one keeps that. What nobody renews is removed. It
is all a help: where the gateway is away, or the disk full, bots ask for their candles.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
from loguru import logger

from pool.agent.asking import Asking
from pool.agent.files import write_atomically
from pool.agent.taken import Taken
from pool.contract.freshness import LONGEST_SECONDS
from pool.contract.mapped import DIRECTORY, NUMBER_HEADER, parted, place
from pool.contract.market import INCARNATION_HEADER

WAIT_MS = 2_000
MOST_FILES = 1_000
_MARGIN_SECONDS = 10.0
_AGAIN_SECONDS = 5.0
_SWEEP_SECONDS = 600.0


class Mapping:
    """`directory` is the pool's; `wall` tells seconds since 1970; of what bots `taken` have the gateway is told."""

    def __init__(
        self,
        directory: Path,
        asking: Asking,
        wall: Callable[[], float] = time.time,
        taken: Taken | None = None,
    ) -> None:
        self._home = directory / DIRECTORY
        self._directory = directory
        self._asking = asking
        self._wall = wall
        self._taken = taken or Taken()
        self._number = 0
        self._incarnation: str | None = None
        self._problem: str | None = None
        self._written = 0
        """Since it was swept last."""

    def prepare(self) -> None:
        """Before any bot is forked: they may read only what is there then."""
        try:
            self._home.mkdir(mode=0o755, exist_ok=True)
            self._home.chmod(0o755)
        except OSError as problem:
            self._tell(f"{problem.strerror}")
        self._sweep()

    async def run(self) -> None:
        """Until cancelled; at once where there is no gateway."""
        if not self._asking.has_gateway:
            return
        timeout = aiohttp.ClientTimeout(total=WAIT_MS / 1000 + _MARGIN_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            swept = time.monotonic()
            while True:
                try:
                    going = await self._once(session)
                    if time.monotonic() - swept >= _SWEEP_SECONDS or self._written >= MOST_FILES:
                        swept = time.monotonic()
                        await asyncio.to_thread(self._sweep)
                except Exception:  # bots do without, and the agent goes on
                    logger.exception("candles are not put down for bots to map")
                    going = False
                if not going:
                    await asyncio.sleep(_AGAIN_SECONDS)

    async def _once(self, session: aiohttp.ClientSession) -> bool:
        """False where it is to be waited before the next."""
        if not await self._asking.gateway_lives(session):
            return False
        taken = self._taken.take()
        try:
            answer = await self._asking.mapped(session, self._number, WAIT_MS, taken)
        except (aiohttp.ClientError, TimeoutError, OSError):
            self._taken.give_back(taken)
            return False  # who looks at prices finds out whether it lives
        if answer.status != 200:  # one that makes none, or has too much to do
            self._taken.give_back(taken)
            return False
        incarnation = answer.headers[INCARNATION_HEADER]
        begun_anew = incarnation != self._incarnation and self._number != 0
        self._incarnation = incarnation
        try:
            await asyncio.to_thread(self._take, answer.body)
            number = int(answer.headers[NUMBER_HEADER])
            if number < 0:
                raise ValueError(f"number {number}")
            self._number = 0 if begun_anew else number
        except (ValueError, KeyError) as problem:
            self._tell(f"the gateway tells what is not understood ({problem})")
            return False
        except OSError as problem:
            self._tell(f"{problem.strerror}")
            return False
        self._problem = None
        return not begun_anew

    def _take(self, body: bytes) -> None:
        """Raises OSError, ValueError."""
        for name, content in parted(body):
            write_atomically(place(self._directory, name), content, durable=False, mode=0o644)
            self._written += 1

    def _sweep(self) -> None:
        """Removes what is not right for anybody any more, and the oldest of too many."""
        self._written = 0
        try:
            found = sorted(((one.stat().st_mtime, one) for one in self._home.iterdir()), reverse=True)
            for number, (written, file) in enumerate(found):
                if number >= MOST_FILES or written < self._wall() - LONGEST_SECONDS:
                    file.unlink(missing_ok=True)
        except OSError as problem:
            self._tell(f"{problem.strerror}")

    def _tell(self, problem: str) -> None:
        """Once, until it goes well again."""
        if self._problem is None:
            logger.warning("candles are not put down for bots to map: {}", problem)
        self._problem = problem
