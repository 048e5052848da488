"""Storage of spells (`pool.rules.losses`). Session first; nothing here commits."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Table, delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.db.bulk import upsert
from orchestrator.kit.money import money
from orchestrator.risk.models import RiskSpellModel
from orchestrator.users.models import UserModel
from pool.contract.policy import Response
from pool.rules.losses import RESPONSES, WINDOWS, Spell, Window

_TABLE: Table = RiskSpellModel.__table__  # type: ignore[attr-defined]
_CHUNK = 500
_LARGEST = Decimal(10) ** 19
"""Of what `MoneyColumn` holds."""


@dataclass(frozen=True, slots=True)
class SpellKey:
    """Of what a spell is: a bot or a user's dry or live bots, over a window, for limits of one response. One that was
    released begins anew, and must not take along what a harder response still waits for."""

    subject: str
    trading: str
    window: Window
    response: Response


@dataclass(frozen=True, slots=True)
class Kept:
    """A spell and the currency that it is counted in; in another one it begins anew."""

    spell: Spell
    currency: str


async def load(session: AsyncSession) -> dict[SpellKey, Kept]:
    """All that are kept."""
    found = {}
    for row in (await session.exec(select(RiskSpellModel))).all():
        window = next((one for one in WINDOWS if one == row.window), None)
        response = next((one for one in RESPONSES if one == row.response), None)
        if window is None or response is None:
            continue
        members = {bot_id: Decimal(profit) for bot_id, profit in row.members.items()}
        spell = Spell(window, row.begun_at, row.base, row.gain, row.best, members, row.measured_at, _known(row.zone))
        found[SpellKey(row.subject, row.trading, window, response)] = Kept(spell, row.currency)
    return found


async def store(session: AsyncSession, kept: Mapping[SpellKey, Kept]) -> None:
    """But for those that no column holds: what one user's bots tell must not keep others' from being stored."""
    rows = [
        {
            "subject": key.subject,
            "trading": key.trading,
            "window": key.window,
            "response": key.response,
            "currency": one.currency,
            "begun_at": one.spell.begun_at,
            "base": money(one.spell.base),
            "gain": money(one.spell.gain),
            "best": money(one.spell.best),
            "members": json.dumps({bot_id: format(money(profit), "f") for bot_id, profit in one.spell.members.items()}),
            "measured_at": one.spell.measured_at,
            "zone": one.spell.zone,
        }
        for key, one in kept.items()
        if all(abs(amount) < _LARGEST for amount in (one.spell.base, one.spell.gain, one.spell.best))
    ]
    names = [one.name for one in _TABLE.columns]
    await upsert(await session.connection(), _TABLE, [[row[name] for name in names] for row in rows])


async def forget(session: AsyncSession, subjects: Collection[str]) -> Collection[str]:
    """Those of these subjects that are no user's: of bots that were deleted. A user who has no bot for a while does not
    begin anew. Answers whose were forgotten."""
    ids, gone = sorted(subjects), set(subjects)
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        gone -= set((await session.exec(select(UserModel.id).where(col(UserModel.id).in_(some)))).all())
        await session.exec(delete(RiskSpellModel).where(col(RiskSpellModel.subject).in_(gone.intersection(some))))
    return gone


def _known(zone: str) -> str:
    """UTC for one that this machine's time zones do not have (any more)."""
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"
