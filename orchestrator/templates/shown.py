"""A bot's configuration to look at: as a pool would start FreqTrade with it, without what is secret, and where each
value is from. Pure; the pool composes with the same code (`pool.contract.configuration`).

Three things cannot be told beforehand, and have a mark in their place: what is secret (`HIDDEN`), the bot's directory
(`DIRECTORY`), and what only the pool knows (`POOLS_OWN`).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orchestrator.templates.render import PARAMETERS_KEY, RenderedBot
from orchestrator.templates.spec import SPOT, TIMEFRAMES, BotRequest, BotSpec, resolution, trading_of
from orchestrator.templates.template import OWN_STRATEGY, Template, TemplateDefaults
from pool.contract.configuration import Place, configuration
from pool.contract.slots import DesiredState, SlotSpec

HIDDEN = "**********"
DIRECTORY = "<bot>"
POOLS_OWN = "<pool>"

_FIELDS = {
    "exchange.name": "exchange",
    "exchange.pair_whitelist": "pairs",
    "trading_mode": "trading_mode",
    "margin_mode": "trading_mode",
    "dry_run": "dry_run",
    "dry_run_wallet": "starting_balance",
    "available_capital": "starting_balance",
    "timeframe": "timeframe",
    "stake_currency": "stake_currency",
    "stake_amount": "stake_amount",
    "max_open_trades": "max_open_trades",
}
"""Which field of a request decides a value of the configuration, the template's parameters aside."""
_FIXED = ("exchange.pair_blacklist",)
_SECRET = re.compile(
    r"(.*_)?(api_?key|key|secret|password|passphrase|token|private_?key|jwt_secret_key)", re.IGNORECASE
)


class Origin(StrEnum):
    """Where a value is from."""

    REQUEST = "request"
    """Who asks for the bot said so."""
    TEMPLATE = "template"
    STRATEGY = "strategy"
    """The user's own strategy says so."""
    DEFAULT = "default"
    """What every bot has of which nothing else is said."""
    POOL = "pool"
    """The pool sets it, whatever else is said."""


@dataclass(frozen=True, slots=True)
class Source:
    """Of one value of the configuration."""

    path: str
    """Keys with dots between them; a list is one value."""
    origin: Origin
    field: str | None
    """The field of a request that decides it; None where none does."""


@dataclass(frozen=True, slots=True)
class Shown:
    configuration: dict[str, Any]
    sources: tuple[Source, ...]
    """One for each value."""


def origins(template: Template, given: Mapping[str, Any], of_strategy: Collection[str] = ()) -> dict[str, Origin]:
    """By field of a request, of which `given` has those that are not None; each parameter is a field of its own,
    `parameters.<name>`. `of_strategy` are fields that the user's own strategy decides where nothing is given."""
    fallback = Origin.DEFAULT if template.name == OWN_STRATEGY else Origin.TEMPLATE
    found = dict.fromkeys(TemplateDefaults.model_fields, fallback)
    found |= dict.fromkeys(("trading_mode", "dry_run", "wake_on_need"), Origin.DEFAULT)
    found |= dict.fromkeys(of_strategy, Origin.STRATEGY)
    found |= {field: Origin.REQUEST for field in found if given.get(field) is not None}
    parameters = given.get("parameters") or {}
    for name in template.parameter_defaults:
        found[f"parameters.{name}"] = Origin.REQUEST if name in parameters else Origin.TEMPLATE
    return found


def given_of(template: Template, spec: BotSpec, timeframe_of_strategy: str | None = None) -> dict[str, Any]:
    """What a request for this bot has to give: where the spec is other than without."""
    plain = resolution(
        template,
        BotRequest(
            name=spec.name,
            template=template.name,
            trading_mode=spec.trading_mode,
            timeframe=timeframe_of_strategy if timeframe_of_strategy in TIMEFRAMES else None,
            stake_currency=template.defaults.stake_currency,
            strategy_id=spec.strategy_id,
            strategy_version_id=spec.strategy_version_id,
        ),
    ).spec
    assert plain is not None, "a template's defaults fit"
    told = spec.model_dump(exclude={"name", "template", "strategy_id", "strategy_version_id", "parameters"})
    given = {name: value for name, value in told.items() if value != getattr(plain, name)}
    if spec.trading_mode != SPOT:
        given["trading_mode"] = spec.trading_mode
    plainly = template.parameter_defaults
    changed = {name: value for name, value in spec.parameters.items() if value != plainly.get(name)}
    return {**given, "parameters": changed}


def shown(
    template: Template,
    spec: BotSpec,
    rendered: RenderedBot,
    of_fields: Mapping[str, Origin],
    *,
    bot_id: str = DIRECTORY,
    paused: bool = False,
) -> Shown:
    """The configuration with its sources; `of_fields` are its `origins`. Raises ConfigurationRefused where a pool would
    not start it."""
    trading = trading_of(spec.exchange, spec.dry_run)
    slot = SlotSpec(
        epoch=1,
        generation=1,
        desired=DesiredState.PAUSED if paused else DesiredState.RUNNING,
        exchange=spec.exchange,
        trading=trading,
        config=rendered.config,
        strategy=rendered.strategy,
    )
    place = Place(
        bot_name=bot_id, directory=DIRECTORY, log_config=POOLS_OWN, paper_urls=POOLS_OWN, candle_limit=POOLS_OWN
    )
    composed = configuration(slot, place)
    if trading != "dry_run":  # which the bot adds in its memory alone
        composed["exchange"] |= {"key": HIDDEN, "secret": HIDDEN}
    said = dict(_values(rendered.config))
    sources = []
    for path, value in _values(composed):
        if path in said and said[path] == value:
            sources.append(_source(template, path, of_fields))
        else:
            sources.append(Source(path, Origin.POOL, None))
    return Shown(_without_secrets(composed), tuple(sources))


def _source(template: Template, path: str, of_fields: Mapping[str, Origin]) -> Source:
    field = _FIELDS.get(path)
    if field is None:
        field = next((f"parameters.{name}" for name, key in template.parameters_in_config.items() if key == path), None)
    if field is None and path.startswith(f"{PARAMETERS_KEY}."):
        field = f"parameters.{path.removeprefix(f'{PARAMETERS_KEY}.')}"
    if field is not None:
        return Source(path, of_fields.get(field, Origin.REQUEST), field)
    own = template.name == OWN_STRATEGY
    if path == "strategy":
        return Source(path, Origin.STRATEGY if own else Origin.TEMPLATE, "strategy" if own else "template")
    return Source(path, Origin.DEFAULT if own or path in _FIXED else Origin.TEMPLATE, None)


def _values(config: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Whatever is no mapping, and mappings that are empty, by path."""
    for key, value in config.items():
        path = f"{above}{key}"
        if isinstance(value, dict) and value:
            yield from _values(value, f"{path}.")
        else:
            yield path, value


def _without_secrets(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _without_secrets(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_secrets(one, key) for one in value]
    return HIDDEN if isinstance(value, str) and value and _SECRET.fullmatch(key) else value
