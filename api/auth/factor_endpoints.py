"""Second factors of one's own: an authenticator app and recovery codes; and their reset by an administrator."""

from fastapi import APIRouter, Response

from api.auth.access import AdminSteppedUp, Self, SelfSteppedUp
from api.auth.factor_schemas import (
    FactorsReset,
    FactorsResponse,
    NewFactorResponse,
    RecoveryCodesResponse,
    TotpConfirmation,
    TotpResponse,
)
from api.auth.signing import DeskDep
from api.deps import UserId
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from orchestrator.audit.service import By
from orchestrator.errors import Conflict, ErrorCode, NotFound
from orchestrator.users import recovery, second_factors, service, totp

router = APIRouter(tags=["auth"], route_class=ExactRoute)
_BODY_ERRORS = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
_OWN = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED)
_PROVED = (*_OWN, ErrorCode.STEP_UP_REQUIRED)


@router.get("/auth/factors", operation_id="getFactors", summary="Your second factors", responses=problems(*_OWN))
async def get_factors(caller: Self, desk: DeskDep) -> FactorsResponse:
    """What you can prove with who you are."""
    async with desk.services.database.read() as session:
        user = await service.get(session, caller.user_id)
        factors = await second_factors.of(session, caller.user_id)
    return FactorsResponse(
        password=bool(user.password_hash),
        totp_since=factors.totp_since,
        passkeys=len(factors.passkeys),
        recovery_codes_left=factors.recovery_codes_left,
    )


@router.post(
    "/auth/totp",
    operation_id="addTotp",
    summary="Add an authenticator app",
    status_code=201,
    responses=problems(*_PROVED, ErrorCode.CONFLICT),
)
async def add_totp(caller: SelfSteppedUp, desk: DeskDep) -> TotpResponse:
    """A secret for the app, shown once. It counts once a code of it was confirmed."""
    async with desk.services.database.unit_of_work() as session:
        user = await service.get(session, caller.user_id)
        made = await totp.enrol(session, desk.keyring, user)
    return TotpResponse(secret=made.secret, uri=made.uri, qr_svg=made.svg)


@router.post(
    "/auth/totp/confirm",
    operation_id="confirmTotp",
    summary="Confirm an authenticator app",
    responses=problems(*_PROVED, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT, *_BODY_ERRORS),
)
async def confirm_totp(body: TotpConfirmation, caller: SelfSteppedUp, desk: DeskDep) -> NewFactorResponse:
    """From here on a sign-in with your password wants a code, too. Keep the recovery codes apart from the app."""
    async with desk.services.database.unit_of_work() as session:
        await totp.confirm(session, desk.keyring, caller.user_id, body.code)
        codes = await second_factors.codes_for_first(session, caller.user_id)
    return NewFactorResponse(recovery_codes=codes)


@router.delete(
    "/auth/totp",
    operation_id="removeTotp",
    summary="Remove the authenticator app",
    status_code=204,
    responses=problems(*_PROVED, ErrorCode.NOT_FOUND),
)
async def remove_totp(caller: SelfSteppedUp, desk: DeskDep) -> Response:
    """Recovery codes go with the last second factor."""
    async with desk.services.database.unit_of_work() as session:
        if not await totp.remove(session, caller.user_id, caller.user_id):
            raise NotFound("There is no authenticator app to remove.", field="totp")
        await second_factors.drop_idle_codes(session, caller.user_id)
    return Response(status_code=204)


@router.post(
    "/auth/recovery-codes",
    operation_id="makeRecoveryCodes",
    summary="Make new recovery codes",
    status_code=201,
    responses=problems(*_PROVED, ErrorCode.CONFLICT),
)
async def make_recovery_codes(caller: SelfSteppedUp, desk: DeskDep) -> RecoveryCodesResponse:
    """Ten, each good once; those before are good no more."""
    async with desk.services.database.unit_of_work() as session:
        if not (await second_factors.of(session, caller.user_id)).wanted:
            raise Conflict("Recovery codes are for accounts with a second factor; add one first.")
        codes = await recovery.make(session, caller.user_id)
    return RecoveryCodesResponse(recovery_codes=codes)


@router.post(
    "/users/{user_id}/factors/reset",
    operation_id="resetUserFactors",
    summary="Take a user's second factors from him",
    status_code=204,
    tags=["users"],
    responses=problems(*_PROVED, ErrorCode.NOT_FOUND, *_BODY_ERRORS),
)
async def reset_factors(user_id: UserId, body: FactorsReset, admin: AdminSteppedUp, desk: DeskDep) -> Response:
    """For somebody who lost them, and whom you know: app, passkeys and recovery codes are gone, his sessions end, and
    his password alone signs him in."""
    async with desk.services.writing(admin) as session:
        user, _ = await second_factors.reset(session, By(admin.user_id, body.reason), user_id)
    desk.auth.principals.forget_user(user.id)
    return Response(status_code=204)
