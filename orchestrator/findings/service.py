"""Findings as people see and settle them. Session first; nothing here commits.

A finding is settled when the difference is gone; when it was adopted, by which the ledger takes what the account says,
in the leader, which alone reads accounts; or when its owner or an administrator acknowledged it, which says that it is
known and shall block nothing. What was acknowledged is found anew only when it grew or changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import literal, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.bots.models import BotModel
from orchestrator.db.types import UtcDateTime
from orchestrator.errors import Conflict, InvalidSpec, NotFound
from orchestrator.findings.kinds import ADOPTABLE, Difference, Kind
from orchestrator.findings.models import FindingModel
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.kit.pages import Page, decode_cursor, instant_of, page_of
from orchestrator.push import outbox
from orchestrator.wallets.models import WalletBotModel

TOPIC = "findings"
"""Topic of hints that somebody wants a finding adopted; kind `asked`, body empty. May be lost."""
GONE, ADOPTED, ACKNOWLEDGED = "gone", "adopted", "acknowledged"
_MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a look changed."""

    opened: Sequence[FindingModel]
    settled: Sequence[FindingModel]


async def list_(
    session: AsyncSession,
    limit: int,
    after: str | None = None,
    state: Literal["open", "settled"] | None = None,
    wallet_id: str | None = None,
) -> Page[FindingModel]:
    """Newest first. Raises InvalidSpec for a cursor that is none."""
    query = select(FindingModel)
    if state is not None:
        query = query.where(col(FindingModel.state) == state)
    if wallet_id is not None:
        query = query.where(col(FindingModel.wallet_id) == wallet_id)
    if after is not None:
        at, finding_id = decode_cursor(after, [str, str])
        position = tuple_(literal(instant_of(at), UtcDateTime()), literal(finding_id))
        query = query.where(tuple_(col(FindingModel.first_seen), col(FindingModel.id)) < position)
    query = query.order_by(col(FindingModel.first_seen).desc(), col(FindingModel.id).desc()).limit(limit + 1)
    return page_of((await session.exec(query)).all(), limit, lambda row: (row.first_seen.isoformat(), row.id))


async def get(session: AsyncSession, finding_id: str, *, lock: bool = False) -> FindingModel:
    """Raises NotFound."""
    query = select(FindingModel).where(col(FindingModel.id) == finding_id)
    row = (await session.exec(query.with_for_update() if lock else query)).first()
    if row is None:
        raise NotFound("There is no such finding; list the findings to see which there are.", field="finding_id")
    return row


async def settle(session: AsyncSession, finding_id: str, how: Literal["adopt", "acknowledge"], by: By) -> FindingModel:
    """Acknowledged at once; to be adopted it stays open until the leader has booked it, within seconds. Raises
    NotFound, Conflict where it is settled already, InvalidSpec (field `how`) for a kind that cannot be adopted."""
    row = await get(session, finding_id, lock=True)
    if row.state != "open":
        raise Conflict(f"It is settled already ({row.settled_how}).", field="finding_id")
    if how == "acknowledge":
        _close(session, row, ACKNOWLEDGED, by, utc_now())
        await session.flush()
        return row
    if Kind(row.kind) not in ADOPTABLE:
        raise InvalidSpec(
            "This is about what a bot believes, which the ledger cannot take over: follow the remedy, or acknowledge "
            "it.",
            field="how",
        )
    if await is_open(session, row.wallet_id, Kind.UNREAD_ACCOUNT):
        raise Conflict(
            "The account cannot be read, so nobody knows what to adopt: settle that finding first.", field="how"
        )
    row.asked_by, row.asked_why = by.actor, by.why[:500]
    session.add(row)
    audit.record(session, by.actor, "finding.adopt", _subject(row), by.why, None, _told(row), tenant=row.owner_id)
    await session.flush()
    return row


async def adopted(session: AsyncSession, row: FindingModel) -> None:
    """The leader has booked what somebody wanted adopted."""
    _close(session, row, ADOPTED, By(row.asked_by or audit.SYSTEM, row.asked_why or ""), utc_now())
    await session.flush()


async def asked(session: AsyncSession, wallet_id: str) -> list[FindingModel]:
    """Open ones that somebody wants adopted, oldest first."""
    query = select(FindingModel).where(
        col(FindingModel.wallet_id) == wallet_id,
        col(FindingModel.state) == "open",
        col(FindingModel.asked_by).is_not(None),
    )
    return list((await session.exec(query.order_by(col(FindingModel.first_seen)).with_for_update())).all())


async def open_of(session: AsyncSession, wallet_id: str) -> list[FindingModel]:
    """Those of an account that are not settled."""
    query = select(FindingModel).where(col(FindingModel.wallet_id) == wallet_id, col(FindingModel.state) == "open")
    return list((await session.exec(query)).all())


async def is_open(session: AsyncSession, wallet_id: str, kind: Kind) -> bool:
    """Whether the account has an open finding of this kind."""
    return any(row.kind == kind for row in await open_of(session, wallet_id))


async def note(
    session: AsyncSession, wallet_id: str, owner_id: str, one: Difference, now: datetime
) -> list[FindingModel]:
    """Finds this, or finds that it is still there, and settles nothing; the finding where it is a new one."""
    opened, _ = await _find(session, wallet_id, owner_id, [one], now)
    await session.flush()
    return opened


async def record(
    session: AsyncSession, wallet_id: str, owner_id: str, differences: Sequence[Difference], now: datetime
) -> Recorded:
    """What differs on this account now: new ones are opened, those that are gone are settled."""
    opened, gone = await _find(session, wallet_id, owner_id, differences, now)
    for row in gone:
        _close(session, row, GONE, By(audit.SYSTEM, "The difference is gone."), now)
    await session.flush()
    return Recorded(opened, gone)


async def _find(
    session: AsyncSession, wallet_id: str, owner_id: str, differences: Sequence[Difference], now: datetime
) -> tuple[list[FindingModel], list[FindingModel]]:
    """New ones, and open ones that are not among these."""
    query = select(FindingModel).where(col(FindingModel.wallet_id) == wallet_id, col(FindingModel.state) == "open")
    known = {(row.kind, row.subject): row for row in (await session.exec(query.with_for_update())).all()}
    opened = []
    for one in differences:
        row = known.pop((one.kind, one.subject), None)
        if row is None:
            if await _acknowledged(session, wallet_id, one):
                continue
            row = FindingModel(
                id=new_id("find"), wallet_id=wallet_id, owner_id=owner_id, kind=one.kind, subject=one.subject[:200],
                message="", remedy="", evidence={}, state="open", first_seen=now, last_seen=now,
            )  # fmt: skip
            opened.append(row)
        row.bot_id, row.message, row.remedy, row.last_seen = one.bot_id, one.message[:500], one.remedy[:500], now
        row.evidence = {**one.evidence, "mark": one.mark}
        session.add(row)
    for row in opened:
        audit.record(
            session, audit.SYSTEM, "finding.open", _subject(row), row.message, None, _told(row), tenant=owner_id
        )
    pushes = [outbox.of_alert(owner_id, row.bot_id, "", f"finding.{row.kind}", row.message) for row in opened]
    await outbox.queue(session, pushes)
    return opened, list(known.values())


async def blocked_bots(session: AsyncSession) -> Mapping[str, str]:
    """Bots whose wallet has open findings, and why they open nothing, in a sentence."""
    query = (
        select(BotModel.id, FindingModel)
        .join(WalletBotModel, col(WalletBotModel.bot_id) == col(BotModel.id))
        .join(FindingModel, col(FindingModel.wallet_id) == col(WalletBotModel.wallet_id))
        .where(col(FindingModel.state) == "open", col(BotModel.deleted_at).is_(None), col(BotModel.dry_run).is_(False))
        .order_by(col(BotModel.id), col(FindingModel.first_seen), col(FindingModel.id))
    )
    found: dict[str, list[FindingModel]] = {}
    for bot_id, finding in (await session.exec(query)).all():
        found.setdefault(bot_id, []).append(finding)
    return {bot_id: _why(findings) for bot_id, findings in found.items()}


def _why(findings: Sequence[FindingModel]) -> str:
    told = " ".join(one.message for one in findings[:_MOST_TOLD])
    more = f" And {len(findings) - _MOST_TOLD} more." if len(findings) > _MOST_TOLD else ""
    return f"Nothing is opened until what was found on its exchange account is settled: {told}{more}"[:500]


async def _acknowledged(session: AsyncSession, wallet_id: str, one: Difference) -> bool:
    """Whether just this was acknowledged the last time that it was found."""
    query = (
        select(FindingModel)
        .where(
            col(FindingModel.wallet_id) == wallet_id,
            col(FindingModel.kind) == one.kind,
            col(FindingModel.subject) == one.subject[:200],
        )
        .order_by(col(FindingModel.first_seen).desc(), col(FindingModel.id).desc())
        .limit(1)
    )
    last = (await session.exec(query)).first()
    return last is not None and last.settled_how == ACKNOWLEDGED and last.evidence.get("mark") == one.mark


def _close(session: AsyncSession, row: FindingModel, how: str, by: By, now: datetime) -> None:
    row.state, row.settled_how, row.settled_at = "settled", how, now
    row.settled_by, row.settled_why = by.actor, by.why[:500]
    session.add(row)
    audit.record(
        session, by.actor, "finding.settle", _subject(row), by.why, {"state": "open"}, _told(row), tenant=row.owner_id
    )


def _subject(row: FindingModel) -> str:
    return f"finding/{row.id}"


def _told(row: FindingModel) -> dict[str, object]:
    return {
        "wallet_id": row.wallet_id, "kind": row.kind, "subject": row.subject, "message": row.message,
        "state": row.state, "settled_how": row.settled_how,
    }  # fmt: skip
