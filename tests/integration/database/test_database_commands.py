"""`flotilla migrate` and `flotilla db …` as a person runs them."""

import asyncio
import json
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.cli.root import main
from orchestrator import home as homes
from orchestrator.db import migrate
from orchestrator.db.engine import Database
from orchestrator.leader.installation import claim
from tests.databases import PostgresServer, sqlite_url
from tests.integration.database.test_transfer import digests, populate

Flotilla = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("FLOTILLA_"):
            monkeypatch.delenv(name)
    directory = tmp_path / "home"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("FLOTILLA_HOME", str(directory))
    return directory


@pytest.fixture
def flotilla(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Flotilla:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["flotilla", *arguments])
        code: Any = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        captured = capsys.readouterr()
        return int(code), captured.out, captured.err

    return run


@pytest.fixture
def url_with_password(postgres: PostgresServer) -> Any:
    """PostgreSQL trusts loopback, so any password does."""
    url = postgres.empty()
    yield url.replace("flotilla@", "flotilla:hush-hush@")
    postgres.drop(url)


def filled(home: Path) -> str:
    """The home's database with rows; its URL."""
    url = sqlite_url(home / homes.DATABASE_FILE)
    asyncio.run(migrate.upgrade(url))
    asyncio.run(populate(url))
    return url


def test_migrate_tells_from_where_to_where(flotilla: Flotilla, home: Path) -> None:
    code, out, _ = flotilla("migrate")
    assert (code, f"from an empty database to version {migrate.head()}" in out) == (0, True)
    assert stat.S_IMODE((home / homes.DATABASE_FILE).stat().st_mode) == 0o600
    code, out, _ = flotilla("migrate")
    assert (code, f"is at version {migrate.head()} already" in out) == (0, True)


def test_migrate_tells_a_database_that_is_too_new(flotilla: Flotilla, home: Path) -> None:
    async def future() -> None:
        database = Database(url)
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        await database.close()

    url = filled(home)
    asyncio.run(future())
    code, _, err = flotilla("migrate")
    assert (code, "newer Flotilla" in err) == (1, True)
    code, out, _ = flotilla("db", "check")
    assert (code, "version 9999" in out) == (4, True)


def test_copy_to_postgresql_by_the_configured_url(
    flotilla: Flotilla, home: Path, url_with_password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = filled(home)
    monkeypatch.setenv("FLOTILLA_ORCH_DATABASE_URL", url_with_password)
    code, out, err = flotilla("db", "copy")
    assert (code, "counts and checksums are the same" in out) == (0, True), err
    assert "hush" not in out + err
    assert asyncio.run(digests(source)) == asyncio.run(digests(url_with_password))
    code, out, err = flotilla("db", "copy")
    assert (code, "not empty" in err) == (4, True)
    code, out, _ = flotilla("db", "check", "--json")
    assert code == 0
    assert json.loads(out)["tables"]["bot_events"] == 30


def test_copy_while_the_control_plane_runs_is_refused(flotilla: Flotilla, home: Path, url_with_password: str) -> None:
    filled(home)
    held = homes.lock(home)
    code, _, err = flotilla("db", "copy", "--to", url_with_password)
    os.close(held)
    assert (code, "stop that one first" in err) == (4, True)
    assert flotilla("db", "copy", "--to", url_with_password)[0] == 0


def test_backup_runs_beside_the_control_plane_and_restore_adopts_the_installation(
    flotilla: Flotilla, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def claimed() -> None:
        database = Database(source)
        await claim(database, "installation-of-old", None)
        await database.close()

    source = filled(home)
    asyncio.run(claimed())
    held = homes.lock(home)
    code, out, err = flotilla("db", "backup", str(tmp_path / "saved"))
    os.close(held)
    assert code == 0, err
    assert "secrets.json" in out
    assert "pools" in out
    other = tmp_path / "other"
    monkeypatch.setenv("FLOTILLA_HOME", str(other))
    code, out, err = flotilla("db", "restore", str(tmp_path / "saved"))
    assert code == 0, err
    target = sqlite_url(other / homes.DATABASE_FILE)
    assert asyncio.run(digests(source)) == asyncio.run(digests(target))
    assert homes.load_secrets(other).installation_id == "installation-of-old"
    code, _, err = flotilla("db", "restore", str(tmp_path / "saved"))
    assert (code, "not empty" in err) == (4, True)


def test_check_finds_what_refers_to_nothing(flotilla: Flotilla, home: Path) -> None:
    filled(home)
    assert flotilla("db", "check")[0] == 0
    with sqlite3.connect(home / homes.DATABASE_FILE) as connection:
        connection.execute("DELETE FROM bots")
    connection.close()
    code, out, _ = flotilla("db", "check")
    assert (code, "refers to a row of bots that is not there" in out) == (4, True)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("db", "copy"), 2, "--to URL"),
        (("db", "copy", "--to", "mysql://u:hush@h/x"), 2, "cannot be used"),
        (("db", "copy", "--to", "postgresql://u:hush@h/x"), 2, "postgresql+psycopg://"),
        (("db", "copy", "--to", "no url"), 2, "no URL"),
        (("db", "copy", "--to", "postgresql+psycopg://u:hush@127.0.0.1:1/x"), 1, "refused"),
        (("db", "backup", "/nowhere/at/all"), 1, "/nowhere"),
        (("db", "restore", "/nowhere/at/all"), 3, "no file"),
        (("db", "check", "--url", "sqlite+aiosqlite:////nowhere/x.db"), 3, "no database"),
        (("migrate", "--url", "sqlite+aiosqlite:////nowhere/x.db"), 1, "/nowhere"),
    ],
)
def test_refusals_are_told_without_passwords(
    flotilla: Flotilla, home: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    filled(home)
    answer, out, err = flotilla(*arguments)
    assert (answer, told in err) == (code, True), err
    assert "hush" not in out + err
    assert err.count("\n") == 1
