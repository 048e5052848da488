"""One's own profile. Reading it is part of signing in (`api.auth`)."""

from fastapi import APIRouter

from api.auth.access import Reader, Self
from api.auth.schemas import MeResponse, me_body
from api.deps import ServicesDep
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from api.users.schemas import ProfileChange, QuotasResponse, quotas_body
from orchestrator.bots import quotas
from orchestrator.users import service

router = APIRouter(prefix="/auth", tags=["auth"], route_class=ExactRoute)


@router.patch(
    "/me",
    operation_id="updateMe",
    summary="Change your profile",
    responses=problems(EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE),
)
async def update_me(body: ProfileChange, caller: Self, services: ServicesDep) -> MeResponse:
    """Where the history of the portfolio is in another currency than the one that is set, it begins anew."""
    wanted = {key: value for key, value in body.model_dump(exclude_unset=True).items() if value is not None}
    async with services.writing(caller) as session:
        user = await service.change_profile(session, caller.user_id, wanted)
    return me_body(user)


@router.get("/me/quotas", operation_id="getMyQuotas", summary="Your quotas", responses=problems())
async def my_quotas(caller: Reader, services: ServicesDep) -> QuotasResponse:
    """How many bots and how much memory you may have, and have; administrators say."""
    async with services.reading(caller) as session:
        return quotas_body(await quotas.get(session, caller.user_id, services.pool_policy.quota))
