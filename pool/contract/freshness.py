"""Whether an answer is still right for the one who asks: pure, and decided by his own kind of request.

What an earlier asker said of his request plays no part, so nobody can keep others from fresh data. Candles last until
the close of the one that was current when the exchange was asked, by its clock, if the answer holds that one, and was
not made while the one before might still change; who is due right after a close and is late has what he would have had.

Who has been waiting for the same answer may have what would have done when he began: an exchange that is slow is asked
once for all his tries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pool.contract.market import Kind

SOON_SECONDS = 1.0
"""Books, tickers, trades, and whatever is not understood."""
MARKETS_SECONDS = 300.0
FUNDING_SECONDS = 60.0
"""But not beyond the full hour, when rates are settled: FreqTrade asks for them a second later."""
CLOSED_SECONDS = 300.0
"""Candles that were closed for good when the exchange was asked."""
LONGEST_SECONDS = 3600.0
"""Nothing is kept for longer, days' candles neither."""
SETTLING_MS = 5_000
"""So long after its close a candle may still change."""
AFTER_CLOSE_MS = 1_000
"""FreqTrade asks for a candle so long after its close, and keeps what it is told."""
LATE_MS = 11_000
"""Who was due then has it until so long after the close."""
LEAST_WITHIN_MS = 100
LONGEST_WAIT_MS = 10_000
SMALLEST_BYTES = 512
"""Shorter answers are kept as briefly as a book: with some exchanges an error looks like one, with status 200."""

_HOUR, _DAY, _WEEK, _MONTH = 3_600, 86_400, 604_800, 2_592_000
_MONDAY_MS = 4 * _DAY * 1000
"""The first one of Unix time."""
_LASTING = {"markets": MARKETS_SECONDS, "funding": FUNDING_SECONDS}


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was, on this machine's clocks."""

    steady: float
    """Seconds that no setting of a clock changes."""
    wall_ms: int
    jumps: int
    """How often the wall clock had jumped."""


Holds = Callable[[int, int], bool]
"""Whether the answer holds the candle of this opening (ms) and length (ms)."""


def fresh(kind: Kind, asked: Moment, now: Moment, skew_ms: int, size: int, holds: Holds) -> bool:
    """Whether an answer of `size` bytes, for which the exchange was asked at `asked`, is right at `now`."""
    if now.steady < asked.steady or kind.name == "time":
        return False
    now = _began(kind, asked, now)
    age = now.steady - asked.steady
    if not _within(kind, age):
        return False
    if kind.name == "candles" and kind.timeframe:
        return _candles_fresh(kind, kind.timeframe, asked, now, skew_ms, size, holds)
    lasting = _LASTING.get(kind.name, SOON_SECONDS)
    if kind.name == "funding" and not _same_rates(asked, now, skew_ms):
        return False
    return age <= (lasting if size >= SMALLEST_BYTES else min(lasting, SOON_SECONDS))


def joinable(kind: Kind, sent: Moment | None, now: Moment, skew_ms: int) -> bool:
    """Whether the answer to a request that is under way since `sent` (None: not yet) is right for who asks now."""
    if kind.name == "time":
        return False
    if sent is None or kind.name == "markets":
        return True
    now = _began(kind, sent, now)
    if kind.name == "funding":
        return _same_rates(sent, now, skew_ms)
    age = now.steady - sent.steady
    if not _within(kind, age):
        return False
    if kind.name != "candles" or not kind.timeframe:
        return age <= SOON_SECONDS
    if sent.jumps != now.jumps:
        return False
    if _closed(kind, kind.timeframe, sent.wall_ms + skew_ms):
        return True
    before, current = (opening(kind.timeframe, at.wall_ms + skew_ms) for at in (sent, now))
    if before is None or _settling(before, sent, skew_ms):
        return before == current and age <= SOON_SECONDS
    return before == current


def _began(kind: Kind, asked: Moment, now: Moment) -> Moment:
    """When he who asks now began to; not before the exchange was asked."""
    waited_ms = min(max(kind.waited_ms or 0, 0), LONGEST_WAIT_MS)
    steady, wall_ms = now.steady - waited_ms / 1000, now.wall_ms - waited_ms
    return Moment(max(asked.steady, steady), max(asked.wall_ms, wall_ms), now.jumps) if waited_ms else now


def _within(kind: Kind, age: float) -> bool:
    return kind.within_ms is None or age * 1000 <= max(kind.within_ms, LEAST_WITHIN_MS)


def _settling(opened_ms: int, asked: Moment, skew_ms: int) -> bool:
    """Whether the candle before the one that opened then might still change when the exchange was asked."""
    return asked.wall_ms + skew_ms - opened_ms < SETTLING_MS


def _in_time(kind: Kind, opened_ms: int, asked: Moment, now: Moment, skew_ms: int) -> bool:
    """Whether the exchange was asked when he was due who asks now, or since, and he is not too late for that: by the
    exchange's clock and by ours, which FreqTrade goes by."""
    began_ms = asked.wall_ms + min(skew_ms, 0) - opened_ms
    now_ms = now.wall_ms + max(skew_ms, 0) - opened_ms
    return bool(kind.at_close) and began_ms >= AFTER_CLOSE_MS and now_ms <= LATE_MS


def _same_rates(asked: Moment, now: Moment, skew_ms: int) -> bool:
    """Whether no rates were settled between the two; while the exchange may still be at it that holds for a moment."""
    first, last = (opening(_HOUR, at.wall_ms + skew_ms) for at in (asked, now))
    if asked.jumps != now.jumps or first is None or first != last:
        return False
    return now.steady - asked.steady <= SOON_SECONDS or not _settling(first, asked, skew_ms)


def lasts(kind: Kind) -> bool:
    """Whether answers of this kind may be fresh for more than a few seconds."""
    return kind.name in _LASTING or (kind.name == "candles" and bool(kind.timeframe))


def _candles_fresh(
    kind: Kind, timeframe: int, asked: Moment, now: Moment, skew_ms: int, size: int, holds: Holds
) -> bool:
    age = now.steady - asked.steady
    if asked.jumps != now.jumps:
        return False
    if _closed(kind, timeframe, asked.wall_ms + skew_ms):
        return age <= (CLOSED_SECONDS if size >= SMALLEST_BYTES else SOON_SECONDS)
    before = opening(timeframe, asked.wall_ms + skew_ms)
    if before != opening(timeframe, now.wall_ms + skew_ms):
        return False
    if age <= SOON_SECONDS:
        return True
    if before is None:
        return False
    if _settling(before, asked, skew_ms):
        closed = opening(timeframe, before - 1)
        if not _in_time(kind, before, asked, now, skew_ms) or closed is None or not holds(closed, timeframe * 1000):
            return False
    return age <= LONGEST_SECONDS and holds(before, timeframe * 1000)


def _closed(kind: Kind, timeframe: int, exchange_ms: int) -> bool:
    """Whether a request for a range asks for nothing that can still change."""
    if kind.since is None or not kind.limit:
        return False
    current = opening(timeframe, exchange_ms - SETTLING_MS)
    return current is not None and kind.since + kind.limit * timeframe * 1000 <= current


def opening(timeframe: int, at_ms: int) -> int | None:
    """When the candle of a moment opened; None for lengths of which exchanges differ in where they begin."""
    length = timeframe * 1000
    if timeframe > 0 and _DAY % timeframe == 0:
        return at_ms // length * length
    if timeframe == _WEEK:
        return (at_ms - _MONDAY_MS) // length * length + _MONDAY_MS
    if timeframe == _MONTH:
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        return int(datetime(at.year, at.month, 1, tzinfo=UTC).timestamp()) * 1000
    return None


def holds_candle(body: bytes, opened_ms: int, length_ms: int) -> bool:
    """Whether the candle that opened then is in an answer of whatever format.

    Its opening must be there as a number of its own, in seconds or milliseconds. Formats that tell a candle's close as
    the next one's opening have each boundary twice: there it must be as often as the boundary before.
    """
    found = _mentions(body, opened_ms)
    return found > 0 and found >= _mentions(body, opened_ms - length_ms)


def _mentions(body: bytes, at_ms: int) -> int:
    seconds = b"%d" % (at_ms // 1000)
    count, position = 0, body.find(seconds)
    while position >= 0:
        end = position + len(seconds)
        if body[end : end + 3] == b"000":
            end += 3
        count += _alone(body, position, end)
        position = body.find(seconds, end)
    return count


def _alone(body: bytes, start: int, end: int) -> bool:
    """Neither part of a longer number nor with a fraction that is not zero."""
    if start and body[start - 1 : start] in b".0123456789":
        return False
    rest = body[end : end + 24]
    if rest[:1] == b".":
        fraction = rest[1:].lstrip(b"0")
        return not fraction[:1].isdigit()
    return not rest[:1].isdigit()
