"""Sign-in, refresh, logout, who am I, tickets for streams."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response
from loguru import logger

from api.auth import tokens
from api.auth.guard import AuthDep, Caller
from api.auth.schemas import LoginRequest, MeResponse, TicketRequest, TicketResponse, TokenResponse
from api.auth.subject import Subject
from api.deps import Services, ServicesDep, SettingsDep
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from api.settings import ApiSettings
from orchestrator.errors import ErrorCode, Unauthenticated
from orchestrator.kit.clock import utc_now
from orchestrator.users import service
from orchestrator.users.service import Issued, Refusal, TokenPolicy

COOKIE = "flotilla_refresh"
COOKIE_PATH = "/api/v1/auth"

router = APIRouter(prefix="/auth", tags=["auth"], route_class=ExactRoute)
_BODY_ERRORS = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
RefreshCookie = Annotated[
    str | None, Cookie(alias=COOKIE, max_length=200, description="The refresh token.", examples=["Zt2m3yJ0lR2m0m6t"])
]


@router.post(
    "/login",
    operation_id="login",
    summary="Sign in",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.TOO_MANY_REQUESTS, *_BODY_ERRORS),
)
async def login(
    body: LoginRequest,
    request: Request,
    response: Response,
    services: ServicesDep,
    settings: SettingsDep,
    auth: AuthDep,
) -> TokenResponse:
    """Answers a short-lived access token, and sets the refresh token as a cookie for `/api/v1/auth`."""
    address = request.client.host if request.client else ""
    await auth.throttle.begin(address, body.username)
    async with services.database.read() as session:
        user = await service.authenticate(session, auth.passwords, body.username, body.password)
    await auth.throttle.succeeded(address, body.username)
    async with services.database.unit_of_work() as session:
        issued = await service.start_session(session, user, _policy(settings))
    return _answer(issued, request, response, services, settings)


@router.post(
    "/refresh",
    operation_id="refresh",
    summary="Renew the access token",
    responses=problems(ErrorCode.UNAUTHENTICATED),
)
async def refresh(
    request: Request, response: Response, services: ServicesDep, settings: SettingsDep, token: RefreshCookie = None
) -> TokenResponse:
    """Takes the refresh cookie, sets the next one, answers a new access token. A refresh token that was used before
    ends the whole sign-in, except within a few seconds, as when two tabs refresh at once."""
    outcome: Issued | Refusal = Refusal.UNKNOWN
    if token is not None:
        async with services.database.unit_of_work() as session:
            outcome = await service.rotate(session, token, _policy(settings))
    if isinstance(outcome, Refusal):
        if outcome is Refusal.REUSED:
            logger.warning("a used refresh token came again; its sign-in was ended")
        raise Unauthenticated("The sign-in has ended or expired; sign in again.")
    return _answer(outcome, request, response, services, settings)


@router.post(
    "/logout",
    operation_id="logout",
    summary="Sign out",
    status_code=204,
    responses=problems(ErrorCode.UNAUTHENTICATED),
)
async def logout(caller: Caller, request: Request, services: ServicesDep, token: RefreshCookie = None) -> Response:
    """Ends the sign-in of the refresh cookie and clears the cookie. Access tokens run out by themselves."""
    if token is not None:
        async with services.database.unit_of_work() as session:
            await service.end_session(session, token)
    response = Response(status_code=204)
    response.delete_cookie(
        COOKIE, path=COOKIE_PATH, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return response


@router.get("/me", operation_id="getMe", summary="Who am I", responses=problems(ErrorCode.UNAUTHENTICATED))
async def me(caller: Caller, services: ServicesDep) -> MeResponse:
    """The signed-in user."""
    async with services.database.read() as session:
        user = await service.get(session, caller.user_id)
    return MeResponse(
        id=user.id,
        username=user.username,
        role=user.role,
        reporting_currency=user.reporting_currency,
        created_at=user.created_at,
    )


@router.post(
    "/tickets",
    operation_id="createTicket",
    summary="Get a ticket for a stream",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.REDIS_UNAVAILABLE, *_BODY_ERRORS),
)
async def create_ticket(body: TicketRequest, caller: Caller, auth: AuthDep) -> TicketResponse:
    """For browsers, whose `EventSource` and `WebSocket` send no Authorization header: open the stream with
    `?ticket=`."""
    ticket = await auth.tickets.issue(caller, body.purpose)
    return TicketResponse(ticket=ticket, expires_in=int(auth.tickets.lifetime_seconds))


def _policy(settings: ApiSettings) -> TokenPolicy:
    return TokenPolicy(
        lifetime=timedelta(days=settings.refresh_token_days), grace=timedelta(seconds=settings.refresh_grace_seconds)
    )


def _answer(
    issued: Issued, request: Request, response: Response, services: Services, settings: ApiSettings
) -> TokenResponse:
    subject = Subject(issued.user.id, issued.user.username, issued.user.role)
    lifetime = settings.access_token_seconds
    response.set_cookie(
        COOKIE,
        issued.token,
        max_age=settings.refresh_token_days * 86_400,
        path=COOKIE_PATH,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    access_token = tokens.issue(subject, services.secrets.token_signing_key, lifetime, utc_now())
    return TokenResponse(access_token=access_token, token_type="bearer", expires_in=lifetime)  # noqa: S106
