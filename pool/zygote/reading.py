"""Open trades are read where something was written, and kept until then.

In each loop, and for each pair that it might enter, FreqTrade asks its database for its open trades or their number,
and by each commit forgets all that it read, whether anything was written or not. The hooks look first whether anybody
wrote: SQLite tells a connection of what others committed (`PRAGMA data_version`, sqlite.org/pragma.html), whichever
process they are, and the driver counts what the connection itself changed. Where nobody did, the objects of the last
reading are what another one would answer, and a commit has nothing to write; what it would have forgotten is forgotten
before any query for trades or orders, but for a reading before anybody has written.

FreqTrade's own way is taken by every thread but the main one, by other databases than SQLite, while a transaction has
written something, and where a trade was forgotten or left its session.
"""

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from freqtrade.persistence import Order, Trade
from sqlalchemy import event, inspect
from sqlalchemy.exc import SQLAlchemyError

_open_trades: Any = Trade.get_open_trades
_open_trade_count: Any = Trade.get_open_trade_count
_commit: Any = Trade.commit
_KEY = "pool.zygote.reading"

Moment = tuple[sqlite3.Connection, int, int]
"""A connection, the version of the database for it, what it has changed itself. Equal ones: nobody wrote in between."""


@dataclass(slots=True)
class _Read:
    """What one session knows, each since a moment."""

    trades: tuple[Moment, list[tuple[Any, frozenset[str]]]] | None = None
    """Each with what a reading leaves unread of it."""
    count: tuple[Moment, int] | None = None
    forgotten: Moment | None = None
    """All of its objects were read at this moment or later."""
    left_out: Moment | None = None
    """When a commit was that would have forgotten them all."""
    seen: bool = False
    """Open trades and their orders were read since: they are what they were then."""
    spared: set[Any] = field(default_factory=set)
    """The states of those."""
    asking: bool = False
    """The hooks are."""


def install() -> Callable[[], None]:
    """Puts the hooks in; the answer takes them out again."""
    Trade.get_open_trades = staticmethod(_kept_open_trades)
    Trade.get_open_trade_count = staticmethod(_kept_open_trade_count)
    Trade.commit = staticmethod(_commit_where_needed)
    return _uninstall


def _uninstall() -> None:
    del Trade.get_open_trades, Trade.get_open_trade_count  # which are those of its base
    Trade.commit = staticmethod(_commit)


def _kept_open_trades() -> list[Any]:
    """Hook of FreqTrade's `Trade.get_open_trades`."""
    moment = _now()
    if moment is None:
        return list(_open_trades())
    session = Trade.session()
    read = _read_of(session)
    since, kept = read.trades or (None, [])
    if since == moment and all(_is_as_read(trade, unread, session) for trade, unread in kept):
        read.seen = True
        return [trade for trade, _ in kept]
    read.spared, read.trades = _seen(read), None
    kept.clear()  # whom nobody holds FreqTrade reads anew, with a commit or without
    trades = list(_ask(read, _open_trades))
    read.seen, read.spared = True, set()
    read.trades = moment, [(trade, frozenset(inspect(trade).expired_attributes)) for trade in trades]
    return trades


def _kept_open_trade_count() -> int:
    """Hook of FreqTrade's `Trade.get_open_trade_count`."""
    moment = _now()
    if moment is None:
        return int(_open_trade_count())
    read = _read_of(Trade.session())
    if read.count is None or read.count[0] != moment:
        read.count = moment, int(_ask(read, _open_trade_count))
    return read.count[1]


def _commit_where_needed() -> None:
    """Hook of FreqTrade's `Trade.commit`."""
    moment = _now()
    if moment is not None:
        session = Trade.session()
        read = _read_of(session)
        if read.forgotten == moment and not (session.new or session.dirty or session.deleted):
            read.left_out, read.seen = moment, False
            return
    _commit()
    if moment is not None:
        read = _read_of(Trade.session())
        read.forgotten, read.left_out = _now(), None


def _now() -> Moment | None:
    """None where FreqTrade's own way has to be taken."""
    if not Trade.use_db or threading.current_thread() is not threading.main_thread():
        return None
    try:
        driver = Trade.session().connection().connection.driver_connection
        if not isinstance(driver, sqlite3.Connection) or driver.in_transaction:
            return None
        return driver, driver.execute("PRAGMA data_version").fetchone()[0], driver.total_changes
    except (SQLAlchemyError, sqlite3.Error):  # the same befalls FreqTrade's own way, which tells it
        return None


def _read_of(session: Any) -> _Read:
    read: _Read | None = session.info.get(_KEY)
    if read is None:
        read = session.info[_KEY] = _Read()
        event.listen(session, "do_orm_execute", partial(_forget_first, read))
    return read


def _ask(read: _Read, own: Any) -> Any:
    read.asking = True
    try:
        return own()
    finally:
        read.asking = False


def _forget_first(read: _Read, execution: Any) -> None:
    """Before any query for objects that a commit, which was left out, would have forgotten."""
    if read.left_out is None or execution.is_column_load or execution.is_relationship_load or not execution.is_select:
        return
    if not any(_is_wanted(column) for column in execution.statement.column_descriptions):
        return
    moment = _now()
    if moment is None or (read.asking and moment == read.left_out):
        return
    read.left_out = None
    spared = read.spared | _seen(read)
    for one in list(execution.session):
        state = inspect(one)
        if state.persistent and not state.modified and state not in spared:
            execution.session.expire(one, _keys(state))


def _is_wanted(column: Any) -> bool:
    """Whether it gives trades or orders, not a number about them."""
    return column["expr"] is column["entity"] and inspect(column["entity"]).mapper.class_ in (Trade, Order)


def _keys(state: Any) -> list[str]:
    """All that an object has, by name: expired without names a trade takes its orders along, with what was changed of
    them."""
    return [attribute.key for attribute in state.mapper.attrs]


def _seen(read: _Read) -> set[Any]:
    if not read.seen or read.trades is None:
        return set()
    return {inspect(one) for trade, _ in read.trades[1] for one in (trade, *vars(trade).get("orders", ()))}


def _is_as_read(trade: Any, unread: frozenset[str], session: Any) -> bool:
    state = inspect(trade)
    return bool(state.session is session and not state.expired and state.expired_attributes == unread)
