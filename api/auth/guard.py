"""Dependencies that say who is calling, or refuse.

`Caller` is for every ordinary route, `Admin` for those that steer pools. `stream_subject` also takes a single-use
ticket, for what a browser opens without headers; `websocket_subject` does the same for WebSockets.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from api.auth import tokens
from api.auth.accounts import Accounts
from api.auth.subject import Subject
from api.auth.throttle import LoginThrottle
from api.auth.tickets import TicketStore
from api.deps import ServicesDep, get_services
from orchestrator.errors import NotAllowed
from orchestrator.kit.clock import utc_now
from orchestrator.users.passwords import Passwords
from orchestrator.users.service import ADMIN

Purpose = Literal["portfolio", "freqtrade"]
"""What a ticket opens: the portfolio stream, or a bot's own WebSocket."""

_bearer = HTTPBearer(auto_error=False, description="Access token from POST /api/v1/auth/login.", bearerFormat="JWT")


@dataclass(frozen=True, slots=True)
class AuthState:
    """What sign-in keeps; on `app.state.auth`."""

    passwords: Passwords
    throttle: LoginThrottle
    tickets: TicketStore
    accounts: Accounts


def get_auth(connection: HTTPConnection) -> AuthState:
    state: AuthState = connection.app.state.auth
    return state


AuthDep = Annotated[AuthState, Depends(get_auth)]


async def current_subject(
    services: ServicesDep,
    auth: AuthDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None,
) -> Subject:
    """Whoever the Bearer token names, as long as the account is active. Raises Unauthenticated."""
    token = credentials.credentials if credentials else None
    claimed = tokens.verify(token, services.secrets.token_signing_key, utc_now())
    return await auth.accounts.current(services.database, claimed)


Caller = Annotated[Subject, Depends(current_subject)]


async def current_admin(caller: Caller) -> Subject:
    """The caller, as long as he is an administrator. Raises NotAllowed."""
    if not is_admin(caller):
        raise NotAllowed("Only an administrator may do this; ask one.")
    return caller


Admin = Annotated[Subject, Depends(current_admin)]


async def stream_subject(
    services: ServicesDep,
    auth: AuthDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None,
    ticket: Annotated[
        str | None,
        Query(
            max_length=200,
            description="Single-use ticket for `portfolio`, instead of the Authorization header.",
            examples=["Zt2m3yJ0lR2m0m6t"],
        ),
    ] = None,
) -> Subject:
    """Whoever the Bearer token or the ticket (purpose `portfolio`) names. Raises Unauthenticated, RedisUnavailable."""
    if credentials is None and ticket is not None:
        return await auth.accounts.current(services.database, await auth.tickets.redeem(ticket, "portfolio"))
    return await current_subject(services, auth, credentials)


StreamCaller = Annotated[Subject, Depends(stream_subject)]


async def websocket_subject(connection: HTTPConnection, purpose: Purpose) -> Subject:
    """The same for a WebSocket, before it is accepted. Raises Unauthenticated, RedisUnavailable."""
    services, auth = get_services(connection), get_auth(connection)
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    ticket = connection.query_params.get("ticket")
    if not token and ticket is not None:
        claimed = await auth.tickets.redeem(ticket, purpose)
    else:
        bearer = token.strip() if scheme.lower() == "bearer" else None
        claimed = tokens.verify(bearer, services.secrets.token_signing_key, utc_now())
    return await auth.accounts.current(services.database, claimed)


def is_admin(subject: Subject) -> bool:
    """Whether he may steer pools, and see everybody's."""
    return subject.role == ADMIN


def owner_of(subject: Subject) -> str:
    """Whose things the caller sees: his own."""
    return subject.user_id
