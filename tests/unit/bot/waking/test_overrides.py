"""Which overridden functions of a strategy keep the loop."""

from typing import Any, ClassVar

import pytest
from freqtrade.strategy import IStrategy

from pool.bot.waking import overrides


class Base(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "5m"

    def populate_indicators(self, dataframe: Any, metadata: Any) -> Any:
        return dataframe

    populate_entry_trend = populate_exit_trend = populate_indicators

    def helper(self) -> None:
        """Nothing that FreqTrade knows."""


def asked(_self: Any, *_given: Any, **_named: Any) -> None:
    """Whatever FreqTrade asks."""


def made(**attributes: Any) -> Any:
    """An object whose class overrides these, under an overlay that overrides much."""
    user = type("User", (Base,), attributes)
    user.__source__ = "class User: ..."  # type: ignore[attr-defined]
    overlay = type("User", (user,), {"should_exit": asked, "ft_stoploss_adjust": asked, "confirm_trade_exit": asked})
    strategy = object.__new__(overlay)
    strategy.order_types = {"stoploss_on_exchange": False}
    strategy.use_exit_signal = True
    return strategy


def reasons(strategy: Any, *, adjusts: bool = False) -> tuple[set[str], set[str]]:
    names = overrides.overridden(strategy, type(strategy))
    return set(overrides.always(strategy, names)), set(overrides.with_trades(strategy, names, adjusts=adjusts))


def test_a_plain_strategy_under_the_overlay_has_no_reason() -> None:
    assert reasons(made()) == (set(), set())


@pytest.mark.parametrize(
    "name",
    [
        "confirm_trade_entry", "confirm_trade_exit", "custom_entry_price", "custom_exit_price", "custom_stake_amount",
        "leverage", "order_filled", "informative_pairs", "bot_start", "check_entry_timeout", "check_exit_timeout",
        "adjust_entry_price", "adjust_exit_price", "adjust_order_price", "version",
    ],
)  # fmt: skip
def test_what_is_asked_when_something_comes_up_is_free(name: str) -> None:
    assert reasons(made(**{name: asked})) == (set(), set())


@pytest.mark.parametrize(
    "name",
    [
        "should_exit", "min_roi_reached", "min_roi_reached_entry", "ft_stoploss_reached", "analyze", "get_exit_signal",
        "get_entry_signal", "is_pair_locked", "ignore_expired_candle", "ft_check_timed_out",
    ],
)  # fmt: skip
def test_freqtrades_own_workings_keep_the_loop(name: str) -> None:
    assert reasons(made(**{name: asked})) == ({"strategy_internals"}, set())


def test_what_is_set_on_the_object_counts_and_so_does_a_class_above_the_users() -> None:
    strategy = made()
    strategy.bot_loop_start = lambda **_: None
    assert reasons(strategy) == ({"bot_loop_start"}, set())

    class Above(Base):
        def bot_loop_start(self, **_: Any) -> None:
            """As overridden."""

    below = type("Below", (Above,), {})
    strategy = object.__new__(below)
    strategy.order_types = {}
    strategy.use_exit_signal = True
    assert set(overrides.always(strategy, overrides.overridden(strategy, None))) == {"bot_loop_start"}


WITH_TRADES: list[tuple[dict[str, Any], str]] = [
    ({"custom_exit": asked}, "custom_exit"),
    ({"custom_sell": asked}, "custom_exit"),
    ({"use_custom_stoploss": True}, "custom_stoploss"),
    ({"use_custom_roi": True}, "custom_roi"),
]


@pytest.mark.parametrize(("attributes", "reason"), WITH_TRADES)
def test_what_is_asked_of_open_trades_keeps_the_loop_with_them(attributes: dict[str, Any], reason: str) -> None:
    assert reasons(made(**attributes)) == (set(), {reason})


def test_a_custom_exit_is_not_asked_without_exit_signals_nor_a_custom_stop_that_is_off() -> None:
    strategy = made(custom_exit=asked, custom_stoploss=asked, custom_roi=asked, adjust_trade_position=asked)
    strategy.use_exit_signal = False

    assert reasons(strategy) == (set(), set())
    assert reasons(strategy, adjusts=True) == (set(), {"position_adjustment"})


def test_stops_on_the_exchange_and_analysis_at_each_loop() -> None:
    class Every(Base):
        process_only_new_candles = False
        order_types: ClassVar[dict[str, Any]] = {"stoploss_on_exchange": True}

    strategy = object.__new__(Every)
    strategy.use_exit_signal = True
    names = overrides.overridden(strategy, None)
    assert overrides.always(strategy, names) == {"all_candles"}
    assert overrides.with_trades(strategy, names, adjusts=False) == {"stop_on_exchange"}


@pytest.mark.parametrize(
    "name", ["stoploss", "minimal_roi", "trailing_stop", "timeframe", "use_exit_signal", "order_types", "can_short"]
)
def test_a_setting_that_is_computed_may_be_another_at_any_time(name: str) -> None:
    strategy = made(**{name: property(lambda _: {} if name == "order_types" else 0.1, lambda *_: None)})
    assert "strategy_internals" in overrides.always(strategy, overrides.overridden(strategy, type(strategy)))


def test_computed_are_protections_and_plots_and_what_freqtrade_does_not_know_too() -> None:
    computed = property(lambda _self: [])
    assert reasons(made(protections=computed, plot_config=computed, own=computed)) == (set(), set())


def test_whoever_reads_every_attribute_otherwise_keeps_the_loop() -> None:
    assert reasons(made(__getattribute__=object.__getattribute__)) == ({"strategy_internals"}, set())


@pytest.mark.parametrize("name", ["confirm_trade_exit", "custom_exit_price", "confirm_trade_entry"])
@pytest.mark.parametrize("source", ["trade.max_rate", "trade.min_rate * 2", "my_max_rate", None])
def test_a_say_on_exits_that_may_go_by_the_extremes_of_each_loop_keeps_it(name: str, source: str | None) -> None:
    strategy = made(**{name: asked})
    user = type(strategy).__mro__[1]
    user.__source__ = source  # type: ignore[attr-defined]
    extremes = overrides.names_extremes(strategy, type(strategy))
    assert extremes is (source != "my_max_rate")
    names = overrides.overridden(strategy, type(strategy))
    found = overrides.with_trades(strategy, names, adjusts=False, extremes=extremes)
    assert ("trade_extremes" in found) is (extremes and name != "confirm_trade_entry")
