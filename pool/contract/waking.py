"""When bots run FreqTrade's loop: what is wanted (`SlotSpec.waking`), and what they do (`Slot.waking`)."""

from typing import Literal, get_args

from pydantic import Field

from pool.contract.model import Instant, Wire

Mode = Literal["on_need", "loop"]
"""`loop`: every few seconds, as FreqTrade does. `on_need`: where something is due, and once a minute."""

Reason = Literal[
    "setting",
    "not_running",
    "loop_failed",
    "flattening",
    "order_unsettled",
    "bot_loop_start",
    "all_candles",
    "strategy_internals",
    "freqai",
    "producers",
    "public_trades",
    "pairlist",
    "custom_exit",
    "custom_stoploss",
    "custom_roi",
    "position_adjustment",
    "stop_on_exchange",
    "trade_extremes",
    "open_order",
    "exit_stands",
    "price_beyond",
    "price_not_comparable",
    "liquidation_near",
    "time_exit",
    "fees_unknown",
    "prices_not_watched",
    "entry_stands",
    "candles_awaited",
    "slot_freed",
    "asked",
]
"""Why a bot loops."""

REASONS: tuple[Reason, ...] = get_args(Reason)

SENTENCES: dict[Reason, str] = {
    "setting": "Waking on need is switched off for this bot.",
    "not_running": "FreqTrade is stopped, or is being loaded anew.",
    "loop_failed": "The last loop failed and is tried again.",
    "flattening": "Everything is being closed.",
    "order_unsettled": "Of an order it is not known yet whether it arrived.",
    "bot_loop_start": "The strategy has a `bot_loop_start` of its own, which is asked at each loop.",
    "all_candles": "The strategy analyses at each loop (`process_only_new_candles` is off).",
    "strategy_internals": "The strategy overrides FreqTrade's own workings.",
    "freqai": "FreqAI is in use.",
    "producers": "Signals come from other bots.",
    "public_trades": "The strategy reads the trades of others on the exchange.",
    "pairlist": "One of its pairlists may change at any time.",
    "custom_exit": "The strategy has a `custom_exit` of its own, and a trade is open.",
    "custom_stoploss": "The strategy has a `custom_stoploss` of its own, and a trade is open.",
    "custom_roi": "The strategy has a `custom_roi` of its own, and a trade is open.",
    "position_adjustment": "The strategy adjusts positions, and a trade is open.",
    "stop_on_exchange": "The exchange holds the stops of open trades.",
    "trade_extremes": "The strategy's say on exits may go by a trade's `max_rate` or `min_rate`, and a trade is open.",
    "open_order": "An order is open.",
    "exit_stands": "The strategy wants to leave a trade that is still open.",
    "price_beyond": "A price is where a trade should be closed, and it is still open.",
    "price_not_comparable": "Its exits are priced by what is not watched, such as deeper levels of the order book.",
    "liquidation_near": "A trade is near its liquidation.",
    "time_exit": "A trade is over its time and waits for its profit to fall.",
    "fees_unknown": "Fees of a trade are not known yet.",
    "prices_not_watched": "Nobody watches the prices of its open trades.",
    "entry_stands": "An entry signal stands that could not be followed yet.",
    "candles_awaited": "A candle that closed is not there yet.",
    "slot_freed": "A trade was just closed.",
    "asked": "Somebody asked for something just now.",
}


class WakingState(Wire):
    """What a bot does now; `reasons` are `Reason`s (a newer bot may know more)."""

    mode: Mode
    reasons: list[str] = Field(default=[], max_length=40)
    since: Instant


def sentence_of(code: str) -> str:
    """Of a reason that a newer bot has, its code."""
    return next((sentence for reason, sentence in SENTENCES.items() if reason == code), code)
