"""From template and spec to what a pool is told to run. Pure.

Layers, later ones win: the template's base configuration; the parameters that are FreqTrade settings
(`parameters_in_config`); the other parameters as `flotilla_parameters`, which the strategy reads from its
configuration; what the spec decides. The result is checked with FreqTrade's own configuration schema, kept beside this
module as `freqtrade_schema.json` (a test compares it with the installed FreqTrade). Configuration that the pool owns is
refused wherever it comes from.
"""

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import best_match

from orchestrator.errors import TemplateBroken
from orchestrator.templates.catalogue import Template
from orchestrator.templates.exchange_ids import PAPER
from orchestrator.templates.spec import BotSpec
from pool.contract.slots import StrategySource

PARAMETERS_KEY = "flotilla_parameters"
"""Where a strategy finds its parameters in its configuration."""

PAPER_EXCHANGE_SPEAKS = "binance"

_OWNED_BY_POOL = frozenset(
    {
        "add_config_files", "api_server", "bot_name", "config_files", "coingecko",
        "datadir", "db_url", "discord", "dry_run_wallet", "experimental", "exportdirectory", "exportfilename",
        "external_message_consumer", "freqai", "freqaimodel", "freqaimodel_path", "initial_state", "internals",
        "log_config", "logfile", "original_config", "producers", "recursive_strategy_search", "runmode", "sd_notify",
        "strategy_path", "telegram", "user_data_dir", "verbosity", "webhook", PARAMETERS_KEY,
    }
)  # fmt: skip
"""Top-level keys that no template may set: pool or spec decide them, or they open a way out of the bot's directory."""

_OWNED_BY_SPEC = frozenset(
    {"strategy", "exchange", "trading_mode", "margin_mode", "dry_run", "timeframe", "stake_currency", "stake_amount",
     "max_open_trades", "available_capital"}
)  # fmt: skip

_REQUIRED = ("entry_pricing", "exit_pricing", "exchange", "pairlists", "timeframe")
_REQUIRED_OF_TEMPLATES = ("minimal_roi", "stoploss")
"""A user's own strategy says these of itself."""

_SCHEMA_FILE = Path(__file__).with_name("freqtrade_schema.json")
_SCHEMA: dict[str, Any] = json.loads(_SCHEMA_FILE.read_text(encoding="utf-8"))
_VALIDATOR = Draft4Validator(_SCHEMA)


@dataclass(frozen=True, slots=True)
class RenderedBot:
    """What a `SlotSpec` needs: a FreqTrade configuration without what the pool owns, and the strategy as text."""

    config: dict[str, Any]
    strategy: StrategySource


def render(template: Template, spec: BotSpec, own: StrategySource | None = None) -> RenderedBot:
    """The configuration and strategy of a bot; `own` is the user's, where the spec names one. Raises TemplateBroken
    where the template sets what is not its own, or the result breaks FreqTrade's schema."""
    if (own is None) != (spec.strategy_version_id is None):
        raise TemplateBroken("The version of the bot's own strategy is not there.", template=template.name)
    strategy = own or StrategySource(class_name=template.strategy_class, source=template.strategy_source)
    refused = sorted(template.config.keys() & (_OWNED_BY_POOL | _OWNED_BY_SPEC))
    if refused:
        raise TemplateBroken(
            f"template {template.name}: config.json must not set {refused[0]}.", template=template.name
        )
    config = copy.deepcopy(template.config)
    in_strategy = dict(spec.parameters)
    for name, key in template.parameters_in_config.items():
        if key.split(".")[0] in _OWNED_BY_POOL | _OWNED_BY_SPEC:
            raise TemplateBroken(
                f"template {template.name}: parameter {name} must not set {key}.", template=template.name
            )
        _set_dotted(config, key, in_strategy.pop(name))
    config |= _from_spec(spec)
    config["strategy"] = strategy.class_name
    config[PARAMETERS_KEY] = in_strategy
    _check(template, config, _REQUIRED if own is not None else (*_REQUIRED, *_REQUIRED_OF_TEMPLATES))
    return RenderedBot(config=config, strategy=strategy)


def _from_spec(spec: BotSpec) -> dict[str, Any]:
    return {
        "exchange": {
            "name": PAPER_EXCHANGE_SPEAKS if spec.exchange == PAPER else spec.exchange,
            "pair_whitelist": list(spec.pairs),
            "pair_blacklist": [],
        },
        "trading_mode": spec.trading_mode,
        **({"margin_mode": spec.margin_mode} if spec.margin_mode else {}),
        "dry_run": spec.dry_run,
        **_capital(spec),
        "timeframe": spec.timeframe,
        "stake_currency": spec.stake_currency,
        "stake_amount": _number(spec.stake_amount),
        "max_open_trades": spec.max_open_trades,
    }


def _capital(spec: BotSpec) -> dict[str, Any]:
    """A dry bot's wallet is all that it has. A live one's is the whole account, of which it has a share: FreqTrade then
    enters with no more than `available_capital` and what its closed trades brought, less the stakes of its open ones,
    and never more than is free in the account (`Wallets.get_available_stake_amount`); `tradable_balance_ratio` is not
    asked. Shares of one account that are within its balance are so never entered with twice."""
    capital = _number(spec.starting_balance)
    return {"dry_run_wallet": capital, **({} if spec.dry_run else {"available_capital": capital})}


def _number(amount: Decimal) -> float:
    """FreqTrade's configuration knows floats only; 17 significant digits survive."""
    return float(amount)


def _set_dotted(config: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        config = config.setdefault(parent, {})
    config[last] = value


def _check(template: Template, config: dict[str, Any], required: Sequence[str]) -> None:
    missing = [key for key in required if key not in config]
    if missing:
        raise TemplateBroken(f"template {template.name}: config.json lacks {missing[0]}.", template=template.name)
    problem = best_match(_VALIDATOR.iter_errors(config))
    if problem is not None:
        place = ".".join(str(part) for part in problem.absolute_path) or "configuration"
        raise TemplateBroken(
            f"template {template.name}: FreqTrade refuses {place}: {problem.message}.", template=template.name
        )
