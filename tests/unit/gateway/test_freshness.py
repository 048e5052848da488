"""Whether kept answers are right for who asks."""

from datetime import UTC, datetime

import pytest

from pool.contract.freshness import Moment, fresh, holds_candle, joinable, opening
from pool.contract.market import Kind

MINUTE = 60_000
NOON = int(datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp() * 1000)
LATEST = Kind(name="candles", timeframe=60)
LARGE = 10_000


def at(ms: int, jumps: int = 0) -> Moment:
    """So many milliseconds after noon, by all clocks."""
    return Moment(1000 + ms / 1000, NOON + ms, jumps)


def is_fresh(kind: Kind, asked: int, now: int, held: bool = True, skew: int = 0, size: int = LARGE) -> bool:
    return fresh(kind, at(asked), at(now), skew, size, lambda opened, length: held)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("book", 1), ("ticker", 1), ("trades", 1), ("other", 1), ("candles", 1), ("markets", 300)],
)
def test_an_answer_lasts_as_long_as_its_kind(name: str, seconds: int) -> None:
    kind = Kind.model_validate({"name": name})
    assert is_fresh(kind, 0, seconds * 1000)
    assert not is_fresh(kind, 0, seconds * 1000 + 1)


def test_the_exchanges_time_is_never_kept_nor_waited_for_together() -> None:
    assert not is_fresh(Kind(name="time"), 0, 0)
    assert not joinable(Kind(name="time"), None, at(0), 0)


def test_an_answer_of_later_than_now_is_not_fresh() -> None:
    assert not is_fresh(Kind(name="markets"), 1, 0)


def test_funding_rates_do_not_last_beyond_the_hour_in_which_they_were_settled() -> None:
    """Like candles: an answer from before the full hour lacks what FreqTrade asks for right after it."""
    funding = Kind(name="funding")
    assert is_fresh(funding, -20_000, -1)
    assert not is_fresh(funding, -20_000, 0)
    assert not is_fresh(funding, -1, 0)
    assert is_fresh(funding, 3_000, 4_000), "it may still settle, and lasts for a moment"
    assert not is_fresh(funding, 3_000, 4_001)
    assert not is_fresh(funding, 4_999, 6_000)
    assert is_fresh(funding, 5_000, 65_000)
    assert not is_fresh(funding, 5_000, 65_001)
    assert not is_fresh(funding, 7_000, 9_000, skew=-2_500)
    assert not fresh(funding, at(9_000), at(9_100, jumps=1), 0, LARGE, lambda *_: False)
    assert joinable(funding, at(-20_000), at(-1), 0)
    assert not joinable(funding, at(-20_000), at(0), 0)
    assert joinable(funding, at(3_000), at(4_000), 0)
    assert not joinable(funding, at(3_000), at(4_001), 0)


@pytest.mark.parametrize("name", ["markets", "funding"])
def test_what_may_be_an_error_in_disguise_is_kept_for_a_moment(name: str) -> None:
    kind = Kind.model_validate({"name": name})
    assert is_fresh(kind, 6_000, 7_000, size=100)
    assert not is_fresh(kind, 6_000, 7_001, size=100)


def test_candles_last_until_the_close_of_the_one_that_was_current() -> None:
    assert is_fresh(LATEST, 5_000, MINUTE - 1)
    assert not is_fresh(LATEST, 5_000, MINUTE)
    assert not is_fresh(LATEST, MINUTE - 1, MINUTE), "half a second old, but before the close"


@pytest.mark.parametrize("asked", [0, 4_999])
def test_what_was_asked_while_the_last_closed_one_might_change_lasts_for_a_moment(asked: int) -> None:
    """FreqTrade keeps what it is told until the next close: who asks at four seconds gets what is so at three."""
    assert is_fresh(LATEST, asked, asked + 1_000)
    assert not is_fresh(LATEST, asked, asked + 1_001)
    assert joinable(LATEST, at(asked), at(asked + 1_000), 0)
    assert not joinable(LATEST, at(asked), at(asked + 1_001), 0)
    assert joinable(LATEST, at(5_000), at(6_001), 0)


AT_CLOSE = Kind(name="candles", timeframe=60, at_close=True)


@pytest.mark.parametrize(
    ("asked", "now", "skew", "does"),
    [
        (1_000, 4_000, 0, True),
        (1_000, 11_000, 0, True),
        (1_000, 11_001, 0, False),
        (999, 2_000, 0, False),
        (999, 1_999, 0, True),
        (4_999, 11_000, 0, True),
        (999, 6_500, 1_500, False),
        (1_000, 9_500, 1_500, True),
        (1_000, 9_501, 1_500, False),
        (2_499, 4_000, -1_500, False),
        (2_500, 11_000, -1_500, True),
        (2_500, 11_001, -1_500, False),
    ],
)
def test_who_was_due_right_after_a_close_has_what_the_exchange_was_asked_for_since(
    asked: int, now: int, skew: int, does: bool
) -> None:
    """As FreqTrade, which asks a second after a close by its own clock. 999 ms: a second from when it was asked."""
    assert is_fresh(AT_CLOSE, asked, now, skew=skew) is does
    assert not is_fresh(LATEST, asked, now, skew=skew) or now - asked <= 1_000
    assert not joinable(AT_CLOSE, at(asked), at(now), skew) or now - asked <= 1_000, "one may hang"


def test_who_was_due_at_a_close_has_nothing_of_before_it() -> None:
    assert not is_fresh(AT_CLOSE, 59_500, 61_000)
    assert not fresh(AT_CLOSE, at(1_500, jumps=0), at(4_000, jumps=1), 0, LARGE, lambda *_: True)
    assert not is_fresh(AT_CLOSE.model_copy(update={"within_ms": 2_000}), 1_500, 4_000)


@pytest.mark.parametrize("missing", [0, -MINUTE])
def test_who_was_due_at_a_close_waits_for_the_closed_candle_and_the_current_one(missing: int) -> None:
    """FreqTrade asks again for what an exchange has not made yet."""
    assert fresh(AT_CLOSE, at(1_500), at(4_000), 0, LARGE, lambda *_: True)
    assert not fresh(AT_CLOSE, at(1_500), at(4_000), 0, LARGE, lambda opened, _: opened != NOON + missing)


def test_of_candles_that_nobody_knows_the_openings_of_nobody_was_due_at_a_close() -> None:
    long = Kind(name="candles", timeframe=3 * 86_400, at_close=True)
    assert not is_fresh(long, 1_500, 4_000)


@pytest.mark.parametrize("name", ["book", "ticker", "trades", "other"])
def test_what_is_no_candle_is_not_kept_for_who_was_due_at_a_close(name: str) -> None:
    kind = Kind.model_validate({"name": name, "at_close": True})
    assert not is_fresh(kind, 1_000, 2_001)


def test_that_moment_is_by_the_exchanges_clock() -> None:
    assert is_fresh(LATEST, 2_000, 9_000, skew=3_000)
    assert not is_fresh(LATEST, 7_999, 15_000, skew=-3_000)


def test_without_the_current_candle_they_are_asked_for_again() -> None:
    assert is_fresh(LATEST, 6_000, 7_000, held=False)
    assert not is_fresh(LATEST, 6_000, 7_001, held=False)


def test_the_candle_that_is_looked_for_is_the_one_that_was_current_when_the_exchange_was_asked() -> None:
    asked: list[tuple[int, int]] = []
    fresh(LATEST, at(MINUTE + 5_000), at(MINUTE + 9_000), 0, LARGE, lambda *told: bool(asked.append(told)))
    assert asked == [(NOON + MINUTE, MINUTE)]


def test_days_are_not_kept_for_a_day() -> None:
    daily = Kind(name="candles", timeframe=86_400)
    assert is_fresh(daily, 5_000, 3_605_000)
    assert not is_fresh(daily, 5_000, 3_605_001)


@pytest.mark.parametrize(("skew", "until"), [(3_000, MINUTE - 3_000), (-3_000, MINUTE + 3_000)])
def test_the_close_is_by_the_exchanges_clock(skew: int, until: int) -> None:
    assert is_fresh(LATEST, 8_000, until - 1, skew=skew)
    assert not is_fresh(LATEST, 8_000, until, skew=skew)


def test_a_jump_of_the_wall_clock_makes_all_candles_stale() -> None:
    assert not fresh(LATEST, at(0, jumps=0), at(10, jumps=1), 0, LARGE, lambda *_: True)
    closed = Kind(name="candles", timeframe=60, since=NOON - 20 * MINUTE, limit=10)
    assert not fresh(closed, at(0, jumps=0), at(10, jumps=1), 0, LARGE, lambda *_: True)
    assert fresh(Kind(name="book"), at(0, jumps=0), at(10, jumps=1), 0, LARGE, lambda *_: True)


def test_what_was_closed_when_the_exchange_was_asked_lasts() -> None:
    closed = Kind(name="candles", timeframe=60, since=NOON - 10 * MINUTE, limit=10)
    assert is_fresh(closed, 6_000, 306_000, held=False)
    assert not is_fresh(closed, 6_000, 306_001, held=False)
    assert not is_fresh(closed, 6_000, 8_000, held=False, size=2), "empty: the exchange may not have had them yet"


@pytest.mark.parametrize("asked", [-30_000, 4_999])
def test_a_range_that_was_not_closed_for_good_does_not_last(asked: int) -> None:
    """Nor does it once it is: the answer was made before."""
    kind = Kind(name="candles", timeframe=60, since=NOON - 10 * MINUTE, limit=10)
    assert not is_fresh(kind, asked, asked + 2_000, held=False)
    assert not is_fresh(kind, asked, 120_000, held=True)


@pytest.mark.parametrize("timeframe", [259_200, 7 * 60 + 1, 31_536_000, -60])
def test_of_lengths_that_exchanges_count_differently_nothing_lasts(timeframe: int) -> None:
    kind = Kind(name="candles", timeframe=timeframe)
    assert is_fresh(kind, 0, 1_000)
    assert not is_fresh(kind, 0, 1_001)
    assert not joinable(kind, at(0), at(1_001), 0)


@pytest.mark.parametrize(
    ("timeframe", "opened"),
    [
        (60, datetime(2026, 3, 4, 12, 34)),
        (300, datetime(2026, 3, 4, 12, 30)),
        (4 * 3600, datetime(2026, 3, 4, 12)),
        (86_400, datetime(2026, 3, 4)),
        (604_800, datetime(2026, 3, 2)),
        (2_592_000, datetime(2026, 3, 1)),
    ],
)
def test_when_candles_open(timeframe: int, opened: datetime) -> None:
    now = datetime(2026, 3, 4, 12, 34, 56, 789_000, tzinfo=UTC)
    assert opening(timeframe, int(now.timestamp() * 1000)) == opened.replace(tzinfo=UTC).timestamp() * 1000


def test_requests_under_way_are_joined_where_they_were_sent_late_enough() -> None:
    book = Kind(name="book")
    assert joinable(book, None, at(0), 0)
    assert joinable(book, at(0), at(1_000), 0)
    assert not joinable(book, at(0), at(1_001), 0)
    assert joinable(Kind(name="markets"), at(0), at(9_000), 0)


def test_who_has_waited_has_what_would_have_done_when_he_began() -> None:
    """He dropped his request to see whether the gateway lives."""
    book = Kind(name="book", waited_ms=4_200)
    for does in (lambda sent, now: joinable(book, at(sent), at(now), 0), lambda sent, now: is_fresh(book, sent, now)):
        assert does(0, 4_200)
        assert does(0, 5_200)
        assert not does(0, 5_201)
        assert does(4_000, 4_200), "asked later than he began: all the better"
    assert not is_fresh(book, 1, 0), "never of later than now"


def test_nobody_has_waited_for_longer_than_ten_seconds_nor_for_less_than_none() -> None:
    long, less = Kind(name="book", waited_ms=10**12), Kind(name="book", waited_ms=-5_000)
    assert joinable(long, at(0), at(11_000), 0)
    assert not joinable(long, at(0), at(11_001), 0)
    assert not is_fresh(long, 0, 11_001)
    assert is_fresh(less, 0, 1_000)
    assert not is_fresh(less, 0, 1_001)


def test_candles_that_were_asked_for_before_a_close_are_those_of_then() -> None:
    waited = Kind(name="candles", timeframe=60, waited_ms=4_000)
    assert joinable(waited, at(MINUTE - 1_000), at(MINUTE + 2_999), 0)
    assert not joinable(waited, at(MINUTE - 1_000), at(MINUTE + 4_000), 0), "he began after the close"
    assert is_fresh(waited, MINUTE - 1_000, MINUTE + 2_999)
    assert not is_fresh(waited, MINUTE - 1_000, MINUTE + 4_000)
    assert not joinable(waited, at(MINUTE - 1_000, jumps=0), at(MINUTE, jumps=1), 0)


def test_who_asks_for_newer_than_others_need_gets_that() -> None:
    ticker = Kind(name="ticker", within_ms=400)
    assert is_fresh(ticker, 0, 400)
    assert not is_fresh(ticker, 0, 401)
    assert joinable(ticker, at(0), at(400), 0)
    assert not joinable(ticker, at(0), at(401), 0)
    assert joinable(ticker, None, at(401), 0), "not yet asked"
    assert not is_fresh(Kind(name="ticker", within_ms=5_000), 0, 1_001), "but nobody gets older than his kind allows"
    assert not is_fresh(Kind(name="markets", within_ms=400), 0, 401)


@pytest.mark.parametrize("within", [0, 1, -5])
def test_nobody_asks_for_what_is_newer_than_a_tenth_of_a_second(within: int) -> None:
    assert is_fresh(Kind(name="ticker", within_ms=within), 0, 99)
    assert not is_fresh(Kind(name="ticker", within_ms=within), 0, 101)


def test_candles_are_not_joined_across_a_close() -> None:
    assert joinable(LATEST, at(5_000), at(MINUTE - 1), 0)
    assert not joinable(LATEST, at(MINUTE - 100), at(MINUTE), 0)
    assert joinable(LATEST, None, at(MINUTE), 0)
    assert not joinable(LATEST, at(0, jumps=0), at(1, jumps=1), 0)
    closed = Kind(name="candles", timeframe=60, since=NOON - 10 * MINUTE, limit=5)
    assert joinable(closed, at(MINUTE - 100), at(MINUTE), 0)


def test_a_kind_is_told_in_a_header_and_one_that_is_not_understood_is_no_kind() -> None:
    whole = Kind(name="candles", timeframe=60, since=0, limit=300, within_ms=400, waited_ms=4_200, at_close=True)
    assert whole.header() == "candles;timeframe=60;since=0;limit=300;within_ms=400;waited_ms=4200;at_close=True"
    assert Kind.of(whole.header()) == whole
    assert Kind.of("book") == Kind(name="book")
    assert Kind.of("book;within_ms=soon") == Kind.of(None) == Kind(name="other")


OPENED = 1_700_000_040_000
ROW = b'[%d,"1.0","2.0","0.5","1.5","10"]'


@pytest.mark.parametrize(
    "body",
    [
        b"[" + ROW % (OPENED - MINUTE) + b"," + ROW % OPENED + b"]",
        b"[[1699999980, 1], [1700000040, 2]]",
        b'{"data": [{"ts": "1700000040000"}]}',
        b"[[1700000040.0, 2]]",
        b"[[1700000040.000, 2]]",
        b'{"t":[1699999980,1700000040]}',
        b"1700000040",
    ],
)
def test_the_current_candle_is_found_in_any_format(body: bytes) -> None:
    assert holds_candle(body, OPENED, MINUTE)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"[" + ROW % (OPENED - MINUTE) + b"]",
        b"[[17000000400001]]",
        b"[[11700000040]]",
        b'[["0.1700000040"]]',
        b"[[1700000040.5]]",
        b"[[1700000040123]]",
        b'[["2023-11-14T22:14:00Z"]]',
    ],
)
def test_what_is_not_the_current_candle_is_not_taken_for_it(body: bytes) -> None:
    assert not holds_candle(body, OPENED, MINUTE)


def test_a_close_that_is_told_as_the_next_opening_is_not_the_next_candle() -> None:
    def rows(*openings: int) -> bytes:
        return b"[" + b",".join(b'{"from":%d,"to":%d}' % (o, o + MINUTE) for o in openings) + b"]"

    assert not holds_candle(rows(OPENED - 2 * MINUTE, OPENED - MINUTE), OPENED, MINUTE)
    assert holds_candle(rows(OPENED - 2 * MINUTE, OPENED - MINUTE, OPENED), OPENED, MINUTE)
