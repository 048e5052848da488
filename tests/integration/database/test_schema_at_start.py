"""A start looks which version the database is at, and has a process of its own upgrade it where that is needed."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from orchestrator.db import migrate, schema
from orchestrator.db.engine import Database
from orchestrator.errors import Conflict
from tests.databases import sqlite_url

_BRINGING_UP = """
import asyncio, json, sys
import orchestrator.__main__
from orchestrator.db import schema
before_and_after = [asyncio.run(schema.bring_up(sys.argv[1])) for _ in range(2)]
told = [(one.before, one.after) for one in before_and_after]
print(json.dumps([told, sorted({"alembic", "mako"} & set(sys.modules))]))
"""


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> Any:
        raise AssertionError("a process was started")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)


async def at(url: str, revision: str) -> None:
    """Brings the database to that version."""
    database = Database(url)
    async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
        await migrate.upgrade_within(connection, revision)
    await database.close()


async def run(url: str, statement: str) -> None:
    database = Database(url)
    async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
        await connection.execute(text(statement))
    await database.close()


async def version_of(url: str) -> str | None:
    database = Database(url)
    async with database.engine.connect() as connection:
        version = await schema.current(connection)
    await database.close()
    return version


def program(path: Path, lines: str) -> str:
    """In the place of the interpreter."""
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o700)
    return str(path)


def test_versions_are_those_of_the_migrations() -> None:
    scripts = ScriptDirectory(str(schema.SCRIPTS))
    assert schema.known() == [one.revision for one in scripts.walk_revisions()][::-1]
    assert schema.head() == scripts.get_current_head()


@pytest.mark.timeout(120)
def test_an_empty_database_is_made_without_what_only_upgrades_need(empty_url: str) -> None:
    done = subprocess.run([sys.executable, "-c", _BRINGING_UP, empty_url], check=True, capture_output=True, text=True)
    head = schema.head()
    assert json.loads(done.stdout) == [[[None, head], [head, head]], []]


async def test_an_old_database_is_upgraded(empty_url: str) -> None:
    await at(empty_url, "0024")
    assert await schema.bring_up(empty_url) == schema.Migrated("0024", schema.head())
    assert await version_of(empty_url) == schema.head()


async def test_nothing_is_started_for_a_database_that_is_up_to_date(empty_url: str, no_process: None) -> None:
    await migrate.upgrade(empty_url)
    assert await schema.bring_up(empty_url) == schema.Migrated(schema.head(), schema.head())


async def test_a_newer_database_is_refused_and_left_alone(empty_url: str, no_process: None) -> None:
    await migrate.upgrade(empty_url)
    await run(empty_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(schema.DatabaseTooNew, match=r"newer Flotilla.*at version 9999"):
        await schema.bring_up(empty_url)
    assert await version_of(empty_url) == "9999"


async def test_many_at_once_do_it_once(empty_url: str) -> None:
    outcomes = await asyncio.gather(*(schema.bring_up(empty_url) for _ in range(3)))
    assert sorted(outcome.before is None for outcome in outcomes) == [False, False, True]
    assert {outcome.after for outcome in outcomes} == {schema.head()}


async def test_an_upgrade_that_fails_tells_its_error_and_changes_nothing(empty_url: str) -> None:
    await at(empty_url, "0024")
    await run(empty_url, "ALTER TABLE bots ADD COLUMN wake_on_need BOOLEAN")
    with pytest.raises(DBAPIError, match="wake_on_need") as caught:
        await schema.bring_up(empty_url)
    assert caught.value.orig is not None
    assert "0025_waking_on_need.py" in "".join(caught.value.__notes__)
    assert await version_of(empty_url) == "0024"


async def test_a_file_that_is_no_database_is_told_as_one(tmp_path: Path, no_process: None) -> None:
    (tmp_path / "flotilla.db").write_bytes(b"no database at all " * 100)
    with pytest.raises(DBAPIError, match="not a database"):
        await schema.bring_up(sqlite_url(tmp_path / "flotilla.db"))


async def test_a_process_that_comes_to_nothing_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", "echo first; echo no room >&2; exit 7"))
    with pytest.raises(Conflict, match=r"ended with 7, saying: no room$"):
        await schema.bring_up(sqlite_url(tmp_path / "flotilla.db"))


async def test_a_start_that_is_given_up_ends_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pid")
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", f"echo $$ > {tmp_path}/pid; exec sleep 600"))
    starting = asyncio.create_task(schema.bring_up(sqlite_url(tmp_path / "flotilla.db")))
    pid = int(await asyncio.to_thread((tmp_path / "pid").read_text))
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
