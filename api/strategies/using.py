"""With whom a strategy is shared, and which of its versions bots run."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.auth.access import BotOwner, Reader, Trader
from api.auth.state import AuthDep
from api.deps import BotId, PageDep, RolloutId, Services, ServicesDep, StrategyId
from api.errors import problems
from api.routing import ExactRoute
from api.strategies.endpoints import BODY_ERRORS, READ_ERRORS, by
from api.strategies.schemas import (
    BotVersion,
    RolloutStart,
    ShareList,
    SharePut,
    ShareResponse,
    VersionRolloutPage,
    VersionRolloutResponse,
    rollout_body,
    share_body,
)
from orchestrator.bots import service as bots
from orchestrator.errors import ErrorCode, InvalidSpec
from orchestrator.strategies import rollouts, service, sharing

router = APIRouter(tags=["strategies"], route_class=ExactRoute)

_ROLLOUT_ERRORS = (*READ_ERRORS, *BODY_ERRORS, ErrorCode.CONFLICT, ErrorCode.STRATEGY_NOT_READY)
Username = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]*$", description="Whom.", examples=["bob"])]


@router.get(
    "/strategies/{strategy_id}/shares",
    operation_id="listStrategyShares",
    summary="With whom it is shared",
    responses=problems(*READ_ERRORS),
)
async def list_shares(strategy_id: StrategyId, caller: Reader, services: ServicesDep) -> ShareList:
    """All of them to its owner; to others their own."""
    async with services.reading(caller) as session:
        found = await sharing.shares(session, strategy_id)
    return ShareList(items=[share_body(share, name) for share, name in found])


@router.put(
    "/strategies/{strategy_id}/shares/{username}",
    operation_id="shareStrategy",
    summary="Share a strategy",
    responses=problems(*READ_ERRORS, *BODY_ERRORS),
)
async def put_share(
    strategy_id: StrategyId, username: Username, body: SharePut, caller: Trader, services: ServicesDep, auth: AuthDep
) -> ShareResponse:
    """By reference: he sees new versions as you make them, and decides himself which his bots run. Thirty names a day
    may be those of nobody."""
    async with services.writing(caller) as session, auth.naming.counted(caller.user_id):
        return share_body(await sharing.share(session, strategy_id, username, body.level, by(caller)), username)


@router.delete(
    "/strategies/{strategy_id}/shares/{username}",
    operation_id="unshareStrategy",
    summary="Take a share back",
    status_code=204,
    responses=problems(*READ_ERRORS),
)
async def delete_share(strategy_id: StrategyId, username: Username, caller: Trader, services: ServicesDep) -> None:
    """He does not see it any more. Bots of his that run it go on with the versions that they have."""
    async with services.writing(caller) as session:
        await sharing.unshare(session, strategy_id, username, by(caller))


@router.post(
    "/strategies/{strategy_id}/rollouts",
    operation_id="rollOutStrategyVersion",
    summary="Roll a version out",
    status_code=202,
    responses=problems(*_ROLLOUT_ERRORS),
)
async def start_rollout(
    strategy_id: StrategyId, body: RolloutStart, caller: Trader, services: ServicesDep
) -> VersionRolloutResponse:
    """Gives it to your bots one after another, a canary first. The first one that ran before and does not come up goes
    back to the version that it had, and everything stops."""
    async with services.writing(caller.at("operate")) as session:
        found = await rollouts.start(
            session, caller.user_id, strategy_id, body.version, by(caller, body.why), body.bots
        )
        answer = rollout_body(found)
    await _hint(services)
    return answer


@router.post(
    "/bots/{bot_id}/strategy",
    operation_id="setBotStrategyVersion",
    summary="Give a bot another version",
    status_code=202,
    responses=problems(*_ROLLOUT_ERRORS),
)
async def set_version(
    bot_id: BotId, body: BotVersion, caller: BotOwner, services: ServicesDep
) -> VersionRolloutResponse:
    """A roll-out to this bot alone: where it does not come up, it goes back by itself."""
    async with services.writing(caller.at("operate")) as session:
        bot = (await bots.get(session, None, bot_id)).bot
        if bot.strategy_id is None:
            raise InvalidSpec("This bot runs a template's strategy, which has no versions.", field="version")
        found = await rollouts.start(
            session, bot.owner_id, bot.strategy_id, body.version, by(caller, body.why), [bot_id]
        )
        answer = rollout_body(found)
    await _hint(services)
    return answer


@router.get(
    "/strategies/{strategy_id}/rollouts",
    operation_id="listStrategyRollouts",
    summary="List roll-outs of a strategy",
    responses=problems(*READ_ERRORS),
)
async def list_rollouts(
    strategy_id: StrategyId, caller: Reader, services: ServicesDep, page: PageDep
) -> VersionRolloutPage:
    """Those to your bots, newest first."""
    async with services.reading(caller) as session:
        await service.get(session, strategy_id)
        found = await rollouts.list_(session, strategy_id, limit=page.limit, after=page.after)
    return VersionRolloutPage(items=[rollout_body(one) for one in found.items], next=found.next)


@router.get(
    "/strategies/rollouts/{rollout_id}",
    operation_id="getStrategyRollout",
    summary="One roll-out of a strategy",
    responses=problems(*READ_ERRORS),
)
async def get_rollout(rollout_id: RolloutId, caller: Reader, services: ServicesDep) -> VersionRolloutResponse:
    """How far it has come, and why it stopped."""
    async with services.reading(caller) as session:
        return rollout_body(await rollouts.get(session, rollout_id))


@router.post(
    "/strategies/rollouts/{rollout_id}/abort",
    operation_id="abortStrategyRollout",
    summary="Abort a roll-out of a strategy",
    status_code=202,
    responses=problems(*READ_ERRORS, ErrorCode.CONFLICT),
)
async def abort_rollout(rollout_id: RolloutId, caller: Trader, services: ServicesDep) -> VersionRolloutResponse:
    """The bot under way goes back; those that are done keep the new version, the others the old one."""
    async with services.writing(caller) as session:
        answer = rollout_body(await rollouts.abort(session, rollout_id, by(caller)))
    await _hint(services)
    return answer


async def _hint(services: Services) -> None:
    """Wakes the reconciler; it would look by itself within a second."""
    await services.bus.publish("hints", "reconcile", {})
