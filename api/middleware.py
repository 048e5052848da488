"""What wraps every request: logging under the correlation id, timing, security headers, the last resort for exceptions,
and the limits on bodies and time. Pure ASGI, so that streams pass through untouched."""

import asyncio
import re
import time

from asgi_correlation_id import correlation_id
from loguru import logger
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.docs import DOCS_POLICY, DOCS_URL, DOCUMENT_URL
from api.errors import EdgeCode, internal_error, problem_response
from api.metrics import Metrics, route_template
from api.paths import is_relayed, shown
from api.settings import ApiSettings

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
_A_YEAR = "max-age=31536000"
_CLOSE = {"Connection": "close"}


class EdgeMiddleware:
    """Around everything but the correlation id and the proxies."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        with logger.contextualize(correlation_id=correlation_id.get()):
            if scope["type"] == "http":
                await self._serve(scope, receive, send)
            else:
                await self._app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(scope, MutableHeaders(scope=message))
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            logger.debug("{} {}: the client went away", scope["method"], shown(scope["path"]))
        except Exception as error:  # boundary of a request: answered without internals, told in full in the log
            logger.opt(exception=error).error("{} {} failed", scope["method"], shown(scope["path"]))
            if status:
                raise  # half an answer is out: only closing the connection tells the client
            await internal_error(scope["path"])(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.observe(scope["method"], route_template(scope), status, seconds)
            level = "DEBUG" if scope["method"] in ("GET", "HEAD", "OPTIONS") else "INFO"
            logger.log(level, "{} {} {} {:.1f} ms", scope["method"], shown(scope["path"]), status, seconds * 1000)


class BodyLimitMiddleware:
    """413 for bodies that are too large, announced or not, and 408 for those that do not come to an end; a relayed body
    may be larger, and take longer, than an ordinary one. Either ends the connection, on which the rest would follow."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        relayed, settings = is_relayed(scope["path"]), self._settings
        limit = settings.relay_body_limit_bytes if relayed else settings.body_limit_bytes
        seconds = settings.relay_body_seconds if relayed else settings.body_seconds
        refusal = f"The body is larger than {limit} bytes; send less."
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
            response = problem_response(EdgeCode.BODY_TOO_LARGE, refusal, instance=scope["path"], headers=_CLOSE)
            await response(scope, receive, send)
            return
        received, complete = 0, False
        deadline = asyncio.get_running_loop().time() + seconds

        async def receive_within_limit() -> Message:
            nonlocal received, complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(
                    408, f"The body did not come to an end within {seconds:g} s; send it again.", _CLOSE
                ) from None
            complete = message["type"] != "http.request" or not message.get("more_body", False)
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:
                    raise HTTPException(413, refusal, _CLOSE)
            return message

        await self._app(scope, receive_within_limit, send)


class TimeLimitMiddleware:
    """503 for a request whose answer has not begun in time, which is given up: what it was changing is rolled back.
    An answer that has begun may last, as streams do. Relayed requests have the relay's own limit."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_relayed(scope["path"]):
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_in_time(message: Message) -> None:
            nonlocal begun
            if not begun and not deadline.expired():
                begun = True
                deadline.reschedule(None)
            await send(message)

        try:
            async with asyncio.timeout(self._seconds) as deadline:
                await self._app(scope, receive, send_in_time)
        except TimeoutError:
            if begun or not deadline.expired():
                raise
            path = shown(scope["path"])
            logger.error("{} {}: no answer within {:g} s; given up", scope["method"], path, self._seconds)
            detail = (
                f"The request took longer than {self._seconds:g} s and was given up; try again in a moment. If you "
                "were changing something, look first whether it was done."
            )
            await problem_response(EdgeCode.TOOK_TOO_LONG, detail, instance=scope["path"])(scope, receive, send)


def is_request_id(value: str) -> bool:
    """Whether a caller's own X-Request-ID is fit for our logs."""
    return _REQUEST_ID.fullmatch(value) is not None


def _add_headers(scope: Scope, headers: MutableHeaders) -> None:
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    if scope["path"] == DOCS_URL:
        headers["Content-Security-Policy"] = DOCS_POLICY
    elif scope["path"] != DOCUMENT_URL:
        headers.setdefault("Cache-Control", "no-store")
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", _A_YEAR)
