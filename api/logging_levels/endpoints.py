"""Levels of the control plane's log, changed while it runs."""

from fastapi import APIRouter

from api.auth.access import Admin
from api.deps import ServicesDep
from api.errors import EdgeCode, problems
from api.logging_levels.schemas import LoggingPut, LoggingResponse, logging_body
from api.routing import ExactRoute
from orchestrator.audit.service import By
from orchestrator.logging_levels import service

router = APIRouter(prefix="/settings/logging", tags=["settings"], route_class=ExactRoute)


@router.get("", operation_id="getLoggingLevels", summary="How much the log tells", responses=problems())
async def get_logging_levels(admin: Admin, services: ServicesDep) -> LoggingResponse:
    """Of all control planes that share the database."""
    async with services.reading(admin) as session:
        return logging_body(await service.find(session))


@router.put(
    "",
    operation_id="putLoggingLevels",
    summary="Set how much the log tells",
    responses=problems(EdgeCode.MALFORMED_BODY),
)
async def put_logging_levels(body: LoggingPut, admin: Admin, services: ServicesDep) -> LoggingResponse:
    """In force within seconds in every control plane that shares the database, and after restarts. Of libraries no more
    is told at any level, and so no secret that only they would tell."""
    async with services.writing(admin) as session:
        return logging_body(await service.put(session, body.level, body.modules, By(admin.user_id, body.why)))


@router.delete(
    "",
    operation_id="resetLoggingLevels",
    summary="Have the log tell what it does by default",
    responses=problems(),
)
async def reset_logging_levels(admin: Admin, services: ServicesDep) -> LoggingResponse:
    """Done twice it is done once."""
    async with services.writing(admin) as session:
        await service.reset(session, By(admin.user_id))
        return logging_body(None)
