"""Each template under real FreqTrade: it loads, gets its parameters, and enters often enough to watch."""

from pathlib import Path
from typing import Any

import ccxt
import numpy as np
import pytest
from freqtrade.configuration.config_validation import validate_config_consistency, validate_config_schema
from freqtrade.enums import RunMode
from freqtrade.plugins.protectionmanager import ProtectionManager
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy
from pandas import DataFrame, date_range

from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.exchange_ids import EXCHANGE_IDS
from orchestrator.templates.render import render
from orchestrator.templates.spec import BotRequest, resolve
from pool.exchange.simulator.intervals import INTERVALS
from pool.exchange.simulator.listings import make_listings
from pool.exchange.simulator.market import Market

NAMES = ["breakout", "mean_reversion", "trend"]
METADATA = {"pair": "BTC/USDT"}
CANDLES = 1500
CANDLE_LIMIT = 260
"""What a pool asks the paper exchange for."""


def load(
    catalogue: Catalogue, directory: Path, name: str, parameters: dict[str, Any] | None = None, *, told: bool = True
) -> IStrategy:
    """The strategy as a bot loads it: from a file, with its rendered configuration."""
    template = catalogue.get(name)
    rendered = render(template, resolve(template, BotRequest(name="b", template=name, parameters=parameters)))
    (directory / f"{rendered.strategy.class_name}.py").write_text(rendered.strategy.source)
    config: dict[str, Any] = {
        **rendered.config,
        "strategy_path": str(directory),
        "user_data_dir": directory,
        "runmode": RunMode.DRY_RUN,
        "internals": {},
        "dataformat_ohlcv": "feather",
        "dataformat_trades": "feather",
        "last_stake_amount_min_ratio": 0.5,
    }
    if not told:
        for key in ("flotilla_parameters", "stoploss", "minimal_roi"):
            del config[key]
        config["runmode"] = RunMode.OTHER
    validate_config_schema(config)
    strategy = StrategyResolver.load_strategy(config)
    validate_config_consistency(config)
    strategy.ft_bot_start()
    return strategy


def walk(seed: int, drift: float = 0.0, volatility: float = 0.0007) -> DataFrame:
    """One-minute candles of a random walk; drift and volatility per candle."""
    random = np.random.default_rng(seed)
    ticks = 6
    steps = random.normal(drift / ticks, volatility / ticks**0.5, CANDLES * ticks)
    prices = 100 * np.exp(np.cumsum(steps)).reshape(CANDLES, ticks)
    return DataFrame(
        {
            "date": date_range("2026-01-01", periods=CANDLES, freq="1min", tz="UTC"),
            "open": prices[:, 0],
            "high": prices.max(axis=1),
            "low": prices.min(axis=1),
            "close": prices[:, -1],
            "volume": random.gamma(2, 10, CANDLES),
        }
    )


def analysed(strategy: IStrategy, candles: DataFrame) -> DataFrame:
    frame = strategy.advise_indicators(candles.copy(), METADATA)
    return strategy.advise_exit(strategy.advise_entry(frame, METADATA), METADATA)


def entries(strategy: IStrategy, candles: DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return (analysed(strategy, candles)["enter_long"] == 1).to_numpy()


@pytest.mark.parametrize("name", NAMES)
def test_freqtrade_loads_it(catalogue: Catalogue, tmp_path: Path, name: str) -> None:
    strategy = load(catalogue, tmp_path, name)
    assert strategy.INTERFACE_VERSION == 3
    assert strategy.startup_candle_count < CANDLE_LIMIT - 50
    assert -0.05 <= strategy.stoploss < 0
    ProtectionManager.validate_protections(strategy.protections)


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [("trend", "ema_slow", 55), ("mean_reversion", "rsi_exit", 80), ("breakout", "exit_channel", 7)],
)
def test_parameters_reach_the_strategy(
    catalogue: Catalogue, tmp_path: Path, name: str, parameter: str, value: int
) -> None:
    strategy = load(catalogue, tmp_path, name, {parameter: value, "stoploss": -0.123, "take_profit": 0.456})
    assert getattr(strategy, parameter).value == value
    assert strategy.stoploss == -0.123
    assert strategy.minimal_roi[0] == 0.456


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_one_of_the_strategy_with_the_same_default(
    catalogue: Catalogue, tmp_path: Path, name: str
) -> None:
    """Somebody who runs the file without Flotilla gets what the schema promises."""
    template = catalogue.get(name)
    alone = load(catalogue, tmp_path, name, told=False)
    own = {parameter.name: parameter.value for _, parameter in alone.enumerate_parameters()}
    expected = {
        key: value for key, value in template.parameter_defaults.items() if key not in template.parameters_in_config
    }
    assert own == expected
    assert alone.stoploss == template.parameter_defaults["stoploss"]
    assert alone.minimal_roi[0] == template.parameter_defaults["take_profit"]


@pytest.mark.parametrize("name", NAMES)
def test_it_does_not_look_ahead(catalogue: Catalogue, tmp_path: Path, name: str) -> None:
    strategy = load(catalogue, tmp_path, name)
    candles = walk(7)
    whole = analysed(strategy, candles)
    for end in (400, 777, 1234):
        part = analysed(strategy, candles.iloc[:end])
        for column in ("enter_long", "exit_long"):
            seen = part[column].fillna(0).to_numpy()
            assert (seen == whole[column].fillna(0).to_numpy()[:end]).all()


def paper_market(seed: int, pairs: tuple[str, ...]) -> list[DataFrame]:
    """Candles of the paper exchange's own market model."""
    market = Market(seed, *make_listings(200))
    minute = INTERVALS["1m"]
    now = 1_795_200_000 + seed * 1_000_000
    last = minute.index(now) - 1
    frames = []
    for pair in pairs:
        symbol = pair.replace("/", "")
        tick, lot = float(market.listings[symbol].tick), float(market.listings[symbol].lot)
        bars = market.bars(symbol, minute, last - CANDLES + 1, last, now)
        dates = date_range("2026-01-01", periods=CANDLES, freq="1min", tz="UTC")
        prices = {name: getattr(bars, name) * tick for name in ("open", "high", "low", "close")}
        frames.append(DataFrame({"date": dates, **prices, "volume": bars.volume * lot}))
    return frames


@pytest.mark.parametrize("market", ["random walk", "paper exchange"])
def test_the_fleet_trades_within_minutes(catalogue: Catalogue, tmp_path: Path, market: str) -> None:
    """In most minutes one of the demo bots finds an entry on one of its ten pairs; none of them does all the time."""
    pairs = catalogue.get("trend").defaults.pairs
    frames = paper_market(11, pairs) if market == "paper exchange" else [walk(seed) for seed in range(len(pairs))]
    minutes = np.zeros(CANDLES - CANDLE_LIMIT, dtype=bool)
    for name in NAMES:
        strategy = load(catalogue, tmp_path, name)
        for frame in frames:
            found = entries(strategy, frame)[CANDLE_LIMIT:]
            assert 0.005 < found.mean() < 0.1
            minutes |= found
    assert minutes.mean() > 0.55
    assert (minutes[:-1] | minutes[1:]).mean() > 0.8


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_meets_an_exit_signal(catalogue: Catalogue, tmp_path: Path, name: str) -> None:
    """No trade hangs on for hours: even without stop and take-profit an exit comes."""
    frame = analysed(load(catalogue, tmp_path, name), walk(3))
    exits = np.flatnonzero(frame["exit_long"] == 1)
    entered = np.flatnonzero(frame["enter_long"] == 1)
    waits = [exits[exits > at][0] - at for at in entered if (exits > at).any()]
    assert np.median(waits) < 60


@pytest.mark.parametrize("name", ["breakout", "trend"])
def test_followers_stay_out_of_a_falling_market(catalogue: Catalogue, tmp_path: Path, name: str) -> None:
    strategy = load(catalogue, tmp_path, name)
    falling = entries(strategy, walk(5, drift=-0.0005)).mean()
    rising = entries(strategy, walk(5, drift=0.0005)).mean()
    assert falling < rising / 3


def test_the_kept_list_of_exchanges_is_ccxts() -> None:
    assert set(ccxt.exchanges) == EXCHANGE_IDS, "write orchestrator/templates/exchange_ids.py anew"
