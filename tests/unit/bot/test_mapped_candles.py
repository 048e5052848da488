"""Candles that are mapped: what is taken in place of an answer, and when an exchange has to be asked."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ccxt
import numpy as np
import pytest

from pool.bot.market.mapped import Mapped, Rows
from pool.contract.mapped import HEAD_BYTES, JUMP_MS, MOST_ROWS, LatestCandles, place, series_of
from pool.contract.market import Kind
from tests.fakes.mapped_candles import candles_file

NOON = int(datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp() * 1000)
MINUTE = 60_000
URL = "https://api.binance.com/api/v3/klines?interval=1m&limit=3&symbol=BTCUSDT"
SERIES = LatestCandles(symbol="BTC/USDT", timeframe="1m", limit=3)
KIND = Kind(name="candles", timeframe=60, limit=3)
ROWS = [
    [NOON - 2 * MINUTE, 0.1, 0.30000000000000004, 1e-08, 0.2, 0.0],
    [NOON - MINUTE, 0.2, 90_000.01, 5e-324, 123.456, 1234567.0],
    [NOON, 123.456, 124.0, 123.0, 123.5, 7.0],
]
BOOT = 1_000.0


class Bench:
    """A bot, its pool's directory, and clocks that stand at so many milliseconds after noon."""

    def __init__(self, pool: Path) -> None:
        self.pool = pool
        self.exchange = "binance"
        self.at(20_000)
        self.taken = 0
        self.mapped = Mapped(pool, lambda: self.exchange, lambda: self._clocks, self._took)
        self.file = place(pool, SERIES.name("binance"))
        self.file.parent.mkdir()

    def at(self, ms: int, jumped_ms: int = 0) -> None:
        """`jumped_ms`: so far the wall clock was set since."""
        self._clocks = (BOOT + ms / 1000, NOON + ms + jumped_ms)

    def ask(self, url: str = URL, series: LatestCandles = SERIES) -> None:
        self.mapped.asked(series.header(), url)

    def put(self, asked: int = 10_000, rows: Sequence[Sequence[Any]] = ROWS, **named: Any) -> None:
        """As the agent does: candles for which the exchange was asked then."""
        content = candles_file(
            rows, **{"asked_boot": BOOT + asked / 1000, "asked_ms": NOON + asked, "url": URL, **named}
        )
        new = self.file.with_suffix(".new")
        new.write_bytes(content)
        new.replace(self.file)

    def rows(self, series: LatestCandles = SERIES, kind: Kind = KIND) -> Rows | None:
        return self.mapped.rows(series, kind)

    def _took(self) -> None:
        self.taken += 1


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """All is as it has to be, but for the file."""
    made = Bench(tmp_path)
    made.ask()
    return made


def test_candles_are_taken_as_ccxt_would_have_answered(bench: Bench) -> None:
    """What a strategy could tell them apart by: numbers, types, and what they can be done with."""
    answer = [[one[0], *map(repr, one[1:]), one[0] + MINUTE - 1, "0", 0, "0", "0", "0"] for one in ROWS]
    expected = ccxt.binance().parse_ohlcvs(json.loads(json.dumps(answer)), {"inverse": False}, "1m", None, 3)
    bench.put(rows=expected)
    found = bench.rows()
    assert found is not None
    assert found == expected == ROWS
    assert isinstance(found, list)
    assert [[type(value) for value in row] for row in found] == [[int] + [float] * 5] * 3
    assert {type(row) for row in found} == {list}
    assert json.dumps(found) == json.dumps(expected)
    assert sorted(found, key=lambda row: -row[0]) == ROWS[::-1]


def test_the_columns_beside_are_the_same_numbers(bench: Bench) -> None:
    bench.put()
    found = bench.rows()
    assert found is not None
    assert (found.times.dtype, found.values.dtype) == (np.int64, np.float64)
    assert found.times.tolist() == [row[0] for row in ROWS]
    assert found.values.tolist() == [list(column) for column in list(zip(*ROWS, strict=True))[1:]]


def test_nothing_can_be_written_through(bench: Bench) -> None:
    bench.put()
    before = bench.file.read_bytes()
    found = bench.rows()
    assert found is not None
    for column in (found.times, found.values):
        with pytest.raises(ValueError, match="read-only"):
            column[...] = 0
        with pytest.raises(ValueError, match="WRITEABLE"):
            column.flags.writeable = True
    found[0][1] = -1.0
    found.append([0])
    assert bench.rows() == ROWS
    assert bench.file.read_bytes() == before


def test_who_has_them_keeps_them_while_the_agent_puts_down_others(bench: Bench) -> None:
    bench.put()
    found = bench.rows()
    bench.put(rows=[[row[0], 9.0, 9.0, 9.0, 9.0, 9.0] for row in ROWS], asked=15_000)
    later = bench.rows()
    bench.file.unlink()
    assert found is not None
    assert later is not None
    assert found.values[:, 2].tolist() == ROWS[2][1:]
    assert later.values[:, 2].tolist() == [9.0] * 5


# ---- whose candles


def test_they_are_taken_only_after_this_bot_asked_for_them_itself(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.put()
    assert bench.rows() is None
    bench.ask(series=SERIES.model_copy(update={"limit": 4}))
    assert bench.rows() is None
    bench.ask()
    assert bench.rows() == ROWS


def test_they_answer_the_very_url_that_was_asked_last(bench: Bench) -> None:
    bench.put()
    other = URL.replace("limit=3", "limit=4")
    bench.ask(other)
    assert bench.rows() is None
    bench.put(url=other)
    assert bench.rows() == ROWS
    bench.ask()
    assert bench.rows() is None


def test_they_were_read_by_the_same_ccxt(bench: Bench) -> None:
    bench.put(maker=ccxt.__version__ + ".1")
    assert bench.rows() is None


def test_they_are_the_slots_exchanges(bench: Bench) -> None:
    bench.put()
    bench.exchange = "bybit"
    assert bench.rows() is None


def test_what_else_is_asked_for_has_files_of_its_own(bench: Bench) -> None:
    bench.put()
    for change in ({"symbol": "ETH/USDT"}, {"timeframe": "5m"}, {"limit": None}, {"price": "mark"}):
        series = SERIES.model_copy(update=change)
        bench.ask(series=series)
        assert bench.rows(series) is None, change


def test_of_what_was_asked_long_ago_nothing_is_remembered_once_it_is_too_much(bench: Bench) -> None:
    bench.put()
    for number in range(3_000):
        bench.ask(series=LatestCandles(symbol=f"{number}/USDT", timeframe="1m"))
        if number == 1_500:
            assert bench.rows() == ROWS
    assert bench.rows() is None


# ---- how long


@pytest.mark.parametrize(
    ("asked", "now", "taken"),
    [
        (10_000, 10_000, True),
        (10_000, 59_999, True),
        (10_000, 60_000, False),  # the next candle has opened
        (5_000, 59_999, True),
        (4_999, 5_999, True),  # the one before may still have changed: a second
        (4_999, 6_000, False),
        (0, 1_000, True),
        (0, 1_001, False),
        (-1, 0, False),
        (10_000, 9_999, False),  # asked later than now
    ],
)
def test_they_are_taken_while_the_candle_lasts_that_was_current(
    bench: Bench, asked: int, now: int, taken: bool
) -> None:
    bench.put(asked)
    bench.at(now)
    assert (bench.rows() is not None) is taken


@pytest.mark.parametrize(("asked", "now", "taken"), [(1_200, 8_000, True), (1_200, 11_001, False), (900, 8_000, False)])
def test_a_bot_that_was_due_at_the_close_takes_what_was_asked_since(
    bench: Bench, asked: int, now: int, taken: bool
) -> None:
    bench.put(asked)
    bench.at(now)
    assert bench.rows() is None
    assert (bench.rows(kind=KIND.model_copy(update={"at_close": True})) is not None) is taken


def test_the_exchanges_clock_says_when_a_candle_ends(bench: Bench) -> None:
    bench.put(10_000, skew_ms=2_000)
    for now, taken in ((57_999, True), (58_000, False)):
        bench.at(now)
        assert (bench.rows() is not None) is taken, now
    bench.put(10_000, skew_ms=-2_000)
    for now, taken in ((61_999, True), (62_000, False)):
        bench.at(now)
        assert (bench.rows() is not None) is taken, now
    bench.put(6_000, skew_ms=-2_000)
    bench.at(8_000)
    assert bench.rows() is None, "by the exchange's clock it was four seconds old"


def test_candles_without_the_current_one_are_not_right_for_longer_than_a_moment(bench: Bench) -> None:
    """An exchange that lags: its next answer may have it."""
    bench.put(rows=ROWS[:2])
    for now, taken in ((11_000, True), (11_001, False)):
        bench.at(now)
        assert (bench.rows() is not None) is taken, now


@pytest.mark.parametrize("rows", [ROWS[::-1], [ROWS[2]], [[NOON + MINUTE, *ROWS[0][1:]], ROWS[2]]])
def test_the_current_one_may_be_anywhere(bench: Bench, rows: list[list[Any]]) -> None:
    bench.put(rows=rows)
    assert bench.rows() == rows


@pytest.mark.parametrize("jumped", [JUMP_MS + 1, -JUMP_MS - 1, 3_600_000, -3_600_000, 20 * MINUTE])
def test_where_the_clock_was_set_meanwhile_they_are_not(bench: Bench, jumped: int) -> None:
    bench.put()
    bench.at(11_000, jumped)
    assert bench.rows() is None
    bench.at(11_000, JUMP_MS // 2)
    assert bench.rows() == ROWS, "clocks are slewed all the time"


def test_after_a_restart_of_the_machine_they_are_not(bench: Bench) -> None:
    """Its clock since boot begins anew, and may have passed what it was."""
    bench.put(asked_boot=BOOT + 500)
    assert bench.rows() is None
    bench.put(asked_boot=BOOT - 500)
    assert bench.rows() is None


def test_a_bot_that_wants_them_younger_gets_them_so(bench: Bench) -> None:
    bench.put()
    assert bench.rows(kind=KIND.model_copy(update={"within_ms": 9_999})) is None
    assert bench.rows(kind=KIND.model_copy(update={"within_ms": 10_000})) == ROWS


def test_hours_last_an_hour(bench: Bench) -> None:
    bench.put()
    hours = Kind(name="candles", timeframe=3_600)
    for now, taken in ((3_599_999, True), (3_600_000, False)):
        bench.at(now)
        assert (bench.rows(kind=hours) is not None) is taken, now


def test_candles_of_lengths_that_are_not_understood_last_a_second(bench: Bench) -> None:
    bench.put()
    for now, taken in ((11_000, True), (11_001, False)):
        bench.at(now)
        for kind in (Kind(name="other"), Kind(name="candles", timeframe=7 * 60), Kind(name="candles")):
            assert (bench.rows(kind=kind) is not None) is taken, (now, kind)


@pytest.mark.parametrize("asked", [float("nan"), float("inf"), float("-inf")])
def test_moments_that_are_none_are_never_right(bench: Bench, asked: float) -> None:
    bench.put(asked_boot=asked)
    assert bench.rows() is None


# ---- files


@pytest.mark.parametrize("kept", [0, 1, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 8, HEAD_BYTES + 3 * 48 - 1])
def test_a_file_that_is_cut_off_is_none(bench: Bench, kept: int) -> None:
    bench.put()
    bench.file.write_bytes(bench.file.read_bytes()[:kept])
    assert bench.rows() is None


def test_whatever_else_is_in_its_place_is_none(bench: Bench) -> None:
    bench.put()
    good = bench.file.read_bytes()
    for content in (b"x" * 4096, bytes(len(good)), good + b"\0", b"[]"):
        bench.file.write_bytes(content)
        assert bench.rows() is None
    bench.file.unlink()
    assert bench.rows() is None, "nothing"
    bench.file.mkdir()
    assert bench.rows() is None, "a directory"
    bench.file.rmdir()
    elsewhere = bench.pool / "elsewhere"
    elsewhere.write_bytes(good)
    bench.file.symlink_to(elsewhere)
    assert bench.rows() is None, "a link"
    bench.file.unlink()
    bench.file.parent.rmdir()
    assert bench.rows() is None, "not even the directory"
    bench.file.parent.mkdir()
    bench.file.write_bytes(good)
    assert bench.rows() == ROWS


def test_no_file_stays_open_that_nobody_needs(bench: Bench) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for put in (bench.put, lambda: bench.file.write_bytes(b""), lambda: bench.file.write_bytes(b"short")):
        put()
        for _ in range(20):
            bench.rows()
    assert len(os.listdir("/proc/self/fd")) == before


# ---- the count


def test_what_was_taken_is_told_each_time(bench: Bench) -> None:
    assert bench.taken == 0
    bench.put()
    for _ in range(3):
        assert bench.rows() is not None
    bench.at(60_000)
    assert bench.rows() is None, "this one is asked for, and not counted"
    assert bench.taken == 3


# ---- which calls


@pytest.mark.parametrize(
    ("given", "named", "expected"),
    [
        (("BTC/USDT",), {}, {"timeframe": "1m"}),
        (("BTC/USDT", "1h"), {}, {"timeframe": "1h"}),
        (("BTC/USDT", "1h", None, 500), {}, {"timeframe": "1h", "limit": 500}),
        (("BTC/USDT", "1h", None, 500, {}), {}, {"timeframe": "1h", "limit": 500}),
        (("BTC/USDT",), {"timeframe": "1h", "since": None, "limit": 1, "params": {}}, {"timeframe": "1h", "limit": 1}),
        ((), {"symbol": "BTC/USDT", "limit": MOST_ROWS}, {"timeframe": "1m", "limit": MOST_ROWS}),
        (("BTC/USDT", "1m"), {"params": {"price": "mark"}}, {"timeframe": "1m", "price": "mark"}),
        (("BTC/USDT", "1m"), {"params": None}, {"timeframe": "1m"}),
    ],
)
def test_the_latest_candles_are_understood(
    given: Sequence[Any], named: Mapping[str, Any], expected: dict[str, Any]
) -> None:
    assert series_of(given, named) == LatestCandles(symbol="BTC/USDT", **expected)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("BTC/USDT", "1m", 1_772_625_600_000), {}),
        (("BTC/USDT", "1m", 0), {}),
        (("BTC/USDT",), {"since": 1_772_625_600_000, "limit": 5}),
        (("BTC/USDT", "1m", None, 5, {"until": 1_772_625_600_000}), {}),
        (("BTC/USDT",), {"params": {"endTime": 1}}),
        (("BTC/USDT",), {"params": {"paginate": True}}),
        (("BTC/USDT",), {"params": {"price": "mark", "paginate": True}}),
        (("BTC/USDT",), {"params": {"price": 7}}),
        (("BTC/USDT",), {"params": {"price": "m" * 17}}),
        (("BTC/USDT",), {"params": {"type": "future"}}),
        (("BTC/USDT", "1m", None, 0), {}),
        (("BTC/USDT", "1m", None, -1), {}),
        (("BTC/USDT", "1m", None, MOST_ROWS + 1), {}),
        (("BTC/USDT", "1m", None, 5.0), {}),
        (("BTC/USDT", "1m", None, "5"), {}),
        (("BTC/USDT", "1m", None, True), {}),
        (("BTC/USDT", 60), {}),
        (("BTC/USDT", "1" * 9), {}),
        (("x" * 65,), {}),
        ((None,), {}),
        ((7,), {}),
        ((), {}),
        (("BTC/USDT",), {"another": 1}),
    ],
)
def test_whatever_else_is_asked_as_ever(given: Sequence[Any], named: Mapping[str, Any]) -> None:
    assert series_of(given, named) is None
