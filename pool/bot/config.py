"""The final FreqTrade configuration of a bot in its directory (`pool.contract.configuration`). Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pool.bot.log import LOG_FILE, log_config
from pool.contract.configuration import (
    DRY_DATABASE,
    LIVE_DATABASE,
    PAPER,
    STRATEGY_DIRECTORY,
    ConfigurationRefused,
    Place,
    ccxt_id,
    configuration,
)
from pool.contract.slots import SlotSpec
from pool.exchange.urls import paper_urls
from pool.settings import PoolSettings

__all__ = ["DRY_DATABASE", "LIVE_DATABASE", "STRATEGY_DIRECTORY", "ConfigurationRefused", "ccxt_id", "compose"]


def compose(spec: SlotSpec, directory: Path, settings: PoolSettings, ccxt_urls: Mapping[str, Any]) -> dict[str, Any]:
    """What FreqTrade is started with; holds no credentials.

    `directory` is the bot's own, its name the bot's id. `ccxt_urls` is `urls["api"]` of the ccxt exchange (`ccxt_id`).
    Raises ConfigurationRefused.
    """
    url = settings.paper_exchange_url if spec.exchange == PAPER else None
    place = Place(
        bot_name=directory.name,
        directory=str(directory),
        log_config=log_config(directory / LOG_FILE),
        paper_urls=None if url is None else paper_urls(url, dict(ccxt_urls)),
        candle_limit=settings.warm_candle_limit,
    )
    return configuration(spec, place)
