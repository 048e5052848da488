"""Writing the chains: acts are noted when they are done, and become rows at the very end of their transaction.

Whoever adds to a chain locks its head until the commit, so two writers never take one place, and a place that was taken
by who then fails is free again: there are no holes. Heads are locked after everything else, the register's first, so
nobody waits for a head while he holds what another one, who has it, waits for, and numbers follow the order in which
the register takes rows. What a savepoint takes back it takes out of the notes, too.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, column, event, func, insert, null, select, table, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Session, SessionTransaction
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit.chain import GENESIS, REGISTER, Entry, Head, digest, enrolled
from orchestrator.audit.models import AuditModel
from orchestrator.audit.seal import Anchor, SealKey
from orchestrator.db.engine import at_end

FLEET_TENANT = "fleet"
"""Whose chain has what concerns no one user."""
SEAL_KEY = "audit_seal_key"
"""Under this name a `Database`'s sessions carry the `SealKey`; heads are not sealed without."""
_NOTES = "audit_notes"
_HEADS = table("audit_heads", *(column(name) for name in ("tenant_id", "count", "hash", "key_id", "mac")))
_BOTS = table("bots", column("id"), column("owner_id"))
"""A floor above, so named by its columns: whose bot it is."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be recorded. `before` and `after` are plain JSON values without secrets."""

    at: datetime
    actor: str
    action: str
    subject: str
    why: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    tenant: str | None
    """None: whom the subject belongs to."""


@dataclass(frozen=True, slots=True)
class _Note:
    act: Act
    within: SessionTransaction | None
    """The savepoint that takes it along when it is rolled back."""


def note(session: AsyncSession, act: Act) -> None:
    """Has the act written with the transaction that the session is in."""
    notes: list[_Note] | None = session.info.get(_NOTES)
    if notes is None:
        notes = session.info[_NOTES] = []
        event.listen(session.sync_session, "after_soft_rollback", _forget)
        at_end(session, "audit", write)
    notes.append(_Note(act, session.sync_session.get_nested_transaction()))


async def write(session: AsyncSession) -> None:
    """Writes what was noted so far, and keeps the locks of the chains from here to the end of the transaction."""
    notes: list[_Note] = session.info.get(_NOTES) or []
    acts = [one.act for one in notes]
    notes.clear()
    if not acts:
        return
    await session.flush()
    connection = await session.connection()
    tenants = await _tenants(connection, acts)
    register = await _locked_head(connection, REGISTER)
    heads = {tenant: await _locked_head(connection, tenant) for tenant in sorted(set(tenants))}
    numbers = await _numbers(connection, len(acts))
    key: SealKey | None = session.info.get(SEAL_KEY)
    for act, tenant, number in zip(acts, tenants, numbers, strict=True):
        entry = _entry(act, heads[tenant], number)
        await connection.execute(insert(AuditModel).values(**_row(act, entry)))
        heads[tenant] = _grown(heads[tenant], entry.hash, key)
        register = _grown(register, enrolled(register.hash, entry.hash), key)
    for head in (*heads.values(), register):
        values = {name: value for name, value in asdict(head).items() if name != "tenant_id"}
        mine = _HEADS.c.tenant_id == head.tenant_id
        await connection.execute(update(_HEADS).where(mine).values(**values))


def told_at(at: datetime) -> str:
    """As a chain has it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _forget(session: Session, rolled_back: SessionTransaction) -> None:
    notes: list[_Note] = session.info.get(_NOTES) or []
    notes[:] = [one for one in notes if rolled_back.nested and not _is_within(one.within, rolled_back)]


def _is_within(transaction: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while transaction is not None and transaction is not outer:
        transaction = transaction.parent
    return transaction is outer


async def _tenants(connection: AsyncConnection, acts: Sequence[Act]) -> list[str]:
    bots = {act.subject.partition("/")[2] for act in acts if act.tenant is None and act.subject.startswith("bot/")}
    owners: dict[str, str] = {}
    if bots:
        query = select(_BOTS.c.id, _BOTS.c.owner_id).where(_BOTS.c.id.in_(bots))
        owners = {row[0]: row[1] for row in await connection.execute(query)}
    return [act.tenant or _tenant_of(act.subject, owners) for act in acts]


def _tenant_of(subject: str, owners: dict[str, str]) -> str:
    kind, _, name = subject.partition("/")
    if kind == "bot":
        return owners.get(name, FLEET_TENANT)
    return name if kind == "user" and name else FLEET_TENANT


async def _locked_head(connection: AsyncConnection, tenant: str) -> Head:
    query = select(*_HEADS.c).where(_HEADS.c.tenant_id == tenant).with_for_update()
    row = (await connection.execute(query)).first()
    if row is None:  # whoever makes it at the same time goes first, and then it is there
        first = {"tenant": tenant, "hash": GENESIS}
        made = "INSERT INTO audit_heads (tenant_id, count, hash) VALUES (:tenant, 0, :hash) ON CONFLICT DO NOTHING"
        await connection.execute(text(made), first)
        row = (await connection.execute(query)).one()
    return Head(*row)


async def _numbers(connection: AsyncConnection, many: int) -> list[int]:
    """The rows' numbers are hashed, too, so they are known before the rows are there."""
    if connection.dialect.name == "postgresql":
        following = text("SELECT nextval(pg_get_serial_sequence('audit', 'number')) FROM generate_series(1, :many)")
        return sorted((await connection.execute(following, {"many": many})).scalars())
    last = (await connection.execute(select(func.max(col(AuditModel.number))))).scalar() or 0
    return list(range(last + 1, last + 1 + many))


def _entry(act: Act, head: Head, number: int) -> Entry:
    entry = Entry(
        tenant_id=head.tenant_id,
        sequence=head.count + 1,
        number=number,
        at=told_at(act.at),
        actor=act.actor,
        action=act.action,
        subject=act.subject,
        why=act.why,
        before=None if act.before is None else json.dumps(act.before),  # as SQLAlchemy writes it
        after=None if act.after is None else json.dumps(act.after),
        prev_hash=head.hash,
    )
    return replace(entry, hash=digest(entry))


def _row(act: Act, entry: Entry) -> dict[str, Any]:
    values = asdict(entry)
    nothing: ColumnElement[Any] = null()
    return {
        **values,
        "at": act.at,
        "before": nothing if act.before is None else act.before,
        "after": nothing if act.after is None else act.after,
    }


def _grown(head: Head, hash_: str, key: SealKey | None) -> Head:
    """A head that is new, or whose seal holds, is sealed anew; any other keeps what tells that it does not."""
    grown = replace(head, count=head.count + 1, hash=hash_)
    if key is None or not (head.count == 0 or key.anchor(head) is Anchor.SEALED):
        return grown
    return key.seal(grown)
