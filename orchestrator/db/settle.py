"""What follows a restore: the database belongs to another home now, perhaps with another kind of pools.

Pools of the driver that runs here stay in the database, since their directories or volumes may have been saved beside
it. Those of another driver nobody here could ever start: their rows go, and their bots are in no pool, but keep the
epoch of their last one, by which the reconciler knows that there are trades to wait for (`reconcile.arriving`). Rows of
tables that live floors above are named by their columns here.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import column, delete, func, or_, select, table, update
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.db.engine import Database

_INSTALLATION = table("installation", column("id"), column("pools_home"), column("pools_path"), column("docker_place"))
_POOLS = table("pools", column("id"), column("driver"))
_BOTS = table("bots", column("pool_id"), column("epoch"), column("deleted_at"))
_MOVES = table("moves", column("source_pool_id"), column("target_pool_id"))
_CURSORS = table("pool_cursors", column("pool_id"))
_ORDERS = table("pool_orders", column("driver"))
_NODES = table("nodes", column("driver"))
_ROLLOUTS = table("rollouts", column("state"), column("wish"), column("problem"))
_PUSHES = table("push_deliveries")
_UNDER_WAY = ("running", "stopping", "rolling_back")


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a restored database."""

    installation: str | None
    """Whose it is; None where none claimed it yet."""
    without_pool: int
    """Bots whose pools did not come along."""


async def settle(url: str, driver: str, *, without_trades: bool = False) -> Settled:
    """To be called after a restore: lets the pools be those of whichever home starts next, and drops those of another
    driver than this. Their bots wait for their parcels, or, `without_trades`, start as if they never had been in a
    pool. Raises SQLAlchemyError."""
    database = Database(url)
    try:
        async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
            await connection.execute(update(_INSTALLATION).values(pools_home=None, pools_path=None, docker_place=None))
            await connection.execute(delete(_PUSHES))  # they were sent, or are late
            found = (await connection.execute(select(_INSTALLATION.c.id))).scalar()
            bots = await _leave_pools(connection, driver, without_trades)
    finally:
        await database.close()
    return Settled(None if found is None else str(found), bots)


async def _leave_pools(connection: AsyncConnection, driver: str, without_trades: bool) -> int:
    """How many bots are in no pool now that were in one."""
    gone = list((await connection.execute(select(_POOLS.c.id).where(_POOLS.c.driver != driver))).scalars())
    if not gone:
        return 0
    theirs = _BOTS.c.pool_id.in_(gone)
    counted = select(func.count()).select_from(_BOTS).where(theirs, _BOTS.c.deleted_at.is_(None))
    bots = (await connection.execute(counted)).scalar_one()
    left: dict[str, Any] = {"pool_id": None, "epoch": 0} if without_trades else {"pool_id": None}
    ended = {"state": "aborted", "wish": None, "problem": "Its pools did not come along when a backup was restored."}
    for statement in (
        update(_BOTS).where(theirs).values(**left),
        update(_ROLLOUTS).where(or_(_ROLLOUTS.c.state.in_(_UNDER_WAY), _ROLLOUTS.c.wish.is_not(None))).values(**ended),
        delete(_MOVES).where(or_(_MOVES.c.source_pool_id.in_(gone), _MOVES.c.target_pool_id.in_(gone))),
        delete(_CURSORS).where(_CURSORS.c.pool_id.in_(gone)),
        delete(_ORDERS).where(_ORDERS.c.driver != driver),
        delete(_NODES).where(_NODES.c.driver != driver),
        delete(_POOLS).where(_POOLS.c.id.in_(gone)),
    ):
        await connection.execute(statement)
    return int(bots)
