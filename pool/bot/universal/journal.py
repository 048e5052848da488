"""Intents: what a bot is about to send to the exchange, written down before it is sent.

One row an order, in a SQLite file of its own in the bot's directory. The row is on the disk (WAL, `synchronous=FULL`)
before the first byte of the request leaves; it names the order by a client order id that is ours, so that after a crash
or an answer that was lost the exchange can be asked what became of just this order.

Life of an intent: PLANNED (it may or may not have arrived) → PLACED (the exchange has it) → FILLED or CANCELLED; or
REJECTED (the exchange refused it), or VANISHED (it never arrived and no longer can). `booked` means that FreqTrade has
committed it to its own database. What is PLANNED, or PLACED and not booked, is an open question (`questions`).
"""

import base64
import hashlib
import secrets
import sqlite3
import threading
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from freqtrade.exceptions import DependencyException

LIVE_JOURNAL = "orders.live.sqlite"
DRY_JOURNAL = "orders.sqlite"
KEEP_DAYS = 30
KEEP_ROWS = 10_000
_PRUNE_EVERY = 500
_BUSY_MILLISECONDS = 5_000
_ID_LETTERS = 32


class Purpose(StrEnum):
    """Of an order."""

    ENTRY = "entry"
    """The first one of a trade."""
    ADJUST = "adjust"
    REPLACE = "replace"
    """An entry order in the place of another that was cancelled."""
    EXIT = "exit"
    STOP = "stop"
    """A stop-loss that the exchange holds."""

    @property
    def adds_risk(self) -> bool:
        return self in (Purpose.ENTRY, Purpose.ADJUST, Purpose.REPLACE)


class State(StrEnum):
    PLANNED = "planned"
    PLACED = "placed"
    FILLED = "filled"
    CANCELLED = "cancelled"
    """Or expired; `filled` says how much of it was done before."""
    REJECTED = "rejected"
    VANISHED = "vanished"

    @property
    def ended(self) -> bool:
        return self not in (State.PLANNED, State.PLACED)


@dataclass(frozen=True, slots=True)
class Intent:
    """Amounts are of the base currency, prices and stake of the stake currency, times ISO 8601 in UTC."""

    purpose: Purpose
    pair: str
    side: str
    is_short: bool
    order_type: str
    amount: float
    rate: float
    """Limit price that was asked for; of a market order the price that was seen."""
    leverage: float
    decided_at: str
    action_id: str | None = None
    """Of the decision that it carries out."""
    rule: str = "strategy"
    level: int | None = None
    policy: str = ""
    tag: str | None = None
    """FreqTrade's exit reason or entry tag: `ft_order_tag` of the order."""
    enter_tag: str | None = None
    """Of the trade."""
    partial: bool = False
    stop_price: float | None = None
    price_seen: float | None = None
    threshold: float | None = None
    trade_id: int | None = None
    opened_at: str | None = None
    """Of the trade: ids of deleted trades are given again."""
    reservation: str | None = None
    attempt: int = 1
    number: int = 0
    client_order_id: str = ""
    state: State = State.PLANNED
    order_id: str | None = None
    booked: bool = False
    filled: float = 0.0
    average: float | None = None
    message: str = ""
    created_at: str = ""
    updated_at: str = ""

    @property
    def stake(self) -> float:
        return self.amount * self.rate / (self.leverage or 1.0)


_COLUMNS = tuple(field.name for field in fields(Intent))
_TYPES = {"is_short": bool, "partial": bool, "booked": bool, "purpose": Purpose, "state": State}
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS intents (
  {", ".join(f"{name} INTEGER PRIMARY KEY AUTOINCREMENT" if name == "number" else name for name in _COLUMNS)});
CREATE UNIQUE INDEX IF NOT EXISTS intents_by_id ON intents (client_order_id);
CREATE INDEX IF NOT EXISTS intents_by_trade ON intents (trade_id, purpose);
"""


class JournalFailed(DependencyException):  # type: ignore[misc]  # FreqTrade is not typed here
    """The journal could not be written: nothing may be sent. The message is a sentence."""


class Journal:
    """Thread-safe. What has not ended is held in memory too, so that a loop without open orders costs nothing.

    `durable=False` is for dry runs, where nothing can be sent twice: the file is written without waiting for the disk.
    Raises JournalFailed from every method.
    """

    def __init__(self, file: Path, bot_id: str, *, durable: bool = True) -> None:
        self._bot_id = bot_id
        self._run = secrets.token_hex(8)
        self._lock = threading.RLock()
        try:
            self._database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self._database.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
            self._database.executescript(_SCHEMA)
            self._add_columns()
            self._open = {intent.number: intent for intent in self._select("state IN ('planned', 'placed')")}
        except (sqlite3.Error, ValueError) as error:
            raise JournalFailed(f"The journal of orders cannot be opened: {error}.") from error
        self.prune()

    def plan(self, intent: Intent) -> Intent:
        """Write it down, durably; the intent with its number, attempt, client order id and time."""
        with self._lock:
            number, attempt = self._next_number(), self._next_attempt(intent)
            planned = replace(
                intent,
                number=number,
                attempt=attempt,
                client_order_id=client_order_id(self._bot_id, self._run, number, intent, attempt),
                created_at=_now(),
                updated_at=_now(),
            )
            self._execute(
                f"INSERT INTO intents ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})",  # noqa: S608 (names are ours)
                [_stored(getattr(planned, name)) for name in _COLUMNS],
            )
            self._open[number] = planned
            if number % _PRUNE_EVERY == 0:
                self.prune()
            return planned

    def change(self, intent: Intent, **changes: Any) -> Intent:
        """Write changed fields; the intent as it is then. What has ended stays ended."""
        with self._lock:
            current = self._open.get(intent.number, intent)
            if current.state.ended:
                return current
            changed = replace(current, **changes, updated_at=_now())
            names = [*changes, "updated_at"]
            self._execute(
                f"UPDATE intents SET {', '.join(f'{name} = ?' for name in names)} WHERE number = ?",  # noqa: S608 (names are ours)
                [*(_stored(getattr(changed, name)) for name in names), intent.number],
            )
            if changed.state.ended:
                self._open.pop(intent.number, None)
            else:
                self._open[intent.number] = changed
            return changed

    def open(self) -> list[Intent]:
        """All that has not ended, oldest first."""
        with self._lock:
            return list(self._open.values())

    def questions(self) -> list[Intent]:
        """All of which it is not known whether the exchange has it, or which FreqTrade has not committed."""
        return [intent for intent in self.open() if intent.state is State.PLANNED or not intent.booked]

    def current(self, intent: Intent) -> Intent:
        with self._lock:
            return self._open.get(intent.number) or self._select("number = ?", intent.number)[0]

    def reservation_of(self, trade_id: int, opened_at: str | None) -> str | None:
        """Under which the youngest entry order of a trade was granted."""
        with self._lock:
            found = self._select(
                "trade_id = ? AND opened_at IS ? AND reservation IS NOT NULL ORDER BY number DESC LIMIT 1",
                trade_id,
                opened_at,
            )
        return found[0].reservation if found else None

    def inherited(self, intent: Intent) -> bool:
        """A younger intent that may yet be carried out goes on under the same reservation."""
        with self._lock:
            return any(
                other.number > intent.number and other.reservation == intent.reservation
                for other in self._open.values()
            )

    def all(self) -> list[Intent]:
        """Oldest first."""
        with self._lock:
            return self._select("1 ORDER BY number")

    def prune(self) -> None:
        """Drop what ended long ago, and of what ended all but the youngest."""
        before = (datetime.now(UTC) - timedelta(days=KEEP_DAYS)).isoformat()
        self._execute(
            "DELETE FROM intents WHERE state NOT IN ('planned', 'placed') AND (updated_at < ? OR number <="
            " (SELECT max(number) FROM intents) - ?)",
            [before, KEEP_ROWS],
        )

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def _next_number(self) -> int:
        """One that no intent of this file ever had."""
        row = self._execute("SELECT seq FROM sqlite_sequence WHERE name = 'intents'", []).fetchone()
        return 1 + int(row[0]) if row else 1

    def _next_attempt(self, intent: Intent) -> int:
        cursor = self._execute(
            "SELECT max(attempt) FROM intents WHERE trade_id IS ? AND opened_at IS ? AND pair = ? AND purpose = ?"
            " AND rule = ? AND level IS ?",
            [intent.trade_id, intent.opened_at, intent.pair, intent.purpose.value, intent.rule, intent.level],
        )
        return 1 + int(cursor.fetchone()[0] or 0)

    def _select(self, where: str, *values: Any) -> list[Intent]:
        cursor = self._execute(f"SELECT {', '.join(_COLUMNS)} FROM intents WHERE {where}", list(values))  # noqa: S608 (literals of this module)
        return [Intent(**_read(dict(zip(_COLUMNS, row, strict=True)))) for row in cursor.fetchall()]

    def _execute(self, statement: str, values: list[Any]) -> sqlite3.Cursor:
        try:
            with self._lock:
                return self._database.execute(statement, values)
        except sqlite3.Error as error:
            raise JournalFailed(f"The journal of orders cannot be used: {error}.") from error

    def _add_columns(self) -> None:
        """Of a file that an older Flotilla wrote: what is new has its default there."""
        known = {row[1] for row in self._database.execute("PRAGMA table_info(intents)")}
        for name in _COLUMNS:
            if name not in known:
                self._database.execute(f"ALTER TABLE intents ADD COLUMN {name}")


def client_order_id(bot_id: str, run: str, number: int, intent: Intent, attempt: int) -> str:
    """35 of Binance's 36 letters: `fl-` and a hash of bot, run, number, trade, purpose, rule, level, policy, attempt.

    The run (random, a new one whenever the journal is opened) keeps a directory that was restored from a backup from
    naming orders as its former life did.
    """
    parts = (
        bot_id, run, number, intent.trade_id, intent.opened_at, intent.pair, intent.purpose.value, intent.rule,
        intent.level, intent.policy, attempt,
    )  # fmt: skip
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return f"fl-{base64.b32encode(digest).decode().lower()[:_ID_LETTERS]}"


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _stored(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value


def _read(row: dict[str, Any]) -> dict[str, Any]:
    present = {name: value for name, value in row.items() if value is not None}
    return {name: _TYPES[name](value) if name in _TYPES else value for name, value in present.items()}
