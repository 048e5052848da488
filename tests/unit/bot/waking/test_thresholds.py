"""Thresholds beside FreqTrade's own functions: at no rate may FreqTrade act that lies before them."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from freqtrade.enums import ExitType, MarginMode, TradingMode
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import LocalTrade
from freqtrade.strategy import IStrategy
from hypothesis import assume, given
from hypothesis import strategies as st

from pool.bot.waking import thresholds

OPENED = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
TICK = 0.01


class Plain(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "5m"
    stoploss = -0.1

    def populate_indicators(self, dataframe: Any, metadata: Any) -> Any:
        return dataframe

    populate_entry_trend = populate_exit_trend = populate_indicators


def strategy(**attributes: Any) -> Plain:
    made = Plain.__new__(Plain)
    made.config = {"dry_run": True}
    made.order_types = {"stoploss_on_exchange": False}
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


@st.composite
def trades(draw: st.DrawFn) -> LocalTrade:
    futures = draw(st.booleans())
    trade = LocalTrade(
        pair="BTC/USDT",
        stake_amount=100.0,
        amount=draw(st.floats(0.01, 1000)),
        open_rate=draw(st.floats(1.0, 5000.0)),
        fee_open=draw(st.floats(0, 0.01)),
        fee_close=draw(st.floats(0, 0.01)),
        is_short=futures and draw(st.booleans()),
        leverage=draw(st.sampled_from([1.0, 2.0, 3.5, 10.0])) if futures else 1.0,
        trading_mode=TradingMode.FUTURES if futures else TradingMode.SPOT,
        open_date=OPENED,
        exchange="binance",
        is_open=True,
        price_precision=TICK,
        precision_mode=4,
        precision_mode_price=4,
        amount_precision=1e-8,
    )
    trade.funding_fees = trade.amount * trade.open_rate * draw(st.floats(-0.01, 0.01)) if futures else 0.0
    trade.recalc_open_trade_value()
    return trade


ROIS = st.dictionaries(st.integers(0, 600), st.floats(-0.05, 0.3), min_size=1, max_size=4)
MOVES = st.floats(0.8, 1.25)
HAIR = 2e-9
"""No market has prices so near to each other."""


@given(trades(), ROIS, st.integers(0, 50_000), st.floats(-1e-6, 1e-6) | st.floats(-0.2, 0.2))
def test_the_return_on_investment_is_never_reached_before_its_rate(
    trade: LocalTrade, roi: dict[int, float], age: int, off: float
) -> None:
    now = OPENED + timedelta(seconds=age)
    threshold = thresholds.roi_rate(trade, roi, now.timestamp())
    rate = (threshold or trade.open_rate) * (1 + off)
    assume(rate > 0)
    reached = strategy(minimal_roi=roi, use_custom_roi=False).min_roi_reached(trade, trade.calc_profit_ratio(rate), now)

    if threshold is None:
        assert not reached
    elif reached:
        assert thresholds.reached(trade, rate * (1 + (-HAIR if trade.is_short else HAIR)), threshold)
    elif thresholds.reached(trade, rate, threshold):  # woken too early by a hair, never by more
        assert abs(off) < 1e-6


@given(trades(), ROIS, st.integers(0, 50_000))
def test_the_entry_that_counts_does_not_change_before_its_timer(
    trade: LocalTrade, roi: dict[int, float], age: int
) -> None:
    now = OPENED.timestamp() + age
    timer = thresholds.roi_timer(trade, roi, now)
    asked = strategy(minimal_roi=roi, use_custom_roi=False)

    def entry(at: float) -> Any:
        return asked.min_roi_reached_entry(trade, int((at - OPENED.timestamp()) // 60), datetime.fromtimestamp(at, UTC))

    if timer is None:
        assert entry(now) == entry(now + 10**6)
    else:
        assert timer > now
        assert entry(now) == entry(timer - 0.001)
        assert entry(now) != entry(timer)


def stopped(asked: Plain, trade: LocalTrade, rate: float) -> ExitType:
    result = asked.ft_stoploss_reached(rate, trade, OPENED, trade.calc_profit_ratio(rate), 0)
    return ExitType(result.exit_type)


TRAILING = st.fixed_dictionaries(
    {
        "stoploss": st.floats(-0.3, -0.01),
        "trailing_stop": st.just(True),
        "trailing_stop_positive": st.none() | st.floats(0.005, 0.1),
        "trailing_stop_positive_offset": st.sampled_from([0.0, 0.01, 0.05]),
        "trailing_only_offset_is_reached": st.booleans(),
        "use_custom_stoploss": st.just(False),
    }
)


NEAR = st.floats(-2e-3, 2e-3)
"""Of a threshold."""


@given(trades(), TRAILING, st.lists(MOVES, min_size=1, max_size=4), NEAR | MOVES)
def test_no_rate_moves_or_hits_the_stop_that_lies_between_the_thresholds(
    trade: LocalTrade, trailing: dict[str, Any], path: list[float], move: float
) -> None:
    asked, rate = strategy(**trailing), trade.open_rate
    trade.adjust_stop_loss(trade.open_rate, asked.stoploss, initial=True)
    assume(trade.stop_loss > 0)
    for step in path:
        rate = trade.open_rate * step
        assume(stopped(asked, trade, rate) is ExitType.NONE)
    before, ahead = trade.stop_loss, thresholds.trailing_rate(trade, asked, rate)
    stop = thresholds.stop_rate(trade)
    assert stop is not None
    rate = trade.open_rate * move if move > 0.5 else (ahead or stop) * (1 + move)
    result = stopped(asked, trade, rate)
    at, rate = rate, rate * (1 + (-HAIR if trade.is_short else HAIR))

    if result is not ExitType.NONE:
        assert thresholds.hit(trade, at, stop) or (ahead is not None and thresholds.reached(trade, rate, ahead))
    if trade.stop_loss != before:
        assert ahead is not None
        assert thresholds.reached(trade, rate, ahead)


@given(trades(), st.floats(0.5, 1.5), st.floats(0.5, 1.5))
def test_the_liquidation_price_is_a_stop(trade: LocalTrade, liquidation: float, move: float) -> None:
    asked = strategy(stoploss=-0.3, trailing_stop=False, use_custom_stoploss=False)
    trade.adjust_stop_loss(trade.open_rate, asked.stoploss, initial=True)
    trade.liquidation_price = trade.open_rate * liquidation
    rate = trade.open_rate * move
    stop = thresholds.stop_rate(trade)
    assert stop is not None

    assert thresholds.hit(trade, rate, stop) == (stopped(asked, trade, rate) is not ExitType.NONE)


@given(trades(), st.floats(0.01, 1.5), st.floats(0.05, 0.95), st.floats(0.2, 3))
def test_a_warning_of_liquidation_is_waited_for_where_freqtrade_would_give_one_or_forget_it(
    trade: LocalTrade, ratio: float, room: float, moved: float
) -> None:
    assume(trade.trading_mode == TradingMode.FUTURES)
    trade.liquidation_price = trade.open_rate * (1 + room if trade.is_short else 1 - room)
    rate = trade.open_rate * moved
    rooms: list[float] = []
    bot: Any = SimpleNamespace(
        config={"liquidation_warn_ratio": ratio},
        trading_mode=TradingMode.FUTURES,
        margin_mode=MarginMode.ISOLATED,
        exchange=SimpleNamespace(get_rate=lambda *_, **__: rate),
        _should_warn_liquidation=lambda _id, remaining, _ratio: rooms.append(remaining),
    )
    with patch("freqtrade.freqtradebot.Trade") as table:
        held: Any = SimpleNamespace(
            id=1, pair=trade.pair, is_short=trade.is_short, leverage=trade.leverage, open_rate=trade.open_rate,
            liquidation_price=trade.liquidation_price, has_open_position=True, open_orders=[], exit_side="sell",
        )  # fmt: skip
        table.get_open_trades.return_value = [held]
        FreqtradeBot.check_liquidation_warnings(bot)

    from_here = thresholds.warning_rate(trade, ratio)
    assert from_here is not None
    assume(abs(rooms[0] - ratio * 1.2) > 1e-7)
    assert thresholds.hit(trade, rate, from_here) is (rooms[0] < ratio * 1.2)


def test_without_a_liquidation_price_or_a_share_nobody_warns() -> None:
    trade: Any = SimpleNamespace(liquidation_price=None, open_rate=100.0, leverage=1.0, is_short=False)
    assert thresholds.warning_rate(trade, 0.2) is None
    trade.liquidation_price = 50.0
    assert thresholds.warning_rate(trade, 0) is None


def test_at_the_very_offset_from_which_on_a_stop_trails_closer_any_better_rate_is_waited_for() -> None:
    """FreqTrade's is a profit of more than that."""
    trade = LocalTrade(
        pair="BTC/USDT", stake_amount=100.0, amount=1.0, open_rate=100.0, fee_open=0.0, fee_close=0.0, is_short=False,
        leverage=1.0, trading_mode=TradingMode.SPOT, open_date=OPENED, exchange="binance", is_open=True,
        price_precision=TICK, precision_mode=4, precision_mode_price=4, amount_precision=1e-8,
    )  # fmt: skip
    trade.recalc_open_trade_value()
    asked = strategy(
        stoploss=-0.3, trailing_stop=True, trailing_stop_positive=0.01, trailing_stop_positive_offset=0.0,
        trailing_only_offset_is_reached=False, use_custom_stoploss=False,
    )  # fmt: skip
    trade.adjust_stop_loss(100.0, asked.stoploss, initial=True)
    assert stopped(asked, trade, 100.0) is ExitType.NONE
    assert trade.stop_loss == 70.0
    ahead = thresholds.trailing_rate(trade, asked, 100.0)
    assert ahead is not None
    assert 100.0 < ahead < 100.01

    stopped(asked, trade, 100.01)
    assert trade.stop_loss == 99.01
