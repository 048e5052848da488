"""The universal rules of a user or a bot: one document, the same for every strategy.

Profits (`profit`, `activation`, `trigger`, `lock_in`, `offset`, `only_below_profit`) are ratios of the stake as
FreqTrade counts them: after fees, leverage included (0.02 is +2 %). Distances of stops are risks of the stake as
FreqTrade's `stoploss`: the price may move by `distance / leverage`. All sections hold for long and short alike; a
section that is None does nothing. Limits with `ratio` are ratios of equity in the reporting currency.

Unknown fields are refused. Validation errors carry the path of the field and a sentence with the remedy.
"""

from datetime import time
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from pool.contract.model import Money, Wire

SCHEMA_VERSION = 1
"""Of the document. One with a higher number is newer than this runtime, and refused."""
MAX_LEVELS = 10
PAIR_PATTERN = r"^[A-Z0-9]{1,20}/[A-Z0-9]{1,20}(:[A-Z0-9]{1,20})?$"
"""As ccxt names it: BTC/USDT, or BTC/USDT:USDT of a perpetual."""

Ratio = Annotated[Money, Field(gt=0, le=10)]
"""Above 0 and at most 10, which is 1,000 %."""
Fraction = Annotated[Money, Field(gt=0, le=1)]
"""Above 0 and at most 1."""
Multiple = Annotated[Money, Field(gt=0, le=50)]
"""Of an average true range."""


def refused(at: str, sentence: str) -> PydanticCustomError:
    """What is wrong with a value of what is being validated; `at` is its path from there."""
    return PydanticCustomError("refused", "{sentence}", {"at": at, "sentence": sentence})


class Section(BaseModel):
    """Base of the document's parts: immutable, and unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TakeProfitLevel(Section):
    """At `profit` this `fraction` of the original position is closed; None closes the rest."""

    profit: Ratio
    fraction: Fraction | None = None


class TakeProfit(Section):
    """A ladder. What a level would leave below the exchange's minimum is closed with it."""

    levels: Annotated[tuple[TakeProfitLevel, ...], Field(min_length=1, max_length=MAX_LEVELS)]

    @field_validator("levels")
    @classmethod
    def _in_order(cls, levels: tuple[TakeProfitLevel, ...]) -> tuple[TakeProfitLevel, ...]:
        for number, (level, following) in enumerate(pairwise(levels), start=1):
            if following.profit <= level.profit:
                raise refused(f"{number}.profit", f"level {number + 1} must have a higher profit than level {number}")
            if level.fraction is None:
                raise refused(f"{number - 1}.fraction", f"level {number} closes the rest, so it must be the last one")
        total = Decimal(0)
        for place, level in enumerate(levels):
            left = 1 - total
            if left <= 0 or (level.fraction is not None and level.fraction > left):
                told = f"the fractions of all levels must not be more than 1 in all: at most {left} is left here"
                raise refused(f"{place}.fraction", told)
            total += level.fraction or 0
        return levels


class _Distance(Section):
    """By ratio or by average true range (`atr_multiple` times Wilder's ATR of `atr_period` candles)."""

    distance: Ratio | None = None
    atr_multiple: Multiple | None = None
    atr_period: Annotated[int, Field(ge=2, le=200)] = 14


class TrailingStop(_Distance):
    """From profit `activation` on (None: from the entry) the stop follows the best price at this distance.

    It moves by at least `step` (of the open rate) at a time. With `lock_in` the first stop is at no less than that
    profit; none is ever below it after.
    """

    activation: Ratio | None = None
    step: Annotated[Money, Field(ge=0, le=1)] = Decimal(0)
    lock_in: Annotated[Money, Field(ge=0, le=10)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.distance is None) == (self.atr_multiple is None):
            raise refused("distance", "give either distance or atr_multiple")
        return self

    @model_validator(mode="after")
    def _behind_activation(self) -> Self:
        if self.activation is not None and self.distance is not None and self.distance > self.activation:
            raise refused("distance", "distance must not be more than activation: the first stop would be a loss")
        if self.lock_in is not None and (self.activation is None or self.lock_in >= self.activation):
            raise refused("lock_in", "lock_in must be less than activation: the stop would fire at once")
        return self


class BreakEven(Section):
    """At profit `trigger` the stop goes to the entry and `offset` beyond it."""

    trigger: Ratio
    offset: Annotated[Money, Field(ge=0, le=10)] = Decimal(0)

    @model_validator(mode="after")
    def _behind_trigger(self) -> Self:
        if self.offset >= self.trigger:
            raise refused("offset", "offset must be less than trigger: the stop would fire at once")
        return self


class HardStop(_Distance):
    """The worst that a trade may lose. With both measures the nearer one counts, and `distance` alone while the ATR is
    not known. The strategy's own stop counts where it is tighter."""

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if self.distance is None and self.atr_multiple is None:
            raise refused("distance", "give distance, atr_multiple, or both")
        return self


class TimeExit(Section):
    """Closes a trade so long after its opening; with `only_below_profit` those alone that have less."""

    after_minutes: Annotated[int, Field(ge=1, le=525_600)]
    only_below_profit: Annotated[Money, Field(ge=-1, le=10)] | None = None


def _is_none(value: object) -> bool:
    return value is None


class FixedSize(Section):
    """So much of the bot's stake currency; no entry where that is more than the bot may still put in."""

    method: Literal["fixed"] = "fixed"
    amount: Annotated[Money, Field(gt=0)]
    currency: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,20}$")] | None = Field(None, exclude_if=_is_none)
    """Of `amount`: a bot whose stake currency is another one does not enter. None: whatever the bot's is."""


class EquitySize(Section):
    """`stake = ratio * equity of the bot`."""

    method: Literal["equity"] = "equity"
    ratio: Fraction


class RiskSize(Section):
    """`stake = ratio * equity of the bot / distance to the stop` (both as ratios of the stake)."""

    method: Literal["risk"] = "risk"
    ratio: Fraction


class VolatilitySize(Section):
    """`stake = ratio * equity of the bot * rate / (ATR * leverage)`: a move of one ATR changes equity by `ratio`."""

    method: Literal["volatility"] = "volatility"
    ratio: Fraction
    atr_period: Annotated[int, Field(ge=2, le=200)] = 14


class KellySize(Section):
    """`stake = min(cap, fraction * max(0, p - (1 - p) / b)) * equity of the bot`, with the share `p` of winners and
    the ratio `b` of their mean to the losers' mean, over the last `trades` closed trades (Kelly, 1956). With fewer
    than `least_trades` closed: `cap / 4`."""

    method: Literal["kelly"] = "kelly"
    fraction: Fraction = Decimal("0.25")
    cap: Fraction = Decimal("0.1")
    trades: Annotated[int, Field(ge=10, le=1000)] = 100
    least_trades: Annotated[int, Field(ge=5, le=1000, validate_default=True)] = 20

    @field_validator("least_trades")
    @classmethod
    def _ever_enough(cls, least: int, others: ValidationInfo) -> int:
        if least > others.data.get("trades", least):
            raise ValueError("must not be more than trades: no more of them are looked at")
        return least


Sizing = Annotated[FixedSize | EquitySize | RiskSize | VolatilitySize | KellySize, Field(discriminator="method")]


class GroupExposure(Section):
    """Assets whose returns over the last `candles` of `timeframe` correlate (Pearson) with the asked one's by
    `correlation` or more count as one: their gross exposure together is at most `ratio` of equity."""

    ratio: Ratio
    correlation: Annotated[Money, Field(ge=0, le=1)] = Decimal("0.8")
    timeframe: Literal["1m", "5m", "15m", "1h", "4h", "1d"] = "1h"
    candles: Annotated[int, Field(ge=20, le=1000)] = 168


class CoolDown(Section):
    """No entry of a bot for so long after a trade that lost, or after `losses` that lost in a row."""

    after_loss_minutes: Annotated[int, Field(ge=1, le=10_080)] | None = None
    losses: Annotated[int, Field(ge=2, le=100)] | None = None
    after_streak_minutes: Annotated[int, Field(ge=1, le=10_080)] | None = None

    @model_validator(mode="after")
    def _whole_streak(self) -> Self:
        if (self.losses is None) != (self.after_streak_minutes is None):
            missing = "losses" if self.losses is None else "after_streak_minutes"
            raise refused(missing, "give losses and after_streak_minutes together, or neither")
        if self.after_loss_minutes is None and self.losses is None:
            raise refused("after_loss_minutes", "give after_loss_minutes, or losses with after_streak_minutes")
        return self


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class TradingHours(Section):
    """Entries are allowed on these days from `start` to before `end`, in the document's time zone. An `end` that is
    not after `start` is on the next day."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7)]
    start: time
    end: time

    @field_validator("start", "end")
    @classmethod
    def _of_the_document(cls, at: time) -> time:
        if at.tzinfo is not None:
            raise ValueError("must be without an offset, such as 09:30: the document's time_zone counts")
        return at


class Limits(Section):
    """Across all bots of the user, but for cool-down and hours, which each bot keeps by itself."""

    open_trades: Annotated[int, Field(ge=0, le=10_000)] | None = None
    asset_trades: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """Open trades of one asset."""
    asset_exposure: Ratio | None = None
    """Gross exposure of one asset (leverage included), as a ratio of equity."""
    total_exposure: Ratio | None = None
    """Gross exposure of all assets, as a ratio of equity."""
    group_exposure: GroupExposure | None = None
    cool_down: CoolDown | None = None
    trading_hours: Annotated[tuple[TradingHours, ...], Field(max_length=21)] | None = None
    """None: always."""


Response = Literal["pause", "reduce", "flatten"]
"""`pause`: no new risk (REDUCING). `reduce`: the same, and `reduce_fraction` of each open trade is closed.
`flatten`: HALTED, everything is closed."""
Release = Literal["next_day", "after_hours", "manual"]


class _Responding(Section):
    response: Response = "pause"
    reduce_fraction: Fraction = Decimal("0.5")
    release: Release = "next_day"
    release_hours: Annotated[int, Field(ge=1, le=720)] | None = None
    """For `after_hours`."""

    @model_validator(mode="after")
    def _whole_release(self) -> Self:
        if (self.release == "after_hours") != (self.release_hours is not None):
            raise refused("release_hours", "release_hours belongs to release = after_hours, and must be given there")
        return self


class LossLimit(_Responding):
    """When equity of the bot, or of all bots of the user, falls by `ratio`: from the beginning of the day or week (in
    the document's time zone; weeks begin on Monday), or from its peak (`drawdown`)."""

    scope: Literal["bot", "user"]
    window: Literal["daily", "weekly", "drawdown"]
    ratio: Fraction


class MarketEmergency(_Responding):
    """When the reference pair falls by `ratio` within so many minutes."""

    pair: Annotated[str, Field(pattern=PAIR_PATTERN)]
    ratio: Fraction
    minutes: Annotated[int, Field(ge=1, le=1440)]


def check_time_zone(name: str) -> str:
    """The name, where it is a time zone. Raises ValueError."""
    if name not in available_timezones():
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin or UTC")
    ZoneInfo(name)
    return name


class PolicyDocument(Section):
    """All rules. The empty document does nothing."""

    schema_version: int = SCHEMA_VERSION
    time_zone: str = "UTC"
    """For days, weeks and trading hours."""
    take_profit: TakeProfit | None = None
    trailing_stop: TrailingStop | None = None
    break_even: BreakEven | None = None
    hard_stop: HardStop | None = None
    time_exit: TimeExit | None = None
    sizing: Sizing | None = None
    limits: Limits | None = None
    loss_limits: Annotated[tuple[LossLimit, ...], Field(max_length=18)] = ()
    emergency: MarketEmergency | None = None

    @field_validator("schema_version")
    @classmethod
    def _known(cls, version: int) -> int:
        if not 1 <= version <= SCHEMA_VERSION:
            raise ValueError(f"must be at most {SCHEMA_VERSION}: this Flotilla does not know newer documents")
        return version

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return check_time_zone(name)

    @field_validator("loss_limits")
    @classmethod
    def _each_once(cls, limits: tuple[LossLimit, ...]) -> tuple[LossLimit, ...]:
        kinds = [(limit.scope, limit.window, limit.response) for limit in limits]
        for place, kind in enumerate(kinds):
            if kind in kinds[:place]:
                raise refused(f"{place}", "of each scope, window and response there can be one limit only")
        return limits


class PolicyOverride(Section):
    """What one bot has otherwise than its user's default: a section that is given replaces the whole section of the
    default, null switches it off, and one that is not given is inherited (told by `model_fields_set`). Limits across
    bots (`limits` but cool_down and trading_hours, loss limits of scope `user`) are the user's: an override cannot have
    them."""

    schema_version: int = SCHEMA_VERSION
    take_profit: TakeProfit | None = None
    trailing_stop: TrailingStop | None = None
    break_even: BreakEven | None = None
    hard_stop: HardStop | None = None
    time_exit: TimeExit | None = None
    sizing: Sizing | None = None
    limits: Limits | None = None
    loss_limits: Annotated[tuple[LossLimit, ...], Field(max_length=18)] = ()

    @field_validator("schema_version")
    @classmethod
    def _known(cls, version: int) -> int:
        return PolicyDocument._known(version)

    @field_validator("limits")
    @classmethod
    def _own(cls, limits: Limits | None) -> Limits | None:
        foreign = set() if limits is None else limits.model_fields_set - {"cool_down", "trading_hours"}
        if foreign:
            told = "of limits a bot has cool_down and trading_hours only; the others are the default's"
            raise refused(min(foreign), told)
        return limits

    @field_validator("loss_limits")
    @classmethod
    def _of_the_bot(cls, limits: tuple[LossLimit, ...]) -> tuple[LossLimit, ...]:
        for place, limit in enumerate(limits):
            if limit.scope == "user":
                raise refused(f"{place}.scope", "loss limits of scope user belong into the default")
        return PolicyDocument._each_once(limits)


class Guardrails(Section):
    """What an administrator demands of every document; nobody below can loosen it. None: no demand."""

    hard_stop_at_most: Ratio | None = None
    """Every trade has a hard stop at this distance or nearer."""
    open_trades_at_most: Annotated[int, Field(ge=0, le=10_000)] | None = None
    asset_exposure_at_most: Ratio | None = None
    total_exposure_at_most: Ratio | None = None
    group_exposure_at_most: Ratio | None = None
    stake_at_most: Fraction | None = None
    """Of a bot's equity, for one entry, whatever the sizing."""
    daily_loss_at_most: Fraction | None = None
    """A daily loss limit of scope user, of this ratio or less, is in force for everybody. What binds then is released
    by administrators alone, or by itself, on the next day at the earliest; so of the two below."""
    weekly_loss_at_most: Fraction | None = None
    drawdown_at_most: Fraction | None = None


class PolicyInForce(Wire):
    """What a bot is told to keep: resolved from default, override and guardrails."""

    label: str
    """For people: `<default's version>.<override's version>.<guardrails' version>`, 0 for none."""
    fingerprint: str
    """SHA-256 of label, document and `stake_at_most` (`pool.rules.resolve`); what a bot echoes."""
    document: PolicyDocument
    stake_at_most: Fraction | None = None
    """From the guardrails."""
