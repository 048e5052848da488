"""A real backtest runs from what the gateway kept, with nothing downloaded; the real gateway as a process."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zipfile import ZipFile

import ccxt
import pytest

from pool.bot.config import compose
from pool.contract.slots import DesiredState, SlotSpec, StrategySource
from pool.exchange.gateway.candles.files import read
from pool.exchange.gateway.candles.series import Series
from pool.settings import PoolSettings
from tests.process.bot.gateways import Gateway
from tests.process.bot.harness import BUYER, PRICING, ROOT, Exchange, paper_exchange
from tests.support import PATIENT_SECONDS

PAIR = "BTC/USDT"
HOUR = 3_600_000
CANDLES = 600
SOURCE = BUYER.replace('minimal_roi = {"0": 10}', 'minimal_roi = {"0": 0.005}').replace("-0.9", "-0.01")


def asked(gateway: Gateway, **query: Any) -> dict[str, Any]:
    told = urlencode({"exchange": "paper", "pair": PAIR, **query})
    with urllib.request.urlopen(f"{gateway.url}/v1/candles?{told}", timeout=PATIENT_SECONDS) as response:
        return dict(json.load(response))


def spec() -> SlotSpec:
    config = {
        "max_open_trades": 1,
        "stake_currency": "USDT",
        "stake_amount": 50,
        "dry_run_wallet": 1000,
        "timeframe": "1m",
        "entry_pricing": PRICING,
        "exit_pricing": PRICING,
        "exchange": {"pair_whitelist": [PAIR]},
        "pairlists": [{"method": "StaticPairList"}],
    }
    strategy = StrategySource(class_name="Buyer", source=SOURCE)
    return SlotSpec(
        epoch=1, generation=1, desired=DesiredState.RUNNING, exchange="paper", config=config, strategy=strategy
    )


def backtest(home: Path, data: Path, exchange: Exchange) -> list[dict[str, Any]]:
    """Its trades."""
    (home / "strategy").mkdir(parents=True)
    (home / "strategy" / "Buyer.py").write_text(SOURCE)
    settings = PoolSettings(pool_id="p", paper_exchange_url=exchange.url)
    config = compose(spec(), home, settings, ccxt.binance().urls["api"])
    del config["log_config"]
    (home / "config.json").write_text(json.dumps(config))
    (home / "backtest_results").mkdir()
    command = [sys.executable, "-m", "freqtrade", "backtesting", "--config", str(home / "config.json")]
    places = ["--userdir", str(home), "--datadir", str(data), "--export", "trades", "--cache", "none", "--fee", "0.001"]
    done = subprocess.run(
        [*command, *places], cwd=ROOT, capture_output=True, text=True, timeout=PATIENT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    (found,) = (home / "backtest_results").glob("*.zip")
    with ZipFile(found) as archive:
        result = json.loads(archive.read(f"{found.stem}.json"))
    trades: list[dict[str, Any]] = result["strategy"]["Buyer"]["trades"]
    return trades


def test_a_backtest_runs_from_the_candles_that_the_gateway_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOTILLA_GATEWAY_CANDLES_PATIENCE_SECONDS", str(PATIENT_SECONDS))
    begin = int(time.time() * 1000) // HOUR * HOUR - 24 * HOUR
    with paper_exchange(tmp_path / "exchange") as exchange:
        gateway = Gateway(tmp_path / "gateway", exchange.url)
        gateway.start()
        try:
            page = asked(gateway, timeframe="1m", since=begin, limit=CANDLES)
        finally:
            gateway.stop()
        assert len(page["rows"]) == CANDLES
        data = tmp_path / "gateway" / "candles" / "paper"
        kept = read(data / "BTC_USDT-1m.feather", Series.of("paper", PAIR, "1m"))
        assert kept is not None
        assert kept.rows()[:CANDLES] == page["rows"]
        trades = backtest(tmp_path / "home", data, exchange)
    opens = {row[0]: row[1] for row in kept.rows()}
    assert len(trades) > 1
    assert all(trade["open_rate"] == opens[trade["open_timestamp"]] for trade in trades)
