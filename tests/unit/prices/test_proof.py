"""When what a websocket tells of prices counts."""

from decimal import Decimal
from typing import Any

import pytest

from pool.contract.market import Price
from pool.exchange.gateway.prices.proof import MOST_WRONG, SETTLE_SECONDS, WINDOW_SECONDS, Proof
from pool.exchange.gateway.prices.stream import (
    ALIVE_SECONDS,
    LATE_SECONDS,
    LOOK_SECONDS,
    PROVEN_SECONDS,
    QUIET_LOOK_SECONDS,
    SPOKE_SECONDS,
    Streamed,
)


def price(bid: float, exchange_ms: int | None = None) -> Price:
    return Price(bid=Decimal(str(bid)), ask=Decimal(str(bid + 1)), exchange_ms=exchange_ms)


@pytest.fixture
def told() -> Proof:
    told = Proof()
    told.follow(["A", "B"], 0.0)
    return told


def test_what_was_told_lately_is_borne_out_and_what_was_not_is_wrong(told: Proof) -> None:
    for second, bid in enumerate((10, 12, 14)):
        told.heard("A", price(bid), 100.0 + second)
    assert told.look({"A": price(14)}, 102.5, 102.6)
    assert told.look({"A": price(13)}, 101.5, 102.6), "between what it was and what it became"
    assert not told.look({"A": price(15)}, 102.5, 102.6)
    assert not told.look({"A": price(10)}, 102.0 + WINDOW_SECONDS, 103.1), "that was too long before"
    assert told.wrong == 2
    assert told.look({"A": price(14)}, 104.0, 104.1)
    assert told.wrong == 0


def test_one_side_that_differs_is_enough(told: Proof) -> None:
    told.heard("A", price(10), 100.0)
    assert not told.look({"A": Price(bid=Decimal(10), ask=Decimal("10.5"))}, 103.0, 103.1)


def test_a_websocket_that_is_late_is_not_borne_out_while_the_market_moves(told: Proof) -> None:
    for second in range(20):
        told.heard("A", price(100 - second), 100.0 + second)
    late = WINDOW_SECONDS + 2
    assert not told.look({"A": price(81 - late)}, 119.0, 119.1)


def test_a_market_that_is_quiet_has_what_was_answered_first(told: Proof) -> None:
    assert not told.look({"A": price(10)}, 1.0, 1.1), "it may not be subscribed to yet"
    assert told.wrong == 0
    now = SETTLE_SECONDS
    assert told.look({"A": price(10)}, now, now)
    assert told.look({"A": price(10)}, now + 60, now + 60)
    assert not told.look({"A": price(11)}, now + 70, now + 70), "it moved, and nothing was said"
    assert not told.look({"A": price(11)}, now + 71, now + 71), "until something is said it is asked for"
    assert told.look({"B": price(1)}, now + 72, now + 72), "who does not wait for it is not concerned"
    told.heard("A", price(12), now + 80)
    assert told.look({"A": price(12)}, now + 90, now + 90)
    assert not told.look({"A": price(11)}, now + 95, now + 95)
    assert not told.look({"A": price(11)}, now + 96, now + 96), "who has spoken has the last word for himself"


def test_a_market_whose_websocket_says_nothing_ends_it_in_the_end(told: Proof) -> None:
    """Others speak; this one moves each seventh second, and is asked for each other one."""
    for second in range(int(SETTLE_SECONDS), 60):
        told.heard("B", price(second), float(second))
        told.look({"A": price(second // 7), "B": price(second)}, float(second), float(second))
    assert told.wrong >= MOST_WRONG


def test_a_market_that_is_not_subscribed_to_bears_nothing_out(told: Proof) -> None:
    told.heard("A", price(10), 100.0)
    assert not told.look({"A": price(10), "NEW": price(1)}, 101.0, 101.0)


def test_lateness_is_against_the_promptest_message_by_the_exchanges_time(told: Proof) -> None:
    """Its clock is an hour ahead of ours; what it tells first is of long ago."""
    ahead = 3_600
    told.heard("A", price(1, exchange_ms=1_000), 100.0)
    told.heard("A", price(2, exchange_ms=(101 + ahead) * 1_000), 101.1)
    assert told.late == 0
    told.heard("A", price(3, exchange_ms=(102 + ahead) * 1_000), 104.6)
    assert told.late == pytest.approx(2.5)
    told.heard("A", price(3, exchange_ms=(102 + ahead) * 1_000), 109.0)
    assert told.late == pytest.approx(2.5), "it says nothing new"
    told.heard("A", price(4, exchange_ms=(110 + ahead) * 1_000), 110.2)
    assert told.late == pytest.approx(0.1)


class Feed:
    """A websocket that counts, at moment 100."""

    def __init__(self) -> None:
        self.streamed = Streamed()
        self.push(100.0)
        self.look(100.0)

    def push(self, at: float, **more: Any) -> bool:
        told = {"run": 1.0, "prices": {}, "alive_at": at, "spoke_at": at, "late": 0.0}
        return self.streamed.told(told | more, at)

    def look(self, now: float, **more: Any) -> None:
        self.streamed.looked({"run": 1.0, "proven": True, "prices": {"A": {}}} | more, ["A"], now)


def test_it_counts_while_it_is_borne_out_alive_and_speaks() -> None:
    assert not Streamed().counts(0.0)
    assert Feed().streamed.counts(100.0 + ALIVE_SECONDS)
    feed = Feed()
    feed.push(103.0, spoke_at=100.0)
    assert feed.streamed.counts(100.0 + SPOKE_SECONDS)
    assert not feed.streamed.counts(100.1 + SPOKE_SECONDS), "silent, though pings are answered"
    feed = Feed()
    feed.push(103.0, alive_at=100.0)
    assert not feed.streamed.counts(100.1 + ALIVE_SECONDS), "no ping was answered"
    feed = Feed()
    feed.look(100.0, proven=False)
    assert not feed.streamed.counts(100.0)
    feed = Feed()
    feed.push(100.0 + PROVEN_SECONDS)
    assert feed.streamed.counts(100.0 + PROVEN_SECONDS)
    feed.push(101.0 + PROVEN_SECONDS)
    assert not feed.streamed.counts(101.0 + PROVEN_SECONDS), "nobody could ask the exchange for long"
    feed = Feed()
    feed.push(100.0, late=LATE_SECONDS + 0.1)
    assert not feed.streamed.counts(100.0)
    feed = Feed()
    feed.push(100.0, late=LATE_SECONDS - 0.1)
    assert feed.streamed.counts(100.0)
    assert not feed.streamed.counts(100.0 + ALIVE_SECONDS - LATE_SECONDS + 0.2), "what is late is older by that"


def test_prices_are_as_old_as_the_ping_that_was_answered_and_as_what_comes_is_late() -> None:
    feed = Feed()
    feed.push(105.0, alive_at=104.0, late=0.5)
    assert feed.streamed.as_of == 103.5


def test_what_another_connection_told_is_forgotten() -> None:
    feed = Feed()
    assert feed.push(100.0, prices={"A": {"bid": "1", "ask": "2"}, "B": {"bid": "1", "ask": "2"}})
    assert feed.streamed.over({"A": price(9)}) == {"A": Price(bid=Decimal(1), ask=Decimal(2))}
    assert not feed.push(100.1, run=2.0)
    assert not feed.streamed.counts(100.1)
    assert feed.streamed.over({"A": price(9)}) == {"A": price(9)}
    feed = Feed()
    feed.push(100.0, prices={"A": {"bid": "1", "ask": "2"}})
    feed.look(100.1, run=2.0)
    assert not feed.streamed.counts(100.1)
    assert feed.streamed.over({"A": price(9)}) == {"A": price(9)}


def test_what_the_exchange_no_longer_answers_is_not_told_on() -> None:
    feed = Feed()
    feed.push(100.0, prices={"A": {"bid": "1", "ask": "2"}})
    feed.look(101.0, prices={})
    assert feed.streamed.over({}) == {}
    feed.push(102.0, prices={"A": {"bid": "3", "ask": "4"}})
    assert feed.streamed.over({}) == {"A": Price(bid=Decimal(3), ask=Decimal(4))}


def test_a_book_that_lost_a_side_has_no_price() -> None:
    feed = Feed()
    feed.push(100.0, prices={"A": None})
    assert feed.streamed.over({"A": price(9)}) == {}


def test_a_look_is_due_in_time_and_sooner_where_a_market_is_quiet_and_at_once_for_one_that_is_new() -> None:
    feed, told = Feed(), {"A": {"bid": "1", "ask": "2"}}
    for second in range(30):
        feed.push(100.0 + second, prices=told)
    assert not feed.streamed.due(99.9 + LOOK_SECONDS, ["A"])
    assert feed.streamed.due(100.0 + LOOK_SECONDS, ["A"])
    feed.look(130.0)
    assert not feed.streamed.due(131.0, ["A"])
    assert feed.streamed.due(130.0 + QUIET_LOOK_SECONDS, ["A"])
    assert feed.streamed.due(131.0, ["A", "NEW"])
