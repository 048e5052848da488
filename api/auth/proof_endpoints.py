"""Proving again who one is, one's own password, and which ways of signing in there are."""

import secrets
from typing import Any

from fastapi import APIRouter, Response

from api.auth import proving
from api.auth.access import PUBLIC, STEP_UP, SelfAtFirst, as_proved, check_proof
from api.auth.challenges import SECONDS
from api.auth.relying import find_relying_party, relying_party
from api.auth.schemas import (
    MethodsResponse,
    PasskeyOptionsResponse,
    PasswordChange,
    ProviderResponse,
    StepUpRequest,
    StepUpResponse,
)
from api.auth.signing import Desk, DeskDep
from api.auth.subject import Subject
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from orchestrator.audit import service as audit
from orchestrator.errors import ErrorCode, InvalidSpec
from orchestrator.users import repository, second_factors, service, sessions
from orchestrator.users.models import UserModel
from orchestrator.users.passkeys import authentication_options, list_

router = APIRouter(prefix="/auth", tags=["auth"], route_class=ExactRoute)
_BODY_ERRORS = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
_OWN = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED)
_PURPOSE = "passkey-step-up"
_CEREMONY_BYTES = 32
_WRONG = "The password is wrong; check it and try again."


@router.get(
    "/methods",
    operation_id="listSignInMethods",
    summary="Ways to sign in",
    dependencies=[PUBLIC],
    responses=problems(),
)
async def list_methods(desk: DeskDep) -> MethodsResponse:
    """What a sign-in page should offer."""
    async with desk.services.database.read() as session:
        first_run = await service.is_first_run(session)
    return MethodsResponse(
        password=True,
        passkey=find_relying_party(desk.request, desk.settings) is not None,
        oidc=[ProviderResponse(id=one.id, label=one.shown) for one in desk.settings.oidc],
        first_run=first_run,
    )


@router.post(
    "/step-up",
    operation_id="stepUp",
    summary="Prove again who you are",
    responses=problems(*_OWN, ErrorCode.REDIS_UNAVAILABLE, *_BODY_ERRORS),
)
async def step_up(body: StepUpRequest, caller: SelfAtFirst, desk: DeskDep) -> StepUpResponse:
    """For what answers `step_up_required`. The password does, with a code where the account has a second factor; so
    does a passkey alone. Users who sign in with a provider may go there again instead
    (`POST /api/v1/auth/oidc/{provider}/step-up`)."""
    async with desk.services.database.read() as session:
        user = await service.get(session, caller.user_id)
    method = await _prove_by_passkey(desk, caller, body) if body.passkey else await _prove(desk, user, body)
    assert caller.session_id is not None
    async with desk.services.database.unit_of_work() as session:
        proved_at = await sessions.prove(session, caller.session_id)
        told = {"session": caller.session_id, "method": method}
        audit.record(session, caller.user_id, "session.prove", audit.user(caller.user_id), after=told)
    desk.auth.principals.forget(caller.session_id)
    return StepUpResponse(proved_at=proved_at, expires_in=int(STEP_UP.total_seconds()))


@router.post(
    "/step-up/options",
    operation_id="getStepUpOptions",
    summary="Ask one of your passkeys",
    responses=problems(*_OWN, ErrorCode.CONFLICT, ErrorCode.REDIS_UNAVAILABLE),
)
async def step_up_options(caller: SelfAtFirst, desk: DeskDep) -> PasskeyOptionsResponse:
    """What to give to `navigator.credentials.get`; send the answer to `/api/v1/auth/step-up`."""
    party = relying_party(desk.request, desk.settings)
    ceremony = secrets.token_bytes(_CEREMONY_BYTES)
    async with desk.services.database.read() as session:
        present = await list_(session, caller.user_id)
    told: dict[str, Any] = {"session": caller.session_id, "ceremony": ceremony.hex()}
    challenge = await desk.auth.challenges.issue(_PURPOSE, caller.user_id, **told)
    options = authentication_options(party, ceremony, present)
    return PasskeyOptionsResponse(challenge=challenge, expires_in=SECONDS, options=options)


@router.put(
    "/password",
    operation_id="changePassword",
    summary="Change your password",
    status_code=204,
    responses=problems(*_OWN, ErrorCode.STEP_UP_REQUIRED, *_BODY_ERRORS),
)
async def change_password(body: PasswordChange, caller: SelfAtFirst, desk: DeskDep) -> Response:
    """Ends all your other sessions. An account with a second factor, and one that has no password yet, changes it right
    after its sign-in or a step-up. Whom an administrator gave a password gets no further before he has changed it."""
    async with desk.services.database.read() as session:
        user = await service.get(session, caller.user_id)
        factors = await second_factors.of(session, caller.user_id)
    if factors.wanted or not user.password_hash:
        check_proof(await as_proved(desk.request, caller))
    if user.password_hash:
        if body.current_password is None:
            raise InvalidSpec("Send the password that counts now, too.", field="current_password")
        await _check_password(desk, user, body.current_password, "current_password")
        if body.new_password == body.current_password:
            raise InvalidSpec("This is your password already; choose another one.", field="new_password")
    await desk.auth.passwords.check_new(body.new_password, user.username, field="new_password")
    hashed = await desk.auth.passwords.hash(body.new_password)
    async with desk.services.database.unit_of_work() as session:
        locked = await repository.find_by_id(session, user.id, lock=True)
        if locked is None or locked.password_hash != user.password_hash:
            raise InvalidSpec(_WRONG, field="current_password")
        locked.password_hash, locked.password_given, locked.password_generated = hashed, False, False
        session.add(locked)
        ended = await sessions.end_all(session, user.id, "password changed", but=caller.session_id)
        told = {"sessions_ended": len(ended)}
        audit.record(session, user.id, "user.set_password", audit.user(user.id), after=told)
    desk.auth.principals.forget_user(user.id)
    return Response(status_code=204)


async def _prove(desk: Desk, user: UserModel, body: StepUpRequest) -> str:
    """By password and second factor, as far as the account has them; what it was."""
    async with desk.services.database.read() as session:
        factors = await second_factors.of(session, user.id)
    if user.password_hash:
        if body.password is None:
            raise InvalidSpec("Send your password, too.", field="password")
        await _check_password(desk, user, body.password, "password")
        if not factors.wanted:
            return "password"
    if body.given == 0:
        raise InvalidSpec(
            "Your account has a second factor: send a code of it, too, or a passkey instead."
            if factors.wanted
            else "Your account has no password: sign in again with your provider, and try again.",
            field="code",
        )
    return await proving.judge(desk, user.id, body, None)


async def _prove_by_passkey(desk: Desk, caller: Subject, body: StepUpRequest) -> str:
    told = await desk.auth.challenges.take(body.challenge or "", _PURPOSE)
    if told is None or told["session"] != caller.session_id:
        raise InvalidSpec("The challenge is unknown, used or expired; get another one.", field="challenge")
    return await proving.judge(desk, caller.user_id, body, bytes.fromhex(told["ceremony"]))


async def _check_password(desk: Desk, user: UserModel, password: str, field: str) -> None:
    """Counted as sign-ins are. Raises InvalidSpec, TooManyRequests."""
    await desk.auth.throttle.begin(desk.address, user.username)
    async with desk.services.database.read() as session:
        familiar = await sessions.addresses(session, user.id)
    await desk.auth.elsewhere.begin(desk.address, user.username, familiar)
    if not await desk.auth.passwords.matches(password, user.password_hash):
        async with desk.services.database.unit_of_work() as session:
            told = {"address": desk.address}
            audit.record(session, audit.SYSTEM, "step_up.refused", audit.user(user.id), after=told)
        raise InvalidSpec(_WRONG, field=field)
    await desk.auth.throttle.succeeded(desk.address, user.username)
