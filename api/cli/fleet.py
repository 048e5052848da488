"""The fleet as the terminal shows it: plain values read from the database, about once a second."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from orchestrator.bots import service as bots_service
from orchestrator.bots.repository import BotView
from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.pools import service as pools_service
from orchestrator.pools.models import PoolModel

STALE_AFTER = timedelta(seconds=20)
_PAGE = 200


@dataclass(frozen=True, slots=True)
class TradeLine:
    """An open trade; profit as a ratio of its stake."""

    trade_id: int
    pair: str
    profit_ratio: Decimal


@dataclass(frozen=True, slots=True)
class BotLine:
    """A bot. Money in `currency`; None where it has not reported yet."""

    bot_id: str
    name: str
    template: str
    observed_state: str
    desired_state: str
    condition: str | None
    currency: str
    open_trades: tuple[TradeLine, ...]
    closed_trades: int
    equity: Decimal | None
    starting_balance: Decimal
    realised: Decimal | None
    unrealised: Decimal | None
    pss_bytes: int | None
    stale: bool
    """It has values, but they are old."""

    @property
    def profit(self) -> Decimal | None:
        return None if self.equity is None else self.equity - self.starting_balance


@dataclass(frozen=True, slots=True)
class PoolLine:
    """A pool; memory of all its processes."""

    pool_id: str
    state: str
    zygote_state: str
    slots_used: int
    slots_total: int
    pss_bytes: int | None
    condition: str | None


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything at `as_of`."""

    as_of: datetime
    bots: tuple[BotLine, ...]
    pools: tuple[PoolLine, ...]


async def read_fleet(database: Database) -> Fleet:
    """All bots and pools of this installation."""
    now = utc_now()
    views: list[BotView] = []
    async with database.read() as session:
        after: str | None = None
        while True:
            page = await bots_service.list_(session, None, limit=_PAGE, after=after)
            views += page.items
            after = page.next
            if after is None:
                break
        pools = await pools_service.every(session)
    return Fleet(
        as_of=now,
        bots=tuple(bot_line(view, now) for view in views),
        pools=tuple(pool_line(pool) for pool in pools),
    )


def bot_line(view: BotView, now: datetime) -> BotLine:
    """Pure."""
    bot, status = view.bot, view.status
    snapshot: Mapping[str, Any] = status.snapshot or {}
    memory = (status.slot or {}).get("memory") or {}
    stale = status.snapshot_at is not None and now - status.snapshot_at > STALE_AFTER
    return BotLine(
        bot_id=bot.id,
        name=bot.name,
        template=bot.template,
        observed_state=status.observed_state,
        desired_state=bot.desired_state,
        condition=_first_condition(status.conditions),
        currency=bot.stake_currency,
        open_trades=tuple(
            TradeLine(trade["trade_id"], trade["pair"], Decimal(trade["profit_ratio"]))
            for trade in snapshot.get("open_trades", [])
        ),
        closed_trades=snapshot.get("closed_trades", 0),
        equity=_decimal(snapshot.get("equity")),
        starting_balance=_decimal(snapshot.get("starting_balance")) or bot.starting_balance,
        realised=_decimal(snapshot.get("realised")),
        unrealised=_decimal(snapshot.get("unrealised")),
        pss_bytes=memory.get("pss_bytes") if status.observed_state != "stopped" else None,
        stale=stale and bot.desired_state in ("running", "paused"),
    )


def pool_line(pool: PoolModel) -> PoolLine:
    """Pure."""
    report: Mapping[str, Any] = pool.report or {}
    zygote: Mapping[str, Any] = report.get("zygote") or {}
    memories = [report.get("init_memory"), report.get("agent_memory"), report.get("bots_memory"), zygote.get("memory")]
    known = [memory["pss_bytes"] for memory in memories if memory]
    return PoolLine(
        pool_id=pool.id,
        state=pool.observed_state,
        zygote_state=zygote.get("state", "down"),
        slots_used=report.get("slots_used", 0),
        slots_total=pool.slots_total,
        pss_bytes=sum(known) if known else None,
        condition=_first_condition(pool.conditions),
    )


def _first_condition(conditions: list[dict[str, Any]]) -> str | None:
    return f"{conditions[0]['type']}: {conditions[0]['message']}" if conditions else None


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
