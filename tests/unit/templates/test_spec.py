"""Requests become specs, or a sentence that names the field and what to change."""

from decimal import Decimal
from typing import Any

import pytest

from orchestrator.errors import InvalidSpec
from orchestrator.templates.catalogue import Catalogue, Template
from orchestrator.templates.spec import BotRequest, resolution, resolve


@pytest.fixture
def trend(catalogue: Catalogue) -> Template:
    return catalogue.get("trend")


def test_a_name_and_a_template_are_enough(trend: Template) -> None:
    spec = resolve(trend, BotRequest(name="first", template="trend"))
    assert spec.exchange == "paper"
    assert spec.trading_mode == "spot"
    assert spec.dry_run is True
    assert spec.pairs == list(trend.defaults.pairs)
    assert spec.parameters == trend.parameter_defaults
    assert spec.stake_amount * spec.max_open_trades <= spec.starting_balance


def test_given_parameters_replace_defaults_one_by_one(trend: Template) -> None:
    spec = resolve(trend, BotRequest(name="first", template="trend", parameters={"ema_fast": 5.0}))
    assert spec.parameters["ema_fast"] == 5
    assert isinstance(spec.parameters["ema_fast"], int)
    assert spec.parameters["ema_slow"] == trend.parameter_defaults["ema_slow"]


def test_futures_trade_the_perpetuals_of_the_templates_pairs(trend: Template) -> None:
    spec = resolve(trend, BotRequest(name="first", template="trend", trading_mode="futures"))
    assert spec.pairs == [f"{pair}:USDT" for pair in trend.defaults.pairs]
    assert spec.margin_mode == "isolated"
    again = BotRequest.model_validate(spec.model_dump())
    assert resolve(trend, again) == spec, "as when a bot is changed"


@pytest.mark.parametrize("name", ["a", "Trend 1", "x" * 64, "Größe-1", "mein~bot", "a.b"])
def test_good_names(trend: Template, name: str) -> None:
    assert resolve(trend, BotRequest(name=name, template="trend")).name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 65,
        " a",
        "a ",
        ".hidden",
        "..",
        "../up",
        "a/b",
        "a\\b",
        "/etc/passwd",
        "a\nb",
        "a\x00b",
        "a\x1b[31m",
        "a\u202eb",
    ],
)
def test_bad_names(trend: Template, name: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        resolve(trend, BotRequest(name=name, template="trend"))
    assert caught.value.params["field"] == "name"


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"parameters": {"ema_fast": 2}}, "parameters.ema_fast", "between 3 and 20"),
        ({"parameters": {"ema_fast": 21}}, "parameters.ema_fast", "between 3 and 20"),
        ({"parameters": {"ema_fast": 5.5}}, "parameters.ema_fast", "whole number"),
        ({"parameters": {"ema_fast": True}}, "parameters.ema_fast", "whole number"),
        ({"parameters": {"ema_fast": "9"}}, "parameters.ema_fast", "whole number"),
        ({"parameters": {"ema_fast": None}}, "parameters.ema_fast", "whole number"),
        ({"parameters": {"stoploss": float("nan")}}, "parameters.stoploss", "finite"),
        ({"parameters": {"stoploss": float("-inf")}}, "parameters.stoploss", "finite"),
        ({"parameters": {"stoploss": 0.1}}, "parameters.stoploss", "between"),
        ({"parameters": {"api_server": {}}}, "parameters.api_server", "it has: ema_fast"),
        ({"exchange": "binnance"}, "exchange", "paper"),
        ({"trading_mode": "margin"}, "trading_mode", "'futures'"),
        ({"trading_mode": "futures", "exchange": "binance"}, "trading_mode", "paper exchange only"),
        ({"trading_mode": "futures", "margin_mode": "cross"}, "margin_mode", "isolated"),
        ({"margin_mode": "isolated"}, "margin_mode", "'futures'"),
        ({"trading_mode": "futures", "pairs": ["BTC/USDT"]}, "pairs", "BTC/USDT:USDT"),
        ({"trading_mode": "futures", "pairs": ["BTC/USDT:BTC"]}, "pairs", "/USDT:USDT"),
        ({"pairs": []}, "pairs", "at least one"),
        ({"pairs": ["BTC/USDT", "BTC/USDT"]}, "pairs", "twice"),
        ({"pairs": ["BTCUSDT"]}, "pairs", "BASE/QUOTE"),
        ({"pairs": [".*/USDT"]}, "pairs", "BASE/QUOTE"),
        ({"pairs": ["BTC/USDT:USDT"]}, "pairs", "BASE/QUOTE"),
        ({"pairs": ["BTC/EUR"]}, "pairs", "/USDT"),
        ({"pairs": [f"C{n}/USDT" for n in range(201)]}, "pairs", "at most 200"),
        ({"timeframe": "7m"}, "timeframe", "1m"),
        ({"stake_currency": "usdt"}, "stake_currency", "capitals"),
        ({"stake_amount": Decimal(0)}, "stake_amount", "greater than 0"),
        ({"stake_amount": Decimal("-1")}, "stake_amount", "greater than 0"),
        ({"stake_amount": Decimal("NaN")}, "stake_amount", "finite"),
        ({"stake_amount": Decimal("1e-19")}, "stake_amount", "18 decimals"),
        ({"starting_balance": Decimal("Infinity")}, "starting_balance", "finite"),
        ({"starting_balance": Decimal("1e16")}, "starting_balance", "at most"),
        ({"stake_amount": Decimal(1001)}, "stake_amount", "starting_balance"),
        ({"stake_amount": Decimal(100), "max_open_trades": 11}, "stake_amount", "lower one of the two"),
        ({"max_open_trades": 0}, "max_open_trades", "between 1"),
    ],
)
def test_bad_requests_name_field_and_remedy(trend: Template, change: dict[str, Any], field: str, says: str) -> None:
    request = BotRequest(name="first", template="trend", **change)
    with pytest.raises(InvalidSpec) as caught:
        resolve(trend, request)
    assert caught.value.params["field"] == field
    assert says in caught.value.message


def test_a_stake_that_fits_exactly_is_taken(trend: Template) -> None:
    request = BotRequest(
        name="first",
        template="trend",
        stake_amount=Decimal("33.333333333333333333"),
        max_open_trades=3,
        starting_balance=Decimal("99.999999999999999999"),
    )
    assert resolve(trend, request).stake_amount == Decimal("33.333333333333333333")


def test_all_that_is_wrong_is_told_at_once_and_what_does_not_hang_on_it_is_judged_too(trend: Template) -> None:
    request = BotRequest(
        name="a/b", template="trend", exchange="binnance", margin_mode="cross", timeframe="7m",
        stake_amount=Decimal(0), max_open_trades=0, starting_balance=Decimal(-1), pairs=["BTC", "BTC/EUR", "ETH/USDT"],
        parameters={"ema_fast": 25.5, "stoploss": 7, "no_such": 1, "neither": 2},
    )  # fmt: skip
    found = resolution(trend, request)
    assert found.spec is None
    assert [problem.params["field"] for problem in found.problems] == [
        "stake_amount", "max_open_trades", "starting_balance", "exchange", "margin_mode", "name", "timeframe",
        "parameters.neither", "parameters.no_such", "parameters.ema_fast", "parameters.stoploss", "pairs", "pairs",
    ]  # fmt: skip
    with pytest.raises(InvalidSpec) as caught:
        resolve(trend, request)
    assert caught.value.message == found.problems[0].message


def test_a_name_or_a_balance_that_will_not_do_hides_no_other_value(trend: Template) -> None:
    found = resolution(trend, BotRequest(name="", template="trend", stake_amount=Decimal(900), timeframe="5m"))
    assert [problem.params["field"] for problem in found.problems] == ["stake_amount", "name"]
    good = resolve(trend, BotRequest(name="one", template="trend", timeframe="5m"))
    assert found.spec == good.model_copy(update={"name": "", "stake_amount": Decimal(900)})
