"""Bodies of the bot routes. Money and ratios go out as decimal strings and come in as strings or numbers."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.deps import Text
from orchestrator.bots.models import BotEventModel, BotModel
from orchestrator.bots.service import BotView
from orchestrator.strategies.models import number_of
from orchestrator.templates.spec import trading_of
from pool.contract.model import Money
from pool.contract.policy import PolicyInForce
from pool.contract.slots import Slot, Trading
from pool.contract.waking import WakingState, sentence_of

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


class StrategyChoice(BaseModel):
    """A strategy of your own, or one that is shared with you for use."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=63, description="The strategy.", examples=["strategy-k3v2q7d5mwxz4tha"])
    version: int | str = Field(
        default="head",
        union_mode="left_to_right",
        description="A number, a tag, or `head`: the bot stays at the version that this is now.",
        examples=[2],
    )


class BotCreate(BaseModel):
    """A new bot of a template, or of a strategy of your own. Everything but `name` and one of the two has a default."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Unique among your bots, 1 to 64 printable characters.", examples=["trend-1"])
    template: str | None = Field(
        default=None, description="Name of a template; left out with a strategy.", examples=["trend"]
    )
    strategy: StrategyChoice | None = Field(
        default=None,
        description="In the place of a template: it trades as it says itself, in its own time frame if none is given.",
        examples=[None],
    )
    parameters: Parameters | None = Field(
        default=None, description="By the template's schema; those left out keep their defaults.", examples=[{}]
    )
    exchange: str | None = Field(default=None, description="`paper`, or an id of ccxt.", examples=["paper"])
    trading_mode: str | None = Field(
        default=None, description="`spot`, or `futures` (paper exchange only), long and short.", examples=["spot"]
    )
    margin_mode: str | None = Field(
        default=None, description="`isolated`, for futures; left out for spot.", examples=["isolated"]
    )
    dry_run: bool | None = Field(
        default=None,
        description="False for a bot that trades with the money of an exchange account, for good.",
        examples=[True],
    )
    wallet: str | None = Field(
        default=None,
        max_length=40,
        pattern=Text,
        description="Where its capital is from: a live bot's that of its exchange account. Left out, a dry bot's is "
        "your own paper wallet of its stake currency, topped up by what lacks.",
        examples=["wallet-k3v2q7d5mwxz4tha"],
    )
    confirm_live: str | None = Field(
        default=None,
        max_length=64,
        pattern=Text,
        description="Of a live bot: its name once more.",
        examples=["trend-1"],
    )
    pairs: list[str] | None = Field(
        default=None,
        description="`BASE/QUOTE`, the quote being the stake currency; `BASE/QUOTE:QUOTE` for futures.",
        examples=[["BTC/USDT"]],
    )
    timeframe: str | None = Field(default=None, description="Length of a candle.", examples=["1m"])
    stake_currency: str | None = Field(default=None, description="Currency of stakes.", examples=["USDT"])
    stake_amount: Decimal | None = Field(default=None, description="Stake of one trade.", examples=["100"])
    max_open_trades: int | None = Field(default=None, description="Trades open at once, at most.", examples=[3])
    starting_balance: Decimal | None = Field(
        default=None, description="Its capital, in the stake currency, from its wallet.", examples=["1000"]
    )
    wake_on_need: bool | None = Field(
        default=None,
        description="Whether it looks only when something is due, as if left out; false: every few seconds.",
        examples=[True],
    )


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
        default=None,
        description="Its capital; only while the bot is stopped. See also `/wallets/{id}/allocate`.",
        examples=["2000"],
    )
    wake_on_need: bool | None = Field(
        default=None,
        description="Whether it looks only when something is due; false: every few seconds, as FreqTrade does.",
        examples=[False],
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


class BotPolicyResponse(BaseModel):
    """Which policy a bot is to keep, and which it says it keeps."""

    label: str = Field(
        description="Versions that it follows from: `<default>.<override>.<guardrails>`, 0 for none.",
        examples=["3.0.1"],
    )
    fingerprint: str = Field(description="SHA-256 of what it is told.", examples=["9f86d081884c7d65"])
    fingerprint_in_force: str | None = Field(
        description="Of what its process says it keeps; null while it says nothing.", examples=["9f86d081884c7d65"]
    )
    in_force: bool = Field(description="Whether these are the same.", examples=[True])


class WakingReasonResponse(BaseModel):
    """Why a bot looks every few seconds."""

    code: str = Field(description="Kind; later versions may know more.", examples=["open_order"])
    message: str = Field(description="In a sentence.", examples=["An order is open."])


class WakingResponse(BaseModel):
    """When a bot looks at its trades and signals."""

    mode: Literal["on_need", "loop"] = Field(
        description="`on_need`: when a candle closes, a price is reached, a timer is over, something is asked, and "
        "once a minute; `loop`: every few seconds.",
        examples=["loop"],
    )
    reasons: list[WakingReasonResponse] = Field(
        description="Of `loop`.", examples=[[{"code": "open_order", "message": "An order is open."}]]
    )
    since: datetime = Field(description="Since when.", examples=["2026-11-20T12:00:00Z"])


class BotStrategyResponse(BaseModel):
    """A strategy, and the version that a bot is pinned to."""

    id: str = Field(description="The strategy.", examples=["strategy-k3v2q7d5mwxz4tha"])
    version: int = Field(description="Changed by roll-outs.", examples=[2])


class BotResponse(BaseModel):
    """A bot: what you want of it, and what it does."""

    id: str = Field(description="Identity of the bot.", examples=["bot-k3v2q7d5mwxz4tha"])
    name: str = Field(description="Unique among its owner's bots.", examples=["trend-1"])
    owner: str = Field(description="Name of the user whose it is.", examples=["ann"])
    access: Literal["own", "operate", "view"] = Field(
        description="What you may do with it: all, as its owner or an administrator; steer it; or look at it.",
        examples=["own"],
    )
    template: str = Field(description="What it is made of; `own` with a strategy of one's own.", examples=["trend"])
    strategy: BotStrategyResponse | None = Field(
        description="The strategy of one's own that it runs; null where it runs the template's.", examples=[None]
    )
    parameters: dict[str, Any] = Field(description="All parameters of the template.", examples=[{"stoploss": -0.02}])
    exchange: str = Field(description="`paper`, or an id of ccxt.", examples=["paper"])
    trading_mode: str = Field(description="`spot`, or `futures` with isolated margin.", examples=["spot"])
    dry_run: bool = Field(description="True where no real money is at stake.", examples=[True])
    trading: Trading = Field(
        description="`dry_run`, `paper_live` (orders on the paper exchange) or `live` (real money), for good.",
        examples=["dry_run"],
    )
    pairs: list[str] = Field(description="Pairs that it trades.", examples=[["BTC/USDT"]])
    timeframe: str = Field(description="Length of a candle.", examples=["1m"])
    stake_currency: str = Field(description="Currency of stakes.", examples=["USDT"])
    stake_amount: Money = Field(description="Stake of one trade.", examples=["100"])
    max_open_trades: int = Field(description="Trades open at once, at most.", examples=[3])
    starting_balance: Money = Field(description="Capital: given by its wallet less taken back.", examples=["1000"])
    wake_on_need: bool = Field(
        description="Whether it looks only when something is due; false: every few seconds, as FreqTrade does.",
        examples=[True],
    )
    waking: WakingResponse | None = Field(
        description="When it looks now, and why; null while no process says so.",
        examples=[{"mode": "on_need", "reasons": [], "since": "2026-11-20T12:00:00Z"}],
    )
    wallet: str | None = Field(
        description="Where its capital is from; null of bots deleted long ago.", examples=["wallet-k3v2q7d5mwxz4tha"]
    )
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
    policy: BotPolicyResponse | None = Field(
        description="Null where nobody wrote a policy that concerns it; see `/policies/bots/{id}/effective`.",
        examples=[None],
    )
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


_AS_WANTED = tuple(name for name in BotResponse.model_fields if name in BotModel.model_fields)
"""What is told as its row has it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose a bot is, by name, and what the caller may do with it."""

    owner: str
    access: str


def bot_body(view: BotView, policy: PolicyInForce | None, standing: Standing) -> BotResponse:
    """A bot as the API tells it; `policy` is what it is to keep."""
    bot, status = view.bot, view.status
    slot = None if status.slot is None else Slot.model_validate({**status.slot, "snapshot": None})
    live = slot is not None and slot.pid is not None
    return BotResponse.model_validate(
        {
            **{name: getattr(bot, name) for name in _AS_WANTED},
            "owner": standing.owner,
            "access": standing.access,
            "trading": trading_of(bot.exchange, bot.dry_run),
            "wallet": bot.wallet_id,
            "strategy": _strategy_body(bot),
            "observed_state": status.observed_state,
            "conditions": status.conditions,
            "trader_state": status.trader_state,
            "pool": bot.pool_id,
            "observed_generation": status.observed_generation,
            "restarts": slot.restarts if slot else 0,
            "memory": slot.memory.model_dump() if slot and slot.memory and live else None,
            "last_exit": slot.last_exit.model_dump() if slot and slot.last_exit else None,
            "last_seen_at": status.last_seen_at,
            "waking": _waking_body(slot.waking) if slot and slot.waking and live else None,
            "policy": None if policy is None else _policy_body(policy, slot.policy if slot and live else None),
        }
    )


def _strategy_body(bot: BotModel) -> dict[str, Any] | None:
    if bot.strategy_id is None or bot.strategy_version_id is None:
        return None
    return {"id": bot.strategy_id, "version": number_of(bot.strategy_version_id)}


def _waking_body(waking: WakingState) -> dict[str, Any]:
    reasons = [{"code": code, "message": sentence_of(code)} for code in waking.reasons]
    return {"mode": waking.mode, "reasons": reasons, "since": waking.since}


def _policy_body(policy: PolicyInForce, told: str | None) -> dict[str, Any]:
    return {
        "label": policy.label,
        "fingerprint": policy.fingerprint,
        "fingerprint_in_force": told,
        "in_force": told == policy.fingerprint,
    }


def event_body(event: BotEventModel) -> EventResponse:
    return EventResponse(id=str(event.number), at=event.at, type=event.type, data=event.data)
