"""The ground truth: every account, order, fill and balance change, in SQLite.

Nothing is kept in memory beside it, so that what was committed is what is: a transaction encloses each request, is
committed before the answer leaves, and rolled back whole if anything in it fails. The log is written ahead (WAL); a
killed process loses nothing committed. Balances are also kept as the sum of their changes, which `dump` lets one check.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from pool.exchange.simulator.keys import KEYS_SCHEMA, TRADING, ApiKey, Keys
from pool.exchange.simulator.orders import Account, Balance, Fill, Order
from pool.exchange.simulator.rows import read_row, stored
from pool.exchange.simulator.scripts import After, Piece

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
  id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, secret TEXT NOT NULL, fee_rate TEXT NOT NULL,
  pays_in_bnb INTEGER NOT NULL, created_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS balances (
  account_id INTEGER NOT NULL REFERENCES accounts, asset TEXT NOT NULL, free TEXT NOT NULL, locked TEXT NOT NULL,
  PRIMARY KEY (account_id, asset));
CREATE TABLE IF NOT EXISTS orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES accounts, symbol TEXT NOT NULL,
  client_order_id TEXT NOT NULL, side TEXT NOT NULL, type TEXT NOT NULL, time_in_force TEXT NOT NULL,
  price TEXT NOT NULL, quantity TEXT NOT NULL, quote_quantity TEXT NOT NULL, stop_price TEXT NOT NULL,
  executed TEXT NOT NULL, quote_executed TEXT NOT NULL, locked TEXT NOT NULL, status TEXT NOT NULL,
  working INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS orders_by_status ON orders (status);
CREATE INDEX IF NOT EXISTS orders_by_account ON orders (account_id, symbol, id);
CREATE INDEX IF NOT EXISTS orders_by_client_id ON orders (account_id, client_order_id);
CREATE TABLE IF NOT EXISTS fills (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES accounts,
  order_id INTEGER NOT NULL REFERENCES orders, symbol TEXT NOT NULL, side TEXT NOT NULL, price TEXT NOT NULL,
  quantity TEXT NOT NULL, quote_quantity TEXT NOT NULL, fee TEXT NOT NULL, fee_asset TEXT NOT NULL,
  maker INTEGER NOT NULL, time_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS fills_by_order ON fills (order_id);
CREATE INDEX IF NOT EXISTS fills_by_account ON fills (account_id, symbol, id);
CREATE TABLE IF NOT EXISTS changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES accounts, asset TEXT NOT NULL,
  free TEXT NOT NULL, locked TEXT NOT NULL, reason TEXT NOT NULL, order_id INTEGER, time_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS scripts (
  symbol TEXT NOT NULL, start INTEGER NOT NULL, duration INTEGER NOT NULL, begin REAL NOT NULL, target REAL,
  after TEXT NOT NULL, PRIMARY KEY (symbol, start));
"""
_FIRST_KEYS = (
    "INSERT OR IGNORE INTO keys SELECT key, secret, id, ?, '[]', NULL, created_ms FROM accounts WHERE secret != ''"
)
"""Of accounts from before they could have several."""
_OPEN = "status IN ('NEW', 'PARTIALLY_FILLED')"


class Ledger:
    """One file. Used from one thread."""

    def __init__(self, file: Path) -> None:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA foreign_keys=ON")
        self._db.executescript(_SCHEMA + KEYS_SCHEMA)
        with self.transaction():
            self._db.execute(_FIRST_KEYS, (json.dumps(sorted(TRADING)),))
            self._db.execute("UPDATE accounts SET secret = ''")
        self.keys = Keys(self._db)

    @property
    def database(self) -> sqlite3.Connection:
        """For tables of other markets in the same file, written within `transaction`."""
        return self._db

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what is written while the context lasts."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Accounts and balances

    def add_account(self, key: str, secret: str, fee_rate: Decimal, pays_in_bnb: bool, now_ms: int) -> Account:
        """With a first key that may trade; by its name the account is known to `/control/`, even without that key."""
        row = (key, "", str(fee_rate), pays_in_bnb, now_ms)
        self._db.execute(
            "INSERT INTO accounts (key, secret, fee_rate, pays_in_bnb, created_ms) VALUES (?, ?, ?, ?, ?)", row
        )
        account = self.account(key)
        assert account is not None
        self.keys.put(ApiKey(key, secret, account.id, frozenset(TRADING), (), None, now_ms))
        return account

    def account(self, key: str) -> Account | None:
        row = self._db.execute("SELECT * FROM accounts WHERE key = ?", (key,)).fetchone()
        return read_row(Account, row) if row else None

    def account_of(self, key: str) -> Account | None:
        """Whose key it is, be it the first one or another."""
        known = self.keys.find(key)
        return self.account(key) if known is None else self.account_with_id(known.account_id)

    def accounts(self) -> list[Account]:
        return [read_row(Account, row) for row in self._db.execute("SELECT * FROM accounts ORDER BY id")]

    def account_with_id(self, account_id: int) -> Account:
        return read_row(Account, self._db.execute("SELECT * FROM accounts WHERE id = ?", (account_id,)).fetchone())

    def balances(self, account_id: int) -> dict[str, Balance]:
        rows = self._db.execute("SELECT * FROM balances WHERE account_id = ? ORDER BY asset", (account_id,))
        return {row["asset"]: Balance(Decimal(row["free"]), Decimal(row["locked"])) for row in rows}

    def balance(self, account_id: int, asset: str) -> Balance:
        row = self._db.execute(
            "SELECT free, locked FROM balances WHERE account_id = ? AND asset = ?", (account_id, asset)
        ).fetchone()
        return Balance(Decimal(row["free"]), Decimal(row["locked"])) if row else Balance()

    def change(
        self, account_id: int, asset: str, free: Decimal, locked: Decimal, reason: str, now_ms: int,
        order_id: int | None = None,
    ) -> None:  # fmt: skip
        """Add to a balance and note why. Raises ValueError rather than let one fall below zero."""
        balance = self.balance(account_id, asset)
        balance.free += free
        balance.locked += locked
        if balance.free < 0 or balance.locked < 0:
            raise ValueError(f"{reason} would leave account {account_id} with {balance} {asset}")
        self._db.execute(
            "INSERT OR REPLACE INTO balances (account_id, asset, free, locked) VALUES (?, ?, ?, ?)",
            (account_id, asset, str(balance.free), str(balance.locked)),
        )
        self._db.execute(
            "INSERT INTO changes (account_id, asset, free, locked, reason, order_id, time_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (account_id, asset, str(free), str(locked), reason, order_id, now_ms),
        )

    # Orders and fills

    def add_order(self, order: Order) -> Order:
        """Gives it its id."""
        order.id = self._insert("orders", order)
        return order

    def save_order(self, order: Order) -> None:
        """Write back what changes in an order's life."""
        self._db.execute(
            "UPDATE orders SET executed = ?, quote_executed = ?, locked = ?, status = ?, working = ?,"
            " updated_ms = ? WHERE id = ?",
            (
                str(order.executed), str(order.quote_executed), str(order.locked), order.status.value, order.working,
                order.updated_ms, order.id,
            ),
        )  # fmt: skip

    def order(self, account_id: int, symbol: str, order_id: int | None, client_order_id: str | None) -> Order | None:
        """By id, else the youngest with that client order id."""
        where, value = ("id", order_id) if order_id is not None else ("client_order_id", client_order_id)
        row = self._db.execute(
            f"SELECT * FROM orders WHERE account_id = ? AND symbol = ? AND {where} = ? ORDER BY id DESC LIMIT 1",  # noqa: S608 (one of two literals)
            (account_id, symbol, value),
        ).fetchone()
        return read_row(Order, row) if row else None

    def open_orders(self, account_id: int | None = None, symbol: str | None = None) -> list[Order]:
        """Oldest first."""
        rows = self._db.execute(
            f"SELECT * FROM orders WHERE {_OPEN} AND account_id = ifnull(?, account_id)"  # noqa: S608 (a literal)
            " AND symbol = ifnull(?, symbol) ORDER BY id",
            (account_id, symbol),
        )
        return [read_row(Order, row) for row in rows]

    def orders(
        self, account_id: int, symbol: str, from_id: int | None, start_ms: int | None, end_ms: int | None, limit: int
    ) -> list[Order]:
        """From `from_id` on, else those created in the span; without either the youngest. Ascending."""
        rows = self.page("orders", "created_ms", account_id, symbol, from_id, start_ms, end_ms, limit)
        return [read_row(Order, row) for row in rows]

    def add_fill(self, fill: Fill) -> int:
        """Its id."""
        return self._insert("fills", fill)

    def fills_of(self, order_id: int) -> list[Fill]:
        rows = self._db.execute("SELECT * FROM fills WHERE order_id = ? ORDER BY id", (order_id,))
        return [read_row(Fill, row) for row in rows]

    def fills(
        self, account_id: int, symbol: str, from_id: int | None, start_ms: int | None, end_ms: int | None, limit: int
    ) -> list[Fill]:
        """As `orders`."""
        rows = self.page("fills", "time_ms", account_id, symbol, from_id, start_ms, end_ms, limit)
        return [read_row(Fill, row) for row in rows]

    # Scripts

    def add_script(self, symbol: str, piece: Piece) -> None:
        """Replaces pieces of the symbol that begin no earlier."""
        self._db.execute("DELETE FROM scripts WHERE symbol = ? AND start >= ?", (symbol, piece.start))
        row = (symbol, piece.start, piece.duration, piece.begin, piece.target, piece.after.value)
        self._db.execute("INSERT INTO scripts VALUES (?, ?, ?, ?, ?, ?)", row)

    def scripts(self) -> list[tuple[str, Piece]]:
        rows = self._db.execute("SELECT * FROM scripts ORDER BY symbol, start")
        return [
            (row["symbol"], Piece(row["start"], row["duration"], row["begin"], row["target"], After(row["after"])))
            for row in rows
        ]

    def dump(self, account_id: int | None) -> dict[str, list[dict[str, Any]]]:
        """Everything but secrets, of one account or all, as rows with amounts as text."""
        tables: dict[str, list[dict[str, Any]]] = {}
        for table in ("balances", "orders", "fills", "changes"):
            rows = self._db.execute(
                f"SELECT * FROM {table} WHERE account_id = ifnull(?, account_id)",  # noqa: S608 (one of four literals)
                (account_id,),
            )
            tables[table] = [dict(row) for row in rows]
        return tables

    def _insert(self, table: str, value: Order | Fill) -> int:
        row = {name: stored(part) for name, part in asdict(value).items() if name != "id"}
        names, places = ", ".join(row), ", ".join("?" * len(row))
        cursor = self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(row.values()))  # noqa: S608 (names are ours)
        return int(cursor.lastrowid or 0)

    def page(
        self, table: str, time_column: str, account_id: int, symbol: str, from_id: int | None, start_ms: int | None,
        end_ms: int | None, limit: int,
    ) -> list[sqlite3.Row]:  # fmt: skip
        """Rows of a table with these columns: see `orders`."""
        ascending = from_id is not None or start_ms is not None
        rows = self._db.execute(
            f"SELECT * FROM {table} WHERE account_id = ? AND symbol = ? AND id >= ifnull(?, 0)"  # noqa: S608 (names are ours)
            f" AND {time_column} >= ifnull(?, 0) AND {time_column} <= ifnull(?, 9e15)"
            f" ORDER BY id {'ASC' if ascending else 'DESC'} LIMIT ?",
            (account_id, symbol, from_id, start_ms, end_ms, limit),
        ).fetchall()
        return rows if ascending else rows[::-1]
