"""Marks of bots' books: another one after every change that `books` could read, the same one after none, and none at
all where that cannot be known yet."""

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pool.agent import marks
from pool.agent.books import DATABASES, Cursor, read_books
from pool.agent.marks import SETTLED_SECONDS, book_marks

NANO = 10**9


class Clock:
    """The agent's, so much ahead of the one by which files change."""

    def __init__(self) -> None:
        self.ahead_seconds = 2 * SETTLED_SECONDS

    def time_ns(self) -> int:
        return time.time_ns() + int(self.ahead_seconds * NANO)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(marks, "time", SimpleNamespace(time_ns=made.time_ns))
    return made


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Path:
    directory = tmp_path / "bots" / "bot"
    directory.mkdir(parents=True)
    return directory


@pytest.fixture
def bot(home: Path) -> Iterator[sqlite3.Connection]:
    """A bot's connection to its books, as FreqTrade has it: with a log beside the database."""
    connection = sqlite3.connect(home / "tradesv3.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT)")
    connection.execute("INSERT INTO orders VALUES (1, 'open')")
    yield connection
    connection.close()


def told(home: Path) -> dict[str, str]:
    return asyncio.run(book_marks(home.parents[1])).marks


def mark(home: Path) -> str:
    found = told(home)[home.name]
    _tick(home)
    return found


def _tick(home: Path) -> None:
    """What changes from here on has another time: the system's clock for files is a coarse one."""
    probe = home / "probe"
    probe.touch()
    before = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == before:
        probe.touch()
    probe.unlink()


def test_a_mark_stays_while_nothing_happens_and_books_are_read(home: Path, bot: sqlite3.Connection) -> None:
    before = mark(home)
    assert asyncio.run(read_books(home.parents[1], "bot", "dry", Cursor())) is not None
    (home / "bot.log").write_text("a loop")
    assert mark(home) == before


def test_every_transaction_makes_another_mark(home: Path, bot: sqlite3.Connection) -> None:
    seen = [mark(home)]
    for change in (
        "UPDATE orders SET status = 'shut'",  # of the same length
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "UPDATE orders SET status = 'open'",
        "INSERT INTO orders VALUES (2, 'open')",
    ):
        bot.execute(change)
        seen.append(mark(home))
    bot.close()
    seen.append(mark(home))
    assert len(set(seen)) == len(seen)


def test_a_log_that_is_written_from_its_beginning_again_makes_another_mark(home: Path, bot: sqlite3.Connection) -> None:
    bot.execute("PRAGMA wal_checkpoint(FULL)")
    log = home / "tradesv3.sqlite-wal"
    before, length = mark(home), log.stat().st_size
    bot.execute("UPDATE orders SET status = 'shut'")
    assert log.stat().st_size == length, "the file looks as it did"
    assert mark(home) != before


@pytest.mark.parametrize("name", [*DATABASES.values(), "orders.live.sqlite", "orders.live.sqlite-wal"])
def test_every_file_that_books_are_read_from_counts(home: Path, name: str) -> None:
    before = mark(home)
    (home / name).write_bytes(b"")
    made = mark(home)
    (home / name).unlink()
    assert made != before == mark(home)


def test_a_file_that_was_put_back_is_another_one_whatever_its_times_say(home: Path, bot: sqlite3.Connection) -> None:
    bot.close()
    file, copy = home / "tradesv3.sqlite", home / "copy"
    shutil.copy2(file, copy)
    before = mark(home)
    copy.replace(file)
    put_back = mark(home)
    content, times = file.read_bytes(), file.stat()
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert len({before, put_back, mark(home)}) == 3


def test_what_changed_within_the_last_seconds_has_no_mark_yet(
    home: Path, bot: sqlite3.Connection, clock: Clock
) -> None:
    """What is written may be shown later, and two changes may have one time."""
    clock.ahead_seconds = 0
    assert told(home) == {}
    clock.ahead_seconds = SETTLED_SECONDS + 1
    assert list(told(home)) == ["bot"]
    clock.ahead_seconds = -3600
    assert told(home) == {}, "the clock was set back: a change to come may have the time of the last one"


def test_marks_are_of_each_bot_by_itself(home: Path, bot: sqlite3.Connection) -> None:
    other = home.with_name("other")
    other.mkdir()
    home.with_name(".staged").mkdir()
    before = told(home)
    assert set(before) == {"bot", "other"}
    _tick(home)
    (other / "tradesv3.sqlite").write_bytes(b"")
    after = told(home)
    assert after["bot"] == before["bot"]
    assert after["other"] != before["other"]
    shutil.rmtree(other)
    assert set(told(home)) == {"bot"}


def test_a_hostile_file_is_not_followed(home: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("one")
    (home / "tradesv3.sqlite").symlink_to(elsewhere)
    os.mkfifo(home / "orders.live.sqlite")
    before = mark(home)
    elsewhere.write_text("another")
    assert mark(home) == before
    nothing = home.with_name("no-directory")
    nothing.write_text("")
    assert set(told(home)) == {"bot"}


def test_a_pool_without_bots_tells_none(tmp_path: Path) -> None:
    assert asyncio.run(book_marks(tmp_path)).marks == {}
