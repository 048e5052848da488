"""A paper exchange and a gateway before it, both in the test's own loop; the worker is a process, as always."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pool.exchange.gateway.clocks import Clock, wall_clock_ms
from pool.exchange.simulator.exchange import Exchange
from pool.exchange.simulator.server import serve
from tests.integration.gateway import rigs
from tests.support import PATIENT_SECONDS

PATIENCE = {"FLOTILLA_GATEWAY_CANDLES_PATIENCE_SECONDS": str(PATIENT_SECONDS)}
"""A busy machine takes long to start a worker."""
MINUTE = 60_000
HOUR = 60 * MINUTE


@dataclass
class Rig:
    gateway: rigs.Rig
    exchange: Exchange
    directory: Path

    async def ask(self, path: str = "/v1/candles", **query: Any) -> tuple[int, dict[str, Any]]:
        told = {"exchange": "paper", "pair": "BTC/USDT", "timeframe": "1m", **query}
        async with self.gateway.http.get(f"{self.gateway.url}{path}", params=told) as reply:
            return reply.status, await reply.json()

    async def rows(self, **query: Any) -> list[list[float]]:
        status, body = await self.ask(**query)
        assert status == 200, body
        rows: list[list[float]] = body["rows"]
        return rows

    async def own(self, **query: Any) -> list[list[float]]:
        """What the exchange itself says to `klines`."""
        path = "/api/v3/klines"
        async with self.gateway.http.get(f"{self.gateway.paper}{path}", params=query) as reply:
            return [[row[0], *map(float, row[1:6])] for row in await reply.json()]

    @property
    def candle_requests(self) -> int:
        return sum(path.endswith("klines") for _, _, _, path in self.gateway.budgets.asked)


class Running(rigs.Clocks):
    """The machine's clocks, as they are, or `ahead`."""

    def __init__(self, ahead_ms: int = 0) -> None:
        super().__init__()
        self._ahead_ms = ahead_ms

    def clock(self) -> Clock:
        return Clock(wall_ms=lambda: wall_clock_ms() + self._ahead_ms)


@asynccontextmanager
async def opened(directory: Path, ahead_ms: int = 0) -> AsyncIterator[Rig]:
    directory.mkdir(exist_ok=True)
    exchange = Exchange(directory / "ledger.sqlite", "control-token-of-the-test", 7, 10)
    runner, port = await serve(exchange.front, "127.0.0.1", 0)
    try:
        paper = f"http://127.0.0.1:{port}"
        with patch.dict(os.environ, PATIENCE):
            async with rigs.gateway(directory / "gateway", paper, Running(ahead_ms)) as gateway:
                yield Rig(gateway, exchange, directory)
    finally:
        await runner.cleanup()
        exchange.close()
