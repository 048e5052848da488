"""Average true ranges of a pair, from the candles that FreqTrade holds of it anyway."""

from collections.abc import Iterable
from typing import Any

from freqtrade.strategy import IStrategy

from pool.rules.indicators import WINDOW, atr


class Ranges:
    """Of one strategy's pairs; an ATR is computed once a candle."""

    def __init__(self, strategy: IStrategy) -> None:
        self._strategy = strategy
        self._known: dict[tuple[str, int], tuple[Any, float | None]] = {}

    def of(self, pair: str, periods: Iterable[int]) -> dict[int, float]:
        """ATR by period, in units of the price; what cannot be computed is missing."""
        wanted = list(periods)
        if not wanted:
            return {}
        frame, _ = self._strategy.dp.get_analyzed_dataframe(pair, self._strategy.timeframe)
        if frame.empty:
            return {}
        last = frame["date"].iloc[-1]
        found = {}
        for period in wanted:
            known = self._known.get((pair, period))
            if known is None or known[0] != last:
                part = frame.iloc[-(WINDOW * period + 1) :]
                value = atr(part["high"].tolist(), part["low"].tolist(), part["close"].tolist(), period)
                known = self._known[pair, period] = (last, value)
            if known[1] is not None:
                found[period] = known[1]
        return found
