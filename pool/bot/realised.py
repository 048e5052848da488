"""Profit that a trade realised since a time. FreqTrade keeps only the sum over all of a trade's exits."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any


def realised_since(trade: Any, since: datetime) -> Decimal:
    """Of the profit that `trade` (a FreqTrade Trade) has realised, the part whose exits filled at or after `since`."""
    total = trade.realized_profit if trade.is_open else trade.close_profit_abs
    if not total:
        return Decimal(0)
    exits = [order for order in _filled(trade.orders) if order.ft_order_side != trade.entry_side]
    before = [order for order in exits if order.order_filled_utc and order.order_filled_utc < since]
    if not before:
        return Decimal(repr(float(total)))
    if len(before) == len(exits):
        return Decimal(0)
    return Decimal(repr(float(total))) - _profit_of_exits_before(trade, since)


def _profit_of_exits_before(trade: Any, since: datetime) -> Decimal:
    """Replays the orders against a running average entry price, as FreqTrade computes its profit."""
    profit = Decimal(0)
    amount = stake = average = 0.0
    for order in _filled(trade.orders):
        size = order.safe_amount_after_fee
        if order.ft_order_side == trade.entry_side:
            amount += size
            stake += size * order.safe_price
            average = stake / amount if amount else 0.0
            continue
        amount -= size
        stake -= size * average
        if order.order_filled_utc and order.order_filled_utc < since:
            profit += Decimal(repr(float(trade.calculate_profit(order.safe_price, size, average).profit_abs)))
    return profit


def _filled(orders: Sequence[Any]) -> list[Any]:
    return [order for order in orders if not order.ft_is_open and order.filled]
