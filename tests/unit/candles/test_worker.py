"""The process that knows the exchanges."""

from types import SimpleNamespace
from typing import Any

from pool.contract.market import Kind
from pool.exchange.gateway.candles import worker
from pool.exchange.gateway.freshness import Moment, fresh

NOON_MS = 1_795_435_200_000
QUESTION = {"exchange": "paper", "pair": "BTC/USDT", "timeframe": "1h", "type": "spot", "limit": 50}


async def test_the_current_candle_is_a_second_old_at_most() -> None:
    told: list[Kind] = []

    async def fetch_ohlcv(*_: Any, **__: Any) -> list[list[float]]:
        told.append(worker._kind.get())
        return [[NOON_MS, 1, 1, 1, 1, 1]]

    client = SimpleNamespace(
        markets={"BTC/USDT"},
        timeframes={"1h": "1h"},
        has={"fetchOHLCV": True},
        feature_value=lambda *_: 500,
        fetch_ohlcv=fetch_ohlcv,
    )
    await worker._candles(client, {**QUESTION, "since": NOON_MS})
    (kind,) = told
    asked = Moment(100.0, NOON_MS + 60_000, 0)

    def told_again(seconds: float) -> bool:
        return fresh(kind, asked, Moment(100.0 + seconds, NOON_MS + 60_000 + int(seconds * 1000), 0), 0, 9999, holds)

    assert told_again(0.9)
    assert not told_again(1.1)


def holds(_opened_ms: int, _length_ms: int) -> bool:
    return True
