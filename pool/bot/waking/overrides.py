"""What a strategy overrides that is asked at each loop.

The user's classes are those between FreqTrade's `IStrategy` and the overlay of universal rules; functions that were set
on the object itself count as well. What is only asked when something else comes up (an entry, an order, a candle) is
free; whatever else of `IStrategy` is overridden keeps the loop.
"""

from typing import Any

from freqtrade.strategy import IStrategy

from pool.contract.waking import Reason

_ASKED_AT_CANDLES = {
    "populate_indicators",
    "populate_buy_trend",
    "populate_entry_trend",
    "populate_sell_trend",
    "populate_exit_trend",
    "populate_any_indicators",
    "informative_pairs",
    "feature_engineering_expand_all",
    "feature_engineering_expand_basic",
    "feature_engineering_standard",
    "set_freqai_targets",
}
_ASKED_AT_ORDERS = {
    "check_buy_timeout",
    "check_entry_timeout",
    "check_sell_timeout",
    "check_exit_timeout",
    "confirm_trade_entry",
    "confirm_trade_exit",
    "order_filled",
    "custom_entry_price",
    "custom_exit_price",
    "custom_stake_amount",
    "adjust_entry_price",
    "adjust_exit_price",
    "adjust_order_price",
    "leverage",
}
_ASKED_OTHERWISE = {
    "bot_start",
    "bot_cleanup",
    "version",
    "plot_annotations",
    "plot_config",
    "protections",
    "get_strategy_name",
}
_WITH_TRADES = {"custom_exit", "custom_sell", "custom_stoploss", "custom_roi", "adjust_trade_position"}
_FREE = _ASKED_AT_CANDLES | _ASKED_AT_ORDERS | _ASKED_OTHERWISE | _WITH_TRADES | {"bot_loop_start"}


def overridden(strategy: Any, overlay: type | None) -> frozenset[str]:
    """Names of IStrategy's functions that the user's classes, or the object, have otherwise."""
    names: set[str] = set()
    for base in type(strategy).__mro__:
        if base is IStrategy:
            break
        if base is not overlay:
            names.update(vars(base))
    names.update(name for name, value in vars(strategy).items() if callable(value))
    return frozenset(name for name in names if _is_function(name))


def _is_function(name: str) -> bool:
    if name.startswith("__"):
        return False
    theirs = getattr(IStrategy, name, None)
    return callable(theirs) or isinstance(theirs, property)


def always(strategy: Any, names: frozenset[str]) -> frozenset[Reason]:
    """With open trades or without."""
    found: set[Reason] = set()
    if "bot_loop_start" in names:
        found.add("bot_loop_start")
    if not strategy.process_only_new_candles:
        found.add("all_candles")
    if names - _FREE:
        found.add("strategy_internals")
    return frozenset(found)


def with_trades(strategy: Any, names: frozenset[str], *, adjusts: bool) -> frozenset[Reason]:
    """While a trade is open. `adjusts` is the user's own `position_adjustment_enable`."""
    found: set[Reason] = set()
    if names & {"custom_exit", "custom_sell"} and strategy.use_exit_signal:
        found.add("custom_exit")
    if strategy.use_custom_stoploss:
        found.add("custom_stoploss")
    if strategy.use_custom_roi:
        found.add("custom_roi")
    if adjusts:
        found.add("position_adjustment")
    if strategy.order_types.get("stoploss_on_exchange"):
        found.add("stop_on_exchange")
    return frozenset(found)
