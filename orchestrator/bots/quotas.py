"""What one user may have: so many bots, and so much memory.

Memory is what the user's bots were last measured to use by themselves (PSS, which counts what they share once), with
the usual price for those that have no process yet; a stopped bot takes none, so starting one is asked for as making one
is. What a pool takes beside its bots is not the user's doing and not counted here; that his pools' limits together stay
within the quota is `pools.provision`'s matter. A quota that is set below what a user has stops nothing that he has.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.errors import NotFound, QuotaExceeded
from orchestrator.pools.placement import MEMORY_OF_A_BOT_BYTES
from orchestrator.users import repository as users
from orchestrator.users.models import UserModel
from orchestrator.users.quotas import Quota, in_force
from pool.contract.slots import DesiredState

_MB = 2**20
_BOTS: Table = BotModel.__table__  # type: ignore[attr-defined]
_STATUSES: Table = BotStatusModel.__table__  # type: ignore[attr-defined]
"""Past anybody's reach: what the owner has counts, however little of it he who asks may see."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A user's quota, and what of it is used."""

    user: UserModel
    allowed: Quota
    bots: int
    memory_bytes: int


async def refusals(session: AsyncSession, owner_id: str, default: Quota, *, lock: bool = True) -> list[QuotaExceeded]:
    """Why the user may not have one more bot, naming the limit in `params["limit"]`. With `lock` requests of one user
    wait for each other here, so that they exceed nothing together."""
    user = await users.find_by_id(session, owner_id, lock=lock)
    if user is None:
        return []
    allowed, found = in_force(user, default), []
    count = await _count(session, owner_id) if allowed.max_bots is not None else 0
    if allowed.max_bots is not None and count >= allowed.max_bots:
        found.append(
            QuotaExceeded(
                f"You have {count} bots and may have {allowed.max_bots}: delete one, or ask an administrator for more.",
                limit="max_bots",
                allowed=allowed.max_bots,
                used=count,
            )
        )
    exceeded = await _memory_exceeded(session, owner_id, allowed, "another one")
    return found if exceeded is None else [*found, exceeded]


async def check_start(session: AsyncSession, bot: BotModel, default: Quota) -> None:
    """That the user's memory suffices for a stopped bot of his to run; as `refusals`. Raises QuotaExceeded."""
    user = await users.find_by_id(session, bot.owner_id, lock=True)
    if user is None:
        return
    exceeded = await _memory_exceeded(session, bot.owner_id, in_force(user, default), "this one", but=bot.id)
    if exceeded is not None:
        raise exceeded


async def get(session: AsyncSession, name: str, default: Quota) -> Allowance:
    """Of the user of this id or name. Raises NotFound."""
    return await _allowance(session, await _user(session, name), default)


async def counts(session: AsyncSession, user_ids: Collection[str]) -> dict[str, int]:
    """How many bots each of these users has; who has none is left out."""
    owner = _BOTS.c.owner_id
    query = select(owner, func.count()).where(owner.in_(list(user_ids)), _BOTS.c.deleted_at.is_(None)).group_by(owner)
    return dict((await session.exec(query)).all())


async def change(
    session: AsyncSession, by: By, name: str, wanted: Mapping[str, int | None], default: Quota
) -> Allowance:
    """Sets `max_bots` and `max_memory_bytes`, those that `wanted` has; None: as the settings say. Audited; what is so
    already changes nothing. Raises NotFound."""
    user = await users.find_by_id(session, (await _user(session, name)).id, lock=True)
    if user is None:
        raise _unknown(name)
    before = {key: getattr(user, key) for key in wanted}
    if before != dict(wanted):
        for key, value in wanted.items():
            setattr(user, key, value)
        session.add(user)
        audit.record(session, by.actor, "user.quotas", audit.user(user.id), by.why, before, wanted)
        await session.flush()
    return await _allowance(session, user, default)


async def _memory_exceeded(
    session: AsyncSession, owner_id: str, allowed: Quota, which: str, but: str | None = None
) -> QuotaExceeded | None:
    limit = allowed.max_memory_bytes
    if limit is None:
        return None
    used = await _memory(session, owner_id, but)
    if used + MEMORY_OF_A_BOT_BYTES <= limit:
        return None
    return QuotaExceeded(
        f"Your bots use {used // _MB} MB and may use {limit // _MB} MB; {which} takes "
        f"{MEMORY_OF_A_BOT_BYTES // _MB} MB. Stop or delete one, or ask an administrator for more.",
        limit="max_memory_bytes",
        allowed=limit,
        used=used,
    )


async def _user(session: AsyncSession, name: str) -> UserModel:
    user = await users.find_by_id(session, name) or await users.find_by_username(session, name)
    if user is None:
        raise _unknown(name)
    return user


async def _allowance(session: AsyncSession, user: UserModel, default: Quota) -> Allowance:
    used = await _memory(session, user.id)
    return Allowance(user, in_force(user, default), await _count(session, user.id), used)


async def _count(session: AsyncSession, owner_id: str) -> int:
    return (await session.exec(select(func.count()).select_from(_BOTS).where(*_alive(owner_id)))).one()


async def _memory(session: AsyncSession, owner_id: str, but: str | None = None) -> int:
    query = (
        select(_BOTS.c.desired_state, _STATUSES.c.slot)
        .join(_STATUSES, _STATUSES.c.bot_id == _BOTS.c.id)
        .where(*_alive(owner_id))
    )
    if but is not None:
        query = query.where(_BOTS.c.id != but)
    used = 0
    for desired, slot in (await session.exec(query)).all():
        memory = (slot or {}).get("memory")
        if isinstance(memory, dict):
            used += int(memory["pss_bytes"])
        elif desired in (DesiredState.RUNNING, DesiredState.PAUSED):
            used += MEMORY_OF_A_BOT_BYTES
    return used


def _alive(owner_id: str) -> tuple[ColumnElement[bool], ...]:
    return _BOTS.c.owner_id == owner_id, _BOTS.c.deleted_at.is_(None)


def _unknown(name: str) -> NotFound:
    return NotFound("There is no such user; write the id or the name of one.", user_id=name[:80])
