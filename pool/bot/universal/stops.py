"""FreqTrade's own stop of a trade."""

from freqtrade.enums import ExitType
from freqtrade.exchange import ROUND_DOWN, ROUND_UP, price_to_precision
from freqtrade.persistence import LocalTrade

from pool.bot.universal.why import reason

STOPS = frozenset({"hard_stop", "trailing_stop", "break_even"})
STRATEGY_STOPS = frozenset({ExitType.STOP_LOSS.value, ExitType.TRAILING_STOP_LOSS.value})
STOP_REASONS = STRATEGY_STOPS | {reason(rule) for rule in STOPS}


def tighten(trade: LocalTrade, stop_rate: float, strategy_stop: float) -> None:
    """Set FreqTrade's stop to this rate where that is tighter. `strategy_stop` is for a trade that has none yet."""
    wanted = as_stop(trade, stop_rate)
    if not trade.stop_loss:
        trade.adjust_stop_loss(trade.open_rate, strategy_stop, initial=True)
    now = float(trade.stop_loss or 0.0)
    if wanted >= now if trade.is_short else wanted <= now:
        return
    # FreqTrade sets a stop by price and ratio, and after a fill sets it again by the open rate and that ratio: it has
    # to be one that does not tighten by itself.
    trade.adjust_stop_loss(stop_rate, 0.0)
    rates = (stop_rate, float(trade.open_rate), float(trade.min_rate or stop_rate), float(trade.max_rate or 0.0))
    base = min(rates[:3]) if trade.is_short else max(rates)
    if base > 0:
        trade.stop_loss_pct = -abs(1 - stop_rate / base) * float(trade.leverage or 1.0) * (1 + 1e-9)


def as_stop(trade: LocalTrade, rate: float) -> float:
    """As FreqTrade rounds stops: to the tighter tick."""
    rounding = ROUND_DOWN if trade.is_short else ROUND_UP
    return float(price_to_precision(rate, trade.price_precision, trade.precision_mode_price, rounding_mode=rounding))


def held_by_exchange(trade: LocalTrade) -> bool:
    """The exchange holds a stop that is as tight as FreqTrade's."""
    stop = float(trade.stop_loss or 0.0)
    held = [float(order.ft_price or 0.0) for order in trade.open_sl_orders]
    return any(rate <= stop if trade.is_short else rate >= stop for rate in held)
