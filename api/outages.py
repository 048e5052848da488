"""What the control plane needs and does not have now (its database, Redis, room on the disk), as the web sees it.

All of it is 503 with Retry-After and a remedy: not the caller's fault, and over some time. Meanwhile pools trade on.
Only a transaction that PostgreSQL ended for the sake of another is a conflict: the caller may repeat it at once.
"""

import errno
import sys

from fastapi import FastAPI
from loguru import logger
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketState

from api.errors import EdgeCode, internal_error, problem_response
from orchestrator.errors import ErrorCode

_FULL = "The disk of the control plane is full; free some space, then try again."
_BUSY = (
    "The database has more to do than it can; try again in a moment. If it stays so, raise "
    "FLOTILLA_ORCH_DATABASE_CONNECTIONS on PostgreSQL, or leave SQLite for it."
)
_GONE = (
    "The database does not answer, or refuses to work (the log says why); bots trade on. Bring it back, then try "
    "again. If you were changing something, look first whether it was done."
)
_CROSSED = "Another change got in the way of this one, which was not made; send it again."
_REDIS = "Redis does not answer; bots trade on. Bring it back, then try again."
_FILES = "The control plane has too many files open; try again in a moment. If it stays so, raise `ulimit -n`."
_OS: dict[int, str] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: "The disk of the control plane is read-only; make it writable, then try again.",
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
}
_LOST_TO_OTHERS = {"40001", "40P01"}
"""Of PostgreSQL: it rolled one transaction back so that others could go on."""
_TRY_AGAIN_LATER = 1013
_REDIS_ERRORS = ("ConnectionError", "TimeoutError", "BusyLoadingError", "ReadOnlyError")


def install(app: FastAPI) -> None:
    """Has outages answered as problem documents."""
    for kind in (DBAPIError, PoolTimeoutError, OSError, *_redis_errors()):
        app.add_exception_handler(kind, _on_outage)  # type: ignore[arg-type]  # starlette wants a Request alone


def outage_of(error: Exception) -> tuple[EdgeCode | ErrorCode, str] | None:
    """Code and sentence where the error is an outage; None where it is a mistake of ours."""
    if isinstance(error, PoolTimeoutError):
        return EdgeCode.STORAGE_UNAVAILABLE, _BUSY
    if isinstance(error, DBAPIError):
        if getattr(error.orig, "sqlstate", None) in _LOST_TO_OTHERS:
            return ErrorCode.CONFLICT, _CROSSED
        full = "disk is full" in str(error.orig) or "No space left" in str(error.orig)
        if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated or _read_only(error):
            return EdgeCode.STORAGE_UNAVAILABLE, _FULL if full else _GONE
        return None
    if isinstance(error, _redis_errors()):
        return ErrorCode.REDIS_UNAVAILABLE, _REDIS
    if isinstance(error, OSError) and error.errno in _OS:
        return EdgeCode.STORAGE_UNAVAILABLE, _OS[error.errno]
    return None


async def _on_outage(connection: HTTPConnection, error: Exception) -> JSONResponse | None:
    path, method = connection.url.path, connection.scope.get("method", "WebSocket")
    outage = outage_of(error)
    if outage is None:
        logger.opt(exception=error).error("{} {} failed", method, path)
        response, reason = internal_error(path), "Something broke on the server."
    else:
        code, reason = outage
        logger.error("{} {}: {}", method, path, getattr(error, "orig", None) or error)
        response = problem_response(code, reason, instance=path)
    if isinstance(connection, WebSocket):
        return await _refused(connection, response, reason)
    return response


async def _refused(websocket: WebSocket, response: JSONResponse, reason: str) -> JSONResponse | None:
    """Before the upgrade the response itself, where the server can send one; after it the WebSocket is closed."""
    if websocket.application_state is WebSocketState.CONNECTING:
        if "websocket.http.response" in websocket.scope.get("extensions", {}):
            return response
    elif websocket.application_state is not WebSocketState.CONNECTED:
        return None
    await websocket.close(_TRY_AGAIN_LATER, reason[:120])
    return None


def _redis_errors() -> tuple[type[Exception], ...]:
    """None of them where no client of Redis was opened: its library is loaded for that alone."""
    module = sys.modules.get("redis.exceptions")
    return () if module is None else tuple(getattr(module, name) for name in _REDIS_ERRORS)


def _read_only(error: DBAPIError) -> bool:
    """PostgreSQL after a fail-over, or while it recovers."""
    return getattr(error.orig, "sqlstate", None) in {"25006", "57P01", "57P02", "57P03"}
