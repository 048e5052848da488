"""Bodies of the routes of actions."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from pool.contract.model import Money

Kind = Literal[
    "close", "partial_close", "stop_moved", "entry", "adjust", "cancel_entry", "flatten", "reduce", "mode", "refused",
    "alert",
]  # fmt: skip


class StageResponse(BaseModel):
    """A stage that an action reached."""

    stage: str = Field(description="Which.", examples=["filled"])
    at: datetime = Field(description="When, by the bot's clock.", examples=["2026-11-21T12:00:01Z"])
    message: str = Field(description="What there is to say of it.", examples=["attempt 2 at market"])
    client_order_id: str | None = Field(description="The order that it is about.", examples=["fl7t1p0"])


class ActionResponse(BaseModel):
    """What a universal rule did or refused."""

    id: str = Field(description="Its number; later ones are higher.", examples=["42"])
    bot_id: str = Field(description="Of which bot.", examples=["bot-k3v2q7d5mwxz4tha"])
    bot_name: str | None = Field(description="What that bot is called; null once it is gone.", examples=["trend-1"])
    owner_id: str = Field(description="Whose bot that is.", examples=["user-k3v2q7d5mwxz4tha"])
    action_id: str = Field(description="The bot's own name of it.", examples=["7-take_profit-1-3-0"])
    kind: Kind = Field(description="What; `refused` is an entry that was refused, `alert` needs a person.")
    stage: str = Field(description="How far it came; `refused` and `told` have but one stage.", examples=["filled"])
    rule: str = Field(
        description="The rule; of a refused entry the path of the limit that refused it.", examples=["take_profit"]
    )
    level: int | None = Field(description="Of a ladder, from 1; of a reduction its order.", examples=[1])
    policy: str = Field(description="The policy in force, with its version.", examples=["3.0.1"])
    trade_id: int | None = Field(description="The bot's number of the trade.", examples=[7])
    pair: str = Field(description="Which pair.", examples=["BTC/USDT"])
    is_short: bool = Field(description="Whether the trade is short.", examples=[False])
    price_seen: Money | None = Field(description="At which price it was decided.", examples=["64020.5"])
    threshold: Money | None = Field(description="The price that had to be reached.", examples=["64000"])
    amount: Money | None = Field(description="Of the order, in the base currency.", examples=["0.01"])
    stake: Money | None = Field(description="Of a refused entry, in the stake currency.", examples=["100"])
    fill_price: Money | None = Field(description="What it was filled at.", examples=["64018"])
    slippage_ratio: Money | None = Field(
        description="How much worse than the price seen, as a fraction of it.", examples=["0.00004"]
    )
    delay_seconds: Money | None = Field(description="From the decision to the latest stage.", examples=["0.21"])
    client_order_id: str | None = Field(description="What the bot named the order.", examples=["fl7t1p0"])
    order_id: str | None = Field(description="What the exchange named it.", examples=["123456"])
    message: str = Field(description="Why, in a sentence.", examples=["Reached 2 %."])
    stages: list[StageResponse] = Field(description="All stages that were told, in their order.")
    times: int = Field(description="How often a refusal or an alert was told within its five minutes.", examples=[1])
    at: datetime = Field(description="When it began.", examples=["2026-11-21T12:00:00Z"])
    updated_at: datetime = Field(description="When its latest stage was.", examples=["2026-11-21T12:00:01Z"])


class ActionPage(BaseModel):
    """Some of what rules did."""

    items: list[ActionResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])
