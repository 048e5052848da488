"""Machines that run pools, as their drivers tell. Session first; nothing here commits."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict
from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import NodeModel, PoolModel


class NodeReport(BaseModel):
    """What a driver knows of its machine."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    cores: int
    memory_bytes: int
    memory_available_bytes: int | None = None
    disk_free_bytes: int | None = None
    """Where pools keep their directories."""
    versions: dict[str, str] = {}
    """Of what runs the pools, by name: `docker`, `kernel`, `python`."""
    conditions: list[str] = []
    """What the machine lacks, in sentences."""


async def every(session: AsyncSession) -> Sequence[NodeModel]:
    """All nodes by name."""
    return (await session.exec(select(NodeModel).order_by(col(NodeModel.name)))).all()


async def observe(session: AsyncSession, driver: str, seen: NodeReport | None, problem: str | None) -> None:
    """Writes what a driver told of its machine, or why it told nothing: the last report stays then. The only writer of
    `nodes`, and of the node that a pool is on: a driver has one."""
    if seen is not None and await session.get(NodeModel, seen.name) is None:
        session.add(NodeModel(name=seen.name, driver=driver, report={}, conditions=[]))
        await session.flush()
    for row in (await session.exec(select(NodeModel).where(col(NodeModel.driver) == driver))).all():
        if seen is not None and row.name == seen.name:
            row.report, row.last_seen_at = seen.model_dump(mode="json"), utc_now()
            _tell(row, [("NodeReduced", sentence) for sentence in seen.conditions])
        elif seen is None and problem is not None:
            _tell(row, [("NodeUnreachable", problem)])
        session.add(row)
    if seen is not None:
        others = (col(PoolModel.driver) == driver, col(PoolModel.node) != seen.name)
        await session.exec(update(PoolModel).where(*others).values(node=seen.name))
    await session.flush()


def _tell(row: NodeModel, told: Sequence[tuple[str, str]]) -> None:
    since = {(held["type"], held["message"]): held["since"] for held in row.conditions}
    now = utc_now().isoformat()
    row.conditions = [{"type": kind, "message": text, "since": since.get((kind, text), now)} for kind, text in told]
