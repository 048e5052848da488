"""What each route demands of who calls: one policy a route, declared by a dependency, enforced in one place.

`Access` is both: what a route says it wants, which tests and the OpenAPI document read, and what FastAPI asks before
the endpoint runs. An application with a route that declares none, or two, is not built (`check`).

A policy that names a bot looks for the path's `bot_id` within the caller's reach: another tenant's is not there (404);
one that he may see but not steer so is refused (403). The queries behind it are bound by the same reach
(`orchestrator.db.tenancy`), whatever an endpoint forgets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Security
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from api.auth import tokens
from api.auth.state import AuthDep, AuthState, get_auth
from api.auth.subject import Subject
from api.deps import Services, ServicesDep, checked_bot_id, get_services
from api.limiting import charge
from orchestrator.bots import repository as bots
from orchestrator.bots.repository import BotView
from orchestrator.db.tenancy import Level
from orchestrator.errors import ErrorCode, NotAllowed, NotFound, PasswordChangeRequired, StepUpRequired
from orchestrator.kit.clock import utc_now
from orchestrator.users.api_tokens import PREFIX
from orchestrator.users.service import VIEWER

bearer = HTTPBearer(
    auto_error=False,
    description="Access token from POST /api/v1/auth/login, or an API token (`flt_…`).",
    bearerFormat="JWT",
)
STEP_UP = timedelta(minutes=5)
"""How long a proof of identity serves for what matters much."""


class Need(StrEnum):
    """What of the caller a route needs."""

    NOBODY = "nobody"
    """Open to all."""
    SELF = "self"
    """His own account: in a session only, since a program must not lock its owner out."""
    READ = "read"
    TRADE = "trade"
    """No viewer."""
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Access:
    """A route's policy. Called by FastAPI, it answers the subject or raises Unauthenticated, NotAllowed,
    StepUpRequired, NotFound."""

    need: Need
    bot: Level | None = None
    """What it does with the bot of its path; None where it has none."""
    level: Level | None = None
    """The same of one that the body names."""
    step_up: bool = False
    """Whether the caller must have proved within `STEP_UP` who he is."""
    single_bots: bool = False
    """Whether tokens for single bots get in although it names no bot: it shows them theirs alone."""
    at_first: bool = False
    """Whether who signed in with a password that an administrator gave him gets in before he has changed it."""
    ticket: str | None = None
    """Purpose of the single-use tickets that open it, too, where it is a stream."""

    async def __call__(
        self,
        connection: HTTPConnection,
        services: ServicesDep,
        auth: AuthDep,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None,
    ) -> Subject:
        caller = await authenticate(connection, auth, services, credentials, self.ticket)
        return await self.admit(connection, services, caller)

    def as_told(self) -> Any:
        """For `dependencies=` of a route that asks by `admitted`."""
        return Depends(Told(**{one.name: getattr(self, one.name) for one in fields(self)}))

    @property
    def refusals(self) -> tuple[ErrorCode, ...]:
        """What it may refuse with."""
        if self.need is Need.NOBODY:
            return ()
        refused = [ErrorCode.UNAUTHENTICATED]
        if not self.at_first:
            refused.append(ErrorCode.PASSWORD_CHANGE_REQUIRED)
        whole = self.bot is None and not self.single_bots  # of which tokens for single bots get nothing
        if self.need is not Need.READ or whole or self.bot not in (None, "view"):
            refused.append(ErrorCode.NOT_ALLOWED)
        if self.step_up:
            refused.append(ErrorCode.STEP_UP_REQUIRED)
        if self.bot is not None:
            refused.append(ErrorCode.NOT_FOUND)
        return tuple(refused)

    async def admit(self, connection: HTTPConnection, services: Services, caller: Subject) -> Subject:
        """The caller, who is known by now, at the level of the route; or a refusal, for one who asks for too much, too
        (TooManyRequests)."""
        await charge(connection, caller.user_id, caller.token_id)
        self._check_caller(caller)
        caller = caller.at(self.bot or self.level or ("view" if self.need is Need.READ else "own"))
        if self.bot is not None:
            bot_id = checked_bot_id(connection.path_params.get("bot_id", ""))
            connection.state.bot = await self.find_bot(connection, services, caller, bot_id)
        if self.step_up:
            caller = await as_proved(connection, caller)
            check_proof(caller)
        return caller

    async def find_bot(self, connection: HTTPConnection, services: Services, caller: Subject, bot_id: str) -> BotView:
        """A bot within the caller's reach. Raises NotFound, NotAllowed."""
        return await find_bot(services, caller, bot_id)

    def _check_caller(self, caller: Subject) -> None:
        if caller.password_given and not self.at_first:
            raise PasswordChangeRequired(
                "An administrator gave you your password, and knows it: change it first (PUT /api/v1/auth/password, or "
                "`flotilla account password`)."
            )
        if self.need is Need.SELF and caller.session_id is None:
            raise NotAllowed("API tokens do not reach an account itself; sign in to do this.")
        if self.step_up and caller.session_id is None:
            raise _no_proof()
        if self.need is Need.ADMIN and not caller.administrates:
            raise NotAllowed(
                "Only an administrator may do this; ask one."
                if caller.token_id is None
                else "Only an administrator may do this, by a token with the scope admin."
            )
        if self.need is Need.TRADE:
            if caller.role == VIEWER:
                raise NotAllowed("Your role is viewer, which only looks; ask an administrator for another one.")
            if "trade" not in caller.scopes:
                raise NotAllowed("This token has the scope read alone; use one with the scope trade.")
        if caller.bot_ids is not None and self.bot is None and not self.single_bots:
            raise NotAllowed("This token is for single bots, and this concerns more than those.")


async def authenticate(
    connection: HTTPConnection,
    auth: AuthState,
    services: Services,
    credentials: HTTPAuthorizationCredentials | None,
    ticket_for: str | None = None,
) -> Subject:
    """Who calls: by a ticket where the route takes such ones, an API token or an access token. Raises Unauthenticated,
    RedisUnavailable."""
    ticket = connection.query_params.get("ticket")
    if credentials is None and ticket is not None and ticket_for is not None:
        return await auth.tickets.redeem(ticket, ticket_for, auth.principals)
    token = credentials.credentials if credentials else None
    if token is not None and token.startswith(PREFIX):
        return await auth.principals.of_api_token(token, address_of(connection))
    claims = tokens.verify(token, services.secrets.token_signing_key, utc_now())
    return await auth.principals.of_session(claims)


def address_of(connection: HTTPConnection) -> str:
    """Where a call comes from."""
    return connection.client.host if connection.client else ""


Reader = Annotated[Subject, Depends(Access(Need.READ))]
Trader = Annotated[Subject, Depends(Access(Need.TRADE))]
Admin = Annotated[Subject, Depends(Access(Need.ADMIN))]
Self = Annotated[Subject, Depends(Access(Need.SELF))]
SelfAtFirst = Annotated[Subject, Depends(Access(Need.SELF, at_first=True))]
"""Of what it takes to change a password that an administrator gave."""
OwnBotsReader = Annotated[Subject, Depends(Access(Need.READ, single_bots=True))]
"""Of lists of bots, of which a token for single bots gets to see those."""
BotViewer = Annotated[Subject, Depends(Access(Need.READ, bot="view"))]
BotOperator = Annotated[Subject, Depends(Access(Need.TRADE, bot="operate"))]
BotOwner = Annotated[Subject, Depends(Access(Need.TRADE, bot="own"))]
TraderSteppedUp = Annotated[Subject, Depends(Access(Need.TRADE, step_up=True))]
AdminSteppedUp = Annotated[Subject, Depends(Access(Need.ADMIN, step_up=True))]
SelfSteppedUp = Annotated[Subject, Depends(Access(Need.SELF, step_up=True))]
BotOperatorSteppedUp = Annotated[Subject, Depends(Access(Need.TRADE, bot="operate", step_up=True))]
BotOwnerSteppedUp = Annotated[Subject, Depends(Access(Need.TRADE, bot="own", step_up=True))]


async def admitted(connection: HTTPConnection, access: Access) -> Subject:
    """Who calls, by that policy, for a WebSocket route, which refuses in its own way: FastAPI's dependencies could not
    answer a problem document before the upgrade. Such a route declares `dependencies=[access.as_told()]`."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    credentials = HTTPAuthorizationCredentials(scheme=scheme, credentials=token.strip())
    services = get_services(connection)
    known = credentials if scheme.lower() == "bearer" and credentials.credentials else None
    caller = await authenticate(connection, get_auth(connection), services, known, access.ticket)
    return await access.admit(connection, services, caller)


class Told(Access):
    """A policy that the route asks for itself."""

    async def __call__(self) -> None:  # type: ignore[override]
        return None


class Open(Access):
    """Of a route that needs nobody."""

    async def __call__(self) -> None:  # type: ignore[override]
        return None


PUBLIC = Depends(Open(Need.NOBODY))
"""In `dependencies=` of a route that needs nobody."""


def check(routes: list[BaseRoute]) -> None:
    """Raises RuntimeError for a route that declares no policy, or more than one."""
    for route in iter_route_contexts(routes):
        dependant = getattr(route, "dependant", None)
        if dependant is None:  # the document and its page
            continue
        found = set(declared(dependant))
        if len(found) != 1:
            path = getattr(route, "path", "")
            raise RuntimeError(f"{path} declares {len(found)} policies of access: declare one (api.auth.access).")


def policies(routes: Sequence[BaseRoute]) -> Iterator[tuple[str, frozenset[str], Access]]:
    """Path, methods (none: a WebSocket) and policy of each route that `check` passed."""
    for route in iter_route_contexts(routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None:
            (found,) = set(declared(dependant))
            methods = frozenset(method.lower() for method in getattr(route, "methods", None) or ())
            yield str(getattr(route, "path_format", "") or getattr(route, "path", "")), methods, found


def declared(dependant: Dependant) -> Iterator[Access]:
    """Every policy among what a route depends on."""
    if isinstance(dependant.call, Access):
        yield dependant.call
    for below in dependant.dependencies:
        yield from declared(below)


async def find_bot(services: Services, caller: Subject, bot_id: str) -> BotView:
    """A bot within the caller's reach at his level. Raises NotFound, NotAllowed where he may only look."""
    async with services.reading(caller) as session:
        found = await bots.find(session, bot_id, None)
    if found is not None:
        return found
    if caller.level != "view":
        async with services.reading(caller.at("view")) as session:
            if await bots.find(session, bot_id, None) is not None:
                raise NotAllowed("This bot is shared with you, but not for that; ask its owner.", field="bot_id")
    raise NotFound("There is no such bot; list the bots to see which there are.", field="bot_id")


def _no_proof() -> NotAllowed:
    return NotAllowed("API tokens may not do this; sign in, and prove who you are.")


def check_proof(caller: Subject) -> None:
    """For a route that wants a proof only of some of what it is asked; others declare it (`step_up`). Raises NotAllowed
    for API tokens, StepUpRequired."""
    if caller.session_id is None:
        raise _no_proof()
    if not is_proved(caller):
        raise StepUpRequired(
            "This needs a proof of who you are that is at most five minutes old: POST /api/v1/auth/step-up, "
            "then try again."
        )


async def as_proved(connection: HTTPConnection, caller: Subject) -> Subject:
    """The caller, looked up anew where no fresh proof is known: he may have given it to another process just now."""
    if caller.session_id is None or is_proved(caller):
        return caller
    now = await get_auth(connection).principals.again(caller.session_id, None)
    return replace(caller, proved_at=now.proved_at)


def is_proved(caller: Subject) -> bool:
    """Whether he proved within `STEP_UP` who he is."""
    return caller.proved_at is not None and utc_now() - caller.proved_at <= STEP_UP
