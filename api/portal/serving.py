"""The web portal, as `scripts/portal` built it: static files at every path that is no other's.

The portal is one page that finds its way by itself: whatever path is asked for, it is the page (`index.html`), unless
there is a file of that name. Paths of the API are never the page: there, what is not found is told as elsewhere.
"""

from pathlib import Path

from loguru import logger
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.docs import DOCS_URL, DOCUMENT_URL

BUILT = Path(__file__).parent / "dist"
"""Where the build is, in a checkout and in a release."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""No script but our own files. Styles may be inline: components place what floats by them."""
_RESERVED = ("/api", "/healthz", "/readyz", "/metrics", DOCS_URL, DOCUMENT_URL)
_FOREVER = "public, max-age=31536000, immutable"
_PAGE = "index.html"
_ABSENT = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Flotilla</title><h1>The portal is not built here</h1>'
    "<p>Run <code>scripts/portal</code>, and reload. The API is there: see "
    f'<a href="{DOCS_URL}">its documentation</a>.</p>'
)


class Portal:
    """Asked for what no route answers; hands on what is none of its own to `otherwise`."""

    def __init__(self, otherwise: ASGIApp, directory: Path = BUILT) -> None:
        self._otherwise = otherwise
        self._directory = directory
        self._files = GZipMiddleware(
            StaticFiles(directory=directory, check_dir=False), minimum_size=1024, compresslevel=6
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or is_reserved(scope["path"]):
            await self._otherwise(scope, receive, send)
            return
        if not (self._directory / _PAGE).is_file():
            await HTMLResponse(_ABSENT, 503)(scope, receive, send)
            return
        path: str = scope["path"]
        if not _is_file(self._directory, path):
            if path.startswith("/assets/"):  # of another build: the page would be no script
                await self._otherwise(scope, receive, send)
                return
            path = f"/{_PAGE}"
        # The files are found by `path` below the root, wherever the application itself is mounted.
        inner = {**scope, "path": path, "root_path": "", "raw_path": path.encode()}
        await self._files(inner, receive, _with_headers(path, send))


def is_reserved(path: str) -> bool:
    """Whether the path belongs to the API, found or not."""
    return any(path == one or path.startswith(f"{one}/") for one in _RESERVED)


def install(app: Starlette, directory: Path = BUILT) -> None:
    """Has the application serve the portal wherever no route of its own matches."""
    if not (directory / _PAGE).is_file():
        logger.warning("the portal is not built ({}); run scripts/portal", directory)
    app.router.default = Portal(app.router.default, directory)


def _is_file(directory: Path, path: str) -> bool:
    if ".." in path.split("/") or "\0" in path or "/." in path:
        return False
    return (directory / path.lstrip("/")).is_file()


def _with_headers(path: str, send: Send) -> Send:
    caching = _FOREVER if path.startswith("/assets/") else "no-cache"

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(b"cache-control", caching.encode()), (b"content-security-policy", POLICY.encode())]
            message["headers"] = [*message["headers"], *own]
        await send(message)

    return send_with_headers
