"""What a bot of a user's own strategy is made of beside that one: a configuration that decides as little as it can.

FreqTrade lets its configuration override a strategy. So nothing of what a strategy says of itself is in here, such as
its stop, its returns or its orders: it trades here as its author wrote it. Not in the catalogue's list, since no bot
can be made of it without a strategy.
"""

from decimal import Decimal

from orchestrator.templates.template import OWN_STRATEGY, Template, TemplateDefaults

_PRICING = {"price_side": "other", "use_order_book": True, "order_book_top": 1}

OWN = Template(
    name=OWN_STRATEGY,
    title="Your own strategy",
    description="A strategy of your own, as it is.",
    docs="# Your own strategy\n\nIts stop, returns and orders are as the strategy says.\n",
    strategy_class="",
    strategy_source="",
    config={
        "tradable_balance_ratio": 1.0,
        "cancel_open_orders_on_exit": False,
        "unfilledtimeout": {"entry": 10, "exit": 10, "exit_timeout_count": 0, "unit": "minutes"},
        "entry_pricing": {**_PRICING, "check_depth_of_market": {"enabled": False, "bids_to_ask_delta": 1}},
        "exit_pricing": _PRICING,
        "pairlists": [{"method": "StaticPairList"}],
    },
    parameters={"type": "object", "properties": {}, "additionalProperties": False},
    parameters_in_config={},
    defaults=TemplateDefaults(
        pairs=("BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT", "XRP/USDT"),
        timeframe="5m",
        stake_currency="USDT",
        stake_amount=Decimal(100),
        max_open_trades=3,
        starting_balance=Decimal(1000),
    ),
    source_hash="",
)
