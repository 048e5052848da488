"""The audit: who did what to pools and bots, when and why."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.audit.schemas import AuditPage, AuditResponse
from api.auth.guard import Admin
from api.deps import PageDep, ServicesDep, Text
from api.errors import problems
from orchestrator.errors import ErrorCode
from orchestrator.pools import audit
from orchestrator.pools.models import AuditModel
from orchestrator.users import repository as users

router = APIRouter(prefix="/audit", tags=["audit"])


@router.get(
    "",
    operation_id="listAudit",
    summary="What was done",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED),
)
async def list_audit(
    admin: Admin,
    services: ServicesDep,
    page: PageDep,
    subject: Annotated[
        str | None,
        Query(max_length=120, pattern=Text, description="Only what was done to it.", examples=["pool/pool-local"]),
    ] = None,
    actor: Annotated[
        str | None,
        Query(max_length=64, pattern=Text, description="Only what that user did.", examples=["user-k3v2q7d5mwxz4tha"]),
    ] = None,
) -> AuditPage:
    """Newest first; for administrators."""
    async with services.database.read() as session:
        found = await audit.list_(session, limit=page.limit, after=page.after, subject=subject, actor=actor)
        names = await users.names(session, {row.actor for row in found.items})
    return AuditPage(items=[_body(row, names.get(row.actor)) for row in found.items], next=found.next)


def _body(row: AuditModel, name: str | None) -> AuditResponse:
    return AuditResponse(
        id=str(row.number),
        at=row.at,
        actor=row.actor,
        actor_name=name,
        action=row.action,
        subject=row.subject,
        reason=row.why,
        before=row.before,
        after=row.after,
    )
