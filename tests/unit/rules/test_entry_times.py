"""Cool-down and trading hours."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pool.contract.policy import CoolDown, TradingHours
from pool.rules.cooldown import ClosedTrade, cooling
from pool.rules.hours import within_hours
from tests.unit.rules.examples import NOW

BERLIN = ZoneInfo("Europe/Berlin")


def closed(minutes_ago: float, profit: float) -> ClosedTrade:
    return ClosedTrade(NOW - timedelta(minutes=minutes_ago), profit)


class TestCoolDown:
    def test_after_a_loss(self) -> None:
        section = CoolDown(after_loss_minutes=30)

        hold = cooling(section, [closed(90, -0.1), closed(29, -0.01), closed(5, 0.02)], NOW)
        assert hold is not None
        assert hold.until == NOW + timedelta(minutes=1)
        assert hold.limit == "limits.cool_down.after_loss_minutes"
        assert cooling(section, [closed(30, -0.01)], NOW) is None
        assert cooling(section, [closed(1, 0.0)], NOW) is None
        assert cooling(section, [], NOW) is None

    def test_after_a_streak_in_any_order(self) -> None:
        section = CoolDown(losses=2, after_streak_minutes=60)

        assert cooling(section, [closed(10, -0.1)], NOW) is None
        assert cooling(section, [closed(5, -0.1), closed(20, -0.1)], NOW) is not None
        assert cooling(section, [closed(5, -0.1), closed(10, 0.1), closed(20, -0.1)], NOW) is None
        assert cooling(section, [closed(5, -0.1), closed(10, 0.0)], NOW) is None
        assert cooling(section, [closed(60, -0.1), closed(70, -0.1)], NOW) is None

    def test_the_longer_of_both(self) -> None:
        section = CoolDown(after_loss_minutes=10, losses=2, after_streak_minutes=60)

        hold = cooling(section, [closed(5, -0.1), closed(6, -0.1)], NOW)
        assert hold is not None
        assert hold.limit == "limits.cool_down.after_streak_minutes"


def hours(*days: Any, start: str, end: str) -> list[TradingHours]:
    return [TradingHours.model_validate({"days": days, "start": start, "end": end})]


@pytest.mark.parametrize(
    ("local", "open_"),
    [
        ("2026-03-02T07:59:59", False),  # a Monday
        ("2026-03-02T08:00:00", True),
        ("2026-03-02T16:59:59", True),
        ("2026-03-02T17:00:00", False),
        ("2026-03-03T12:00:00", False),
    ],
)
def test_a_window_of_a_day(local: str, open_: bool) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=BERLIN).astimezone(UTC)

    assert within_hours(hours("mon", start="08:00", end="17:00"), "Europe/Berlin", now) is open_


@pytest.mark.parametrize(
    ("local", "open_"),
    [
        ("2026-03-06T21:59:00", False),  # a Friday
        ("2026-03-06T22:00:00", True),
        ("2026-03-07T05:59:00", True),
        ("2026-03-07T06:00:00", False),
        ("2026-03-07T22:00:00", False),
        ("2026-03-06T05:00:00", False),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_it_begins_on(local: str, open_: bool) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=BERLIN).astimezone(UTC)

    assert within_hours(hours("fri", start="22:00", end="06:00"), "Europe/Berlin", now) is open_


def test_equal_times_make_a_whole_day() -> None:
    window = hours("mon", start="09:00", end="09:00")

    assert within_hours(window, "UTC", datetime(2026, 3, 3, 8, 59, tzinfo=UTC))
    assert not within_hours(window, "UTC", datetime(2026, 3, 3, 9, 0, tzinfo=UTC))


def test_summer_time_moves_the_window() -> None:
    window = hours("sun", "mon", start="02:30", end="04:00")

    # On 2026-03-29 clocks in Berlin go from 02:00 to 03:00, which is 01:00 UTC.
    assert not within_hours(window, "Europe/Berlin", datetime(2026, 3, 29, 0, 59, tzinfo=UTC))
    assert within_hours(window, "Europe/Berlin", datetime(2026, 3, 29, 1, 0, tzinfo=UTC))
    assert not within_hours(window, "Europe/Berlin", datetime(2026, 3, 29, 2, 0, tzinfo=UTC))
    # On 2026-10-25 02:30 comes twice: at 00:30 and 01:30 UTC.
    assert within_hours(window, "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert not within_hours(window, "Europe/Berlin", datetime(2026, 10, 25, 1, 15, tzinfo=UTC))
    assert within_hours(window, "Europe/Berlin", datetime(2026, 10, 25, 1, 30, tzinfo=UTC))


def test_without_hours_it_is_always_and_with_none_never() -> None:
    assert within_hours(None, "UTC", NOW)
    assert not within_hours([], "UTC", NOW)
