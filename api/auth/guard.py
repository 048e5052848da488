"""Dependencies that say who is calling, or refuse.

`Caller` is for every ordinary route. `stream_subject` also takes a single-use ticket, for what a browser opens without
headers; `websocket_subject` does the same for WebSockets.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from api.auth import tokens
from api.auth.subject import Subject
from api.auth.throttle import LoginThrottle
from api.auth.tickets import TicketStore
from api.deps import ServicesDep, get_services
from orchestrator.errors import NotAllowed
from orchestrator.kit.clock import utc_now
from orchestrator.users.passwords import Passwords

Purpose = Literal["portfolio", "freqtrade"]
"""What a ticket opens: the portfolio stream, or a bot's own WebSocket."""

_bearer = HTTPBearer(auto_error=False, description="Access token from POST /api/v1/auth/login.", bearerFormat="JWT")


@dataclass(frozen=True, slots=True)
class AuthState:
    """What sign-in keeps in memory; on `app.state.auth`."""

    passwords: Passwords
    throttle: LoginThrottle
    tickets: TicketStore


def get_auth(connection: HTTPConnection) -> AuthState:
    state: AuthState = connection.app.state.auth
    return state


AuthDep = Annotated[AuthState, Depends(get_auth)]


async def current_subject(
    services: ServicesDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None
) -> Subject:
    """Whoever the Bearer token names. Raises Unauthenticated."""
    token = credentials.credentials if credentials else None
    return tokens.verify(token, services.secrets.token_signing_key, utc_now())


Caller = Annotated[Subject, Depends(current_subject)]


async def stream_subject(
    services: ServicesDep,
    auth: AuthDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None,
    ticket: Annotated[
        str | None,
        Query(max_length=200, description="Single-use ticket for `portfolio`, instead of the Authorization header."),
    ] = None,
) -> Subject:
    """Whoever the Bearer token or the ticket (purpose `portfolio`) names. Raises Unauthenticated."""
    if credentials is None and ticket is not None:
        return auth.tickets.redeem(ticket, "portfolio")
    return await current_subject(services, credentials)


StreamCaller = Annotated[Subject, Depends(stream_subject)]


def websocket_subject(connection: HTTPConnection, purpose: Purpose) -> Subject:
    """The same for a WebSocket, before it is accepted. Raises Unauthenticated."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    ticket = connection.query_params.get("ticket")
    if not token and ticket is not None:
        return get_auth(connection).tickets.redeem(ticket, purpose)
    bearer = token.strip() if scheme.lower() == "bearer" else None
    return tokens.verify(bearer, get_services(connection).secrets.token_signing_key, utc_now())


def owner_of(subject: Subject) -> str:
    """Whose things the caller sees: his own."""
    return subject.user_id


def require_admin(subject: Subject) -> None:
    """Raises NotAllowed."""
    if subject.role != "admin":
        raise NotAllowed("Only an administrator may do this; ask one.")
