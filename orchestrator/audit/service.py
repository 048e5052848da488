"""Who did what, when, why, and what it changed: rows that are only ever added.

`record` is called in the transaction of the act, so there is no act without its row and no row without its act; the
row itself is written at the end of the transaction (`audit.ledger`), as a link of the chain of the tenant whom the act
concerns. What is recorded are chosen columns, never whole requests; as a last guard, values whose name says that they
are secret are left out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import ledger
from orchestrator.audit.ledger import FLEET_TENANT, Act
from orchestrator.audit.models import AuditModel
from orchestrator.kit.clock import utc_now
from orchestrator.kit.pages import Page, decode_cursor, page_of

SYSTEM = "system"
"""The actor of what nobody asked for."""
FLEET = FLEET_TENANT
"""The subject of what concerns no one pool or bot, and the tenant of what concerns no one user."""
_ACTOR_LENGTH = 64
_ACTION_LENGTH = 40
_SUBJECT_LENGTH = 120
_WHY_LENGTH = 500
_SECRETS = ("password", "secret", "token", "credential", "apikey", "api_key", "passphrase", "private_key")
_LEFT_OUT = "(secret)"


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, and why."""

    actor: str = SYSTEM
    """User id, or `system`."""
    why: str = ""


BY_SYSTEM = By()


def pool(pool_id: str) -> str:
    """A pool as subject."""
    return f"pool/{pool_id}"


def bot(bot_id: str) -> str:
    """A bot as subject."""
    return f"bot/{bot_id}"


def user(user_id: str) -> str:
    """A user as subject."""
    return f"user/{user_id}"


def rollout(rollout_id: str) -> str:
    """A roll-out as subject."""
    return f"rollout/{rollout_id}"


def record(
    session: AsyncSession,
    actor: str,
    action: str,
    subject: str,
    why: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    *,
    tenant: str | None = None,
) -> None:
    """Adds a row, written with the rest of the transaction. `action` is `<noun>.<verb>`, at most 40 characters.
    `tenant` is the user whom it concerns, or `FLEET`; left out it is whom the subject belongs to: a bot's owner, the
    user himself, and `FLEET` for all others."""
    act = Act(
        at=utc_now(),
        actor=actor[:_ACTOR_LENGTH],
        action=action[:_ACTION_LENGTH],
        subject=subject[:_SUBJECT_LENGTH],
        why=why[:_WHY_LENGTH],
        before=None if before is None else plain(before),
        after=None if after is None else plain(after),
        tenant=tenant,
    )
    ledger.note(session, act)


async def list_(
    session: AsyncSession,
    *,
    limit: int,
    after: str | None = None,
    subject: str | None = None,
    actor: str | None = None,
    tenant: str | None = None,
    action: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page[AuditModel]:
    """Newest first. `action` is one, or a noun for all that was done to such; `since` is in it, `until` is not. Raises
    InvalidSpec (field `after`) for a foreign cursor."""
    query = select(AuditModel)
    if tenant is not None:
        query = query.where(col(AuditModel.tenant_id) == tenant)
    if subject is not None:
        query = query.where(col(AuditModel.subject) == subject)
    if actor is not None:
        query = query.where(col(AuditModel.actor) == actor)
    if action is not None:
        of_noun = col(AuditModel.action).startswith(f"{action}.", autoescape=True)
        query = query.where(or_(col(AuditModel.action) == action, of_noun))
    if since is not None:
        query = query.where(col(AuditModel.at) >= since)
    if until is not None:
        query = query.where(col(AuditModel.at) < until)
    if after is not None:
        (number,) = decode_cursor(after, [int])
        query = query.where(col(AuditModel.number) < number)
    query = query.order_by(col(AuditModel.number).desc()).limit(limit + 1)
    return page_of((await session.exec(query)).all(), limit, lambda row: (row.number or 0,))


async def knows(session: AsyncSession, subject: str) -> bool:
    """Whether anything was ever done to it, in transactions that are over."""
    query = select(AuditModel.number).where(col(AuditModel.subject) == subject).limit(1)
    return (await session.exec(query)).first() is not None


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has it, with decimals and times as text and without secrets."""
    shown: dict[str, Any] = json.loads(json.dumps(_without_secrets(values), default=_text))
    return shown


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _LEFT_OUT if _is_secret(str(key)) else _without_secrets(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_secrets(one) for one in value]
    return value


def _is_secret(name: str) -> bool:
    return any(part in name.lower() for part in _SECRETS)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
