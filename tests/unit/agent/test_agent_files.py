"""Files of the agent."""

import contextlib
import json
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from pool.agent import files, store
from pool.agent.logs import last_lines
from pool.agent.problems import Refused
from pool.agent.relay import checked_path
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.settings import PoolSettings
from tests.unit.agent.builders import AT, make_spec, slot


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("length(replace(hex(zeroblob(20000000)), '0', '00')) > 0", 1),
        ("length(hex(zeroblob(400000 + id % 2)))", 20_000),
    ],
    ids=["memory", "time"],
)
def test_a_database_made_to_exhaust_the_agent_is_given_up(
    tmp_path: Path, expression: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_SQLITE_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(files, "_SQLITE_STEPS", 10)
    with contextlib.closing(sqlite3.connect(tmp_path / "tradesv3.sqlite")) as connection:
        connection.execute("CREATE TABLE trades (id INTEGER)")
        connection.executemany("INSERT INTO trades (id) VALUES (?)", [(number,) for number in range(rows)])
        connection.execute(f"ALTER TABLE trades ADD COLUMN is_open INTEGER GENERATED ALWAYS AS ({expression})")
        connection.commit()
    with pytest.raises(sqlite3.Error, match=r"too big|interrupted"):
        files.count_open_trades(tmp_path, "dry_run")


@pytest.mark.parametrize("bot_id", ["", ".", "..", "a/b", "/etc", "A", "a" * 64, "a\n", "-a"])
def test_ids_that_are_no_ids_have_no_directory(tmp_path: Path, bot_id: str) -> None:
    with pytest.raises(ValidationError):
        files.bot_directory(tmp_path, bot_id)


def test_slot_file_has_no_credentials(tmp_path: Path) -> None:
    spec = make_spec(credentials={"key": "hush", "secret": "hush"})
    directory = files.write_slot_files(tmp_path, "bot", spec)
    assert "hush" not in (directory / "slot.json").read_text()
    assert (
        "credentials" not in (directory / "slot.json").read_text()
        or '"credentials":null' in (directory / "slot.json").read_text()
    )


def test_archive_moves_and_never_overwrites(tmp_path: Path) -> None:
    for _ in range(2):
        files.write_slot_files(tmp_path, "bot", make_spec())
        try:
            files.archive(tmp_path, "bot", AT)
        except OSError:
            assert (tmp_path / "bots" / "bot").exists()
    assert len(list((tmp_path / "archive").iterdir())) == 1
    files.archive(tmp_path, "never-ran", AT)


def test_open_trades_are_counted_read_only(tmp_path: Path) -> None:
    assert files.count_open_trades(tmp_path, "dry_run") == 0
    with sqlite3.connect(tmp_path / "tradesv3.sqlite") as database:
        assert files.count_open_trades(tmp_path, "dry_run") == 0
        database.execute("CREATE TABLE trades (id INTEGER, is_open BOOLEAN)")
        database.execute("INSERT INTO trades VALUES (1, 1), (2, 0), (3, 1)")
    database.close()
    assert files.count_open_trades(tmp_path, "dry_run") == 2
    assert files.count_open_trades(tmp_path, "paper_live") == 0
    (tmp_path / "tradesv3.sqlite").write_text("this is no database, but long enough to be looked at" * 20)
    with pytest.raises(sqlite3.Error):
        files.count_open_trades(tmp_path, "dry_run")


def test_slots_survive_a_round_trip_without_credentials(tmp_path: Path) -> None:
    facts = slot(trading="paper_live", credentials={"key": "hush", "secret": "hush"})
    stored = store.StoredSlots(slots=[store.StoredSlot.of(facts)], deleted={"gone": 3})
    file = tmp_path / "slots.json"
    files.write_atomically(file, stored.to_json())
    assert "hush" not in file.read_text()
    loaded = store.load(file)
    assert loaded.slots[0].facts() == slot(trading="paper_live")
    assert loaded.deleted == {"gone": 3}
    assert store.load(tmp_path / "missing.json").slots == []


def test_a_stored_policy_that_is_not_taken_any_more_keeps_no_bot_from_being_managed(tmp_path: Path) -> None:
    policy = {"label": "1.0.0", "fingerprint": "print", "document": {"time_exit": {"after_minutes": 5}}}
    facts = [slot(policy=policy), replace(slot(policy=policy), bot_id="other")]
    stored = store.StoredSlots(slots=[store.StoredSlot.of(one) for one in facts])
    changed = json.loads(stored.to_json())
    changed["slots"][1]["spec"]["policy"]["document"]["time_exit"] = {"after_years": 5}
    file = tmp_path / "slots.json"
    file.write_text(json.dumps(changed))
    loaded = [one.facts().spec.policy for one in store.load(file).slots]
    assert [one and one.label for one in loaded] == ["1.0.0", None]


def test_corrupt_slots_are_told_and_left(tmp_path: Path) -> None:
    file = tmp_path / "slots.json"
    file.write_text('{"slots": [{"bot_id": "../x"}]}')
    with pytest.raises(store.CorruptSlots, match=r"slots\.json is corrupt"):
        store.load(file)
    assert "../x" in file.read_text()


def test_last_lines(tmp_path: Path) -> None:
    file = tmp_path / "bot.log"
    assert last_lines(file, 5) == []
    file.write_bytes(b"".join(b"%d %s\n" % (n, b"x" * 1000) for n in range(300)) + b"\xff unfinished")
    assert [line.split()[0] for line in last_lines(file, 3)] == ["298", "299", "�"]
    assert len(last_lines(file, 1000)) == 301
    assert last_lines(file, 0) == []


@pytest.mark.parametrize("path", ["ping", "trade/5", "pair_candles", "strategy/My%20Own", "message/ws"])
def test_paths_of_the_api_pass(path: str) -> None:
    assert checked_path(path) == path


@pytest.mark.parametrize(
    "path", ["", "..", "a/../b", "a/%2e%2e/b", "%2e%2e%2fping", "a//b", "a%0d%0ab", "token/login", "a\\b"]
)
def test_other_paths_do_not(path: str) -> None:
    with pytest.raises(Refused):
        checked_path(path)


def test_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pool.json"
    file.write_text('{"pool_id": "p", "slots_total": 3, "agent_port": 1}')
    monkeypatch.setenv("FLOTILLA_POOL_SLOTS_TOTAL", "7")
    settings = PoolSettings.load(file)
    assert (settings.pool_id, settings.slots_total, settings.agent_port) == ("p", 7, 1)
    file.write_text('{"pool_id": "p", "slots": 3}')
    with pytest.raises(ValueError, match="slots"):
        PoolSettings.load(file)
    file.write_text("[]")
    with pytest.raises(ValueError, match="JSON object"):
        PoolSettings.load(file)


def test_what_a_bot_plants_is_neither_followed_nor_waited_for(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("other")
    bot = tmp_path / "bots" / "bot"
    bot.mkdir(parents=True)
    ours = ("slot.json", ".slot.json.new", "policy.json", ".policy.json.new")
    for name in ("bot.log", "epoch", "tradesv3.sqlite", *ours):
        (bot / name).symlink_to(secret)
    assert last_lines(bot / "bot.log", 5) == []
    with pytest.raises(OSError, match="epoch"):
        files.read_epoch(bot)
    with pytest.raises(OSError, match="tradesv3"):
        files.count_open_trades(bot, "dry_run")
    policy = PolicyInForce(label="1.0.0", fingerprint="abc", document=PolicyDocument())
    files.write_slot_files(tmp_path, "bot", make_spec(policy=policy))
    files.write_policy(tmp_path, "bot", policy)
    assert secret.read_text() == "other"
    assert not any((bot / name).is_symlink() for name in ours)
    (bot / "bot.log").unlink()
    os.mkfifo(bot / "bot.log")
    assert last_lines(bot / "bot.log", 5) == [], "a pipe without a writer would block for ever"
    (bot / "bot.log").unlink()
    os.link(secret, bot / "bot.log")
    assert last_lines(bot / "bot.log", 5) == []
