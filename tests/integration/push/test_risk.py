"""What the risk task orders and cannot see is pushed to the owner in the transaction that stores it."""

import pytest

from orchestrator.push.kinds import PushKind
from orchestrator.risk import markets
from orchestrator.risk.halts import Target
from pool.contract.risk import Mode
from tests.fakes.push_service import PushService
from tests.integration.orchestrator.rig import Rig
from tests.integration.push.test_delivery import subscribed, waiting
from tests.integration.risk.conftest import world as world
from tests.integration.risk.rig import RiskRig
from tests.support import eventually


async def told(rig: Rig) -> list[tuple[str, str, str]]:
    """Kind, type and text of what waits to be sent."""
    return [(row.kind, str(row.body["type"]), str(row.body["text"])) for row in await waiting(rig)]


async def test_a_halt_is_pushed_once_to_who_owns_the_bot(world: RiskRig, service: PushService) -> None:
    await world.rig.add_user("user-two")
    await subscribed(world.rig, service)
    await subscribed(world.rig, service, "stranger", "user-two")
    one = await world.add_bot("one")
    async with world.leading():
        await eventually(lambda: world.mode(one) is Mode.ACTIVE)
        await world.halt(Target("bot", one))
        await eventually(lambda: world.mode(one) is Mode.HALTED)
        (push,) = await told(world.rig)
    assert push[0] == PushKind.HALTS
    assert "Why not." in push[2]
    world.agent.orders.clear()
    async with world.leading():  # another leader orders the same again
        await world.rig.bus.publish("risk", "changed", {})
        await eventually(lambda: world.mode(one) is Mode.HALTED)
        assert await told(world.rig) == [push]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_emergency_that_would_not_be_noticed_is_pushed(
    world: RiskRig, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markets, "EVERY_SECONDS", 0.1)
    monkeypatch.setattr(markets, "_UNKNOWN_SECONDS", 0.0)
    await subscribed(world.rig, service)
    await world.add_bot("one", pairs=["BTC/USDT"])
    await world.policy(emergency={"pair": "XRP/USDT", "ratio": "0.08", "minutes": 1})
    async with world.leading(paper_url=lambda: "http://127.0.0.1:9"):

        async def is_told() -> bool:
            return len(await told(world.rig)) == 1

        await eventually(is_told)
        ((_, type_, text),) = await told(world.rig)
    assert type_ == "emergency"
    assert "XRP/USDT is not known" in text
