"""Verifying where no control plane is: a database by its URL, or a backup."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import inspect

from orchestrator.audit.chain import Head, Register, Walk
from orchestrator.audit.seal import Anchor, SealKey
from orchestrator.audit.spool import Spool
from orchestrator.audit.verify import Chain, entry_of, found, seal, verify_stored
from orchestrator.db.backup import header_of, rows_in
from orchestrator.db.copy import reader
from orchestrator.db.engine import Database
from orchestrator.errors import Conflict

_UNCHAINED = "It is from before the audit was chained: there is nothing to verify it by. Run `flotilla migrate` first."


async def verify_database(url: str, key: SealKey | None, tenant: str | None = None) -> list[Chain]:
    """As it is at one moment; a control plane may run on it. Raises Conflict, SQLAlchemyError."""
    database = Database(url)
    try:
        async with reader(database) as connection:
            if not await connection.run_sync(lambda sync: inspect(sync).has_table("audit_heads")):
                raise Conflict(_UNCHAINED)
            return await verify_stored(connection, key, tenant)
    finally:
        await database.close()


def verify_backup(file: Path, key: SealKey | None, tenant: str | None = None) -> list[Chain]:
    """Reads the whole file. Raises Conflict where it is no whole backup or has no chains, OSError."""
    if "audit_heads" not in {shape.name for shape in header_of(file).shapes}:
        raise Conflict(_UNCHAINED)
    heads: dict[str, Head] = {}
    with Spool() as spool:
        for table, row in rows_in(file, {"audit", "audit_heads"}):
            if tenant not in (None, row["tenant_id"]):
                continue
            if table == "audit_heads":
                heads[row["tenant_id"]] = Head(**row)
            else:
                spool.add(entry_of(row))
        return verify_spooled(spool, heads, key, tenant)


def verify_spooled(spool: Spool, heads: Mapping[str, Head], key: SealKey | None, tenant: str | None) -> list[Chain]:
    """All rows that there are, or those of this tenant."""
    walks: dict[str, Walk] = {}
    for entry in spool.entries():
        walks.setdefault(entry.tenant_id, Walk()).take(entry)
    if tenant is not None:
        return found(walks, None, heads, key)
    register = Register()
    for hash_ in spool.hashes():
        register.take(hash_)
    return found(walks, register, heads, key)


async def seal_database(url: str, key: SealKey) -> list[str]:
    """Seals with this key what was sealed with another one, or never. Answers whose. Raises Conflict where one is not
    whole, SQLAlchemyError."""
    database = Database(url)
    try:
        async with database.unit_of_work() as session:
            connection = await session.connection()
            broken = [chain for chain in await verify_stored(connection, None) if not chain.whole]
            broken += [chain for chain in await verify_stored(connection, key) if chain.anchor is Anchor.BROKEN]
            if broken:
                raise Conflict(f"The audit of {broken[0].tenant_id} is not whole: it is not sealed.")
            return await seal(session, key, anew=True)
    finally:
        await database.close()
