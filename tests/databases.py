"""Both databases for tests: one PostgreSQL server for the session, made when first asked for, and a migrated database
of its own for each test, which is a copy of one that was migrated once."""

import asyncio
import itertools
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from orchestrator.db import migrate
from tests.support import free_port

KINDS = ("sqlite", "postgresql")
_TEMPLATE = "flotilla_template"
_migrated_content: list[bytes] = []


@dataclass
class PostgresServer:
    """A server on a free port of loopback, whose superuser needs no password."""

    port: int
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _migrated: bool = False

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://flotilla@127.0.0.1:{self.port}/{name}"

    def empty(self, encoding: str = "UTF8") -> str:
        """A new database without tables; its URL."""
        if encoding == "UTF8":
            return self._create("")
        return self._create(f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")

    def migrated(self) -> str:
        """A new database at the newest version; its URL."""
        if not self._migrated:
            self.admin(f"CREATE DATABASE {_TEMPLATE}")
            asyncio.run(migrate.upgrade(self.url(_TEMPLATE)))
            self._migrated = True
        return self._create(f"TEMPLATE {_TEMPLATE}")

    def drop(self, url: str) -> None:
        self.admin(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def admin(self, statement: str) -> None:
        with psycopg.connect(f"postgresql://flotilla@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def _create(self, options: str) -> str:
        name = f"test_{next(self._numbers)}"
        self.admin(f"CREATE DATABASE {name} {options}")
        return self.url(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The session's server; skips, which CI counts as a failure, where PostgreSQL is not installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not programs:
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    with server(programs[-1].parent) as started:
        yield started


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied."""
    file = tmp_path_factory.mktemp("template") / "flotilla.db"
    asyncio.run(new_sqlite(file))
    return file


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "flotilla.db")
        return
    started: PostgresServer = request.getfixturevalue("postgres")
    url = started.empty()
    yield url
    started.drop(url)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database; the test runs once on each kind."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("migrated_sqlite")
        shutil.copy(template, tmp_path / "flotilla.db")
        yield sqlite_url(tmp_path / "flotilla.db")
        return
    started: PostgresServer = request.getfixturevalue("postgres")
    url = started.migrated()
    yield url
    started.drop(url)


async def new_sqlite(file: Path) -> str:
    """A migrated, empty file; its URL. The first of a process is migrated, all others are copies of it."""
    if not _migrated_content:
        await migrate.upgrade(sqlite_url(file))
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _migrated_content.append(file.read_bytes())
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_migrated_content[0])
    return sqlite_url(file)


def sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


@contextmanager
def server(programs: Path) -> Iterator[PostgresServer]:
    """PostgreSQL refuses to run as root, so then it runs as its own user."""
    directory = Path(tempfile.mkdtemp(prefix="flotilla-pg-"))
    data = directory / "data"
    port = free_port()
    as_user: list[str] = []
    if os.geteuid() == 0:
        as_user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(directory, "postgres")
    quick = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
    options = f"-p {port} -k {directory} -c listen_addresses=127.0.0.1 {quick}"
    control = [*as_user, str(programs / "pg_ctl"), "-D", str(data)]
    try:
        initdb = [*as_user, str(programs / "initdb"), "-D", str(data), "-U", "flotilla", "-A", "trust", "--no-sync"]
        encoding = ["-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*initdb, *encoding], check=True, capture_output=True, cwd="/")
        start = [*control, "-w", "-o", options, "-l", str(directory / "log"), "start"]
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", timeout=200)
        yield PostgresServer(port)
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], capture_output=True, cwd="/", check=False)
        shutil.rmtree(directory, ignore_errors=True)
