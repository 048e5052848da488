"""Bodies of the routes about trades of all bots."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.deps import Text
from orchestrator.risk.closing import Closed
from pool.contract.model import Money


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
