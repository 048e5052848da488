"""The day of market whose candles are compared: when bots look, and what has closed by then. Pure.

In its middle candles of every length close at once: it is midnight, a Monday, the first of a month.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

MIDNIGHT = 1_801_440_000
START, END = MIDNIGHT - 13 * 3600, MIDNIGHT + 11 * 3600
STEPS = {"spot": 900, "futures": 1800}
"""Seconds between looks, but where there is one each minute."""
_MINUTES = ((MIDNIGHT - 6 * 3600, 900), (MIDNIGHT - 900, 2400))
"""Stretches with a look each minute, and candles of a second: their begin and length."""
_SECONDS = (MIDNIGHT - 40, MIDNIGHT + 25)
"""From each of them on there is a look each second, for so long:"""
_SECONDS_LONG = 12
_DAY = 86_400
_LENGTHS = {"s": 1, "m": 60, "h": 3600, "d": _DAY, "w": 7 * _DAY}
FUNDING_SECONDS = 8 * 3600
_FIRST_MONDAY = 4 * _DAY


@dataclass(frozen=True)
class Look:
    """`after` and `neighbour_after` are seconds since a candle's close; at the latter somebody else asks for all that
    the bot ever asked for. `kept` says that this leaves the gateway with right answers for the bot's look. `late` looks
    were due a second after the close."""

    close: int
    after: int
    neighbour_after: int | None
    kept: bool
    late: bool = False

    @property
    def at(self) -> int:
        return self.close + self.after


_CYCLE = ((1, -7, False), (14, 6, True), (3, 0, False), (9, 1, True, True), (8, 2, False))
"""What was asked for before the close, or while a candle may still settle, is of no use but for who is late."""
_AT_MIDNIGHT = {"spot": 0, "futures": 1}
"""Their places in it."""


def looks(mode: str) -> list[Look]:
    """In order of time."""
    closes = set(range(START, END, STEPS[mode]))
    for begin, length in _MINUTES:
        closes.update(range(begin, begin + length, 60))
    ordered = sorted(closes)
    first = _AT_MIDNIGHT[mode] - ordered.index(MIDNIGHT)
    planned = [Look(close, *_CYCLE[(first + place) % len(_CYCLE)]) for place, close in enumerate(ordered)]
    seconds = [Look(begin + second, 0, None, False) for begin in _SECONDS for second in range(_SECONDS_LONG)]
    return sorted(planned + seconds, key=lambda look: look.at)


def is_asked(timeframe: str, at: int) -> bool:
    """Candles of a second are followed where looks are close to each other."""
    return timeframe != "1s" or any(begin <= at < begin + length for begin, length in _MINUTES)


def last_closed(timeframe: str, at: int) -> int:
    """When the candle opened that closed last."""
    return opening(timeframe, opening(timeframe, at) - 1)


def opening(timeframe: str, at: int) -> int:
    """Of the candle of a moment, as Binance has them."""
    if timeframe == "1M":
        return int(datetime.fromtimestamp(at, UTC).replace(day=1, hour=0, minute=0, second=0).timestamp())
    length = seconds_of(timeframe)
    begin = _FIRST_MONDAY if timeframe == "1w" else 0
    return (at - begin) // length * length + begin


def seconds_of(timeframe: str) -> int:
    """Of one that is no month's."""
    return int(timeframe[:-1]) * _LENGTHS[timeframe[-1]]
