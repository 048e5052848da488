"""Is it alive, is it ready, what are the figures."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials
from loguru import logger
from pydantic import BaseModel, Field
from sqlalchemy import func, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel import col, select

from api.auth.access import PUBLIC, Admin, authenticate, bearer
from api.auth.state import AuthDep, AuthState
from api.deps import Services, ServicesDep
from api.errors import EdgeCode, problem_response, problems
from api.metrics import CONTENT_TYPE, Metrics
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.errors import ErrorCode, Unauthenticated
from orchestrator.pools.models import PoolModel

router = APIRouter(tags=["health"])

_BOTS_BY_STATE = (
    select(BotStatusModel.observed_state, func.count())
    .join(BotModel, col(BotModel.id) == col(BotStatusModel.bot_id))
    .where(col(BotModel.deleted_at).is_(None))
    .group_by(BotStatusModel.observed_state)
)
_ANSWER_SECONDS = 3.0
"""Supervisors wait no longer than this for readiness."""
_FRESH_SECONDS = 1.0
_POOL = "pool-"
"""What ids of pools begin with, and no other check's name."""
_POOLS = "pools"
_NO_DATABASE = "The database does not answer; the log says why."
_POOLS_BY_STATE = select(PoolModel.observed_state, func.count()).group_by(PoolModel.observed_state)


class Readiness:
    """What was found a moment ago, one look at a time: anybody may ask however often, and each look takes connections.
    One per application; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._checks: dict[str, str | None] = {}

    async def read(self, services: Services) -> dict[str, str | None]:
        """As `read_checks`, a second late at most."""
        async with self._looking:
            if self._clock() - self._looked_at >= _FRESH_SECONDS:
                self._checks = await read_checks(services)
                self._looked_at = self._clock()
            return self._checks


class HealthResponse(BaseModel):
    """The process answers."""

    status: str = Field(description="Always `alive`.", examples=["alive"])


class ReadyResponse(BaseModel):
    """Everything that trading needs is there."""

    status: str = Field(description="Always `ready`; a 503 problem names what is missing.", examples=["ready"])
    checks: dict[str, str] = Field(
        description="Each check by name; of pools one, and for administrators one of each by its id.",
        examples=[{"database": "ready", "pools": "ready"}],
    )


@router.get(
    "/healthz", operation_id="getHealth", summary="Is the process alive", dependencies=[PUBLIC], responses=problems()
)
async def healthz() -> HealthResponse:
    """Answers as long as the process does. Open to all."""
    return HealthResponse(status="alive")


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Is everything ready",
    dependencies=[PUBLIC],
    response_model=ReadyResponse,
    responses=problems(EdgeCode.NOT_READY),
)
async def readyz(
    request: Request,
    services: ServicesDep,
    auth: AuthDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None,
) -> ReadyResponse | Response:
    """200 once the database answers and the pools' agents and zygotes are ready; else 503, `params.checks` telling the
    reason of each; a second late at most. Open to all; which pools there are is told to administrators."""
    readiness: Readiness = request.app.state.readiness
    checks = await readiness.read(services)
    merged = _without_pool_ids(checks)
    if _POOLS in merged and (credentials is None or not await _administrates(request, services, auth, credentials)):
        checks = merged
    failed = {name: reason for name, reason in checks.items() if reason is not None}
    if not failed:
        return ReadyResponse(status="ready", checks=dict.fromkeys(checks, "ready"))
    told = {name: reason or "ready" for name, reason in checks.items()}
    detail = "Not ready: " + "; ".join(f"{name}: {reason.rstrip('.')}" for name, reason in failed.items()) + "."
    return problem_response(EdgeCode.NOT_READY, detail, instance=request.url.path, params={"checks": told})


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={
        **problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED),
        200: {
            "description": "Prometheus' text format.",
            "content": {
                "text/plain": {"schema": {"type": "string"}, "example": 'flotilla_bots{state="running"} 3.0\n'}
            },
        },
    },
)
async def metrics(caller: Admin, request: Request, services: ServicesDep) -> Response:
    """Requests by route, bots and pools by state, readiness, readings of the reconciler and the streams, what universal
    rules did, and what exchanges were asked; of the whole installation, hence for administrators. Prometheus takes an
    API token of scope `admin`."""
    figures: Metrics = request.app.state.metrics
    bots: Mapping[str, int] = {}
    pools: Mapping[str, int] = {}
    checks = await read_checks(services)
    if checks["database"] is None:
        async with services.database.read() as session:
            bots = dict((await session.exec(_BOTS_BY_STATE)).all())
            pools = dict((await session.exec(_POOLS_BY_STATE)).all())
    streams = {name: float(count()) for name, count in request.app.state.open_counts.items()}
    readings = {**services.gauges(), **streams}
    traffic = await services.traffic.look()
    body = figures.render(
        bots=bots, pools=pools, checks=checks, readings=readings, tally=services.tally, traffic=traffic
    )
    return Response(body, media_type=CONTENT_TYPE)


async def _administrates(
    request: Request, services: Services, auth: AuthState, credentials: HTTPAuthorizationCredentials
) -> bool:
    """Whoever is nobody, and whoever cannot be looked up now, does not."""
    try:
        caller = await authenticate(request, auth, services, credentials)
    except (Unauthenticated, SQLAlchemyError, TimeoutError, OSError):
        return False
    return caller.administrates and not caller.password_given


def _without_pool_ids(checks: Mapping[str, str | None]) -> dict[str, str | None]:
    """All pools as one check."""
    told = {name: reason for name, reason in checks.items() if not name.startswith(_POOL)}
    pools = [reason for name, reason in checks.items() if name.startswith(_POOL)]
    if pools:
        reasons = dict.fromkeys(reason.rstrip(".") for reason in pools if reason is not None)
        told[_POOLS] = f"{'; '.join(reasons)}." if reasons else None
    return told


async def read_checks(services: Services) -> dict[str, str | None]:
    """Every check by name: None where it passes, else the reason. A check that breaks counts as failed."""
    problem = await _database_problem(services)
    checks: dict[str, str | None] = {"database": problem}
    if problem is not None:
        return checks  # the rest is read from there
    try:
        checks.update(await services.readiness())
    except (SQLAlchemyError, TimeoutError) as error:
        logger.warning("the database failed while readiness was read: {}", error)
        checks["database"] = _NO_DATABASE
    except Exception as error:  # boundary to whatever the composition root asks; readiness must answer, not break
        logger.opt(exception=error).error("a readiness check broke")
        checks["control-plane"] = "A readiness check broke; the log says why."
    return checks


async def _database_problem(services: Services) -> str | None:
    readings = services.database.readings()
    try:
        async with asyncio.timeout(_ANSWER_SECONDS), services.database.read() as session:
            await (await session.connection()).execute(text("SELECT 1"))
    except (PoolTimeoutError, TimeoutError) as error:
        logger.warning("the database does not answer: {}", error)
        if readings.in_use >= readings.limit:
            return f"All {readings.limit} connections to the database are in use; {readings.waiting} calls wait."
        return _NO_DATABASE
    except (SQLAlchemyError, OSError) as error:
        logger.warning("the database does not answer: {}", error)
        return _NO_DATABASE
    return None
