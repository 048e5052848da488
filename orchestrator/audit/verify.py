"""Going along the chains: where is the first row that does not hold?

Rows are read as they are stored, not as the database's types understand them: a blank in a JSON column is found, too.
`rows_of` gives those of a database, `entry_of` makes them of a backup's.
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, column, select, table, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit.chain import REGISTER, Break, Entry, Head, Register, Walk
from orchestrator.audit.ledger import told_at
from orchestrator.audit.models import AuditHeadModel
from orchestrator.audit.seal import Anchor, SealKey
from orchestrator.db.types import UtcDateTime

_CHUNK = 500
_COLUMNS = ("tenant_id", "sequence", "number", "at", "actor", "action", "subject", "why", "before", "after")
_AUDIT = table(
    "audit", *(column(name, UtcDateTime() if name == "at" else None) for name in (*_COLUMNS, "prev_hash", "hash"))
)
_HEADS = table("audit_heads", *(column(name) for name in ("tenant_id", "count", "hash", "key_id", "mac")))
_DOUBTS = {
    Anchor.BROKEN: "The head's seal was made without the installation's secret: the end may have been written anew.",
    Anchor.UNSEALED: "The head has no seal. Either somebody took it off, and the end may have been cut off or written "
    "anew, or this is from before there were seals; then `flotilla audit seal` vouches for it.",
    Anchor.OTHER_KEY: "The head's seal is of another secret, so the end may have been cut off or written anew; where "
    "`secrets.json` was lost or replaced, `flotilla audit seal` vouches for it.",
}
"""What whoever has the key may not call whole."""
_SQLITE_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{6})")


@dataclass(frozen=True, slots=True)
class Chain:
    """What was found of one tenant's chain."""

    tenant_id: str
    rows: int
    hash: str
    """Of the last row; whoever notes it elsewhere can tell later that nothing before it was changed."""
    anchor: Anchor
    problem: Break | None

    @property
    def whole(self) -> bool:
        return self.problem is None


async def verify(session: AsyncSession, key: SealKey | None, tenant: str | None = None) -> list[Chain]:
    """By tenant, and the register; or of this tenant alone. To be called in a transaction that sees one moment."""
    connection = await session.connection()
    return await verify_stored(connection, key, tenant)


async def verify_stored(connection: AsyncConnection, key: SealKey | None, tenant: str | None = None) -> list[Chain]:
    """The same for whoever has no session."""
    query = select(*_HEADS.c)
    if tenant is not None:
        query = query.where(_HEADS.c.tenant_id == tenant)
    heads = {row.tenant_id: Head(*row) for row in await connection.execute(query)}
    walks: dict[str, Walk] = {}
    async for entry in rows_of(connection, tenant):
        walks.setdefault(entry.tenant_id, Walk()).take(entry)
    return found(walks, await _register_of(connection) if tenant is None else None, heads, key)


def found(
    walks: Mapping[str, Walk], register: Register | None, heads: Mapping[str, Head], key: SealKey | None
) -> list[Chain]:
    """What the walks along all rows came to. `register` is None where only one tenant's rows were read."""
    tenants = sorted({*walks, *heads} - {REGISTER})
    chains = [_chain(tenant, walks.get(tenant, Walk()), heads.get(tenant), key) for tenant in tenants]
    if register is not None and (register.rows or heads):
        chains.append(_chain(REGISTER, register, heads.get(REGISTER), key))
    return chains


def entry_of(values: Mapping[str, Any]) -> Entry:
    """Of a row by names of columns, JSON as text, times aware."""
    at = values["at"]
    told = told_at(at) if isinstance(at, datetime) else at
    return Entry(**{name: values[name] for name in (*_COLUMNS, "prev_hash", "hash")} | {"at": told})


def stored_time(value: Any) -> Any:
    """SQLite's text of the one form in which times are stored, as a chain has it; any other is passed on, and fits no
    hash. PostgreSQL's times are passed on, too."""
    match = _SQLITE_TIME.fullmatch(value) if isinstance(value, str) else None
    return f"{match[1]}T{match[2]}+00:00" if match else value


async def rows_of(connection: AsyncConnection, tenant: str | None = None) -> AsyncIterator[Entry]:
    """By tenant and place, as they are stored."""
    sqlite = connection.dialect.name == "sqlite"
    as_text = {"before", "after"} | ({"at"} if sqlite else set())
    columns = [cast(one, Text).label(one.name) if one.name in as_text else one for one in _AUDIT.c]
    query = select(*columns).order_by(_AUDIT.c.tenant_id, _AUDIT.c.sequence, _AUDIT.c.number)
    if tenant is not None:
        query = query.where(_AUDIT.c.tenant_id == tenant)
    async with connection.stream(query.execution_options(yield_per=_CHUNK)) as result:
        async for row in result.mappings():
            yield entry_of({**row, "at": stored_time(row["at"])})


async def seal(session: AsyncSession, key: SealKey, *, anew: bool = False) -> list[str]:
    """Seals the heads from before there were seals, where none has one; where some have, those without lost theirs and
    stay so. With `anew` seals whatever has none, or one of another key. Answers whose. A broken seal stays."""
    connection = await session.connection()
    query = select(*_HEADS.c).order_by(_HEADS.c.tenant_id != REGISTER, _HEADS.c.tenant_id)  # as the ledger locks them
    heads = [Head(*row) for row in (await connection.execute(query.with_for_update())).all()]
    anchors = {head.tenant_id: key.anchor(head) for head in heads}
    if not anew and set(anchors.values()) != {Anchor.UNSEALED}:
        return []
    sealed = []
    for head in heads:
        if anchors[head.tenant_id] in (Anchor.UNSEALED, Anchor.OTHER_KEY):
            values = asdict(key.seal(head))
            mine = col(AuditHeadModel.tenant_id) == values.pop("tenant_id")
            await connection.execute(update(AuditHeadModel).where(mine).values(**values))
            sealed.append(head.tenant_id)
    return sealed


async def _register_of(connection: AsyncConnection) -> Register:
    register = Register()
    query = select(_AUDIT.c.hash).order_by(_AUDIT.c.number).execution_options(yield_per=_CHUNK)
    async with connection.stream(query) as result:
        async for row in result:
            register.take(row.hash)
    return register


def _chain(tenant: str, walk: Walk | Register, head: Head | None, key: SealKey | None) -> Chain:
    anchor = Anchor.UNCHECKED if key is None or head is None else key.anchor(head)
    problem = walk.end(head)
    if problem is None and anchor in _DOUBTS:
        problem = Break(max(walk.rows, 1), None, _DOUBTS[anchor])
    return Chain(tenant, walk.rows, walk.hash, anchor, problem)
