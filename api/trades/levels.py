"""Bodies of the levels of an open trade."""

from pydantic import AwareDatetime, BaseModel, Field

from orchestrator.portfolio.levels import Even, LadderLevel, Levels, Stop, TimeLimit, Trailing
from orchestrator.portfolio.trades import Enforced
from pool.contract.model import Money


class TradeStopResponse(BaseModel):
    """A rate at which the trade is closed."""

    rate: Money = Field(description="Where it is.", examples=["95.5"])
    rule: str | None = Field(
        description="`hard_stop`, `trailing_stop` or `break_even`; null: FreqTrade's own, the strategy's.",
        examples=["trailing_stop"],
    )
    profit_ratio: Money | None = Field(description="Profit when it fires at its rate.", examples=["0.012"])


class LadderLevelResponse(BaseModel):
    """A level of the take-profit ladder."""

    level: int = Field(description="1 is the first.", examples=[1])
    profit_ratio: Money = Field(description="Profit at which it sells.", examples=["0.04"])
    rate: Money | None = Field(description="Where that is; null where no price brings it.", examples=["104.2"])
    fraction: Money | None = Field(
        description="Of the original position that it closes; null: the rest.", examples=["0.5"]
    )
    amount: Money | None = Field(
        description="What it has still to close, in the base currency, once the levels before it are done; null where "
        "the bot does not tell what it entered.",
        examples=["0.25"],
    )
    done: bool | None = Field(description="Nothing of it is left; null where that is not known.", examples=[False])


class TrailingStateResponse(BaseModel):
    """The trailing stop."""

    active: bool | None = Field(
        description="Whether it follows the price; null while the bot told no best rate.", examples=[True]
    )
    activation_profit_ratio: Money | None = Field(
        description="Profit from which on it is active; null: from the entry.", examples=["0.03"]
    )
    activation_rate: Money | None = Field(description="Where that is.", examples=["103.1"])
    best_rate: Money | None = Field(
        description="Best rate seen, the highest of a long and the lowest of a short, since the open rate moved last.",
        examples=["105.4"],
    )
    stop_rate: Money | None = Field(description="Its own stop; null while it has set none.", examples=["102.8"])


class BreakEvenStateResponse(BaseModel):
    """The break-even rule."""

    trigger_profit_ratio: Money = Field(description="Profit from which on it sets a stop.", examples=["0.02"])
    trigger_rate: Money | None = Field(description="Where that is.", examples=["102.1"])
    offset_profit_ratio: Money = Field(description="Profit at that stop.", examples=["0.002"])
    offset_rate: Money | None = Field(description="Where it will be.", examples=["100.3"])
    stop_rate: Money | None = Field(description="Its own stop; null while it has set none.", examples=["100.3"])


class HardStopStateResponse(BaseModel):
    """The hard stop."""

    stop_rate: Money | None = Field(description="Null while the bot told none.", examples=["95"])


class TimeExitStateResponse(BaseModel):
    """The time exit."""

    at: AwareDatetime = Field(description="When it closes the trade.", examples=["2026-11-22T12:00:00Z"])
    only_below_profit_ratio: Money | None = Field(
        description="Only with less profit than that; null: whatever the profit is.", examples=[None]
    )


class TradeLevelsResponse(BaseModel):
    """The levels of an open trade. What only the bot knows is as it told it, and null where it told nothing; the rest
    follows from the policy that it is to keep. A rule that the policy does not have is null."""

    policy: str | None = Field(
        description="Versions that the policy follows from: `<default>.<override>.<guardrails>`; null where nobody "
        "wrote one.",
        examples=["3.0.1"],
    )
    in_force: bool = Field(
        description="Whether the bot's process says that it keeps this policy: false for a second or two after a "
        "change, and while no process is there to act on any of this.",
        examples=[True],
    )
    stop: TradeStopResponse | None = Field(description="The tighter of the two that follow; null: none.")
    own_stop_rate: Money | None = Field(
        description="FreqTrade's own stop: the strategy's, or what a universal one tightened it to; it never loosens.",
        examples=["95.5"],
    )
    universal_stop: TradeStopResponse | None = Field(
        description="The tightest stop of the universal rules, as the bot told it.",
        examples=[{"rate": "102.8", "rule": "trailing_stop", "profit_ratio": "0.026"}],
    )
    ladder: list[LadderLevelResponse] = Field(description="Every level; empty without the rule.")
    trailing: TrailingStateResponse | None = Field(description="The trailing stop.")
    break_even: BreakEvenStateResponse | None = Field(description="The break-even rule.")
    hard_stop: HardStopStateResponse | None = Field(description="The hard stop.")
    time_exit: TimeExitStateResponse | None = Field(description="The time exit.")


def levels_body(enforced: Enforced) -> TradeLevelsResponse:
    levels: Levels = enforced.levels
    return TradeLevelsResponse(
        policy=enforced.policy,
        in_force=enforced.in_force,
        stop=_stop(levels.stop),
        own_stop_rate=levels.own_stop,
        universal_stop=_stop(levels.universal_stop),
        ladder=[_level(level) for level in levels.ladder],
        trailing=_trailing(levels.trailing),
        break_even=_break_even(levels.break_even),
        hard_stop=HardStopStateResponse(stop_rate=levels.hard_stop_rate) if levels.hard_stop else None,
        time_exit=_time_exit(levels.time_exit),
    )


def _stop(stop: Stop | None) -> TradeStopResponse | None:
    return None if stop is None else TradeStopResponse(rate=stop.rate, rule=stop.rule, profit_ratio=stop.profit)


def _level(level: LadderLevel) -> LadderLevelResponse:
    return LadderLevelResponse(
        level=level.number,
        profit_ratio=level.profit,
        rate=level.rate,
        fraction=level.fraction,
        amount=level.amount,
        done=level.done,
    )


def _trailing(rule: Trailing | None) -> TrailingStateResponse | None:
    if rule is None:
        return None
    return TrailingStateResponse(
        active=rule.active,
        activation_profit_ratio=rule.activation_profit,
        activation_rate=rule.activation_rate,
        best_rate=rule.best_rate,
        stop_rate=rule.stop_rate,
    )


def _break_even(rule: Even | None) -> BreakEvenStateResponse | None:
    if rule is None:
        return None
    return BreakEvenStateResponse(
        trigger_profit_ratio=rule.trigger_profit,
        trigger_rate=rule.trigger_rate,
        offset_profit_ratio=rule.offset_profit,
        offset_rate=rule.offset_rate,
        stop_rate=rule.stop_rate,
    )


def _time_exit(rule: TimeLimit | None) -> TimeExitStateResponse | None:
    return None if rule is None else TimeExitStateResponse(at=rule.at, only_below_profit_ratio=rule.only_below_profit)
