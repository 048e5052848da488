"""Users, for administrators: who there is, what each is and may have, and who is let in no more."""

import secrets
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth.access import Admin, AdminSteppedUp
from api.auth.state import AuthDep
from api.deps import PageDep, ServicesDep, Text, UserId
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from api.users.schemas import (
    DeactivatedResponse,
    PasswordReset,
    PasswordResetResponse,
    QuotasChange,
    QuotasResponse,
    UserChange,
    UserCreate,
    UserDeactivate,
    UserMadeResponse,
    UserOverview,
    UserPage,
    UserReactivate,
    UserResponse,
    overview_body,
    quotas_body,
    user_body,
)
from orchestrator.audit.service import By
from orchestrator.bots import quotas
from orchestrator.bots import repository as bots
from orchestrator.errors import ErrorCode
from orchestrator.risk import halts
from orchestrator.risk import service as risk
from orchestrator.risk.halts import Bond, Target
from orchestrator.risk.service import Person
from orchestrator.users import service, standing
from orchestrator.users.models import UserModel
from pool.contract.risk import Mode

router = APIRouter(prefix="/users", tags=["users"], route_class=ExactRoute)

_ERRORS = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, ErrorCode.NOT_FOUND)
_BODY_ERRORS = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
_CHANGE = problems(*_ERRORS, ErrorCode.CONFLICT, *_BODY_ERRORS)
_FIRST_PASSWORD_BYTES = 15


@router.get("", operation_id="listUsers", summary="List users", responses=problems())
async def list_users(
    admin: Admin,
    services: ServicesDep,
    page: PageDep,
    search: Annotated[
        str, Query(max_length=64, pattern=Text, description="Only those with this in their names.", examples=["ann"])
    ] = "",
) -> UserPage:
    """Users, deactivated ones included, in the order of their names."""
    async with services.reading(admin) as session:
        found = await service.list_(session, limit=page.limit, after=page.after, search=search)
        items = await _overviews(session, found.items)
    return UserPage(items=items, next=found.next)


@router.post(
    "",
    operation_id="createUser",
    summary="Create a user",
    status_code=201,
    responses=problems(ErrorCode.CONFLICT, *_BODY_ERRORS),
)
async def create_user(
    body: UserCreate, admin: AdminSteppedUp, services: ServicesDep, auth: AuthDep
) -> UserMadeResponse:
    """Makes a user with a first password, which is told this once, and which he must change before anything else.
    Better is an invitation: then nobody but the user ever knows his password."""
    service.check_name(body.username)
    password = secrets.token_urlsafe(_FIRST_PASSWORD_BYTES)
    password_hash = await auth.passwords.hash(password)
    async with services.writing(admin) as session:
        by = By(admin.user_id, body.reason)
        user = await service.create(
            session,
            by,
            body.username,
            body.role,
            password_hash,
            password_given=True,
            may_trade_live=body.may_trade_live,
        )
    return UserMadeResponse(user=user_body(user), password=password)


@router.get("/{user_id}", operation_id="getUser", summary="One user", responses=problems(*_ERRORS))
async def get_user(user_id: UserId, admin: Admin, services: ServicesDep) -> UserOverview:
    """By id or name."""
    async with services.reading(admin) as session:
        (found,) = await _overviews(session, [await service.find(session, user_id)])
    return found


@router.patch("/{user_id}", operation_id="updateUser", summary="Change a user", responses=_CHANGE)
async def update_user(
    user_id: UserId, body: UserChange, admin: AdminSteppedUp, services: ServicesDep, auth: AuthDep
) -> UserResponse:
    """Counts at once, also for what he has open: streams end, and come back as far as he still may. Live bots of
    who may no more trade live open nothing more; their exits go on. The last active administrator stays one."""
    told = body.model_dump(include={"role", "may_trade_live"}, exclude_unset=True)
    wanted = {key: value for key, value in told.items() if value is not None}
    async with services.writing(admin) as session:
        user = await service.change(session, By(admin.user_id, body.reason), user_id, wanted)
    auth.principals.forget_user(user.id)
    return user_body(user)


@router.post("/{user_id}/deactivate", operation_id="deactivateUser", summary="Let a user in no more", responses=_CHANGE)
async def deactivate_user(
    user_id: UserId, body: UserDeactivate, admin: AdminSteppedUp, services: ServicesDep, auth: AuthDep
) -> DeactivatedResponse:
    """Ends his sessions, his API tokens and, within a second, what he has open. His live bots order nothing new until
    he is let in again, and exit under their rules as before; an entry that rests at the exchange may still fill. Dry
    ones go on, unless `halt` is set: then none opens anything until somebody releases them. The last active
    administrator stays."""
    async with services.writing(admin) as session:
        done = await service.deactivate(session, By(admin.user_id, body.reason), user_id)
        trading = await bots.count_running(session, done.user.id)
        if body.halt:
            person, target = Person(admin.user_id, admin=True), Target("user", done.user.id)
            await risk.halt(session, person, target, Bond(Mode.HALTED), body.reason)
    auth.principals.forget_user(done.user.id)
    if body.halt:
        await services.bus.publish(halts.TOPIC, "changed", {})
    return DeactivatedResponse(
        user=user_body(done.user), sessions_ended=len(done.session_ids), bots_trading=trading, halted=body.halt
    )


@router.post("/{user_id}/reactivate", operation_id="reactivateUser", summary="Let a user in again", responses=_CHANGE)
async def reactivate_user(
    user_id: UserId, body: UserReactivate, admin: AdminSteppedUp, services: ServicesDep
) -> UserResponse:
    """He signs in as before; sessions and API tokens of before stay ended."""
    async with services.writing(admin) as session:
        return user_body(await service.reactivate(session, By(admin.user_id, body.reason), user_id))


@router.post(
    "/{user_id}/password", operation_id="resetUserPassword", summary="Give a user another password", responses=_CHANGE
)
async def reset_password(
    user_id: UserId, body: PasswordReset, admin: AdminSteppedUp, services: ServicesDep, auth: AuthDep
) -> PasswordResetResponse:
    """For somebody who lost his: it is told this once, ends his sessions, and must be changed before anything else.
    Second factors stay, and are asked for; so do API tokens."""
    password = secrets.token_urlsafe(_FIRST_PASSWORD_BYTES)
    password_hash = await auth.passwords.hash(password)
    async with services.writing(admin) as session:
        done = await service.reset_password(session, By(admin.user_id, body.reason), user_id, password_hash)
    auth.principals.forget_user(done.user.id)
    return PasswordResetResponse(password=password, sessions_ended=len(done.session_ids))


@router.get("/{user_id}/quotas", operation_id="getUserQuotas", summary="A user's quotas", responses=problems(*_ERRORS))
async def get_quotas(user_id: UserId, admin: Admin, services: ServicesDep) -> QuotasResponse:
    """How many bots and how much memory he may have, and has."""
    async with services.reading(admin) as session:
        return quotas_body(await quotas.get(session, user_id, services.pool_policy.quota))


@router.patch(
    "/{user_id}/quotas",
    operation_id="updateUserQuotas",
    summary="Change a user's quotas",
    responses=problems(*_ERRORS, *_BODY_ERRORS),
)
async def update_quotas(
    user_id: UserId, body: QuotasChange, admin: AdminSteppedUp, services: ServicesDep
) -> QuotasResponse:
    """Counts for what he makes and starts from now on; nothing that he has is stopped."""
    wanted = body.model_dump(include={"max_bots", "max_memory_bytes"}, exclude_unset=True)
    async with services.writing(admin) as session:
        by = By(admin.user_id, body.reason)
        return quotas_body(await quotas.change(session, by, user_id, wanted, services.pool_policy.quota))


async def _overviews(session: AsyncSession, users: Sequence[UserModel]) -> list[UserOverview]:
    ids = [user.id for user in users]
    standings, counted = await standing.of(session, ids), await quotas.counts(session, ids)
    return [overview_body(user, standings[user.id], counted.get(user.id, 0)) for user in users]
