"""Names, stretches, frames, what a page of an exchange says, roll-ups."""

from pathlib import Path

import numpy as np
import pytest
from freqtrade.data.history.datahandlers.featherdatahandler import FeatherDataHandler
from freqtrade.enums import CandleType

from pool.exchange.gateway.candles import rollup
from pool.exchange.gateway.candles.answers import CERTAIN_MS, Malformed, page_of
from pool.exchange.gateway.candles.frames import Frame, empty, frame_of
from pool.exchange.gateway.candles.ranges import bridged, union, without
from pool.exchange.gateway.candles.series import TYPES, Refused, Series
from pool.exchange.gateway.candles.service import MOST, Wanted, bounds, reached
from pool.exchange.gateway.candles.times import Asked, Now

MINUTE = 60_000
SERIES = Series.of("paper", "BTC/USDT", "1m")


def candles(*minutes: int, value: float = 1.0) -> Frame:
    return frame_of([[minute * MINUTE, value, value, value, value, 0.1] for minute in minutes], 5)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("pair", ["BTC/USDT", "1000.X$/USDT", "A-B_C/USD+"])
def test_files_are_named_as_freqtrade_names_them(kind: str, pair: str, tmp_path: Path) -> None:
    whole = pair if kind == "spot" else f"{pair}:USDT"
    ours = Series.of("binance", whole, "5m", kind).file(tmp_path)
    assert ours == FeatherDataHandler._pair_data_filename(tmp_path, whole, "5m", CandleType(kind))


@pytest.mark.parametrize(
    ("name", "field"),
    [
        (("../x", "BTC/USDT", "1m", "spot"), "exchange"),
        (("paper", "../../x", "1m", "spot"), "pair"),
        (("paper", "BTCUSDT", "1m", "spot"), "pair"),
        (("paper", "BTC/USDT:USDT", "1m", "spot"), "pair"),
        (("paper", "BTC/USDT", "1m", "mark"), "pair"),
        (("paper", "BTC/USDT", "1M", "spot"), "timeframe"),
        (("paper", "BTC/USDT", "0m", "spot"), "timeframe"),
        (("paper", "BTC/USDT", "1m", "index"), "type"),
    ],
)
def test_what_cannot_be_a_series_names_the_field(name: tuple[str, str, str, str], field: str) -> None:
    with pytest.raises(Refused) as refused:
        Series.of(*name)
    assert refused.value.field == field


def test_stretches() -> None:
    assert union([(5, 7), (1, 2)], [(2, 3), (6, 9), (4, 4)]) == [(1, 3), (5, 9)]
    assert without(0, 10, [(1, 3), (5, 9)]) == [(0, 1), (3, 5), (9, 10)]
    assert without(2, 6, [(1, 3), (5, 9)]) == [(3, 5)]
    assert without(1, 3, [(1, 3)]) == []
    assert bridged([(0, 1), (3, 5), (20, 21)], 10) == [(0, 5), (20, 21)]


def test_of_two_frames_the_later_ones_candles_count() -> None:
    both = candles(1, 2, 5, 6).then(candles(2, 3, 5, value=2.0))
    assert both.dates.tolist() == [minute * MINUTE for minute in (1, 2, 3, 5, 6)]
    assert both.values[:, 0].tolist() == [1.0, 2.0, 2.0, 2.0, 1.0]
    assert candles(5).then(candles(1, 9)).dates.tolist() == [MINUTE, 5 * MINUTE, 9 * MINUTE]


def test_runs_end_at_gaps() -> None:
    assert candles(1, 2, 4).runs(MINUTE) == [(MINUTE, 3 * MINUTE), (4 * MINUTE, 5 * MINUTE)]
    assert empty(5).runs(MINUTE) == []


@pytest.mark.parametrize("rows", [[[2, 1], [1, 1]], [[1, float("nan")]], [[1, 1, 1]], [[1, None]], [[1, "x"]]])
def test_rows_that_are_no_candles_make_no_frame(rows: list[list[float]]) -> None:
    with pytest.raises(ValueError, match=r"."):
        frame_of(rows, 1)


def page(
    rows: list[list[float]], asked_at: int, since: int = 0, *, certain: bool = True
) -> tuple[list[int], list[float] | None, int]:
    found = page_of(SERIES, rows, since, Asked(asked_at, certain))
    return (found.closed.dates // MINUTE).tolist(), found.partial, found.end // MINUTE


def row(minute: float) -> list[float]:
    return [int(minute * MINUTE), 1.0, 1.0, 1.0, 1.0, 1.0]


def test_the_last_candle_of_an_answer_may_still_change() -> None:
    assert page([row(1), row(2)], 3 * MINUTE - 1) == ([1], row(2), 3)


def test_a_clock_ahead_of_the_exchange_closes_no_candle() -> None:
    assert page([row(1), row(2)], 3 * MINUTE + CERTAIN_MS - 1) == ([1], row(2), 3)


def test_a_candle_that_ended_a_good_while_ago_is_closed_though_nothing_follows() -> None:
    assert page([row(1), row(2)], 3 * MINUTE + CERTAIN_MS) == ([1, 2], None, 3)


def test_where_nobody_knows_the_exchanges_clock_closed_is_what_another_follows() -> None:
    assert page([row(1), row(2), row(3)], 99 * MINUTE, certain=False) == ([1, 2], row(3), 4)


@pytest.mark.parametrize(
    ("before", "after", "asked"),
    [
        (Now(1000, 7), Now(1500, -300), Asked(700, True)),
        (Now(1000, None), Now(1500, 7), Asked(1007, True)),
        (Now(1000, 7), Now(1500, None), Asked(1000, False)),
        (Now(1000, 7, 1), Now(99_000, 7, 2), Asked(1007, False)),
    ],
)
def test_when_a_question_left_is_told_by_the_exchanges_clock(before: Now, after: Now, asked: Asked) -> None:
    assert Asked.between(before, after) == asked


def test_funding_rates_that_come_oftener_than_their_timeframe_are_all_asked_for() -> None:
    series = Series.of("paper", "BTC/USDT:USDT", "8h", "funding_rate")
    found = page_of(series, [[60 * MINUTE, 0.1], [120 * MINUTE, 0.2]], 0, Asked(121 * MINUTE, certain=False))
    assert found.closed.rows() == [[60 * MINUTE, 0.1], [120 * MINUTE, 0.2]]
    assert 120 * MINUTE < found.end <= 180 * MINUTE


def test_what_lies_before_the_question_is_passed_over() -> None:
    assert page([row(1), row(2), row(3)], 99 * MINUTE, since=2 * MINUTE) == ([2, 3], None, 4)
    assert page([row(1)], 99 * MINUTE, since=2 * MINUTE) == ([], None, 2)


@pytest.mark.parametrize(
    "rows", [[row(1), row(1)], [row(1.5)], [row(50)], [[MINUTE, 1.0]], [[MINUTE, 1.0, 1.0, 1.0, float("nan"), 1.0]]]
)
def test_a_malformed_answer_is_no_page(rows: list[list[float]]) -> None:
    with pytest.raises(Malformed):
        page(rows, 3 * MINUTE)


def test_volumes_are_added_as_decimals() -> None:
    (made,) = rollup.rolled(candles(0, 1, 2, 3, 4), 5 * MINUTE, 0, 5 * MINUTE).rows()
    assert made == [0, 1.0, 1.0, 1.0, 1.0, 0.5]
    assert sum([0.1] * 3) != 0.3 == rollup.rolled(candles(0, 1, 2), 3 * MINUTE, 0, 3 * MINUTE).values[0, 4]


def test_only_candles_whose_every_minute_is_there_are_made() -> None:
    minutes = candles(*(minute for minute in range(20) if minute != 7))
    assert (rollup.rolled(minutes, 5 * MINUTE, MINUTE, 19 * MINUTE).dates // MINUTE).tolist() == [10]


def test_roll_ups_need_evidence_that_the_exchange_adds_up_the_same() -> None:
    minutes = candles(*range(300))
    same = rollup.rolled(minutes, 5 * MINUTE, 0, 300 * MINUTE)
    assert rollup.agree(minutes, same, 5 * MINUTE)
    assert rollup.agree(minutes, same.between(0, (rollup.EVIDENCE - 1) * 5 * MINUTE), 5 * MINUTE) is None
    assert rollup.agree(minutes.between(0, 10 * MINUTE), same, 5 * MINUTE) is None
    assert rollup.agree(empty(5), empty(5), 5 * MINUTE) is None
    gaps = candles(*(minute for minute in range(300) if minute % 60 not in (7, 31)))
    assert rollup.agree(gaps, same, 5 * MINUTE)
    other = Frame(same.dates, np.where(np.arange(len(same))[:, None] == 55, same.values + 0.1, same.values))
    assert rollup.agree(minutes, other, 5 * MINUTE) is False
    shifted = Frame(same.dates + MINUTE, same.values)
    assert not rollup.agree(minutes, shifted, 5 * MINUTE)


def test_a_page_is_bounded_and_tells_where_the_next_one_begins() -> None:
    now = 1000 * MINUTE + 5
    assert bounds(Wanted(SERIES, None, None, 10), now) == (991 * MINUTE, now + 1, None)
    assert bounds(Wanted(SERIES, 5, 100 * MINUTE, 10), now) == (MINUTE, 11 * MINUTE, 11 * MINUTE)
    assert bounds(Wanted(SERIES, 995 * MINUTE, None, 10), now) == (995 * MINUTE, now + 1, None)
    assert bounds(Wanted(SERIES, 90 * MINUTE, 100 * MINUTE, 10), now) == (90 * MINUTE, 100 * MINUTE, None)
    assert bounds(Wanted(SERIES, 2000 * MINUTE, None, 10), now)[2] is None
    with pytest.raises(Refused):
        bounds(Wanted(SERIES, None, None, MOST + 1), now)


def test_the_last_weeks_begin_on_mondays() -> None:
    weeks = Series.of("paper", "BTC/USDT", "1w")
    wednesday, monday = 1_795_564_800_000, 1_795_392_000_000
    assert bounds(Wanted(weeks, None, None, 2), wednesday)[0] == monday - weeks.step
    three_days = Series.of("paper", "BTC/USDT", "3d")  # exchanges differ in where those begin
    assert bounds(Wanted(three_days, None, None, 2), wednesday)[0] == wednesday // three_days.step * three_days.step - (
        three_days.step
    )


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:7"),
        ("0.0.0.0", "http://127.0.0.1:7"),
        ("::", "http://[::1]:7"),
        ("10.0.0.1", "http://10.0.0.1:7"),
    ],
)
def test_the_worker_asks_by_loopback_where_it_can(host: str, url: str) -> None:
    assert reached(host, 7) == url
