"""The risk dial: one number from 0 (most careful) to 100 that writes the whole document.

With `x = dial / 100`, every figure is `careful + (bold - careful) * x`, rounded to four places, minutes and counts to
whole ones. A `horizon` (1 but for some presets) multiplies the figures marked `h`, so that the same appetite fits
strategies that hold for minutes or for weeks.

    field                               careful  bold     more is
    take_profit.levels.0  profit     h  0.01     0.05     looser     fraction  0.5   0.25    tighter
    take_profit.levels.1  profit     h  0.02     0.12     looser     fraction  0.3   0.25    tighter
    take_profit.levels.2  profit     h  0.04     0.30     looser     the rest
    trailing_stop.activation         h  0.02     0.10     looser
    trailing_stop.distance           h  0.01     0.05     looser
    trailing_stop.lock_in            h  0.005    0        tighter
    break_even.trigger               h  0.01     0.05     looser
    break_even.offset                h  0.002    0        tighter
    hard_stop.distance               h  0.02     0.20     looser
    time_exit.after_minutes          h  720      20160    looser     only below profit 0
    sizing.ratio (method risk)       h  0.0025   0.03     looser
    limits.open_trades                  3        30       looser
    limits.asset_trades                 1        6        looser
    limits.asset_exposure               0.15     1        looser
    limits.total_exposure               0.5      3        looser
    limits.group_exposure.ratio         0.25     2        looser
    limits.group_exposure.correlation   0.7      0.9      looser
    limits.cool_down.after_loss_minutes 60       1        tighter
    limits.cool_down.losses             2        6        looser
    limits.cool_down.after_streak_minutes 720    60       tighter
    loss limit of the bot, daily        0.03     0.20     looser     pause until the next day
    loss limit of the user, daily       0.02     0.15     looser     pause until the next day
    loss limit of the user, weekly      0.04     0.25     looser     pause until the next day
    loss limit of the user, drawdown    0.08     0.40     looser     flatten, released by hand
    emergency.ratio in 60 minutes       0.05     0.25     looser     pause for 4 hours

So the stake of a trade, `sizing.ratio / hard_stop.distance` of the bot's equity, goes from 12.5 % to 15 % whatever the
horizon. A higher dial tightens nothing: each figure moves to its looser side, or stays.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from pool.contract.policy import (
    BreakEven,
    CoolDown,
    GroupExposure,
    HardStop,
    Limits,
    LossLimit,
    MarketEmergency,
    PolicyDocument,
    RiskSize,
    TakeProfit,
    TakeProfitLevel,
    TimeExit,
    TrailingStop,
)

CALMEST, BOLDEST = 0, 100
_PLACES = Decimal("0.0001")
_EMERGENCY_MINUTES = 60
_EMERGENCY_HOURS = 4


@dataclass(frozen=True, slots=True)
class _Scale:
    """From the careful figure to the bold one."""

    dial: int
    horizon: Decimal

    def of(self, careful: str, bold: str) -> Decimal:
        low, high = Decimal(careful), Decimal(bold)
        return (low + (high - low) * self.dial / BOLDEST).quantize(_PLACES, ROUND_HALF_UP).normalize() + 0

    def stretched(self, careful: str, bold: str) -> Decimal:
        low, high = Decimal(careful) * self.horizon, Decimal(bold) * self.horizon
        return (low + (high - low) * self.dial / BOLDEST).quantize(_PLACES, ROUND_HALF_UP).normalize() + 0

    def whole(self, careful: int, bold: int, factor: Decimal = Decimal(1)) -> int:
        exact = (careful + Decimal(bold - careful) * self.dial / BOLDEST) * factor
        return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def document(
    dial: int, *, horizon: Decimal = Decimal(1), time_zone: str = "UTC", reference_pair: str = "BTC/USDT"
) -> PolicyDocument:
    """The document for a dial from 0 to 100; `reference_pair` is the emergency's. Raises ValueError for another dial,
    and for a horizon outside of 0.1 to 10."""
    if not CALMEST <= dial <= BOLDEST:
        raise ValueError(f"the dial goes from {CALMEST} to {BOLDEST}")
    if not Decimal("0.1") <= horizon <= 10:
        raise ValueError("the horizon goes from 0.1 to 10")
    scale = _Scale(dial, horizon)
    return PolicyDocument(
        time_zone=time_zone,
        take_profit=_take_profit(scale),
        trailing_stop=TrailingStop(
            activation=scale.stretched("0.02", "0.10"),
            distance=scale.stretched("0.01", "0.05"),
            lock_in=scale.stretched("0.005", "0"),
        ),
        break_even=BreakEven(trigger=scale.stretched("0.01", "0.05"), offset=scale.stretched("0.002", "0")),
        hard_stop=HardStop(distance=scale.stretched("0.02", "0.20")),
        time_exit=TimeExit(after_minutes=scale.whole(720, 20_160, horizon), only_below_profit=Decimal(0)),
        sizing=RiskSize(ratio=scale.stretched("0.0025", "0.03")),
        limits=_limits(scale),
        loss_limits=_loss_limits(scale),
        emergency=MarketEmergency(
            pair=reference_pair,
            ratio=scale.of("0.05", "0.25"),
            minutes=_EMERGENCY_MINUTES,
            release="after_hours",
            release_hours=_EMERGENCY_HOURS,
        ),
    )


def _take_profit(scale: _Scale) -> TakeProfit:
    return TakeProfit(
        levels=(
            TakeProfitLevel(profit=scale.stretched("0.01", "0.05"), fraction=scale.of("0.5", "0.25")),
            TakeProfitLevel(profit=scale.stretched("0.02", "0.12"), fraction=scale.of("0.3", "0.25")),
            TakeProfitLevel(profit=scale.stretched("0.04", "0.30")),
        )
    )


def _limits(scale: _Scale) -> Limits:
    return Limits(
        open_trades=scale.whole(3, 30),
        asset_trades=scale.whole(1, 6),
        asset_exposure=scale.of("0.15", "1"),
        total_exposure=scale.of("0.5", "3"),
        group_exposure=GroupExposure(ratio=scale.of("0.25", "2"), correlation=scale.of("0.7", "0.9")),
        cool_down=CoolDown(
            after_loss_minutes=scale.whole(60, 1),
            losses=scale.whole(2, 6),
            after_streak_minutes=scale.whole(720, 60),
        ),
    )


def _loss_limits(scale: _Scale) -> tuple[LossLimit, ...]:
    return (
        LossLimit(scope="bot", window="daily", ratio=scale.of("0.03", "0.20")),
        LossLimit(scope="user", window="daily", ratio=scale.of("0.02", "0.15")),
        LossLimit(scope="user", window="weekly", ratio=scale.of("0.04", "0.25")),
        LossLimit(
            scope="user", window="drawdown", ratio=scale.of("0.08", "0.40"), response="flatten", release="manual"
        ),
    )
