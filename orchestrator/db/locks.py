"""Advisory locks on PostgreSQL that keep two processes from the same act; on SQLite the write lock does that."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MIGRATION = 0x464C4F54_0001
"""Whoever changes the schema, or fills or reads the whole database, holds it: others that start wait."""
PARTITIONS = 0x464C4F54_0002
"""Whoever makes partitions holds it."""
PLACEMENT = 0x464C4F54_0003
"""Whoever gives out places in pools, makes pools or removes idle ones holds it: so places are given out once, and who
locks the rows of several pools does so alone. Taken before the row of any bot or pool."""

ROLLOUTS = 0x464C4F54_0004
"""Whoever starts a roll-out, or turns one round, holds it: there is one at a time."""


async def hold(connection: AsyncConnection, key: int) -> None:
    """Waits for the lock and keeps it until the transaction ends. Nothing on SQLite."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


async def try_hold(connection: AsyncConnection, key: int) -> bool:
    """The same without waiting; False where another session holds it. Always True on SQLite."""
    if connection.dialect.name != "postgresql":
        return True
    query = text("SELECT pg_try_advisory_xact_lock(:key)")
    return bool((await connection.execute(query, {"key": key})).scalar_one())


async def others_hold_any(connection: AsyncConnection) -> bool:
    """Whether another session holds an advisory lock in this database, as a control plane that leads does all the
    time. Always False on SQLite, where the home's lock tells."""
    if connection.dialect.name != "postgresql":
        return False
    query = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid() "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return bool((await connection.execute(query)).scalar_one())
