"""What an account, the ledger and bots' books come to, compared without any of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from orchestrator.bookkeeping.account_rows import facts_of
from orchestrator.bookkeeping.compare import Believed, View, compare, drifts, effect
from orchestrator.bookkeeping.exchange import AccountFill, AccountOrder, AccountReading, Balance
from orchestrator.bookkeeping.models import AccountFillModel, AccountOrderModel
from orchestrator.findings.kinds import Kind

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
BUY = AccountFill("BTC/USDT", 1, "7", "buy", Decimal(2), Decimal(200), Decimal("0.002"), "BTC", AT)
READING = AccountReading(AT, {"USDT": Balance(Decimal(700), Decimal(100)), "BTC": Balance(Decimal("1.998"))})
EMPTY = View(READING, AT - timedelta(days=1), {"USDT": Decimal(1000)}, [BUY], [], {}, {})
KNOWN = Believed("bot-one", 1, False, Decimal(2), AT)


def test_a_fill_moves_both_currencies_and_its_fee() -> None:
    assert effect([BUY]) == {"BTC": Decimal("1.998"), "USDT": Decimal(-200)}
    sold = replace(BUY, side="sell", fee=Decimal("0.01"), fee_currency="BNB")
    assert effect([sold]) == {"BTC": Decimal(-2), "USDT": Decimal(200), "BNB": Decimal("-0.01")}


def test_what_is_booked_already_and_came_after_the_reading_is_no_drift() -> None:
    assert drifts(EMPTY) == {}
    after = replace(BUY, number=2, at=AT + timedelta(seconds=1))
    ledger = {"USDT": Decimal(600), "BTC": Decimal("3.996")}
    assert drifts(replace(EMPTY, ledger=ledger, unbooked=[], later=[after])) == {}
    assert drifts(replace(EMPTY, unbooked=[BUY, after])) == {}, "nor what is not booked of it"
    assert drifts(replace(EMPTY, ledger={"USDT": Decimal(999)})) == {"USDT": Decimal(1)}


def test_a_fill_is_nobodys_its_dead_bots_or_on_its_way() -> None:
    (found,) = compare(EMPTY)
    assert (found.kind, found.subject, found.bot_id) == (Kind.UNKNOWN_ORDER, "BTC/USDT 7", "")
    dead = {("BTC/USDT", "7"): replace(KNOWN, trade_id=None)}
    (found,) = compare(replace(EMPTY, believed=dead, names={"bot-one": "trend"}))
    assert (found.kind, found.bot_id) == (Kind.UNADOPTED_ORDER, "bot-one")
    assert "Start trend" in found.remedy
    filled = {("BTC/USDT", "7"): Decimal(2)}
    assert compare(replace(EMPTY, believed={("BTC/USDT", "7"): KNOWN}, filled=filled)) == []


def test_beliefs_are_compared_from_the_accounts_beginning_on() -> None:
    key = ("BTC/USDT", "7")
    view = replace(EMPTY, unbooked=[], ledger={"USDT": Decimal(800), "BTC": Decimal("1.998")})
    (missing,) = compare(replace(view, believed={key: KNOWN}, filled={key: Decimal(1)}))
    assert missing.kind is Kind.MISSING_FILL
    before = replace(KNOWN, told_at=AT - timedelta(days=2))
    assert compare(replace(view, believed={key: before}, filled={key: Decimal(1)})) == []
    open_ = replace(KNOWN, open=True)
    filled = {key: Decimal(2)}
    (lost,) = compare(replace(view, believed={key: open_}, filled=filled, asked={key: None}))
    assert lost.kind is Kind.LOST_ORDER
    ended = AccountOrder("BTC/USDT", "7", "fl-one", "buy", False, Decimal(2), Decimal(2), AT)
    (over,) = compare(replace(view, believed={key: open_}, filled=filled, asked={key: ended}))
    assert over.kind is Kind.MISSING_FILL
    assert "it is over" in over.message


def test_an_order_whose_fees_were_paid_in_two_currencies_is_two_facts() -> None:
    order = AccountOrderModel(
        wallet_id="w", pair="BTC/USDT", order_id="7", owner_id="u", bot_id="bot-one", trade_id=3, purpose="entry",
        open=False, filled=Decimal(3), told_at=AT,
    )  # fmt: skip

    def fill(number: int, currency: str, fee: str) -> AccountFillModel:
        return AccountFillModel(
            wallet_id="w", pair="BTC/USDT", number=number, owner_id="u", order_id="7", side="buy", amount=Decimal(1),
            cost=Decimal(100), fee=Decimal(fee), fee_currency=currency, at=AT + timedelta(seconds=number),
        )  # fmt: skip

    facts = facts_of(order, [fill(3, "BTC", "0.001"), fill(1, "BNB", "0.2"), fill(2, "BNB", "0.1")])
    assert [(one.order_id, one.filled, one.fee, one.fee_currency) for one in facts] == [
        ("7", Decimal(2), Decimal("0.3"), "BNB"),
        ("7~BTC", Decimal(1), Decimal("0.001"), "BTC"),
    ]
    assert facts_of(order, [fill(1, "BNB", "0.2")])[0].order_id == "7", "the same from the first fill on"
