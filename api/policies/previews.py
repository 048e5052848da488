"""Bodies of previews: what a document would change right now."""

from decimal import Decimal

from pydantic import BaseModel, Field

from api.policies.schemas import ChangeResponse, change_bodies
from orchestrator.kit.money import shown
from orchestrator.portfolio.whatif import Exceeded, TradeWhatIf, WhatIf
from pool.contract.model import Money
from pool.rules.diff import Change
from pool.rules.position import Close
from pool.rules.preview import NextLevel, StopState


class StopResponse(BaseModel):
    """A stop of an open trade: the tighter of the universal one and the strategy's own."""

    rate: Money | None = Field(description="Null: none.", examples=["95.5"])
    rule: str | None = Field(description="Which rule sets it; null: the strategy.", examples=["trailing_stop"])
    profit_ratio: Money | None = Field(description="Profit when it fires.", examples=["0.012"])


class CloseResponse(BaseModel):
    """What a rule would close at once."""

    rule: str = Field(description="Rule.", examples=["hard_stop"])
    level: int | None = Field(description="Of the ladder.", examples=[None])
    amount: Money | None = Field(description="In the base currency; null: all.", examples=[None])
    threshold_rate: Money | None = Field(description="The rate that was passed.", examples=["95"])


class NextLevelResponse(BaseModel):
    """The next take-profit level."""

    level: int = Field(description="1 is the first.", examples=[1])
    rate: Money = Field(description="Where it is.", examples=["104.2"])
    profit_ratio: Money = Field(description="Profit there.", examples=["0.04"])
    amount: Money = Field(description="What it closes, in the base currency.", examples=["0.25"])


class TradePreviewResponse(BaseModel):
    """What would change of one open trade."""

    bot_id: str = Field(description="Whose trade.", examples=["bot-k3v2q7d5mwxz4tha"])
    bot: str = Field(description="Name of that bot.", examples=["trend-1"])
    trade_id: int = Field(description="FreqTrade's number of the trade.", examples=[7])
    pair: str = Field(description="Pair.", examples=["BTC/USDT"])
    is_short: bool = Field(description="True for a short.", examples=[False])
    rate: Money = Field(description="What an exit would get now.", examples=["101.3"])
    stop_before: StopResponse = Field(description="The stop in force.")
    stop_after: StopResponse = Field(description="The stop under the new document.")
    closes_at_once: CloseResponse | None = Field(
        description="What the new document would close at once and the one in force would not.", examples=[None]
    )
    next_before: NextLevelResponse | None = Field(description="The next level in force.", examples=[None])
    next_after: NextLevelResponse | None = Field(description="The next level then.", examples=[None])
    unknown: list[str] = Field(
        description="Rules of the new document that want an ATR which the bot does not tell: bots tell those of their "
        "policy's periods and of 14 candles. Nobody knows what these rules would do: to write it needs `confirm`.",
        examples=[[]],
    )
    changed: bool = Field(description="Whether anything of this would change.", examples=[True])


class ExceededResponse(BaseModel):
    """A limit across bots of which more is used already than the new document allows."""

    mode: str = Field(description="`dry` or `live`: they are counted apart.", examples=["dry"])
    limit: str = Field(description="Path of the limit.", examples=["limits.open_trades"])
    subject: str = Field(description="Asset; empty for all.", examples=["BTC"])
    used: Money = Field(description="Count, or ratio of equity.", examples=["7"])
    allowed: Money = Field(description="What the document allows.", examples=["5"])


class PreviewResponse(BaseModel):
    """What would change right now."""

    trades: list[TradePreviewResponse] = Field(description="Every open trade, changed or not.")
    closes_at_once: int = Field(
        description="How many would be closed at once, wholly or in part; a PUT then wants `confirm=true`.",
        examples=[0],
    )
    exceeded: list[ExceededResponse] = Field(description="No new risk there until less is held; nothing is closed.")
    changes: list[ChangeResponse] = Field(description="What differs from the document in force.")


def preview_body(found: WhatIf, changes: list[Change]) -> PreviewResponse:
    return PreviewResponse(
        trades=[trade_body(one) for one in found.trades],
        closes_at_once=len(found.firing),
        exceeded=[_exceeded(one) for one in found.exceeded],
        changes=change_bodies(changes),
    )


def trade_body(found: TradeWhatIf) -> TradePreviewResponse:
    change = found.change
    return TradePreviewResponse(
        bot_id=found.bot_id,
        bot=found.bot,
        trade_id=change.trade_id,
        pair=change.pair,
        is_short=found.is_short,
        rate=found.rate,
        stop_before=_stop(change.stop_before),
        stop_after=_stop(change.stop_after),
        closes_at_once=_close(change.closes_at_once) if found.fires else None,
        next_before=_level(change.next_before),
        next_after=_level(change.next_after),
        unknown=list(change.blind),
        changed=change.changed,
    )


def _exceeded(found: Exceeded) -> ExceededResponse:
    use = found.use
    return ExceededResponse(
        mode="live" if found.live else "dry",
        limit=use.limit,
        subject=use.subject,
        used=use.used if use.used is not None else Decimal(0),
        allowed=use.allowed,
    )


def _stop(stop: StopState) -> StopResponse:
    return StopResponse(rate=shown(stop.rate), rule=stop.rule, profit_ratio=shown(stop.profit))


def _close(close: Close | None) -> CloseResponse | None:
    if close is None:
        return None
    return CloseResponse(
        rule=close.rule,
        level=close.level,
        amount=shown(close.amount),
        threshold_rate=shown(close.threshold_rate),
    )


def _level(level: NextLevel | None) -> NextLevelResponse | None:
    if level is None:
        return None
    rate, profit, amount = shown(level.rate), shown(level.profit), shown(level.amount)
    if rate is None or profit is None or amount is None:  # of a trade that no exchange has
        return None
    return NextLevelResponse(level=level.level, rate=rate, profit_ratio=profit, amount=amount)
