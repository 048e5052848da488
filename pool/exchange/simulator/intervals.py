"""Candle intervals of Binance: which candle a second belongs to, and where that candle begins."""

from dataclasses import dataclass
from datetime import UTC, datetime

_DAY = 86_400
_FOUR_DAYS = 4 * _DAY  # the epoch was a Thursday, weeks begin on Mondays


@dataclass(frozen=True)
class Interval:
    """Candles are numbered; consecutive candles have consecutive numbers. `seconds` 0 stands for calendar months."""

    name: str
    seconds: int
    offset_seconds: int = 0

    def index(self, second: int) -> int:
        """Number of the candle that holds the second."""
        if self.seconds:
            return (second - self.offset_seconds) // self.seconds
        moment = datetime.fromtimestamp(second, UTC)
        return moment.year * 12 + moment.month - 1

    def opens(self, index: int) -> int:
        """First second of a candle."""
        if self.seconds:
            return index * self.seconds + self.offset_seconds
        return int(datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC).timestamp())


INTERVALS = {
    interval.name: interval
    for interval in (
        Interval("1s", 1),
        Interval("1m", 60),
        Interval("3m", 180),
        Interval("5m", 300),
        Interval("15m", 900),
        Interval("30m", 1_800),
        Interval("1h", 3_600),
        Interval("2h", 7_200),
        Interval("4h", 14_400),
        Interval("6h", 21_600),
        Interval("8h", 28_800),
        Interval("12h", 43_200),
        Interval("1d", _DAY),
        Interval("3d", 3 * _DAY),
        Interval("1w", 7 * _DAY, _FOUR_DAYS),
        Interval("1M", 0),
    )
}
