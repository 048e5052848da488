"""FreqTrade's own backtesting of one path of prices, as a process: its globals are nobody else's.

`python -m tests.process.bot.backtest DIRECTORY` reads `DIRECTORY/replay.json` with `config` (as FreqTrade takes it),
`policy` (a `PolicyInForce`), `before` by pair (candles of a minute: open, high, low, close) and, after these, `prices`
by pair: one flat candle for each, or such a list. It prints the exits it found.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.configuration import Configuration
from freqtrade.configuration.timerange import TimeRange
from freqtrade.enums import RunMode
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import LocalTrade

from pool.bot.universal.overlay import install
from pool.bot.universal.source import FixedRules
from pool.contract.policy import PolicyInForce

BEGIN = datetime(2026, 1, 5, 0, 10, tzinfo=UTC)


def candles_of(before: list[list[float]], prices: list[float | list[float]]) -> pd.DataFrame:
    bars = [*before, *(price if isinstance(price, list) else [price] * 4 for price in prices)]
    dates = pd.date_range(BEGIN, periods=len(bars), freq="1min").as_unit("ms")
    return pd.DataFrame(bars, columns=["open", "high", "low", "close"]).assign(volume=1000.0, date=dates)


def exits(directory: Path) -> list[dict[str, Any]]:
    """One for each filled exit order: pair, reason, candle, rate, and the share of what was entered."""
    given = json.loads((directory / "replay.json").read_text())
    (directory / "config.json").write_text(json.dumps(given["config"]))
    arguments = {"config": [str(directory / "config.json")], "user_data_dir": str(directory), "fee": 0.001}
    install(FixedRules(PolicyInForce.model_validate(given["policy"])))
    backtesting = Backtesting(Configuration(arguments, RunMode.BACKTEST).get_config())
    backtesting.futures_data = dict.fromkeys(given["prices"], pd.DataFrame())  # no funding, as in so short a while
    backtesting.funding_fee_timeframe_secs = 8 * 3600
    candles = {pair: candles_of(given["before"][pair], prices) for pair, prices in given["prices"].items()}
    backtesting.backtest_one_strategy(backtesting.strategylist[0], candles, TimeRange())
    return [found for trade in LocalTrade.bt_trades for found in _exits(trade)]


def _exits(trade: LocalTrade) -> list[dict[str, Any]]:
    entered = sum(order.safe_filled for order in trade.orders if order.ft_order_side == trade.entry_side)
    return [
        {
            "pair": trade.pair,
            "reason": order.ft_order_tag,
            "candle": round((order.order_filled_utc - BEGIN).total_seconds() / 60),
            "rate": order.safe_price,
            "share": order.safe_filled / entered,
        }
        for order in trade.orders
        if order.ft_order_side == trade.exit_side and order.safe_filled
    ]


if __name__ == "__main__":
    print(json.dumps(exits(Path(sys.argv[1]))))
