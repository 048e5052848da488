"""Equity history: buckets, roll-up, which resolution."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.portfolio.aggregate import aggregate
from orchestrator.portfolio.history import Sampler, bucket_start, resolution_for, roll_up
from orchestrator.portfolio.models import EquityPointModel
from tests.unit.portfolio.builders import NOW, reading, snapshot


def sample(sampler: Sampler, seconds: float, free: int, **changes: Any) -> None:
    now = NOW + timedelta(seconds=seconds)
    bots = [reading("bot-a", snapshot(free=free), **{"snapshot_at": now} | changes)]
    sampler.add("user-1", aggregate(bots, currency="USDT", now=now).portfolio)


def point(seconds: int, equity: int, low: int, high: int, **changes: Any) -> EquityPointModel:
    values: dict[str, Any] = {
        "user_id": "user-1", "mode": "all", "resolution_seconds": 10, "at": NOW + timedelta(seconds=seconds),
        "currency": "USDT", "equity": Decimal(equity), "equity_low": Decimal(low), "equity_high": Decimal(high),
        "starting_capital": Decimal(1000), "realised": Decimal(0), "unrealised": Decimal(0), "bots": 1, "stale_bots": 0,
    }  # fmt: skip
    return EquityPointModel(**(values | changes))


def test_a_bucket_keeps_the_last_value_and_the_extremes() -> None:
    sampler = Sampler()
    for seconds, free in ((0, 1000), (3, 900), (6, 1200), (9, 1100)):
        sample(sampler, seconds, free)
    assert sampler.take(NOW + timedelta(seconds=9.9)) == []
    points = sampler.take(NOW + timedelta(seconds=10))
    assert {one.mode for one in points} == {"all", "dry"}, "no bot trades live"
    for one in points:
        assert (one.at, one.equity, one.equity_low, one.equity_high) == (NOW, 1100, 900, 1200)
    assert sampler.take(NOW + timedelta(seconds=60)) == []


def test_the_next_bucket_begins_anew_and_the_former_waits_to_be_taken() -> None:
    sampler = Sampler()
    sample(sampler, 1, 500)
    sample(sampler, 11, 1000)
    points = [one for one in sampler.take() if one.mode == "all"]
    assert [(one.at, one.equity_low) for one in points] == [(NOW, 500), (NOW + timedelta(seconds=10), 1000)]


def test_a_bucket_is_stale_only_when_nothing_was_heard_throughout() -> None:
    sampler = Sampler()
    sample(sampler, 1, 1000)
    sample(sampler, 5, 1000, observed_state="unknown")
    sample(sampler, 11, 1000, observed_state="unknown")
    assert [one.stale_bots for one in sampler.take() if one.mode == "all"] == [0, 1]


def test_rolling_up_keeps_the_last_value_and_the_extremes() -> None:
    points = [point(20, 1030, 1010, 1050), point(0, 1000, 990, 1005), point(10, 1020, 980, 1025), point(60, 7, 7, 7)]
    merged = roll_up(points, 60)
    assert [(one.at, one.resolution_seconds) for one in merged] == [(NOW, 60), (NOW + timedelta(seconds=60), 60)]
    assert (merged[0].equity, merged[0].equity_low, merged[0].equity_high) == (1030, 980, 1050)


def test_rolling_up_does_not_mix_users_modes_or_currencies() -> None:
    points = [
        point(0, 1, 1, 1),
        point(0, 2, 2, 2, mode="live"),
        point(0, 3, 3, 3, user_id="user-2"),
        point(10, 900, 900, 900, currency="EUR"),
    ]
    merged = {(one.user_id, one.mode): one for one in roll_up(points, 60)}
    assert {key: one.equity for key, one in merged.items()} == {
        ("user-1", "all"): 900,
        ("user-1", "live"): 2,
        ("user-2", "all"): 3,
    }
    assert (merged["user-1", "all"].currency, merged["user-1", "all"].equity_low) == ("EUR", 900)


@pytest.mark.parametrize(
    ("span", "age", "seconds"),
    [
        (timedelta(hours=1), timedelta(days=400), 10),
        (timedelta(hours=24), timedelta(days=400), 60),
        (timedelta(days=7), timedelta(days=400), 900),
        (timedelta(days=30), timedelta(days=400), 900),
        (None, timedelta(days=400), 21_600),
        (None, timedelta(minutes=10), 10),
        (timedelta(days=30), timedelta(hours=5), 60),
        (timedelta(hours=1), None, 10),
    ],
)
def test_the_resolution_is_the_finest_that_still_covers_the_range(
    span: timedelta | None, age: timedelta | None, seconds: int
) -> None:
    assert resolution_for(span, NOW - age if age else None, NOW) == seconds


def test_buckets_are_aligned_to_midnight_utc() -> None:
    at = datetime(2026, 11, 20, 5, 59, 59, 999_999, tzinfo=UTC)
    assert bucket_start(at, 21_600) == datetime(2026, 11, 20, tzinfo=UTC)
    assert bucket_start(at, 10) == datetime(2026, 11, 20, 5, 59, 50, tzinfo=UTC)
