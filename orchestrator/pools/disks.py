"""What removed pools left on disk: drivers keep it until it is purged, since it holds trades.

A disk is left over where the database has no pool of its id (any more): drivers tell which disks there are, the audit
when its pool was removed. Session first; nothing here commits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.models import AuditModel
from orchestrator.kit.pages import Page, decode_cursor, page_of
from orchestrator.pools import repository


@dataclass(frozen=True, slots=True)
class PoolDisk:
    """What a pool keeps: a directory or a volume."""

    pool_id: str
    in_use: bool
    """Something runs on it."""
    tenant_id: str | None = None
    """None for a shared pool's, or where its driver cannot tell."""
    image_id: str | None = None
    """What the pool was made of; None where it was no container."""


Disks = Mapping[str, Sequence[PoolDisk]]
"""All that there are, by the name of their driver."""


@dataclass(frozen=True, slots=True)
class LeftDisk:
    disk: PoolDisk
    driver: str
    tenant_id: str | None
    removed_at: datetime | None
    """None where the database knows nothing of it, as after an older backup was restored."""


async def left(session: AsyncSession, disks: Disks, *, limit: int, after: str | None = None) -> Page[LeftDisk]:
    """Those without a pool, by id. Raises InvalidSpec (field `after`) for a foreign cursor."""
    begin = "" if after is None else decode_cursor(after, [str])[0]
    known = {pool.id for pool in await repository.every(session)}
    found = [
        (disk, driver)
        for driver, all_of_it in disks.items()
        for disk in all_of_it
        if disk.pool_id not in known and disk.pool_id > begin
    ]
    found.sort(key=lambda one: one[0].pool_id)
    page = page_of(found[: limit + 1], limit, lambda one: (one[0].pool_id,))
    tenants, removed = await _told(session, [disk.pool_id for disk, _ in page.items])
    return Page(
        [
            LeftDisk(disk, driver, disk.tenant_id or tenants.get(disk.pool_id), removed.get(disk.pool_id))
            for disk, driver in page.items
        ],
        page.next,
    )


def find(disks: Disks, pool_id: str) -> tuple[PoolDisk, str] | None:
    """That pool's, and its driver's name."""
    return next(((disk, driver) for driver, them in disks.items() for disk in them if disk.pool_id == pool_id), None)


async def _told(session: AsyncSession, pool_ids: Sequence[str]) -> tuple[dict[str, str], dict[str, datetime]]:
    """Tenants, and when they were removed last, by the audit."""
    subjects = {audit.pool(pool_id): pool_id for pool_id in pool_ids}
    query = select(AuditModel).where(
        col(AuditModel.subject).in_(list(subjects)), col(AuditModel.action).in_(["pool.create", "pool.delete"])
    )
    tenants: dict[str, str] = {}
    removed: dict[str, datetime] = {}
    for row in (await session.exec(query.order_by(col(AuditModel.number)))).all():
        pool_id, tenant = subjects[row.subject], (row.after or {}).get("tenant_id")
        if tenant is not None:
            tenants[pool_id] = str(tenant)
        if row.action == "pool.delete":
            removed[pool_id] = row.at
    return tenants, removed
