"""Bodies of the routes about trades of all bots."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.deps import Text
from api.trades.levels import TradeLevelsResponse, levels_body
from orchestrator.kit.pages import Page
from orchestrator.portfolio import trades
from orchestrator.risk.closing import Closed
from pool.contract.model import Money


class TradeResponse(BaseModel):
    """A trade as its bot told it last. Money is in `currency`; null is what the bot did not tell, or what a trade of
    this state does not have."""

    state: Literal["open", "closed"] = Field(description="Whether it is open.", examples=["open"])
    bot_id: str = Field(description="Whose trade.", examples=["bot-k3v2q7d5mwxz4tha"])
    bot: str = Field(description="Name of that bot.", examples=["trend-1"])
    trading: Literal["dry", "live"] = Field(description="`dry` or `live`.", examples=["dry"])
    trade_id: int = Field(description="FreqTrade's number of the trade.", examples=[7])
    pair: str = Field(description="Pair.", examples=["BTC/USDT"])
    is_short: bool = Field(description="True for a short.", examples=[False])
    leverage: Money | None = Field(description="1 on spot.", examples=["1"])
    currency: str | None = Field(description="Stake currency.", examples=["USDT"])
    amount: Money | None = Field(
        description="In the base currency: what is held; of a closed trade what its last exit closed.",
        examples=["0.015"],
    )
    stake: Money | None = Field(description="What was put in for that.", examples=["99.5"])
    open_rate: Money | None = Field(description="Average rate of its entries.", examples=["6500.1"])
    opened_at: AwareDatetime = Field(description="When it was opened.", examples=["2026-11-22T08:00:00Z"])
    current_rate: Money | None = Field(
        description="What an exit would get now; null of a closed trade.", examples=["6550.4"]
    )
    profit: Money | None = Field(
        description="After fees: not realised yet, of what is held; of a closed trade all of it.", examples=["1.25"]
    )
    profit_ratio: Money | None = Field(description="The same, of the stake.", examples=["0.0125"])
    realised: Money | None = Field(
        description="Realised by its exits so far; of a closed trade all of it.", examples=["0"]
    )
    close_rate: Money | None = Field(description="Rate of its last exit; null of an open trade.", examples=[None])
    closed_at: AwareDatetime | None = Field(description="When it was closed; null of an open trade.", examples=[None])
    exit_reason: str | None = Field(
        description="FreqTrade's reason of its last exit; `flotilla:<rule>` of a universal rule.", examples=[None]
    )
    entry_tag: str | None = Field(description="The strategy's tag of its entry.", examples=["breakout"])
    has_open_orders: bool | None = Field(
        description="Whether an order of it rests; null of a closed trade.", examples=[False]
    )
    reported_at: AwareDatetime | None = Field(
        description="When this was told: compare it with now to see how old an open trade's figures are.",
        examples=["2026-11-22T09:00:01Z"],
    )
    levels: TradeLevelsResponse | None = Field(
        description="Of an open trade: its stops, ladder and other levels; null before anything was filled, and where "
        "the policy cannot be read."
    )


class TradePage(BaseModel):
    """Some trades."""

    items: list[TradeResponse] = Field(
        description="Open ones in the order of their bots and numbers, then closed ones, newest first. A page may be "
        "short although there is a next one."
    )
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


class CloseRequest(BaseModel):
    """Which trades to close; what is left out narrows nothing."""

    model_config = ConfigDict(extra="forbid")

    which: Literal["all", "winners", "losers"] = Field(
        description="`winners` are in profit after fees, `losers` at a loss.", examples=["winners"]
    )
    asset: str | None = Field(
        default=None, max_length=32, pattern=Text, description="Only of this base currency.", examples=["BTC"]
    )
    bot_id: str | None = Field(
        default=None, max_length=64, pattern=Text, description="Only of this bot.", examples=["bot-k3v2q7d5mwxz4tha"]
    )
    dry_run: bool = Field(default=False, description="Only list what it would close.", examples=[True])
    reason: str = Field(
        default="", max_length=500, pattern=Text, description="Why; kept in the audit.", examples=["Weekend."]
    )


class ClosedTradeResponse(BaseModel):
    """One trade, as its bot told it last, and what became of it."""

    bot_id: str = Field(description="Identity of the bot.", examples=["bot-k3v2q7d5mwxz4tha"])
    bot: str = Field(description="Its name.", examples=["trend-1"])
    trading: str = Field(description="`dry` or `live`.", examples=["dry"])
    trade_id: int = Field(description="Number of the trade in the bot.", examples=[7])
    pair: str = Field(description="Pair.", examples=["BTC/USDT"])
    is_short: bool = Field(description="Direction.", examples=[False])
    profit: Money = Field(description="After fees, in `currency`.", examples=["1.25"])
    profit_ratio: Money = Field(description="Of the stake.", examples=["0.0125"])
    currency: str = Field(description="Stake currency.", examples=["USDT"])
    ok: bool | None = Field(description="Whether its exit was placed; null where it was not tried.", examples=[True])
    message: str = Field(description="What the bot said.", examples=["Its exit was asked for."])


class CloseResponse(BaseModel):
    """Every trade that was meant."""

    dry_run: bool = Field(description="Nothing was closed.", examples=[False])
    items: list[ClosedTradeResponse] = Field(description="By bot and trade.")
    closed: int = Field(description="Exits that were placed.", examples=[3])
    failed: int = Field(description="Those that were not.", examples=[0])


def page_body(page: Page[trades.Open | trades.ClosedTrade]) -> TradePage:
    items = [
        _open(found) if isinstance(found, trades.Open) else TradeResponse.model_validate(found.model_dump())
        for found in page.items
    ]
    return TradePage(items=items, next=page.next)


def close_body(results: list[Closed], *, dry_run: bool) -> CloseResponse:
    return CloseResponse(
        dry_run=dry_run,
        items=[_item(result) for result in results],
        closed=sum(result.ok is True for result in results),
        failed=sum(result.ok is False for result in results),
    )


def _item(result: Closed) -> ClosedTradeResponse:
    what, trade = result.what, result.what.trade
    return ClosedTradeResponse(
        bot_id=what.bot_id,
        bot=what.bot_name,
        trading="live" if what.live else "dry",
        trade_id=trade.trade_id,
        pair=trade.pair,
        is_short=trade.is_short,
        profit=trade.profit_abs,
        profit_ratio=trade.profit_ratio,
        currency=what.stake_currency,
        ok=result.ok,
        message=result.message,
    )


def _open(found: trades.Open) -> TradeResponse:
    trade = found.trade
    return TradeResponse(
        state="open",
        bot_id=found.bot.id,
        bot=found.bot.name,
        trading="dry" if found.bot.dry_run else "live",
        trade_id=trade.trade_id,
        pair=trade.pair,
        is_short=trade.is_short,
        leverage=trade.leverage,
        currency=found.currency,
        amount=trade.amount,
        stake=trade.stake_amount,
        open_rate=trade.open_rate,
        opened_at=trade.opened_at,
        current_rate=trade.current_rate,
        profit=trade.profit_abs,
        profit_ratio=trade.profit_ratio,
        realised=trade.realised_abs,
        close_rate=None,
        closed_at=None,
        exit_reason=None,
        entry_tag=trade.entry_tag,
        has_open_orders=trade.has_open_orders,
        reported_at=found.reported_at,
        levels=None if found.enforced is None else levels_body(found.enforced),
    )
