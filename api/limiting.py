"""Refuses what goes beyond a budget (see `api.limits`): 429 with Retry-After, and on every answer the headers
`RateLimit-Policy` and `RateLimit` of the budget that is nearest to its end, as draft-ietf-httpapi-ratelimit-headers
has them.

Addresses are judged here, before anything else is done for a request; users and tokens where it is known who calls:
sign-in calls `charge`.
"""

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.addresses import household
from api.errors import response_of
from api.limits import WINDOW_SECONDS, Budget, Limits, Verdict
from api.paths import is_oidc_start, is_relayed, is_sign_in
from orchestrator.errors import TooManyRequests

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_UNCOUNTED = frozenset({"/healthz", "/readyz"})
"""For supervisors, who show nothing: what somebody shows has to be looked up."""
_NOTED = "flotilla.limits"
_TRY_AGAIN_LATER = 1013
_STARTS = ("http.response.start", "websocket.http.response.start", "websocket.accept")


class LimitMiddleware:
    """Judges addresses, and tells what is left."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or _is_uncounted(scope):
            await self._app(scope, receive, send)
            return
        noted: list[Verdict] = []
        scope[_NOTED] = noted

        async def send_with_limits(message: Message) -> None:
            if message["type"] in _STARTS and noted:
                _tell(MutableHeaders(scope=message), noted)
            await send(message)

        address = household(scope["client"][0]) if scope.get("client") else ""
        budgets = [Budget.ADDRESS]
        if is_oidc_start(scope["path"]) or (_kind(scope) is Budget.CHANGES and is_sign_in(scope["path"])):
            budgets.append(Budget.SIGN_INS)
        for budget in budgets:
            noted.append(await self._limits.hit(budget, address))
            if not noted[-1].allowed:
                await _refuse(scope, receive, send_with_limits, noted[-1])
                return
        await self._app(scope, receive, send_with_limits)


async def charge(connection: HTTPConnection, user_id: str, token_id: str | None) -> None:
    """Counts a request of somebody who has signed in, once. Raises TooManyRequests."""
    limits: Limits | None = getattr(connection.app.state, "limits", None)
    noted: list[Verdict] | None = connection.scope.get(_NOTED)
    kind = _kind(connection.scope)
    if limits is None or noted is None or any(verdict.budget is kind for verdict in noted):
        return
    charged = [(kind, user_id)] if token_id is None else [(kind, user_id), (Budget.TOKEN, token_id)]
    for budget, who in charged:
        noted.append(await limits.hit(budget, who))
        if not noted[-1].allowed:
            raise _too_many(noted[-1])


def _is_uncounted(scope: Scope) -> bool:
    return scope["path"] in _UNCOUNTED and "authorization" not in Headers(scope=scope)


def _kind(scope: Scope) -> Budget:
    if is_relayed(scope["path"]):
        return Budget.RELAYS
    return Budget.READS if scope.get("method", "GET") in _READING else Budget.CHANGES


def _too_many(verdict: Verdict) -> TooManyRequests:
    what = {
        Budget.ADDRESS: "requests from one address",
        Budget.SIGN_INS: "sign-ins from one address",
        Budget.READS: "requests of one user that read",
        Budget.CHANGES: "requests of one user that change something",
        Budget.RELAYS: "requests of one user to bots",
        Budget.TOKEN: "requests with one API token",
    }[verdict.budget]
    return TooManyRequests(
        f"{verdict.limit} {what} are allowed a minute; try again in {verdict.reset_seconds} s.",
        retry_after_seconds=verdict.reset_seconds,
        budget=verdict.budget.value,
    )


async def _refuse(scope: Scope, receive: Receive, send: Send, verdict: Verdict) -> None:
    error = _too_many(verdict)
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await receive()
        await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER, "reason": error.message[:120]})
        return
    await response_of(error, scope["path"])(scope, receive, send)


def _tell(headers: MutableHeaders, noted: Sequence[Verdict]) -> None:
    nearest = min(noted, key=lambda verdict: verdict.remaining / verdict.limit)
    name = nearest.budget.value
    headers["RateLimit-Policy"] = f'"{name}";q={nearest.limit};w={WINDOW_SECONDS}'
    headers["RateLimit"] = f'"{name}";r={nearest.remaining};t={nearest.reset_seconds}'
