"""From `make run` to `make up`, as the README says it: users, bots, an open trade and a closed one come along."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from api.cli.first_start import first_start
from orchestrator import home as homes
from orchestrator.bots import repository, service
from orchestrator.db import migrate
from orchestrator.db.engine import Database
from orchestrator.pools import service as pools
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.spec import BotRequest, resolve
from orchestrator.users.models import UserModel
from tests.docker.test_deploy import ROOT, Deployment, deployment
from tests.support import eventually_sync

__all__ = ["deployment"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

IN_CONTROL_PLANE = ["compose", "run", "--rm", "-T", "control-plane"]
RESTORE = ["python", "-m", "api.cli", "db", "restore", "/home/flotilla/fleet.backup"]
TRADES = """
import sys
from datetime import UTC, datetime, timedelta
from freqtrade.persistence import Trade, init_db

init_db(f"sqlite:///{sys.argv[1]}")
for pair, is_open in (("ETH/USDT", False), ("BTC/USDT", True)):
    trade = Trade(
        exchange="binance", pair=pair, stake_amount=100, amount=0.001, open_rate=100_000, fee_open=0.001,
        fee_close=0.001, is_open=is_open, open_date=datetime.now(UTC) - timedelta(minutes=5), stake_currency="USDT",
        strategy="Breakout", timeframe=5, max_rate=100_000, min_rate=100_000, stop_loss=1.0, initial_stop_loss=1.0,
        stop_loss_pct=-0.99, leverage=1.0, is_short=False,
    )
    trade.base_currency = pair[:3]
    if not is_open:
        trade.close(101_000, show_msg=False)
    Trade.session.add(trade)
Trade.commit()
"""


async def old_home(home: Path) -> str:
    """A home of local processes, stopped; the id of its bot."""
    settings = OrchestratorSettings(home=home)
    homes.prepare(home)
    homes.load_secrets(home)
    await migrate.upgrade(settings.url)
    catalogue = Catalogue.load(settings.templates_directory)
    database = Database(settings.url)
    await first_start(database, catalogue, home, demo=False)
    spec = resolve(catalogue.get("breakout"), BotRequest(name="moved", template="breakout", pairs=["BTC/USDT"]))
    async with database.unit_of_work() as session:
        await pools.ensure_local_pool(session, 5, None)
        owner = (await session.exec(select(UserModel.id))).one()
        bot, _ = await service.create(session, owner, spec)
        for row in await repository.locked(session, [bot.id]):
            pools.assign(session, row, await pools.get(session, pools.LOCAL_POOL))
    await database.close()
    directory = home / "pools" / pools.LOCAL_POOL / "bots" / bot.id
    directory.mkdir(parents=True)
    (directory / "epoch").write_text("1\n")
    (directory.parents[1] / "pool.json").write_text("{}")
    subprocess.run([sys.executable, "-c", TRADES, directory / "tradesv3.sqlite"], check=True, timeout=100)
    return bot.id


def flotilla(home: Path, *arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
    command = [sys.executable, "-m", "api.cli", *arguments]
    done = subprocess.run(
        command, env=environment | {"FLOTILLA_HOME": str(home)}, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr


def test_bots_come_from_local_processes_with_their_trades(deployment: Deployment, tmp_path: Path) -> None:
    home = tmp_path / "home"
    bot_id = asyncio.run(old_home(home))
    flotilla(home, "db", "backup", str(tmp_path / "fleet.backup"))
    flotilla(home, "bots", "pack", str(tmp_path / "arrivals"))

    packed = subprocess.run(["tar", "-C", tmp_path, "-c", "fleet.backup", "arrivals"], capture_output=True, check=True)
    taken = subprocess.run(
        [ROOT / "scripts" / "deploy", *IN_CONTROL_PLANE, "tar", "-x", "-C", "/home/flotilla"],
        env=deployment.environment, input=packed.stdout, capture_output=True, timeout=200,
    )  # fmt: skip
    assert taken.returncode == 0, taken.stderr
    told = deployment.run(*IN_CONTROL_PLANE, *RESTORE)
    assert "Bots whose pools did not come along: 1." in told
    deployment.run("up")

    with deployment.signed_in((home / "admin-password").read_text().strip()) as client:

        def trades() -> list[Any] | None:
            """Open ones first, then closed ones: one that is closed between is in both, and not in none."""
            opened, closed = (client.get(f"/bots/{bot_id}/freqtrade/api/v1/{what}") for what in ("status", "trades"))
            return [*opened.json(), *closed.json()["trades"]] if closed.is_success and opened.is_success else None

        told_trades = eventually_sync(trades, 600, "it runs in a container") or []
        found = {trade["trade_id"]: trade for trade in told_trades}
        assert set(found) >= {1, 2}, told_trades
        assert (found[1]["pair"], found[1]["is_open"], found[1]["close_rate"]) == ("ETH/USDT", False, 101_000)
        assert (found[2]["pair"], found[2]["open_rate"]) == ("BTC/USDT", 100_000)
        bot = client.get(f"/bots/{bot_id}").raise_for_status().json()
        assert not [held for held in bot["conditions"] if held["type"] == "Arriving"], json.dumps(bot)
    assert f"{bot_id}.parcel.placed-" in deployment.run(*IN_CONTROL_PLANE, "ls", "/home/flotilla/arrivals")
