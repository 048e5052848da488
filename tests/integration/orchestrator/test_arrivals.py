"""Bots that come from another home: their parcels are put into their pools before they are first started, or they are
not started. With the real reconciler and agents whose bots are counted trades."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots.models import BotModel
from pool.contract.slots import ConditionType
from pool.contract.transfer import ParcelHeader
from tests.fakes.model_agent import Ledger, ModelAgent
from tests.integration.orchestrator.rig import Rig
from tests.support import eventually

FENCE = 5
"""Of the old home; the bot's last epoch there was one less."""


class Home:
    """A home where a backup was restored whose pools did not come along."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.arrivals = rig.settings.home / "arrivals"
        self.agent = ModelAgent("pool-new", Ledger())

    async def restored(self, desired: str = "running", pool_id: str | None = None) -> str:
        bot = await self.rig.create()
        async with self.rig.database.unit_of_work() as session:
            row = await _bot(session, bot.id)
            row.epoch, row.desired_state, row.pool_id = FENCE - 1, desired, pool_id
            session.add(row)
        return bot.id

    def parcel(self, bot_id: str, trades: int = 7, *, damaged: bool = False) -> Path:
        content = json.dumps({"trades": trades}).encode()
        header = ParcelHeader(
            bot_id=bot_id, epoch=FENCE, files=1, size_bytes=len(content), digest=hashlib.sha256(content).hexdigest()
        )
        self.arrivals.mkdir(exist_ok=True)
        file = self.arrivals / f"{bot_id}.parcel"
        draft = file.with_suffix(".draft")
        draft.write_bytes(header.to_json() + b"\n" + (content.replace(b"7", b"6") if damaged else content))
        draft.rename(file)
        return file

    async def told(self, bot_id: str) -> str | None:
        conditions: list[dict[str, Any]] = (await self.rig.view(bot_id)).status.conditions
        return next((str(one["message"]) for one in conditions if one["type"] == ConditionType.ARRIVING), None)

    async def tells(self, bot_id: str, part: str) -> None:
        async def look() -> bool:
            return part in (await self.told(bot_id) or "")

        await eventually(look, message=f"it tells {part!r}")

    async def tells_nothing(self, bot_id: str) -> bool:
        return await self.told(bot_id) is None

    async def runs_with_its_trades(self, bot_id: str, trades: int = 7) -> None:
        await eventually(lambda: bot_id in self.agent.processes, message="it runs")
        assert self.agent.directories[bot_id].trades == trades
        assert self.agent.processes[bot_id] > FENCE
        await eventually(lambda: self.tells_nothing(bot_id))
        row = await self.rig.row(bot_id)
        assert (row.pool_id, row.epoch) == ("pool-new", self.agent.processes[bot_id])

    def puts(self, bot_id: str) -> list[str]:
        return [path for method, path in self.agent.calls if method == "PUT" and f"/{bot_id}" in path]


async def _bot(session: AsyncSession, bot_id: str) -> BotModel:
    row = await session.get(BotModel, bot_id)
    assert row is not None
    return row


@pytest.fixture
async def home(rig: Rig) -> Home:
    made = Home(rig)
    await rig.add_pool(made.agent)
    return made


async def test_a_bot_waits_for_its_parcel_and_starts_with_its_trades(home: Home) -> None:
    bot_id = await home.restored()
    async with home.rig.running():
        await home.tells(bot_id, f"put {bot_id}.parcel")
        assert not home.puts(bot_id)
        parcel = home.parcel(bot_id)
        await home.runs_with_its_trades(bot_id)
    assert home.puts(bot_id)[0].endswith("/directory"), "before it was first told to start"
    assert not parcel.exists()
    (kept,) = home.arrivals.iterdir()
    assert kept.name == f"{bot_id}.parcel.placed-{(await home.rig.row(bot_id)).epoch}"


@pytest.mark.parametrize("pool_id", [None, "pool-new"], ids=["its pool did not come along", "its pool is empty here"])
async def test_the_parcel_comes_first_when_it_is_there_from_the_start(home: Home, pool_id: str | None) -> None:
    bot_id = await home.restored(pool_id=pool_id)
    home.parcel(bot_id)
    async with home.rig.running():
        await home.runs_with_its_trades(bot_id)
    assert home.puts(bot_id)[0].endswith("/directory")
    assert home.agent.archives == []


async def test_a_damaged_parcel_starts_nothing_until_a_whole_one_is_there(home: Home) -> None:
    bot_id = await home.restored()
    damaged = home.parcel(bot_id, damaged=True)
    async with home.rig.running():
        await home.tells(bot_id, "cannot be used, so the bot is not started without its trades")
        assert len(home.puts(bot_id)) == 1, "it is not sent again and again"
    damaged.unlink()
    async with home.rig.running():
        await home.tells(bot_id, f"put {bot_id}.parcel")
        damaged.write_text("what is no parcel at all")
        await home.tells(bot_id, "damaged, or no parcel")
        assert len(home.puts(bot_id)) == 1
        home.parcel(bot_id)
        await home.runs_with_its_trades(bot_id)


async def test_a_pool_that_does_not_take_it_is_tried_again(home: Home) -> None:
    bot_id = await home.restored()
    home.agent.refuses_directories = True
    parcel = home.parcel(bot_id)
    async with home.rig.running():
        await home.tells(bot_id, "in_use")
        assert parcel.exists()
        assert bot_id not in home.agent.specs
        home.agent.refuses_directories = False
        await home.runs_with_its_trades(bot_id)


async def test_a_stopped_bot_s_parcel_waits_until_it_is_started(home: Home) -> None:
    bot_id = await home.restored("stopped")
    parcel = home.parcel(bot_id)
    async with home.rig.running():
        await home.tells(bot_id, "when the bot is started")
        assert parcel.exists()
        await home.rig.want(bot_id, "running")
        await home.runs_with_its_trades(bot_id)


async def test_a_control_plane_that_dies_between_hand_over_and_noting_it_does_it_again(home: Home) -> None:
    bot_id = await home.restored()
    parcel = home.parcel(bot_id)
    before = parcel.read_bytes()
    reconciler = home.rig.reconciler()
    placed: list[int] = []

    def dies(file: Path, epoch: int) -> None:
        placed.append(epoch)
        raise OSError("killed before the parcel was renamed")

    reconciler._arrivals._put_aside = dies  # type: ignore[method-assign]
    while not placed:
        await reconciler.tick()
        await reconciler._sleep()
    await reconciler.stop()
    assert (parcel.read_bytes(), bot_id in home.agent.specs) == (before, False)
    async with home.rig.running():
        await home.runs_with_its_trades(bot_id)


async def test_a_parcel_that_comes_too_late_replaces_nothing(home: Home) -> None:
    bot = await home.rig.create()
    async with home.rig.running():
        await eventually(lambda: bot.id in home.agent.processes)
        home.agent.trade(bot.id)
        parcel = home.parcel(bot.id)
        await home.tells(bot.id, "came too late")
        assert home.agent.directories[bot.id].trades == 1
        parcel.unlink()
        await eventually(lambda: home.tells_nothing(bot.id))
        assert bot.id in home.agent.processes


async def test_a_bot_that_waits_can_be_deleted(home: Home) -> None:
    bot_id = await home.restored()
    async with home.rig.running():
        await home.tells(bot_id, f"put {bot_id}.parcel")
        await home.rig.want(bot_id, "deleted")

        async def gone() -> bool:
            return (await home.rig.row(bot_id)).deleted_at is not None

        await eventually(gone)
