"""Closing prices of an exchange's public candles (Binance's `GET /api/v3/klines`), asked without any key.

Only the paper exchange and Binance can be asked; of others nothing is known. Whoever asks goes on without. Who asks for
the same within moments shares one answer, and an exchange that refuses (418, 429) is left alone for as long as it says,
since the bots of this address would be banned with us.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from loguru import logger

from orchestrator.templates.exchange_ids import PAPER

SHARED_SECONDS = 4.0
_ASK_SECONDS = 5.0
_BANNED_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 3600.0
_MOST_KEPT = 500
_BINANCE = "https://api.binance.com"
_OPEN_TIME, _CLOSE = 0, 4
_Closes = dict[int, float]


@dataclass(slots=True)
class _Answer:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    closes: _Closes | None = None
    candles: int = 0
    at: float = float("-inf")


class Candles:
    """`paper_url` answers where the paper exchange is, None for nowhere. Close it with `aclose`."""

    def __init__(
        self,
        paper_url: Callable[[], str | None],
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._paper_url = paper_url
        self._http = httpx.AsyncClient(transport=transport, trust_env=False, timeout=_ASK_SECONDS)
        self._clock = clock
        self._answers: dict[tuple[str, str, str], _Answer] = {}
        self._refused_until: dict[str, float] = {}

    async def closes(self, exchange: str, pair: str, timeframe: str, candles: int) -> dict[int, float] | None:
        """Close by the time at which the candle opened, in milliseconds; the last one is not finished yet. `pair` is
        `BASE/QUOTE`, `candles` at most 1000. None where it cannot be told."""
        self._forget()
        answer = self._answers.setdefault((exchange, pair, timeframe), _Answer())
        async with answer.lock:
            if self._clock() - answer.at >= SHARED_SECONDS or answer.candles < candles:
                answer.closes = await self._ask(exchange, pair, timeframe, candles)
                answer.candles, answer.at = candles, self._clock()
        return None if answer.closes is None else dict(sorted(answer.closes.items())[-candles:])

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _ask(self, exchange: str, pair: str, timeframe: str, candles: int) -> _Closes | None:
        url = self._url(exchange)
        if url is None or self._clock() < self._refused_until.get(exchange, float("-inf")):
            return None
        params: dict[str, Any] = {"symbol": _symbol(pair), "interval": timeframe, "limit": candles}
        try:
            response = await self._http.get(f"{url.rstrip('/')}/api/v3/klines", params=params)
            if response.status_code in (418, 429):
                self._pause(exchange, response)
            response.raise_for_status()
            return {int(row[_OPEN_TIME]): float(row[_CLOSE]) for row in response.json()}
        except (httpx.HTTPError, OSError, ValueError, TypeError, IndexError, KeyError):
            return None

    def _pause(self, exchange: str, response: httpx.Response) -> None:
        told = response.headers.get("Retry-After", "")
        seconds = float(told) if told.isascii() and told.isdigit() else _BANNED_SECONDS
        self._refused_until[exchange] = self._clock() + min(seconds, _LONGEST_PAUSE_SECONDS)
        logger.warning("{} refuses candles ({}); not asked for {:.0f} s", exchange, response.status_code, seconds)

    def _forget(self) -> None:
        if len(self._answers) >= _MOST_KEPT:
            now = self._clock()
            old = [key for key, one in self._answers.items() if now - one.at >= SHARED_SECONDS]
            for key in (key for key in old if not self._answers[key].lock.locked()):
                del self._answers[key]

    def _url(self, exchange: str) -> str | None:
        if exchange == PAPER:
            return self._paper_url()
        return _BINANCE if exchange == "binance" else None


def _symbol(pair: str) -> str:
    """`BTC/USDT:USDT` → `BTCUSDT`."""
    return pair.partition(":")[0].replace("/", "")
