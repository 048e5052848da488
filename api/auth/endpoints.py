"""Sign-in, refresh, logout, who am I, tickets for streams."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from loguru import logger

from api.auth import proving
from api.auth.access import PUBLIC, OwnBotsReader, SelfAtFirst
from api.auth.challenges import SECONDS
from api.auth.relying import find_relying_party
from api.auth.schemas import (
    ChallengeResponse,
    LoginRequest,
    MeResponse,
    SecondFactorRequest,
    TicketRequest,
    TicketResponse,
    TokenResponse,
    Way,
    me_body,
)
from api.auth.signing import COOKIE, Desk, DeskDep
from api.auth.state import AuthDep
from api.cookies import clear_cookie, read_cookie
from api.deps import ServicesDep
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from orchestrator.audit import service as audit
from orchestrator.errors import ErrorCode, InvalidSpec, TooManyRequests, Unauthenticated
from orchestrator.users import second_factors, service, sessions
from orchestrator.users.models import UserModel
from orchestrator.users.passkeys import authentication_options
from orchestrator.users.second_factors import Factors
from orchestrator.users.sessions import PASSWORD, Issued, Refusal, Reused, hash_of

router = APIRouter(prefix="/auth", tags=["auth"], route_class=ExactRoute)
_BODY_ERRORS = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
_LONGEST = 200
_SECOND_FACTOR = "second-factor"
_CEREMONY_BYTES = 32
_TRIES = 5
_LOGGED_IN: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/json": {
                "examples": {
                    "signed_in": {
                        "summary": "Signed in",
                        "value": {
                            "access_token": "eyJhbGciOiJIUzI1NiJ9.e30.x",
                            "token_type": "bearer",
                            "expires_in": 900,
                        },
                    },
                    "second_factor": {
                        "summary": "A second factor is wanted",
                        "value": {
                            "challenge": "Zt2m3yJ0lR2m0m6tq1h8Wk3mJv9yq5nS7uF4xE1aB0c",
                            "expires_in": SECONDS,
                            "ways": ["totp", "recovery"],
                            "passkey_options": None,
                        },
                    },
                }
            }
        }
    }
}


def refresh_cookie(request: Request) -> str | None:
    """The refresh token that the browser kept; None where it has none."""
    token = read_cookie(request, COOKIE)
    return token if token is not None and len(token) <= _LONGEST else None


RefreshCookie = Annotated[str | None, Depends(refresh_cookie)]


@router.post(
    "/login",
    operation_id="login",
    summary="Sign in",
    dependencies=[PUBLIC],
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.REDIS_UNAVAILABLE, *_BODY_ERRORS) | _LOGGED_IN,
)
async def login(body: LoginRequest, desk: DeskDep, response: Response) -> TokenResponse | ChallengeResponse:
    """Answers a short-lived access token, and sets the refresh token as a cookie for `/api/v1/auth`. An account with a
    second factor is answered a challenge instead, for `/api/v1/auth/login/second-factor`."""
    await desk.auth.throttle.begin(desk.address, body.username)
    async with desk.services.database.read() as session:
        claimed = await service.claimed(session, body.username)
        familiar = await sessions.addresses(session, "" if claimed is None else claimed.id)
    await desk.auth.elsewhere.begin(desk.address, body.username, familiar)
    try:
        user = await service.authenticate(desk.auth.passwords, claimed, body.password)
    except Unauthenticated:
        await desk.note_refusal(PASSWORD, body.username, claimed)
        raise
    async with desk.services.database.read() as session:
        factors = await second_factors.of(session, user.id)
    await desk.auth.throttle.succeeded(desk.address, body.username)
    if factors.wanted:
        return await _challenge(desk, user, factors)
    async with desk.services.database.unit_of_work() as session:
        issued = await desk.start(session, user, PASSWORD)
    return desk.answer(issued, response)


@router.post(
    "/login/second-factor",
    operation_id="answerSecondFactor",
    summary="Answer the challenge of a sign-in",
    dependencies=[PUBLIC],
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.REDIS_UNAVAILABLE, *_BODY_ERRORS),
)
async def answer_second_factor(body: SecondFactorRequest, desk: DeskDep, response: Response) -> TokenResponse:
    """With a code of the authenticator app, a recovery code or a passkey. A challenge takes five wrong answers."""
    told = await desk.auth.challenges.take(body.challenge, _SECOND_FACTOR)
    if told is None:
        raise Unauthenticated("The challenge is unknown, used or expired; sign in again.")
    async with desk.services.database.read() as session:
        user = await service.get(session, told["user"])
    if hash_of(user.password_hash) != told["password"]:
        raise Unauthenticated("The password was changed meanwhile; sign in again.")
    try:
        factor = await proving.judge(desk, user.id, body, bytes.fromhex(told["ceremony"]))
    except InvalidSpec as error:
        if told["tries"] > 1:
            await desk.auth.challenges.put_back(body.challenge, _SECOND_FACTOR, {**told, "tries": told["tries"] - 1})
        raise Unauthenticated(error.message, **error.params) from None
    except TooManyRequests:
        await desk.auth.challenges.put_back(body.challenge, _SECOND_FACTOR, told)
        raise
    async with desk.services.database.unit_of_work() as session:
        issued = await desk.start(session, user, PASSWORD, factor)
    return desk.answer(issued, response)


@router.post(
    "/refresh",
    operation_id="refresh",
    summary="Renew the access token",
    dependencies=[PUBLIC],
    responses=problems(ErrorCode.UNAUTHENTICATED),
)
async def refresh(desk: DeskDep, response: Response, token: RefreshCookie) -> TokenResponse:
    """Takes the refresh cookie, sets the next one, answers a new access token. A refresh token that was used before
    ends the whole sign-in, except within a few seconds, as when two tabs refresh at once."""
    outcome: Issued | Refusal | Reused = Refusal.UNKNOWN
    if token is not None:
        async with desk.services.database.unit_of_work() as session:
            outcome = await sessions.rotate(session, token, desk.token_policy, desk.address)
            if isinstance(outcome, Reused):
                audit.record(session, outcome.user_id, "session.reuse", audit.user(outcome.user_id))
    if isinstance(outcome, Reused):
        logger.warning("a used refresh token came again; its sign-in was ended")
        desk.auth.principals.forget(outcome.session_id)
    if not isinstance(outcome, Issued):
        raise Unauthenticated("The sign-in has ended or expired; sign in again.")
    return desk.answer(outcome, response)


@router.post(
    "/logout",
    operation_id="logout",
    summary="Sign out",
    status_code=204,
    responses=problems(ErrorCode.UNAUTHENTICATED),
)
async def logout(caller: SelfAtFirst, services: ServicesDep, request: Request, auth: AuthDep) -> Response:
    """Ends the sign-in at once, with whatever it holds open, and clears the cookie."""
    if caller.session_id is not None:
        async with services.database.unit_of_work() as session:
            await sessions.end(session, caller.session_id, sessions.SIGNED_OUT)
            audit.record(session, caller.user_id, "session.end", audit.user(caller.user_id))
        auth.principals.forget(caller.session_id)
    response = Response(status_code=204)
    clear_cookie(request, response, COOKIE)
    return response


@router.get("/me", operation_id="getMe", summary="Who am I", responses=problems(ErrorCode.UNAUTHENTICATED))
async def me(caller: OwnBotsReader, services: ServicesDep) -> MeResponse:
    """The signed-in user."""
    async with services.database.read() as session:
        user = await service.get(session, caller.user_id)
    return me_body(user)


@router.post(
    "/tickets",
    operation_id="createTicket",
    summary="Get a ticket for a stream",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.REDIS_UNAVAILABLE, *_BODY_ERRORS),
)
async def create_ticket(body: TicketRequest, caller: OwnBotsReader, auth: AuthDep) -> TicketResponse:
    """For browsers, whose `EventSource` and `WebSocket` send no Authorization header: open the stream with
    `?ticket=`."""
    ticket = await auth.tickets.issue(caller, body.purpose)
    return TicketResponse(ticket=ticket, expires_in=int(auth.tickets.lifetime_seconds))


async def _challenge(desk: Desk, user: UserModel, factors: Factors) -> ChallengeResponse:
    party = find_relying_party(desk.request, desk.settings)
    ways = [way for way in factors.ways if way != second_factors.PASSKEY or party is not None]
    ceremony = secrets.token_bytes(_CEREMONY_BYTES)
    challenge = await desk.auth.challenges.issue(
        _SECOND_FACTOR,
        user.id,
        user=user.id,
        password=hash_of(user.password_hash),
        ceremony=ceremony.hex(),
        tries=_TRIES,
    )
    asks = party is not None and bool(factors.passkeys)
    return ChallengeResponse(
        challenge=challenge,
        expires_in=SECONDS,
        ways=[Way(way) for way in ways],
        passkey_options=authentication_options(party, ceremony, factors.passkeys) if party and asks else None,
    )
