"""Leases kept as rows; the rules are `kit.leases`."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.kit import leases
from orchestrator.kit.leases import Lease
from orchestrator.pools import repository
from orchestrator.pools.models import LeaseModel


async def take(session: AsyncSession, name: str, holder: str, now: datetime, seconds: float) -> Lease | None:
    """The lease, or None where another one holds it (or was quicker)."""
    row = await repository.lease(session, name)
    lease = leases.take(_lease(row), name, holder, now, seconds)
    if lease is None:
        return None
    try:
        async with session.begin_nested():
            _store(session, row, lease)
            await session.flush()
    except IntegrityError:
        return None
    return lease


async def renew(session: AsyncSession, held: Lease, now: datetime, seconds: float) -> Lease | None:
    """The lease for longer, or None where it was lost."""
    row = await repository.lease(session, held.name)
    lease = leases.renew(_lease(row), held, now, seconds)
    if lease is not None:
        _store(session, row, lease)
        await session.flush()
    return lease


async def release(session: AsyncSession, held: Lease, now: datetime) -> None:
    """Lets the next one in at once."""
    row = await repository.lease(session, held.name)
    if row is not None and (row.holder, row.epoch) == (held.holder, held.epoch):
        row.expires_at = now
        session.add(row)
        await session.flush()


def _lease(row: LeaseModel | None) -> Lease | None:
    return None if row is None else Lease(row.name, row.holder, row.epoch, row.expires_at)


def _store(session: AsyncSession, row: LeaseModel | None, lease: Lease) -> None:
    row = row or LeaseModel(name=lease.name, holder=lease.holder, epoch=lease.epoch, expires_at=lease.expires_at)
    row.holder, row.epoch, row.expires_at = lease.holder, lease.epoch, lease.expires_at
    session.add(row)
