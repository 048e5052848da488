"""The worker as the gateway sees it: started when first asked, ended when nobody asks any more."""

import asyncio
import contextlib
import itertools
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from loguru import logger

from pool.contract.mapped import LatestCandles
from pool.exchange.gateway.candles.series import FUTURES, SPOT, Refused, Series

_LONGEST_ANSWER = 64 * 2**20
_END_SECONDS = 5.0
SILENT_SECONDS = 60.0
"""A worker that answers nothing for so long, not even that it lives, hangs: importing ccxt takes less."""


class Unavailable(Exception):
    """Trying again may help."""

    def __init__(self, message: str, retry_after_seconds: float = 5.0) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_seconds = retry_after_seconds


class Worker:
    """`command` starts it; `pushed` is told what it says without being asked. Close it with `aclose`."""

    def __init__(
        self,
        command: Callable[[], Sequence[str]],
        idle_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        pushed: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        self._command = command
        self._pushed = pushed
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._starting = asyncio.Lock()
        self._asked_at = 0.0
        self._unheard_since: float | None = None
        """Since when the worker owes an answer, of whatever kind; None where it owes none."""
        self.starts = 0
        self.needed: Callable[[], bool] = lambda: False
        """Whether it is to stay although nobody asks for a while."""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def page(self, series: Series, since: int, limit: int) -> tuple[list[list[float]], int]:
        """Candles from `since` on, and how many the exchange gives at most. Raises Refused, Unavailable."""
        told = {"exchange": series.exchange, "pair": series.pair, "timeframe": series.timeframe, "type": series.type}
        answer = await self._ask({"ask": "candles", **told, "since": since, "limit": limit})
        return answer["rows"], int(answer["limit"])

    async def tickers(self, exchange: str, kind: str, pairs: Sequence[str]) -> dict[str, dict[str, Any]]:
        """By pair, of those that are traded. Raises Refused, Unavailable."""
        answer = await self._ask({"ask": "tickers", "exchange": exchange, "type": kind, "pairs": list(pairs)})
        found: dict[str, dict[str, Any]] = answer["tickers"]
        return found

    async def mapped(self, exchange: str, series: LatestCandles) -> dict[str, Any] | None:
        """Candles of an answer that the gateway keeps, as columns (`worker`); None where it keeps none. Raises Refused,
        Unavailable."""
        told = {"exchange": exchange, "type": SPOT if series.spot else FUTURES}
        answer = await self._ask({"ask": "mapped", **told, "series": series.model_dump(exclude_none=True)})
        found: dict[str, Any] | None = answer["mapped"]
        return found

    async def best(self, exchange: str, market: str, symbols: Sequence[str]) -> dict[str, Any]:
        """As `prices.looks.best` has it. Raises Refused, Unavailable."""
        told = {"exchange": exchange, "type": SPOT if market == "spot" else FUTURES}
        return await self._ask({"ask": "prices", **told, "market": market, "symbols": list(symbols)})

    async def follow(self, exchange: str, market: str, symbols: Sequence[str]) -> None:
        """By websocket, these and no others; what they tell is pushed. Raises Refused, Unavailable."""
        await self._ask({"ask": "follow", "exchange": exchange, "market": market, "symbols": list(symbols)})

    async def tend(self) -> None:
        """Ends it where nobody asked for long, or it hangs; else asks whether it lives."""
        if not self.running:
            return
        now = self._clock()
        if self._unheard_since is not None and now - self._unheard_since >= SILENT_SECONDS:
            logger.error("candles: the worker has said nothing for {:.0f} s and is killed", now - self._unheard_since)
            await self._end(patient=False)
        elif not self._waiting and now - self._asked_at >= self._idle_seconds and not self.needed():
            await self._end()
        elif self._process is not None and self._unheard_since is None:
            self._tell(self._process, {"id": 0, "ask": "ping"})

    async def aclose(self) -> None:
        await self._end()

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._asked_at = self._clock()
        try:
            process = await self._started()
            assert process.stdin is not None
            self._tell(process, {"id": number, **question})
            await process.stdin.drain()
            answer: dict[str, Any] = await waiting
        except OSError as problem:
            raise Unavailable("The gateway's worker could not be asked; try again in a moment.") from problem
        finally:
            self._waiting.pop(number, None)
            self._asked_at = self._clock()
        if (error := answer.get("error")) is None:
            return answer
        if error["field"] is not None:
            raise Refused(error["field"], error["message"])
        raise Unavailable(error["message"], error["retry_after"] or 5.0)

    def _tell(self, process: asyncio.subprocess.Process, question: dict[str, Any]) -> None:
        """Raises OSError."""
        assert process.stdin is not None
        if self._unheard_since is None:
            self._unheard_since = self._clock()
        process.stdin.write(json.dumps(question).encode() + b"\n")

    async def _started(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                pipe = asyncio.subprocess.PIPE
                self._process = await asyncio.create_subprocess_exec(
                    *self._command(), stdin=pipe, stdout=pipe, limit=_LONGEST_ANSWER
                )
                self._unheard_since = None
                self._reading = asyncio.create_task(self._read(self._process))
                self.starts += 1
            return self._process

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                self._unheard_since = None
                answer = json.loads(line)
                if "push" in answer:
                    self._pushed(answer["push"])
                    continue
                waiting = self._waiting.get(answer["id"])
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
        except (ValueError, KeyError, TypeError) as problem:
            logger.error("candles: the worker says what is not understood: {}", problem)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Unavailable("The gateway's worker ended; try again in a moment."))

    async def _end(self, *, patient: bool = True) -> None:
        async with self._starting:
            process, reading, self._process, self._reading = self._process, self._reading, None, None
            if process is None or reading is None:
                return
            assert process.stdin is not None
            process.stdin.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(reading), _END_SECONDS if patient else 0)
                return
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await reading


def command(gateway: str, paper_url: str | None) -> list[str]:
    """What starts a worker."""
    paper = ["--paper-url", paper_url] if paper_url else []
    return [sys.executable, "-m", "pool.exchange.gateway.candles.worker", "--gateway", gateway, *paper]
