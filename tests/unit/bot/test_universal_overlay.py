"""What the overlay leaves of a strategy as it was, what of its callbacks no longer counts, and FreqTrade's own stop."""

from datetime import UTC, datetime, timedelta
from threading import Lock
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from freqtrade.enums import ExitCheckTuple, ExitType, RunMode
from freqtrade.persistence import LocalTrade, Order, Trade
from freqtrade.strategy import IStrategy

from pool.bot.universal import exits as exits_module
from pool.bot.universal.entries import Entries
from pool.bot.universal.overlay import Laid, lay_over
from pool.bot.universal.source import FixedRules
from pool.bot.universal.stops import tighten
from pool.bot.universal.teller import Teller
from pool.bot.universal.why import Why, WhyBook
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.contract.risk import Mode
from pool.rules.position import Marks

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Mixin:
    hello = "world"


class Vetoing(Mixin, IStrategy):  # type: ignore[misc]  # FreqTrade is not typed here
    """The user's."""

    timeframe = "1m"
    stoploss = -0.1
    minimal_roi = {"0": 0.01}  # noqa: RUF012 (as strategies are written)
    use_exit_signal = True
    position_adjustment_enable = True

    def populate_indicators(self, dataframe: Any, metadata: Any) -> Any:
        return dataframe

    def confirm_trade_exit(self, **_: Any) -> bool:
        return False

    def custom_exit_price(self, proposed_rate: float, **_: Any) -> float:
        return proposed_rate * 2

    def adjust_order_price(self, **_: Any) -> None:
        """Cancels."""

    def check_exit_timeout(self, **_: Any) -> bool:
        return True

    def custom_stake_amount(self, **_: Any) -> float:
        raise RuntimeError("broken")


class Halted(FixedRules):
    def mode(self) -> Mode:
        return Mode.HALTED


class Wallets:
    def __init__(self) -> None:
        self._exchange = SimpleNamespace(_cache_lock=Lock(), _exit_rate_cache={"A/USDT": 80.0})

    def get_total_stake_amount(self) -> float:
        return 1000.0

    def get_available_stake_amount(self) -> float:
        return 500.0


def laid_over(rules: FixedRules | None = None, **sections: Any) -> tuple[Any, Laid]:
    document = PolicyDocument.model_validate(sections)
    rules = rules or FixedRules(PolicyInForce(label="1", fingerprint="f", document=document))
    strategy = Vetoing({"runmode": RunMode.DRY_RUN, "dry_run": True, "candle_type_def": "spot"})
    strategy.wallets = Wallets()
    teller = Teller()
    return strategy, lay_over(strategy, rules, Entries(rules, teller), teller, WhyBook())


def trade(*, is_short: bool = False, leverage: float = 1.0) -> LocalTrade:
    made = LocalTrade(
        id=1,
        pair="A/USDT",
        open_rate=100.0,
        amount=1.0,
        amount_requested=1.0,
        stake_amount=100.0 / leverage,
        fee_open=0.0,
        fee_close=0.0,
        open_date=NOW,
        is_open=True,
        is_short=is_short,
        leverage=leverage,
        exchange="binance",
        price_precision=2,
        precision_mode_price=2,
        amount_precision=2,
        precision_mode=2,
    )
    made.adjust_stop_loss(made.open_rate, -0.5, initial=True)
    return made


def test_a_strategy_stays_what_it_is() -> None:
    strategy, laid = laid_over()

    assert isinstance(strategy, Vetoing)
    assert (type(strategy).__name__, type(strategy).__module__) == ("Vetoing", __name__)
    assert type(strategy).__doc__ == "The user's."
    assert strategy.hello == "world"
    assert strategy.position_adjustment_enable
    strategy.position_adjustment_enable = False
    assert not laid.adjusts


@pytest.mark.parametrize("reason", ["flotilla:hard_stop", "flotilla:take_profit:2", "force_exit", "emergency_exit"])
def test_no_veto_and_no_price_of_its_own_against_what_must_be(reason: str) -> None:
    strategy, _ = laid_over()
    assert strategy.confirm_trade_exit(exit_reason=reason, trade=trade())
    assert strategy.custom_exit_price(proposed_rate=100.0, exit_tag=reason) == 100.0


@pytest.mark.parametrize(("tag", "ours"), [("flotilla:take_profit:1", True), ("roi", False)])
def test_orders_of_its_own_it_still_moves_and_cancels_and_no_others(tag: str, ours: bool) -> None:
    strategy, _ = laid_over()
    order = Order(ft_order_side="sell", ft_is_open=True, ft_order_tag=tag)

    assert strategy.check_exit_timeout(order=order) is not ours
    moved = strategy.adjust_order_price(order=order, is_entry=False, current_order_rate=100.0)
    assert moved == (100.0 if ours else None)
    assert strategy.adjust_order_price(order=order, is_entry=True, current_order_rate=100.0) is None


def test_its_own_exits_it_still_decides() -> None:
    strategy, _ = laid_over()
    assert not strategy.confirm_trade_exit(exit_reason="roi", trade=trade())
    assert strategy.custom_exit_price(proposed_rate=100.0, exit_tag="roi") == 200.0


@pytest.fixture
def open_trades(monkeypatch: pytest.MonkeyPatch) -> list[LocalTrade]:
    """Empty at first; without a database."""
    held: list[LocalTrade] = []
    monkeypatch.setattr(Trade, "use_db", False)
    monkeypatch.setattr(LocalTrade, "bt_trades_open", held)
    return held


ASKED = {
    "pair": "A/USDT", "current_time": NOW, "current_rate": 100.0, "proposed_stake": 400.0, "min_stake": 5.0,
    "max_stake": 500.0, "leverage": 1.0, "entry_tag": None, "side": "long",
}  # fmt: skip


def test_equity_has_open_trades_at_what_they_are_worth_now(open_trades: list[LocalTrade]) -> None:
    strategy, _ = laid_over(sizing={"method": "equity", "ratio": "0.1"})
    open_trades.append(trade())  # 1 at 100; its exit is at 80 now
    assert strategy.custom_stake_amount(**ASKED) == pytest.approx(98)
    open_trades[:] = [trade(is_short=True, leverage=2.0)]
    assert strategy.custom_stake_amount(**ASKED) == pytest.approx(102)
    strategy.wallets._exchange._exit_rate_cache.clear()
    strategy.dp = SimpleNamespace(get_analyzed_dataframe=lambda *_: (pd.DataFrame({"close": [100.0, 150.0]}), NOW))
    assert strategy.custom_stake_amount(**ASKED) == pytest.approx(95), "the last candle's, in backtesting, say"
    strategy.dp = SimpleNamespace(get_analyzed_dataframe=lambda *_: (pd.DataFrame(), NOW))
    assert strategy.custom_stake_amount(**ASKED) == pytest.approx(100)
    strategy.config["available_capital"] = 500
    open_trades[0].realized_profit = 50.0
    assert strategy.custom_stake_amount(**ASKED) == pytest.approx(105)


def test_sizing_is_the_documents_and_a_broken_callback_is_cut_to_the_guardrail(open_trades: list[LocalTrade]) -> None:
    assert not open_trades
    strategy, _ = laid_over(sizing={"method": "equity", "ratio": "0.05"})
    assert strategy.custom_stake_amount(**ASKED) == pytest.approx(50)

    document = PolicyDocument()
    rules = FixedRules(PolicyInForce(label="1", fingerprint="f", document=document, stake_at_most="0.1"))
    strategy, _ = laid_over(rules)
    assert strategy.custom_stake_amount(**ASKED) == pytest.approx(100)


def test_halted_only_stops_close() -> None:
    _, laid = laid_over(Halted(None))
    said = [ExitCheckTuple(ExitType.ROI), ExitCheckTuple(ExitType.STOP_LOSS), ExitCheckTuple(ExitType.EXIT_SIGNAL)]
    exits = laid.exits.should_exit(lambda *_, **__: said, trade(), 100.0, NOW, enter=False, exit_=True)
    assert [one.exit_type for one in exits] == [ExitType.STOP_LOSS]


def test_a_time_exit_whose_order_rests_does_not_hide_the_strategys_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    _, laid = laid_over(time_exit={"after_minutes": 1})
    monkeypatch.setattr(laid.exits, "_marks", {1: (NOW, Marks())})
    one, late = trade(), NOW + timedelta(minutes=2)
    said = [ExitCheckTuple(ExitType.ROI), ExitCheckTuple(ExitType.STOP_LOSS)]

    def reasons() -> list[str]:
        exits = laid.exits.should_exit(lambda *_, **__: said, one, 100.0, late, enter=False, exit_=True)
        return [exit_.exit_reason for exit_ in exits]

    assert reasons() == ["flotilla:time_exit"]
    one.orders.append(Order(ft_order_side="sell", ft_is_open=True, ft_order_tag="flotilla:time_exit"))
    assert reasons() == ["flotilla:time_exit", "stop_loss"]


def test_the_exchange_gets_its_seconds_at_each_crossing_of_its_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    strategy, laid = laid_over(hard_stop={"distance": "0.1"})
    strategy.config["dry_run"] = False
    clock = [1000.0]
    monkeypatch.setattr(exits_module.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(laid.exits, "_marks", {1: (NOW, Marks())})
    monkeypatch.setattr(laid.exits, "_keep", lambda *_: None)
    monkeypatch.setattr(exits_module, "held_by_exchange", lambda _trade: True)
    one = trade()

    def closes(rate: float, after_seconds: float) -> bool:
        clock[0] += after_seconds
        return bool(laid.exits.should_exit(lambda *_, **__: [], one, rate, NOW, enter=False, exit_=False))

    assert not closes(89.0, 0)
    assert not closes(95.0, 1), "the price came back: the exchange had nothing to do"
    assert not closes(89.0, 3600), "it gets its seconds again"
    assert closes(89.0, 6)


def test_decisions_are_forgotten_in_the_end() -> None:
    book = WhyBook()
    for trade_id in range(3000):
        book.put(trade_id, Why("flotilla:hard_stop", "hard_stop", None, "1", 1.0, 1.0, NOW))
        book.put(0, Why("flotilla:time_exit", "time_exit", None, "1", 1.0, None, NOW))
    assert book.of(0, "flotilla:time_exit") is not None
    assert book.of(2999, "flotilla:hard_stop") is not None
    assert book.of(1, "flotilla:hard_stop") is None
    assert len(book._decisions) <= 1000


@pytest.mark.parametrize("leverage", [1.0, 3.0])
@pytest.mark.parametrize(
    ("is_short", "stop", "looser", "best"), [(False, 95.0, 90.0, 110.0), (True, 105.0, 110.0, 90.0)]
)
def test_freqtrades_own_stop_is_tightened_and_stays_after_a_fill(
    is_short: bool, stop: float, looser: float, best: float, leverage: float
) -> None:
    one = trade(is_short=is_short, leverage=leverage)
    one.adjust_min_max_rates(max(best, 100.0), min(best, 100.0))

    tighten(one, stop, -0.5)
    assert one.stop_loss == stop
    tighten(one, looser, -0.5)
    assert one.stop_loss == stop
    one.adjust_stop_loss(one.open_rate, one.stop_loss_pct)  # as FreqTrade does when an order was filled
    assert one.stop_loss == stop
