"""The real API over a database of bots that nobody runs, whose money moves by itself.

    python -m benchmarks.synthetic_fleet --directory DIR --bots N --port P

For what depends on the number of bots alone, not on what they do: the portal's cost in a browser. The user is `admin`
with the password of `PASSWORD`. Every second each bot's reading is another, and the portfolio is published.
"""

import argparse
import asyncio
import random
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import uvicorn
from sqlalchemy import update

from api.app import create_app
from api.deps import Services
from api.settings import ApiSettings
from benchmarks.rigs import ROOT
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.db.engine import Database
from orchestrator.events.in_process import InProcessBus
from orchestrator.kit.clock import utc_now
from orchestrator.portfolio.service import PortfolioService
from orchestrator.portfolio.task import PortfolioTask
from orchestrator.templates.catalogue import Catalogue
from orchestrator.users.models import UserModel
from orchestrator.users.passwords import Passwords
from pool.contract.snapshots import BotSnapshot
from tests.databases import new_sqlite

PASSWORD = "of-a-benchmark-and-nothing-else"
_USER = "user-of-the-benchmark"
_TEMPLATES = ("trend", "breakout", "mean-reversion")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.synthetic_fleet", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--bots", type=int, default=1000)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.directory, arguments.bots, arguments.port))


async def _serve(directory: Path, count: int, port: int) -> None:
    database = Database(await new_sqlite(directory / "flotilla.db"))
    bus = InProcessBus()
    service = PortfolioService(database, bus)
    snapshots = await _fill(database, count)
    services = Services(
        database=database,
        bus=bus,
        agents=None,  # type: ignore[arg-type]  # nor for bots themselves
        catalogue=Catalogue.load(ROOT / "bot_templates"),
        markets=None,  # type: ignore[arg-type]  # nobody asks for pairs here
        secrets=SimpleNamespace(token_signing_key="k" * 64),
        readiness=_ready,
        portfolio=service,
    )
    server = uvicorn.Server(uvicorn.Config(create_app(services, ApiSettings()), port=port, log_level="warning"))
    moving = asyncio.create_task(_move(database, PortfolioTask(database, bus, service), snapshots))
    try:
        await server.serve()
    finally:
        moving.cancel()
        await database.close()


async def _ready() -> dict[str, str | None]:
    return {}


async def _fill(database: Database, count: int) -> dict[str, BotSnapshot]:
    """A user and his bots; the readings that they begin with."""
    now = utc_now() - timedelta(minutes=10)
    ids = [f"bot-{number:04}" for number in range(count)]
    async with database.unit_of_work() as session:
        session.add(
            UserModel(
                id=_USER, username="admin", password_hash=await Passwords().hash(PASSWORD), role="admin",
                created_at=now, set_up_at=now,
            )
        )  # fmt: skip
        await session.flush()
        session.add_all([_bot(bot_id, number, now) for number, bot_id in enumerate(ids)])
        await session.flush()
        session.add_all([BotStatusModel(bot_id=bot_id, observed_state="running", conditions=[]) for bot_id in ids])
    return {bot_id: _reading(now) for bot_id in ids}


def _bot(bot_id: str, number: int, now: datetime) -> BotModel:
    template = _TEMPLATES[number % len(_TEMPLATES)]
    return BotModel(
        id=bot_id, owner_id=_USER, name=f"{template}-{number}", template=template, parameters={}, exchange="paper",
        trading_mode="spot", dry_run=True, pairs=["BTC/USDT"], timeframe="1m", stake_currency="USDT",
        stake_amount=Decimal(100), max_open_trades=3, starting_balance=Decimal(1000), desired_state="running",
        generation=1, created_at=now, updated_at=now,
    )  # fmt: skip


def _reading(now: datetime) -> BotSnapshot:
    return BotSnapshot(
        as_of=now, stake_currency="USDT", mode="dry", starting_balance=Decimal(1000), free=Decimal(900),
        in_trades=Decimal(100), equity=Decimal(1000), realised=Decimal(0), realised_today=Decimal(0),
        unrealised=Decimal(0), closed_trades=0, winning_trades=0, balances=[], open_trades=[], conversion=None,
    )  # fmt: skip


async def _move(database: Database, task: PortfolioTask, snapshots: dict[str, BotSnapshot]) -> None:
    rng = random.Random(7)
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        due += 1
        now = utc_now()
        for bot_id, known in snapshots.items():
            moved = known.in_trades + Decimal(rng.randint(-200, 210)) / 100
            profit = moved - 100
            snapshots[bot_id] = known.model_copy(
                update={"as_of": now, "in_trades": moved, "equity": known.free + moved, "unrealised": profit}
            )
        values = [
            {"bot_id": bot_id, "snapshot": one.model_dump(mode="json"), "snapshot_at": now, "last_seen_at": now}
            for bot_id, one in snapshots.items()
        ]
        async with database.unit_of_work() as session:
            await session.execute(update(BotStatusModel), values)
        await task.recompute({_USER})
        await asyncio.sleep(max(0.0, due - loop.time()))


if __name__ == "__main__":
    main()
