"""The audit: who did what, when and why, and whether it is whole."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from sqlmodel.ext.asyncio.session import AsyncSession

from api.audit.schemas import AuditPage, AuditResponse, BreakResponse, ChainResponse, VerifyResponse
from api.auth.access import Reader
from api.auth.subject import Subject
from api.deps import PageDep, ServicesDep, Text
from api.errors import problems
from orchestrator.audit import service as audit
from orchestrator.audit.models import AuditModel
from orchestrator.audit.seal import SealKey
from orchestrator.audit.verify import Chain, verify
from orchestrator.bots import repository as bots
from orchestrator.errors import ErrorCode, NotAllowed, NotFound
from orchestrator.users import repository as users

router = APIRouter(prefix="/audit", tags=["audit"])

Tenant = Annotated[
    str | None,
    Query(
        max_length=64,
        pattern=Text,
        description="Whose: a user's id, or `fleet` for what concerns no one user. Others than one's own are for "
        "administrators, whom leaving it out gives all.",
        examples=["user-k3v2q7d5mwxz4tha"],
    ),
]


@router.get(
    "",
    operation_id="listAudit",
    summary="What was done",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED),
)
async def list_audit(
    caller: Reader,
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
    tenant: Tenant = None,
    action: Annotated[
        str | None,
        Query(
            max_length=40,
            pattern=Text,
            description="Only this act, or with a noun alone everything of it: `bot` for `bot.start`, `bot.stop`, …",
            examples=["bot.start"],
        ),
    ] = None,
    since: Annotated[
        AwareDatetime | None, Query(description="Only from then on.", examples=["2026-11-21T00:00:00Z"])
    ] = None,
    until: Annotated[
        AwareDatetime | None, Query(description="Only before then.", examples=["2026-11-22T00:00:00Z"])
    ] = None,
) -> AuditPage:
    """Newest first. A user sees what concerns him and his bots, whoever did it."""
    whose = _whose(caller, tenant)
    async with services.reading(caller) as session:
        found = await audit.list_(
            session,
            limit=page.limit,
            after=page.after,
            subject=subject,
            actor=actor,
            tenant=whose,
            action=action,
            since=since,
            until=until,
        )
        names = await _names(session, found.items)
    return AuditPage(items=[_body(row, names) for row in found.items], next=found.next)


@router.get(
    "/verify",
    operation_id="verifyAudit",
    summary="Whether the audit is whole",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, ErrorCode.NOT_FOUND),
)
async def verify_audit(caller: Reader, services: ServicesDep, tenant: Tenant = None) -> VerifyResponse:
    """Goes along the chain of hashes of each tenant and tells the first place where it does not hold: a row that was
    changed, removed, swapped or added, an end that was cut off, a seal that is not this installation's. Only a whole
    database that was put back to an earlier moment fits again: against that keep the `hash` of `all` elsewhere."""
    key = SealKey.of(services.secrets.token_signing_key)
    async with services.reading(caller) as session:
        found = await verify(session, key, _whose(caller, tenant))
    if not found and tenant not in (None, caller.user_id):
        told = "Nothing is written of this tenant, or it is gone: verify all, whose register tells."
        raise NotFound(told, field="tenant")
    return VerifyResponse(whole=all(chain.whole for chain in found), chains=[_chain(chain) for chain in found])


def _whose(caller: Subject, tenant: str | None) -> str | None:
    """None for everybody's. Raises NotAllowed."""
    if caller.administrates:
        return tenant
    if tenant not in (None, caller.user_id):
        raise NotAllowed("Only an administrator may see what concerns others; leave `tenant` out.")
    return caller.user_id


async def _names(session: AsyncSession, rows: Sequence[AuditModel]) -> dict[str, str]:
    """By id, of users and bots that rows are about."""
    subjects = [row.subject.partition("/") for row in rows]
    acted_on = {kind: {name for one, _, name in subjects if one == kind} for kind in ("bot", "user")}
    owned = await bots.owners(session, acted_on["bot"])
    of_users = await users.names(session, {row.actor for row in rows} | acted_on["user"])
    return {**of_users, **{bot_id: one.name for bot_id, one in owned.items()}}


def _body(row: AuditModel, names: Mapping[str, str]) -> AuditResponse:
    return AuditResponse(
        id=str(row.number),
        at=row.at,
        actor=row.actor,
        actor_name=names.get(row.actor),
        action=row.action,
        subject=row.subject,
        subject_name=names.get(row.subject.partition("/")[2]),
        reason=row.why,
        before=row.before,
        after=row.after,
        tenant=row.tenant_id,
        sequence=row.sequence,
        hash=row.hash,
    )


def _chain(chain: Chain) -> ChainResponse:
    problem = chain.problem
    return ChainResponse(
        tenant=chain.tenant_id,
        rows=chain.rows,
        hash=chain.hash,
        seal=chain.anchor,
        problem=None
        if problem is None
        else BreakResponse(
            sequence=problem.sequence,
            id=None if problem.number is None else str(problem.number),
            message=problem.message,
        ),
    )
