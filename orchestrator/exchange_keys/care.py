"""What is done about keys without anybody asking: owners are reminded before a key ends and when it should be replaced,
once each, and each key is looked at again by its exchange every day, since what it may do can be changed there.

One that is refused is asked about each time: what refused it may have been a ban, or an address that is right again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from loguru import logger

from orchestrator.audit.service import BY_SYSTEM, By
from orchestrator.db.engine import Database
from orchestrator.errors import ExchangeUnreachable, KeyRejected, KeysLocked
from orchestrator.exchange_keys import service
from orchestrator.exchange_keys.facts import ExchangeChecks, KeyFacts, accept
from orchestrator.exchange_keys.models import ROTATE, ExchangeKeyModel, KeyState
from orchestrator.exchange_keys.vault import Vault
from orchestrator.push import outbox
from orchestrator.push.outbox import Push

_CHECK_EVERY = timedelta(days=1)
_EXPIRED = "expired"
_REPLACE = "Replace it with `flotilla keys replace`."
_DAYS_BEFORE = (3, 14)
"""Shortest first: of two reminders that are due only the more urgent one is given."""


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder, and what is noted as given with it."""

    given: tuple[str, ...]
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What a key's owner is to hear."""

    owner_id: str
    key_id: str
    name: str
    kind: str
    message: str


def due(key: ExchangeKeyModel, now: datetime) -> Due | None:
    """The reminder that is due now; None where none is. Pure."""
    if key.expires_at is not None and key.state in (KeyState.ACTIVE, KeyState.EXPIRED):
        if now >= key.expires_at:
            text = f"The exchange key {key.name!r} has expired: its bots cannot trade. {_REPLACE}"
            return None if _EXPIRED in key.notices else Due((_EXPIRED,), "key.expired", text)
        for position, days in enumerate(_DAYS_BEFORE):
            if key.expires_at - now > timedelta(days=days):
                continue
            if f"expiry-{days}" in key.notices:
                break
            text = f"The exchange key {key.name!r} expires on {key.expires_at:%Y-%m-%d %H:%M} UTC: renew it at the "
            text += f"exchange, or replace it before. {_REPLACE}"
            return Due(tuple(f"expiry-{one}" for one in _DAYS_BEFORE[position:]), "key.expires", text)
    if key.rotate_after is not None and now >= key.rotate_after and ROTATE not in key.notices:
        text = f"The exchange key {key.name!r} is to be replaced since {key.rotate_after:%Y-%m-%d}, as you wanted."
        return Due((ROTATE,), "key.rotate", f"{text} {_REPLACE}")
    return None


async def look_after(
    database: Database,
    vault: Vault,
    checks: ExchangeChecks,
    now: datetime,
    tell: Callable[[Notice], Awaitable[None]],
) -> None:
    """Reminds, and checks again what is due. `tell` is called after each commit."""
    async with database.read() as session:
        keys = await service.living(session)
    for key in keys:
        notice = await _remind(database, key.id, now)
        if notice is not None:
            await tell(notice)
        if key.state == KeyState.REFUSED or now - key.checked_at >= _CHECK_EVERY:
            try:
                refused = await check_again(database, vault, checks, key, now)
            except (KeysLocked, ExchangeUnreachable) as error:
                logger.warning("exchange key {} cannot be checked now: {}", key.id, error.message)
                continue
            if refused is not None:
                await tell(refused)


async def check_again(
    database: Database, vault: Vault, checks: ExchangeChecks, key: ExchangeKeyModel, now: datetime, by: By = BY_SYSTEM
) -> Notice | None:
    """Asks its exchange, and notes what it told now; a notice where the key was in force until then and is no more.
    Raises KeysLocked, ExchangeUnreachable."""
    facts, problem = await _ask(vault, checks, key)
    async with database.unit_of_work() as session:
        if facts is not None:
            row = await service.note_check(session, key.id, key.version, facts, problem, now, by)
        else:
            row = await service.note_refusal(session, key.id, key.version, problem or "", by)
        notice = _refused(key, row)
        if notice is not None:
            await outbox.queue(session, [_push(notice)])
    return notice


async def _ask(vault: Vault, checks: ExchangeChecks, key: ExchangeKeyModel) -> tuple[KeyFacts | None, str | None]:
    """What its exchange told, if it did, and why the key is not taken, if it is not."""
    credentials = await vault.open(key.sealed, key.context)
    facts = None
    try:
        facts = await checks.check(key.exchange, credentials)
        accept(facts)
    except KeyRejected as error:
        return facts, error.message
    return facts, None


async def _remind(database: Database, key_id: str, now: datetime) -> Notice | None:
    async with database.unit_of_work() as session:
        key = await session.get(ExchangeKeyModel, key_id, with_for_update=True)
        found = None if key is None or key.removed_at is not None else due(key, now)
        if key is None or found is None:
            return None
        key.notices = sorted({*key.notices, *found.given})
        if _EXPIRED in found.given:
            key.state, key.problem = KeyState.EXPIRED, service.EXPIRED
        session.add(key)
        notice = Notice(key.owner_id, key.id, key.name, found.kind, found.message)
        await outbox.queue(session, [_push(notice)])
        return notice


def _push(notice: Notice) -> Push:
    return outbox.of_alert(notice.owner_id, "", notice.name, notice.kind, notice.message)


def _refused(before: ExchangeKeyModel, row: ExchangeKeyModel | None) -> Notice | None:
    if row is None or row.state != KeyState.REFUSED or before.state == KeyState.REFUSED:
        return None
    message = f"The exchange key {row.name!r} is not in force any more: {row.problem}"
    return Notice(row.owner_id, row.id, row.name, "key.refused", message)
