"""The paper exchange as a supervised local service: `python -m pool.exchange.simulator`, detached like a pool, found
again by what its `endpoint.json` tells. It keeps its port across restarts, so that pools need not be told anew."""

import asyncio
import json
from pathlib import Path
from typing import Any

from loguru import logger

from orchestrator.kit.detached import Detached, last_line

MODULE = "pool.exchange.simulator"


class CannotStartExchange(Exception):
    """Says in one sentence why, for people."""


class PaperExchange:
    """`directory` holds its endpoint, control token, log and state. `symbols` is how many markets it has."""

    def __init__(self, directory: Path, symbols: int = 200, stop_seconds: float = 15.0, module: str = MODULE) -> None:
        self._directory = directory
        self._stop_seconds = stop_seconds
        self._process = Detached(module, directory, ("--port", "0", "--symbols", str(symbols)))
        self._log = directory / "exchange.log"
        self.problem: str | None = None
        """What it said when it ended by itself last, in a sentence."""

    async def ensure(self) -> None:
        """Starts it unless it lives; returns before it listens. Raises CannotStartExchange."""
        await asyncio.to_thread(self._ensure)

    async def alive(self) -> bool:
        """Its process runs."""
        return await asyncio.to_thread(self._living_pid) is not None

    async def stop(self) -> None:
        """Ends it; returns when it has ended."""
        pid = await asyncio.to_thread(self._living_pid)
        if pid is not None:
            await self._process.stop(pid, self._stop_seconds)

    def url(self) -> str | None:
        """Where it listens, or listened last; None where it never did."""
        url = self._endpoint().get("url")
        return url if isinstance(url, str) else None

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
