"""`python -m pool.exchange.gateway` as it is started, killed and started again."""

import asyncio
import contextlib
import json
import resource
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from pool.contract.mapped import MAPPED
from pool.contract.market import KIND_HEADER, Kind, behind
from pool.exchange.gateway.mapped.service import LONGEST_WAIT_MS
from tests.integration.simulator.conftest import Rig as Paper
from tests.support import PATIENT_SECONDS, eventually

SINCE = 1_767_225_600_000
CLOSED = Kind(name="candles", timeframe=60, since=SINCE, limit=200)
PATH = f"/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=200&startTime={SINCE}"


@asynccontextmanager
async def started(
    directory: Path, *options: str, within: tuple[str, ...] = ()
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *within,
        sys.executable,
        "-m",
        "pool.exchange.gateway",
        "--directory",
        str(directory),
        *options,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def listening(directory: Path, process: asyncio.subprocess.Process) -> str:
    """Its URL, once it answers."""

    def told() -> Any:
        assert process.returncode is None, "it ended"
        with contextlib.suppress(OSError):
            record = json.loads((directory / "endpoint.json").read_text())
            return record["url"] if record["pid"] == process.pid else None

    return str(await eventually(told))


async def ask(http: aiohttp.ClientSession, gateway: str, paper: Paper) -> tuple[str | None, bytes]:
    url = behind(gateway, "paper", paper.url + PATH)
    async with http.get(url, headers={KIND_HEADER: CLOSED.header()}) as reply:
        body = await reply.read()
        assert reply.status == 200, body
        return reply.headers.get("X-Flotilla-Cache"), body


def on_disk(directory: Path) -> int:
    with contextlib.closing(sqlite3.connect(directory / "answers.sqlite")) as connection:
        return int(connection.execute("SELECT count(*) FROM answers").fetchone()[0])


async def test_one_that_was_killed_answers_at_once_from_disk(paper: Paper, tmp_path: Path) -> None:
    """At the same address, and without asking the exchange; whoever uses its directory meanwhile is refused."""
    directory, options = tmp_path / "gateway", ("--paper-url", paper.url)
    async with aiohttp.ClientSession() as http:
        async with started(directory, *options) as first:
            address = await listening(directory, first)
            how, body = await ask(http, address, paper)
            assert how == "miss"
            async with started(directory, *options) as second:
                _, said = await second.communicate()
                assert (second.returncode, b"already runs" in said) == (1, True)
            await eventually(lambda: on_disk(directory) == 1)
            first.kill()
            await first.wait()
        counted = paper.exchange.front.counters["GET /api/v3/klines"]
        async with started(directory, *options) as again:
            assert await listening(directory, again) == address
            assert await ask(http, address, paper) == ("hit", body)
            assert paper.exchange.front.counters["GET /api/v3/klines"] == counted
            again.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(again.wait(), PATIENT_SECONDS) == 0


async def test_it_may_open_as_many_connections_as_the_system_lets_it(tmp_path: Path) -> None:
    few = ("sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh")
    async with started(tmp_path / "gateway", within=few) as process:
        await listening(tmp_path / "gateway", process)
        soft, hard = psutil.Process(process.pid).rlimit(psutil.RLIMIT_NOFILE)
        assert soft == hard == resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 256


async def test_its_directory_is_its_owners_alone(paper: Paper, tmp_path: Path) -> None:
    directory = tmp_path / "gateway"
    async with started(directory, "--paper-url", paper.url) as process, aiohttp.ClientSession() as http:
        await ask(http, await listening(directory, process), paper)
        await eventually(lambda: on_disk(directory) == 1)
        for file in [directory, *directory.rglob("*")]:
            assert file.stat().st_mode & 0o077 == 0, file


async def test_what_cannot_work_is_said_in_a_sentence(paper: Paper, tmp_path: Path) -> None:
    taken = paper.url.rpartition(":")[2]
    file = tmp_path / "file"
    file.touch()
    for directory, options in ((tmp_path / "gateway", ("--port", taken)), (file, ())):
        async with started(directory, *options) as process:
            _, said = await process.communicate()
            assert process.returncode == 1
            assert said.startswith(b"The market-data gateway cannot"), said
            assert said.count(b"\n") == 1, said


async def test_one_that_is_told_to_stop_leaves_nobody_waiting(paper: Paper, tmp_path: Path) -> None:
    directory = tmp_path / "gateway"
    async with started(directory, "--paper-url", paper.url) as process, aiohttp.ClientSession() as http:
        address = await listening(directory, process)
        port = int(address.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {MAPPED}?after=0&wait_ms={LONGEST_WAIT_MS} HTTP/1.1\r\nHost: gateway\r\n\r\n".encode())
        await writer.drain()
        await ask(http, address, paper)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENT_SECONDS):
            assert await process.wait() == 0
            await reader.read()
        writer.close()
