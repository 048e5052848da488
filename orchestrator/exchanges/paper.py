"""The paper exchange as a supervised service.

`ProcessPaperExchange` runs `python -m pool.exchange.simulator` on this machine, detached like a pool, found again by
what its `endpoint.json` tells; it keeps its port across restarts, so that pools need not be told anew. Where pools are
containers, `orchestrator.exchanges.paper_container` keeps the same Protocol.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import Any, Protocol

import httpx
from loguru import logger

from orchestrator.kit.detached import Detached, last_line

MODULE = "pool.exchange.simulator"
_ASK_SECONDS = 1.0
_FRESH_SECONDS = {True: 2.0, False: 0.25}
"""How long an answer to `answers` holds."""


class CannotStartExchange(Exception):
    """Says in one sentence why, for people."""


async def ping(url: str, transport: httpx.AsyncBaseTransport | None = None) -> bool:
    """Whether a paper exchange serves there."""
    try:
        async with (
            asyncio.timeout(_ASK_SECONDS),
            httpx.AsyncClient(transport=transport, trust_env=False, timeout=_ASK_SECONDS) as client,
        ):
            return (await client.get(f"{url.rstrip('/')}/api/v3/ping")).is_success
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError):
        return False


class PaperService(Protocol):
    """What the control plane asks of it, wherever it runs."""

    problem: str | None
    """What it said when it ended by itself last, or why it cannot be looked at, in a sentence."""

    async def ensure(self) -> None:
        """Starts it unless it lives; returns before it listens. Raises CannotStartExchange."""

    async def alive(self) -> bool:
        """It runs."""

    async def answers(self) -> bool:
        """It listens and serves."""

    async def stop(self) -> None:
        """Ends it; returns when it has ended."""

    def url(self) -> str | None:
        """Where the control plane finds it, or found it last; None where it never did."""

    def pool_url(self) -> str | None:
        """Where pools find it."""


class ProcessPaperExchange:
    """`directory` holds its endpoint, control token, log and state. `symbols` is how many markets it has."""

    def __init__(
        self,
        directory: Path,
        symbols: int = 200,
        stop_seconds: float = 15.0,
        module: str = MODULE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._directory = directory
        self._stop_seconds = stop_seconds
        self._process = Detached(module, directory, ("--port", "0", "--symbols", str(symbols)))
        self._log = directory / "exchange.log"
        self._transport = transport
        self._asking = asyncio.Lock()
        self._answered: tuple[tuple[int, str], bool] | None = None
        self._answered_at = float("-inf")
        self.problem: str | None = None
        """What it said when it ended by itself last, in a sentence."""

    async def ensure(self) -> None:
        """Starts it unless it lives; returns before it listens. Raises CannotStartExchange."""
        await asyncio.to_thread(self._ensure)

    async def alive(self) -> bool:
        """Its process runs."""
        return await asyncio.to_thread(self._living_pid) is not None

    async def answers(self) -> bool:
        """It listens where its endpoint says and serves. False while that endpoint is one of an earlier process."""
        pid = await asyncio.to_thread(self._living_pid)
        endpoint = await asyncio.to_thread(self._endpoint)
        url = endpoint.get("url")
        if pid is None or endpoint.get("pid") != pid or not isinstance(url, str):
            return False
        async with self._asking:
            if self._answered is not None and self._answered[0] == (pid, url):
                answered = self._answered[1]
                if time.monotonic() - self._answered_at < _FRESH_SECONDS[answered]:
                    return answered
            answered = await ping(url, self._transport)
            self._answered, self._answered_at = ((pid, url), answered), time.monotonic()
            return answered

    async def stop(self) -> None:
        """Ends it; returns when it has ended."""
        pid = await asyncio.to_thread(self._living_pid)
        if pid is not None:
            await self._process.stop(pid, self._stop_seconds)

    def url(self) -> str | None:
        """Where it listens, or listened last; None where it never did."""
        url = self._endpoint().get("url")
        return url if isinstance(url, str) else None

    def pool_url(self) -> str | None:
        """The same as `url`: pools are processes of this machine."""
        return self.url()

    def control_token(self) -> str | None:
        """What opens its `/control/`; None before it ran first."""
        try:
            return (self._directory / "control-token").read_text().strip() or None
        except OSError:
            return None

    def _ensure(self) -> None:
        if self._living_pid() is not None:
            return
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            pid = self._process.start(self._log)
        except OSError as error:
            raise CannotStartExchange(f"The paper exchange cannot start: {error.strerror or error}.") from error
        logger.info("started the paper exchange as process {}", pid)

    def _living_pid(self) -> int | None:
        status = self._process.reap()
        if status is not None:
            why = last_line(self._log) or "it said nothing"
            logger.warning("the paper exchange ended with status {}: {}", status, why)
            self.problem = f"The paper exchange ended with status {status}: {why}"
        told = self._endpoint().get("pid")
        return self._process.living_pid(told if isinstance(told, int) else None)

    def _endpoint(self) -> dict[str, Any]:
        try:
            content = json.loads((self._directory / "endpoint.json").read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


PaperExchange = ProcessPaperExchange
"""Its name where there is no choice."""
