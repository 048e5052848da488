"""A policy that comes with a new slot is written beside the files of the start, which any tick may write."""

import asyncio
import contextlib
from pathlib import Path

from pool.agent.keeper import Keeper
from pool.agent.requests import put_slot
from pool.agent.ring import EventRing
from pool.agent.store import StoredSlots
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.settings import PoolSettings
from tests.unit.agent.builders import LIMITS, make_spec

POLICY = PolicyInForce(label="1.0.0", fingerprint="print", document=PolicyDocument())


async def test_new_slots_with_a_policy_start_while_the_agent_ticks(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, LIMITS, EventRing("now", 1000), StoredSlots(), lambda frame: None)
    settings = PoolSettings(pool_id="pool", slots_total=50)
    ticking = asyncio.create_task(tick(keeper))
    for number in range(50):
        await put_slot(keeper, settings, f"bot-{number}", make_spec(exchange="binance", policy=POLICY))
    ticking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ticking
    written = [PolicyInForce.model_validate_json(file.read_bytes()) for file in tmp_path.glob("bots/*/policy.json")]
    assert written == [POLICY] * 50
    assert list(tmp_path.glob("bots/*/.*.new")) == []


async def tick(keeper: Keeper) -> None:
    while True:
        keeper.tick()
        await asyncio.sleep(0)
