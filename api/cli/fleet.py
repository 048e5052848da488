"""The fleet as the terminal shows it: plain values from the portfolio, the bots and the pools, about once a second."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from orchestrator.bots import service as bots_service
from orchestrator.bots.repository import BotView
from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.pools import service as pools_service
from orchestrator.pools.models import PoolModel
from orchestrator.portfolio.service import PortfolioService
from orchestrator.portfolio.views import BotPosition, Portfolio
from orchestrator.templates.spec import trading_of

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
    profit: Decimal | None
    """Equity less starting capital."""
    unrealised: Decimal | None
    pss_bytes: int | None
    stale: bool
    """It should report and does not: these are its last values."""
    trading: str = "dry_run"
    """`dry_run`, `paper_live` or `live`."""


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
class Sum:
    """A user's whole portfolio, in `currency`; ratios are fractions of 1."""

    currency: str
    equity: Decimal
    profit: Decimal
    profit_ratio: Decimal
    realised_today: Decimal
    drawdown_ratio: Decimal


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything at `as_of`; a sum for each user who has bots."""

    as_of: datetime
    bots: tuple[BotLine, ...]
    pools: tuple[PoolLine, ...]
    sums: tuple[Sum, ...]


async def read_fleet(database: Database, portfolio: PortfolioService) -> Fleet:
    """All bots and pools of this installation."""
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
    owners = dict.fromkeys(view.bot.owner_id for view in views)
    portfolios = [await portfolio.recent(owner) for owner in owners]
    positions = {position.id: position for one in portfolios for position in one.bots}
    return Fleet(
        as_of=utc_now(),
        bots=tuple(bot_line(view, positions.get(view.bot.id)) for view in views),
        pools=tuple(pool_line(pool) for pool in pools),
        sums=tuple(sum_of(one) for one in portfolios),
    )


def bot_line(view: BotView, position: BotPosition | None) -> BotLine:
    """Pure."""
    bot, status = view.bot, view.status
    snapshot: Mapping[str, Any] = status.snapshot or {}
    reported = position if position is not None and position.as_of is not None else None
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
        equity=reported.equity if reported else None,
        profit=reported.equity - reported.starting_capital if reported else None,
        unrealised=reported.unrealised if reported else None,
        pss_bytes=reported.pss_bytes if reported and status.observed_state != "stopped" else None,
        stale=reported.stale if reported else False,
        trading=trading_of(bot.exchange, bot.dry_run),
    )


def sum_of(portfolio: Portfolio) -> Sum:
    """Pure."""
    return Sum(
        currency=portfolio.currency,
        equity=portfolio.equity,
        profit=portfolio.equity - portfolio.starting_capital,
        profit_ratio=portfolio.profit_ratio,
        realised_today=portfolio.realised_today,
        drawdown_ratio=portfolio.drawdown_ratio,
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
