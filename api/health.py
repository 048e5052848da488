"""Is it alive, is it ready, what are the figures."""

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from loguru import logger
from pydantic import BaseModel, Field
from sqlalchemy import func, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel import col, select

from api.auth.guard import Caller
from api.deps import Services, ServicesDep
from api.errors import EdgeCode, problem_response, problems
from api.metrics import CONTENT_TYPE, Metrics
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.errors import ErrorCode
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
_NO_DATABASE = "The database does not answer; the log says why."
_POOLS_BY_STATE = select(PoolModel.observed_state, func.count()).group_by(PoolModel.observed_state)


class HealthResponse(BaseModel):
    """The process answers."""

    status: str = Field(description="Always `alive`.", examples=["alive"])


class ReadyResponse(BaseModel):
    """Everything that trading needs is there."""

    status: str = Field(description="Always `ready`; a 503 problem names what is missing.", examples=["ready"])
    checks: dict[str, str] = Field(
        description="Each check by name.", examples=[{"database": "ready", "pool-local": "ready"}]
    )


@router.get("/healthz", operation_id="getHealth", summary="Is the process alive", responses=problems())
async def healthz() -> HealthResponse:
    """Answers as long as the process does. Open to all."""
    return HealthResponse(status="alive")


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Is everything ready",
    response_model=ReadyResponse,
    responses=problems(EdgeCode.NOT_READY),
)
async def readyz(request: Request, services: ServicesDep) -> ReadyResponse | Response:
    """200 once the database answers and the pools' agents and zygotes are ready; else 503, `params.checks` telling the
    reason of each. Open to all."""
    checks = await read_checks(services)
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
        **problems(ErrorCode.UNAUTHENTICATED),
        200: {
            "description": "Prometheus' text format.",
            "content": {
                "text/plain": {"schema": {"type": "string"}, "example": 'flotilla_bots{state="running"} 3.0\n'}
            },
        },
    },
)
async def metrics(caller: Caller, request: Request, services: ServicesDep) -> Response:
    """Requests by route, bots and pools by state, readiness, and readings of the reconciler and the streams."""
    figures: Metrics = request.app.state.metrics
    bots: Mapping[str, int] = {}
    pools: Mapping[str, int] = {}
    checks = await read_checks(services)
    if checks["database"] is None:
        async with services.database.read() as session:
            bots = dict((await session.exec(_BOTS_BY_STATE)).all())
            pools = dict((await session.exec(_POOLS_BY_STATE)).all())
    streams = {name: float(count()) for name, count in request.app.state.open_counts.items()}
    body = figures.render(bots=bots, pools=pools, checks=checks, readings={**services.gauges(), **streams})
    return Response(body, media_type=CONTENT_TYPE)


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
