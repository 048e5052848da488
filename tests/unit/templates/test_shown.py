"""What is shown of a configuration is what a pool makes, without secrets, and says of every value where it is from."""

from typing import Any

import pytest

from orchestrator.errors import InvalidSpec
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.own import OWN
from orchestrator.templates.render import render
from orchestrator.templates.shown import DIRECTORY, HIDDEN, Origin, Shown, given_of, origins, shown
from orchestrator.templates.spec import BotRequest, resolve, trading_of
from pool.contract.configuration import ConfigurationRefused
from pool.contract.slots import DesiredState, SlotSpec, StrategySource
from tests.fakes.composed import composed

CHANGES: list[dict[str, Any]] = [
    {},
    {"pairs": ["ETH/USDT"], "timeframe": "1h", "stake_amount": 20, "max_open_trades": 5, "starting_balance": 100},
    {"trading_mode": "futures"},
    {"dry_run": False},
    {"dry_run": False, "exchange": "binance"},
    {"exchange": "kraken"},
]
SOURCE = StrategySource(class_name="Mine", source="class Mine: pass")


def look(catalogue: Catalogue, template: str, change: dict[str, Any], **options: Any) -> Shown:
    found = catalogue.get(template)
    spec = resolve(found, BotRequest(name="one", template=template, **change))
    return shown(found, spec, render(found, spec), origins(found, change), **options)


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("template", ["trend", "mean_reversion", "breakout"])
def test_it_is_what_a_pool_starts_the_bot_with(
    catalogue: Catalogue, template: str, change: dict[str, Any], paused: bool
) -> None:
    found = catalogue.get(template)
    spec = resolve(found, BotRequest(name="one", template=template, **change))
    rendered = render(found, spec)
    desired = DesiredState.PAUSED if paused else DesiredState.RUNNING
    trading = trading_of(spec.exchange, spec.dry_run)
    slot = SlotSpec(
        epoch=3, generation=2, desired=desired, exchange=spec.exchange, trading=trading, config=rendered.config,
        strategy=rendered.strategy, governed=True,
    )  # fmt: skip
    told = look(catalogue, template, change, bot_id="bot-1", paused=paused)
    assert told.configuration == composed(slot, "bot-1")
    assert "bot-1" not in str(look(catalogue, template, change).configuration)


def test_every_value_says_where_it_is_from_and_which_field_decides_it(catalogue: Catalogue) -> None:
    change = {"pairs": ["ETH/USDT"], "timeframe": "1h", "parameters": {"ema_fast": 5, "stoploss": -0.03}}
    told = look(catalogue, "trend", change)
    by_path = {one.path: (one.origin, one.field) for one in told.sources}
    assert len(by_path) == len(told.sources)
    assert by_path["exchange.pair_whitelist"] == (Origin.REQUEST, "pairs")
    assert by_path["timeframe"] == (Origin.REQUEST, "timeframe")
    assert by_path["stoploss"] == (Origin.REQUEST, "parameters.stoploss")
    assert by_path["flotilla_parameters.ema_fast"] == (Origin.REQUEST, "parameters.ema_fast")
    assert by_path["flotilla_parameters.ema_slow"] == (Origin.TEMPLATE, "parameters.ema_slow")
    assert by_path["stake_amount"] == (Origin.TEMPLATE, "stake_amount")
    assert by_path["dry_run_wallet"] == (Origin.TEMPLATE, "starting_balance")
    assert by_path["trading_mode"] == (Origin.DEFAULT, "trading_mode")
    assert by_path["strategy"] == (Origin.TEMPLATE, "template")
    assert by_path["entry_pricing.price_side"] == (Origin.TEMPLATE, None)
    pools = {path for path, (origin, _) in by_path.items() if origin is Origin.POOL}
    assert pools == {
        "bot_name", "initial_state", "strategy_path", "user_data_dir", "db_url", "log_config", "force_entry_enable",
        "internals", "exchange.enable_ws", "exchange.only_from_ccxt", "exchange._ft_has_params.ohlcv_candle_limit",
        "exchange.ccxt_config.urls.api",
    }  # fmt: skip


def test_what_a_strategy_of_ones_own_says_is_told_apart(catalogue: Catalogue) -> None:
    request = BotRequest(name="one", template="own", strategy_id="s", strategy_version_id="s.1", timeframe="15m")
    spec = resolve(OWN, request)
    told = shown(OWN, spec, render(OWN, spec, SOURCE), origins(OWN, {}, ["timeframe"]))
    by_path = {one.path: (one.origin, one.field) for one in told.sources}
    assert by_path["timeframe"] == (Origin.STRATEGY, "timeframe")
    assert by_path["strategy"] == (Origin.STRATEGY, "strategy")
    assert by_path["max_open_trades"] == (Origin.DEFAULT, "max_open_trades")
    assert told.configuration["strategy"] == "Mine"


def test_a_key_is_hidden_wherever_it_stands(catalogue: Catalogue) -> None:
    trend = catalogue.get("trend")
    spec = resolve(trend, BotRequest(name="one", template="trend", dry_run=False, exchange="binance"))
    rendered = render(trend, spec)
    rendered.config["flotilla_parameters"] |= {"api_token": "abc", "deep": [{"password": "def"}], "tokens": 3}
    told = shown(trend, spec, rendered, origins(trend, {})).configuration
    assert (told["exchange"]["key"], told["exchange"]["secret"]) == (HIDDEN, HIDDEN)
    assert told["flotilla_parameters"]["api_token"] == HIDDEN
    assert told["flotilla_parameters"]["deep"] == [{"password": HIDDEN}]
    assert told["flotilla_parameters"]["tokens"] == 3
    assert told["db_url"] == f"sqlite:///{DIRECTORY}/tradesv3.live.sqlite"


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_bot_was_asked_for_is_found_again(catalogue: Catalogue, change: dict[str, Any]) -> None:
    trend = catalogue.get("trend")
    asked = {**change, "parameters": {"ema_fast": 5}}
    spec = resolve(trend, BotRequest(name="one", template="trend", **asked))
    given = given_of(trend, spec)
    assert given.keys() == asked.keys()
    assert resolve(trend, BotRequest.model_validate({"name": "one", "template": "trend", **given})) == spec


def test_what_no_pool_starts_is_said(catalogue: Catalogue) -> None:
    trend = catalogue.get("trend")
    spec = resolve(trend, BotRequest(name="one", template="trend"))
    rendered = render(trend, spec)
    rendered.config["pairlists"] = [{"method": "RemotePairList"}]
    with pytest.raises(ConfigurationRefused, match="other servers"):
        shown(trend, spec, rendered, origins(trend, {}))
    with pytest.raises(InvalidSpec):
        resolve(trend, BotRequest(name="one", template="trend", exchange="nowhere"))
