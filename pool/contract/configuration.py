"""The FreqTrade configuration that a pool starts a bot with, made of what its slot says. Pure, and in the contract so
that the control plane can show it before there is a pool.

What a slot's `config` may say is everything about trading. What the pool owns it cannot say: where files lie, which
servers are spoken to, which credentials are used, what else listens or reports. Such keys are dropped and set here; a
pairlist that would fetch from elsewhere is refused, since dropping it would trade other pairs than the user believes.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pool.contract.slots import DesiredState, SlotSpec

PAPER = "paper"
PAPER_CCXT_ID = "binance"
STRATEGY_DIRECTORY = "strategy"
DRY_DATABASE = "tradesv3.sqlite"
LIVE_DATABASE = "tradesv3.live.sqlite"

_OWNED_KEYS = frozenset(
    {
        "user_data_dir",
        "datadir",
        "strategy",
        "strategy_path",
        "recursive_strategy_search",
        "freqaimodel_path",
        "hyperopt_path",
        "db_url",
        "db_url_from",
        "exportfilename",
        "exportdirectory",
        "logfile",
        "log_config",
        "verbosity",
        "print_colorized",
        "api_server",
        "telegram",
        "discord",
        "webhook",
        "external_message_consumer",
        "fiat_display_currency",
        "coingecko",
        "add_config_files",
        "config_files",
        "original_config",
        "runmode",
        "command",
        "sd_notify",
        "dry_run",
        "initial_state",
        "bot_name",
    }
)
"""Top-level keys that are the pool's alone. FreqTrade fetches rates for `fiat_display_currency` from elsewhere."""

_EXCHANGE_KEYS = frozenset(
    {"pair_whitelist", "pair_blacklist", "unknown_fee_rate", "outdated_offset", "markets_refresh_interval"}
)
"""All that a user may say of the exchange, `ccxt_config` aside."""

_CCXT_KEYS = frozenset({"enableRateLimit", "rateLimit", "timeout"})
"""ccxt sets any other key as an attribute of its client: URLs, proxies, credentials, verbose logging."""

_FOREIGN_PAIRLISTS = frozenset({"RemotePairList", "ProducerPairList", "MarketCapPairList"})


class ConfigurationRefused(ValueError):
    """The slot asks for what pools do not do; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bot runs, as its configuration has it."""

    bot_name: str
    directory: str
    """The bot's own, without a slash at its end."""
    log_config: Any
    paper_urls: Any
    """`urls["api"]` of ccxt's client, at the paper exchange; None where there is none."""
    candle_limit: Any
    """Candles that the paper exchange is asked for at once."""


def ccxt_id(exchange: str) -> str:
    """The ccxt exchange that stands behind a slot's `exchange`."""
    return PAPER_CCXT_ID if exchange == PAPER else exchange


def configuration(spec: SlotSpec, place: Place) -> dict[str, Any]:
    """What FreqTrade is started with there; holds no credentials. Raises ConfigurationRefused."""
    _refuse_foreign(spec)
    given = copy.deepcopy(spec.config)
    config = {key: value for key, value in given.items() if key not in _OWNED_KEYS}
    internals = _mapping(given, "internals")
    internals.pop("sd_notify", None)
    dry_run = spec.trading == "dry_run"
    config.update(
        {
            "bot_name": place.bot_name,
            "dry_run": dry_run,
            # By who may operate the bot: its API is reached through Flotilla alone, and every entry passes its rules.
            "force_entry_enable": given.get("force_entry_enable", True),
            "initial_state": "paused" if spec.desired is DesiredState.PAUSED else "running",
            "strategy": spec.strategy.class_name,
            "strategy_path": f"{place.directory}/{STRATEGY_DIRECTORY}",
            "user_data_dir": place.directory,
            "db_url": f"sqlite:///{place.directory}/{DRY_DATABASE if dry_run else LIVE_DATABASE}",
            "log_config": place.log_config,
            "internals": internals,
            "exchange": _exchange(spec.exchange, _mapping(given, "exchange"), place),
        }
    )
    return config


def _refuse_foreign(spec: SlotSpec) -> None:
    if (spec.trading == "paper_live") != (spec.exchange == PAPER) and spec.trading != "dry_run":
        raise ConfigurationRefused("What trades live on the paper exchange is `paper_live`, on any other one `live`.")
    pairlists = spec.config.get("pairlists", [])
    if not isinstance(pairlists, list):
        raise ConfigurationRefused("`pairlists` must be a list.")
    for pairlist in pairlists:
        method = pairlist.get("method") if isinstance(pairlist, dict) else None
        if method in _FOREIGN_PAIRLISTS:
            raise ConfigurationRefused(f"The pairlist {method} reads from other servers; use another one.")


def _exchange(exchange: str, given: dict[str, Any], place: Place) -> dict[str, Any]:
    ccxt_config = {key: value for key, value in _mapping(given, "ccxt_config").items() if key in _CCXT_KEYS}
    section: dict[str, Any] = {key: value for key, value in given.items() if key in _EXCHANGE_KEYS}
    section.update({"name": ccxt_id(exchange), "enable_ws": False, "only_from_ccxt": True})
    if exchange == PAPER:
        if place.paper_urls is None:
            raise ConfigurationRefused("This pool has no paper exchange.")
        ccxt_config["urls"] = {"api": place.paper_urls}
        section["_ft_has_params"] = {"ohlcv_candle_limit": place.candle_limit}
    section["ccxt_config"] = ccxt_config
    return section


def _mapping(given: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = given.get(key) or {}
    if not isinstance(value, dict):
        raise ConfigurationRefused(f"`{key}` must be a mapping.")
    return dict(value)
