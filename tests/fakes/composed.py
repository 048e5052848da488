"""What a pool really makes of a slot, with marks where the control plane shows them, since it cannot know."""

import json
from pathlib import Path
from typing import Any

import ccxt

from orchestrator.templates.shown import DIRECTORY, HIDDEN, POOLS_OWN
from pool.bot.config import compose
from pool.contract.slots import SlotSpec
from pool.settings import PoolSettings

_SETTINGS = PoolSettings(pool_id="p", paper_exchange_url="http://127.0.0.1:9009")
_HOME = "/pools/p/bots"


def composed(slot: SlotSpec, bot_id: str) -> dict[str, Any]:
    """As the bot `bot_id` would find it in its `config.json`."""
    directory = Path(_HOME, bot_id)
    made = compose(slot, directory, _SETTINGS, ccxt.binance().urls["api"])
    assert str(directory) in json.dumps(made["log_config"])
    made["log_config"] = POOLS_OWN
    if slot.exchange == "paper":
        assert "127.0.0.1:9009" in json.dumps(made["exchange"]["ccxt_config"]["urls"]["api"])
        made["exchange"]["ccxt_config"]["urls"]["api"] = POOLS_OWN
        made["exchange"]["_ft_has_params"]["ohlcv_candle_limit"] = POOLS_OWN
    if slot.trading != "dry_run":  # as `pool.bot.trader` does in memory
        made["exchange"] |= {"key": HIDDEN, "secret": HIDDEN}
    shown: dict[str, Any] = json.loads(json.dumps(made).replace(str(directory), DIRECTORY))
    return shown
