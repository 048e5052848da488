"""Symbols: real-looking, unique, and the same for every size of exchange."""

import pytest

from pool.exchange.simulator.intervals import INTERVALS
from pool.exchange.simulator.listings import MOST_SYMBOLS, make_listings
from pool.exchange.simulator.rendering import symbol_info


def test_up_to_1500_unique_symbols_mostly_in_dollars() -> None:
    assets, listings = make_listings(MOST_SYMBOLS)

    assert len({listing.symbol for listing in listings}) == 1_500
    quotes = [listing.quote for listing in listings]
    assert quotes.count("USDT") > 1_300
    assert {"BTC", "EUR", "USDC"} < set(quotes)
    assert {listing.base for listing in listings} | set(quotes) == set(assets)


def test_a_smaller_exchange_lists_the_first_of_a_larger_one() -> None:
    names = [listing.symbol for listing in make_listings(200)[1]]

    assert names[0] == "BTCUSDT"
    for count in (1, 20, 60):
        assert [listing.symbol for listing in make_listings(count)[1]] == names[:count]


def test_a_quote_is_always_convertible_to_dollars() -> None:
    _, listings = make_listings(60)
    symbols = {listing.symbol for listing in listings}

    assert all(f"{listing.quote}USDT" in symbols for listing in listings if listing.quote != "USDT")


@pytest.mark.parametrize("count", [0, -1, 1_501])
def test_other_sizes_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 1,500"):
        make_listings(count)


def test_rules_leave_room_to_trade() -> None:
    _, listings = make_listings(MOST_SYMBOLS)
    for listing in listings:
        filters = {entry["filterType"]: entry for entry in symbol_info(listing)["filters"]}

        assert {"PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "NOTIONAL", "PERCENT_PRICE_BY_SIDE"} < set(filters)
        assert listing.price / float(filters["PRICE_FILTER"]["tickSize"]) > 500, listing.symbol
        assert float(filters["LOT_SIZE"]["stepSize"]) * listing.price <= float(filters["NOTIONAL"]["minNotional"])
        assert float(filters["MARKET_LOT_SIZE"]["maxQty"]) * listing.price > 100 * float(listing.min_notional)


@pytest.mark.parametrize(
    ("name", "second", "opens"),
    [
        ("1m", 1_795_231_217, 1_795_231_200),
        ("1d", 1_795_231_217, 1_795_219_200),
        ("1w", 1_795_231_217, 1_794_787_200),  # Monday 2026-11-16
        ("1M", 1_795_231_217, 1_793_491_200),  # 2026-11-01
        ("1M", 1_767_225_600, 1_767_225_600),  # 2026-01-01, its own first second
        ("1M", 1_767_225_599, 1_764_547_200),  # 2025-12-01
    ],
)
def test_candles_open_where_binance_opens_them(name: str, second: int, opens: int) -> None:
    interval = INTERVALS[name]
    index = interval.index(second)

    assert interval.opens(index) == opens
    assert interval.index(opens) == index
    assert interval.index(interval.opens(index + 1) - 1) == index
