"""What goes wrong, as the web sees it: RFC 9457 problem documents. The only place with the HTTP status of errors.

Every body is `application/problem+json` with type, title, status, detail, code, params, instance and correlation_id.
`detail` says what to do; `params["field"]` names a bad field by its path (`pairs.0`). A 500 says nothing of its cause:
that is in the log, under the correlation id.
"""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from loguru import logger
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from api import wording
from orchestrator.errors import Error, ErrorCode

PROBLEM_MEDIA_TYPE = "application/problem+json"


class EdgeCode(StrEnum):
    """Codes of what never reaches a service."""

    MALFORMED_BODY = "malformed_body"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TOO_SLOW = "body_too_slow"
    CROSS_ORIGIN = "cross_origin"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_READY = "not_ready"
    TOOK_TOO_LONG = "took_too_long"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    INTERNAL = "internal"


STATUS: dict[ErrorCode | EdgeCode, HTTPStatus] = {
    ErrorCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorCode.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    ErrorCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.STEP_UP_REQUIRED: HTTPStatus.FORBIDDEN,
    ErrorCode.PASSWORD_CHANGE_REQUIRED: HTTPStatus.FORBIDDEN,
    ErrorCode.CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.PRECONDITION_FAILED: HTTPStatus.PRECONDITION_FAILED,
    ErrorCode.IDEMPOTENCY_MISMATCH: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.QUOTA_EXCEEDED: HTTPStatus.FORBIDDEN,
    ErrorCode.INSUFFICIENT_FUNDS: HTTPStatus.CONFLICT,
    ErrorCode.INVALID_SPEC: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.BOT_NOT_RUNNING: HTTPStatus.CONFLICT,
    ErrorCode.TOO_MANY_REQUESTS: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.AGENT_UNREACHABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.AGENT_OUTDATED: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.NO_CAPACITY: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.STALE_EPOCH: HTTPStatus.CONFLICT,
    ErrorCode.TEMPLATE_BROKEN: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.BOOT_FAILED: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.RELAY_REFUSED: HTTPStatus.FORBIDDEN,
    ErrorCode.RELAY_TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
    ErrorCode.REDIS_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.DISKS_UNKNOWN: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.STRATEGY_NOT_READY: HTTPStatus.CONFLICT,
    ErrorCode.KEY_REJECTED: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.KEYS_LOCKED: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.EXCHANGE_UNREACHABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.PROVIDER_UNREACHABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    EdgeCode.MALFORMED_BODY: HTTPStatus.BAD_REQUEST,
    EdgeCode.BODY_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    EdgeCode.BODY_TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    EdgeCode.CROSS_ORIGIN: HTTPStatus.FORBIDDEN,
    EdgeCode.TOOK_TOO_LONG: HTTPStatus.SERVICE_UNAVAILABLE,
    EdgeCode.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    EdgeCode.NOT_READY: HTTPStatus.SERVICE_UNAVAILABLE,
    EdgeCode.STORAGE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    EdgeCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The one table: code → HTTP status."""

TITLES: dict[ErrorCode | EdgeCode, str] = {
    ErrorCode.NOT_FOUND: "Not found",
    ErrorCode.NOT_ALLOWED: "Not allowed",
    ErrorCode.UNAUTHENTICATED: "Sign in first",
    ErrorCode.STEP_UP_REQUIRED: "Prove who you are",
    ErrorCode.PASSWORD_CHANGE_REQUIRED: "Change your password",
    ErrorCode.CONFLICT: "Conflict",
    ErrorCode.PRECONDITION_FAILED: "Changed meanwhile",
    ErrorCode.IDEMPOTENCY_MISMATCH: "Idempotency key used before",
    ErrorCode.QUOTA_EXCEEDED: "Quota exceeded",
    ErrorCode.INSUFFICIENT_FUNDS: "Not enough money",
    ErrorCode.INVALID_SPEC: "Invalid request",
    ErrorCode.BOT_NOT_RUNNING: "Bot is not running",
    ErrorCode.TOO_MANY_REQUESTS: "Too many requests",
    ErrorCode.AGENT_UNREACHABLE: "Pool does not answer",
    ErrorCode.AGENT_OUTDATED: "Pool is too old",
    ErrorCode.NO_CAPACITY: "No capacity",
    ErrorCode.STALE_EPOCH: "Moved meanwhile",
    ErrorCode.TEMPLATE_BROKEN: "Template is broken",
    ErrorCode.BOOT_FAILED: "Bot cannot start",
    ErrorCode.RELAY_REFUSED: "Not relayed",
    ErrorCode.RELAY_TIMEOUT: "Bot took too long",
    ErrorCode.REDIS_UNAVAILABLE: "Redis is unavailable",
    ErrorCode.DISKS_UNKNOWN: "Disks cannot be told",
    ErrorCode.STRATEGY_NOT_READY: "Strategy may not run",
    ErrorCode.KEY_REJECTED: "Exchange key refused",
    ErrorCode.KEYS_LOCKED: "Exchange keys are locked",
    ErrorCode.EXCHANGE_UNREACHABLE: "Exchange does not answer",
    ErrorCode.PROVIDER_UNREACHABLE: "Sign-in provider does not answer",
    EdgeCode.MALFORMED_BODY: "Malformed body",
    EdgeCode.BODY_TOO_LARGE: "Body too large",
    EdgeCode.BODY_TOO_SLOW: "Body too slow",
    EdgeCode.CROSS_ORIGIN: "Not from another origin",
    EdgeCode.TOOK_TOO_LONG: "Took too long",
    EdgeCode.METHOD_NOT_ALLOWED: "Method not allowed",
    EdgeCode.NOT_READY: "Not ready",
    EdgeCode.STORAGE_UNAVAILABLE: "Storage is unavailable",
    EdgeCode.INTERNAL: "Internal error",
}

_DETAILS: dict[ErrorCode | EdgeCode, str] = {
    ErrorCode.NOT_FOUND: "There is no bot bot-k3v2q7d5mwxz4tha; list the bots to see which there are.",
    ErrorCode.NOT_ALLOWED: "Only an administrator may do this.",
    ErrorCode.UNAUTHENTICATED: "The access token is missing, wrong or expired; sign in or refresh, then try again.",
    ErrorCode.STEP_UP_REQUIRED: (
        "This needs a proof of who you are that is at most five minutes old: POST /api/v1/auth/step-up, then try again."
    ),
    ErrorCode.PASSWORD_CHANGE_REQUIRED: (
        "An administrator gave you your password, and knows it: change it first (PUT /api/v1/auth/password, or "
        "`flotilla account password`)."
    ),
    ErrorCode.CONFLICT: "There is already a bot named 'trend-1'; choose another name.",
    ErrorCode.PRECONDITION_FAILED: "The bot changed since you read it; read it again and repeat the change.",
    ErrorCode.IDEMPOTENCY_MISMATCH: "This Idempotency-Key was used with another body; use a fresh one.",
    ErrorCode.QUOTA_EXCEEDED: "You have 20 bots and may have 20: delete one, or ask an administrator for more.",
    ErrorCode.INSUFFICIENT_FUNDS: "The wallet has 250 USDT free, not 1000: deposit more, or take less.",
    ErrorCode.INVALID_SPEC: "timeframe '7m' is not known; use one of 1m, 3m, 5m, 15m, 30m, 1h.",
    ErrorCode.BOT_NOT_RUNNING: "The bot has no running process; start it, then try again.",
    ErrorCode.TOO_MANY_REQUESTS: "Too many failed sign-ins; try again in 4 s.",
    ErrorCode.AGENT_UNREACHABLE: "The pool's agent does not answer; try again in a moment.",
    ErrorCode.AGENT_OUTDATED: "The pool's agent is older than this; roll the pool out anew, then try again.",
    ErrorCode.NO_CAPACITY: "No pool has room for another bot; delete one or add a pool.",
    ErrorCode.STALE_EPOCH: "The bot was moved meanwhile; read it again and repeat the call.",
    ErrorCode.RELAY_REFUSED: "POST backtest is not relayed: backtests run in FreqTrade, not in a bot that trades.",
    ErrorCode.RELAY_TIMEOUT: "The bot did not answer in time; try again in a moment.",
    ErrorCode.REDIS_UNAVAILABLE: "Redis does not answer; try again in a moment.",
    ErrorCode.DISKS_UNKNOWN: "The broker does not answer: start it (python -m orchestrator.broker).",
    ErrorCode.STRATEGY_NOT_READY: "Version 3 did not pass its check: line 12: invalid syntax.",
    ErrorCode.KEY_REJECTED: "This key may withdraw: take that permission away at the exchange, and enter it again.",
    ErrorCode.KEYS_LOCKED: "The key-encryption key is missing: put it back from where you keep a copy.",
    ErrorCode.PROVIDER_UNREACHABLE: "Google does not answer as it should; try again, or sign in another way.",
    ErrorCode.EXCHANGE_UNREACHABLE: "The exchange binance does not answer; try again in a moment.",
    EdgeCode.MALFORMED_BODY: "The body is not valid JSON (line 1, column 9); correct it and send it again.",
    EdgeCode.BODY_TOO_LARGE: "The body is larger than 1048576 bytes; send less.",
    EdgeCode.BODY_TOO_SLOW: "The body did not come to an end within 30 s; send it again.",
    EdgeCode.CROSS_ORIGIN: (
        "This changes a sign-in, which a page of another origin must not. Open Flotilla at its own address; if this is "
        "it, have FLOTILLA_API_PUBLIC_URL name it."
    ),
    EdgeCode.TOOK_TOO_LONG: (
        "The request took longer than 90 s and was given up; try again in a moment. If you were changing something, "
        "look first whether it was done."
    ),
    EdgeCode.METHOD_NOT_ALLOWED: "PUT is not offered here; use one of GET, POST.",
    EdgeCode.NOT_READY: "Not ready: pool.",
    EdgeCode.STORAGE_UNAVAILABLE: (
        "The database does not answer, or refuses to work (the log says why); bots trade on. Bring it back, then try "
        "again. If you were changing something, look first whether it was done."
    ),
    EdgeCode.INTERNAL: "Something broke on the server; the log has it under the correlation id.",
}
_FIELDS = {ErrorCode.NOT_FOUND: "id", ErrorCode.CONFLICT: "name", ErrorCode.INVALID_SPEC: "timeframe"}
_OF_ALL = (
    ErrorCode.INVALID_SPEC,
    ErrorCode.TOO_MANY_REQUESTS,
    EdgeCode.INTERNAL,
    EdgeCode.STORAGE_UNAVAILABLE,
    EdgeCode.TOOK_TOO_LONG,
)
_OF_BODIES = (EdgeCode.BODY_TOO_LARGE, EdgeCode.BODY_TOO_SLOW)
_RETRY_AFTER_SECONDS = 2
_EXAMPLE_ID = "4f6c1d0b9a7e4d1f8f0c2b6a5d3e1c90"


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="URN of the kind of error.", examples=["urn:flotilla:error:invalid_spec"])
    title: str = Field(description="The kind of error in words.", examples=["Invalid request"])
    status: int = Field(description="HTTP status.", examples=[422])
    detail: str = Field(description="What is wrong and what to do.", examples=[_DETAILS[ErrorCode.INVALID_SPEC]])
    code: str = Field(description="Stable code for programs.", examples=["invalid_spec"])
    params: dict[str, Any] = Field(
        description="What the sentence is about; `field` is the path of a bad field.", examples=[{"field": "timeframe"}]
    )
    instance: str = Field(description="Path of the request.", examples=["/api/v1/bots"])
    correlation_id: str | None = Field(
        description="Under which the log tells more; also the header X-Request-ID.",
        examples=[_EXAMPLE_ID],
    )


def problem_response(
    code: ErrorCode | EdgeCode,
    detail: str,
    *,
    instance: str,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response for an error. `instance` is the path without its query, which may hold a ticket."""
    shown = dict(params or {})
    all_headers = {"Cache-Control": "no-store", **_headers_for(code, shown), **(headers or {})}
    body = _problem(code, detail, shown, instance, correlation_id.get())
    return JSONResponse(body, STATUS[code], headers=all_headers, media_type=PROBLEM_MEDIA_TYPE)


def problems(*codes: ErrorCode | EdgeCode) -> dict[int | str, dict[str, Any]]:
    """What an operation declares for the errors it answers, an example for each code; 422, 429, 500 and the 503 of
    a database that fails, or of a request that takes too long, are always in; so is 408 where it takes a body."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in (*codes, *(_OF_BODIES if EdgeCode.MALFORMED_BODY in codes else ()), *_OF_ALL):
        status = STATUS[code]
        entry = by_status.setdefault(
            int(status),
            {
                "description": TITLES[code],
                "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        example = _problem(code, _DETAILS[code], _example_params(code), "/api/v1/bots", _EXAMPLE_ID)
        entry["content"][PROBLEM_MEDIA_TYPE]["examples"][str(code)] = {"summary": TITLES[code], "value": example}
        if _headers_for(code, _example_params(code)).get("Retry-After"):
            entry["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}}
    return by_status


def install(app: FastAPI) -> None:
    """Has every error of the app answered as a problem document."""
    app.add_exception_handler(Error, _on_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)


def internal_error(instance: str) -> JSONResponse:
    """The response for an exception that nobody expected; the caller logs it."""
    return problem_response(EdgeCode.INTERNAL, _DETAILS[EdgeCode.INTERNAL], instance=instance)


def response_of(error: Error, instance: str) -> JSONResponse:
    """The response for an error of a service. What answers 500 is told in the log alone."""
    if STATUS[error.code] == HTTPStatus.INTERNAL_SERVER_ERROR:
        return internal_error(instance)
    return problem_response(error.code, error.message, instance=instance, params=jsonable_encoder(error.params))


async def _on_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Error)
    path = request.url.path
    if STATUS[error.code] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        method = request.scope.get("method", "WebSocket")
        logger.warning("{} {}: {} {}", method, path, error.code, error.message)
    return response_of(error, path)


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    if any(entry["type"] == "json_invalid" for entry in errors):
        said = errors[0].get("ctx", {}).get("error", "cannot be read")
        place = errors[0]["loc"][-1]
        where = f", at character {place}" if place else ""
        detail = f"The body is not valid JSON ({said}{where}); correct it and send it again."
        return problem_response(EdgeCode.MALFORMED_BODY, detail, instance=request.url.path)
    told = wording.told(errors, error.body)
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in told[:5])
    params = {"field": told[0]["field"], "errors": told[:50]}
    return problem_response(ErrorCode.INVALID_SPEC, f"{detail}.", instance=request.url.path, params=params)


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """What the framework itself refuses: unknown routes, methods, unreadable bodies."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        remedy = f"; use one of {allowed}" if allowed else ""
        detail = f"{request.method} is not offered here{remedy}."
        return problem_response(EdgeCode.METHOD_NOT_ALLOWED, detail, instance=path, headers=error.headers)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        detail = "The body cannot be read; send JSON in UTF-8."
        return problem_response(EdgeCode.MALFORMED_BODY, detail, instance=path)
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem_response(EdgeCode.BODY_TOO_LARGE, str(error.detail), instance=path, headers=error.headers)
    if error.status_code == HTTPStatus.REQUEST_TIMEOUT:
        return problem_response(EdgeCode.BODY_TOO_SLOW, str(error.detail), instance=path, headers=error.headers)
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"There is nothing at {path}; see /docs for what there is."
        return problem_response(ErrorCode.NOT_FOUND, detail, instance=path)
    logger.error("unexpected HTTP exception {} at {}", error.status_code, path)
    return internal_error(path)


def _problem(
    code: ErrorCode | EdgeCode, detail: str, params: dict[str, Any], instance: str, request_id: str | None
) -> dict[str, Any]:
    return {
        "type": f"urn:flotilla:error:{code}",
        "title": TITLES[code],
        "status": int(STATUS[code]),
        "detail": detail,
        "code": str(code),
        "params": params,
        "instance": instance,
        "correlation_id": request_id,
    }


def _headers_for(code: ErrorCode | EdgeCode, params: Mapping[str, Any]) -> dict[str, str]:
    if code == ErrorCode.UNAUTHENTICATED:
        return {"WWW-Authenticate": "Bearer"}
    if code == ErrorCode.TOO_MANY_REQUESTS or STATUS[code] == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(params.get("retry_after_seconds", _RETRY_AFTER_SECONDS))}
    return {}


def _example_params(code: ErrorCode | EdgeCode) -> dict[str, Any]:
    if code == ErrorCode.TOO_MANY_REQUESTS:
        return {"retry_after_seconds": 4}
    return {"field": _FIELDS[code]} if isinstance(code, ErrorCode) and code in _FIELDS else {}
