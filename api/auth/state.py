"""What sign-in keeps; on `app.state.auth`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from api.auth.challenges import Challenges
from api.auth.naming import Naming
from api.auth.principals import Principals
from api.auth.refusals import Refusals
from api.auth.throttle import CodeThrottle, ElsewhereThrottle, LoginThrottle
from api.auth.tickets import TicketStore
from orchestrator.bots.repository import BotView
from orchestrator.db.tenancy import Reach
from orchestrator.kit.lately import Lately
from orchestrator.users.passwords import Passwords

if TYPE_CHECKING:
    from orchestrator.users.oidc import OidcClient


@dataclass(frozen=True, slots=True)
class AuthState:
    """One per application."""

    passwords: Passwords
    throttle: LoginThrottle
    elsewhere: ElsewhereThrottle
    refusals: Refusals
    naming: Naming
    tickets: TicketStore
    principals: Principals
    recent_bots: Lately[tuple[Reach, str], BotView]
    """Bots within somebody's reach, for relayed calls: FreqUI asks a bot for ten things at once."""
    challenges: Challenges
    codes: CodeThrottle
    recovery: LoginThrottle
    """Of recovery codes, which are counted apart: nobody who tries codes keeps them from being used."""
    oidc: Mapping[str, "OidcClient"]
    """By the id of their provider."""


def get_auth(connection: HTTPConnection) -> AuthState:
    state: AuthState = connection.app.state.auth
    return state


async def _auth(connection: HTTPConnection) -> AuthState:
    return get_auth(connection)


AuthDep = Annotated[AuthState, Depends(_auth)]
