"""Machines that run pools, as their drivers tell. Session first; nothing here commits."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import NodeModel


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


async def observe(session: AsyncSession, name: str, driver: str, seen: NodeReport | None, problem: str | None) -> None:
    """Writes what a driver told of its node, or why it told nothing: the last report stays then. The only writer of
    `nodes`."""
    row = await session.get(NodeModel, name)
    if row is None:
        if seen is None:
            return
        row = NodeModel(name=name, driver=driver, report={}, conditions=[])
    told = [("NodeUnreachable", problem)] if problem is not None else []
    if seen is not None:
        row.report = seen.model_dump(mode="json")
        row.last_seen_at = utc_now()
        told += [("NodeReduced", sentence) for sentence in seen.conditions]
    since = {(held["type"], held["message"]): held["since"] for held in row.conditions}
    now = utc_now().isoformat()
    row.driver = driver
    row.conditions = [{"type": kind, "message": text, "since": since.get((kind, text), now)} for kind, text in told]
    session.add(row)
    await session.flush()
