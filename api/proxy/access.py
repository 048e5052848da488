"""Who calls a bot's own API: as anywhere in Flotilla, or as FreqTrade's own clients do.

FreqTrade's Python client sends HTTP Basic with every call; FreqUI signs in with it once and then sends the JWT that it
got. Both work with a Flotilla user name and one of his API tokens (`flt_…`) as password: a look by hash, nothing slow.
His password does not work here: a client that sends it with every call would have every call hash it.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security, WebSocket
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from api.auth.access import Access, Need, address_of, authenticate, find_bot
from api.auth.state import AuthDep, AuthState, get_auth
from api.auth.subject import Subject
from api.deps import Services, ServicesDep, checked_bot_id, get_services
from api.proxy.passes import Kind, is_pass, verify
from orchestrator.bots.repository import BotView
from orchestrator.errors import Error, Unauthenticated
from orchestrator.kit.clock import utc_now
from orchestrator.users.api_tokens import PREFIX

_NO_LOGIN = "Sign in with your Flotilla user name, and one of your API tokens (flt_…) as password."
_NO_TOKEN = "`token` takes an access JWT; an API token goes into the Authorization header."  # noqa: S105 - a sentence
_bearer = HTTPBearer(auto_error=False, description="Access token, API token, or an access JWT from `token/login`.")


class _Basic(HTTPBasic):
    """Without the browser's own dialogue, which a 401 with `WWW-Authenticate: Basic` would open in front of FreqUI."""

    async def __call__(self, request: Request) -> HTTPBasicCredentials | None:  # type: ignore[override]
        try:
            return await super().__call__(request)
        except HTTPException:
            raise Unauthenticated(_NO_LOGIN) from None


_basic = _Basic(
    auto_error=False, scheme_name="ApiTokenBasic", description="Flotilla user name, and an API token as password."
)
Basic = Annotated[HTTPBasicCredentials | None, Security(_basic)]
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


@dataclass(frozen=True, slots=True)
class CallAccess(Access):
    """Of an ordinary relayed call."""

    async def __call__(  # type: ignore[override]
        self, request: Request, services: ServicesDep, auth: AuthDep, basic: Basic, bearer: Bearer
    ) -> Subject:
        if basic is not None:
            caller = await _of_basic(request, auth, basic)
        elif bearer is not None and is_pass(bearer.credentials):
            caller = await _of_pass(request, services, auth, bearer.credentials, Kind.ACCESS)
        else:
            caller = await authenticate(request, auth, services, bearer)
        return await self.admit(request, services, caller)

    async def find_bot(self, connection: HTTPConnection, services: Services, caller: Subject, bot_id: str) -> BotView:
        """See `Access.find_bot`; half a second late at most where another process changed what he may reach."""
        recent = get_auth(connection).recent_bots
        return await recent.get((caller.reach, bot_id), lambda: find_bot(services, caller, bot_id))


@dataclass(frozen=True, slots=True)
class LoginAccess(Access):
    """Of `token/login`: HTTP Basic alone."""

    async def __call__(  # type: ignore[override]
        self, request: Request, services: ServicesDep, auth: AuthDep, basic: Basic
    ) -> Subject:
        if basic is None:
            raise Unauthenticated(_NO_LOGIN)
        return await self.admit(request, services, await _of_basic(request, auth, basic))


@dataclass(frozen=True, slots=True)
class RefreshAccess(Access):
    """Of `token/refresh`: a refresh JWT alone."""

    async def __call__(  # type: ignore[override]
        self, request: Request, services: ServicesDep, auth: AuthDep, bearer: Bearer
    ) -> Subject:
        token = bearer.credentials if bearer is not None else ""
        caller = await _of_pass(request, services, auth, token, Kind.REFRESH)
        return await self.admit(request, services, caller)


@dataclass(frozen=True, slots=True)
class SocketAccess(Access):
    """Of the WebSocket: `?token=` with an access JWT as FreqTrade has it, a single-use `?ticket=`, or the Authorization
    header. An API token lasts, and addresses are written into the logs of proxies: it is taken in the header alone.
    What refuses is answered, not raised: the endpoint tells it before the upgrade."""

    async def __call__(self, websocket: WebSocket) -> Subject | Error:  # type: ignore[override]
        services, auth = get_services(websocket), get_auth(websocket)
        try:
            return await self.admit(websocket, services, await self._caller(websocket, services, auth))
        except Error as error:
            return error

    async def _caller(self, websocket: WebSocket, services: Services, auth: AuthState) -> Subject:
        token = websocket.query_params.get("token")
        if token is not None and not is_pass(token):
            raise Unauthenticated(_NO_TOKEN)
        scheme, _, given = websocket.headers.get("authorization", "").partition(" ")
        if token is None and scheme.lower() == "bearer":
            token = given.strip()
        if token is not None and is_pass(token):
            return await _of_pass(websocket, services, auth, token, Kind.ACCESS)
        credentials = HTTPAuthorizationCredentials(scheme="Bearer", credentials=token) if token is not None else None
        return await authenticate(websocket, auth, services, credentials, self.ticket)


Viewer = Annotated[Subject, Depends(CallAccess(Need.READ, bot="view"))]
Operator = Annotated[Subject, Depends(CallAccess(Need.TRADE, bot="operate"))]
SigningIn = Annotated[Subject, Depends(LoginAccess(Need.READ, bot="view"))]
Refreshing = Annotated[Subject, Depends(RefreshAccess(Need.READ, bot="view"))]
Listening = Annotated[Subject | Error, Depends(SocketAccess(Need.READ, bot="view", ticket="freqtrade"))]
Importing = Annotated[Subject, Depends(CallAccess(Need.READ, single_bots=True))]
"""Of the list of bots, which FreqTrade's clients may ask for with what they have."""


async def _of_basic(request: Request, auth: AuthState, basic: HTTPBasicCredentials) -> Subject:
    if not basic.password.startswith(PREFIX):
        raise Unauthenticated(_NO_LOGIN)
    caller = await auth.principals.of_api_token(basic.password, address_of(request))
    if caller.username != basic.username:
        raise Unauthenticated(_NO_LOGIN)
    return caller


async def _of_pass(connection: HTTPConnection, services: Services, auth: AuthState, token: str, kind: Kind) -> Subject:
    bot_id = checked_bot_id(connection.path_params.get("bot_id", ""))
    held = verify(token, kind, bot_id, services.secrets.token_signing_key, utc_now())
    return await auth.principals.of_token_id(held.token_id, held.user_id, address_of(connection))
