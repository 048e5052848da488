"""Orders: what fills when and at what price, and that the books always balance."""

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.exchange.simulator.engine import PartialFills
from pool.exchange.simulator.orders import OrderType, Side, Status, TimeInForce
from pool.exchange.simulator.problems import Problem
from tests.unit.simulator.conftest import NOW, Desk

BUY, SELL = Side.BUY, Side.SELL
LIMIT, MARKET, MAKER, STOP = OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER, OrderType.STOP_LOSS_LIMIT


def refusal(desk: Desk, *args: object, **kwargs: object) -> tuple[int, str]:
    with pytest.raises(Problem) as caught:
        desk.place(*args, **kwargs)  # type: ignore[arg-type]
    return caught.value.code, caught.value.message


def test_a_market_purchase_takes_from_the_asks_and_pays_its_fee_in_what_it_buys(desk: Desk) -> None:
    order = desk.place(BUY, MARKET, "0.5")

    assert (order.status, order.executed) == (Status.FILLED, Decimal("0.5"))
    assert order.quote_executed >= Decimal("0.5") * 50_005
    assert desk.balance("BTC").free == Decimal("2.4995")
    assert desk.balance("USDT").free == 100_000 - order.quote_executed


def test_a_market_sale_pays_its_fee_in_the_quote_currency(desk: Desk) -> None:
    order = desk.place(SELL, MARKET, "0.5")

    assert order.quote_executed <= Decimal("0.5") * 49_995
    assert desk.balance("BTC").free == Decimal("1.5")
    received = 100_000 + order.quote_executed
    assert received - order.quote_executed / 1000 <= desk.balance("USDT").free < received


def test_a_purchase_by_cost_spends_no_more_than_that(desk: Desk) -> None:
    order = desk.place(BUY, MARKET, cost="1000")

    assert order.status is Status.FILLED
    assert 999 < order.quote_executed <= 1_000
    assert order.quantity == order.executed


def test_an_order_larger_than_the_book_ends_partly_filled(desk: Desk) -> None:
    desk.ledger.change(desk.account.id, "BTC", Decimal(5_000), Decimal(0), "deposit", desk.now_ms)

    order = desk.place(SELL, MARKET, "1500")

    assert order.status is Status.EXPIRED
    assert 0 < order.executed < 1_500


def test_a_limit_order_rests_until_the_market_trades_at_its_price(desk: Desk) -> None:
    order = desk.place(BUY, LIMIT, "1", "49000")
    assert order.status is Status.NEW
    assert desk.balance("USDT").locked == 49_000

    desk.pass_seconds(30)
    assert desk.order(order).status is Status.NEW

    desk.price(49_000)
    desk.pass_seconds(0)
    filled = desk.order(order)
    assert (filled.status, filled.quote_executed) == (Status.FILLED, Decimal(49_000))
    assert desk.balance("USDT").free == 51_000
    assert desk.balance("USDT").locked == 0
    assert [fill.maker for fill in desk.ledger.fills_of(order.id)] == [True]


def test_a_limit_order_that_crosses_takes_at_better_prices_and_gets_the_difference_back(desk: Desk) -> None:
    order = desk.place(BUY, LIMIT, "0.5", "51000")

    assert order.status is Status.FILLED
    assert order.quote_executed < Decimal("0.5") * 50_100
    assert desk.balance("USDT").free == 100_000 - order.quote_executed


def test_immediate_or_cancel_lets_the_rest_go(desk: Desk) -> None:
    order = desk.place(BUY, LIMIT, "0.5", "49000", force=TimeInForce.IOC)

    assert (order.status, order.executed) == (Status.EXPIRED, 0)
    assert desk.balance("USDT").free == 100_000


def test_fill_or_kill_takes_all_or_nothing(desk: Desk) -> None:
    desk.ledger.change(desk.account.id, "BTC", Decimal(5_000), Decimal(0), "deposit", desk.now_ms)

    assert desk.place(SELL, LIMIT, "0.5", "49990", force=TimeInForce.FOK).status is Status.FILLED
    killed = desk.place(SELL, LIMIT, "170", "49994", force=TimeInForce.FOK)

    assert (killed.status, killed.executed) == (Status.EXPIRED, 0)


def test_a_maker_order_that_would_take_is_refused(desk: Desk) -> None:
    assert refusal(desk, BUY, MAKER, "1", "50010") == (-2010, "Order would immediately match and take.")
    assert desk.place(BUY, MAKER, "1", "49990").status is Status.NEW


def test_a_stop_order_sleeps_until_its_stop_price_then_takes(desk: Desk) -> None:
    order = desk.place(SELL, STOP, "1", "47000", "48000")
    assert not order.working
    assert desk.balance("BTC").locked == 1

    desk.pass_seconds(5)
    desk.price(47_900)
    desk.pass_seconds(1)

    sold = desk.order(order)
    assert sold.status is Status.FILLED
    assert sold.working
    assert 47_800 < sold.quote_executed < 47_900


def test_a_stop_order_whose_limit_is_jumped_over_rests(desk: Desk) -> None:
    order = desk.place(SELL, STOP, "1", "47990", "48000")
    desk.pass_seconds(5)
    desk.price(40_000)
    desk.pass_seconds(5)
    assert desk.order(order).status is Status.NEW
    assert desk.order(order).working

    desk.price(47_990)
    desk.pass_seconds(1)
    assert desk.order(order).quote_executed == 47_990


def test_a_stop_that_is_already_reached_is_refused(desk: Desk) -> None:
    assert refusal(desk, SELL, STOP, "1", "50000", "50500") == (-2010, "Stop price would trigger immediately.")


def test_cancelling_gives_back_what_was_locked(desk: Desk) -> None:
    order = desk.place(SELL, LIMIT, "1", "60000")

    canceled = desk.engine.cancel(order, desk.now_ms)

    assert canceled.status is Status.CANCELED
    assert desk.balance("BTC").free == 2
    with pytest.raises(Problem) as again:
        desk.engine.cancel(desk.order(order), desk.now_ms)
    assert again.value.code == -2011


def test_what_is_locked_cannot_be_spent_twice(desk: Desk) -> None:
    desk.place(BUY, LIMIT, "2", "49000")

    assert refusal(desk, BUY, LIMIT, "1", "49000") == (
        -2010,
        "Account has insufficient balance for requested action.",
    )
    assert refusal(desk, SELL, MARKET, "2.1")[0] == -2010
    assert len(desk.ledger.dump(None)["orders"]) == 1


def test_a_client_order_id_is_unique_among_open_orders(desk: Desk) -> None:
    order = desk.place(BUY, LIMIT, "1", "49000", client_id="mine")
    assert refusal(desk, BUY, LIMIT, "0.1", "49000", client_id="mine") == (-2010, "Duplicate order sent.")

    desk.engine.cancel(order, desk.now_ms)

    assert desk.place(BUY, LIMIT, "0.1", "49000", client_id="mine").status is Status.NEW


@pytest.mark.parametrize(
    ("quantity", "price", "name"),
    [
        ("1", "49000.001", "PRICE_FILTER"),
        ("1", "1000", "PERCENT_PRICE_BY_SIDE"),
        ("1", "900000", "PERCENT_PRICE_BY_SIDE"),
        ("0.000001", "49000", "LOT_SIZE"),
        ("10000000", "49000", "LOT_SIZE"),
        ("0.0001", "49000", "NOTIONAL"),
    ],
)
def test_filters_are_named(desk: Desk, quantity: str, price: str, name: str) -> None:
    assert refusal(desk, BUY, LIMIT, quantity, price) == (-1013, f"Filter failure: {name}")


def test_partial_fills_come_second_by_second(desk: Desk) -> None:
    desk.engine.set_partial_fills("BTCUSDT", PartialFills(Decimal("0.4")))
    order = desk.place(BUY, LIMIT, "1", "49000")
    desk.pass_seconds(1)
    desk.price(48_900)

    seen = []
    for _ in range(4):
        desk.pass_seconds(1)
        now = desk.order(order)
        seen.append((now.status, now.executed))

    assert (Status.PARTIALLY_FILLED, Decimal("0.8")) in seen
    assert seen[-1] == (Status.FILLED, Decimal(1))
    assert [fill.quantity for fill in desk.ledger.fills_of(order.id)] == [
        Decimal("0.4"),
        Decimal("0.4"),
        Decimal("0.2"),
    ]


def test_a_partial_fill_can_be_the_last_one(desk: Desk) -> None:
    desk.engine.set_partial_fills(None, PartialFills(Decimal("0.25"), most=1))
    order = desk.place(SELL, LIMIT, "1", "49000")
    desk.pass_seconds(60)
    assert (desk.order(order).status, desk.order(order).executed) == (Status.PARTIALLY_FILLED, Decimal("0.25"))

    canceled = desk.engine.cancel(desk.order(order), desk.now_ms)
    assert (canceled.status, canceled.executed) == (Status.CANCELED, Decimal("0.25"))
    assert desk.balance("BTC").free == Decimal("1.75")


def test_ending_the_rule_lets_the_rest_fill(desk: Desk) -> None:
    desk.engine.set_partial_fills(None, PartialFills(Decimal("0.25"), most=1))
    order = desk.place(SELL, LIMIT, "1", "49000")
    desk.pass_seconds(5)
    desk.engine.set_partial_fills(None, None)
    desk.pass_seconds(1)

    assert desk.order(order).status is Status.FILLED


def test_fees_are_paid_in_bnb_where_the_account_asks_for_it(desk: Desk) -> None:
    with desk.ledger.transaction():
        desk.account = desk.open_account(pays_in_bnb=True)

    order = desk.place(BUY, MARKET, "0.1")

    fills = desk.ledger.fills_of(order.id)
    assert {fill.fee_asset for fill in fills} == {"BNB"}
    assert desk.balance("BTC").free == Decimal("2.1")
    assert desk.balance("BNB").free == 1 - sum(fill.fee for fill in fills)


def test_orders_fill_at_the_second_that_reached_them_though_the_exchange_was_away(desk: Desk) -> None:
    order = desk.place(BUY, LIMIT, "1", "49000")
    desk.second += 100
    desk.price(48_500)
    desk.second += 100
    desk.price(50_000)
    desk.second += 1_000

    desk.restart()
    desk.engine.advance(desk.now_ms)

    filled = desk.order(order)
    assert filled.status is Status.FILLED
    assert filled.updated_ms // 1000 == NOW + 100


def test_an_interrupted_request_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.ledger, "add_fill", lambda _fill: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        desk.place(BUY, MARKET, "0.5")

    assert desk.ledger.dump(None)["orders"] == []
    assert desk.balance("USDT").free == 100_000


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_whatever_happens_the_books_balance(data: st.DataObject) -> None:
    with TemporaryDirectory() as directory:
        desk = Desk(Path(directory) / "ledger.sqlite")
        _trade_at_random(desk, data)
        desk.ledger.close()


def _trade_at_random(desk: Desk, data: st.DataObject) -> None:
    for _ in range(8):
        side = data.draw(st.sampled_from([BUY, SELL]))
        kind = data.draw(st.sampled_from([LIMIT, MARKET, STOP]))
        price = str(data.draw(st.integers(45_000, 55_000)))
        stop = str(data.draw(st.integers(45_000, 55_000))) if kind is STOP else "0"
        quantity = str(data.draw(st.integers(1, 300_000)) * Decimal("0.00001"))
        try:
            desk.place(side, kind, quantity, "0" if kind is MARKET else price, stop)
        except Problem as problem:
            assert problem.code in (-2010, -1013)  # noqa: PT017 (both outcomes are right)
        desk.price(data.draw(st.integers(45_000, 55_000)))
        desk.pass_seconds(data.draw(st.integers(0, 3)))
        orders = desk.ledger.open_orders()
        if orders and data.draw(st.booleans()):
            desk.engine.cancel(orders[0], desk.now_ms)
        desk.check_books()
