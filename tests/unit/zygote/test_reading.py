"""What is kept of open trades is what FreqTrade would read, whoever wrote meanwhile."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from freqtrade.persistence import Order, Trade, init_db
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import aliased

from pool.zygote import reading, reading_trial
from pool.zygote.reading_trial import add_trade, statements
from pool.zygote.rehearsal import clean_up


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    if "get_open_trades" in vars(Trade):
        reading._uninstall()
    clean_up()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "trades.sqlite"
    init_db(f"sqlite:///{file}")
    add_trade("BTC/USDT")
    add_trade("ETH/USDT")
    Trade.commit()
    return file


def look() -> tuple[Any, int]:
    trades = [(one.id, one.stop_loss, [order.status for order in one.orders]) for one in Trade.get_open_trades()]
    return trades, Trade.get_open_trade_count()


def by_another(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file, timeout=0)) as other, other:
        other.execute(statement)


class Side:
    """One database, to which the same is done as to another one. Whatever was read is held, as by who works with it:
    what nobody holds is read anew whenever garbage was collected."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._held: list[Any] = []
        self._pairs = 0
        init_db(f"sqlite:///{file}")

    def do(self, action: str, number: int) -> Any:
        try:
            return getattr(self, f"_{action}")(number)
        except Exception as error:
            Trade.rollback()
            return type(error).__name__

    def _look(self, number: int) -> Any:
        self._pick(number)
        return look()

    def _count(self, _number: int) -> Any:
        return Trade.get_open_trade_count()

    def _look_otherwise(self, number: int) -> Any:
        orders = Order.session.scalars(select(Order).order_by(Order.id)).all()
        closed = Trade.get_trades_proxy(is_open=False)
        aliased_trade = aliased(Trade)
        every = Trade.session.scalars(select(aliased_trade).order_by(aliased_trade.id)).all()
        self._held += [*orders, *closed, *every]
        return (
            [(one.id, one.is_open, one.stop_loss) for one in every],
            [(one.id, one.status) for one in orders],
            sorted((one.id, one.stop_loss) for one in closed),
        )

    def _enter(self, _number: int) -> None:
        self._pairs += 1
        self._held.append(add_trade(f"P{self._pairs}/USDT"))

    def _change(self, number: int) -> None:
        if trade := self._pick(number):
            trade.stop_loss = float(number)

    def _fill(self, number: int) -> None:
        if trade := self._pick(number):
            trade.orders[0].status = f"s{number}"

    def _change_held(self, number: int) -> None:
        """Without a reading in between, as FreqTrade changes an order that it goes on with."""
        held = [one for one in self._held if one in Trade.session]
        if held:
            one = held[number % len(held)]
            setattr(one, "status" if isinstance(one, Order) else "stop_loss", float(number))

    def _data(self, number: int) -> None:
        """On a connection of its own."""
        if trade := self._pick(number):
            Trade.commit()
            trade.set_custom_data("key", number)

    def _exit(self, number: int) -> None:
        if trade := self._pick(number):
            trade.is_open = False

    def _delete(self, number: int) -> None:
        if trade := self._pick(number):
            for order in trade.orders:
                Trade.session.delete(order)
            Trade.session.delete(trade)

    def _forget(self, number: int) -> None:
        if trade := self._pick(number):
            Trade.session.expire(trade, ["stop_loss"])

    def _forget_all(self, _number: int) -> None:
        Trade.session.expire_all()

    def _flush(self, _number: int) -> None:
        Trade.session.flush()

    def _commit(self, _number: int) -> None:
        Trade.commit()

    def _commit_otherwise(self, _number: int) -> None:
        Trade.session.commit()

    def _rollback(self, _number: int) -> None:
        Trade.rollback()

    def _leave(self, _number: int) -> None:
        Trade.session.remove()

    def _close(self, _number: int) -> None:
        Trade.session.close()

    def _thread(self, number: int) -> Any:
        """As FreqTrade's REST API does: a session of its own."""
        told: list[Any] = []

        def work() -> None:
            try:
                trades = Trade.get_open_trades()
                told.append(look())
                if trades:
                    trades[number % len(trades)].stop_loss = 100.0 + number
                    (Trade.commit if number % 3 else Trade.rollback)()
            except Exception as error:
                told.append(type(error).__name__)
            finally:
                Trade.session.remove()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return told

    def _outside(self, number: int) -> Any:
        changes = (
            "UPDATE trades SET stop_loss = stop_loss + 0.5",
            "UPDATE trades SET is_open = 1 - is_open",
            "UPDATE orders SET status = status || 'x'",
        )
        by_another(self._file, f"{changes[number % 3]} WHERE id = {number % 4 + 1}")

    def _pick(self, number: int) -> Any:
        trades = Trade.get_open_trades()
        self._held += [*trades, *(order for trade in trades for order in trade.orders)]
        return trades[number % len(trades)] if trades else None


ACTIONS = [name[1:] for name in vars(Side) if name.startswith("_") and name[1] != "_" and name != "_pick"]
STEPS = st.lists(st.tuples(st.sampled_from([*ACTIONS, "look", "look", "commit"]), st.integers(0, 11)), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(steps=STEPS)
def test_the_same_is_read(steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory) -> None:
    told = []
    for hooked in (False, True):
        side = Side(tmp_path_factory.mktemp("side") / "trades.sqlite")
        remove = reading.install() if hooked else lambda: None
        try:
            begun = [("enter", 0), ("enter", 1), ("commit", 0), ("look", 0)]
            told.append([side.do(*step) for step in [*begun, *steps, ("look", 0), ("commit", 0), ("look", 0)]])
        finally:
            remove()
            clean_up()
    assert told[0] == told[1]


@pytest.mark.parametrize("writer", ["nobody", "another connection"])
def test_a_change_of_an_order_outlives_the_next_reading(writer: str, file: Path) -> None:
    """FreqTrade notes why it cancels after a commit that had nothing to write, and reads its trades before the next."""
    reading.install()
    order = Trade.get_open_trades()[0].orders[0]
    order.filled = 0.5
    Trade.commit()
    Trade.commit()
    order.ft_cancel_reason = "timeout"
    if writer != "nobody":
        by_another(file, "UPDATE trades SET max_rate = 3 WHERE id = 1")
    assert Trade.get_open_trades()[0].orders[0].ft_cancel_reason == "timeout"
    Trade.commit()
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT ft_cancel_reason, filled FROM orders WHERE id = 1").fetchone() == ("timeout", 0.5)


def test_other_queries_read_what_others_wrote_since_a_commit(file: Path) -> None:
    reading.install()
    Trade.commit()
    held = Trade.get_open_trades()
    Trade.commit()
    by_another(file, "UPDATE trades SET is_open = 0, close_profit = -0.5 WHERE id = 1")
    by_another(file, "UPDATE orders SET status = 'canceled' WHERE ft_trade_id = 1")
    assert [(one.is_open, one.close_profit) for one in Trade.get_trades_proxy(is_open=False)] == [(False, -0.5)]
    assert Order.session.scalars(select(Order).where(Order.id == 1)).one().status == "canceled"
    assert not held[0].is_open


@pytest.mark.usefixtures("file")
def test_nothing_is_asked_again_where_nobody_wrote() -> None:
    reading.install()
    Trade.commit()
    first = look()
    with statements() as asked:
        for _ in range(3):
            Trade.commit()
            assert look() == first
        assert Trade.get_open_trades() is not Trade.get_open_trades(), "a list for each who asks"
    assert asked == []


WRITES: dict[str, Callable[[Path], object]] = {
    "another connection": lambda file: by_another(file, "UPDATE trades SET stop_loss = 9 WHERE id = 1"),
    "another exit": lambda file: by_another(file, "UPDATE trades SET is_open = 0 WHERE id = 1"),
    "another order": lambda file: by_another(file, "UPDATE orders SET status = 'open' WHERE ft_trade_id = 2"),
    "deletion": lambda file: by_another(file, "DELETE FROM trades"),
    "own statement": lambda _: Trade.session.connection().exec_driver_sql("UPDATE trades SET stop_loss = 9"),
    "own entry": lambda _: add_trade("SOL/USDT"),
}


@pytest.mark.parametrize("write", WRITES)
def test_what_was_written_is_read_after_a_commit(write: str, file: Path) -> None:
    reading.install()
    Trade.commit()
    before = look()
    WRITES[write](file)
    Trade.commit()
    after = look()
    assert after != before
    with closing(sqlite3.connect(file)) as other:
        rows = other.execute("SELECT id, stop_loss FROM trades WHERE is_open = 1 ORDER BY id").fetchall()
    assert ([one[:2] for one in after[0]], after[1]) == (rows, len(rows))


def test_what_was_not_committed_is_lost_by_no_commit(file: Path) -> None:
    reading.install()
    Trade.commit()
    Trade.get_open_trades()[0].stop_loss = 9.0
    Trade.commit()
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT stop_loss FROM trades WHERE id = 1").fetchone() == (9.0,)


def test_another_database_is_read_as_freqtrade_does(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    reading.install()
    Trade.commit()
    look()
    monkeypatch.setattr("pool.zygote.reading.sqlite3.Connection", int)
    with statements() as asked:
        assert look()[1] == 2
    assert asked


def test_a_bot_that_reads_no_database_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backtests hold their trades in memory."""
    reading.install()
    monkeypatch.setattr(Trade, "use_db", False)
    assert Trade.get_open_trades() == []
    assert Trade.get_open_trade_count() == 0


def test_the_trial_finds_nothing(tmp_path: Path) -> None:
    reading.install()
    assert reading_trial.differs(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_the_trial_finds_out_without_the_hooks(tmp_path: Path) -> None:
    assert "asked for again" in str(reading_trial.differs(tmp_path))


def test_the_trial_finds_what_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expiring a trade whole expires its orders, too, with what was changed of them."""
    reading.install()
    monkeypatch.setattr(reading, "_keys", lambda _state: None)
    assert "an order's change" in str(reading_trial.differs(tmp_path))


def test_the_trial_finds_what_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading.install()
    own = reading._now

    def deaf() -> Any:
        """As if the database told nothing of others."""
        now = own()
        return now and (now[0], 0, now[2])

    monkeypatch.setattr(reading, "_now", deaf)
    assert "something else" in str(reading_trial.differs(tmp_path))
