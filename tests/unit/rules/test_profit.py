"""Profit is FreqTrade's, to the digit, and the rate at a profit is its inverse."""

from datetime import UTC, datetime

import pytest
from freqtrade.enums import TradingMode
from freqtrade.persistence import LocalTrade
from hypothesis import given
from hypothesis import strategies as st

from pool.rules.position import Position
from pool.rules.profit import profit_ratio, rate_at_profit, reached

RATES = st.floats(1e-6, 1e6, allow_subnormal=False)
FEES = st.floats(0, 0.01)


@st.composite
def positions(draw: st.DrawFn) -> Position:
    amount = draw(st.floats(1e-4, 1e4))
    is_short = draw(st.booleans())
    return Position(
        is_short=is_short,
        open_rate=draw(RATES),
        amount=amount,
        amount_entered=amount,
        leverage=draw(st.sampled_from([1.0, 2.0, 3.0, 10.0, 50.0])),
        fee_open=draw(FEES),
        fee_close=draw(FEES),
        opened_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def freqtrade_trade(position: Position, mode: TradingMode) -> LocalTrade:
    return LocalTrade(
        pair="BTC/USDT:USDT",
        exchange="binance",
        trading_mode=mode,
        is_short=position.is_short,
        open_rate=position.open_rate,
        amount=position.amount,
        stake_amount=position.amount * position.open_rate / position.leverage,
        leverage=position.leverage,
        fee_open=position.fee_open,
        fee_close=position.fee_close,
        open_date=position.opened_at,
    )


@given(positions(), st.floats(0.01, 5.0))
def test_the_profit_is_that_of_freqtrade(position: Position, change: float) -> None:
    rate = position.open_rate * change
    spot = position.leverage == 1 and not position.is_short
    trade = freqtrade_trade(position, TradingMode.SPOT if spot else TradingMode.FUTURES)

    # FreqTrade multiplies in decimals and rounds to 8 places, so the last one may differ by one.
    assert profit_ratio(position, rate) == pytest.approx(trade.calc_profit_ratio(rate), abs=1.01e-8, rel=1e-12)


@given(positions(), st.floats(-0.9, 0.9))
def test_the_rate_at_a_profit_is_the_inverse(position: Position, profit: float) -> None:
    rate = rate_at_profit(position, profit)

    assert rate > 0
    assert profit_ratio(position, rate) == pytest.approx(profit, abs=2e-8)
    assert rate == pytest.approx(
        freqtrade_trade(position, TradingMode.FUTURES).calc_close_rate_for_roi(profit), rel=1e-6
    )


def test_a_short_earns_no_more_than_its_leverage() -> None:
    position = Position(True, 100.0, 1.0, 1.0, 1.0, 0.0, 0.0, datetime(2026, 1, 1, tzinfo=UTC))

    assert rate_at_profit(position, 0.5) == 50.0
    assert rate_at_profit(position, 1.0) <= 0


@pytest.mark.parametrize("fee", [1.0, 1.5])
def test_no_rate_brings_a_profit_where_a_fee_takes_all_that_is_sold_for(fee: float) -> None:
    position = Position(False, 100.0, 1.0, 1.0, 1.0, 0.0, fee, datetime(2026, 1, 1, tzinfo=UTC))

    rate = rate_at_profit(position, 0.01)
    assert not reached(position, 1e300, rate)
