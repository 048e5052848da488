"""A real FreqTrade bot with open trades goes to another home, and never runs in the old one again."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from orchestrator.__main__ import ControlPlane
from orchestrator.bots import service
from orchestrator.pools.models import LOCAL_POOL
from orchestrator.settings import OrchestratorSettings
from pool.contract.slots import ConditionType
from tests.process.test_move_real import OWNER, buyers_template, start_bot, trades, trading_in
from tests.support import eventually

pytestmark = [pytest.mark.timeout(2400), pytest.mark.slow]


@asynccontextmanager
async def running(home: Path, templates: Path) -> AsyncIterator[ControlPlane]:
    settings = OrchestratorSettings(
        home=home, templates_directory=templates, paper_symbols=40, pool_slots=3, pools_maximum=2, stop_seconds=40
    )
    plane = ControlPlane(settings)
    await plane.start()
    try:
        yield plane
    finally:
        await plane.stop(pools=True)


def flotilla(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
    command = [sys.executable, "-m", "api.cli", *arguments]
    return subprocess.run(
        command,
        env=environment | {"FLOTILLA_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


async def conditions(control: ControlPlane, bot_id: str) -> set[str]:
    async with control.database.read() as session:
        view = await service.get(session, OWNER, bot_id)
    return {str(condition["type"]) for condition in view.status.conditions}


async def test_open_trades_go_to_another_home(tmp_path: Path) -> None:
    templates = buyers_template(tmp_path / "templates")
    old, new = tmp_path / "old", tmp_path / "new"
    parcels, backup = tmp_path / "parcels", tmp_path / "fleet.backup"
    async with running(old, templates) as control:
        bot_id = await start_bot(control)
        assert await eventually(lambda: trading_in(control, bot_id), 600, "it trades") == LOCAL_POOL
        refused = flotilla(old, "bots", "pack", str(parcels))
        assert (refused.returncode, parcels.exists()) == (4, False), refused.stderr

    assert flotilla(old, "db", "backup", str(backup)).returncode == 0
    packed = flotilla(old, "bots", "pack", str(parcels))
    assert packed.returncode == 0, packed.stderr
    left = old / "pools" / LOCAL_POOL / "bots" / bot_id
    before = trades(left)
    assert any(is_open for _, _, is_open, *_ in before)

    restored = flotilla(new, "db", "restore", str(backup))
    assert restored.returncode == 0, restored.stderr
    parcels.rename(new / "arrivals")
    async with running(new, templates) as there:
        await eventually(lambda: trading_in(there, bot_id), 600, "it trades in its new home")
        arrived = trades(new / "pools" / LOCAL_POOL / "bots" / bot_id)
        assert arrived[: len(before)] == before, "no trade is lost, changed or doubled"
        assert [file.name for file in (new / "arrivals").iterdir()] == [f"{bot_id}.parcel.placed-3"]

        async with running(old, templates) as here:

            async def fenced() -> bool:
                return ConditionType.FENCED in await conditions(here, bot_id)

            await eventually(fenced, 600, "its old home cannot run it")
        assert trades(left) == before
        assert await trading_in(there, bot_id) == LOCAL_POOL
