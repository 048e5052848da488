"""The API and the orchestrator in processes of their own, with Redis between them, which is killed under them."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes.redis_server import RedisServer, redis_server
from tests.integration.outages.postgres import Postgres
from tests.integration.outages.serving import ROOT, Serving, end_pools, serving
from tests.support import eventually, eventually_sync


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    async with redis_server(tmp_path / "redis") as made:
        yield made


@pytest.fixture
async def settings(server: Postgres, redis: RedisServer) -> dict[str, str]:
    server.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return {
        "FLOTILLA_ORCH_DATABASE_URL": server.url,
        "FLOTILLA_ORCH_REDIS_URL": redis.url.get_secret_value(),
        "FLOTILLA_ORCH_PAPER_EXCHANGE": "false",
        "FLOTILLA_ORCH_GATEWAY": "false",
    }


@contextlib.contextmanager
def orchestrator(home: Path, settings: dict[str, str]) -> Iterator[None]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
    command = [sys.executable, "-m", "tests.fakes.control_plane", str(home)]
    with subprocess.Popen(command, cwd=ROOT, env={**own, **settings}, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()


async def test_the_api_alone_beside_an_orchestrator(
    tmp_path: Path, server: Postgres, redis: RedisServer, settings: dict[str, str]
) -> None:
    home = tmp_path / "home"
    try:
        with serving(home, **settings) as first:  # makes the admin
            first.sign_in()
            eventually_sync(first.leads, message="it leads")
        with serving(home, "--api-only", **settings) as one, orchestrator(home, settings):
            one.sign_in()
            eventually_sync(lambda: one.checks()["leader"] == "ready", message="the orchestrator leads")
            assert not one.leads()
            heard = await states_of(one, "one")
            await asyncio.to_thread(one.create, "one")
            async with asyncio.timeout(60):
                assert "running" in await heard, "what the orchestrator tells is heard through Redis"
            redis.kill()
            await eventually(
                lambda: asyncio.to_thread(lambda: one.checks()["bus"] != "ready"), message="readiness tells"
            )
            answer = await asyncio.to_thread(one.get, "/api/v1/bots")
            assert answer.status_code == 200, "the database is enough to read"
            await redis.start()
            await eventually(
                lambda: asyncio.to_thread(lambda: one.checks()["bus"] == "ready"), message="it is well again"
            )
            heard = await states_of(one, "two")
            await asyncio.to_thread(one.create, "two")
            async with asyncio.timeout(60):
                assert "running" in await heard
    finally:
        await end_pools(home)


async def states_of(one: Serving, name: str) -> "asyncio.Task[list[str]]":
    """What the live stream tells of a bot from now on, until it runs."""
    opened = asyncio.Event()
    told = asyncio.create_task(_follow(one, name, opened))
    await asyncio.wait({told, asyncio.create_task(opened.wait())}, return_when=asyncio.FIRST_COMPLETED)
    return told


async def _follow(one: Serving, name: str, opened: asyncio.Event) -> list[str]:
    told: list[str] = []
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream("GET", f"{one.url}/api/v1/portfolio/stream", headers=one.headers) as answer,
    ):
        assert answer.status_code == 200
        kind = ""
        async for line in answer.aiter_lines():
            opened.set()
            kind = line.removeprefix("event: ") if line.startswith("event: ") else kind
            if kind == "bot" and line.startswith("data: ") and f'"name":"{name}"' in line:
                told.append(line.partition('"observed_state":"')[2].partition('"')[0])
                if told[-1] == "running":
                    return told
    return told
