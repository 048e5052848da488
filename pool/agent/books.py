"""A bot's books: its orders and its journal, read straight from its SQLite files.

FreqTrade's process is not asked, so that bots which are paused, stopped or dead are read like running ones, and deleted
ones from the archive. The SQL is pinned to FreqTrade's tables (a test compares `COLUMNS` with the installed version).

A bot may have put anything into these files, or something else in their place: only plain files are opened, values,
rows and time are bounded, and a row that is not what FreqTrade writes is left out and counted. Nothing of the agent's
is left beside a database of another user's, which the bot could not open (`files.index_of_another`).

What is told twice does no harm, so what may still change is told again: FreqTrade commits what an order filled before
it commits what the order cost in fees, and corrects orders later.
"""

import asyncio
import math
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from pool.agent.files import bot_directory, index_of_another, open_plain
from pool.contract.books import MOST_HELD, BookMode, Books, HeldFact, IntentFact, OrderFact

DATABASES: dict[BookMode, str] = {"dry": "tradesv3.sqlite", "live": "tradesv3.live.sqlite"}
JOURNAL = "orders.live.sqlite"
PAGE_ROWS = 500
QUIET_SECONDS = 600.0
"""What did not change for so long does not change any more; if it does, it is told again for as long."""
COLUMNS = {
    "orders": (
        "id", "ft_trade_id", "order_id", "ft_pair", "ft_order_side", "ft_is_open", "status", "amount", "filled",
        "average", "price", "cost", "ft_fee_base", "funding_fee", "order_date", "order_filled_date",
        "order_update_date",
    ),
    "trades": ("is_short", "fee_open", "fee_close"),
    "held": ("id", "pair", "is_short", "amount", "contract_size", "leverage", "stake_amount", "funding_fees"),
    "intents": (
        "number", "client_order_id", "order_id", "pair", "side", "purpose", "state", "booked", "trade_id", "created_at",
    ),
}  # fmt: skip
"""Of each table, what is read; `held` is of trades that are open."""

_SECONDS = 5.0
_VALUE_BYTES = 2**16
_STEPS = 10_000
_AT_ONCE = asyncio.Semaphore(2)
_PLACES = Decimal(1).scaleb(-18)
_CURSOR = re.compile(r"(\d{1,18})\.(\d{1,18})")
_ORDERS = (
    f"SELECT {', '.join(f'o.{name}' for name in COLUMNS['orders'])}, {', '.join(f't.{n}' for n in COLUMNS['trades'])}"  # noqa: S608 (names are ours)
    " FROM orders o JOIN trades t ON t.id = o.ft_trade_id WHERE "
)
_INTENTS = f"SELECT {', '.join(COLUMNS['intents'])} FROM intents WHERE "  # noqa: S608 (names are ours)
_HELD = f"SELECT {', '.join(COLUMNS['held'])} FROM trades WHERE is_open AND trading_mode = 'FUTURES' LIMIT :rows"  # noqa: S608 (names are ours)
_UNSETTLED = "(ft_is_open OR order_update_date > :recent)"
_ONGOING = "state IN ('planned', 'placed')"


class Cursor(NamedTuple):
    """The last order and the last intent that were told."""

    order: int = 0
    intent: int = 0

    def __str__(self) -> str:
        return f"{self.order}.{self.intent}"


def cursor_of(text: str) -> Cursor:
    """Raises ValueError."""
    if not text:
        return Cursor()
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise ValueError("is not what an answer had as its `cursor` or `settled`")
    return Cursor(int(match[1]), int(match[2]))


async def read_books(pool: Path, bot_id: str, mode: BookMode, after: Cursor) -> Books | None:
    """A page of its books; None where the pool has no directory of this bot, nor had one."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_read, pool, bot_id, mode, after)


def _read(pool: Path, bot_id: str, mode: BookMode, after: Cursor) -> Books | None:
    as_of = datetime.now(UTC)
    directory = _directory(pool, bot_id)
    if directory is None:
        return None
    told: dict[str, Any] = {"bot_id": bot_id, "mode": mode, "as_of": as_of}
    try:
        return _page(directory, told, after, as_of)
    except (sqlite3.Error, OSError) as problem:
        here = f"{after}"
        why = f"The books of {bot_id} cannot be read now: {problem}"[:300]
        return Books(**told, orders=[], cursor=here, settled=here, problem=why)


def _directory(pool: Path, bot_id: str) -> Path | None:
    """Where the bot lives, or the archive's latest."""
    living = bot_directory(pool, bot_id)
    if living.is_dir():
        return living
    stamped = re.compile(re.escape(bot_id) + r"-\d{8}T\d{6}\.\d{6}Z")
    try:
        kept = [entry.name for entry in os.scandir(pool / "archive") if stamped.fullmatch(entry.name)]
    except FileNotFoundError:
        return None
    return pool / "archive" / max(kept) if kept else None


def _page(directory: Path, told: dict[str, Any], after: Cursor, as_of: datetime) -> Books:
    """Raises sqlite3.Error, OSError."""
    recent = (as_of - timedelta(seconds=QUIET_SECONDS)).strftime("%Y-%m-%d %H:%M:%S.%f")
    orders = _Part(_ORDERS, "o.id", "orders", "id", _UNSETTLED, after.order)
    intents = _Part(_INTENTS, "number", "intents", "number", _ONGOING, after.intent)
    name, held = "", None
    with opened(directory / DATABASES[told["mode"]], "orders") as database:
        if database is not None:
            name = _name(database)
            orders.read(database, {"recent": recent})
            held = _held(database)
    if told["mode"] == "live":
        with opened(directory / JOURNAL, "intents") as journal:
            if journal is not None:
                intents.read(journal, {})
    facts = [_order(told["bot_id"], told["mode"], row) for row in orders.rows]
    plans = [_intent(row) for row in intents.rows]
    return Books(
        **told,
        orders=[fact for fact in facts if fact is not None],
        intents=[plan for plan in plans if plan is not None],
        held=held,
        database=name,
        cursor=str(Cursor(orders.last, intents.last)),
        settled=str(Cursor(orders.settled, intents.settled)),
        more=orders.full or intents.full,
        unreadable=facts.count(None) + plans.count(None),
    )


class _Part:
    """One table's part of a page."""

    def __init__(self, select: str, key: str, table: str, number: str, unsettled: str, after: int) -> None:
        self._select = select
        self._key = key
        self._table = table
        self._number = number
        self._unsettled = unsettled
        self._after = after
        self.rows: list[tuple[Any, ...]] = []
        self.last = self.settled = after
        self.full = False

    def read(self, database: sqlite3.Connection, values: dict[str, Any]) -> None:
        """Raises sqlite3.Error."""
        key, number, table, unsettled = self._key, self._number, self._table, self._unsettled
        highest = _integer(database.execute(f"SELECT max({number}) FROM {table}").fetchone()[0])  # noqa: S608 (names are ours)
        after = self._after if self._after <= highest else 0  # of a file that was put back to a former state: anew
        newer = f"{self._select} {key} > :after ORDER BY {key} LIMIT :rows"
        rows = database.execute(newer, {"after": after, "rows": PAGE_ROWS + 1}).fetchall()
        self.full = len(rows) > PAGE_ROWS
        rows = rows[:PAGE_ROWS]
        older = f"{self._select} {key} <= :after AND {unsettled} ORDER BY {key} DESC LIMIT :rows"
        changed = database.execute(older, {**values, "after": after, "rows": PAGE_ROWS}).fetchall()
        first = database.execute(f"SELECT min({number}) FROM {table} WHERE {unsettled}", values).fetchone()[0]  # noqa: S608
        self.rows = [*reversed(changed), *rows]
        self.last = _integer(rows[-1][0]) if rows else after
        self.settled = self.last if first is None else max(0, min(self.last, _integer(first) - 1))


@contextmanager
def opened(file: Path, table: str) -> Iterator[sqlite3.Connection | None]:
    """One consistent look at a database that a bot may be writing; None where there is no such file, or no such table
    in it yet. Raises sqlite3.Error, also where it takes too long, or OSError where it is no plain file."""
    try:
        os.close(open_plain(file))
    except FileNotFoundError:
        yield None
        return
    with index_of_another(file) as how:
        connection = sqlite3.connect(
            f"{file.absolute().as_uri()}?{how}", uri=True, timeout=_SECONDS, isolation_level=None
        )
        try:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _VALUE_BYTES)
            deadline = time.monotonic() + _SECONDS
            connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("BEGIN")
            known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
            yield connection if connection.execute(known, (table,)).fetchone() is not None else None
        finally:
            connection.close()


def _name(database: sqlite3.Connection) -> str:
    """When FreqTrade used this database first, which tells it from one that was made anew."""
    try:
        row = database.execute("SELECT datetime_value FROM KeyValueStore WHERE key = 'bot_start_time'").fetchone()
    except sqlite3.OperationalError:
        return ""
    return row[0][:64] if row is not None and isinstance(row[0], str) else ""


def _order(bot_id: str, mode: BookMode, values: tuple[Any, ...]) -> OrderFact | None:
    """None where it is not what FreqTrade writes."""
    row = dict(zip((*COLUMNS["orders"], *COLUMNS["trades"]), values, strict=True))
    try:
        adds, takes = ("sell", "buy") if row["is_short"] else ("buy", "sell")
        side = takes if row["ft_order_side"] == "stoploss" else row["ft_order_side"]
        filled = _decimal(row["filled"] or 0)
        average = _decimal(row["average"] or row["price"]) if filled else None
        cost = _cost(row, filled, average)
        fee, currency = _fee(row, side == adds, cost)
        return OrderFact(
            bot_id=bot_id,
            mode=mode,
            trade_id=row["ft_trade_id"],
            order_id=row["order_id"],
            pair=row["ft_pair"],
            side=side,
            purpose="entry" if side == adds else "exit",
            status="open" if row["ft_is_open"] else row["status"] or "closed",
            filled=filled,
            average=average,
            cost=cost,
            fee=fee,
            fee_currency=currency,
            funding=_decimal(row["funding_fee"] or 0),
            at=max(_time(row[name]) for name in ("order_date", "order_filled_date", "order_update_date") if row[name]),
        )
    except (ValueError, TypeError, ValidationError):
        return None


def _cost(row: dict[str, Any], filled: Decimal, average: Decimal | None) -> Decimal:
    """FreqTrade's own where the order is filled whole; of a part of it FreqTrade may have noted the cost of all."""
    if not filled or average is None:
        return Decimal(0)
    whole = row["cost"] is not None and row["amount"] is not None and filled >= _decimal(row["amount"])
    return _decimal(row["cost"]) if whole else filled * average


def _fee(row: dict[str, Any], adds: bool, cost: Decimal) -> tuple[Decimal, str | None]:
    """What was taken out of the coins bought, or else the rate that FreqTrade reckons with, of the money."""
    base, _, rest = str(row["ft_pair"]).partition("/")
    if not cost:
        return Decimal(0), None
    if row["ft_fee_base"]:
        return _decimal(row["ft_fee_base"]), base
    quote, _, settle = rest.partition(":")
    rate = _decimal(row["fee_open" if adds else "fee_close"] or 0)
    return (cost * rate).quantize(_PLACES), settle or quote


def _held(database: sqlite3.Connection) -> list[HeldFact] | None:
    """None where there are more than can be told, or one that is not what FreqTrade writes: then nobody knows what the
    trades hold together."""
    found = database.execute(_HELD, {"rows": MOST_HELD + 1}).fetchall()
    if len(found) > MOST_HELD:
        return None
    try:
        return [_held_by(dict(zip(COLUMNS["held"], values, strict=True))) for values in found]
    except (ValueError, TypeError, ValidationError):
        return None


def _held_by(row: dict[str, Any]) -> HeldFact:
    return HeldFact(
        trade_id=row["id"],
        pair=row["pair"],
        is_short=bool(row["is_short"]),
        amount=_decimal(row["amount"]),
        contract_size=_decimal(row["contract_size"] or 1),
        leverage=_decimal(row["leverage"] or 1),
        stake=_decimal(row["stake_amount"]),
        funding=_decimal(row["funding_fees"] or 0),
    )


def _intent(values: tuple[Any, ...]) -> IntentFact | None:
    row = dict(zip(COLUMNS["intents"], values, strict=True))
    try:
        return IntentFact(
            client_order_id=row["client_order_id"],
            order_id=row["order_id"],
            pair=row["pair"],
            side=row["side"],
            purpose=row["purpose"],
            state=row["state"],
            booked=bool(row["booked"]),
            trade_id=row["trade_id"],
            at=_time(row["created_at"]),
        )
    except (ValueError, TypeError, ValidationError):
        return None


def _decimal(value: object) -> Decimal:
    """A double as FreqTrade shows it. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("is no number")
    return Decimal(repr(value))


def _integer(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**62 else 0


def _time(value: object) -> datetime:
    """SQLAlchemy stores times in UTC without saying so. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError("is no time")
    time_ = datetime.fromisoformat(value)
    return time_ if time_.tzinfo is not None else time_.replace(tzinfo=UTC)
