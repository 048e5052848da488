"""Start, stop, pause, resume, restart: other words for what a bot shall do."""

from fastapi import APIRouter, Response

from api.auth.access import BotOperator
from api.auth.subject import Subject
from api.bots.endpoints import BODY_ERRORS, CHANGE_ERRORS, OpenTradesQuery, chosen
from api.bots.schemas import BotResponse, OpenTradesChoice, StopRequest
from api.bots.telling import answer
from api.deps import BotId, ExpectedVersion, Services, ServicesDep
from api.errors import problems
from api.routing import ExactRoute
from orchestrator.audit.service import By
from orchestrator.bots import service
from orchestrator.bots.service import BotView, Desired
from orchestrator.errors import ErrorCode
from pool.contract.slots import ObservedState

_GIVEN_UP = (ObservedState.FAILED, ObservedState.QUARANTINED)
"""States that a bot leaves only when somebody asks for it."""

router = APIRouter(prefix="/bots/{bot_id}", tags=["bots"], route_class=ExactRoute)
_RESPONSES = problems(*CHANGE_ERRORS, ErrorCode.QUOTA_EXCEEDED)


@router.post("/start", operation_id="startBot", summary="Start a bot", status_code=202, responses=_RESPONSES)
async def start(
    bot_id: BotId, caller: BotOperator, services: ServicesDep, response: Response, version: ExpectedVersion
) -> BotResponse:
    """Wants it running. Already so: nothing changes, but a bot that failed or is in quarantine gets a fresh process."""
    return await _want(services, response, caller, bot_id, "running", "keep", version)


@router.post("/resume", operation_id="resumeBot", summary="Resume a bot", status_code=202, responses=_RESPONSES)
async def resume(
    bot_id: BotId, caller: BotOperator, services: ServicesDep, response: Response, version: ExpectedVersion
) -> BotResponse:
    """Wants it to open trades again."""
    return await _want(services, response, caller, bot_id, "running", "keep", version)


@router.post("/pause", operation_id="pauseBot", summary="Pause a bot", status_code=202, responses=_RESPONSES)
async def pause(
    bot_id: BotId, caller: BotOperator, services: ServicesDep, response: Response, version: ExpectedVersion
) -> BotResponse:
    """Wants no new trades; open ones stay managed."""
    return await _want(services, response, caller, bot_id, "paused", "keep", version)


@router.post(
    "/stop",
    operation_id="stopBot",
    summary="Stop a bot",
    status_code=202,
    responses=problems(*CHANGE_ERRORS, *BODY_ERRORS),
)
async def stop(
    bot_id: BotId,
    caller: BotOperator,
    services: ServicesDep,
    response: Response,
    version: ExpectedVersion,
    open_trades: OpenTradesQuery = None,
    body: StopRequest | None = None,
) -> BotResponse:
    """Wants no process. `open_trades` may stand in the query or in the body; the query wins."""
    choice = chosen(open_trades, body)
    return await _want(services, response, caller, bot_id, "stopped", choice, version)


@router.post(
    "/restart",
    operation_id="restartBot",
    summary="Restart a bot",
    status_code=202,
    responses=problems(*CHANGE_ERRORS, ErrorCode.BOT_NOT_RUNNING),
)
async def restart(
    bot_id: BotId, caller: BotOperator, services: ServicesDep, response: Response, version: ExpectedVersion
) -> BotResponse:
    """Wants a fresh process; leaves quarantine too."""
    async with services.writing(caller) as session:
        view = await service.restart(session, None, bot_id, version, by=By(caller.user_id))
    return await _answer(services, response, caller, view)


async def _want(
    services: Services,
    response: Response,
    caller: Subject,
    bot_id: BotId,
    desired: Desired,
    open_trades: OpenTradesChoice,
    version: int | None,
) -> BotResponse:
    by = By(caller.user_id)
    async with services.writing(caller) as session:
        view = await service.set_desired(
            session, None, bot_id, desired, open_trades, version, by=by, quota=services.pool_policy.quota
        )
        if desired == "running" and view.status.observed_state in _GIVEN_UP:
            view = await service.restart(session, None, bot_id, by=by)
    return await _answer(services, response, caller, view)


async def _answer(services: Services, response: Response, caller: Subject, view: BotView) -> BotResponse:
    await services.bus.publish("hints", "reconcile", {"bot_id": view.bot.id})
    return await answer(services, caller, view, response)
