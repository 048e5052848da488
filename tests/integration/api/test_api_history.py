"""A bot's history over the API."""

from decimal import Decimal

import pytest

from orchestrator.kit.clock import utc_now
from orchestrator.portfolio import bot_history
from tests.fakes.fake_agent import snapshot
from tests.integration.api.world import OTHER, World, problem_of


async def test_the_owner_sees_what_his_bot_reported(world: World) -> None:
    bot_id = await world.placed()
    told = snapshot().model_copy(update={"equity": Decimal("1012.50")})
    async with world.rig.database.unit_of_work() as session:
        await bot_history.record(session, {bot_id: told}, utc_now())
    answer = await world.client.get(f"/api/v1/bots/{bot_id}/history", params={"range": "1h"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["range"], body["currency"], body["resolution_seconds"]) == ("1h", "USDT", 10)
    (point,) = body["points"]
    assert Decimal(point["equity"]) == Decimal("1012.5")
    assert {"at", "low", "high", "profit", "realised", "unrealised", "exposure", "open_trades"} <= set(point)


async def test_a_bot_that_reported_nothing_has_no_points(world: World) -> None:
    bot_id = await world.placed()
    assert (await world.client.get(f"/api/v1/bots/{bot_id}/history")).json()["points"] == []


@pytest.mark.parametrize("user", [OTHER, None])
async def test_nobody_else_sees_it(world: World, user: str | None) -> None:
    bot_id = await world.placed()
    async with world.client_of(user) as client:
        problem_of(await client.get(f"/api/v1/bots/{bot_id}/history"), 404 if user else 401)


async def test_an_unknown_range_is_refused(world: World) -> None:
    bot_id = await world.placed()
    problem_of(await world.client.get(f"/api/v1/bots/{bot_id}/history", params={"range": "2h"}), 422)
