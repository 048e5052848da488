"""Which candles a request gets, and that remembering rows changes none of them."""

import json
from typing import Any

from pool.exchange.simulator.intervals import INTERVALS
from pool.exchange.simulator.klines import Klines
from pool.exchange.simulator.listings import LISTED_AT_SECONDS, make_listings
from pool.exchange.simulator.market import Market

NOW = 1_795_231_217
MINUTE = NOW // 60 * 60
MARKET = Market(7, *make_listings(5))


def ask(
    klines: Klines, limit: int, start: int | None = None, end: int | None = None, now: int = NOW, name: str = "1m"
) -> list[Any]:
    start_ms, end_ms = (None if moment is None else moment * 1000 for moment in (start, end))
    rows: list[Any] = json.loads(klines.body("BTCUSDT", INTERVALS[name], limit, start_ms, end_ms, now))
    return rows


def opens(rows: list[Any]) -> list[int]:
    return [row[0] // 1000 for row in rows]


def test_without_a_span_the_last_ones_come() -> None:
    assert opens(ask(Klines(MARKET), 3)) == [MINUTE - 120, MINUTE - 60, MINUTE]


def test_from_a_start_the_first_ones_come() -> None:
    assert opens(ask(Klines(MARKET), 2, start=MINUTE - 600)) == [MINUTE - 600, MINUTE - 540]
    assert opens(ask(Klines(MARKET), 2, start=MINUTE - 599)) == [MINUTE - 540, MINUTE - 480]
    assert opens(ask(Klines(MARKET), 9, start=MINUTE - 60)) == [MINUTE - 60, MINUTE]


def test_up_to_an_end_the_last_ones_come() -> None:
    assert opens(ask(Klines(MARKET), 2, end=MINUTE - 601)) == [MINUTE - 720, MINUTE - 660]


def test_within_a_span_the_first_ones_come() -> None:
    assert opens(ask(Klines(MARKET), 9, MINUTE - 180, MINUTE - 60)) == [MINUTE - 180, MINUTE - 120, MINUTE - 60]
    assert ask(Klines(MARKET), 9, MINUTE - 60, MINUTE - 180) == []


def test_nothing_is_older_than_the_listing_or_younger_than_now() -> None:
    assert opens(ask(Klines(MARKET), 2, start=0)) == [LISTED_AT_SECONDS, LISTED_AT_SECONDS + 60]
    assert ask(Klines(MARKET), 2, start=NOW + 3_600) == []


def test_remembered_rows_are_those_made_anew() -> None:
    klines = Klines(MARKET)
    asked = [(50, 0), (10, 5), (200, 61), (30, 3_600), (1_000, 3_605), (5, 3_700), (300, 200_000), (20, 200_061)]
    for limit, later in asked:
        for name in ("1m", "5m"):
            assert ask(klines, limit, now=NOW + later, name=name) == ask(
                Klines(MARKET), limit, now=NOW + later, name=name
            )


def test_a_row_has_binances_shape() -> None:
    row = ask(Klines(MARKET), 1)[0]

    assert len(row) == 12
    assert row[6] == row[0] + 59_999
    assert [type(part) for part in row] == [int, str, str, str, str, str, int, str, int, str, str, str]
    assert float(row[4]) == MARKET.ticks("BTCUSDT", NOW) / 100
