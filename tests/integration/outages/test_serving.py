"""Several `flotilla serve` on one PostgreSQL, and what requests are answered while it is away."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.outages.postgres import Postgres
from tests.integration.outages.serving import Serving, end_pools, serving
from tests.support import eventually_sync

ANSWER_SECONDS = 12


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    asyncio.run(end_pools(tmp_path / "home"))


@pytest.fixture
def database(server: Postgres) -> str:
    server.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return server.url


def runs(one: Serving, name: str) -> bool:
    return one.bots().get(name) == "running"


def unavailable(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["code"] == "storage_unavailable"
    assert "try again" in answer.json()["detail"]


def test_another_one_takes_over_the_reconciling(home: Path, database: str) -> None:
    with serving(home, FLOTILLA_ORCH_DATABASE_URL=database) as first:
        first.sign_in()
        eventually_sync(first.leads, 10, "the first one leads")
        first.create("one")
        eventually_sync(lambda: runs(first, "one"), 30, "its bot runs")
        with serving(home, FLOTILLA_ORCH_DATABASE_URL=database) as second:
            second.take_token_of(first)
            assert not second.leads()
            assert second.checks()["leader"] == "ready"
            assert "FLOTILLA_ORCH_REDIS_URL" in second.checks()["bus"], "several without Redis lose messages"
            began = time.monotonic()
            os.kill(first.process.pid, signal.SIGKILL)
            second.create("two")
            eventually_sync(lambda: runs(second, "two"), 20, "the other one starts bots")
            assert time.monotonic() - began < 10
            assert second.leads()
            assert second.bots() == {"one": "running", "two": "running"}


def test_a_database_that_is_away_is_a_503_and_trading_goes_on(home: Path, server: Postgres, database: str) -> None:
    with serving(home, FLOTILLA_ORCH_DATABASE_URL=database, FLOTILLA_ORCH_DATABASE_STATEMENT_SECONDS="4") as one:
        one.sign_in()
        one.create("one")
        eventually_sync(lambda: runs(one, "one"), 30, "its bot runs")
        pool = next((home / "pools").glob("*/endpoint.json")).read_text()
        server.stop()
        unavailable(one.get("/api/v1/bots", ANSWER_SECONDS))
        unavailable(one.post("/api/v1/bots", {"name": "two", "template": "trend"}, ANSWER_SECONDS))
        assert one.checks()["database"] != "ready"
        assert httpx.get(f"{one.url}/healthz", timeout=ANSWER_SECONDS).is_success
        server.start()
        eventually_sync(lambda: one.get("/api/v1/bots").status_code == 200, 15, "requests are answered again")
        eventually_sync(one.leads, 15, "it leads again")
        one.create("two")
        eventually_sync(lambda: runs(one, "two"), 20, "bots are started again")
        with server.paused():
            unavailable(one.get("/api/v1/bots", ANSWER_SECONDS))
            assert one.checks()["database"] != "ready"
        eventually_sync(lambda: one.get("/api/v1/bots").status_code == 200, 15, "requests are answered again")
        assert next((home / "pools").glob("*/endpoint.json")).read_text() == pool, "the pool went on"
        assert "Traceback" not in one.output


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (["--api-only"], {}, "needs PostgreSQL"),
        (["--api-only"], {"FLOTILLA_ORCH_DATABASE_URL": "{database}"}, "needs Redis"),
    ],
)
def test_what_cannot_work_together_is_refused(
    home: Path, database: str, arguments: list[str], environment: dict[str, str], sentence: str
) -> None:
    filled = {name: value.format(database=database) for name, value in environment.items()}
    with serving(home, *arguments, wait=False, **filled) as one:
        assert one.process.wait(60) == 1
        assert sentence in one.output


def test_another_home_needs_the_same_secrets_and_no_local_pools(tmp_path: Path, home: Path, database: str) -> None:
    elsewhere = tmp_path / "elsewhere" / "home"
    elsewhere.parent.mkdir()
    with serving(home, FLOTILLA_ORCH_DATABASE_URL=database):
        pass
    with serving(elsewhere, wait=False, FLOTILLA_ORCH_DATABASE_URL=database) as other:
        assert other.process.wait(60) == 1
        assert "belongs to another installation" in other.output
        assert "FLOTILLA_SECRETS_FILE" in other.output
    shared = {"FLOTILLA_ORCH_DATABASE_URL": database, "FLOTILLA_SECRETS_FILE": str(home / "secrets.json")}
    with serving(elsewhere, wait=False, **shared) as other:
        assert other.process.wait(60) == 1
        assert f"local processes of another home ({home})" in other.output
