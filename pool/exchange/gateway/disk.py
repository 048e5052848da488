"""What outlives the process, in one SQLite file: answers that last for more than seconds, and how budgets stood.

Written behind, by one thread, about once a second. Losing some costs a request each, so nothing waits for the disk and
nothing is synced; whatever fails is told as a problem and tried again with what comes next.
"""

import sqlite3
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from loguru import logger

from pool.contract.freshness import LONGEST_SECONDS, Moment, fresh
from pool.contract.market import Kind
from pool.exchange.gateway.cache import Entry

MOST_BYTES = 256 * 1024 * 1024
MOST_WAITING_BYTES = 64 * 1024 * 1024
_APART_SECONDS = 1.0
"""Wall and steady clock must agree on an answer's age this closely."""
_BETWEEN_CLEANINGS = 60
_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, exchange TEXT NOT NULL, kind TEXT NOT NULL, content_type TEXT NOT NULL, boot TEXT NOT NULL,
    steady REAL NOT NULL, wall_ms INTEGER NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (wall_ms);
CREATE TABLE IF NOT EXISTS standings (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
"""
_PUT = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer to be written, or read back."""

    key: str
    exchange: str
    kind: Kind
    entry: Entry


def boot_id() -> str:
    """Of this start of the machine; empty where the kernel does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


class Disk:
    """`remember` and `stand` are for the event loop, the rest for one thread at a time."""

    def __init__(
        self,
        file: Path,
        boot: str,
        most_bytes: int = MOST_BYTES,
        connect: Callable[[Path], sqlite3.Connection] | None = None,
    ) -> None:
        self._file = file
        self._boot = boot
        self._most_bytes = most_bytes
        self._connect = connect or _connect
        self._connection: sqlite3.Connection | None = None
        self._waiting: OrderedDict[str, Kept] = OrderedDict()
        self._waiting_bytes = 0
        self._standings: dict[str, str] = {}
        self._written: dict[str, str] = {}
        self._writes = 0
        self.problem: str | None = None

    def remember(self, kept: Kept) -> None:
        """Have it written soon; where the disk is slow, the oldest that wait are dropped."""
        self._forget(kept.key)
        self._waiting[kept.key] = kept
        self._waiting_bytes += len(kept.entry.body)
        while self._waiting_bytes > MOST_WAITING_BYTES:
            self._forget(next(iter(self._waiting)))

    def _forget(self, key: str) -> None:
        old = self._waiting.pop(key, None)
        if old is not None:
            self._waiting_bytes -= len(old.entry.body)

    def stand(self, name: str, text: str) -> None:
        """Have a text written soon, under a name."""
        self._standings[name] = text

    def take(self) -> tuple[list[Kept], dict[str, str]]:
        """What waits, for `write`."""
        kept, self._waiting, self._waiting_bytes = list(self._waiting.values()), OrderedDict(), 0
        return kept, {name: text for name, text in self._standings.items() if self._written.get(name) != text}

    def write(self, kept: list[Kept], standings: dict[str, str], now_ms: int) -> None:
        """In one transaction. Never raises for what a disk or file can do."""
        try:
            self._write(kept, standings, now_ms)
        except sqlite3.Error as error:
            self._failed(error)
        except OSError as error:
            self._trouble(f"The gateway's answers are not kept on disk: {error.strerror}.")
        else:
            self._written |= standings
            if self.problem is not None:
                logger.info("answers are kept on disk again")
            self.problem = None

    def _write(self, kept: list[Kept], standings: dict[str, str], now_ms: int) -> None:
        connection = self._open()
        with connection:
            connection.executemany(_PUT, (self._row(one) for one in kept))
            connection.executemany("INSERT OR REPLACE INTO standings VALUES (?, ?)", standings.items())
            self._writes += 1
            if self._writes % _BETWEEN_CLEANINGS == 1:
                self._clean(connection, now_ms)

    def _row(self, one: Kept) -> tuple[str | float | int | bytes, ...]:
        entry, asked = one.entry, one.entry.asked
        body = zlib.compress(entry.body, 1)  # also finds what a disk has changed
        kind = one.kind.model_copy(update={"within_ms": None, "waited_ms": None, "at_close": None})
        told = (one.key, one.exchange, kind.header(), entry.content_type, self._boot)
        return (*told, asked.steady, asked.wall_ms, len(body), body)

    def _clean(self, connection: sqlite3.Connection, now_ms: int) -> None:
        """Away with what is too old, or from a clock that was ahead; then the oldest beyond the bound."""
        connection.execute(
            "DELETE FROM answers WHERE wall_ms < ? OR wall_ms > ?", (now_ms - LONGEST_SECONDS * 1000, now_ms + 60_000)
        )
        room = self._most_bytes
        for key, size in connection.execute("SELECT key, size FROM answers ORDER BY wall_ms DESC").fetchall():
            room -= size
            if room < 0:
                connection.execute("DELETE FROM answers WHERE key = ?", (key,))

    def read(self, now: Moment) -> tuple[list[Kept], dict[str, str]]:
        """What is still fresh for those for whom it was fetched, newest first; and the standings."""
        try:
            connection = self._open()
            standings = dict(connection.execute("SELECT name, text FROM standings"))
            kept = list(self._read(connection, now))
        except sqlite3.Error as error:
            self._failed(error)
            return [], {}
        except OSError as error:
            self._trouble(f"The gateway's answers cannot be read from disk: {error.strerror}.")
            return [], {}
        self._written = dict(standings)
        return kept, standings

    def _read(self, connection: sqlite3.Connection, now: Moment) -> Iterator[Kept]:
        since = now.wall_ms - LONGEST_SECONDS * 1000
        for row in connection.execute("SELECT * FROM answers WHERE wall_ms >= ? ORDER BY wall_ms DESC", (since,)):
            key, exchange, kind_header, content_type, boot, steady, wall_ms, _, body = row
            age = (now.wall_ms - wall_ms) / 1000
            if age < 0 or (boot == self._boot and abs(now.steady - steady - age) > _APART_SECONDS):
                continue  # a clock was set meanwhile
            try:
                entry = Entry(zlib.decompress(body), content_type, Moment(now.steady - age, wall_ms, now.jumps))
            except zlib.error:
                continue
            kind = Kind.of(kind_header)
            if fresh(kind, entry.asked, now, 0, len(entry.body), entry.holds):
                yield Kept(key, exchange, kind, entry)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect(self._file)
            self._connection.executescript(_TABLES)
        return self._connection

    def _failed(self, error: sqlite3.Error) -> None:
        self.close()
        if type(error) is not sqlite3.DatabaseError:  # full, not writable, locked
            self._trouble(f"The gateway's answers are not kept on disk: {error}.")
            return
        self._trouble(f"The file of the gateway's answers was damaged and set aside: {error}.")
        for ending in ("", "-wal", "-shm"):
            part = self._file.with_name(self._file.name + ending)
            try:
                part.replace(self._file.with_name(self._file.name + ".damaged" + ending))
            except FileNotFoundError:
                continue
            except OSError as failed:
                self._trouble(f"A damaged file of the gateway cannot be moved: {failed.strerror}.")

    def _trouble(self, sentence: str) -> None:
        if self.problem is None:
            logger.warning("{}", sentence)
        self.problem = sentence

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=1.0, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_size_limit = 16777216")
    return connection
