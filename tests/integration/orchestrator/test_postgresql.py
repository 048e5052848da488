"""PostgreSQL takes the same migrations, models and queries as SQLite: a real server, started here."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.bots import service
from orchestrator.db import migrate
from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.spec import BotRequest, resolve
from orchestrator.users.models import UserModel

ROOT = Path(__file__).parents[3]
OWNER = "user-one"


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not programs:
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    with _server(programs[-1].parent) as url:
        yield url


async def test_the_same_migrations_and_queries(server_url: str) -> None:
    await migrate.upgrade(server_url)
    await migrate.upgrade(server_url)
    database = Database(server_url)
    template = Catalogue.load(ROOT / "bot_templates").all()[0]
    spec = resolve(template, BotRequest(name="one", template=template.name))
    async with database.unit_of_work() as session:
        session.add(UserModel(id=OWNER, username="one", password_hash="-", role="trader", created_at=utc_now()))
    async with database.unit_of_work() as session:
        bot, created = await service.create(session, OWNER, spec)
    assert created
    async with database.unit_of_work() as session:
        await service.set_desired(session, OWNER, bot.id, "stopped", "flatten", 1)
    async with database.read() as session:
        page = await service.list_(session, OWNER, limit=10)
    await database.close()
    assert [(view.bot.name, view.bot.generation, view.bot.stake_amount) for view in page.items] == [
        ("one", 2, spec.stake_amount)
    ]
    assert page.items[0].bot.created_at.tzinfo is not None


@contextmanager
def _server(programs: Path) -> Iterator[str]:
    """A server of its own on a free port; PostgreSQL refuses to run as root, so then as its own user."""
    directory = Path(tempfile.mkdtemp(prefix="flotilla-pg-"))
    data = directory / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    as_user: list[str] = []
    if os.geteuid() == 0:
        as_user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(directory, "postgres")
    options = f"-p {port} -k {directory} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [*as_user, str(programs / "pg_ctl"), "-D", str(data)]
    try:
        initdb = [*as_user, str(programs / "initdb"), "-D", str(data), "-U", "flotilla", "-A", "trust"]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/")
        start = [*control, "-w", "-o", options, "-l", str(directory / "log"), "start"]
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", timeout=60)
        yield f"postgresql+psycopg://flotilla@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], capture_output=True, cwd="/", check=False)
        shutil.rmtree(directory, ignore_errors=True)
