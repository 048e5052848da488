"""Which pages may use a browser's standing with us.

Only routes of the sign-in read or set cookies; a page of another origin must not have a browser call them. Browsers say
where a request comes from (`Origin`, `Sec-Fetch-Site`; https://www.w3.org/TR/fetch-metadata/), which no page can
change; what says neither is no browser, and has no cookies but its own. Cookies are SameSite=Strict besides.

Bots' own APIs may be called from pages elsewhere where settings name their origins (CORS). There the caller shows a
token: the cookie of the sign-in has another path. Credentials are allowed because FreqUI asks for them, always.
"""

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import EdgeCode, problem_response
from api.paths import is_relayed, is_sign_in
from api.settings import origin_of

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OUR_OWN = frozenset({"same-origin", "none"})
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_REFUSAL = (
    "This changes a sign-in, which a page of another origin must not. Open Flotilla at its own address; if this is it, "
    "have FLOTILLA_API_PUBLIC_URL name it."
)


class SameOriginMiddleware:
    """403 for what a page elsewhere asks of the sign-in. `public` are the origins of our own pages; none: whatever
    address a request was sent to."""

    def __init__(self, app: ASGIApp, public: Sequence[str]) -> None:
        self._app = app
        self._public = frozenset(public)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        changes = scope["type"] == "http" and scope["method"] not in _READING
        if changes and is_sign_in(scope["path"]) and not self._is_ours(scope):
            await problem_response(EdgeCode.CROSS_ORIGIN, _REFUSAL, instance=scope["path"])(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none").lower() in _OUR_OWN
        return _normal(origin) in (self._public or {_normal(f"{scope['scheme']}://{headers.get('host', '')}")})


class RelayCorsMiddleware:
    """CORS for bots' own APIs, for these origins alone."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._origins = origins
        self._relayed = CORSMiddleware(
            self._open(app),
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=("Authorization", "Content-Type"),
            allow_credentials=True,
            expose_headers=("Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID"),
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        relayed = bool(self._origins) and scope["type"] == "http" and is_relayed(scope["path"])
        await (self._relayed if relayed else self._app)(scope, receive, send)

    @staticmethod
    def _open(app: ASGIApp) -> ASGIApp:
        """Other origins may read the answer as far as CORS lets them."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_openly(message: Message) -> None:
                if message["type"] == "http.response.start":
                    MutableHeaders(scope=message)["Cross-Origin-Resource-Policy"] = "cross-origin"
                await send(message)

            await app(scope, receive, send_openly)

        return serve


def is_secure(scheme: str, host: str, public: Sequence[str]) -> bool:
    """Whether the browser came by HTTPS: to us, to a trusted proxy that said so, or to a public address that has it."""
    return scheme == "https" or _normal(f"https://{host}") in public


def _normal(origin: str) -> str | None:
    try:
        return origin_of(origin)
    except ValueError:
        return None
