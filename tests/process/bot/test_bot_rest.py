"""A real bot's REST server comes and goes with those who use it."""

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path

from websockets.asyncio.client import unix_connect

from pool.ipc.unix_address import short_address
from tests.process.bot.conftest import MakeBench
from tests.process.bot.harness import Bench
from tests.support import PATIENT_SECONDS, eventually, eventually_sync

ENDS = "The REST server ends until somebody comes"


def test_a_server_that_nobody_uses_ends_and_comes_back(make_bench: MakeBench) -> None:
    bench = make_bench(rest_idle_seconds=0.5)
    pid = bench.run()
    loops = loops_of(pid)
    assert bench.agent.command("serve_api", username="user", password="word").ok
    with bench.rest("user", "word") as client:
        token = client.post("token/login").json()["access_token"]
        assert client.get("status").status_code == 200
        assert loops_of(pid) == loops + 1
    await_end(bench, 1)
    eventually_sync(lambda: loops_of(pid) == loops, message="the loop's end")

    bearer = {"Authorization": f"Bearer {token}"}
    with bench.rest("user", "word") as client:
        assert client.get("show_config", auth=None, headers=bearer).status_code == 200
    await_end(bench, 2)
    bench.write_slot(bench.spec(generation=2))
    assert bench.agent.command("reload_config").ok
    with bench.rest("user", "word") as client:
        assert client.get("show_config").json()["bot_name"] == "bot-1"
    await_end(bench, 3)
    assert bench.agent.command("serve_api", username="other", password="phrase").ok
    with bench.rest("user", "word") as client:
        assert client.get("show_config").status_code == 401
    with bench.rest("other", "phrase") as client:
        assert client.get("show_config").status_code == 200
    await_end(bench, 4)
    assert bench.agent.command("stop").ok
    assert bench.await_exit(pid) == 0


async def test_a_subscriber_keeps_it(make_bench: MakeBench) -> None:
    bench = make_bench(rest_idle_seconds=0.5)
    pid = await asyncio.to_thread(bench.run)
    loops = loops_of(pid)
    assert (await asyncio.to_thread(bench.agent.command, "serve_api", username="user", password="word")).ok
    with bench.rest("user", "word") as client:
        token = client.post("token/login").json()["access_token"]
    with short_address(bench.directory / "api.sock") as address:
        uri = f"ws://bot/api/v1/message/ws?token={token}"
        async with unix_connect(address, uri) as channel, asyncio.timeout(PATIENT_SECONDS):
            await channel.send(json.dumps({"type": "subscribe", "data": ["status"]}))
            await channel.send(json.dumps({"type": "whitelist", "data": None}))
            await channel.recv()
            beats = len(bench.agent.heartbeats())
            await eventually(lambda: len(bench.agent.heartbeats()) > beats + 6, message="six seconds")
            assert ENDS not in bench.log()
            await asyncio.to_thread(bench.agent.command, "pause")
            assert json.loads(await channel.recv()) == {"type": "status", "status": "paused"}
    await eventually(lambda: loops_of(pid) == loops, message="the server's end")


def await_end(bench: Bench, count: int) -> None:
    eventually_sync(lambda: bench.log().count(ENDS) == count, message="the server's end")


def loops_of(pid: int) -> int:
    """Event loops wait by a descriptor each."""
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found += os.readlink(descriptor) == "anon_inode:[eventpoll]"
    return found
