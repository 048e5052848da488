"""What orders did becomes postings: exact, once, whatever order they are told in."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.kit.money import ZERO, add, negate, subtract
from orchestrator.wallets.booking import Booked, Pair, booked_of, postings_of, result_of
from orchestrator.wallets.ledger import Entry, EntryKind, Place, PlaceKind, Posting, Unbalanced, check_balanced
from pool.contract.books import OrderFact
from tests.unit.wallets.facts import START, fact


class Book:
    """A ledger in memory."""

    def __init__(self) -> None:
        self.orders: dict[str, Booked] = {}
        self.balances: dict[Place, Decimal] = defaultdict(Decimal)
        self.entries: list[Entry] = []

    def tell(self, facts: Iterable[OrderFact]) -> "Book":
        for one in facts:
            made = postings_of(one, list(self.orders.values()))
            if made:
                self.orders[one.order_id] = booked_of(one, self.orders.get(one.order_id))
            for entry in made:
                check_balanced(entry.postings)
                for posting in entry.postings:
                    self.balances[posting.place] = add((self.balances[posting.place], posting.amount))
            self.entries += made
        return self

    def at(self, kind: PlaceKind, currency: str = "USDT") -> Decimal:
        return add(
            amount for place, amount in self.balances.items() if (place.kind, place.currency) == (kind, currency)
        )


def test_a_round_trip_on_spot_leaves_the_profit_less_fees_with_the_bot() -> None:
    book = Book().tell(
        [
            fact("1", "buy", "2", "100", fee=Decimal("0.2"), fee_currency="USDT"),
            fact("2", "sell", "2", "110", minute=1, fee=Decimal("0.22"), fee_currency="USDT"),
        ]
    )
    assert book.at(PlaceKind.CAPITAL) == Decimal("19.58")
    assert book.at(PlaceKind.CAPITAL, "BTC") == 0
    assert book.at(PlaceKind.RESULTS) == -20
    assert book.at(PlaceKind.FEES) == Decimal("0.42")
    assert book.at(PlaceKind.TRADING) == 0
    kinds = [entry.kind for entry in book.entries]
    assert kinds == [EntryKind.FILL, EntryKind.FEE, EntryKind.FILL, EntryKind.FEE, EntryKind.REALISED]


def test_a_fee_in_coins_is_taken_from_the_coins_and_one_in_another_coin_from_the_wallet() -> None:
    book = Book().tell(
        [
            fact("1", "buy", "1", "100", fee=Decimal("0.001"), fee_currency="BTC"),
            fact("2", "sell", "0.999", "100", minute=1, fee=Decimal("0.01"), fee_currency="BNB"),
        ]
    )
    assert book.at(PlaceKind.CAPITAL, "BTC") == 0
    assert book.at(PlaceKind.CAPITAL) == Decimal("-0.1")
    assert book.at(PlaceKind.RESULTS) == Decimal("0.1")
    assert book.balances[Place(PlaceKind.FREE, "BNB")] == Decimal("-0.01")
    assert book.at(PlaceKind.CAPITAL, "BNB") == 0


def test_parts_are_realised_at_average_cost_and_the_last_takes_the_rest() -> None:
    book = Book().tell(
        [
            fact("1", "buy", "1", "100"),
            fact("2", "buy", "2", "130", minute=1),
            fact("3", "sell", "1", "150", minute=2),
        ]
    )
    assert -book.at(PlaceKind.RESULTS) == 150 - 120
    book.tell([fact("4", "sell", "2", "90", minute=3)])
    assert -book.at(PlaceKind.RESULTS) == 30 - 60
    assert book.at(PlaceKind.TRADING) == 0
    assert book.at(PlaceKind.CAPITAL) == -30


def test_a_short_of_futures_moves_only_fees_funding_and_its_result() -> None:
    futures: dict[str, Any] = {"pair": "BTC/USDT:USDT", "trade_id": 7}
    book = Book().tell(
        [
            fact("1", "sell", "2", "100", **futures, purpose="entry", fee=Decimal("0.1"), fee_currency="USDT"),
            fact("2", "buy", "1", "90", **futures, purpose="exit", minute=1, funding=Decimal("-0.5")),
        ]
    )
    assert book.at(PlaceKind.CAPITAL) == Decimal("10") - Decimal("0.1") - Decimal("0.5")
    assert book.at(PlaceKind.POSITION, "BTC/USDT:USDT") == -1
    assert book.at(PlaceKind.POSITION) == 100
    book.tell([fact("3", "buy", "1", "120", **futures, purpose="exit", minute=2)])
    assert book.at(PlaceKind.CAPITAL) == Decimal("-10.6")
    assert (
        book.at(PlaceKind.POSITION) == book.at(PlaceKind.TRADING) == book.at(PlaceKind.POSITION, "BTC/USDT:USDT") == 0
    )
    assert (book.at(PlaceKind.RESULTS), book.at(PlaceKind.FUNDING)) == (10, Decimal("0.5"))


def test_what_is_told_again_or_late_is_booked_once_and_a_correction_is() -> None:
    part = fact("1", "buy", "0.4", "100", status="open")
    whole = fact("1", "buy", "1", "101", minute=1)
    book = Book().tell([part, whole, whole, part])
    assert book.at(PlaceKind.CAPITAL) == -101
    priced = fact("1", "buy", "1", "99", minute=2, fee=Decimal("0.1"), fee_currency="USDT")
    book.tell([priced, whole, priced])
    assert book.at(PlaceKind.CAPITAL) == Decimal("-99.1")
    in_coins = fact("1", "buy", "1", "99", minute=3, fee=Decimal("0.001"), fee_currency="BTC")
    book.tell([in_coins])
    assert (book.at(PlaceKind.CAPITAL), book.at(PlaceKind.CAPITAL, "BTC")) == (-99, Decimal("0.999"))
    assert book.at(PlaceKind.FEES) == 0


def test_what_filled_nothing_moves_nothing_and_inverse_futures_are_refused() -> None:
    assert postings_of(fact("1", "buy", "0", "100"), []) == []
    with pytest.raises(ValueError, match="settled in another currency"):
        postings_of(fact("1", pair="BTC/USD:BTC"), [])


def test_an_exit_that_is_told_before_its_entry_costs_what_the_entry_did() -> None:
    exit_, entry = fact("2", "sell", "1", "110", minute=0), fact("1", "buy", "1", "100", minute=5)
    book = Book().tell([exit_, entry])
    assert (-book.at(PlaceKind.RESULTS), book.at(PlaceKind.TRADING), book.at(PlaceKind.CAPITAL)) == (10, 0, 10)


def test_postings_that_do_not_sum_to_zero_are_no_entry() -> None:
    free = Place(PlaceKind.FREE, "USDT")
    for postings in (
        (),
        (Posting(free, Decimal(1)),),
        (Posting(free, Decimal(1)), Posting(Place(PlaceKind.OUTSIDE, "USDC"), Decimal(-1))),
        (Posting(free, Decimal("1e-19")), Posting(Place(PlaceKind.OUTSIDE, "USDT"), Decimal("-1e-19"))),
        (Posting(free, Decimal("1e20")), Posting(Place(PlaceKind.OUTSIDE, "USDT"), Decimal("-1e20"))),
    ):
        with pytest.raises(Unbalanced):
            Entry(EntryKind.DEPOSIT, "k", START, postings)


def test_a_pair_names_what_is_traded_for_what() -> None:
    assert Pair.of("BTC/USDT") == Pair("BTC/USDT", "BTC", "USDT", None)
    assert Pair.of("BTC/USDT:USDT").settle == "USDT"
    for name in ("BTC", "BTC/", "/USDT", "BTC/USDT:"):
        with pytest.raises(ValueError, match="no pair"):
            Pair.of(name)


amounts = st.decimals(Decimal("1e-18"), Decimal("1e9"), places=18, allow_nan=False)
prices = st.decimals(Decimal("1e-12"), Decimal("1e9"), places=18, allow_nan=False)
steps = st.lists(st.tuples(st.booleans(), amounts, prices, amounts), min_size=1, max_size=8)


@given(steps, st.booleans(), st.randoms(use_true_random=False))
def test_an_ended_trade_leaves_nothing_behind_and_its_result_is_what_was_got_less_what_was_paid(
    orders: list[tuple[bool, Decimal, Decimal, Decimal]], futures: bool, shuffled: Any
) -> None:
    """Entries and exits of any size and price, each told in parts, late, twice and in any order; then all is sold."""
    facts: list[OrderFact] = []
    held = ZERO
    pair = "BTC/USDT:USDT" if futures else "BTC/USDT"
    for number, (enters, amount, price, fee) in enumerate(orders):
        if not enters:
            amount = min(amount, held)
        if amount <= 0:
            continue
        held = add((held, amount)) if enters else subtract(held, amount)
        for part in (2, 1):
            filled = amount / part
            made = fact(
                str(number), "buy" if enters else "sell", str(filled), str(price), pair=pair, minute=10 * number,
                fee=fee / part, fee_currency="USDT",
            )  # fmt: skip
            facts.append(made)
    if held > 0:
        facts.append(fact("last", "sell", str(held), "3.000000000000000007", pair=pair, minute=999))
    again = [*facts, *facts]
    shuffled.shuffle(again)
    book, anyhow = Book().tell(facts), Book().tell([*again, *facts])
    for one in (book, anyhow):
        got = add(order.cost if order.side == "sell" else negate(order.cost) for order in one.orders.values())
        fees = add(order.fee for order in one.orders.values())
        assert one.at(PlaceKind.CAPITAL) == subtract(got, fees)
        assert one.at(PlaceKind.RESULTS) == negate(got) == negate(result_of(one.orders.values()))
        for kind in (PlaceKind.TRADING, PlaceKind.POSITION):
            assert one.at(kind) == one.at(kind, "BTC") == one.at(kind, pair) == 0
        assert one.at(PlaceKind.CAPITAL, "BTC") == 0
    assert all(book.balances[place] == anyhow.balances[place] for place in {*book.balances, *anyhow.balances})


@given(steps, st.booleans(), st.randoms(use_true_random=False))
def test_what_an_exchange_says_that_contracts_brought_is_what_their_bot_has(
    orders: list[tuple[bool, Decimal, Decimal, Decimal]], short: bool, shuffled: Any
) -> None:
    """The exchange rounds each result: the ledger has its figures, and what they lack to the cash is left nowhere."""
    facts: list[OrderFact] = []
    adds, takes = ("sell", "buy") if short else ("buy", "sell")
    held = ZERO
    told = {"pair": "BTC/USDT:USDT", "fee_currency": "USDT"}
    for number, (enters, amount, price, fee) in enumerate(orders):
        amount = amount if enters else min(amount, held)
        if amount <= 0:
            continue
        held = add((held, amount)) if enters else subtract(held, amount)
        result = ZERO if enters else fee * 3 - 1
        facts.append(
            fact(str(number), adds if enters else takes, str(amount), str(price), **told, minute=10 * number,
                 purpose="entry" if enters else "exit", fee=fee, realised=result)
        )  # fmt: skip
    if held > 0:
        last = fact("last", takes, str(held), "3.000000000000000007", **told, minute=999, purpose="exit",
                    realised=Decimal("-0.00000001"))  # fmt: skip
        facts.append(last)
    again = [*facts, *facts]
    shuffled.shuffle(again)
    for book in (Book().tell(facts), Book().tell([*again, *facts])):
        results = add(one.realised or ZERO for one in facts)
        assert book.at(PlaceKind.CAPITAL) == subtract(results, add(one.fee for one in facts))
        assert book.at(PlaceKind.RESULTS) == negate(results)
        assert book.at(PlaceKind.POSITION) == book.at(PlaceKind.POSITION, "BTC/USDT:USDT") == 0
        assert book.at(PlaceKind.TRADING) == book.at(PlaceKind.TRADING, "BTC/USDT:USDT") == 0
