"""What binds bots: halts and their release. Session first; nothing here commits.

Each act leaves its row in the audit. `TOPIC` tells the leader, which also looks for itself every second.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import and_, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.bots.models import BotModel
from orchestrator.errors import Conflict
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.risk.models import HaltModel, RiskOrderModel
from pool.contract.risk import Mode

TOPIC = "risk"
"""Topic of hints that halts changed; kind `changed`, body empty. May be lost."""

Scope = Literal["fleet", "user", "bot"]
Source = Literal["manual", "loss_limit", "emergency"]
_WHY_LENGTH = 500
MOST_REDUCTIONS = 20
"""In force for one target: every order of its bots remembers them."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an act is about; `subject` is empty for the fleet."""

    scope: Scope
    subject: str = ""

    @property
    def audited_as(self) -> str:
        if self.scope == "fleet":
            return audit.FLEET
        return audit.bot(self.subject) if self.scope == "bot" else audit.user(self.subject)


@dataclass(frozen=True, slots=True)
class Bond:
    """How it binds."""

    mode: Mode
    flatten: bool = False
    reduce_fraction: Decimal | None = None
    trading: str | None = None
    release_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """What asked for it."""

    source: Source = "manual"
    rule: str = ""
    admins_only: bool = False


async def in_force(session: AsyncSession) -> list[HaltModel]:
    """All that bind, oldest first."""
    query = select(HaltModel).where(col(HaltModel.released_at).is_(None)).order_by(col(HaltModel.at), col(HaltModel.id))
    return list((await session.exec(query)).all())


async def of_target(session: AsyncSession, target: Target, *, lock: bool = False) -> list[HaltModel]:
    """Those in force of just this target, oldest first."""
    query = (
        select(HaltModel)
        .where(
            col(HaltModel.released_at).is_(None),
            col(HaltModel.scope) == target.scope,
            col(HaltModel.subject) == target.subject,
        )
        .order_by(col(HaltModel.at), col(HaltModel.id))
    )
    return list((await session.exec(query.with_for_update() if lock else query)).all())


async def halt(session: AsyncSession, by: By, target: Target, bond: Bond, cause: Cause | None = None) -> HaltModel:
    """Binds from the commit on. The same by the same means again is no second one, unless a person reduces: a limit
    that is found exceeded once more before anybody has looked binds once. Raises Conflict for a person's beyond
    MOST_REDUCTIONS."""
    cause = cause or Cause()
    binding = await of_target(session, target, lock=True)
    reductions = sum(known.reduce_fraction is not None for known in binding)
    if cause.source == "manual" and bond.reduce_fraction is not None and reductions >= MOST_REDUCTIONS:
        raise Conflict(f"{MOST_REDUCTIONS} reductions bind already; release them before another one.", field="fraction")
    for known in binding:
        if (bond.reduce_fraction is None or cause.source != "manual") and _same(known, bond, cause):
            return known
    row = HaltModel(
        id=new_id("halt"),
        scope=target.scope,
        subject=target.subject,
        trading=bond.trading,
        mode=bond.mode.value,
        flatten=bond.flatten,
        reduce_fraction=bond.reduce_fraction,
        source=cause.source,
        rule=cause.rule,
        why=by.why[:_WHY_LENGTH],
        by=by.actor,
        admins_only=cause.admins_only,
        at=utc_now(),
        release_at=bond.release_at,
    )
    session.add(row)
    verb = "halt" if bond.mode is Mode.HALTED else "reduce"
    audit.record(session, by.actor, f"risk.{verb}", target.audited_as, by.why, None, _told(row))
    await session.flush()
    return row


async def release(session: AsyncSession, by: By, target: Target, halts: Sequence[HaltModel], *, flags: bool) -> None:
    """Ends these halts of the target; with `flags`, agents also take flag files away that people wrote for its bots,
    even where no halt is in force, and a reduction that none of them took yet is dropped. Without, orders follow from
    what is still in force: a reduction among that stays ordered."""
    now = utc_now()
    for row in halts:
        row.released_at, row.released_by, row.released_why = now, by.actor, by.why[:_WHY_LENGTH]
        session.add(row)
    if flags:
        await _release_flags(session, target)
    before = {"halts": [_told(row) for row in halts]}
    audit.record(session, by.actor, "risk.release", target.audited_as, by.why, before, {"halts": []})
    await session.flush()


async def release_due(session: AsyncSession, now: datetime) -> list[HaltModel]:
    """Ends those whose time is up, and those of bots that were deleted."""
    bots = select(BotModel.id).where(col(BotModel.deleted_at).is_(None))
    over = or_(
        col(HaltModel.release_at) <= now, and_(col(HaltModel.scope) == "bot", col(HaltModel.subject).not_in(bots))
    )
    query = select(HaltModel).where(col(HaltModel.released_at).is_(None), over)
    due = list((await session.exec(query.order_by(col(HaltModel.id)).with_for_update())).all())
    for row in due:
        timely = row.release_at is not None and row.release_at <= now
        row.released_at, row.released_by = now, audit.SYSTEM
        row.released_why = "Its time was up." if timely else "Its bot was deleted."
        session.add(row)
        subject = Target(row.scope, row.subject).audited_as  # type: ignore[arg-type]
        audit.record(session, audit.SYSTEM, "risk.release", subject, row.released_why, {"halts": [_told(row)]}, {})
    await session.flush()
    return due


async def released_since(session: AsyncSession, since: datetime, sources: Collection[Source]) -> list[HaltModel]:
    """Those that ended lately, oldest first."""
    query = (
        select(HaltModel)
        .where(col(HaltModel.released_at) >= since, col(HaltModel.source).in_(list(sources)))
        .order_by(col(HaltModel.released_at))
    )
    return list((await session.exec(query)).all())


async def _release_flags(session: AsyncSession, target: Target) -> None:
    """By an order of its own, without the reduction of the one before: that would be carried out once more."""
    bots = select(BotModel.id).where(col(BotModel.deleted_at).is_(None))
    if target.scope == "user":
        bots = bots.where(col(BotModel.owner_id) == target.subject)
    elif target.scope == "bot":
        bots = bots.where(col(BotModel.id) == target.subject)
    locked = select(RiskOrderModel.bot_id).where(col(RiskOrderModel.bot_id).in_(bots))
    locked = locked.order_by(col(RiskOrderModel.bot_id)).with_for_update()  # in the order in which others lock them
    await session.exec(locked)
    number: Any = col(RiskOrderModel.number) + 1
    await session.exec(
        update(RiskOrderModel)
        .where(col(RiskOrderModel.bot_id).in_(bots))
        .values(number=number, reduce_fraction=None, released_number=number)
        .execution_options(synchronize_session=False)
    )


def _same(known: HaltModel, bond: Bond, cause: Cause) -> bool:
    return (known.mode, known.flatten, known.trading, known.source, known.rule, known.admins_only) == (
        bond.mode.value,
        bond.flatten,
        bond.trading,
        cause.source,
        cause.rule,
        cause.admins_only,
    )


def _told(row: HaltModel) -> dict[str, Any]:
    names = ("id", "scope", "subject", "trading", "mode", "flatten", "reduce_fraction", "source", "rule", "release_at")
    return {name: getattr(row, name) for name in names if getattr(row, name) not in (None, "")}
