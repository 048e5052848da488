"""Rates at which FreqTrade's own stop, trailing stop and return on investment act, from its own figures of a trade.

FreqTrade compares one rate (`should_exit` gets no low and high but in backtesting):

    stop          rate <= stop_loss, or the liquidation price (a short: >=)
    investment    profit > the entry of `minimal_roi` that counts by the trade's age in whole minutes
    warning       the room that is left to the liquidation price, as a share of the margin, close to the configured one
    trailing      a rate that moves the stop: `rate * (1 - |stoploss| / leverage)`, rounded up to a tick, beyond it

`profit` is rounded to 8 places there; rates here are before rounding and a hair nearer, so that whoever waits for them
wakes too early rather than too late.
"""

import math
from collections.abc import Iterator
from typing import Any

_HAIR = 1e-9
_AT = 1e-8
"""So near to a threshold it is not told whether it acts already: profits are compared after rounding."""
_RECOVERED = 1.2
"""Times the share at which FreqTrade warns: only beyond it the next approach is another one."""


def stop_rate(trade: Any) -> float | None:
    """Of stop and liquidation what is hit first."""
    rate = float(trade.stoploss_or_liquidation or 0.0)
    return rate if rate > 0 else None


def warning_rate(trade: Any, ratio: float) -> float | None:
    """From here on to the liquidation price FreqTrade may warn, or warn again. The room's measure is the open rate or
    the present one, whichever is further from that price."""
    end, open_rate = float(trade.liquidation_price or 0.0), float(trade.open_rate)
    if end <= 0 or ratio <= 0:
        return None
    side = -1 if trade.is_short else 1
    share = ratio * _RECOVERED / float(trade.leverage or 1.0)
    rate = end + side * share * open_rate
    if (rate - open_rate) * side > 0:
        rate = end / (1 - side * share) if side * share < 1 else math.inf
    return rate * (1 + side * _HAIR)


def roi_rate(trade: Any, minimal_roi: dict[int, float], now: float) -> float | None:
    """The rate from which on the return on investment is reached; None where there is none at this age."""
    steps = [minutes for minutes in minimal_roi if minutes <= _age(trade, now)]
    if not steps or not trade.amount:
        return None
    return _favourable(trade, float(minimal_roi[max(steps)]))


def roi_timer(trade: Any, minimal_roi: dict[int, float], now: float) -> float | None:
    """When the next entry counts."""
    later = [minutes for minutes in minimal_roi if minutes > _age(trade, now)]
    return float(trade.open_date_utc.timestamp()) + min(later) * 60.0 if later else None


def trailing_rate(trade: Any, strategy: Any, rate: float) -> float | None:
    """The nearest rate, better than `rate`, that moves FreqTrade's trailing stop; None where none does."""
    if not strategy.trailing_stop or not trade.stop_loss:
        return None
    moving = [one for one in _moving(trade, strategy) if one > 0]
    ahead = [one for one in moving if not reached(trade, rate, one)]
    if any(abs(one - rate) <= _AT * rate for one in moving):  # it may act from the next better rate on
        ahead.append(rate * (1 + (-1 if trade.is_short else 1) * _HAIR))
    if not ahead:
        return None
    return max(ahead) if trade.is_short else min(ahead)


def reached(trade: Any, rate: float, threshold: float) -> bool:
    """At `threshold`, or better for the trade."""
    return rate <= threshold if trade.is_short else rate >= threshold


def hit(trade: Any, rate: float, stop: float) -> bool:
    return rate >= stop if trade.is_short else rate <= stop


def _moving(trade: Any, strategy: Any) -> Iterator[float]:
    offset = float(strategy.trailing_stop_positive_offset or 0.0)
    far = _beyond_stop(trade, float(strategy.stoploss))
    if far is not None:
        yield _later(trade, far, _favourable(trade, offset) if strategy.trailing_only_offset_is_reached else None)
    if strategy.trailing_stop_positive is not None:
        near = _beyond_stop(trade, float(strategy.trailing_stop_positive))
        if near is not None:
            yield _later(trade, near, _favourable(trade, offset))


def _beyond_stop(trade: Any, distance: float) -> float | None:
    """From here on the stop at this distance is tighter than the present one: a hair beyond, since at it it is not."""
    side = -1 if trade.is_short else 1
    share = 1 - side * abs(distance / float(trade.leverage or 1.0))
    return float(trade.stop_loss) / share * (1 + side * _HAIR) if share > 0 else None


def _later(trade: Any, one: float, other: float | None) -> float:
    if other is None:
        return one
    return min(one, other) if trade.is_short else max(one, other)


def _favourable(trade: Any, profit: float) -> float:
    """The rate of this profit, fees, leverage and funding counted, a hair nearer."""
    side = -1 if trade.is_short else 1
    return float(trade.calc_close_rate_for_roi(profit)) * (1 - side * _HAIR)


def _age(trade: Any, now: float) -> int:
    """Whole minutes, as FreqTrade counts them."""
    return int((now - float(trade.open_date_utc.timestamp())) // 60)
