"""FreqTrade's trades as the rules see them, and what the rules remember of each, kept in its custom data."""

from collections.abc import Iterator
from contextlib import contextmanager

from freqtrade.persistence import LocalTrade, Order
from freqtrade.persistence.custom_data import _CustomData

from pool.bot.universal.why import parse
from pool.rules.marks import marks_from_json, marks_to_json
from pool.rules.position import Marks, Position

MARKS_KEY = "flotilla_marks"


def position_of(trade: LocalTrade) -> Position:
    """What is filled of it. As in FreqTrade's `amount`, an order counts once it is closed: whoever closes parts must
    not ask while an exit order of the trade rests."""
    entries = (order for order in trade.orders if order.ft_order_side == trade.entry_side)
    exits = (order for order in trade.orders if order.ft_order_side == trade.exit_side)
    return Position(
        is_short=bool(trade.is_short),
        open_rate=float(trade.open_rate or 0.0),
        amount=float(trade.amount or 0.0),
        amount_entered=sum(_filled(order) for order in entries),
        leverage=float(trade.leverage or 1.0),
        fee_open=float(trade.fee_open or 0.0),
        fee_close=float(trade.fee_close or 0.0),
        opened_at=trade.open_date_utc,
        ladder_closed=sum(_filled(order) for order in exits if _of_the_ladder(order)),
    )


def marks_of(trade: LocalTrade) -> Marks:
    with _nothing_left_behind():
        return marks_from_json(trade.get_custom_data(MARKS_KEY))


def keep_marks(trade: LocalTrade, marks: Marks) -> None:
    """Commits."""
    with _nothing_left_behind():
        trade.set_custom_data(MARKS_KEY, marks_to_json(marks))


@contextmanager
def _nothing_left_behind() -> Iterator[None]:
    """FreqTrade never rolls back its session of custom data: after one failed commit that would refuse everything for
    ever, and a read of a thread of the REST API would keep its connection."""
    try:
        yield
    finally:
        _CustomData.session.rollback()


def _filled(order: Order) -> float:
    return 0.0 if order.ft_is_open or not order.filled else float(order.safe_amount_after_fee)


def _of_the_ladder(order: Order) -> bool:
    told = parse(order.ft_order_tag)
    return told is not None and told[0] == "take_profit"
