"""Marks of bots' books: what is another one whenever the files are that `books` reads. Told of all bots at once and
without opening a file, so that books in which nothing happened need not be read.

A mark is made of which file it is, how long it is, and when it changed last. Of a database that is the time which no
program can set: one that was put back from a copy, with the times of its contents, is another one. Of a log it is when
it was written: SQLite gives logs their owner whenever root opens them, to read them, too.

Times are only as fine as the system's clock ticks, and SQLite shows a transaction when the disk has what it wrote of it
before: of files that changed within the last seconds no mark is told.
"""

import asyncio
import os
import re
import time
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from pool.agent.books import DATABASES, JOURNAL
from pool.contract.books import BookMarks

SETTLED_SECONDS = 10.0
_BOT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_FILES = tuple((f"{name}{log}", bool(log)) for name in (*DATABASES.values(), JOURNAL) for log in ("-wal", ""))
"""The log first: what was written there before it was looked at is not in the database unless that changed, too."""


async def book_marks(pool: Path) -> BookMarks:
    """Of bots that have a directory here, running or not. Raises OSError."""
    return await asyncio.to_thread(_marks, pool)


def _marks(pool: Path) -> BookMarks:
    as_of, now = datetime.now(UTC), time.time_ns()
    try:
        names = os.listdir(pool / "bots")
    except FileNotFoundError:
        names = []
    found = {name: _mark(f"{pool}/bots/{name}", now) for name in names if _BOT_ID.fullmatch(name)}
    return BookMarks(as_of=as_of, marks={name: mark for name, mark in found.items() if mark is not None})


def _mark(directory: str, now: int) -> str | None:
    """None where that cannot be told now; `now` in nanoseconds since 1970."""
    seen: list[tuple[int, ...]] = []
    for name, is_log in _FILES:
        try:
            file = os.lstat(f"{directory}/{name}")
        except FileNotFoundError:
            seen.append(())
            continue
        except OSError:
            return None
        changed = file.st_mtime_ns if is_log else file.st_ctime_ns
        if now - changed < SETTLED_SECONDS * 1e9:  # or the clock was set back since
            return None
        seen.append((file.st_dev, file.st_ino, file.st_size, changed))
    return blake2b(repr(seen).encode(), digest_size=16).hexdigest()
