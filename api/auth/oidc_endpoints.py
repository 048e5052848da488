"""Single sign-on: the browser is sent to a provider, and comes back to `callback`.

It comes back to a page of the portal, which goes on or says what is wrong; programs are answered problem documents.

What we must remember meanwhile is kept in the shared cache under the `state`, which is good once, and belongs to one
browser: a cookie says which (Lax, since the browser comes back from another page). So nobody can have somebody else's
browser finish what he began.
"""

import secrets
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from asgi_correlation_id import correlation_id
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import RedirectResponse as Redirect
from loguru import logger

from api.addresses import site
from api.auth import joining
from api.auth.access import PUBLIC, Self, SelfSteppedUp
from api.auth.factor_schemas import IdentitiesResponse, IdentityResponse, RedirectResponse
from api.auth.relying import own_address
from api.auth.signing import Desk, DeskDep
from api.auth.subject import Subject
from api.cookies import read_cookie, set_cookie
from api.deps import IdentityId
from api.errors import problems
from api.routing import ExactRoute
from orchestrator.audit import service as audit
from orchestrator.errors import Conflict, Error, ErrorCode, NotAllowed, NotFound, Unauthenticated
from orchestrator.kit.clock import utc_now
from orchestrator.users import identities, second_factors, sessions
from orchestrator.users.sessions import hash_of

if TYPE_CHECKING:
    from orchestrator.users.oidc import Begun, OidcClient

router = APIRouter(prefix="/auth", tags=["auth"], route_class=ExactRoute)
COOKIE = "flotilla_oidc"
_PURPOSE = "oidc"
_SECONDS = 900
"""How long somebody may take at the provider."""
_LONGEST = 100
_OWN = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED)
_AWAY = (ErrorCode.NOT_FOUND, ErrorCode.PROVIDER_UNREACHABLE, ErrorCode.REDIS_UNAVAILABLE)
_REDIRECTS: dict[int | str, dict[str, Any]] = {303: {"description": "Goes on there.", "content": {}}}
_SIGN_IN, _LINK, _STEP_UP = "sign-in", "link", "step-up"
_BACK = "/sign-in/return"
"""Page of the portal."""
_UNKNOWN = "This sign-in was not begun in this browser, took too long, or is over; begin again."


def known_provider(
    provider: Annotated[str, Path(max_length=40, description="Identity of the provider.", examples=["google"])],
    desk: DeskDep,
) -> "OidcClient":
    """Raises NotFound."""
    client = desk.auth.oidc.get(provider)
    if client is None:
        raise NotFound("There is no such provider; GET /api/v1/auth/methods tells which there are.", field="provider")
    return client


Provider = Annotated["OidcClient", Depends(known_provider)]


@router.get(
    "/oidc/{provider}/start",
    operation_id="startOidc",
    summary="Sign in with a provider",
    status_code=303,
    response_class=Redirect,
    dependencies=[PUBLIC],
    responses=problems(*_AWAY) | _REDIRECTS,
)
async def start(client: Provider, desk: DeskDep) -> Response:
    """Sends the browser to the provider."""
    try:
        return await _send_away(desk, client)
    except Error as error:
        return _refuse(desk, client, _SIGN_IN, error)


@router.post(
    "/oidc/{provider}/link",
    operation_id="linkOidc",
    summary="Link an account of a provider",
    responses=problems(*_OWN, ErrorCode.STEP_UP_REQUIRED, *_AWAY),
)
async def link(caller: SelfSteppedUp, client: Provider, desk: DeskDep, response: Response) -> RedirectResponse:
    """Send the browser to the address; once it is back, that account signs you in."""
    return await _tell_where(desk, client, _LINK, caller, response)


@router.post(
    "/oidc/{provider}/step-up",
    operation_id="stepUpWithOidc",
    summary="Prove again who you are with a provider",
    responses=problems(*_OWN, *_AWAY),
)
async def step_up(caller: Self, client: Provider, desk: DeskDep, response: Response) -> RedirectResponse:
    """Send the browser to the address, where the provider asks anew who you are."""
    return await _tell_where(desk, client, _STEP_UP, caller, response)


@router.get(
    "/oidc/{provider}/callback",
    operation_id="finishOidc",
    summary="Come back from a provider",
    status_code=303,
    response_class=Redirect,
    dependencies=[PUBLIC],
    responses=problems(*_OWN, *_AWAY, ErrorCode.CONFLICT) | _REDIRECTS,
)
async def callback(
    client: Provider,
    desk: DeskDep,
    state: Annotated[str, Query(max_length=_LONGEST, description="Ours, as it was sent.", examples=["Zt2m3yJ0"])] = "",
    code: Annotated[str, Query(max_length=4096, description="The provider's.", examples=["SplxlOBe"])] = "",
    iss: Annotated[
        str | None, Query(max_length=255, description="The provider.", examples=["https://accounts.example.com"])
    ] = None,
    error: Annotated[str, Query(max_length=200, description="Why not.", examples=["access_denied"])] = "",
) -> Response:
    """Where the provider sends the browser. Signs it in as a sign-in with a password does, with the refresh token as a
    cookie, and sends it on to the portal, also where it was refused. The provider's sign-in is whole: no second factor
    is asked for."""
    act = _SIGN_IN
    try:
        told = await desk.auth.challenges.take(state, _PURPOSE)
        browser = read_cookie(desk.request, COOKIE) or ""
        if told is None or told["provider"] != client.provider.id or told["browser"] != hash_of(browser):
            raise Unauthenticated(_UNKNOWN)
        act = told["act"]
        client.check_issuer(iss)
        if error or not code:
            raise Unauthenticated(f"{client.provider.shown} did not sign you in; begin again.")
        response = _back(desk, client, act)
        try:
            await _finish(desk, client, told, code, response)
        except (Unauthenticated, NotAllowed, Conflict):
            await _note_refusal(desk, told)
            raise
    except Error as refused:
        return _refuse(desk, client, act, refused)
    return response


@router.get("/identities", operation_id="listIdentities", summary="Your linked accounts", responses=problems(*_OWN))
async def list_identities(caller: Self, desk: DeskDep) -> IdentitiesResponse:
    """Accounts at providers that sign you in, oldest first."""
    async with desk.services.database.read() as session:
        found = await identities.list_(session, caller.user_id)
    return IdentitiesResponse(
        items=[
            IdentityResponse(
                id=one.id,
                provider=one.provider,
                name=one.name,
                created_at=one.created_at,
                last_used_at=one.last_used_at,
            )
            for one in found
        ]
    )


@router.delete(
    "/identities/{identity_id}",
    operation_id="unlinkIdentity",
    summary="Unlink an account",
    status_code=204,
    responses=problems(*_OWN, ErrorCode.STEP_UP_REQUIRED, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
)
async def unlink(identity_id: IdentityId, caller: SelfSteppedUp, desk: DeskDep) -> Response:
    """It signs you in no more; sessions that it began go on."""
    async with desk.services.database.unit_of_work() as session:
        await identities.unlink(session, caller.user_id, identity_id)
        await second_factors.check_way_in_is_left(session, caller.user_id)
    return Response(status_code=204)


def _back(desk: Desk, client: "OidcClient", act: str, **told: str) -> Response:
    """To the portal. What happened stands in the fragment, which browsers send to no server: codes alone, since anybody
    may write such a link, and the page tells in its own words."""
    fragment = urlencode({"act": act, "provider": client.provider.id, **told})
    return Redirect(f"{own_address(desk.request, desk.settings)}{_BACK}#{fragment}", status_code=303)


def _refuse(desk: Desk, client: "OidcClient", act: str, error: Error) -> Response:
    """Raises the error itself where no person reads the answer."""
    if not _is_person(desk.request):
        raise error
    logger.info("{}: {} of a browser was refused: {} {}", client.provider.id, act, error.code, error.message)
    return _back(desk, client, act, refused=error.code, reference=correlation_id.get() or "")


def _is_person(request: Request) -> bool:
    """Whether a browser asks for a page."""
    return "text/html" in request.headers.get("accept", "")


async def _send_away(desk: Desk, client: "OidcClient") -> Response:
    begun, browser = await _begin(desk, client, _SIGN_IN, None)
    response = Redirect(begun.url, status_code=303)
    set_cookie(desk.request, response, COOKIE, browser, _SECONDS, lax=True)
    return response


async def _tell_where(
    desk: Desk, client: "OidcClient", act: str, caller: Subject, response: Response
) -> RedirectResponse:
    begun, browser = await _begin(desk, client, act, caller)
    set_cookie(desk.request, response, COOKIE, browser, _SECONDS, lax=True)
    return RedirectResponse(url=begun.url)


async def _begin(desk: Desk, client: "OidcClient", act: str, caller: Subject | None) -> "tuple[Begun, str]":
    """Also which browser it is: one that has begun something else keeps its name."""
    known = read_cookie(desk.request, COOKIE)
    browser = known if known is not None and 0 < len(known) <= _LONGEST else secrets.token_urlsafe(32)
    state = secrets.token_urlsafe(32)
    redirect_uri = f"{own_address(desk.request, desk.settings)}/api/v1/auth/oidc/{client.provider.id}/callback"
    begun = await client.begin(redirect_uri, state, again=act == _STEP_UP)
    await desk.auth.challenges.keep(
        state,
        _PURPOSE,
        desk.address if caller is None else caller.user_id,
        seconds=_SECONDS,
        act=act,
        provider=client.provider.id,
        nonce=begun.nonce,
        code_verifier=begun.code_verifier,
        redirect_uri=redirect_uri,
        browser=hash_of(browser),
        session=None if caller is None else caller.session_id,
        user=None if caller is None else caller.user_id,
        began_at=utc_now().timestamp(),
    )
    return begun, browser


async def _finish(desk: Desk, client: "OidcClient", told: dict[str, Any], code: str, response: Response) -> None:
    proved_after = told["began_at"] if told["act"] == _STEP_UP else None
    claims = await client.finish(
        told["redirect_uri"], code, told["nonce"], told["code_verifier"], proved_after=proved_after
    )
    match told["act"]:
        case "sign-in":
            async with desk.services.database.unit_of_work() as session:
                user = await joining.join(session, client.provider, claims)
                issued = await desk.start(session, user, "oidc")
            desk.set_cookie(issued, response)
        case "link":
            await _link(desk, client, told, claims)
        case "step-up":
            await _prove(desk, client, told, claims)


async def _note_refusal(desk: Desk, told: dict[str, Any]) -> None:
    """Of a sign-in nobody knows whose it would have been; what is done in a session is its user's."""
    if told["act"] == _SIGN_IN:
        await desk.note_refusal("oidc", f"\0oidc {site(desk.address)}")
        return
    action = "step_up.refused" if told["act"] == _STEP_UP else "identity.refused"
    async with desk.services.database.unit_of_work() as session:
        after = {"provider": told["provider"], "address": desk.address}
        audit.record(session, audit.SYSTEM, action, audit.user(told["user"]), after=after)


async def _link(desk: Desk, client: "OidcClient", told: dict[str, Any], claims: Any) -> None:
    caller = await desk.auth.principals.again(told["session"], None)
    provider = client.provider
    joining.check_email(provider, claims)
    name = joining.name_of(provider, claims)
    async with desk.services.database.unit_of_work() as session:
        await identities.link(session, caller.user_id, provider.id, provider.issuer, claims["sub"], name)


async def _prove(desk: Desk, client: "OidcClient", told: dict[str, Any], claims: Any) -> None:
    caller = await desk.auth.principals.again(told["session"], None)
    async with desk.services.database.unit_of_work() as session:
        user = await identities.user_of(session, client.provider.issuer, claims["sub"])
        if user is None or user.id != caller.user_id:
            raise Unauthenticated(f"This account of {client.provider.shown} is not linked to you; use the one that is.")
        await sessions.prove(session, told["session"])
        after = {"session": told["session"], "method": "oidc"}
        audit.record(session, user.id, "session.prove", audit.user(user.id), after=after)
    desk.auth.principals.forget(told["session"])
