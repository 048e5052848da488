"""A real FreqTrade bot with open trades moves from one local process pool to another, which is made for it."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from orchestrator.__main__ import ControlPlane
from orchestrator.bots import service
from orchestrator.kit.clock import utc_now
from orchestrator.pools import moves
from orchestrator.pools.models import LOCAL_POOL
from orchestrator.pools.policy import PoolPolicy
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.spec import BotRequest, resolve
from orchestrator.users.models import UserModel
from pool.contract.slots import ObservedState
from tests.process.bot.harness import BUYER
from tests.support import eventually

ROOT = Path(__file__).parents[2]
OWNER = "user-one"

pytestmark = [pytest.mark.timeout(1500), pytest.mark.slow]


def buyers_template(directory: Path) -> Path:
    """The template `buyer`: enters whatever it may, and leaves nothing."""
    shutil.copytree(ROOT / "bot_templates" / "breakout", directory / "buyer")
    manifest = directory / "buyer" / "template.yaml"
    content = yaml.safe_load(manifest.read_text())
    content["strategy_class"] = "Buyer"
    manifest.write_text(yaml.safe_dump(content))
    (directory / "buyer" / "strategy.py").write_text(BUYER)
    return directory


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[ControlPlane]:
    settings = OrchestratorSettings(
        home=tmp_path / "home",
        templates_directory=buyers_template(tmp_path / "templates"),
        paper_symbols=40,
        pool_slots=3,
        pools_maximum=2,
        stop_seconds=40,
    )
    plane = ControlPlane(settings)
    await plane.start()
    try:
        yield plane
    finally:
        await plane.stop(pools=True)


async def start_bot(control: ControlPlane) -> str:
    template = control.catalogue.get("buyer")
    request = BotRequest(name="buyer", template="buyer", parameters={"take_profit": 1, "stoploss": -0.5})
    async with control.database.unit_of_work() as session:
        session.add(UserModel(id=OWNER, username="one", password_hash="-", role="admin", created_at=utc_now()))
        await session.flush()
        bot, _ = await service.create(session, OWNER, resolve(template, request))
    return bot.id


async def trading_in(control: ControlPlane, bot_id: str) -> str | None:
    """The pool where it runs and has open trades; None while it does not."""
    async with control.database.read() as session:
        view = await service.get(session, OWNER, bot_id)
        moving = await moves.get(session, bot_id)
    slot = view.status.slot
    current = slot is not None and slot["epoch"] == view.bot.epoch
    opened = (view.status.snapshot or {}).get("open_trades")
    runs = view.status.observed_state == ObservedState.RUNNING
    return view.bot.pool_id if current and runs and opened and moving is None else None


def trades(directory: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"{(directory / 'tradesv3.sqlite').as_uri()}?mode=ro", uri=True) as database:
        query = "SELECT id, pair, is_open, open_date, open_rate, amount, stake_amount FROM trades ORDER BY id"
        found = database.execute(query).fetchall()
    database.close()
    return found


async def test_open_trades_move_with_their_bot(control: ControlPlane) -> None:
    bot_id = await start_bot(control)
    assert await eventually(lambda: trading_in(control, bot_id), 600, "it trades") == LOCAL_POOL

    async with control.database.unit_of_work() as session:
        policy = PoolPolicy.of(control.settings, control.catalogue)
        move = await moves.request(session, bot_id, None, "move", policy)

    async def arrived() -> bool:
        return await trading_in(control, bot_id) == move.target_pool_id

    await eventually(arrived, 600, "it trades in its new pool")

    pools = control.settings.home / "pools"
    (left,) = (pools / LOCAL_POOL / "archive").glob(f"{bot_id}-*")
    assert not (pools / LOCAL_POOL / "bots" / bot_id).exists()
    before, after = trades(left), trades(pools / move.target_pool_id / "bots" / bot_id)
    assert before
    assert after[: len(before)] == before, "no trade is lost, changed or doubled"
    assert (left / "epoch").read_text().strip() == "2", "who is late with a start there finds that it is fenced"
    async with control.database.read() as session:
        row = (await service.get(session, OWNER, bot_id)).bot
    assert (row.pool_id, row.epoch) == (move.target_pool_id, 3)
