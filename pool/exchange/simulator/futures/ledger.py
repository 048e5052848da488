"""Purses, positions, orders, algo orders, fills and every change, in tables of their own in the exchange's ledger file.

Rules as for spot (`simulator.ledger`): one transaction encloses each request, nothing is kept in memory beside it, and
a purse is also the sum of its changes, which `dump` lets one check.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from pool.exchange.simulator.futures.perpetuals import DEFAULT_LEVERAGE
from pool.exchange.simulator.futures.positions import AlgoOrder, Change, FuturesFill, FuturesOrder, Position, Purse
from pool.exchange.simulator.ledger import Ledger
from pool.exchange.simulator.orders import ZERO, Account
from pool.exchange.simulator.rows import read_row, stored

_SCHEMA = """
CREATE TABLE IF NOT EXISTS futures_purses (
  account_id INTEGER NOT NULL REFERENCES accounts, asset TEXT NOT NULL, free TEXT NOT NULL, margin TEXT NOT NULL,
  locked TEXT NOT NULL, PRIMARY KEY (account_id, asset));
CREATE TABLE IF NOT EXISTS futures_settings (
  account_id INTEGER NOT NULL REFERENCES accounts, symbol TEXT NOT NULL, leverage INTEGER NOT NULL,
  isolated INTEGER NOT NULL, PRIMARY KEY (account_id, symbol));
CREATE TABLE IF NOT EXISTS futures_positions (
  account_id INTEGER NOT NULL REFERENCES accounts, symbol TEXT NOT NULL, amount TEXT NOT NULL, cost TEXT NOT NULL,
  margin TEXT NOT NULL, updated_ms INTEGER NOT NULL, PRIMARY KEY (account_id, symbol));
CREATE TABLE IF NOT EXISTS futures_orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES accounts, symbol TEXT NOT NULL,
  client_order_id TEXT NOT NULL, side TEXT NOT NULL, type TEXT NOT NULL, time_in_force TEXT NOT NULL,
  price TEXT NOT NULL, quantity TEXT NOT NULL, reduce_only INTEGER NOT NULL, executed TEXT NOT NULL,
  quote_executed TEXT NOT NULL, locked TEXT NOT NULL, status TEXT NOT NULL, algo_id INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS futures_orders_by_status ON futures_orders (status);
CREATE INDEX IF NOT EXISTS futures_orders_by_client_id ON futures_orders (account_id, client_order_id);
CREATE TABLE IF NOT EXISTS futures_algos (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES accounts, symbol TEXT NOT NULL,
  client_algo_id TEXT NOT NULL, side TEXT NOT NULL, type TEXT NOT NULL, time_in_force TEXT NOT NULL,
  price TEXT NOT NULL, quantity TEXT NOT NULL, trigger_price TEXT NOT NULL, reduce_only INTEGER NOT NULL,
  close_position INTEGER NOT NULL, working_type TEXT NOT NULL, status TEXT NOT NULL, order_id INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS futures_algos_by_status ON futures_algos (status);
CREATE TABLE IF NOT EXISTS futures_fills (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES accounts,
  order_id INTEGER NOT NULL REFERENCES futures_orders, symbol TEXT NOT NULL, side TEXT NOT NULL, price TEXT NOT NULL,
  quantity TEXT NOT NULL, quote_quantity TEXT NOT NULL, realised TEXT NOT NULL, fee TEXT NOT NULL,
  fee_asset TEXT NOT NULL, maker INTEGER NOT NULL, time_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS futures_fills_by_order ON futures_fills (order_id);
CREATE TABLE IF NOT EXISTS futures_changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES accounts, asset TEXT NOT NULL,
  symbol TEXT NOT NULL, free TEXT NOT NULL, margin TEXT NOT NULL, locked TEXT NOT NULL, reason TEXT NOT NULL,
  order_id INTEGER NOT NULL, time_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS futures_funding (
  symbol TEXT NOT NULL, start INTEGER NOT NULL, rate TEXT NOT NULL, PRIMARY KEY (symbol, start));
INSERT INTO sqlite_sequence (name, seq) SELECT 'futures_algos', 2000000000
  WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'futures_algos');
"""
"""Ids of algo orders come from a range of their own, as on Binance: FreqTrade keeps them beside those of orders."""
_OPEN = "status IN ('NEW', 'PARTIALLY_FILLED')"
_DUMPED = ("purses", "positions", "orders", "algos", "fills", "changes")
ASSET = "USDT"
"""What margins and profits are in, and fees where they are not in BNB."""
FEE_ASSET = "BNB"
"""What fees are taken in where the futures wallet has enough of it, at a tenth less, as with Binance's fee burn."""


class FuturesLedger:
    """Beside the spot ledger, whose connection, accounts and transactions it uses."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.database
        self._db.executescript(_SCHEMA)

    def transaction(self) -> AbstractContextManager[None]:
        """See `Ledger.transaction`."""
        return self._ledger.transaction()

    def account(self, account_id: int) -> Account:
        return self._ledger.account_with_id(account_id)

    # Money

    def purse(self, account_id: int, asset: str = ASSET) -> Purse:
        row = self._db.execute(
            "SELECT * FROM futures_purses WHERE account_id = ? AND asset = ?", (account_id, asset)
        ).fetchone()
        return read_row(Purse, row) if row else Purse()

    def change(
        self, account_id: int, symbol: str, reason: str, now_ms: int, *, free: Decimal = ZERO, margin: Decimal = ZERO,
        locked: Decimal = ZERO, order_id: int = 0, asset: str = ASSET,
    ) -> None:  # fmt: skip
        """Add to the purse and note why. Raises ValueError rather than let a part fall below zero."""
        if not (free or margin or locked):
            return
        purse = self.purse(account_id, asset)
        after = Purse(purse.free + free, purse.margin + margin, purse.locked + locked)
        if min(after.free, after.margin, after.locked) < 0:
            raise ValueError(f"{reason} would leave account {account_id} with {after} {asset}")
        self._db.execute(
            "INSERT OR REPLACE INTO futures_purses (account_id, asset, free, margin, locked) VALUES (?, ?, ?, ?, ?)",
            (account_id, asset, str(after.free), str(after.margin), str(after.locked)),
        )
        change = Change(0, account_id, asset, symbol, free, margin, locked, reason, order_id, now_ms)
        self._insert("changes", change)

    def changes(
        self, account_id: int, reasons: list[str], symbol: str | None, start_ms: int | None, end_ms: int | None,
        limit: int,
    ) -> list[Change]:  # fmt: skip
        """With one of these reasons, oldest first from `start_ms` on, else the youngest; at most `limit`, ascending."""
        places = ", ".join("?" * len(reasons))
        rows = self._db.execute(
            f"SELECT * FROM futures_changes WHERE account_id = ? AND reason IN ({places})"  # noqa: S608 (question marks)
            " AND symbol = ifnull(?, symbol) AND time_ms >= ifnull(?, 0) AND time_ms <= ifnull(?, 9e15)"
            f" ORDER BY id {'DESC' if start_ms is None else 'ASC'} LIMIT ?",
            (account_id, *reasons, symbol, start_ms, end_ms, limit),
        ).fetchall()
        return [read_row(Change, row) for row in (rows[::-1] if start_ms is None else rows)]

    # Settings and positions

    def settings(self, account_id: int, symbol: str) -> tuple[int, bool]:
        """Leverage, and whether its margin is isolated."""
        row = self._db.execute(
            "SELECT leverage, isolated FROM futures_settings WHERE account_id = ? AND symbol = ?", (account_id, symbol)
        ).fetchone()
        return (int(row["leverage"]), bool(row["isolated"])) if row else (DEFAULT_LEVERAGE, False)

    def set_settings(self, account_id: int, symbol: str, leverage: int, isolated: bool) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO futures_settings VALUES (?, ?, ?, ?)", (account_id, symbol, leverage, isolated)
        )

    def position(self, account_id: int, symbol: str) -> Position:
        row = self._db.execute(
            "SELECT * FROM futures_positions WHERE account_id = ? AND symbol = ?", (account_id, symbol)
        ).fetchone()
        return read_row(Position, row) if row else Position(account_id, symbol)

    def positions(self, account_id: int | None = None) -> list[Position]:
        """Those that are not flat."""
        rows = self._db.execute(
            "SELECT * FROM futures_positions WHERE account_id = ifnull(?, account_id) AND amount != '0'"
            " ORDER BY account_id, symbol",
            (account_id,),
        )
        return [read_row(Position, row) for row in rows]

    def save_position(self, position: Position) -> None:
        values = [stored(value) for value in asdict(position).values()]
        if not position.amount:
            values[2] = "0"  # whatever its digits, `positions` looks for this
        self._db.execute("INSERT OR REPLACE INTO futures_positions VALUES (?, ?, ?, ?, ?, ?)", values)

    # Orders

    def add_order(self, order: FuturesOrder) -> FuturesOrder:
        """Gives it its id."""
        order.id = self._insert("orders", order)
        return order

    def save_order(self, order: FuturesOrder) -> None:
        self._save("orders", order)

    def order(
        self, account_id: int, symbol: str, order_id: int | None, client_order_id: str | None
    ) -> FuturesOrder | None:
        """By id, else the youngest with that client order id."""
        row = self._named("orders", "client_order_id", account_id, symbol, order_id, client_order_id)
        return read_row(FuturesOrder, row) if row else None

    def open_orders(self, account_id: int | None = None, symbol: str | None = None) -> list[FuturesOrder]:
        """Oldest first."""
        return [read_row(FuturesOrder, row) for row in self._where("orders", _OPEN, account_id, symbol)]

    def orders(
        self, account_id: int, symbol: str, from_id: int | None, start_ms: int | None, end_ms: int | None, limit: int
    ) -> list[FuturesOrder]:
        """As `Ledger.orders`."""
        rows = self._page("orders", "created_ms", account_id, symbol, from_id, start_ms, end_ms, limit)
        return [read_row(FuturesOrder, row) for row in rows]

    def add_algo(self, algo: AlgoOrder) -> AlgoOrder:
        """Gives it its id."""
        algo.id = self._insert("algos", algo)
        return algo

    def save_algo(self, algo: AlgoOrder) -> None:
        self._save("algos", algo)

    def algo(self, account_id: int, symbol: str | None, algo_id: int | None, client_id: str | None) -> AlgoOrder | None:
        """As `order`."""
        row = self._named("algos", "client_algo_id", account_id, symbol, algo_id, client_id)
        return read_row(AlgoOrder, row) if row else None

    def open_algos(self, account_id: int | None = None, symbol: str | None = None) -> list[AlgoOrder]:
        """Oldest first."""
        return [read_row(AlgoOrder, row) for row in self._where("algos", "status = 'NEW'", account_id, symbol)]

    def algos(
        self, account_id: int, symbol: str, from_id: int | None, start_ms: int | None, end_ms: int | None, limit: int
    ) -> list[AlgoOrder]:
        """As `orders`."""
        rows = self._page("algos", "created_ms", account_id, symbol, from_id, start_ms, end_ms, limit)
        return [read_row(AlgoOrder, row) for row in rows]

    def add_fill(self, fill: FuturesFill) -> int:
        """Its id."""
        return self._insert("fills", fill)

    def fills_of(self, order_id: int) -> list[FuturesFill]:
        rows = self._db.execute("SELECT * FROM futures_fills WHERE order_id = ? ORDER BY id", (order_id,))
        return [read_row(FuturesFill, row) for row in rows]

    def fills(
        self, account_id: int, symbol: str, from_id: int | None, start_ms: int | None, end_ms: int | None, limit: int
    ) -> list[FuturesFill]:
        """As `orders`."""
        rows = self._page("fills", "time_ms", account_id, symbol, from_id, start_ms, end_ms, limit)
        return [read_row(FuturesFill, row) for row in rows]

    # Funding scripts and the whole

    def add_funding(self, symbol: str, start: int, rate: Decimal) -> None:
        self._db.execute("INSERT OR REPLACE INTO futures_funding VALUES (?, ?, ?)", (symbol, start, str(rate)))

    def funding(self) -> list[tuple[str, int, Decimal]]:
        rows = self._db.execute("SELECT * FROM futures_funding ORDER BY start")
        return [(row["symbol"], row["start"], Decimal(row["rate"])) for row in rows]

    def dump(self, account_id: int | None) -> dict[str, list[dict[str, Any]]]:
        """Everything of one account or all, as rows with amounts as text."""
        return {
            table: [
                dict(row)
                for row in self._db.execute(
                    f"SELECT * FROM futures_{table} WHERE account_id = ifnull(?, account_id)",  # noqa: S608 (one of ours)
                    (account_id,),
                )
            ]
            for table in _DUMPED
        }

    def _insert(self, table: str, value: Any) -> int:
        row = {name: stored(part) for name, part in asdict(value).items() if name != "id"}
        names, places = ", ".join(row), ", ".join("?" * len(row))
        cursor = self._db.execute(f"INSERT INTO futures_{table} ({names}) VALUES ({places})", list(row.values()))  # noqa: S608 (names are ours)
        return int(cursor.lastrowid or 0)

    def _save(self, table: str, value: Any) -> None:
        row: Mapping[str, Any] = {name: stored(part) for name, part in asdict(value).items() if name != "id"}
        names = ", ".join(f"{name} = ?" for name in row)
        self._db.execute(f"UPDATE futures_{table} SET {names} WHERE id = ?", [*row.values(), value.id])  # noqa: S608 (names are ours)

    def _named(
        self, table: str, client_column: str, account_id: int, symbol: str | None, number: int | None, name: str | None
    ) -> sqlite3.Row | None:
        where, value = ("id", number) if number is not None else (client_column, name)
        found: sqlite3.Row | None = self._db.execute(
            f"SELECT * FROM futures_{table} WHERE account_id = ? AND symbol = ifnull(?, symbol) AND {where} = ?"  # noqa: S608 (names are ours)
            " ORDER BY id DESC LIMIT 1",
            (account_id, symbol, value),
        ).fetchone()
        return found

    def _where(self, table: str, condition: str, account_id: int | None, symbol: str | None) -> list[sqlite3.Row]:
        return self._db.execute(
            f"SELECT * FROM futures_{table} WHERE {condition} AND account_id = ifnull(?, account_id)"  # noqa: S608 (names are ours)
            " AND symbol = ifnull(?, symbol) ORDER BY id",
            (account_id, symbol),
        ).fetchall()

    def _page(
        self, table: str, time_column: str, account_id: int, symbol: str, from_id: int | None, start_ms: int | None,
        end_ms: int | None, limit: int,
    ) -> list[sqlite3.Row]:  # fmt: skip
        return self._ledger.page(f"futures_{table}", time_column, account_id, symbol, from_id, start_ms, end_ms, limit)
