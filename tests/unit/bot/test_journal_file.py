"""The journal's file: on the disk before anything is sent, names that no order had before, and bounded."""

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pool.agent import parcel
from pool.bot.universal import journal as module
from pool.bot.universal.journal import LIVE_JOURNAL, Intent, Journal, JournalFailed, Purpose, State

EXIT = Intent(
    purpose=Purpose.EXIT, pair="AAA/USDT", side="sell", is_short=False, order_type="market", amount=1.5, rate=10.0,
    leverage=1.0, decided_at="2026-01-01T00:00:00+00:00", rule="take_profit", level=1, policy="v3", trade_id=7,
    opened_at="2026-01-01T00:00:00+00:00",
)  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / LIVE_JOURNAL


def test_what_is_planned_is_synced_and_seen_by_the_next_process(file: Path) -> None:
    first = Journal(file, "bot-1")
    assert first._database.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"
    planned = first.plan(EXIT)
    second = Journal(file, "bot-1")  # the first one was killed: it never said goodbye
    assert second.questions() == [planned]
    placed = second.change(planned, state=State.PLACED, order_id="12")
    assert second.questions() == [placed], "FreqTrade has not committed it"
    booked = second.change(placed, booked=True)
    assert (second.questions(), second.open()) == ([], [booked])
    ended = second.change(booked, state=State.FILLED, filled=1.5)
    assert second.change(ended, state=State.VANISHED).state is State.FILLED, "what has ended stays ended"
    assert Journal(file, "bot-1").all() == [ended]


def test_ids_are_what_binance_takes_and_never_the_same(file: Path) -> None:
    intents = [EXIT, EXIT, replace(EXIT, level=2), replace(EXIT, trade_id=8), replace(EXIT, purpose=Purpose.STOP)]
    ids = []
    for bot in ("bot-1", "bot-2"):
        for _process in range(2):
            opened = Journal(file.with_name(bot), bot)
            planned = [opened.plan(intent) for intent in intents]
            ids += [one.client_order_id for one in planned]
            opened.close()
    assert len(set(ids)) == len(ids) == 20
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,36}", one) for one in ids)
    assert [one.attempt for one in planned] == [3, 4, 2, 2, 2]


def test_old_and_too_many_intents_go_but_never_those_that_are_open(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(file, "bot-1")
    resting = journal.change(journal.plan(EXIT), state=State.PLACED, order_id="1")
    old = journal.change(journal.plan(EXIT), state=State.FILLED)
    journal._database.execute("UPDATE intents SET updated_at = '2020-01-01T00:00:00+00:00'")
    journal.prune()
    assert [one.number for one in journal.all()] == [resting.number]

    monkeypatch.setattr(module, "KEEP_ROWS", 10)
    for _ in range(30):
        journal.change(journal.plan(EXIT), state=State.REJECTED)
    journal.prune()
    assert len(journal.all()) == 11
    assert journal.plan(EXIT).number > old.number + 30, "numbers are not given again"


def test_a_file_of_an_older_version_gets_its_columns(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute(
            "CREATE TABLE intents (number INTEGER PRIMARY KEY AUTOINCREMENT, purpose, state, pair, side, is_short,"
            " order_type, amount, rate, leverage, decided_at, client_order_id, trade_id)"
        )
        database.execute(
            "INSERT INTO intents VALUES (5, 'exit', 'planned', 'AAA/USDT', 'sell', 0, 'limit', 1.0, 2.0, 1.0,"
            " '2026-01-01T00:00:00+00:00', 'fl-x', 3)"
        )
        database.commit()
    (found,) = Journal(file, "bot-1").questions()
    assert (found.number, found.client_order_id, found.rule, found.booked) == (5, "fl-x", "strategy", False)


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalFailed, match="cannot be opened"):
        Journal(tmp_path, "bot-1")
    journal = Journal(tmp_path / "journal", "bot-1")
    journal.close()
    with pytest.raises(JournalFailed, match="cannot be used"):
        journal.plan(EXIT)


def test_it_moves_with_the_bot(file: Path, tmp_path: Path) -> None:
    journal = Journal(file, "bot-1")
    planned = journal.plan(EXIT)
    packed = parcel.survey(tmp_path, 10**9)
    tar = tmp_path.with_name("tar")
    tar.write_bytes(b"".join(parcel.pack(tmp_path, packed)))
    arrived = tmp_path.with_name("arrived")
    parcel.unpack(tar, arrived, 10**9)
    assert Journal(arrived / LIVE_JOURNAL, "bot-1").questions() == [planned]
