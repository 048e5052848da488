"""The hooks of `pool.zygote.reading` tried: whoever writes, what is read afterwards is what the database holds."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from freqtrade.persistence import Order, Trade, init_db
from sqlalchemy import event

from pool.zygote.rehearsal import clean_up

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ROWS = """SELECT trades.id, trades.stop_loss, orders.status FROM trades JOIN orders ON orders.ft_trade_id = trades.id
    WHERE trades.is_open = 1 ORDER BY trades.id"""


def differs(directory: Path) -> str | None:
    """None where it is, and nothing is asked twice; else a sentence's end. Scratch files live in `directory`."""
    with tempfile.TemporaryDirectory(prefix="reading-", dir=directory) as home:
        file = Path(home) / "trades.sqlite"
        init_db(f"sqlite:///{file}")
        try:
            with closing(sqlite3.connect(file)) as other:
                return _differs(other)
        finally:
            clean_up()


def add_trade(pair: str) -> Trade:
    """An open trade with its order, in the session but not in the database yet."""
    trade = Trade(
        pair=pair, stake_amount=10.0, amount=1.0, amount_requested=1.0, open_rate=10.0, is_open=True, exchange="paper",
        fee_open=0.001, fee_close=0.001, open_date=_NOW, leverage=1.0, stop_loss=5.0, initial_stop_loss=5.0,
    )  # fmt: skip
    order = Order(
        ft_order_side="buy", ft_pair=pair, ft_is_open=False, ft_amount=1.0, ft_price=10.0, order_id=pair, side="buy",
        status="closed", symbol=pair, order_type="limit", price=10.0, amount=1.0, filled=1.0, remaining=0.0,
        cost=10.0, order_date=_NOW,
    )  # fmt: skip
    trade.orders.append(order)
    Trade.session.add(trade)
    return trade


def _differs(other: sqlite3.Connection) -> str | None:
    for written in _writers(other):
        Trade.commit()
        told = [(one.id, one.stop_loss, one.orders[0].status) for one in Trade.get_open_trades()]
        rows = other.execute(_ROWS).fetchall()
        if told != rows or Trade.get_open_trade_count() != len(rows):
            return f"after {written} something else is read than there is."
        with statements() as asked:
            Trade.commit()
            Trade.get_open_trades()
            Trade.get_open_trade_count()
        if asked:
            return f"after {written} it is asked for again."
    return _loses(other)


def _loses(other: sqlite3.Connection) -> str | None:
    """What was changed of an order and not written yet, by a reading after another's change."""
    order = Trade.get_open_trades()[0].orders[0]
    Trade.commit()
    order.status = "changed"
    other.execute("UPDATE trades SET max_rate = 9")
    other.commit()
    Trade.get_open_trades()
    Trade.commit()
    kept = other.execute("SELECT status FROM orders WHERE id = ?", (order.id,)).fetchone() == ("changed",)
    return None if kept else "an order's change is lost."


def _writers(other: sqlite3.Connection) -> Iterator[str]:
    """Each writes before it yields, and says what it was."""
    yield "nothing"
    trades = [add_trade(pair) for pair in ("BTC/USDT", "ETH/USDT")]
    yield "an entry"
    trades[0].stop_loss = 6.0
    yield "a change"
    trades[0].stop_loss = 7.0
    Trade.session.flush()
    Trade.rollback()
    yield "a change that was taken back"
    outside: Callable[[str], Any] = other.execute
    outside("UPDATE trades SET stop_loss = 8 WHERE id = 2")
    other.commit()
    yield "a change by another connection"
    outside("UPDATE trades SET is_open = 0 WHERE id = 1")
    other.commit()
    yield "an exit by another connection"


@contextmanager
def statements() -> Iterator[list[str]]:
    """Those that FreqTrade's engine is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engine = Trade.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)
