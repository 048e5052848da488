"""What `show_config` says of a bot that has no process: FreqTrade would be there, in its state `stopped`.

Without it nobody could start a stopped bot from FreqUI, which first asks every bot how it is set up and in which state.
Made of the configuration that the bot would start with (`templates.render`), with the fields and the defaults that
FreqTrade gives them; what only a running strategy knows is left out. Pure.
"""

from collections.abc import Mapping
from typing import Any

API_VERSION = 2.50
"""FreqTrade's `api_v1.API_VERSION`."""
FREQTRADE_VERSION = "2026.9"
"""Of pools; FreqTrade itself is not where the control plane runs in a container."""

_DECIMALS = {"BTC": 8, "ETH": 5}
_OTHER_DECIMALS = 3
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AS_CONFIGURED = (
    "available_capital", "stoploss", "trailing_stop", "trailing_stop_positive", "trailing_stop_positive_offset",
    "trailing_only_offset_is_reached", "unfilledtimeout", "use_custom_stoploss", "order_types", "timeframe",
)  # fmt: skip


def show_config(config: Mapping[str, Any], bot_id: str) -> dict[str, Any]:
    """FreqTrade's `ShowConfig` of a bot with this configuration, stopped."""
    seconds = _seconds_of(config["timeframe"])
    stake = config["stake_currency"]
    dry = config["dry_run"]
    return {
        "version": FREQTRADE_VERSION,
        "strategy_version": None,
        "api_version": API_VERSION,
        "dry_run": dry,
        "trading_mode": config.get("trading_mode", "spot"),
        "margin_mode": config.get("margin_mode", ""),
        "short_allowed": config.get("trading_mode", "spot") != "spot",
        "stake_currency": stake,
        "stake_amount": str(config["stake_amount"]),
        "stake_currency_decimals": _DECIMALS.get(stake, _OTHER_DECIMALS),
        "max_open_trades": config.get("max_open_trades", 0),
        "minimal_roi": dict(config.get("minimal_roi", {})),
        "stoploss_on_exchange": config.get("order_types", {}).get("stoploss_on_exchange", False),
        "timeframe_ms": seconds * 1000,
        "timeframe_min": seconds // 60,
        "exchange": config["exchange"]["name"],
        "demo_trading": False,
        "strategy": config["strategy"],
        "force_entry_enable": config.get("force_entry_enable", True),
        "exit_pricing": config.get("exit_pricing", {}),
        "entry_pricing": config.get("entry_pricing", {}),
        "bot_name": bot_id,
        "state": "stopped",
        "runmode": "dry_run" if dry else "live",
        "position_adjustment_enable": config.get("position_adjustment_enable", False),
        "max_entry_position_adjustment": config.get("max_entry_position_adjustment", -1),
        **{name: config.get(name) for name in _AS_CONFIGURED},
    }


def _seconds_of(timeframe: str) -> int:
    return int(timeframe[:-1]) * _SECONDS[timeframe[-1]]
