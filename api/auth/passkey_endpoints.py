"""Passkeys: signing in with one, and one's own."""

import secrets
from typing import Any

from fastapi import APIRouter, Response

from api.addresses import site
from api.auth import proving
from api.auth.access import PUBLIC, Self, SelfSteppedUp
from api.auth.challenges import SECONDS
from api.auth.factor_schemas import (
    NewPasskeyResponse,
    PasskeyChange,
    PasskeyRegistration,
    PasskeyResponse,
    PasskeysResponse,
)
from api.auth.relying import relying_party
from api.auth.schemas import PasskeyLoginRequest, PasskeyOptionsResponse, TokenResponse
from api.auth.signing import DeskDep
from api.deps import PasskeyId
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from orchestrator.errors import ErrorCode, InvalidSpec, Unauthenticated
from orchestrator.users import passkeys, second_factors, service
from orchestrator.users.factor_models import PasskeyModel

router = APIRouter(prefix="/auth", tags=["auth"], route_class=ExactRoute)
_BODY_ERRORS = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
_OWN = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED)
_PROVED = (*_OWN, ErrorCode.STEP_UP_REQUIRED)
_SIGN_IN = "passkey-sign-in"
_REGISTER = "passkey-register"
_CEREMONY_BYTES = 32


@router.post(
    "/login/passkey/options",
    operation_id="getPasskeySignInOptions",
    summary="Begin to sign in with a passkey",
    dependencies=[PUBLIC],
    responses=problems(ErrorCode.CONFLICT, ErrorCode.REDIS_UNAVAILABLE),
)
async def sign_in_options(desk: DeskDep) -> PasskeyOptionsResponse:
    """What to give to `navigator.credentials.get`, which offers the passkeys that it has: no user name is needed."""
    party = relying_party(desk.request, desk.settings)
    ceremony = secrets.token_bytes(_CEREMONY_BYTES)
    challenge = await desk.auth.challenges.issue(_SIGN_IN, desk.address, ceremony=ceremony.hex())
    options = passkeys.authentication_options(party, ceremony)
    return PasskeyOptionsResponse(challenge=challenge, expires_in=SECONDS, options=options)


@router.post(
    "/login/passkey",
    operation_id="signInWithPasskey",
    summary="Sign in with a passkey",
    dependencies=[PUBLIC],
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.CONFLICT, ErrorCode.REDIS_UNAVAILABLE, *_BODY_ERRORS),
)
async def sign_in(body: PasskeyLoginRequest, desk: DeskDep, response: Response) -> TokenResponse:
    """Answers as a sign-in with a password does. A passkey is a second factor in itself: none is asked for."""
    party = relying_party(desk.request, desk.settings)
    told = await desk.auth.challenges.take(body.challenge, _SIGN_IN)
    if told is None:
        raise Unauthenticated("The challenge is unknown, used or expired; get another one.")
    ceremony = bytes.fromhex(told["ceremony"])
    async with desk.services.database.unit_of_work() as session:
        user = await passkeys.authenticate(session, party, ceremony, body.passkey.told)
        issued = None if user is None else await desk.start(session, user, "passkey")
    if issued is None:
        await desk.note_refusal("passkey", f"\0passkey {site(desk.address)}")
        raise Unauthenticated(proving.WRONG_PASSKEY)
    return desk.answer(issued, response)


@router.get("/passkeys", operation_id="listPasskeys", summary="Your passkeys", responses=problems(*_OWN))
async def list_passkeys(caller: Self, desk: DeskDep) -> PasskeysResponse:
    """Oldest first."""
    async with desk.services.database.read() as session:
        found = await passkeys.list_(session, caller.user_id)
    return PasskeysResponse(items=[_body(one) for one in found])


@router.post(
    "/passkeys/options",
    operation_id="getPasskeyOptions",
    summary="Begin to register a passkey",
    responses=problems(*_PROVED, ErrorCode.CONFLICT, ErrorCode.REDIS_UNAVAILABLE),
)
async def options(caller: SelfSteppedUp, desk: DeskDep) -> PasskeyOptionsResponse:
    """What to give to `navigator.credentials.create`."""
    party = relying_party(desk.request, desk.settings)
    ceremony = secrets.token_bytes(_CEREMONY_BYTES)
    async with desk.services.database.read() as session:
        user = await service.get(session, caller.user_id)
        present = await passkeys.list_(session, caller.user_id)
    told: dict[str, Any] = {"session": caller.session_id, "ceremony": ceremony.hex()}
    challenge = await desk.auth.challenges.issue(_REGISTER, caller.user_id, **told)
    asked = passkeys.registration_options(party, user, ceremony, present)
    return PasskeyOptionsResponse(challenge=challenge, expires_in=SECONDS, options=asked)


@router.post(
    "/passkeys",
    operation_id="registerPasskey",
    summary="Register a passkey",
    status_code=201,
    responses=problems(*_PROVED, ErrorCode.CONFLICT, ErrorCode.REDIS_UNAVAILABLE, *_BODY_ERRORS),
)
async def register(body: PasskeyRegistration, caller: SelfSteppedUp, desk: DeskDep) -> NewPasskeyResponse:
    """It signs in by itself from now on, and is a second factor: your password alone does not do any more."""
    party = relying_party(desk.request, desk.settings)
    told = await desk.auth.challenges.take(body.challenge, _REGISTER)
    if told is None or told["session"] != caller.session_id:
        raise InvalidSpec("The challenge is unknown, used or expired; get another one.", field="challenge")
    ceremony = bytes.fromhex(told["ceremony"])
    async with desk.services.database.unit_of_work() as session:
        made = await passkeys.register(session, party, caller.user_id, ceremony, body.name, body.passkey.told)
        codes = await second_factors.codes_for_first(session, caller.user_id)
    return NewPasskeyResponse(passkey=_body(made), recovery_codes=codes)


@router.patch(
    "/passkeys/{passkey_id}",
    operation_id="renamePasskey",
    summary="Rename a passkey",
    responses=problems(*_OWN, ErrorCode.NOT_FOUND, *_BODY_ERRORS),
)
async def rename(passkey_id: PasskeyId, body: PasskeyChange, caller: Self, desk: DeskDep) -> PasskeyResponse:
    """For you alone; the device keeps its own name for it."""
    async with desk.services.database.unit_of_work() as session:
        return _body(await passkeys.rename(session, caller.user_id, passkey_id, body.name))


@router.delete(
    "/passkeys/{passkey_id}",
    operation_id="removePasskey",
    summary="Remove a passkey",
    status_code=204,
    responses=problems(*_PROVED, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
)
async def remove(passkey_id: PasskeyId, caller: SelfSteppedUp, desk: DeskDep) -> Response:
    """It signs nobody in any more; remove it from its device, too. Recovery codes go with the last second factor."""
    async with desk.services.database.unit_of_work() as session:
        await passkeys.remove(session, caller.user_id, passkey_id)
        await second_factors.check_way_in_is_left(session, caller.user_id)
        await second_factors.drop_idle_codes(session, caller.user_id)
    return Response(status_code=204)


def _body(row: PasskeyModel) -> PasskeyResponse:
    return PasskeyResponse(
        id=row.id,
        name=row.name,
        backed_up=row.backed_up,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
