"""Several `flotilla serve` on one PostgreSQL, and what requests are answered while it is away."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from pathlib import Path

import httpx
import pytest

from tests.fakes.redis_server import RedisServer
from tests.fakes.wire import wire
from tests.integration.outages.postgres import Postgres
from tests.integration.outages.serving import Serving, end_pools, serving
from tests.support import eventually_sync

ANSWER_SECONDS = 25


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    asyncio.run(end_pools(tmp_path / "home"))


@pytest.fixture
def database(server: Postgres) -> str:
    server.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return server.url


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    made = RedisServer(tmp_path / "redis")
    made.spawn()
    yield made
    made.kill()


def runs(one: Serving, name: str) -> bool:
    return one.bots().get(name) == "running"


def unavailable(answer: httpx.Response) -> None:
    refused(answer, "storage_unavailable")
    assert "try again" in answer.json()["detail"]


def refused(answer: httpx.Response, code: str) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["code"] == code


def test_another_one_takes_over_the_reconciling(home: Path, database: str) -> None:
    with serving(home, FLOTILLA_ORCH_DATABASE_URL=database) as first:
        first.sign_in()
        eventually_sync(first.leads, message="the first one leads")
        first.create("one")
        eventually_sync(lambda: runs(first, "one"), message="its bot runs")
        with serving(home, FLOTILLA_ORCH_DATABASE_URL=database) as second:
            second.take_token_of(first)
            assert not second.leads()
            eventually_sync(lambda: second.checks()["leader"] == "ready", message="it knows that another one leads")
            eventually_sync(
                lambda: "FLOTILLA_ORCH_REDIS_URL" in second.checks()["bus"],
                message="several without Redis lose messages",
            )
            os.kill(first.process.pid, signal.SIGKILL)
            second.create("two")
            eventually_sync(lambda: runs(second, "two"), message="the other one starts bots")
            assert second.leads()
            eventually_sync(lambda: second.bots() == {"one": "running", "two": "running"}, message="both run")


def test_a_database_that_is_away_is_a_503_and_trading_goes_on(home: Path, server: Postgres, database: str) -> None:
    with serving(home, FLOTILLA_ORCH_DATABASE_URL=database, FLOTILLA_ORCH_DATABASE_STATEMENT_SECONDS="4") as one:
        one.sign_in()
        one.create("one")
        eventually_sync(lambda: runs(one, "one"), message="its bot runs")
        pool = next((home / "pools").glob("*/endpoint.json")).read_text()
        server.stop()
        unavailable(one.get("/api/v1/bots", ANSWER_SECONDS))
        unavailable(one.post("/api/v1/bots", {"name": "two", "template": "trend"}, ANSWER_SECONDS))
        assert one.checks()["database"] != "ready"
        assert httpx.get(f"{one.url}/healthz", timeout=ANSWER_SECONDS).is_success
        server.start()
        eventually_sync(lambda: one.get("/api/v1/bots").status_code == 200, message="requests are answered again")
        eventually_sync(one.leads, message="it leads again")
        one.create("two")
        eventually_sync(lambda: runs(one, "two"), message="bots are started again")
        with server.paused():
            unavailable(one.get("/api/v1/bots", ANSWER_SECONDS))
            assert one.checks()["database"] != "ready"
        eventually_sync(lambda: one.get("/api/v1/bots").status_code == 200, message="requests are answered again")
        assert next((home / "pools").glob("*/endpoint.json")).read_text() == pool, "the pool went on"
        assert "Traceback" not in one.output


def test_a_network_that_swallows_everything_hangs_nobody_and_all_goes_on_after_it(
    home: Path, server: Postgres, database: str, redis: RedisServer
) -> None:
    with wire(server.port) as to_database, wire(redis.port) as to_redis:
        settings = {
            "FLOTILLA_ORCH_DATABASE_URL": to_database.through(database),
            "FLOTILLA_ORCH_DATABASE_STATEMENT_SECONDS": "4",
            "FLOTILLA_ORCH_REDIS_URL": to_redis.through(redis.url.get_secret_value()),
        }
        with serving(home, **settings) as one:
            one.sign_in()
            one.create("one")
            eventually_sync(lambda: runs(one, "one"), message="its bot runs")
            with to_redis.cut():
                assert one.get("/api/v1/bots", ANSWER_SECONDS).status_code == 200, "the database is enough to read"
                one.create("two")
                eventually_sync(lambda: runs(one, "two"), message="and to start bots")
                one.sign_in()
                refused(one.post("/api/v1/auth/tickets", {"purpose": "portfolio"}, ANSWER_SECONDS), "redis_unavailable")
                assert one.checks()["bus"] != "ready"
            eventually_sync(lambda: one.checks()["bus"] == "ready", message="the bus is well again")
            with to_database.cut():
                with ThreadPoolExecutor(20) as threads:
                    answers = list(threads.map(lambda _: one.get("/api/v1/bots", ANSWER_SECONDS), range(40)))
                for answer in [*answers, one.post("/api/v1/bots", {"name": "3", "template": "trend"}, ANSWER_SECONDS)]:
                    unavailable(answer)
                assert not one.leads()
                assert one.checks()["database"] != "ready"
            eventually_sync(lambda: one.get("/api/v1/bots").status_code == 200, message="requests are answered again")
            eventually_sync(one.leads, message="it leads again")
            one.create("three")
            eventually_sync(lambda: runs(one, "three"), message="bots are started again")


def test_a_full_redis_stops_streams_alone(home: Path, database: str, redis: RedisServer) -> None:
    settings = {
        "FLOTILLA_ORCH_DATABASE_URL": database,
        "FLOTILLA_ORCH_REDIS_URL": redis.url.get_secret_value(),
    }
    with serving(home, **settings) as one, redis.full():
        one.sign_in()
        one.create("one")
        eventually_sync(lambda: runs(one, "one"), message="its bot runs")
        eventually_sync(lambda: "raise its maxmemory" in one.checks()["bus"], message="it is told")
        refused(one.get("/api/v1/portfolio/stream", ANSWER_SECONDS), "redis_unavailable")
        refused(one.post("/api/v1/auth/tickets", {"purpose": "portfolio"}, ANSWER_SECONDS), "redis_unavailable")
    assert "Traceback" not in one.output


def test_what_a_killed_leader_committed_and_never_told_resets_the_streams_of_others(
    home: Path, database: str, redis: RedisServer
) -> None:
    settings = {
        "FLOTILLA_ORCH_DATABASE_URL": database,
        "FLOTILLA_ORCH_REDIS_URL": redis.url.get_secret_value(),
    }
    dies = home.parent / "dies"
    with serving(home, DIES_UNTOLD=str(dies), **settings) as leader:
        leader.sign_in()
        eventually_sync(leader.leads, message="the first one leads")
        leader.create("one")
        eventually_sync(lambda: runs(leader, "one"), message="its bot runs")
        with serving(home, **settings) as other:
            other.take_token_of(leader)
            with other.stream("/api/v1/portfolio/stream") as names:
                assert next(names) == "portfolio"
                dies.touch()
                other.create("two")
                assert leader.process.wait(60) == -signal.SIGKILL
                deadline = time.monotonic() + 60
                assert "reset" in takewhile(lambda _: time.monotonic() < deadline, names)
            eventually_sync(other.leads, message="the other one leads")


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
