"""Losses of days, weeks and from the peak: what counts, from when, and until when they bind."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from pool.contract.policy import LossLimit
from pool.rules.losses import (
    Member,
    Spell,
    Window,
    advance,
    begin_of,
    exceeded,
    loss_of,
    market_fall,
    release_at,
    released,
    window_end,
)

BERLIN = "Europe/Berlin"
NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)


def members(**profits: int) -> dict[str, Member]:
    """Each was given 1000."""
    return {name: Member(Decimal(profit), Decimal(1000 + profit)) for name, profit in profits.items()}


def spell(window: Window, *readings: dict[str, Member], at: datetime = NOON) -> Spell:
    found: Spell | None = None
    for number, reading in enumerate(readings):
        found = advance(found, window, reading, at + timedelta(seconds=2 * number), BERLIN)
    assert found is not None
    return found


def limit(window: Window, ratio: str = "0.05", **values: object) -> LossLimit:
    return LossLimit.model_validate({"scope": "user", "window": window, "ratio": ratio, **values})


def test_a_daily_loss_is_of_the_equity_at_the_beginning() -> None:
    day = spell("daily", members(a=0, b=0), members(a=-120, b=20))
    assert loss_of(day) == Decimal("0.05")
    assert exceeded(limit("daily"), day)
    assert not exceeded(limit("daily", "0.051"), day)


def test_bots_that_come_and_go_are_neither_gain_nor_loss() -> None:
    day = spell("daily", members(a=0, b=-50), members(a=-60), members(a=-60, c=500), members(a=-60, b=-50, c=480))
    assert (day.gain, day.base) == (Decimal(-80), Decimal(1000 + 950 + 1500))


def test_a_drawdown_is_from_the_highest_gain() -> None:
    found = spell("drawdown", members(a=0), members(a=250), members(a=125))
    assert loss_of(found) == Decimal("0.1")


def test_a_new_day_begins_with_what_happened_since_the_last_reading_of_the_one_before() -> None:
    evening = datetime(2026, 3, 28, 22, 59, tzinfo=UTC)  # 23:59 in Berlin
    day = advance(None, "daily", members(a=0), evening, BERLIN)
    day = advance(day, "daily", members(a=-100), evening + timedelta(seconds=30), BERLIN)
    following = advance(day, "daily", members(a=-145), evening + timedelta(hours=2), BERLIN)
    assert following.begun_at == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert loss_of(following) == Decimal("0.05")
    long_after = advance(following, "daily", members(a=-500), evening + timedelta(days=3), BERLIN)
    assert loss_of(long_after) == 0, "nobody knows on which day that was lost"


MORNING = datetime(2026, 3, 3, 0, 1, tzinfo=UTC)
"""Of a Tuesday."""


def test_hopping_to_a_zone_whose_midnight_is_near_lets_no_day_begin_anew() -> None:
    """At every moment the document has the zone whose midnight was last."""
    zones = [f"Etc/GMT{hours:+d}" for hours in range(-14, 13)]
    day = advance(None, "daily", members(a=0), MORNING, "UTC")
    begun = [day.begun_at]
    for minute in range(10, 3 * 1440 + 10, 10):
        now = MORNING + timedelta(minutes=minute)
        hopped = max(zones, key=lambda zone: begin_of("daily", now, zone) or now)
        day = advance(day, "daily", members(a=-minute), now, hopped)
        begun += [day.begun_at] if day.begun_at != begun[-1] else []
    assert [after - before for before, after in pairwise(begun)] == [timedelta(days=1)] * 3


def test_a_day_or_week_ends_at_a_midnight_of_the_new_zone_but_not_before_one_of_the_zone_it_began_in() -> None:
    auckland = "Pacific/Auckland"  # 13 hours ahead: Wednesday begins there on Tuesday at 11:00
    for window, ends in (
        ("daily", datetime(2026, 3, 4, 11, tzinfo=UTC)),
        ("weekly", datetime(2026, 3, 15, 11, tzinfo=UTC)),
    ):
        found = advance(None, window, members(a=0), MORNING, "UTC")
        for now in (MORNING, ends - timedelta(seconds=1)):
            found = advance(found, window, members(a=-50), now, auckland)
        assert (found.zone, loss_of(found)) == ("UTC", Decimal("0.05"))
        found = advance(found, window, members(a=-50), ends, auckland)
        assert (found.zone, found.begun_at, loss_of(found)) == (auckland, ends, 0)


def test_the_next_day_is_there_once_it_is_in_all_zones() -> None:
    assert release_at(limit("daily"), MORNING, "UTC", "Pacific/Auckland") == datetime(2026, 3, 4, tzinfo=UTC)
    assert release_at(limit("daily"), MORNING, "UTC", "America/New_York") == datetime(2026, 3, 4, tzinfo=UTC)
    assert release_at(limit("daily"), MORNING, "America/New_York", "UTC") == datetime(2026, 3, 4, tzinfo=UTC)


def test_a_released_spell_counts_anew() -> None:
    day = released(spell("daily", members(a=0), members(a=-100)), NOON + timedelta(hours=1))
    assert loss_of(day) == 0
    assert day.base == 900
    assert loss_of(advance(day, "daily", members(a=-190), NOON + timedelta(hours=2), BERLIN)) == Decimal("0.1")


@pytest.mark.parametrize(
    ("now", "daily", "weekly"),
    [
        # Clocks go forward in the night to Sunday, 29 March 2026: that day has 23 hours, and its week 167.
        ("2026-03-29T00:30:00+01:00", "2026-03-28T23:00:00+00:00", "2026-03-22T23:00:00+00:00"),
        ("2026-03-29T23:59:00+02:00", "2026-03-28T23:00:00+00:00", "2026-03-22T23:00:00+00:00"),
        ("2026-03-30T00:01:00+02:00", "2026-03-29T22:00:00+00:00", "2026-03-29T22:00:00+00:00"),
        # And back on 25 October: 25 hours.
        ("2026-10-25T23:59:00+01:00", "2026-10-24T22:00:00+00:00", "2026-10-18T22:00:00+00:00"),
        ("2026-10-26T00:00:00+01:00", "2026-10-25T23:00:00+00:00", "2026-10-25T23:00:00+00:00"),
    ],
)
def test_days_and_weeks_begin_at_midnight_whatever_clocks_do(now: str, daily: str, weekly: str) -> None:
    moment = datetime.fromisoformat(now)
    assert begin_of("daily", moment, BERLIN) == datetime.fromisoformat(daily)
    assert begin_of("weekly", moment, BERLIN) == datetime.fromisoformat(weekly)


def test_a_response_ends_at_the_next_midnight_after_hours_or_by_hand() -> None:
    saturday = datetime(2026, 3, 28, 20, tzinfo=UTC)
    assert release_at(limit("daily"), saturday, BERLIN) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    sunday = datetime(2026, 3, 29, 20, tzinfo=UTC)
    assert release_at(limit("daily"), sunday, BERLIN) == datetime(2026, 3, 29, 22, tzinfo=UTC)
    hours = limit("daily", release="after_hours", release_hours=3)
    assert release_at(hours, saturday, BERLIN) == saturday + timedelta(hours=3)
    assert release_at(limit("daily", release="manual"), saturday, BERLIN) is None


def test_where_midnight_is_skipped_the_day_begins_when_clocks_go_on() -> None:
    # In Beirut, 29 March 2026 begins at 01:00.
    now = datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert begin_of("daily", now, "Asia/Beirut") == datetime(2026, 3, 28, 22, tzinfo=UTC)


def test_a_market_falls_from_its_highest_close_within_the_minutes() -> None:
    closes = [(NOON - timedelta(minutes=age), close) for age, close in ((30, 200.0), (9, 100.0), (5, 98.0), (0, 90.0))]
    assert market_fall(closes, 10, NOON) == Decimal("0.1")
    assert market_fall(closes, 60, NOON) > Decimal("0.5")
    assert market_fall(closes[-1:], 10, NOON) is None, "of one close nothing falls"
    assert market_fall(closes, 60, NOON + timedelta(minutes=4)) is None, "a price of long ago is none"


def test_what_ends_a_demanded_limit_is_its_window() -> None:
    noon = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
    assert window_end("daily", noon, "UTC") == datetime(2026, 3, 5, tzinfo=UTC)
    assert window_end("weekly", noon, "UTC", BERLIN) == datetime(2026, 3, 9, tzinfo=UTC)
    assert window_end("drawdown", noon, "UTC") is None
