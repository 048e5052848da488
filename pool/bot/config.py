"""The final FreqTrade configuration of a bot in its directory (`pool.contract.configuration`). Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pool.bot.log import LOG_FILE, log_config
from pool.contract.configuration import PAPER, ConfigurationRefused, Place, ccxt_id, configuration
from pool.contract.slots import SlotSpec
from pool.exchange.urls import paper_urls
from pool.settings import PoolSettings

__all__ = ["ConfigurationRefused", "ccxt_id", "compose"]

STRATEGY_DIRECTORY = "strategy"
DRY_DATABASE = "tradesv3.sqlite"
LIVE_DATABASE = "tradesv3.live.sqlite"


def compose(spec: SlotSpec, directory: Path, settings: PoolSettings, ccxt_urls: Mapping[str, Any]) -> dict[str, Any]:
    """What FreqTrade is started with; holds no credentials.

    `directory` is the bot's own, its name the bot's id. `ccxt_urls` is `urls["api"]` of the ccxt exchange (`ccxt_id`).
    Raises ConfigurationRefused.
    """
    url = settings.paper_exchange_url if spec.exchange == PAPER else None
    place = Place(
        bot_name=directory.name,
        user_data_dir=str(directory),
        strategy_path=str(directory / STRATEGY_DIRECTORY),
        database=str(directory / (DRY_DATABASE if spec.trading == "dry_run" else LIVE_DATABASE)),
        log_config=log_config(directory / LOG_FILE),
        paper_urls=None if url is None else paper_urls(url, dict(ccxt_urls)),
        candle_limit=settings.warm_candle_limit,
    )
    return configuration(spec, place)
