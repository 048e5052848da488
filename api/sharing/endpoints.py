"""Shares: bots or whole portfolios that others may look at or operate.

Giving them away is for people who are signed in: an API token must not hand on what it was given.
"""

from collections.abc import Sequence

from fastapi import APIRouter, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth.access import Reader, Self
from api.auth.state import AuthDep
from api.auth.subject import Subject
from api.deps import ServicesDep, ShareId
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from api.sharing.schemas import ShareChange, ShareCreate, SharePage, ShareResponse, share_body
from orchestrator.bots import repository as bots
from orchestrator.errors import ErrorCode, InvalidSpec, NotAllowed
from orchestrator.users import sharing
from orchestrator.users.models import PORTFOLIO
from orchestrator.users.service import VIEWER
from orchestrator.users.sharing import Share, ShareLevel

router = APIRouter(prefix="/shares", tags=["sharing"], route_class=ExactRoute)

_BODY_ERRORS = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)


@router.get("", operation_id="listShares", summary="What is shared", responses=problems())
async def list_shares(caller: Reader, services: ServicesDep) -> SharePage:
    """What you share with others, and others with you, newest first."""
    async with services.reading(caller) as session:
        shares = await sharing.list_(session, caller.user_id)
        return SharePage(items=await _bodies(session, caller, shares), next=None)


@router.post(
    "",
    operation_id="createShare",
    summary="Share a bot or all of yours",
    status_code=201,
    responses=problems(ErrorCode.CONFLICT, *_BODY_ERRORS),
)
async def create_share(body: ShareCreate, caller: Self, services: ServicesDep, auth: AuthDep) -> ShareResponse:
    """Counts at once. Of a viewer's role nobody operates, whatever is shared with him. Thirty names a day may be those
    of nobody."""
    _check_level(caller, body.level)
    async with services.writing(caller) as session:
        what = await _meant(session, caller, body)
        async with auth.naming.counted(caller.user_id):
            share = await sharing.give(session, caller.user_id, body.user, what, body.level)
        return (await _bodies(session, caller, [share]))[0]


@router.patch(
    "/{share_id}",
    operation_id="updateShare",
    summary="Change a share",
    responses=problems(ErrorCode.NOT_ALLOWED, ErrorCode.NOT_FOUND, *_BODY_ERRORS),
)
async def update_share(
    share_id: ShareId, body: ShareChange, caller: Self, services: ServicesDep, auth: AuthDep
) -> ShareResponse:
    """Another level for a share that you gave; counts at once."""
    _check_level(caller, body.level)
    async with services.writing(caller) as session:
        share = await sharing.change(session, caller.user_id, share_id, body.level)
        answer = (await _bodies(session, caller, [share]))[0]
    auth.recent_bots.forget_all()
    return answer


@router.delete(
    "/{share_id}",
    operation_id="deleteShare",
    summary="Take a share away",
    status_code=204,
    responses=problems(ErrorCode.NOT_FOUND),
)
async def delete_share(share_id: ShareId, caller: Self, services: ServicesDep, auth: AuthDep) -> Response:
    """One that you gave, or that you got and do not want. Counts at once; what is open by it ends within a second."""
    async with services.writing(caller) as session:
        await sharing.remove(session, caller.user_id, share_id)
    auth.recent_bots.forget_all()
    return Response(status_code=204)


async def _meant(session: AsyncSession, caller: Subject, body: ShareCreate) -> str:
    if (body.bot_id is None) is (body.what == "bot"):
        raise InvalidSpec("bot_id goes with what: bot, and with nothing else.", field="bot_id")
    if body.bot_id is None:
        return PORTFOLIO
    if await bots.find(session, body.bot_id, caller.user_id) is None:
        raise InvalidSpec("You have no such bot; list the bots to see which you have.", field="bot_id")
    return body.bot_id


def _check_level(caller: Subject, level: ShareLevel) -> None:
    if level == "operate" and caller.role == VIEWER:
        raise NotAllowed("Your role is viewer, so nobody operates for you; share to view.", field="level")


async def _bodies(session: AsyncSession, caller: Subject, shares: Sequence[Share]) -> list[ShareResponse]:
    names = {bot_id: bot.name for bot_id, bot in (await bots.owners(session, {one.row.what for one in shares})).items()}
    return [share_body(share, caller.user_id, names) for share in shares]
