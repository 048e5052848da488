"""The market: consistent with itself, the same for everyone, and lively enough to trade."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from pool.exchange.simulator.bars import Bars
from pool.exchange.simulator.book import inside, make_book
from pool.exchange.simulator.intervals import INTERVALS
from pool.exchange.simulator.listings import LISTED_AT_SECONDS, make_listings
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.noise import Floats, Paths
from pool.exchange.simulator.scripts import After, Piece

NOW = 1_795_231_217  # a Saturday, 17 s into a minute


def make_market(symbols: int = 40, seed: int = 7) -> Market:
    return Market(seed, *make_listings(symbols))


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market()


def same(one: Bars, other: Bars) -> bool:
    return all(np.allclose(a, b, rtol=1e-12, atol=0) for a, b in zip(one.columns(), other.columns(), strict=True))


@pytest.mark.parametrize("name", [name for name in INTERVALS if name != "1s"])
@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHBTC", "PEPEUSDT"])
def test_a_bar_is_the_sum_of_its_minutes_and_ends_at_the_last_price(market: Market, symbol: str, name: str) -> None:
    if symbol not in market.listings:
        symbol = market.order[-1]
    interval, minute = INTERVALS[name], INTERVALS["1m"]
    present = interval.index(NOW)
    for index in (present - 1, present):
        start, end = interval.opens(index), min(interval.opens(index + 1) - 1, NOW)
        minutes = market.bars(symbol, minute, minute.index(start), minute.index(end), NOW)

        bar = market.bars(symbol, interval, index, index, NOW)

        assert same(bar, minutes.grouped(np.array([0])))
    assert bar.close[0] == market.ticks(symbol, NOW)


def test_a_minute_is_the_sum_of_its_seconds(market: Market) -> None:
    second, minute = INTERVALS["1s"], INTERVALS["1m"]
    for index in (minute.index(NOW) - 1, minute.index(NOW)):
        seconds = market.bars("BTCUSDT", second, index * 60, min(index * 60 + 59, NOW), NOW).grouped(np.array([0]))

        bar = market.bars("BTCUSDT", minute, index, index, NOW)

        for column in ("open", "high", "low", "close", "volume", "trades"):
            assert getattr(bar, column)[0] == getattr(seconds, column)[0], column


def test_every_way_to_the_last_price_gives_the_same(market: Market) -> None:
    for now in (NOW, NOW + 42, NOW // 900 * 900, NOW // 900 * 900 - 1):
        one_by_one = [market.ticks(symbol, now) for symbol in market.order]

        assert market.last_ticks(now).tolist() == one_by_one
        assert market.present_minutes(now).close.tolist() == one_by_one


def test_the_last_price_lies_inside_the_book(market: Market) -> None:
    for symbol in market.order:
        last = market.ticks(symbol, NOW)
        book = make_book(market.listings[symbol], last, NOW, 100)

        assert book.bid_ticks[0] < last < book.ask_ticks[0]
        assert (book.bid_ticks[0], book.ask_ticks[0]) == inside(last)
        assert (np.diff(book.bid_ticks) < 0).all()
        assert (np.diff(book.ask_ticks) > 0).all()
        assert (book.bid_lots > 0).all()
        assert (book.ask_lots > 0).all()


def test_prices_depend_on_seed_and_time_alone(market: Market) -> None:
    minute = INTERVALS["1m"]
    last = minute.index(NOW)

    whole = market.bars("SOLUSDT", minute, last - 5_000, last, NOW)
    again = make_market().bars("SOLUSDT", minute, last - 5_000, last, NOW)
    part = market.bars("SOLUSDT", minute, last - 1_234, last - 1_000, NOW)
    fewer_symbols = make_market(symbols=5).bars("SOLUSDT", minute, last - 5_000, last, NOW)

    assert same(whole, again)
    assert same(whole, fewer_symbols)
    assert same(part, whole[5_000 - 1_234 : 4_001])
    assert not same(whole, make_market(seed=8).bars("SOLUSDT", minute, last - 5_000, last, NOW))


def test_remembered_hours_stay_right_whichever_way_they_were_asked_for(market: Market) -> None:
    hour = INTERVALS["1h"]
    last = hour.index(NOW)
    stretches = [(last - 5, last), (last - 100, last - 90), (last - 9_000, last - 8_990), (last - 100, last)]
    for first, end in stretches:
        assert same(market.bars("ADAUSDT", hour, first, end, NOW), make_market().bars("ADAUSDT", hour, first, end, NOW))


def test_volumes_are_positive_and_candles_well_formed(market: Market) -> None:
    minute = INTERVALS["1m"]
    for symbol in market.order:
        bars = market.bars(symbol, minute, minute.index(NOW) - 200, minute.index(NOW) - 1, NOW)

        assert (bars.volume > 0).all()
        assert (bars.taker_volume <= bars.volume).all()
        assert (bars.low <= np.minimum(bars.open, bars.close)).all()
        assert (bars.high >= np.maximum(bars.open, bars.close)).all()


def test_no_price_ever_leaves_its_order_of_magnitude(market: Market) -> None:
    week = INTERVALS["1w"]
    for symbol in ("BTCUSDT", "DOGEUSDT", "ETHBTC", "EURUSDT"):
        listing = market.listings[symbol]
        bars = market.bars(symbol, week, week.index(LISTED_AT_SECONDS) + 1, week.index(NOW), NOW)

        assert bars.low.min() > listing.price / 5 * 10**listing.price_digits
        assert bars.high.max() < listing.price * 5 * 10**listing.price_digits


def test_converting_around_a_triangle_comes_back(market: Market) -> None:
    def price(symbol: str) -> float:
        return float(market.ticks(symbol, NOW) * market.listings[symbol].tick)

    assert price("ETHBTC") == pytest.approx(price("ETHUSDT") / price("BTCUSDT"), rel=2e-4)
    assert price("BTCEUR") * price("EURUSDT") == pytest.approx(price("BTCUSDT"), rel=2e-4)


def test_simple_strategies_find_entries_within_two_minutes_on_twenty_pairs(market: Market) -> None:
    minute, minutes, pairs = INTERVALS["1m"], 1_500, market.order[:20]
    trend = reversion = breakout = 0
    for symbol in pairs:
        last = minute.index(NOW)
        closes = market.bars(symbol, minute, last - minutes, last - 1, NOW).close.astype(float)
        fast, slow = _ema(closes, 8), _ema(closes, 21)
        rebounds = (closes[1:] > fast[1:]) & (closes[:-1] <= fast[:-1])
        trend += int((rebounds & (fast > slow)[1:]).sum())
        mean = np.convolve(closes, np.ones(20) / 20, "valid")
        spread = np.lib.stride_tricks.sliding_window_view(closes, 20).std(axis=1)
        below = closes[19:] < mean - 2 * spread
        reversion += int((below[1:] & ~below[:-1]).sum())
        highest = np.lib.stride_tricks.sliding_window_view(closes, 20).max(axis=1)
        breakout += int((closes[20:] > highest[:-1]).sum())

    assert min(trend, reversion, breakout) >= minutes / 2


def _ema(values: np.ndarray, span: int) -> np.ndarray:
    means = np.empty_like(values)
    means[0] = values[0]
    for place in range(1, len(values)):
        means[place] = means[place - 1] + (values[place] - means[place - 1]) * 2 / (span + 1)
    return means


class TestScripts:
    def test_a_set_price_holds_from_its_second_on_everywhere(self) -> None:
        market, plain = make_market(5), make_market(5)
        market.script("BTCUSDT", Piece(NOW, 0, 50_000, 50_000))
        minute = INTERVALS["1m"]

        bar = market.bars("BTCUSDT", minute, minute.index(NOW), minute.index(NOW), NOW + 5)

        assert market.ticks("BTCUSDT", NOW - 1) == plain.ticks("BTCUSDT", NOW - 1)
        assert set(market.path("BTCUSDT", NOW, NOW + 1_000).tolist()) == {5_000_000}
        assert bar.close[0] == bar.low[0] == 5_000_000
        assert bar.high[0] == plain.path("BTCUSDT", NOW // 60 * 60, NOW - 1).max()
        assert market.last_ticks(NOW)[0] == 5_000_000
        assert market.present_minutes(NOW).close[0] == 5_000_000
        assert market.ticks("ETHUSDT", NOW) == plain.ticks("ETHUSDT", NOW)

    def test_a_ramp_goes_straight_and_stays(self) -> None:
        market = make_market(5)
        market.script("BTCUSDT", Piece(NOW, 10, 100, 200))

        assert market.path("BTCUSDT", NOW, NOW + 12).tolist() == [10_000 + 1_000 * min(s, 10) for s in range(13)]

    def test_a_crash_goes_on_with_the_market_from_there(self) -> None:
        market, plain = make_market(5), make_market(5)
        now = float(plain.ticks("BTCUSDT", NOW)) / 100
        market.script("BTCUSDT", Piece(NOW, 10, now, now / 2, After.FOLLOW))

        ratios = market.path("BTCUSDT", NOW + 10, NOW + 600) / plain.path("BTCUSDT", NOW + 10, NOW + 600)

        assert np.ptp(ratios) < 1e-6
        assert market.ticks("BTCUSDT", NOW + 10) == pytest.approx(now * 50, abs=1)

    def test_clearing_returns_to_the_market_and_keeps_the_past(self) -> None:
        market, plain = make_market(5), make_market(5)
        market.script("BTCUSDT", Piece(NOW, 0, 50_000, 50_000))
        market.script("BTCUSDT", Piece(NOW + 100))

        assert market.ticks("BTCUSDT", NOW + 99) == 5_000_000
        assert (
            market.path("BTCUSDT", NOW + 100, NOW + 300).tolist()
            == plain.path("BTCUSDT", NOW + 100, NOW + 300).tolist()
        )

    def test_longer_bars_hold_scripted_prices_too(self) -> None:
        market = make_market(5)
        market.script("BTCUSDT", Piece(NOW, 0, 10, 10))
        market.script("BTCUSDT", Piece(NOW + 30))
        later = NOW + 3 * 3_600
        for name in ("1m", "15m", "1h", "4h", "1d", "1M"):
            interval = INTERVALS[name]
            index = interval.index(NOW)

            assert market.bars("BTCUSDT", interval, index, index, later).low[0] == 1_000, name

    def test_of_two_scripts_in_one_second_the_last_counts(self) -> None:
        market = make_market(5)
        market.script("BTCUSDT", Piece(NOW, 0, 10, 10))
        market.script("BTCUSDT", Piece(NOW, 0, 20, 20))

        assert market.ticks("BTCUSDT", NOW) == 2_000

    def test_a_stretch_is_as_in_a_longer_one_however_many_scripts_there_are(self) -> None:
        market = make_market(5)
        for place in range(50):
            market.script("BTCUSDT", Piece(NOW + place * 100, place % 3, 10, 20 + place, After.FOLLOW))
        whole = market.path("BTCUSDT", NOW - 50, NOW + 4_999).tolist()

        for first, last in ((-50, -1), (-50, 20), (0, 0), (150, 399), (99, 100), (4_950, 4_999)):
            assert market.path("BTCUSDT", NOW + first, NOW + last).tolist() == whole[first + 50 : last + 51]

    def test_a_price_costs_what_the_script_that_rules_it_costs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        market, nodes, asked = make_market(5), Paths.nodes, Counter[str]()
        for place in range(50):
            market.script("BTCUSDT", Piece(NOW + place * 10_000, 0, 10, 10, After.FOLLOW))

        def counted(paths: Paths, *given: Any) -> Floats:
            asked["nodes"] += 1
            return nodes(paths, *given)

        monkeypatch.setattr(Paths, "nodes", counted)
        market.ticks("BTCUSDT", NOW + 250_050)

        assert 0 < asked["nodes"] <= 2
