"""What a strategy overrides that is asked at each loop.

The user's classes are those between FreqTrade's `IStrategy` and the overlay of universal rules; functions that were set
on the object itself count as well. What is only asked when something else comes up (an entry, an order, a candle) is
free; whatever else of `IStrategy` is overridden keeps the loop, and so does a setting that is computed whenever it is
read.
"""

import inspect
import re
from collections.abc import Iterator
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


_EXTREMES = re.compile(r"\b(max_rate|min_rate)\b")
"""What FreqTrade's loop keeps of a trade, of the rates that it happened to see."""


def overridden(strategy: Any, overlay: type | None) -> frozenset[str]:
    """Names of IStrategy's functions that the user's classes, or the object, have otherwise, and of its settings that
    they compute."""
    names: set[str] = set()
    for base in _users(strategy, overlay):
        names.update(name for name, value in vars(base).items() if _is_function(name) or _is_computed(name, value))
    names.update(name for name, value in vars(strategy).items() if callable(value) and _is_function(name))
    return frozenset(names)


def _users(strategy: Any, overlay: type | None) -> Iterator[type]:
    for base in type(strategy).__mro__:
        if base in (IStrategy, object):
            return
        if base is not overlay:
            yield base


def _is_function(name: str) -> bool:
    if name.startswith("__"):
        return name == "__getattribute__"
    theirs = getattr(IStrategy, name, None)
    return callable(theirs) or isinstance(theirs, property)


def _is_computed(name: str, value: Any) -> bool:
    """One of FreqTrade's settings, as a `property` or the like."""
    known = hasattr(IStrategy, name) or name in IStrategy.__annotations__
    return known and not name.startswith("__") and hasattr(type(value), "__get__")


def names_extremes(strategy: Any, overlay: type | None) -> bool:
    """The user's source speaks of the highest and lowest rates that loops saw of a trade; in doubt it does."""
    return any(_names_extremes(base) for base in _users(strategy, overlay))


def _names_extremes(user: type) -> bool:
    try:
        source = vars(user).get("__source__") or inspect.getsource(user)
    except (OSError, TypeError):
        return True
    return _EXTREMES.search(source) is not None


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


def with_trades(strategy: Any, names: frozenset[str], *, adjusts: bool, extremes: bool = False) -> frozenset[Reason]:
    """While a trade is open. `adjusts` is the user's own `position_adjustment_enable`, `extremes` what `names_extremes`
    says: what is asked of an exit may go by them."""
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
    if extremes and names & {"confirm_trade_exit", "custom_exit_price"}:
        found.add("trade_extremes")
    return frozenset(found)
