"""What is told of an order at each stage of its life. Pure."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from pool.bot.universal.journal import Intent, Purpose
from pool.bot.universal.teller import money
from pool.contract.risk import Action, Stage

ActionKind = Literal["close", "partial_close", "stop_moved", "entry", "adjust"]

_LONGEST = 500


def order_action(intent: Intent, stage: Stage, at: datetime | None = None) -> Action:
    """`at` is when the exchange did it, where it told so; else it is now."""
    decided = datetime.fromisoformat(intent.decided_at)
    return Action(
        action_id=intent.action_id or intent.client_order_id,
        kind=_kind(intent),
        stage=stage,
        rule=intent.rule,
        level=intent.level,
        policy=intent.policy,
        trade_id=intent.trade_id,
        pair=intent.pair,
        is_short=intent.is_short,
        price_seen=money(intent.price_seen),
        threshold=money(intent.threshold),
        amount=money(intent.filled if intent.filled else intent.amount),
        client_order_id=intent.client_order_id,
        order_id=intent.order_id,
        fill_price=money(intent.average),
        slippage_ratio=slippage(intent),
        delay_seconds=max(0.0, ((at or datetime.now(UTC)) - decided).total_seconds()),
        message=(intent.message or intent.tag or "")[:_LONGEST],
    )


def slippage(intent: Intent) -> Decimal | None:
    """Ratio of the price seen; positive is worse: sold for less, or bought for more. None before anything was
    filled."""
    seen, paid = money(intent.price_seen), money(intent.average)
    if not seen or not paid:
        return None
    ratio = (seen - paid) / seen
    return round(ratio if intent.side == "sell" else -ratio, 8)


def _kind(intent: Intent) -> ActionKind:
    if intent.purpose is Purpose.STOP:
        return "stop_moved"
    if intent.purpose is Purpose.EXIT:
        return "partial_close" if intent.partial else "close"
    return "adjust" if intent.purpose is Purpose.ADJUST else "entry"
