"""What FreqTrade's own backtesting makes of wicks and of entries that average the price, under universal rules."""

from pathlib import Path

import pytest

from tests.process.bot.futures import MarginAccount, perpetual
from tests.process.bot.harness import Bench, Exchange
from tests.process.bot.rules import policy
from tests.process.bot.test_backtest_same import LEVERAGE, STARTUP, prices_of, replay_backtest, spec_of

FEE = 0.001
RULES = policy(take_profit={"levels": [{"profit": "0.1"}]}, break_even={"trigger": "0.02"})
Ratios = list[float | tuple[float, float, float, float]]
WICK: Ratios = [1.000, 1.010, (1.010, 1.130, 1.010, 1.020), 1.020]
"""Flat candles, and one of open, high, low, close."""
AVERAGED: Ratios = [1.000, 1.000, 0.800, 0.800, 0.800, 0.930, 0.850, 0.850]
ADDING = """
    position_adjustment_enable = True
    max_entry_position_adjustment = 1

    def adjust_trade_position(self, trade, current_time, current_rate, current_profit, **asked):
        return trade.stake_amount * current_rate / trade.open_rate if current_profit < -0.3 else None
"""
"""At 0.8 as much again is bought: the open rate is 0.9 then."""


@pytest.mark.timeout(300)
def test_a_wick_pays_the_level_and_an_entry_that_averages_closes_nothing(
    bench: Bench, exchange: Exchange, tmp_path: Path
) -> None:
    account, spot = MarginAccount(exchange, 100_000), exchange.pairs[:4]
    wick, averaged, short_wick, short_averaged = (perpetual(pair) for pair in spot)
    prices = {
        wick: candles(account, spot[0], WICK),
        averaged: candles(account, spot[1], AVERAGED),
        short_wick: candles(account, spot[2], WICK, mirrored=True),
        short_averaged: candles(account, spot[3], AVERAGED, mirrored=True),
    }
    spec = spec_of(bench, spot, spot[2:], RULES)
    spec = spec.model_copy(
        update={"strategy": spec.strategy.model_copy(update={"source": spec.strategy.source + ADDING})}
    )
    before = {pair: [path[0]] * (STARTUP + 1) for pair, path in prices.items()}

    exits = replay_backtest(spec, exchange, tmp_path, before, prices)
    assert [(exit_["pair"], exit_["reason"], exit_["candle"]) for exit_ in exits] == [
        (wick, "flotilla:take_profit:1", 2),
        (averaged, "flotilla:break_even", 6),
        (short_wick, "flotilla:take_profit:1", 2),
        (short_averaged, "flotilla:break_even", 6),
    ]
    change = 0.1 / LEVERAGE
    rates = [exit_["rate"] / prices[exit_["pair"]][0][0] for exit_ in exits]
    assert rates[0] == pytest.approx((1 + change) * (1 + FEE) / (1 - FEE), rel=1e-3)
    assert rates[2] == pytest.approx((1 - change) * (1 - FEE) / (1 + FEE), rel=1e-3)


def candles(account: MarginAccount, pair: str, path: Ratios, *, mirrored: bool = False) -> list[list[float]]:
    """Open, high, low, close of each, in whole ticks."""
    ratios: list[float] = []
    for one in path:
        begun, high, low, end = one if isinstance(one, tuple) else (one, one, one, one)
        ratios += [2 - begun, 2 - low, 2 - high, 2 - end] if mirrored else [begun, high, low, end]
    rates = prices_of(account, pair, ratios)
    return [rates[first : first + 4] for first in range(0, len(rates), 4)]
