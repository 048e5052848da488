"""Moving bots between pools; for administrators."""

from fastapi import APIRouter

from api.auth.access import Admin
from api.deps import BotId, ServicesDep
from api.errors import problems
from api.pools.acts import BODY_ERRORS, by, hint
from api.pools.bodies import move_body
from api.pools.endpoints import ADMIN_ERRORS
from api.pools.schemas import Act, MoveRequest, MoveResponse
from api.routing import ExactRoute
from orchestrator.errors import ErrorCode, InvalidSpec
from orchestrator.pools import steering

router = APIRouter(tags=["pools"], route_class=ExactRoute)


@router.post(
    "/bots/{bot_id}/move",
    operation_id="moveBot",
    summary="Move a bot",
    status_code=202,
    responses=problems(*ADMIN_ERRORS, *BODY_ERRORS, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT, ErrorCode.NO_CAPACITY),
)
async def move_bot(bot_id: BotId, admin: Admin, services: ServicesDep, body: MoveRequest | None = None) -> MoveResponse:
    """Stops it, moves its directory, starts it in the other pool; it keeps its trades, and never runs twice. Without
    `pool_id` it goes where a new bot would be placed."""
    async with services.writing(admin) as session:
        target = body.pool_id if body else None
        try:
            move = await steering.move(session, by(admin, body), bot_id, target, services.pool_policy)
        except InvalidSpec as error:
            raise InvalidSpec(error.message, **{**error.params, "field": "pool_id"}) from None
        answer = move_body(move)
    await hint(services, bot_id)
    return answer


@router.delete(
    "/moves/{bot_id}",
    operation_id="abandonMove",
    summary="Abandon a move",
    status_code=204,
    responses=problems(*ADMIN_ERRORS, *BODY_ERRORS, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
)
async def abandon_move(bot_id: BotId, admin: Admin, services: ServicesDep, body: Act | None = None) -> None:
    """The bot stays where it is. Refused once it belongs to the other pool."""
    async with services.writing(admin) as session:
        await steering.abandon(session, by(admin, body), bot_id)
    await hint(services, bot_id)
