"""What the overlay answers FreqTrade's backtesting: at which rate a candle fills the end of a ladder, and additions."""

from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.enums import ExitType, RunMode
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import LocalTrade, Order
from freqtrade.strategy import IStrategy

from pool.bot.universal.entries import Entries, Sizer
from pool.bot.universal.overlay import lay_over
from pool.bot.universal.source import FixedRules
from pool.bot.universal.teller import Teller
from pool.bot.universal.why import WhyBook
from pool.contract.policy import PolicyDocument, PolicyInForce

BEGUN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOW = BEGUN + timedelta(minutes=5)
LADDER = [{"profit": "0.02", "fraction": "0.25"}, {"profit": "0.05", "fraction": "0.5"}, {"profit": "0.10"}]


class Adding(IStrategy):  # type: ignore[misc]  # FreqTrade is not typed here
    timeframe = "1m"
    stoploss = -0.9
    minimal_roi = {0: 100}  # noqa: RUF012 (as strategies are written)
    position_adjustment_enable = True
    use_exit_signal = True

    def populate_indicators(self, dataframe: Any, metadata: Any) -> Any:
        return dataframe

    def adjust_trade_position(self, **_: Any) -> float:
        return 50.0


def strategy_over(stake_at_most: str | None = None, **sections: Any) -> Any:
    document = PolicyDocument.model_validate(sections)
    rules = FixedRules(PolicyInForce(label="1", fingerprint="f", document=document, stake_at_most=stake_at_most))
    strategy = Adding({"runmode": RunMode.BACKTEST, "dry_run": True, "candle_type_def": "spot"})
    strategy.dp = SimpleNamespace(_exchange=None)
    lay_over(strategy, rules, Entries(rules, Teller()), Teller(), WhyBook())
    return strategy


def trade(*, is_short: bool = False) -> LocalTrade:
    made = LocalTrade(
        id=1,
        pair="A/USDT",
        open_rate=100.0,
        amount=1.0,
        amount_requested=1.0,
        stake_amount=100.0,
        fee_open=0.0,
        fee_close=0.0,
        open_date=BEGUN,
        is_open=True,
        is_short=is_short,
        leverage=1.0,
        exchange="binance",
        price_precision=2,
        precision_mode_price=2,
        amount_precision=2,
        precision_mode=2,
    )
    made.orders = [
        Order(ft_order_side=made.entry_side, ft_is_open=False, status="closed", amount=1.0, filled=1.0, average=100.0)
    ]
    made.recalc_open_trade_value()
    made.adjust_stop_loss(made.open_rate, -0.9, initial=True)
    return made


def filled(strategy: Any, one: LocalTrade, begun: float, high: float, low: float) -> float:
    """The rate of what the candle closes."""
    exits = strategy.should_exit(one, begun, NOW, enter=False, exit_=False, low=low, high=high)
    desk = SimpleNamespace(strategy=strategy, timeframe_min=1)
    desk._get_close_rate_for_roi = partial(Backtesting._get_close_rate_for_roi, desk)
    assert [exit_.exit_type for exit_ in exits] == [ExitType.ROI]
    return float(Backtesting._get_close_rate(desk, (NOW, begun, high, low, begun), one, NOW, exits[0], 5))


@pytest.mark.parametrize(
    ("levels", "begun", "best", "rate"),
    [
        (LADDER[2:], 101.0, 115.0, 110.0),  # not at the candle's extreme
        (LADDER[2:], 112.0, 115.0, 112.0),  # opened beyond the level
        (LADDER, 101.0, 115.0, 0.25 * 102 + 0.5 * 105 + 0.25 * 110),  # levels on the way have their own rates
        (LADDER, 104.0, 110.1, 0.25 * 104 + 0.5 * 105 + 0.25 * 110),
    ],
)
def test_a_candle_fills_the_end_of_a_ladder_at_its_levels(
    levels: list[dict[str, str]], begun: float, best: float, rate: float
) -> None:
    strategy = strategy_over(take_profit={"levels": levels})

    assert filled(strategy, trade(), begun, best, 100.0) == pytest.approx(rate)
    assert filled(strategy, trade(is_short=True), 200 - begun, 100.0, 200 - best) == pytest.approx(200 - rate)


def test_the_strategys_own_return_on_investment_is_filled_as_ever() -> None:
    strategy = strategy_over(take_profit={"levels": LADDER[2:]})
    assert filled(strategy, trade(), 101.0, 115.0, 100.0) == pytest.approx(110.0)

    strategy.minimal_roi = {0: 0.03}
    assert filled(strategy, trade(), 101.0, 105.0, 100.0) == pytest.approx(103.0)


@pytest.mark.parametrize("answer", [None, 0.0])
def test_a_strategy_that_wants_no_trade_gets_none_and_breaks_nothing(
    answer: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategy = strategy_over("0.1")
    monkeypatch.setattr(Adding, "custom_stake_amount", lambda _, **__: answer)
    broken: list[object] = []
    monkeypatch.setattr(Entries, "broken", lambda _, *what: broken.append(what))

    stake = strategy.custom_stake_amount(
        pair="A/USDT",
        current_time=NOW,
        current_rate=100.0,
        proposed_stake=400.0,
        min_stake=5.0,
        max_stake=500.0,
        leverage=1.0,
        entry_tag=None,
        side="long",
    )
    assert not stake
    assert broken == []


def added(strategy: Any) -> float | None:
    stake, _ = strategy._adjust_trade_position_internal(
        trade=trade(),
        current_time=NOW,
        current_rate=100.0,
        current_profit=0.0,
        min_stake=5.0,
        max_stake=1000.0,
        current_entry_rate=100.0,
        current_exit_rate=100.0,
        current_entry_profit=0.0,
        current_exit_profit=0.0,
    )
    return None if stake is None else float(stake)


def test_additions_are_denied_and_cut_as_a_live_bots_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert added(strategy_over()) == 50.0
    closed = {"trading_hours": [{"days": ["sun"], "start": "07:00", "end": "22:00"}]}  # it is a Saturday
    assert added(strategy_over(limits=closed)) is None

    for most, stake in ((30.0, 30.0), (4.0, None), (60.0, 50.0)):
        monkeypatch.setattr(Sizer, "most", lambda _, most=most: most)
        assert added(strategy_over("0.1")) == stake
