"""A bot whose strategy says what nobody could store, through the real agent: neither its pool nor other bots mind."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from orchestrator.bots import service
from orchestrator.bots.models import BotEventModel
from orchestrator.pools.client import AgentEndpoint
from pool.contract.slots import ConditionType
from tests.fakes.fake_agent import FakeAgent
from tests.fakes.pool_rig import TOKEN, running
from tests.integration.orchestrator.rig import OWNER, Rig
from tests.support import eventually

NOW = "2026-01-01T00:00:00Z"
LATE = "9999-12-31T23:59:59-12:00"


def nested(depth: int) -> dict[str, Any]:
    return {"deeper": nested(depth - 1)} if depth else {}


def beat(**changes: Any) -> dict[str, Any]:
    frame = {
        "kind": "heartbeat",
        "at": NOW,
        "phase": "running",
        "trader_state": "running",
        "progress": 1,
        "patience_seconds": 1,
        "observed_generation": 1,
        "paused_by_flotilla": False,
        "flat": True,
    }
    return frame | changes


def event(seq: int, **changes: Any) -> dict[str, Any]:
    return {"kind": "event", "seq": seq, "at": NOW, "type": "trade.entry", "data": {}} | changes


def snapshot(**changes: Any) -> dict[str, Any]:
    amounts = ("starting_balance", "free", "in_trades", "equity", "realised", "realised_today", "unrealised")
    known = {"as_of": NOW, "stake_currency": "USDT", "mode": "dry", "closed_trades": 0, "winning_trades": 0}
    lists: dict[str, Any] = {"balances": [], "open_trades": [], "conversion": None}
    return {"kind": "snapshot", "snapshot": dict.fromkeys(amounts, "1") | known | lists | changes}


SAYS = [
    beat(trader_state="x" * 33),
    beat(trader_state="st\0pped"),
    beat(observed_generation=2**31),
    beat(observed_generation=2**63),
    beat(patience_seconds=float("inf")),
    event(1, data={"deep": nested(193)}),  # as deep as the agent reads; who reads it of the agent would not
    event(2**31),
    event(2, at=LATE),
    event(3, data={"n": 10**4000}),
    event(4, data={"text": "\0"}),
    event(5, data={"text": "x" * 3_000_000}),
    snapshot(closed_trades=2**31),
    snapshot(stake_currency="US\0DT"),
    snapshot(equity="1E+300"),
    snapshot(as_of=LATE),
    {"kind": "nonsense"},
    [],
    event(6),
]


async def create(rig: Rig, name: str) -> str:
    async with rig.database.unit_of_work() as session:
        bot, _ = await service.create(session, OWNER, rig.spec(name, exchange="binance"))
    return bot.id


async def until_state(rig: Rig, bot_id: str, state: str) -> None:
    async def reached() -> bool:
        return await rig.state(bot_id) == state

    await eventually(reached, message=f"{bot_id} is {state}")


@pytest.fixture
def pool_directory(tmp_path: Path) -> Path:
    return tmp_path / "pool"


async def test_a_hostile_bot_loses_its_words_and_nothing_else(rig: Rig, pool_directory: Path) -> None:
    with running(pool_directory) as pool:
        agent = FakeAgent("test")
        agent.endpoint = AgentEndpoint(pool.url, TOKEN)
        await rig.add_pool(agent)
        hostile, other = await create(rig, "hostile"), await create(rig, "other")
        (pool_directory / "says.json").write_text(json.dumps({hostile: SAYS}))
        async with rig.running(intake=True):
            for bot_id in (hostile, other):
                await until_state(rig, bot_id, "running")

            async def last_word() -> bool:
                async with rig.database.read() as session:
                    query = select(BotEventModel.seq).where(
                        col(BotEventModel.bot_id) == hostile, col(BotEventModel.origin) == "bot"
                    )
                    return list((await session.exec(query)).all()) == [6]

            await eventually(last_word, message="the one event that is in order is stored")
            await rig.want(other, "paused")
            await until_state(rig, other, "paused")
            await rig.want(hostile, "stopped")
            await until_state(rig, hostile, "stopped")
            status = (await rig.view(hostile)).status
            assert status.snapshot is not None
            assert status.snapshot["equity"] == "1000"
            assert ConditionType.REPORT_REFUSED not in {condition["type"] for condition in status.conditions}
        log = (pool_directory / "logs" / "agent.log").read_text()
        assert log.count(f"bot {hostile} says what no bot may say") == 1
