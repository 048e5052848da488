"""FreqTrade's trades as the rules, and the journal, see them."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from freqtrade.persistence import Order, Trade, init_db
from freqtrade.persistence.custom_data import _CustomData
from sqlalchemy.exc import OperationalError

from pool.bot.universal.orders_books import amount_held
from pool.bot.universal.positions import keep_marks, marks_of, position_of
from pool.rules.position import Marks, Position

OPENED = datetime(2026, 3, 2, tzinfo=UTC)


def order(number: int, side: str, filled: float, tag: str | None = None, **more: Any) -> Order:
    fields = {"status": "closed", "ft_is_open": False, "amount": filled, "filled": filled, "average": 10.0, **more}
    return Order(order_id=str(number), ft_order_side=side, ft_order_tag=tag, ft_price=10.0, **fields)


def trade(*orders: Order, amount: float, **more: Any) -> Trade:
    held = Trade(
        pair="BTC/USDT",
        exchange="binance",
        open_rate=10.0,
        open_date=OPENED.replace(tzinfo=None),
        stake_amount=10.0,
        amount=amount,
        fee_open=0.001,
        fee_close=0.001,
        amount_precision=0.00001,
        precision_mode=4,
        **{"is_short": False, "leverage": 1.0, **more},
    )
    held.orders = list(orders)
    return held


def test_a_ladder_has_closed_what_its_orders_filled() -> None:
    held = trade(
        order(1, "buy", 1.0),
        order(2, "sell", 0.25, "flotilla:take_profit:1"),
        order(3, "buy", 0.5),
        order(4, "sell", 0.1, "flotilla:take_profit:2", status="canceled", amount=0.5),
        order(5, "sell", 0.2, "a partial exit of the strategy"),
        order(6, "sell", 0.05, "flotilla:take_profit:2", ft_is_open=True, status="open"),
        amount=0.95,
    )

    assert position_of(held) == Position(
        is_short=False,
        open_rate=10.0,
        amount=0.95,
        amount_entered=1.5,
        leverage=1.0,
        fee_open=0.001,
        fee_close=0.001,
        opened_at=OPENED,
        ladder_closed=pytest.approx(0.35),
    )


def test_of_a_short_the_exits_are_purchases() -> None:
    held = trade(
        order(1, "sell", 1.0), order(2, "buy", 0.25, "flotilla:take_profit:1"), amount=0.75, is_short=True, leverage=3.0
    )

    position = position_of(held)
    assert (position.is_short, position.leverage) == (True, 3.0)
    assert (position.amount_entered, position.ladder_closed) == (1.0, 0.25)


def test_what_is_held_is_summed_up_to_the_lot() -> None:
    held = trade(order(1, "buy", 0.00339), order(2, "sell", 0.00084), amount=0.00255)

    assert amount_held(held) == 0.00255


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "trades.sqlite"
    init_db(f"sqlite:///{file}?timeout=0.1")
    yield file
    for session in (Trade.session, _CustomData.session):
        session.remove()


def test_marks_are_kept_again_after_a_moment_in_which_the_database_was_locked(database: Path) -> None:
    held = trade(amount=1.0)
    Trade.session.add(held)
    Trade.commit()
    keep_marks(held, Marks(stop_rate=9.0))
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(OperationalError):
        keep_marks(held, Marks(stop_rate=9.5))
    other.execute("ROLLBACK")
    keep_marks(held, Marks(stop_rate=9.6))

    assert marks_of(held) == Marks(stop_rate=9.6)
    assert Trade.session.get_bind().pool.checkedout() <= 1  # the trade's own session
    other.close()
