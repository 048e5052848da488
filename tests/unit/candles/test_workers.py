"""The worker as the gateway sees it, over a process that does as it is told."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pool.exchange.gateway.candles.workers import SILENT_SECONDS, Unavailable, Worker
from tests.support import eventually

_PROGRAM = """
import json, pathlib, sys, time
hangs = pathlib.Path(sys.argv[1])
for line in sys.stdin:
    if hangs.exists():
        time.sleep(600)
    asked = json.loads(line)
    if asked["ask"] == "ping":
        answer = {}
    elif asked["ask"] == "follow":
        print(json.dumps({"push": {key: asked[key] for key in ("exchange", "market", "symbols")}}), flush=True)
        answer = {}
    elif asked["pairs"] == ["SLOW/USDT"]:
        continue
    else:
        answer = {"tickers": {"BTC/USDT": {"last": 1}}}
    print(json.dumps({"id": asked["id"], **answer}), flush=True)
"""


class Bench:
    def __init__(self, hangs: Path) -> None:
        self.now = 0.0
        self.hangs = hangs
        command = [sys.executable, "-c", _PROGRAM, str(hangs)]
        self.pushed: list[Any] = []
        self.worker = Worker(lambda: command, idle_seconds=300, clock=lambda: self.now, pushed=self.pushed.append)

    async def ask(self, pair: str = "BTC/USDT") -> bool:
        return bool(await self.worker.tickers("paper", "spot", [pair]))

    def heard(self) -> bool:
        return self.worker._unheard_since is None


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path / "hangs")
    yield bench
    bench.hangs.unlink(missing_ok=True)
    bench.now += SILENT_SECONDS
    await bench.worker.tend()  # one that hangs is not waited for
    await bench.worker.aclose()


async def test_one_that_hangs_is_replaced(bench: Bench) -> None:
    bench.hangs.touch()
    asking = asyncio.create_task(bench.ask())
    await eventually(lambda: not bench.heard())
    bench.now = SILENT_SECONDS - 1
    await bench.worker.tend()
    assert not asking.done()
    assert bench.worker.running
    bench.now = SILENT_SECONDS
    await bench.worker.tend()
    with pytest.raises(Unavailable, match="worker ended"):
        await asking
    assert not bench.worker.running
    bench.hangs.unlink()
    assert await bench.ask()
    assert bench.worker.starts == 2


async def test_that_it_hangs_is_noticed_when_nobody_asks(bench: Bench) -> None:
    assert await bench.ask()
    bench.hangs.touch()
    for _ in range(2):
        await bench.worker.tend()
        bench.now += SILENT_SECONDS
    assert not bench.worker.running


async def test_one_that_waits_for_an_exchange_is_left_alone(bench: Bench) -> None:
    asking = asyncio.create_task(bench.ask("SLOW/USDT"))
    await eventually(lambda: not bench.heard())
    for _ in range(5):
        await bench.worker.tend()
        assert await bench.ask(), "others are answered"
        await eventually(bench.heard)
        bench.now += SILENT_SECONDS / 2
    assert bench.worker.starts == 1
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking


async def test_what_it_says_unasked_is_passed_on_and_is_no_answer(bench: Bench) -> None:
    await bench.worker.follow("paper", "spot", ["BTCUSDT"])
    assert bench.pushed == [{"exchange": "paper", "market": "spot", "symbols": ["BTCUSDT"]}]
    assert await bench.ask()
