"""Losses that bind: of a day, of a week, from the peak, and of a market that falls. Pure; the time is passed in.

A `Spell` follows one subject (a bot, or all bots of a user) over one window. Its `gain` is the sum of what its members
gained since it began: money that is put in or taken out, bots that are created, deleted or lose their rate for a while
are neither gain nor loss. With `base` the equity at the beginning (a member that joins later adds what it has then):

- daily and weekly: `loss = -gain / base`
- drawdown: `loss = (best - gain) / (base + best)`, `best` being the highest gain so far

Days begin at midnight in the document's time zone, whatever its clock does on that day, weeks on Monday. What happened
between the last reading of a day and the first of the next counts for the next. After a release a spell begins anew,
lest what was released for bind again at once; limits of each response have a spell of their own, so that a pause that
ends after an hour puts off no flattening.

The document's time zone `d` may change at any moment, so a spell keeps the zone `z` in which it began:

- a day or week ends at the first midnight (of a Monday) in `d` that is not before the next one in `z` after it began,
  so that none is shorter than one in the zone that it began in, however often `d` changes
- a response until the next day ends at the later of the next midnights in `z` and in `d`, which is fixed when it binds
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from pool.contract.policy import LossLimit, MarketEmergency, Response

Window = Literal["daily", "weekly", "drawdown"]
WINDOWS: tuple[Window, ...] = ("daily", "weekly", "drawdown")
RESPONSES: tuple[Response, ...] = ("pause", "reduce", "flatten")
FRESH_MINUTES = 3
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Member:
    """A bot as measured, in the reporting currency: profit over all time, and equity."""

    profit: Decimal
    equity: Decimal


@dataclass(frozen=True, slots=True)
class Spell:
    """`members` holds the profit of each bot when it was last measured; one that was there once stays in it."""

    window: Window
    begun_at: datetime
    base: Decimal
    gain: Decimal
    best: Decimal
    members: Mapping[str, Decimal]
    measured_at: datetime
    zone: str = "UTC"
    """In which it began; that of a drawdown stays for good."""


def advance(before: Spell | None, window: Window, members: Mapping[str, Member], now: datetime, zone: str) -> Spell:
    """The spell once its members were measured."""
    begin = begin_of(window, now, zone)
    if before is None or before.window != window or (begin is not None and _far_behind(before, window, begin, zone)):
        spell = Spell(window, begin or now, _ZERO, _ZERO, _ZERO, {}, now, zone)
    elif (
        begin is not None and _next_after(window, before.begun_at, before.zone) <= begin and before.measured_at < begin
    ):
        spell = replace(_anew(before, begin), zone=zone)
    else:
        spell = before
    known = dict(spell.members)
    gain, base = spell.gain, spell.base
    for name, member in members.items():
        if name in known:
            gain += member.profit - known[name]
        else:
            base += member.equity
        known[name] = member.profit
    return replace(spell, base=base, gain=gain, best=max(spell.best, gain), members=known, measured_at=now)


def released(spell: Spell, at: datetime) -> Spell:
    """It begins anew, as at its last measurement."""
    return _anew(spell, at)


def loss_of(spell: Spell) -> Decimal:
    """Ratio, see above; not positive where nothing is lost. 1 where something was lost and there was nothing."""
    fallen = spell.best - spell.gain if spell.window == "drawdown" else -spell.gain
    whole = spell.base + spell.best if spell.window == "drawdown" else spell.base
    if whole > 0:
        return fallen / whole
    return Decimal(1) if fallen > 0 else _ZERO


def exceeded(limit: LossLimit, spell: Spell) -> bool:
    """Whether the loss is as large as the limit, or larger."""
    return loss_of(spell) >= limit.ratio


def begin_of(window: Window, now: datetime, zone: str) -> datetime | None:
    """Beginning of the present day or week, in UTC; None of a drawdown, which has none."""
    if window == "drawdown":
        return None
    return _midnight(_first_day(window, now, zone), zone)


def release_at(limit: LossLimit | MarketEmergency, since: datetime, *zones: str) -> datetime | None:
    """When the response to it ends by itself, in UTC; None for by hand. The next day is there once it is in all of the
    zones."""
    if limit.release == "after_hours" and limit.release_hours is not None:
        return since + timedelta(hours=limit.release_hours)
    if limit.release == "next_day":
        return max(_next_after("daily", since, zone) for zone in zones)
    return None


def window_end(window: Window, now: datetime, *zones: str) -> datetime | None:
    """When the day or week is over in all of the zones, in UTC; None of a drawdown, which has no end."""
    return None if window == "drawdown" else max(_next_after(window, now, zone) for zone in zones)


def market_fall(closes: Sequence[tuple[datetime, float]], minutes: int, now: datetime) -> Decimal | None:
    """How far the last close is below the highest of the last `minutes`, as a ratio; by closes, so that one wick is no
    emergency. Each with the time of its candle's end (of one that is not finished, now). None where it cannot be told,
    for want of closes or since the last one is older than `FRESH_MINUTES`."""
    since = now - timedelta(minutes=minutes)
    recent = [close for at, close in sorted(closes) if since <= at <= now and close > 0]
    newest = max((at for at, _ in closes if at <= now), default=None)
    if len(recent) < 2 or newest is None or now - newest > timedelta(minutes=FRESH_MINUTES):
        return None
    return 1 - Decimal(str(recent[-1])) / Decimal(str(max(recent)))


def _far_behind(spell: Spell, window: Window, begin: datetime, zone: str) -> bool:
    """Its last measurement was neither in this window nor in the one before: what happened since is not this day's."""
    previous = begin_of(window, begin - timedelta(hours=1), zone)
    return previous is not None and spell.measured_at < previous


def _anew(spell: Spell, at: datetime) -> Spell:
    return replace(spell, begun_at=at, base=spell.base + spell.gain, gain=_ZERO, best=_ZERO)


def _next_after(window: Window, moment: datetime, zone: str) -> datetime:
    """Beginning of the day or week after the one of that moment, in UTC."""
    return _midnight(_first_day(window, moment, zone) + timedelta(days=7 if window == "weekly" else 1), zone)


def _first_day(window: Window, moment: datetime, zone: str) -> date:
    local = moment.astimezone(ZoneInfo(zone))
    return local.date() - timedelta(days=local.weekday() if window == "weekly" else 0)


def _midnight(day: date, zone: str) -> datetime:
    """First moment of the day; where clocks skip midnight, the moment to which they skip."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
