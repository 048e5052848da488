"""From what a user asks for (`BotRequest`) to what a bot is (`BotSpec`): the template's defaults fill the gaps, and
everything is checked, with a sentence that says what to change. Pure; whether the exchange has the pairs is asked
elsewhere (`orchestrator.exchanges`)."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as SchemaViolation
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import InvalidSpec
from orchestrator.templates.catalogue import Template
from orchestrator.templates.exchange_ids import EXCHANGE_IDS, PAPER
from orchestrator.templates.template import OWN_STRATEGY
from pool.contract.slots import Trading

TIMEFRAMES = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w")
MAX_NAME_LENGTH = 64
MAX_PAIRS = 200
MAX_OPEN_TRADES = 200
MAX_MONEY = Decimal(10) ** 15
MAX_DECIMALS = 18

T = TypeVar("T")

_CURRENCY = re.compile(r"[A-Z0-9]{2,16}")
_PAIR = re.compile(r"(?P<base>[A-Za-z0-9][A-Za-z0-9_-]{0,23})/(?P<quote>[A-Z0-9]{2,16})(:(?P<settle>[A-Z0-9]{2,16}))?")

SPOT, FUTURES = "spot", "futures"
ISOLATED = "isolated"


class BotRequest(BaseModel):
    """What a user asks for. None means: as the template has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    template: str
    parameters: dict[str, Any] | None = None
    """By name; those left out keep the template's defaults."""
    exchange: str | None = None
    """`paper`, or an exchange id of ccxt."""
    trading_mode: str | None = None
    """`spot`, or `futures`: perpetuals margined in the stake currency, long and short."""
    margin_mode: str | None = None
    """`isolated`, of futures alone."""
    dry_run: bool | None = None
    pairs: list[str] | None = None
    """`BASE/QUOTE`, quote being the stake currency; of futures `BASE/QUOTE:QUOTE`."""
    timeframe: str | None = None
    stake_currency: str | None = None
    stake_amount: Decimal | None = Field(default=None, allow_inf_nan=True)
    """Per trade, in the stake currency."""
    max_open_trades: int | None = None
    starting_balance: Decimal | None = Field(default=None, allow_inf_nan=True)
    """Of the dry-run wallet, in the stake currency."""
    wake_on_need: bool | None = None
    """False: FreqTrade's loop runs every few seconds, whether anything is due or not."""
    strategy_id: str | None = None
    strategy_version_id: str | None = None
    """A strategy of the user's own, and the version of it that the bot runs; of the template `own` alone."""


class BotSpec(BaseModel):
    """A bot as it will run: nothing left to default. Made by `resolve`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    template: str
    parameters: dict[str, Any]
    """Every parameter of the template."""
    exchange: str
    trading_mode: str
    dry_run: bool
    pairs: list[str]
    timeframe: str
    stake_currency: str
    stake_amount: Decimal
    max_open_trades: int
    starting_balance: Decimal
    wake_on_need: bool = True
    strategy_id: str | None = None
    strategy_version_id: str | None = None

    @property
    def margin_mode(self) -> str:
        """As FreqTrade calls it; empty for spot. Futures have one mode, so it follows from `trading_mode`."""
        return ISOLATED if self.trading_mode == FUTURES else ""


def trading_of(exchange: str, dry_run: bool) -> Trading:
    """How such a bot trades, for good."""
    if dry_run:
        return "dry_run"
    return "paper_live" if exchange == PAPER else "live"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a request amounts to, and what is wrong with it."""

    spec: BotSpec | None
    """None where one of its values cannot be used. No bot can be made of it while there are problems."""
    problems: tuple[InvalidSpec, ...]
    """Each names its field."""


def trading_modes(exchange: str) -> tuple[str, ...]:
    """How a bot may trade there."""
    return (SPOT, FUTURES) if exchange == PAPER else (SPOT,)


def resolve(template: Template, request: BotRequest) -> BotSpec:
    """The spec that the request amounts to. Raises InvalidSpec; `params["field"]` names the field."""
    found = resolution(template, request)
    if found.spec is None or found.problems:
        raise found.problems[0]
    return found.spec


def resolution(template: Template, request: BotRequest) -> Resolution:
    """The same with everything that is wrong, as far as one value can be judged without another."""
    problems: list[InvalidSpec] = []

    def fit(check: Callable[..., T], *values: Any) -> T | None:
        try:
            return check(*values)
        except InvalidSpec as problem:
            problems.append(problem)
            return None

    defaults, mode = template.defaults, _or(request.trading_mode, SPOT)
    fit(_check_strategy, template, request)
    values: dict[str, Any] = {
        "stake_currency": fit(_check_currency, _or(request.stake_currency, defaults.stake_currency)),
        "stake_amount": fit(_check_money, "stake_amount", _or(request.stake_amount, defaults.stake_amount)),
        "max_open_trades": fit(_check_count, _or(request.max_open_trades, defaults.max_open_trades)),
        "starting_balance": fit(
            _check_money, "starting_balance", _or(request.starting_balance, defaults.starting_balance)
        ),
    }
    if None not in values.values():
        fit(_check_affordable, *values.values())
    values["exchange"] = fit(_check_exchange, _or(request.exchange, defaults.exchange))
    values["trading_mode"] = fit(_check_trading_mode, mode, values["exchange"] or PAPER)
    if mode in (SPOT, FUTURES):
        fit(_check_margin_mode, request.margin_mode, mode)
    fit(check_name, request.name)
    values["timeframe"] = fit(_check_timeframe, _or(request.timeframe, defaults.timeframe))
    pairs, given = _or(request.pairs, _traded(defaults.pairs, mode)), request.parameters or {}
    unusable = list(_parameter_problems(template, given))
    if mode in (SPOT, FUTURES) and values["stake_currency"] is not None:
        unusable += _pair_problems(pairs, values["stake_currency"], mode)
    problems += unusable
    if unusable or None in values.values():
        return Resolution(None, tuple(problems))
    spec = BotSpec(
        name=request.name,
        template=template.name,
        parameters=_parameters(template, given),
        dry_run=_or(request.dry_run, True),
        pairs=list(pairs),
        wake_on_need=_or(request.wake_on_need, True),
        strategy_id=request.strategy_id,
        strategy_version_id=request.strategy_version_id,
        **values,
    )
    return Resolution(spec, tuple(problems))


def check_name(name: str) -> str:
    """A bot's name: 1 to 64 printable characters that are no path. Raises InvalidSpec."""
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise InvalidSpec(f"name must have 1 to {MAX_NAME_LENGTH} characters; this one has {len(name)}.", field="name")
    if not name.isprintable():
        raise InvalidSpec("name must be printable: remove control characters and line breaks.", field="name")
    if name != name.strip():
        raise InvalidSpec("name must not begin or end with a space; remove it.", field="name")
    if name.startswith(".") or "/" in name or "\\" in name:
        raise InvalidSpec("name must not look like a path: remove leading dots and all slashes.", field="name")
    return name


def _check_strategy(template: Template, request: BotRequest) -> None:
    """A template is a strategy with its configuration: it is one or the other."""
    if template.name == OWN_STRATEGY and (request.strategy_id is None or request.strategy_version_id is None):
        raise InvalidSpec("Name the strategy of your own that the bot shall run.", field="strategy")
    if template.name != OWN_STRATEGY and request.strategy_id is not None:
        raise InvalidSpec("A template has its own strategy: name a template or a strategy.", field="strategy")


def _or(value: T | None, default: T) -> T:
    return default if value is None else value


def _check_exchange(exchange: str) -> str:
    if exchange != PAPER and exchange not in EXCHANGE_IDS:
        raise InvalidSpec(
            f"exchange {exchange[:40]!r} is not known; use 'paper' or an exchange id of ccxt such as 'binance'.",
            field="exchange",
        )
    return exchange


def _check_trading_mode(trading_mode: str, exchange: str) -> str:
    if trading_mode not in (SPOT, FUTURES):
        raise InvalidSpec("trading_mode must be 'spot' or 'futures'.", field="trading_mode")
    if trading_mode not in trading_modes(exchange):
        raise InvalidSpec(
            "trading_mode must be 'spot' on this exchange: futures are offered on the paper exchange only, for now.",
            field="trading_mode",
        )
    return trading_mode


def _check_margin_mode(margin_mode: str | None, trading_mode: str) -> None:
    if trading_mode == FUTURES and margin_mode not in (None, ISOLATED):
        raise InvalidSpec("margin_mode must be 'isolated': cross margin is not offered yet.", field="margin_mode")
    if trading_mode == SPOT and margin_mode:
        raise InvalidSpec(
            "margin_mode is for futures; leave it out, or set trading_mode to 'futures'.", field="margin_mode"
        )


def _traded(pairs: Sequence[str], trading_mode: str) -> list[str]:
    """A template names pairs as spot does; their perpetuals are margined in the quote currency."""
    if trading_mode == SPOT:
        return list(pairs)
    return [pair if ":" in pair else f"{pair}:{pair.partition('/')[2]}" for pair in pairs]


def _check_timeframe(timeframe: str) -> str:
    if timeframe not in TIMEFRAMES:
        raise InvalidSpec(
            f"timeframe {timeframe[:10]!r} is not known; use one of {', '.join(TIMEFRAMES)}.", field="timeframe"
        )
    return timeframe


def _check_currency(currency: str) -> str:
    if not _CURRENCY.fullmatch(currency):
        raise InvalidSpec("stake_currency must be a currency code in capitals such as USDT.", field="stake_currency")
    return currency


def _pair_problems(pairs: list[str], stake_currency: str, trading_mode: str) -> Iterator[InvalidSpec]:
    futures = trading_mode == FUTURES
    form = "BASE/QUOTE:QUOTE" if futures else "BASE/QUOTE"
    ending = f"/{stake_currency}:{stake_currency}" if futures else f"/{stake_currency}"
    if not pairs:
        yield InvalidSpec(f"pairs is empty; name at least one, such as BTC{ending}.", field="pairs")
    if len(pairs) > MAX_PAIRS:
        yield InvalidSpec(f"pairs has {len(pairs)} entries; a bot takes at most {MAX_PAIRS}.", field="pairs")
        return
    seen: set[str] = set()
    for pair in pairs:
        match = _PAIR.fullmatch(pair)
        if match is None or (match["settle"] is not None) != futures:
            yield InvalidSpec(
                f"pair {pair[:50]!r} is not of the form {form} that {trading_mode} has, such as BTC{ending}.",
                field="pairs",
            )
        elif match["quote"] != stake_currency or match["settle"] not in (None, stake_currency):
            yield InvalidSpec(
                f"pair {pair} is not traded in {stake_currency}; name pairs ending in {ending} "
                "or change stake_currency.",
                field="pairs",
            )
        elif pair in seen:
            yield InvalidSpec(f"pair {pair} is named twice; remove one.", field="pairs")
        seen.add(pair)


def _check_money(field: str, amount: Decimal) -> Decimal:
    if not amount.is_finite():
        raise InvalidSpec(f"{field} must be a finite number.", field=field)
    if amount <= 0:
        raise InvalidSpec(f"{field} must be greater than 0.", field=field)
    if amount > MAX_MONEY:
        raise InvalidSpec(f"{field} must be at most {MAX_MONEY:f}.", field=field)
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > MAX_DECIMALS:
        raise InvalidSpec(f"{field} must have at most {MAX_DECIMALS} decimals.", field=field)
    return amount


def _check_count(count: int) -> int:
    if not 1 <= count <= MAX_OPEN_TRADES:
        raise InvalidSpec(f"max_open_trades must be between 1 and {MAX_OPEN_TRADES}.", field="max_open_trades")
    return count


def _check_affordable(currency: str, stake: Decimal, count: int, balance: Decimal) -> None:
    if stake > balance:
        raise InvalidSpec(
            f"stake_amount {stake:f} {currency} is above starting_balance {balance:f} {currency}; "
            "lower the one or raise the other.",
            field="stake_amount",
        )
    if stake * count > balance:
        raise InvalidSpec(
            f"stake_amount {stake:f} {currency} for {count} open trades takes {stake * count:f} {currency}, above "
            f"starting_balance {balance:f} {currency}; lower one of the two or raise starting_balance.",
            field="stake_amount",
        )


def _parameter_problems(template: Template, given: dict[str, Any]) -> Iterator[InvalidSpec]:
    endless = [name for name, value in given.items() if isinstance(value, float) and not math.isfinite(value)]
    for name in endless:
        yield InvalidSpec(f"parameter {name[:64]} must be a finite number.", field=f"parameters.{name[:64]}")
    if endless:  # which the schema cannot judge
        return
    validator = Draft202012Validator(template.parameters)
    violations = sorted(validator.iter_errors(given), key=lambda violation: [str(part) for part in violation.path])
    found = [one for violation in violations for one in _parameter_problem(template, given, violation)]
    for number, problem in enumerate(found):  # one for each parameter, whatever of its schema it breaks
        if problem.params["field"] not in {one.params["field"] for one in found[:number]}:
            yield problem


def _parameters(template: Template, given: dict[str, Any]) -> dict[str, Any]:
    """All of the template's, those that were given in their place."""
    return template.parameter_defaults | {name: _normalised(template, name, value) for name, value in given.items()}


def _normalised(template: Template, name: str, value: Any) -> Any:
    """JSON schema lets 14.0 pass for an integer; a strategy would use it as a length."""
    return int(value) if template.parameters["properties"][name]["type"] == "integer" else value


def _parameter_problem(template: Template, given: dict[str, Any], violation: SchemaViolation) -> Iterator[InvalidSpec]:
    properties = template.parameters["properties"]
    if not violation.path:
        known = ", ".join(properties)
        for name in [one[:64] for one in sorted(set(given) - set(properties))] or [""]:
            yield InvalidSpec(
                f"template {template.name} has no parameter {name!r}; it has: {known}.", field=f"parameters.{name}"
            )
        return
    name = str(violation.path[0])
    entry = properties[name]
    wanted = f"a value of type {entry['type']}"
    if "enum" in entry:
        wanted = "one of " + ", ".join(str(choice) for choice in entry["enum"])
    elif "minimum" in entry:
        kind = "a whole number" if entry["type"] == "integer" else "a number"
        wanted = f"{kind} between {entry['minimum']} and {entry['maximum']}"
    yield InvalidSpec(
        f"parameter {name} must be {wanted}; {str(given[name])[:40]!r} is not.", field=f"parameters.{name}"
    )
