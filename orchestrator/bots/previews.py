"""What a bot would be like before there is one: what it would cost, where it would be, and all that stands in its way.

Session first, as whoever would own it; only reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Table
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.bots.refusals import refusals
from orchestrator.errors import RequestError
from orchestrator.pools.assignments import Assigned
from orchestrator.pools.policy import PoolPolicy
from orchestrator.pools.provision import Prospect, prospect
from orchestrator.templates.spec import BotSpec
from orchestrator.users.quotas import Quota
from orchestrator.wallets import capital
from orchestrator.wallets.capital import Source
from orchestrator.wallets.service import check_free
from pool.contract.slots import ObservedState

TYPICAL_BYTES = 27_400_000
"""PSS of a bot, its share of its pool included, of fifty in one: `make bench-density`, see the README."""
_NEWEST = 200
_MEASURED = (ObservedState.RUNNING, ObservedState.PAUSED)
_BOTS: Table = BotModel.__table__  # type: ignore[attr-defined]
_STATUSES: Table = BotStatusModel.__table__  # type: ignore[attr-defined]
"""Past anybody's reach: what is told of others' bots is an average."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one more bot takes of memory: its own pages (USS). Its share of the common ones, which PSS counts in, would
    be most of it with few bots in a pool, and is there without the bot."""

    memory_bytes: int
    basis: Literal["alike", "all", "typical"]
    """Measured on the owner's running bots of the same template or strategy; on all running bots; or on none here."""
    bots: int
    """How many were measured; of many the newest."""


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What stands in a bot's way, and where its money would be from."""

    problems: Sequence[RequestError]
    source: Source | None
    """None where no wallet fits."""


async def obstacles(
    session: AsyncSession, owner_id: str, spec: BotSpec, quota: Quota, wallet_id: str | None, confirm_live: str | None
) -> Obstacles:
    """What `bots.service.create` would refuse it for now."""
    found = await refusals(
        session, owner_id, spec, quota=quota, wallet_id=wallet_id, confirm_live=confirm_live, lock=False
    )
    source = None
    try:
        source = await capital.source(
            session,
            owner_id,
            spec.stake_currency,
            dry_run=spec.dry_run,
            exchange=spec.exchange,
            trading_mode=spec.trading_mode,
            wallet_id=wallet_id,
        )
        if source.wallet is not None and not source.tops_up:
            await check_free(session, source.wallet, spec.stake_currency, spec.starting_balance)
    except RequestError as problem:
        if all(one.params.get("field") != "wallet" for one in found):
            found.append(problem)
    return Obstacles(found, source)


async def estimate(session: AsyncSession, owner_id: str, template: str, strategy_id: str | None) -> Estimate:
    """By running bots that are most like it."""
    alike = await _measured(
        session,
        _BOTS.c.owner_id == owner_id,
        _BOTS.c.template == template,
        _BOTS.c.strategy_id == strategy_id if strategy_id is not None else _BOTS.c.strategy_id.is_(None),
    )
    if alike:
        return Estimate(sum(alike) // len(alike), "alike", len(alike))
    found = await _measured(session)
    if found:
        return Estimate(sum(found) // len(found), "all", len(found))
    return Estimate(TYPICAL_BYTES, "typical", 0)


async def place_of(session: AsyncSession, owner_id: str, template: str, policy: PoolPolicy) -> Prospect:
    """Where a bot of that template would be placed now."""
    bot = Assigned("", owner_id, template, None, 0, deleting=False)
    return await prospect(session, policy.homeless(bot), policy)


async def _measured(session: AsyncSession, *which: ColumnElement[bool]) -> list[int]:
    query = (
        select(_STATUSES.c.slot)
        .join(_BOTS, _STATUSES.c.bot_id == _BOTS.c.id)
        .where(_BOTS.c.deleted_at.is_(None), _STATUSES.c.observed_state.in_(_MEASURED), *which)
        .order_by(_BOTS.c.created_at.desc())
        .limit(_NEWEST)
    )
    memories = [(slot or {}).get("memory") for slot in (await session.exec(query)).all()]
    return [int(memory["uss_bytes"]) for memory in memories if isinstance(memory, dict)]
