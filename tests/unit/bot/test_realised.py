"""The part of a trade's realised profit that falls after midnight, on FreqTrade's own Trade."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from freqtrade.persistence import LocalTrade, Order

from pool.bot.realised import realised_since

MIDNIGHT = datetime(2026, 5, 2, tzinfo=UTC)
BEFORE, AFTER = MIDNIGHT - timedelta(hours=1), MIDNIGHT + timedelta(hours=1)


def trade_with(*orders: tuple[str, float, float, datetime], closed: bool = False) -> LocalTrade:
    """Orders as (side, amount, price, filled at)."""
    trade = LocalTrade(
        id=1,
        pair="BTC/USDT",
        exchange="binance",
        is_open=True,
        is_short=False,
        leverage=1.0,
        fee_open=0.001,
        fee_close=0.001,
        open_rate=orders[0][2],
        open_date=orders[0][3],
        amount=orders[0][1],
        stake_amount=orders[0][1] * orders[0][2],
        amount_precision=8,
        price_precision=8,
        precision_mode=2,
        precision_mode_price=2,
        contract_size=1,
    )
    for number, (side, amount, price, filled_at) in enumerate(orders):
        trade.orders.append(
            Order(
                order_id=str(number),
                ft_order_side=side,
                ft_pair="BTC/USDT",
                ft_is_open=False,
                ft_amount=amount,
                ft_price=price,
                status="closed",
                side=side,
                price=price,
                average=price,
                amount=amount,
                filled=amount,
                remaining=0.0,
                cost=amount * price,
                order_filled_date=filled_at.replace(tzinfo=None),
            )
        )
    trade.recalc_trade_from_orders(is_closing=closed)
    trade.is_open = not closed
    return trade


def test_a_trade_without_exits_realised_nothing() -> None:
    assert realised_since(trade_with(("buy", 1.0, 100.0, BEFORE)), MIDNIGHT) == 0


def test_all_exits_after_midnight() -> None:
    trade = trade_with(("buy", 1.0, 100.0, BEFORE), ("sell", 0.5, 120.0, AFTER))

    assert realised_since(trade, MIDNIGHT) == Decimal(repr(trade.realized_profit)) > 0


def test_all_exits_before_midnight() -> None:
    trade = trade_with(("buy", 1.0, 100.0, BEFORE), ("sell", 0.5, 120.0, BEFORE))

    assert trade.realized_profit > 0
    assert realised_since(trade, MIDNIGHT) == 0


def test_exits_on_both_sides_of_midnight_are_told_apart() -> None:
    whole = trade_with(
        ("buy", 1.0, 100.0, BEFORE),
        ("sell", 0.25, 110.0, BEFORE),
        ("buy", 0.25, 90.0, BEFORE),
        ("sell", 1.0, 130.0, AFTER),
        closed=True,
    )
    # By hand: 0.75 left at 100 plus 0.25 at 90 are 1.0 at 97.5; sold at 130, 0.1 % fee on each side.
    expected = Decimal("130") * Decimal("0.999") - Decimal("97.5") * Decimal("1.001")

    assert abs(realised_since(whole, MIDNIGHT) - expected) < Decimal("0.00001")
