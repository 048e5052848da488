"""Rendering is pure and lets nobody set what the pool owns; FreqTrade's schema has the last word."""

import copy
import json
from decimal import Decimal
from pathlib import Path

import pytest
from freqtrade.config_schema.config_schema import CONF_SCHEMA

import orchestrator.templates.render as render_module
from orchestrator.errors import TemplateBroken
from orchestrator.templates.catalogue import Catalogue, Template
from orchestrator.templates.render import render
from orchestrator.templates.spec import BotRequest, resolve

POOL_OWNS = {"api_server", "db_url", "user_data_dir", "datadir", "log_config", "logfile", "telegram", "internals"}


@pytest.fixture
def trend(catalogue: Catalogue) -> Template:
    return catalogue.get("trend")


def test_the_spec_decides(trend: Template) -> None:
    request = BotRequest(
        name="first",
        template="trend",
        parameters={"take_profit": 0.5, "stoploss": -0.1, "ema_fast": 5},
        pairs=["BTC/EUR"],
        stake_currency="EUR",
        stake_amount=Decimal("12.5"),
        max_open_trades=2,
        starting_balance=Decimal(100),
        timeframe="15m",
        exchange="kraken",
    )
    rendered = render(trend, resolve(trend, request))
    config = rendered.config
    assert config["exchange"] == {"name": "kraken", "pair_whitelist": ["BTC/EUR"], "pair_blacklist": []}
    assert config["minimal_roi"]["0"] == 0.5
    assert config["stoploss"] == -0.1
    assert config["flotilla_parameters"] == {"ema_fast": 5, "ema_slow": 34, "adx_min": 15}
    assert (config["stake_amount"], config["max_open_trades"], config["dry_run_wallet"]) == (12.5, 2, 100.0)
    assert (config["timeframe"], config["stake_currency"], config["dry_run"]) == ("15m", "EUR", True)
    assert "available_capital" not in config
    assert config["strategy"] == rendered.strategy.class_name == "TrendFollowing"
    assert rendered.strategy.source == trend.strategy_source


def test_futures_are_told_with_their_margin(trend: Template) -> None:
    futures = resolve(
        trend, BotRequest(name="first", template="trend", trading_mode="futures", pairs=["BTC/USDT:USDT"])
    )
    config = render(trend, futures).config
    assert (config["trading_mode"], config["margin_mode"]) == ("futures", "isolated")
    assert config["exchange"]["pair_whitelist"] == ["BTC/USDT:USDT"]
    assert "margin_mode" not in render(trend, resolve(trend, BotRequest(name="first", template="trend"))).config


def test_rendering_changes_nothing_and_repeats_itself(trend: Template) -> None:
    before = copy.deepcopy(trend)
    spec = resolve(trend, BotRequest(name="first", template="trend", parameters={"take_profit": 0.5}))
    first = render(trend, spec)
    first.config["minimal_roi"]["0"] = 9
    first.config["exchange"]["pair_whitelist"].clear()
    assert render(trend, spec).config["minimal_roi"]["0"] == 0.5
    assert render(trend, spec).config["exchange"]["pair_whitelist"] == list(trend.defaults.pairs)
    assert trend == before


def test_nothing_of_the_pools_is_in_it(catalogue: Catalogue) -> None:
    for template in catalogue.all():
        config = render(template, resolve(template, BotRequest(name="b", template=template.name))).config
        assert not config.keys() & POOL_OWNS
        assert not {"key", "secret", "ccxt_config", "ccxt_sync_config"} & config["exchange"].keys()
        assert "://" not in json.dumps(config)


def test_a_live_bot_has_its_share_of_the_account_and_no_more(trend: Template) -> None:
    spec = resolve(trend, BotRequest(name="first", template="trend", starting_balance=Decimal("512.5")))
    config = render(trend, spec.model_copy(update={"dry_run": False})).config
    assert (config["dry_run"], config["available_capital"]) == (False, 512.5)


@pytest.mark.parametrize("key", sorted(POOL_OWNS | {"exchange", "dry_run", "strategy_path", "flotilla_parameters"}))
def test_a_template_cannot_set_what_it_does_not_own(trend: Template, key: str) -> None:
    broken = trend.model_copy(update={"config": trend.config | {key: {}}})
    with pytest.raises(TemplateBroken, match=key):
        render(broken, resolve(trend, BotRequest(name="b", template="trend")))
    mapped = trend.model_copy(update={"parameters_in_config": {"ema_fast": f"{key}.x"}})
    with pytest.raises(TemplateBroken, match=key):
        render(mapped, resolve(trend, BotRequest(name="b", template="trend")))


def test_what_freqtrade_refuses_is_refused_here(trend: Template) -> None:
    broken = trend.model_copy(update={"config": trend.config | {"trailing_stop": "yes"}})
    with pytest.raises(TemplateBroken, match="trailing_stop"):
        render(broken, resolve(trend, BotRequest(name="b", template="trend")))


def test_the_kept_schema_is_the_installed_freqtrades() -> None:
    kept = json.loads(Path(render_module.__file__).with_name("freqtrade_schema.json").read_text())
    assert kept == json.loads(json.dumps(CONF_SCHEMA)), "export orchestrator/templates/freqtrade_schema.json anew"
