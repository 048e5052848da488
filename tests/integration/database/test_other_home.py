"""From one home to another as a person does it: `flotilla bots pack`, and what a restore does to pools left behind."""

import asyncio
import fcntl
import json
import os
import sqlite3
from pathlib import Path

import pytest

from orchestrator import home as homes
from tests.databases import sqlite_url
from tests.integration.database.test_database_commands import Flotilla, filled, flotilla, home
from tests.integration.database.test_transfer import digests

__all__ = ["flotilla", "home"]


def rows(directory: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(directory / homes.DATABASE_FILE) as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def pool_with_a_bot(home: Path) -> Path:
    pool = home / "pools" / "pool-local"
    (pool / "bots" / "bot-one").mkdir(parents=True)
    (pool / "pool.json").write_text("{}")
    (pool / "bots" / "bot-one" / "tradesv3.sqlite").write_text("trades")
    return pool


def test_bots_are_packed_while_flotilla_is_stopped(flotilla: Flotilla, home: Path, tmp_path: Path) -> None:
    target = tmp_path / "parcels"
    code, _, err = flotilla("bots", "pack", str(target))
    assert (code, "no pools" in err) == (3, True)
    pool = pool_with_a_bot(home)
    held = homes.lock(home)
    code, _, err = flotilla("bots", "pack", str(target))
    os.close(held)
    assert (code, "stop that one first" in err) == (4, True)
    held = os.open(pool / "bots" / "bot-one" / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX)
    code, _, err = flotilla("bots", "pack", str(target))
    os.close(held)
    assert (code, "A process of bot-one still runs" in err, err.count("\n")) == (4, True, 1)
    assert not target.exists()
    code, out, err = flotilla("bots", "pack", str(target), "--json")
    assert code == 0, err
    assert [(item["bot_id"], item["files"]) for item in json.loads(out)["items"]] == [("bot-one", 1)]
    assert [file.name for file in target.iterdir()] == ["bot-one.parcel"]


@pytest.mark.parametrize("option", [(), ("--without-trades",)])
def test_bots_of_pools_of_another_kind_come_without_them(
    flotilla: Flotilla, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: tuple[str, ...]
) -> None:
    filled(home)
    before = rows(home, "SELECT id, epoch FROM bots WHERE pool_id IS NOT NULL ORDER BY id")
    assert before
    with sqlite3.connect(home / homes.DATABASE_FILE) as connection:
        connection.execute("UPDATE bots SET epoch = 3 WHERE pool_id IS NOT NULL")
        for row in (
            "moves VALUES ('bot-1', 'pool-1', 'pool-2', 3, 'copying', 'move', NULL, '2026-01-01 00:00:00')",
            "pool_cursors VALUES ('pool-1', 'x-1')",
            "nodes VALUES ('here', 'process', '{}', '[]', NULL)",
            "rollouts (id, state, legs, actor, why, created_at, updated_at) "
            "VALUES ('r', 'running', '[]', 'admin', '', '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
        ):
            connection.execute(f"INSERT INTO {row}")
    connection.close()
    assert flotilla("db", "backup", str(tmp_path / "saved"))[0] == 0
    other = tmp_path / "other"
    monkeypatch.setenv("FLOTILLA_HOME", str(other))
    monkeypatch.setenv("FLOTILLA_ORCH_POOL_DRIVER", "docker")
    code, out, err = flotilla("db", "restore", str(tmp_path / "saved"), *option)
    assert code == 0, err
    assert ("waits for its parcel" in out) == (not option)
    epoch = 0 if option else 3
    assert rows(other, "SELECT id, epoch FROM bots ORDER BY id") == [(bot_id, epoch) for bot_id, _ in before]
    assert rows(other, "SELECT count(*) FROM bots WHERE pool_id IS NOT NULL") == [(0,)]
    for gone in ("pools", "moves", "pool_cursors", "nodes"):
        assert rows(other, f"SELECT count(*) FROM {gone}") == [(0,)], gone
    assert rows(other, "SELECT state FROM rollouts") == [("aborted",)]
    code, out, _ = flotilla("db", "check")
    assert code == 0, out


def test_pools_of_the_same_kind_stay(
    flotilla: Flotilla, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = filled(home)
    assert flotilla("db", "backup", str(tmp_path / "saved"))[0] == 0
    monkeypatch.setenv("FLOTILLA_HOME", str(tmp_path / "other"))
    assert flotilla("db", "restore", str(tmp_path / "saved"))[0] == 0
    target = sqlite_url(tmp_path / "other" / homes.DATABASE_FILE)
    assert asyncio.run(digests(source)) == asyncio.run(digests(target))
