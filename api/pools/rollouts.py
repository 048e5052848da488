"""Roll-outs of a new image, pool by pool; for administrators."""

from fastapi import APIRouter

from api.auth.access import Admin
from api.deps import PageDep, RolloutId, ServicesDep
from api.errors import problems
from api.pools.acts import BODY_ERRORS, by, hint
from api.pools.bodies import rollout_body
from api.pools.endpoints import ADMIN_ERRORS
from api.pools.schemas import Act, RolloutCreate, RolloutPage, RolloutResponse
from api.routing import ExactRoute
from orchestrator.errors import ErrorCode
from orchestrator.pools import rollouts
from orchestrator.pools.rollout_facts import ABORT, ROLL_BACK

router = APIRouter(prefix="/rollouts", tags=["pools"], route_class=ExactRoute)

_ACT_ERRORS = (*ADMIN_ERRORS, *BODY_ERRORS, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT)


@router.post(
    "",
    operation_id="startRollout",
    summary="Roll an image out",
    status_code=202,
    responses=problems(*ADMIN_ERRORS, *BODY_ERRORS, ErrorCode.CONFLICT),
)
async def start_rollout(body: RolloutCreate, admin: Admin, services: ServicesDep) -> RolloutResponse:
    """Replaces pools one after another: a new one is made, one bot is moved and looked at, then the others, then the
    old pool is removed. The first bot that ran before and does not run any more goes back, and everything stops. A bot
    that cannot be moved for a reason of its own stays, and its old pool with it."""
    if body.image is not None:
        await services.check_image(body.image)
    async with services.writing(admin) as session:
        answer = rollout_body(await rollouts.start(session, by(admin, body), body.image, body.pools))
    await hint(services)
    return answer


@router.get("", operation_id="listRollouts", summary="List roll-outs", responses=problems(*ADMIN_ERRORS))
async def list_rollouts(admin: Admin, services: ServicesDep, page: PageDep) -> RolloutPage:
    """Newest first."""
    async with services.reading(admin) as session:
        found = await rollouts.list_(session, limit=page.limit, after=page.after)
    return RolloutPage(items=[rollout_body(one) for one in found.items], next=found.next)


@router.get(
    "/{rollout_id}",
    operation_id="getRollout",
    summary="One roll-out",
    responses=problems(*ADMIN_ERRORS, ErrorCode.NOT_FOUND),
)
async def get_rollout(rollout_id: RolloutId, admin: Admin, services: ServicesDep) -> RolloutResponse:
    """How far it has come, and why it stopped."""
    async with services.reading(admin) as session:
        return rollout_body(await rollouts.get(session, rollout_id))


@router.post(
    "/{rollout_id}/abort",
    operation_id="abortRollout",
    summary="Abort a roll-out",
    status_code=202,
    responses=problems(*_ACT_ERRORS),
)
async def abort_rollout(
    rollout_id: RolloutId, admin: Admin, services: ServicesDep, body: Act | None = None
) -> RolloutResponse:
    """Moves no further bot; the one that is under way goes back. What was moved before stays where it is."""
    return await _wish(services, admin, rollout_id, ABORT, body)


@router.post(
    "/{rollout_id}/rollback",
    operation_id="rollBackRollout",
    summary="Roll back",
    status_code=202,
    responses=problems(*_ACT_ERRORS),
)
async def roll_back_rollout(
    rollout_id: RolloutId, admin: Admin, services: ServicesDep, body: Act | None = None
) -> RolloutResponse:
    """Moves every bot back, into a new pool of the former image where the old one is gone."""
    return await _wish(services, admin, rollout_id, ROLL_BACK, body)


async def _wish(
    services: ServicesDep, admin: Admin, rollout_id: RolloutId, what: str, body: Act | None
) -> RolloutResponse:
    async with services.writing(admin) as session:
        answer = rollout_body(await rollouts.wish(session, by(admin, body), rollout_id, what))
    await hint(services)
    return answer
