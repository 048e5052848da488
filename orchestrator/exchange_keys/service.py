"""Exchange keys: entered (`add`), looked at again (`note_check`, `note_refusal`), renamed, replaced, removed, and
given to bots (`hand_out`).

Every function takes the session first and never commits. An exchange is asked before, outside of any transaction
(`exchange_keys.desk`): what it told comes as `KeyFacts`. What is secret comes in sealed and goes out by `hand_out`
alone; nothing else here can open it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.errors import Conflict, InvalidSpec, KeyRejected, NotFound
from orchestrator.exchange_keys.facts import KeyFacts
from orchestrator.exchange_keys.models import ROTATE, ExchangeKeyModel, KeyState, shown
from orchestrator.kit.clock import utc_now
from orchestrator.kit.sealing import Sealed

MAX_NAME_LENGTH = 64
EXPIRED = "It has expired; replace it."
MOST_KEYS = 50
"""A user may have; each is looked after."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key as it is entered: checked and sealed."""

    exchange: str
    name: str
    sealed: Sealed
    fingerprint: str
    account: str | None
    facts: KeyFacts
    rotate_after: datetime | None


async def get(session: AsyncSession, key_id: str, *, lock: bool = False) -> ExchangeKeyModel:
    """A key that is not removed; with `lock` as it is under its lock. Raises NotFound."""
    query = select(ExchangeKeyModel).where(
        col(ExchangeKeyModel.id) == key_id, col(ExchangeKeyModel.removed_at).is_(None)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = (await session.exec(query)).first()
    if found is None:
        raise NotFound("There is no such exchange key; list the keys to see which there are.", key_id=key_id[:80])
    return found


async def list_(session: AsyncSession, owner_id: str) -> Sequence[ExchangeKeyModel]:
    """The owner's keys that are not removed, in the order of their making."""
    query = (
        select(ExchangeKeyModel)
        .where(col(ExchangeKeyModel.owner_id) == owner_id, col(ExchangeKeyModel.removed_at).is_(None))
        .order_by(col(ExchangeKeyModel.created_at), col(ExchangeKeyModel.id))
    )
    return (await session.exec(query)).all()


async def living(session: AsyncSession) -> Sequence[ExchangeKeyModel]:
    """Everybody's keys that are not removed, by id."""
    query = select(ExchangeKeyModel).where(col(ExchangeKeyModel.removed_at).is_(None))
    return (await session.exec(query.order_by(col(ExchangeKeyModel.id)))).all()


async def former(session: AsyncSession, owner_id: str, exchange: str, account: str | None) -> ExchangeKeyModel | None:
    """The removed key of that account, whose place a new one takes, so that its wallet goes on."""
    if account is None:
        return None
    query = select(ExchangeKeyModel).where(
        col(ExchangeKeyModel.owner_id) == owner_id,
        col(ExchangeKeyModel.exchange) == exchange,
        col(ExchangeKeyModel.account) == account,
        col(ExchangeKeyModel.removed_at).is_not(None),
    )
    return (await session.exec(query)).first()


async def check_new(session: AsyncSession, owner_id: str, name: str, fingerprint: str) -> None:
    """Before an exchange is asked. Raises InvalidSpec (field `name`), Conflict (field `name`, `key`)."""
    check_name(name)
    keys = await list_(session, owner_id)
    if len(keys) >= MOST_KEYS:
        raise Conflict(f"You have {len(keys)} exchange keys, as many as one may: remove one first.", field="key")
    for key in keys:
        if key.name == name:
            raise _name_taken(name)
        if key.fingerprint == fingerprint:
            raise Conflict(f"This key is here already, as {key.name!r}.", field="key")


async def add(
    session: AsyncSession, owner_id: str, key_id: str, version: int, entry: Entry, by: By
) -> ExchangeKeyModel:
    """A new key, or a removed one's place taken (`former`). Raises Conflict (field `name`, `key`)."""
    await check_new(session, owner_id, entry.name, entry.fingerprint)
    for key in await list_(session, owner_id):
        if entry.account is not None and (key.exchange, key.account) == (entry.exchange, entry.account):
            raise Conflict(
                f"This is a key of an account of which {key.name!r} is one already: replace that one instead.",
                field="key",
            )
    now = utc_now()
    row = await session.get(ExchangeKeyModel, key_id) or ExchangeKeyModel(
        id=key_id, owner_id=owner_id, exchange=entry.exchange, fingerprint="", created_at=now, checked_at=now,
        updated_at=now, version=version, kek_id="", wrapped_key="", ciphertext="", permissions=[], notices=[],
        name=entry.name, state=KeyState.ACTIVE,
    )  # fmt: skip
    row.name, row.account, row.removed_at = entry.name, entry.account, None
    _take(row, version, entry, now)
    return await _stored(session, row, by, "exchange_key.add", None)


async def replace(session: AsyncSession, key_id: str, version: int, entry: Entry, by: By) -> ExchangeKeyModel:
    """Another key of the same account takes its place, as version `version`. Raises NotFound, KeyRejected (field `key`)
    for one of another account, Conflict where it was replaced meanwhile or the same key is there already."""
    row = await get(session, key_id, lock=True)
    if row.version + 1 != version:
        raise Conflict("This exchange key was replaced meanwhile; look at it and try again.")
    if row.account is not None and entry.account != row.account:
        raise KeyRejected(
            "This key is of another account than the one that it should replace: the bots' trades would not be there. "
            "Enter it as a key of its own.",
            field="key",
        )
    before = shown(row)
    row.account = entry.account
    _take(row, version, entry, utc_now())
    return await _stored(session, row, by, "exchange_key.replace", before)


async def remove(session: AsyncSession, key_id: str, used_by: Sequence[str], by: By) -> None:
    """Forgets what is secret of it. `used_by` are names of live bots that have it. Raises NotFound, Conflict where
    there are such."""
    row = await get(session, key_id, lock=True)
    if used_by:
        named = ", ".join(used_by[:5]) + (" and more" if len(used_by) > 5 else "")
        raise Conflict(f"Live bots trade with this key: {named}. Delete them first, or replace the key.", bots=used_by)
    before = shown(row)
    row.take_seal(Sealed("", "", ""))
    row.state, row.problem = KeyState.REMOVED, None
    row.removed_at = row.updated_at = utc_now()
    session.add(row)
    audit.record(
        session, by.actor, "exchange_key.remove", subject(row.id), by.why, before, shown(row), tenant=row.owner_id
    )
    await session.flush()


async def note_check(
    session: AsyncSession, key_id: str, version: int, facts: KeyFacts, problem: str | None, now: datetime, by: By
) -> ExchangeKeyModel | None:
    """What its exchange told when it was asked again, now; `problem` is why it is not taken any more. None where it was
    replaced or removed meanwhile."""
    row = await _of_version(session, key_id, version)
    if row is None:
        return None
    before = shown(row)
    _take_facts(row, facts, now)
    if problem is not None:
        row.state, row.problem = KeyState.REFUSED, problem
    return await _noted(session, row, by, before)


async def note_refusal(
    session: AsyncSession, key_id: str, version: int, problem: str, by: By
) -> ExchangeKeyModel | None:
    """Its exchange does not take it any more. None where it was replaced or removed meanwhile."""
    row = await _of_version(session, key_id, version)
    if row is None:
        return None
    before = shown(row)
    row.state, row.problem, row.checked_at = KeyState.REFUSED, problem, utc_now()
    return await _noted(session, row, by, before)


async def set_rotation(session: AsyncSession, key_id: str, rotate_after: datetime | None, by: By) -> ExchangeKeyModel:
    """When its owner is to be reminded to replace it; None for never. Raises NotFound."""
    row = await get(session, key_id, lock=True)
    before = {"rotate_after": row.rotate_after}
    row.rotate_after = rotate_after
    row.notices = [one for one in row.notices if one != ROTATE]
    session.add(row)
    after = {"rotate_after": rotate_after}
    audit.record(
        session, by.actor, "exchange_key.schedule", subject(row.id), by.why, before, after, tenant=row.owner_id
    )
    await session.flush()
    return row


async def rename(session: AsyncSession, key_id: str, name: str, by: By) -> ExchangeKeyModel:
    """Raises NotFound, InvalidSpec, Conflict (field `name`)."""
    check_name(name)
    row = await get(session, key_id, lock=True)
    before = row.name
    if name == before:
        return row
    try:
        async with session.begin_nested():
            row.name = name
            session.add(row)
            await session.flush()
    except IntegrityError:
        raise _name_taken(name) from None
    audit.record(
        session,
        by.actor,
        "exchange_key.rename",
        subject(row.id),
        by.why,
        {"name": before},
        {"name": name},
        tenant=row.owner_id,
    )
    await session.flush()
    return row


async def hand_out(session: AsyncSession, key_id: str, bot_id: str, pool_id: str) -> ExchangeKeyModel:
    """The key for a bot, which gets it right after this is committed: who got it when is in the audit. Raises NotFound,
    KeyRejected for one that is not in force."""
    row = await get(session, key_id, lock=True)
    if row.state != KeyState.ACTIVE:
        raise KeyRejected(row.problem or "This exchange key is not in force.", field="key")
    row.last_used_at = utc_now()
    session.add(row)
    after = {"bot_id": bot_id, "pool_id": pool_id, "version": row.version}
    audit.record(session, audit.SYSTEM, "exchange_key.use", subject(row.id), "", None, after, tenant=row.owner_id)
    await session.flush()
    return row


def note_reading(session: AsyncSession, key: ExchangeKeyModel) -> None:
    """The control plane reads the key's account with this version of it from now on."""
    after = {"version": key.version, "for": "reading its account"}
    audit.record(session, audit.SYSTEM, "exchange_key.use", subject(key.id), "", None, after, tenant=key.owner_id)


def subject(key_id: str) -> str:
    """A key as subject of the audit."""
    return f"exchange-key/{key_id}"


def check_name(name: str) -> None:
    """Raises InvalidSpec (field `name`)."""
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable() or name != name.strip():
        raise InvalidSpec(
            f"name must have 1 to {MAX_NAME_LENGTH} printable characters, and no space at either end.", field="name"
        )


def rotation_date(days: int | None, now: datetime) -> datetime | None:
    """`days` from now; None for never."""
    return None if days is None else now + timedelta(days=days)


def _name_taken(name: str) -> Conflict:
    return Conflict(f"You have an exchange key named {name!r} already; choose another name.", field="name")


def _take(row: ExchangeKeyModel, version: int, entry: Entry, now: datetime) -> None:
    row.version = version
    row.take_seal(entry.sealed)
    row.fingerprint = entry.fingerprint
    row.rotate_after = entry.rotate_after
    row.notices = []
    row.updated_at = now
    _take_facts(row, entry.facts, now)


def _take_facts(row: ExchangeKeyModel, facts: KeyFacts, now: datetime) -> None:
    row.permissions = sorted(facts.permissions)
    if facts.expires_at != row.expires_at:
        row.notices = [one for one in row.notices if one == ROTATE]
    row.ip_restricted, row.expires_at, row.checked_at = facts.ip_restricted, facts.expires_at, now
    row.state, row.problem = KeyState.ACTIVE, None
    if facts.expires_at is not None and facts.expires_at <= now:
        row.state, row.problem = KeyState.EXPIRED, EXPIRED


async def _of_version(session: AsyncSession, key_id: str, version: int) -> ExchangeKeyModel | None:
    query = select(ExchangeKeyModel).where(
        col(ExchangeKeyModel.id) == key_id,
        col(ExchangeKeyModel.version) == version,
        col(ExchangeKeyModel.removed_at).is_(None),
    )
    return (await session.exec(query.with_for_update().execution_options(populate_existing=True))).first()


async def _noted(session: AsyncSession, row: ExchangeKeyModel, by: By, before: dict[str, object]) -> ExchangeKeyModel:
    session.add(row)
    after = shown(row)
    if after != before:
        audit.record(
            session, by.actor, "exchange_key.check", subject(row.id), by.why, before, after, tenant=row.owner_id
        )
    await session.flush()
    return row


async def _stored(
    session: AsyncSession, row: ExchangeKeyModel, by: By, action: str, before: dict[str, object] | None
) -> ExchangeKeyModel:
    try:
        async with session.begin_nested():
            session.add(row)
            audit.record(session, by.actor, action, subject(row.id), by.why, before, shown(row), tenant=row.owner_id)
            await session.flush()
    except IntegrityError:
        raise Conflict(
            "A key of this name or of this account was entered meanwhile, or another user of this Flotilla has entered "
            "one of this account: its money would be counted, and its coins sold, twice. Only one user has it, and may "
            "share the bots.",
            field="key",
        ) from None
    return row
