"""Parts of strategies: each overrides one callback, or sets what FreqTrade decides by. Data of `corpus`."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fragment:
    """`body` is of the class, beside what every strategy of the corpus has."""

    name: str
    body: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    futures: bool = False


_SAME_SIDE = {"price_side": "same", "use_order_book": True, "order_book_top": 1}
_BY_TICKER = {"price_side": "other", "use_order_book": False}
_LIMITS = {"entry": "limit", "exit": "limit", "stoploss": "market", "stoploss_on_exchange": False}

SETTINGS = [
    Fragment("plain"),
    Fragment("trailing", "trailing_stop = True\nminimal_roi = {'0': 1}"),
    Fragment("trailing_positive", "trailing_stop = True\ntrailing_stop_positive = 0.004\nminimal_roi = {'0': 1}"),
    Fragment(
        "trailing_offset",
        "trailing_stop = True\ntrailing_stop_positive = 0.003\ntrailing_stop_positive_offset = 0.006\n"
        "trailing_only_offset_is_reached = True\nminimal_roi = {'0': 1}",
    ),
    Fragment(
        "roi_by_time",
        "minimal_roi = {'0': 0.02, '3': 0.008, '6': 0.002, '9': -0.004, '12': -1}\nstoploss = -0.05",
    ),
    Fragment("exit_signals", "leaves = 7"),
    Fragment("exit_profit_only", "leaves = 3\nexit_profit_only = True\nexit_profit_offset = 0.002"),
    Fragment("exits_unused", "leaves = 3\nuse_exit_signal = False"),
    Fragment("roi_unless_signal", "enters = 2\nignore_roi_if_entry_signal = True\nleaves = 5"),
    Fragment(
        "expired_signals",
        "ignore_buying_expired_candle_after = 20\nminimal_roi = {'0': 0.004}",
        {"max_open_trades": 1},
    ),
    Fragment("one_slot", "minimal_roi = {'0': 0.004}\nstoploss = -0.006\nenters = 1", {"max_open_trades": 1}),
    Fragment("unlimited_stake", "", {"stake_amount": "unlimited", "tradable_balance_ratio": 0.9}),
    Fragment("small_wallet", "enters = 1", {"dry_run_wallet": 120, "amend_last_stake_amount": True}),
    Fragment(
        "resting",
        "enters = 2",
        {"entry_pricing": _SAME_SIDE, "exit_pricing": _SAME_SIDE, "order_types": _LIMITS},
    ),
    Fragment("by_ticker", "", {"exit_pricing": _BY_TICKER, "entry_pricing": _BY_TICKER, "order_types": _LIMITS}),
    Fragment("five_minutes", "timeframe = '5m'\nenters = 1", {"timeframe": "5m"}),
    Fragment("every_loop", "process_only_new_candles = False\nleaves = 5"),
    Fragment(
        "cooldown",
        "enters = 1\nprotections = [{'method': 'CooldownPeriod', 'stop_duration_candles': 2}]\nstoploss = -0.006",
    ),
    Fragment(
        "guarded",
        "enters = 1\nstoploss = -0.004\nprotections = ["
        "{'method': 'StoplossGuard', 'lookback_period': 10, 'trade_limit': 2, 'stop_duration': 3,"
        " 'only_per_pair': False},"
        "{'method': 'LowProfitPairs', 'lookback_period': 15, 'trade_limit': 2, 'stop_duration': 4,"
        " 'required_profit': 0.001},"
        "{'method': 'MaxDrawdown', 'lookback_period': 30, 'trade_limit': 4, 'stop_duration': 3,"
        " 'max_allowed_drawdown': 0.01}]",
    ),
    Fragment(
        "volume_pairs",
        "leaves = 6",
        {"pairlists": [{"method": "VolumePairList", "number_assets": 3, "refresh_period": 180}]},
    ),
    Fragment("stop_on_exchange", "", {"order_types": {**_LIMITS, "stoploss": "limit", "stoploss_on_exchange": True}}),
    Fragment("futures", "can_short = True\nleaves = 9", futures=True),
    Fragment(
        "futures_trailing",
        "can_short = True\ntrailing_stop = True\ntrailing_stop_positive = 0.004",
        futures=True,
    ),
    Fragment(
        "futures_trailing_offset",
        "can_short = True\ntrailing_stop = True\ntrailing_stop_positive = 0.003\n"
        "trailing_stop_positive_offset = 0.006\ntrailing_only_offset_is_reached = True\nminimal_roi = {'0': 1}",
        futures=True,
    ),
]  # fmt: skip

CALLBACKS = [
    Fragment(
        "custom_exit",
        """
def custom_exit(self, pair, trade, current_time, current_rate, current_profit, **_):
    age = (current_time - trade.open_date_utc).total_seconds()
    if current_profit > 0.003 and age > 90:
        return "took_it"
    return age > 400
""",
    ),
    Fragment(
        "custom_stoploss",
        """
use_custom_stoploss = True
minimal_roi = {"0": 1}

def custom_stoploss(self, pair, trade, current_time, current_rate, current_profit, after_fill, **_):
    if current_profit > 0.008:
        return -0.002
    return -0.006 if (current_time - trade.open_date_utc).total_seconds() > 180 else None
""",
    ),
    Fragment(
        "custom_roi",
        """
use_custom_roi = True

def custom_roi(self, pair, trade, current_time, trade_duration, entry_tag, side, **_):
    return 0.006 - 0.001 * trade_duration
""",
    ),
    Fragment(
        "custom_stake",
        """
def custom_stake_amount(self, pair, current_time, current_rate, proposed_stake, min_stake, max_stake, **_):
    return proposed_stake * (0.5 + current_time.minute % 3 / 4)
""",
    ),
    Fragment(
        "confirm_entry",
        """
enters = 1

def confirm_trade_entry(self, pair, order_type, amount, rate, time_in_force, current_time, **_):
    return current_time.second >= 25
""",
    ),
    Fragment(
        "confirm_exit",
        """
leaves = 4

def confirm_trade_exit(self, pair, trade, order_type, amount, rate, time_in_force, exit_reason, current_time, **_):
    return exit_reason != "roi" or current_time.second >= 30
""",
    ),
    Fragment(
        "adjust_position",
        """
position_adjustment_enable = True
max_entry_position_adjustment = 2
stoploss = -0.03

def adjust_trade_position(self, trade, current_time, current_rate, current_profit, min_stake, max_stake, **_):
    if current_profit < -0.004 * trade.nr_of_successful_entries:
        return 40, "more"
    if current_profit > 0.005 and trade.nr_of_successful_exits == 0:
        return -trade.stake_amount / 2, "half"
    return None
""",
    ),
    Fragment(
        "custom_prices",
        """
def custom_entry_price(self, pair, trade, current_time, proposed_rate, entry_tag, side, **_):
    return proposed_rate * (0.999 if side == "long" else 1.001)

def custom_exit_price(self, pair, trade, current_time, proposed_rate, current_profit, exit_tag, **_):
    return proposed_rate * (1.002 if not trade.is_short else 0.998)
""",
        {"order_types": _LIMITS},
    ),
    Fragment(
        "timeouts",
        """
enters = 2

def custom_entry_price(self, pair, trade, current_time, proposed_rate, entry_tag, side, **_):
    return proposed_rate * 0.997

def check_entry_timeout(self, pair, trade, order, current_time, **_):
    return (current_time - order.order_date_utc).total_seconds() > 70

def check_exit_timeout(self, pair, trade, order, current_time, **_):
    return (current_time - order.order_date_utc).total_seconds() > 40
""",
        {"order_types": _LIMITS, "exit_pricing": _SAME_SIDE},
    ),
    Fragment(
        "unfilled",
        "enters = 2\n\ndef custom_entry_price(self, pair, trade, current_time, proposed_rate, entry_tag, side, **_):\n"
        "    return proposed_rate * 0.996\n",
        {
            "order_types": _LIMITS,
            "exit_pricing": _SAME_SIDE,
            "unfilledtimeout": {"entry": 45, "exit": 30, "unit": "seconds"},
        },
    ),
    Fragment(
        "adjust_entry",
        """
enters = 2

def custom_entry_price(self, pair, trade, current_time, proposed_rate, entry_tag, side, **_):
    return proposed_rate * 0.997

def adjust_entry_price(self, trade, order, pair, current_time, proposed_rate, current_order_rate, entry_tag, side, **_):
    return proposed_rate * 0.999
""",
        {"order_types": _LIMITS},
    ),
    Fragment(
        "adjust_exit",
        """
leaves = 5

def adjust_exit_price(self, trade, order, pair, current_time, proposed_rate, current_order_rate, entry_tag, side, **_):
    return proposed_rate * 1.0007

def custom_exit_price(self, pair, trade, current_time, proposed_rate, current_profit, exit_tag, **_):
    return proposed_rate * 1.002
""",
        {"order_types": _LIMITS},
    ),
    Fragment(
        "adjust_order",
        """
enters = 2

def adjust_order_price(
    self, trade, order, pair, current_time, proposed_rate, current_order_rate, entry_tag, side, is_entry, **_
):
    return proposed_rate * (0.9995 if is_entry else 1.0005)
""",
        {"order_types": _LIMITS, "entry_pricing": _SAME_SIDE, "exit_pricing": _SAME_SIDE},
    ),
    Fragment(
        "leverage",
        """
can_short = True

def leverage(self, pair, current_time, current_rate, proposed_leverage, max_leverage, entry_tag, side, **_):
    return 3.0 if side == "long" else 2.0
""",
        futures=True,
    ),
    Fragment(
        "loop_start",
        """
enters = 1

def bot_loop_start(self, current_time, **_):
    self.open_now = current_time.minute % 6 < 4

def confirm_trade_entry(self, pair, order_type, amount, rate, time_in_force, current_time, **_):
    return self.open_now
""",
    ),
    Fragment(
        "order_filled",
        """
def order_filled(self, pair, trade, order, current_time, **_):
    if order.ft_order_side == trade.entry_side:
        trade.set_custom_data("filled", current_time.minute)
    elif trade.close_profit and trade.close_profit > 0:
        self.lock_pair(pair, until=current_time + timedelta(seconds=95), reason="rest")

def confirm_trade_exit(self, pair, trade, order_type, amount, rate, time_in_force, exit_reason, current_time, **_):
    return exit_reason == "stop_loss" or (trade.get_custom_data("filled") + current_time.minute) % 3 != 0
""",
    ),
    Fragment(
        "informative",
        """
leaves = 8

def informative_pairs(self):
    return [("BTC/USDT", "5m"), ("ETH/USDT", "15m")]

@informative("5m")
def populate_indicators_5m(self, dataframe, metadata):
    dataframe["mean"] = dataframe["close"].rolling(3).mean()
    return dataframe

def more(self, dataframe, pair):
    other = self.dp.get_pair_dataframe("BTC/USDT", "5m")
    return (dataframe["close"] > dataframe["mean_5m"]) | (other["close"].iloc[-1] > other["open"].iloc[-1])
""",
    ),
]  # fmt: skip
