"""`make bench-reservations`: how long a bot waits for permission, through agent, event stream and risk engine and back.

One pool with its real init and agent, whose bots only ask (`benchmarks.asking`); on the other side the control plane's
own intake, risk engine and desk, with limits for total and per-asset exposure to be judged. Each bot asks about once a
second at its own moments, and every ten seconds all ask in the same instant, as when one signal moves all of them.
Prints {pool: {bots, single: {p50, p99}, together: {p50, p99}}} in milliseconds; nothing like it exists in plain
FreqTrade.
"""

import argparse
import asyncio
import contextlib
import json
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from loguru import logger
from rich.console import Console
from rich.table import Table

from benchmarks.processes import running
from benchmarks.rigs import ROOT, wait_until
from orchestrator.db import migrate
from orchestrator.db.engine import Database
from orchestrator.events.in_process import InProcessBus
from orchestrator.intake.collector import Collector
from orchestrator.kit.clock import utc_now
from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.models import PoolModel
from orchestrator.risk.desk import Desk
from orchestrator.risk.engine import BotFacts, Engine, UserFacts
from orchestrator.settings import OrchestratorSettings
from pool.contract.policy import Limits
from pool.contract.risk import LEASE_SECONDS, Mode, RiskOrder
from pool.contract.snapshots import BotSnapshot

_POOL = "bench"
_USER = "user"
_POST_SECONDS = 3.0
_TOGETHER_SECONDS = 10.0
_LIMITS = Limits(open_trades=10_000, asset_exposure=Decimal(5), total_exposure=Decimal(10))


def main() -> None:
    arguments = _arguments()
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    scratch = Path(tempfile.mkdtemp(prefix="flotilla-reservations-"))
    try:
        result = {"pool": _measure(scratch, arguments.bots, arguments.minutes * 60)}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if arguments.json:
        print(json.dumps(result))
        return
    table = Table("milliseconds", "single", "all together", title=f"Permission for {arguments.bots} bots")
    for name in ("trips", "refused", "p50", "p95", "p99", "max"):
        table.add_row(name, *(str(result["pool"][kind].get(name, "-")) for kind in ("single", "together")))
    Console().print(table)


def _measure(scratch: Path, bots: int, seconds: float) -> dict[str, Any]:
    directory, token = scratch / "pool", secrets.token_urlsafe(32)
    directory.mkdir(mode=0o700)
    (directory / "pool.json").write_text(json.dumps({"pool_id": _POOL, "slots_total": bots}))
    (directory / "agent-token").write_text(token)
    command = [sys.executable, "-m", "benchmarks.asking", "--directory", str(directory)]
    with running(command, scratch / "pool.log", cwd=ROOT):
        wait_until((directory / "endpoint.json").exists, 60, "agent")
        where = json.loads((directory / "endpoint.json").read_text())
        endpoint = AgentEndpoint(f"http://{where['host']}:{where['port']}", token)
        bot_ids = [f"bench-{number:03d}" for number in range(bots)]
        with httpx.Client(base_url=endpoint.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as agent:
            for bot_id in bot_ids:
                agent.put(f"/v1/slots/{bot_id}", json=_spec()).raise_for_status()
            wait_until(lambda: _running(agent) == bots, 120, "all bots")
            asyncio.run(_answer(scratch, endpoint, bot_ids, seconds))
    return {"bots": bots, **_told(directory)}


async def _answer(scratch: Path, endpoint: AgentEndpoint, bot_ids: list[str], seconds: float) -> None:
    """Be the control plane for so long."""
    settings = OrchestratorSettings(home=scratch / "home")
    settings.home.mkdir(mode=0o700)
    await migrate.upgrade(settings.url)

    async def lookup(_pool_id: str) -> AgentEndpoint:
        return endpoint

    database, agents, engine = Database(settings.url), AgentDirectory(lookup), Engine()
    await _add_pool(database, len(bot_ids))
    desk = Desk(engine, agents, lambda: True)
    collector = Collector(_POOL, database, InProcessBus(), agents, desk)
    try:
        async with _beside(collector.run(), _keep_leases(agents, engine, bot_ids)):
            await asyncio.sleep(seconds)
    finally:
        await desk.aclose()
        await agents.aclose()
        await database.close()


async def _add_pool(database: Database, slots: int) -> None:
    async with database.unit_of_work() as session:
        session.add(
            PoolModel(
                id=_POOL,
                node="local",
                driver="process",
                slots_total=slots,
                desired_state="running",
                observed_state="ready",
                conditions=[],
                created_at=utc_now(),
            )
        )


async def _keep_leases(agents: AgentDirectory, engine: Engine, bot_ids: list[str]) -> None:
    clock: float | None = None
    agent = await agents.agent_for(_POOL)
    user = UserFacts(_USER, "USDT", _LIMITS)
    told = _snapshot()
    bots = {
        bot_id: BotFacts(bot_id, _USER, False, Mode.ACTIVE, "", snapshot=told, pool_id=_POOL, epoch=1)
        for bot_id in bot_ids
    }
    orders = [
        RiskOrder(bot_id=bot_id, epoch=1, number=1, mode=Mode.ACTIVE, lease_seconds=LEASE_SECONDS) for bot_id in bot_ids
    ]
    while True:
        engine.learn({_USER: user}, bots)
        answer = await agent.post_risk(clock, orders)
        await asyncio.sleep(0 if clock is None else _POST_SECONDS)
        clock = answer.clock


def _snapshot() -> BotSnapshot:
    """Of a bot that has 1000 and no trades."""
    zero, equity = Decimal(0), Decimal(1000)
    return BotSnapshot(
        as_of=utc_now(), stake_currency="USDT", mode="dry", starting_balance=equity, free=equity, in_trades=zero,
        equity=equity, realised=zero, realised_today=zero, unrealised=zero, closed_trades=0, winning_trades=0,
        balances=[], open_trades=[], conversion=None,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def _beside(*work: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _spec() -> dict[str, Any]:
    return {
        "epoch": 1,
        "generation": 1,
        "desired": "running",
        "exchange": "paper-less",
        "config": {"every": 1.0, "together": _TOGETHER_SECONDS},
        "strategy": {"class_name": "None_", "source": ""},
        "governed": True,
    }


def _running(agent: httpx.Client) -> int:
    time.sleep(0.1)
    items = agent.get("/v1/slots").raise_for_status().json()["items"]
    return sum(slot["observed_state"] == "running" for slot in items)


_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


def _told(directory: Path) -> dict[str, Any]:
    trips: dict[bool, list[tuple[float, bool]]] = {True: [], False: []}
    for file in directory.glob("bots/*/trips.jsonl"):
        for line in file.read_text().splitlines():
            _, milliseconds, granted, together = json.loads(line)
            trips[together].append((milliseconds, granted))
    return {"single": _summary(trips[False]), "together": _summary(trips[True])}


def _summary(trips: list[tuple[float, bool]]) -> dict[str, float]:
    ordered = sorted(milliseconds for milliseconds, _ in trips)
    if not ordered:
        return {"trips": 0}
    found = {name: ordered[min(int(len(ordered) * share), len(ordered) - 1)] for name, share in _SHARES.items()}
    refused = sum(not granted for _, granted in trips)
    return {"trips": len(ordered), "refused": refused, **{name: round(value, 1) for name, value in found.items()}}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reservations", description=__doc__)
    parser.add_argument("--bots", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
