"""Which watched prices are crossed, and how often a bot is woken for them."""

from decimal import Decimal
from itertools import pairwise

import pytest

from pool.agent.looks import read_quotes
from pool.agent.reservations import MOST_OPEN, OpenRequests
from pool.agent.watches import (
    AGAIN_SECONDS,
    FOLLOW_SECONDS,
    FRESH_SECONDS,
    TELL_SECONDS,
    Quote,
    Venue,
    Watches,
)
from pool.contract.risk import Watch

SPOT = Venue("paper", "spot")


def watch(trade_id: int = 1, *, symbol: str = "BTCUSDT", is_short: bool = False, **more: object) -> Watch:
    return Watch.model_validate({"trade_id": trade_id, "symbol": symbol, "is_short": is_short} | more)


def at(bid: str, ask: str | None = None, symbol: str = "BTCUSDT") -> dict[str, Quote]:
    return {symbol: Quote(Decimal(bid), Decimal(ask or bid))}


@pytest.mark.parametrize(
    ("wanted", "bid", "ask", "crossed"),
    [
        (watch(below="100"), "100", "101", True),
        (watch(below="100"), "100.5", "99", False),
        (watch(above="110"), "110", "111", True),
        (watch(above="110"), "109", "111", False),
        (watch(is_short=True, below="100"), "99", "100", True),
        (watch(is_short=True, above="110"), "109", "110", True),
        (watch(is_short=True, above="110"), "109", "109.9", False),
    ],
)
def test_a_long_looks_at_the_bid_and_a_short_at_the_ask(wanted: Watch, bid: str, ask: str, crossed: bool) -> None:
    watches = Watches()
    watches.put("bot", "paper", [wanted])
    assert bool(watches.crossed(SPOT, at(bid, ask), 0.0)) == crossed


def test_a_crossing_wakes_once_then_after_growing_delays_and_anew_once_it_has_gone_back() -> None:
    watches = Watches()
    watches.put("bot", "paper", [watch(below="100")])
    woken = [now / 10 for now in range(100) if watches.crossed(SPOT, at("99"), now / 10)]
    assert woken[0] == 0.0
    gaps = [later - earlier for earlier, later in pairwise(woken)]
    assert gaps == sorted(gaps)
    assert gaps[0] >= AGAIN_SECONDS
    assert len(woken) < 6
    assert not watches.crossed(SPOT, at("101"), 10.0)
    assert watches.crossed(SPOT, at("99"), 10.1) == {"bot": [1]}


def test_another_threshold_is_armed_and_the_same_one_is_not_armed_again() -> None:
    watches = Watches()
    watches.put("bot", "paper", [watch(1, below="100"), watch(2, below="90")])
    assert watches.crossed(SPOT, at("80"), 0.0) == {"bot": [1, 2]}
    watches.put("bot", "paper", [watch(1, below="100"), watch(2, below="91")])
    assert watches.crossed(SPOT, at("80"), 0.1) == {"bot": [2]}


def test_one_request_per_venue_for_all_bots_and_none_without_watches() -> None:
    watches = Watches()
    watches.put("a", "paper", [watch(below="1"), watch(2, symbol="ETHUSDT", below="1")])
    watches.put("b", "paper", [watch(below="2"), watch(3, symbol="BTCUSDT", market="linear", above="9")])
    assert watches.venues() == {SPOT: ["BTCUSDT", "ETHUSDT"], Venue("paper", "linear"): ["BTCUSDT"]}
    assert watches.crossed(Venue("binance", "spot"), at("0.5"), 0.0) == {}
    assert set(watches.crossed(SPOT, at("0.5"), 0.0)) == {"a", "b"}
    watches.forget("a")
    watches.put("b", "paper", [])
    assert watches.venues() == {}


def test_a_crossing_that_lasts_for_days_is_no_trouble() -> None:
    watches = Watches()
    watches.put("bot", "paper", [watch(below="100")])
    assert sum(bool(watches.crossed(SPOT, at("99"), now * 60.0)) for now in range(5000)) > 1000


def test_quotes_that_are_none_are_left_out() -> None:
    good = {"symbol": "A", "bidPrice": "1.5", "askPrice": "1.6"}
    bad = [{"symbol": "B"}, {"symbol": "C", "bidPrice": "0", "askPrice": "1"}, 7, None]
    bad += [{"symbol": "D", "bidPrice": "NaN", "askPrice": "1"}, {"symbol": "E", "bidPrice": "x", "askPrice": "1"}]
    assert read_quotes([good, *bad]) == {"A": Quote(Decimal("1.5"), Decimal("1.6"))}
    assert set(read_quotes(good)) == {"A"}


def test_of_a_bot_that_asks_without_end_the_oldest_requests_are_dropped() -> None:
    requests = OpenRequests()
    for number in range(MOST_OPEN + 5):
        requests.open("bot", str(number), 0.0)
    assert not requests.close("bot", "4")
    assert requests.close("bot", "5")
    assert not requests.close("bot", "5"), "each is answered once"
    requests.open("bot", "late", 1000.0)
    assert not requests.close("bot", "6"), "nobody waits for so long"
    requests.forget("bot")
    assert not requests.close("bot", "late")


def test_the_price_that_the_bot_goes_by_counts() -> None:
    watches = Watches()
    watches.put("bot", "paper", [watch(below="100", side="ask")])

    assert not watches.crossed(SPOT, at("99", "101"), 0.0)
    assert watches.crossed(SPOT, at("99", "100"), 1.0)


def test_a_bot_is_told_that_it_is_followed_once_all_of_its_prices_were_seen_and_again_as_long_as_they_are() -> None:
    watches = Watches()
    watches.put("bot", "paper", [watch(below="1"), watch(2, symbol="ETHUSDT", below="1")], 7)
    assert watches.followed(SPOT, at("99"), 0.0) == {}

    both = {**at("99"), **at("9", symbol="ETHUSDT")}
    told = [now / 2 for now in range(1, 20) if watches.followed(SPOT, both, now / 2) == {"bot": 7}]
    assert told[0] == 0.5
    assert {later - earlier for earlier, later in pairwise(told)} == {TELL_SECONDS}

    assert watches.followed(SPOT, at("99"), told[-1] + FRESH_SECONDS + TELL_SECONDS) == {}


def test_what_a_bot_waits_for_at_one_venue() -> None:
    watches = Watches()
    linear = watch(3, symbol="BTCUSDT_PERP", below="1").model_copy(update={"market": "linear"})
    watches.put("bot", "paper", [watch(below="1"), watch(2, symbol="ETHUSDT", below="1"), linear], 7)
    assert watches.symbols("bot", SPOT) == {"BTCUSDT", "ETHUSDT"}
    assert watches.symbols("bot", Venue("paper", "linear")) == {"BTCUSDT_PERP"}
    assert watches.symbols("bot", Venue("binance", "spot")) == watches.symbols("other", SPOT) == set()


def test_new_watches_are_confirmed_at_once_and_those_that_are_not_known_here_never() -> None:
    watches = Watches()
    watches.put("bot", "paper", [watch(below="1")], 1)
    assert watches.followed(SPOT, at("99"), 0.0) == {"bot": 1}
    watches.put("bot", "paper", [watch(below="2")], 2)
    assert watches.followed(SPOT, at("99"), 0.5) == {"bot": 2}

    watches.put("bot", "paper", [watch(below="3")], None)
    assert watches.followed(SPOT, at("99"), 100.0) == {}


def test_a_bot_may_count_on_its_prices_for_longer_than_until_it_is_told_again_and_no_longer_than_a_plain_loop() -> None:
    assert TELL_SECONDS + FRESH_SECONDS < FOLLOW_SECONDS <= 5.0
