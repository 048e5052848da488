"""Services that pools of a machine share, and that outlive the control plane: the paper exchange, the market-data
gateway.

`ProcessCompanion` runs one as a process of this machine, detached like a pool, found again by what its `endpoint.json`
tells; it keeps its port across restarts, so that pools need not be told anew. Where pools are containers,
`companion_container` keeps the same Protocol.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import httpx
from loguru import logger

from orchestrator.kit.detached import Detached, last_line
from orchestrator.kit.plain_http import TRUST_NOBODY

_ASK_SECONDS = 1.0
_FRESH_SECONDS = {True: 2.0, False: 0.25}
"""How long an answer to `answers` holds."""


class CannotStartCompanion(Exception):
    """Says in one sentence why, for people."""


class Companion(Protocol):
    """What the control plane asks of one, wherever it runs."""

    problem: str | None
    """What it said when it ended by itself last, or why it cannot start or be looked at, in a sentence."""

    async def ensure(self) -> None:
        """Starts it unless it lives as it shall; returns before it listens. Raises CannotStartCompanion."""

    async def alive(self) -> bool:
        """It runs, and as it shall."""

    async def answers(self) -> bool:
        """It listens and serves."""

    async def stop(self) -> None:
        """Ends it; returns when it has ended. Raises CannotStartCompanion where nobody can."""

    def url(self) -> str | None:
        """Where the control plane finds it, or found it last; None where it never did."""

    def pool_url(self) -> str | None:
        """Where pools find it."""


async def ping(
    url: str, path: str, header: str | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> bool:
    """Whether the service serves there; one whose answers carry `header` is not taken for somebody else."""
    try:
        async with (
            asyncio.timeout(_ASK_SECONDS),
            httpx.AsyncClient(
                transport=transport, trust_env=False, verify=TRUST_NOBODY, timeout=_ASK_SECONDS
            ) as client,
        ):
            response = await client.get(url.rstrip("/") + path)
            return response.is_success and (header is None or header in response.headers)
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError):
        return False


class ProcessCompanion:
    """`name` is for people. `directory` holds its endpoint, log and state; `ping_path` and `ping_header` are those of
    `ping`."""

    def __init__(
        self,
        name: str,
        module: str,
        directory: Path,
        log: str,
        ping_path: str,
        ping_header: str | None = None,
        stop_seconds: float = 15.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._name = name
        self._directory = directory
        self._log = directory / log
        self._ping = ping_path, ping_header
        self._stop_seconds = stop_seconds
        self._process = Detached(module, directory)
        self._transport = transport
        self._asking = asyncio.Lock()
        self._answered: tuple[tuple[int, str], bool] | None = None
        self._answered_at = float("-inf")
        self.problem: str | None = None
        """What it said when it ended by itself last, or why it cannot start, in a sentence; None once it answers."""

    async def ensure(self) -> None:
        """See `Companion.ensure`."""
        pid = await asyncio.to_thread(self._living_pid)
        if pid is not None and await asyncio.to_thread(self._is_outdated, pid):
            logger.info("the {} is started anew: it was told otherwise", self._name)
            await self._process.stop(pid, self._stop_seconds)
        await asyncio.to_thread(self._ensure)

    async def alive(self) -> bool:
        """See `Companion.alive`."""
        pid = await asyncio.to_thread(self._living_pid)
        return pid is not None and not await asyncio.to_thread(self._is_outdated, pid)

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
            answered = await ping(url, *self._ping, self._transport)
            self._answered, self._answered_at = ((pid, url), answered), time.monotonic()
            if answered:
                self.problem = None
            return answered

    async def stop(self) -> None:
        """See `Companion.stop`."""
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

    def _arguments(self) -> Sequence[str]:
        """What its program is told beside its directory."""
        return ()

    def _is_outdated(self, _pid: int) -> bool:
        """A living one should have been told otherwise, and is worth a restart."""
        return False

    def _ensure(self) -> None:
        if self._living_pid() is not None:
            return
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            pid = self._process.start(self._log, self._arguments())
        except OSError as error:
            self.problem = f"The {self._name} cannot start: {error.strerror or error}."
            raise CannotStartCompanion(self.problem) from error
        logger.info("started the {} as process {}", self._name, pid)

    def _living_pid(self) -> int | None:
        status = self._process.reap()
        if status is not None:
            why = last_line(self._log) or "it said nothing"
            logger.warning("the {} ended with status {}: {}", self._name, status, why)
            self.problem = f"The {self._name} ended with status {status}: {why}"
        told = self._endpoint().get("pid")
        return self._process.living_pid(told if isinstance(told, int) else None)

    def _endpoint(self) -> dict[str, Any]:
        try:
            content = json.loads((self._directory / "endpoint.json").read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
