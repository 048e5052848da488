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
from sqlalchemy.ext.asyncio import AsyncConnection

from api.cli.root import main
from orchestrator import home as homes
from orchestrator.audit import service as audit
from orchestrator.audit.ledger import SEAL_KEY
from orchestrator.audit.seal import SealKey
from orchestrator.db import migrate, schema
from orchestrator.db.engine import Database
from orchestrator.leader.installation import claim
from tests.databases import PostgresServer, sqlite_url
from tests.integration.database.test_transfer import digests, populate, tables_in

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
    assert (code, f"from an empty database to version {schema.head()}" in out) == (0, True)
    assert stat.S_IMODE((home / homes.DATABASE_FILE).stat().st_mode) == 0o600
    code, out, _ = flotilla("migrate")
    assert (code, f"is at version {schema.head()} already" in out) == (0, True)


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


@pytest.mark.parametrize("query", ["", "?client_encoding=SQL_ASCII"])
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_of_another_encoding_is_refused_with_the_remedy(
    flotilla: Flotilla, home: Path, postgres: PostgresServer, tmp_path: Path, encoding: str, query: str
) -> None:
    filled(home)
    assert flotilla("db", "backup", str(tmp_path / "backup"))[0] == 0
    url = postgres.empty(encoding) + query
    for command in (
        ("migrate", "--url", url),
        ("db", "copy", "--to", url),
        ("db", "restore", str(tmp_path / "backup"), "--url", url),
    ):
        code, _, err = flotilla(*command)
        assert (code, err.count("\n")) == (4, 1), err
        assert f"server_encoding) {encoding}" in err
        assert "ENCODING 'UTF8' TEMPLATE template0" in err
    assert asyncio.run(tables_in(url)) == set()
    postgres.drop(url.partition("?")[0])


def test_what_a_database_of_another_encoding_holds_can_be_moved(
    flotilla: Flotilla, home: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = postgres.empty("SQL_ASCII"), postgres.empty()
    with monkeypatch.context() as before:  # as a version did that did not look
        before.setattr("orchestrator.db.encoding.refuse_other", allowed)
        asyncio.run(migrate.upgrade(old))
    asyncio.run(populate(old))
    code, out, _ = flotilla("db", "check", "--url", old)
    assert (code, "SQL_ASCII" in out) == (4, True)
    code, _, err = flotilla("migrate", "--url", old)
    assert (code, "flotilla db copy" in err) == (4, True)
    code, _, err = flotilla("db", "copy", "--from", old, "--to", new)
    assert code == 0, err
    assert asyncio.run(digests(old)) == asyncio.run(digests(new))
    for url in (old, new):
        postgres.drop(url)


async def allowed(_connection: AsyncConnection) -> None:
    return


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


def test_the_audit_is_verified_in_the_home_by_its_url_and_in_a_backup(home: Path, flotilla: Flotilla) -> None:
    url = filled(home)
    assert flotilla("audit", "verify", "--offline")[0] == 0, "nothing was done yet"
    asyncio.run(_act(url, homes.load_secrets(home).token_signing_key))
    code, out, _ = flotilla("audit", "verify", "--offline", "--json")
    chain, register = json.loads(out)["chains"]
    assert (register["tenant"], register["rows"], register["problem"]) == ("all", 2, None)
    assert (code, chain["tenant"], chain["rows"], chain["seal"], chain["problem"]) == (0, "ann", 2, "sealed", None)
    assert flotilla("db", "backup", str(home / "good"))[0] == 0
    with sqlite3.connect(home / "flotilla.db") as connection:
        connection.execute("DROP TRIGGER audit_stays_on_update")
        connection.execute("UPDATE audit SET why = 'Nothing.' WHERE sequence = 2")
    connection.close()
    assert flotilla("db", "backup", str(home / "bad"))[0] == 0
    for place in (["--offline"], ["--db-url", url, "--offline"], ["--backup", str(home / "bad")]):
        code, out, _ = flotilla("audit", "verify", *place)
        assert (code, "breaks at row 2" in out) == (4, True), out
    assert flotilla("audit", "verify", "--backup", str(home / "good"))[0] == 0
    assert flotilla("audit", "verify", "--backup", str(home / "good"), "--tenant", "ann")[0] == 0
    code, _, err = flotilla("audit", "seal", "--yes")
    assert (code, "not whole" in err) == (4, True)
    assert flotilla("audit", "verify", "--backup", str(home / "none"))[0] == 3


def test_chains_of_a_secret_that_was_lost_are_sealed_anew(home: Path, flotilla: Flotilla) -> None:
    asyncio.run(_act(filled(home), "another secret, which is long enough"))
    homes.load_secrets(home)
    told = json.loads(flotilla("audit", "verify", "--offline", "--json")[1])
    assert (told["whole"], told["chains"][0]["seal"]) == (False, "other_key")
    assert "flotilla audit seal" in told["chains"][0]["problem"]["message"]
    code, out, _ = flotilla("audit", "seal", "--yes")
    assert (code, "ann" in out) == (0, True)
    assert json.loads(flotilla("audit", "verify", "--offline", "--json")[1])["chains"][0]["seal"] == "sealed"


async def _act(url: str, secret: str) -> None:
    database = Database(url, info={SEAL_KEY: SealKey.of(secret)})
    async with database.unit_of_work() as session:
        audit.record(session, "user-admin", "user.quotas", "user/ann", "because")
        audit.record(session, "user-admin", "user.quotas", "user/ann", "and again")
    await database.close()
