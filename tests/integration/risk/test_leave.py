"""An administrator's leave to trade live counts as long as it lasts, not only when a bot is made or started."""

from typing import Any

from orchestrator.kit.clock import utc_now
from orchestrator.risk.task import RiskTask
from orchestrator.users.models import UserModel
from pool.contract.risk import Grant, Mode
from tests.integration.orchestrator.rig import OWNER
from tests.integration.risk.rig import RiskRig, warm_engine
from tests.support import eventually
from tests.unit.risk.fleet import asking


def asked(task: RiskTask, bot_id: str, *, request_id: str) -> Grant:
    return task.board.engine.reserve(bot_id, asking(request_id, 10, utc_now()))


async def test_who_loses_his_leave_to_trade_live_opens_nothing_more_and_closes_as_before(world: RiskRig) -> None:
    live, dry = await world.add_bot("live", dry_run=False), await world.add_bot("dry")

    async def permit(*, allowed: bool) -> None:
        async with world.rig.database.unit_of_work() as session:
            (await session.get_one(UserModel, OWNER)).may_trade_live = allowed

    await permit(allowed=True)
    async with world.leading(engine=warm_engine()) as task:
        await eventually(lambda: asked(task, live, request_id="one").granted)
        await permit(allowed=False)
        await eventually(lambda: asked(task, live, request_id="two").limit == "live")
        assert asked(task, dry, request_id="one").granted
        assert "leave" in (task.board.engine.blocked(live) or "")
        assert world.mode(live) is Mode.ACTIVE, "its exits need no leave, and no halt is to be released afterwards"
        await permit(allowed=True)
        await eventually(lambda: asked(task, live, request_id="three").granted)


async def test_nothing_is_opened_with_the_money_of_who_was_deactivated(world: RiskRig) -> None:
    live, dry = await world.add_bot("live", dry_run=False), await world.add_bot("dry")

    async def change(**values: Any) -> None:
        async with world.rig.database.unit_of_work() as session:
            user = await session.get_one(UserModel, OWNER)
            for name, value in values.items():
                setattr(user, name, value)

    await change(may_trade_live=True)
    async with world.leading(engine=warm_engine()) as task:
        await eventually(lambda: asked(task, live, request_id="one").granted)
        await change(deactivated_at=utc_now())
        await eventually(lambda: asked(task, live, request_id="two").limit == "live")
        assert asked(task, dry, request_id="one").granted, "paper money is nobody's"
        assert "deactivated" in (task.board.engine.blocked(live) or "")
        assert world.mode(live) is Mode.ACTIVE, "its exits go on, and no halt is to be released when he comes back"
        await change(may_trade_live=False, deactivated_at=None)
        await eventually(lambda: "leave" in (task.board.engine.blocked(live) or ""))
        await change(may_trade_live=True)
        await eventually(lambda: asked(task, live, request_id="three").granted)
