"""Bodies of the bot routes. Money and ratios go out as decimal strings and come in as strings or numbers."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from orchestrator.bots.models import BotEventModel
from orchestrator.bots.service import BotView
from pool.contract.model import Money
from pool.contract.slots import Slot

OpenTradesChoice = Literal["keep", "flatten"]


def _plain_numbers(value: Any) -> Any:
    """Parameters are what JSON has: the Decimals of exact reading become numbers again."""
    if isinstance(value, dict):
        return {key: _plain_numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain_numbers(one) for one in value]
    return float(value) if isinstance(value, Decimal) else value


Parameters = Annotated[dict[str, Any], AfterValidator(_plain_numbers)]
"""A strategy's parameters, by their own JSON schema; its ratios are JSON numbers as that says."""


class BotCreate(BaseModel):
    """A new bot. Everything but `name` and `template` has a default from the template."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Unique among your bots, 1 to 64 printable characters.", examples=["trend-1"])
    template: str = Field(description="Name of a template.", examples=["trend"])
    parameters: Parameters | None = Field(
        default=None, description="By the template's schema; those left out keep their defaults.", examples=[{}]
    )
    exchange: str | None = Field(default=None, description="`paper`, or an id of ccxt.", examples=["paper"])
    trading_mode: str | None = Field(default=None, description="`spot`.", examples=["spot"])
    dry_run: bool | None = Field(default=None, description="Must be true for now.", examples=[True])
    pairs: list[str] | None = Field(
        default=None, description="`BASE/QUOTE`, the quote being the stake currency.", examples=[["BTC/USDT"]]
    )
    timeframe: str | None = Field(default=None, description="Length of a candle.", examples=["1m"])
    stake_currency: str | None = Field(default=None, description="Currency of stakes.", examples=["USDT"])
    stake_amount: Decimal | None = Field(default=None, description="Stake of one trade.", examples=["100"])
    max_open_trades: int | None = Field(default=None, description="Trades open at once, at most.", examples=[3])
    starting_balance: Decimal | None = Field(default=None, description="Dry-run wallet.", examples=["1000"])


class BotPatch(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, description="A new name.", examples=["trend-2"])
    parameters: Parameters | None = Field(
        default=None, description="Those named are changed, the others stay.", examples=[{"stoploss": -0.03}]
    )
    pairs: list[str] | None = Field(default=None, description="All pairs.", examples=[["BTC/USDT", "ETH/USDT"]])
    timeframe: str | None = Field(default=None, description="Length of a candle.", examples=["5m"])
    stake_amount: Decimal | None = Field(default=None, description="Stake of one trade.", examples=["50"])
    max_open_trades: int | None = Field(default=None, description="Trades open at once, at most.", examples=[5])
    starting_balance: Decimal | None = Field(
        default=None, description="Dry-run wallet; only while the bot is stopped.", examples=["2000"]
    )


class StopRequest(BaseModel):
    """How to stop."""

    model_config = ConfigDict(extra="forbid")

    open_trades: OpenTradesChoice = Field(
        default="keep",
        description="`keep` leaves open trades as they are, `flatten` closes them first.",
        examples=["flatten"],
    )


class ConditionResponse(BaseModel):
    """Something about the bot that a person may have to act on."""

    type: str = Field(description="Kind.", examples=["ExchangeUnreachable"])
    message: str = Field(description="What is wrong.", examples=["The exchange did not answer; trying again."])
    since: datetime = Field(description="Since when it holds.", examples=["2026-11-20T12:00:00Z"])


class ExitResponse(BaseModel):
    """How the bot's process ended last."""

    reason: str = Field(description="In a sentence.", examples=["Killed by SIGKILL."])
    code: int | None = Field(description="Exit code; null where a signal ended it.", examples=[1])
    signal: int | None = Field(description="Signal; null where it exited.", examples=[None])
    at: datetime = Field(description="When.", examples=["2026-11-20T12:00:00Z"])
    log_tail: list[str] = Field(description="Its last log lines.", examples=[["ValueError: no such column"]])


class MemoryResponse(BaseModel):
    """Memory of the bot's process, in bytes."""

    pss_bytes: int = Field(description="Shared pages divided among their sharers.", examples=[31000000])
    uss_bytes: int = Field(description="Pages of its own.", examples=[24000000])


class BotResponse(BaseModel):
    """A bot: what you want of it, and what it does."""

    id: str = Field(description="Identity of the bot.", examples=["bot-k3v2q7d5mwxz4tha"])
    name: str = Field(description="Unique among your bots.", examples=["trend-1"])
    template: str = Field(description="What it is made of.", examples=["trend"])
    parameters: dict[str, Any] = Field(description="All parameters of the template.", examples=[{"stoploss": -0.02}])
    exchange: str = Field(description="`paper`, or an id of ccxt.", examples=["paper"])
    trading_mode: str = Field(description="`spot`.", examples=["spot"])
    dry_run: bool = Field(description="True where no real money is at stake.", examples=[True])
    pairs: list[str] = Field(description="Pairs that it trades.", examples=[["BTC/USDT"]])
    timeframe: str = Field(description="Length of a candle.", examples=["1m"])
    stake_currency: str = Field(description="Currency of stakes.", examples=["USDT"])
    stake_amount: Money = Field(description="Stake of one trade.", examples=["100"])
    max_open_trades: int = Field(description="Trades open at once, at most.", examples=[3])
    starting_balance: Money = Field(description="Dry-run wallet.", examples=["1000"])
    desired_state: str = Field(description="`running`, `paused`, `stopped` or `deleted`.", examples=["running"])
    open_trades: OpenTradesChoice = Field(description="What a stop does with open trades.", examples=["keep"])
    observed_state: str = Field(
        description="`pending`, `starting`, `running`, `paused`, `stopping`, `stopped`, `failed`, `quarantined` or "
        "`unknown`.",
        examples=["running"],
    )
    conditions: list[ConditionResponse] = Field(description="What holds now; empty where all is well.", examples=[[]])
    trader_state: str | None = Field(description="FreqTrade's own state.", examples=["running"])
    pool: str | None = Field(description="Pool it is assigned to.", examples=["pool-local"])
    generation: int = Field(description="Counts your changes; also the ETag.", examples=[1])
    observed_generation: int = Field(description="The generation that is in force.", examples=[1])
    restarts: int = Field(description="Restarts of its process since it got its slot.", examples=[0])
    memory: MemoryResponse | None = Field(
        description="Null while no process runs.", examples=[{"pss_bytes": 31000000, "uss_bytes": 24000000}]
    )
    last_exit: ExitResponse | None = Field(description="Null where it never ended.", examples=[None])
    last_seen_at: datetime | None = Field(description="Last report of it.", examples=["2026-11-20T12:00:05Z"])
    created_at: datetime = Field(description="When it was created.", examples=["2026-11-20T12:00:00Z"])
    updated_at: datetime = Field(description="Your last change.", examples=["2026-11-20T12:00:00Z"])


class BotPage(BaseModel):
    """Some of your bots."""

    items: list[BotResponse] = Field(description="In the order of their creation.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


class EventResponse(BaseModel):
    """A fact about a bot."""

    id: str = Field(description="Unique.", examples=["128"])
    at: datetime = Field(description="When it happened.", examples=["2026-11-20T12:00:00Z"])
    type: str = Field(description="Kind.", examples=["trade.entry_fill"])
    data: dict[str, Any] = Field(description="What happened.", examples=[{"pair": "BTC/USDT"}])


class EventPage(BaseModel):
    """Some of a bot's events."""

    items: list[EventResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


class LogPage(BaseModel):
    """The end of a bot's log."""

    items: list[str] = Field(description="Lines, oldest first.", examples=[["Bot heartbeat. state='RUNNING'"]])
    next: str | None = Field(description="Always null.", examples=[None])


def bot_body(view: BotView) -> BotResponse:
    """A bot as the API tells it."""
    bot, status = view.bot, view.status
    slot = None if status.slot is None else Slot.model_validate({**status.slot, "snapshot": None})
    live = slot is not None and slot.pid is not None
    return BotResponse.model_validate(
        {
            **{name: getattr(bot, name) for name in BotResponse.model_fields if hasattr(bot, name)},
            "observed_state": status.observed_state,
            "conditions": status.conditions,
            "trader_state": status.trader_state,
            "pool": bot.pool_id,
            "observed_generation": status.observed_generation,
            "restarts": slot.restarts if slot else 0,
            "memory": slot.memory.model_dump() if slot and slot.memory and live else None,
            "last_exit": slot.last_exit.model_dump() if slot and slot.last_exit else None,
            "last_seen_at": status.last_seen_at,
        }
    )


def event_body(event: BotEventModel) -> EventResponse:
    return EventResponse(id=str(event.number), at=event.at, type=event.type, data=event.data)
