"""What wraps every request: logging under the correlation id, timing, security headers, the last resort for exceptions,
and the limit on bodies. Pure ASGI, so that streams pass through untouched."""

import re
import time

from asgi_correlation_id import correlation_id
from loguru import logger
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import EdgeCode, internal_error, problem_response
from api.metrics import Metrics, route_template
from api.settings import ApiSettings

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_RELAY = re.compile(r"/api/v1/bots/[^/]+/freqtrade/")
_DOCS = ("/docs",)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; img-src 'self' data: https://fastapi.tiangolo.com; "
    "connect-src 'self'; frame-ancestors 'none'"
)


class EdgeMiddleware:
    """Around everything but the correlation id."""

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
            logger.debug("{} {}: the client went away", scope["method"], scope["path"])
        except Exception as error:  # boundary of a request: answered without internals, told in full in the log
            logger.opt(exception=error).error("{} {} failed", scope["method"], scope["path"])
            if status:
                raise  # half an answer is out: only closing the connection tells the client
            await internal_error(scope["path"])(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.observe(scope["method"], route_template(scope), status, seconds)
            level = "DEBUG" if scope["method"] in ("GET", "HEAD", "OPTIONS") else "INFO"
            logger.log(level, "{} {} {} {:.1f} ms", scope["method"], scope["path"], status, seconds * 1000)


class BodyLimitMiddleware:
    """413 for bodies that are too large, announced or not; a relayed body may be larger than an ordinary one."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        relayed = _RELAY.match(scope["path"]) is not None
        limit = self._settings.relay_body_limit_bytes if relayed else self._settings.body_limit_bytes
        refusal = f"The body is larger than {limit} bytes; send less."
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
            response = problem_response(EdgeCode.BODY_TOO_LARGE, refusal, instance=scope["path"])
            await response(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:
                    raise HTTPException(413, refusal)
            return message

        await self._app(scope, receive_within_limit, send)


def is_request_id(value: str) -> bool:
    """Whether a caller's own X-Request-ID is fit for our logs."""
    return _REQUEST_ID.fullmatch(value) is not None


def _add_headers(scope: Scope, headers: MutableHeaders) -> None:
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    if scope["path"] in _DOCS:
        headers["Content-Security-Policy"] = _DOCS_POLICY
    elif scope["path"] != "/openapi.json":
        headers.setdefault("Cache-Control", "no-store")
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
