"""The universal rules over any strategy.

`install` hooks FreqTrade's `StrategyResolver.load_strategy`, through which bots, reloads and backtests alike get their
strategy. By then FreqTrade has checked the user's class and merged the configuration into its object; the object then
gets a class of the same name, module and source, derived from the user's, with the functions of `Overlay`:

    type(name, (UserStrategy,), {**vars(Overlay), ...})

(With `Overlay` as another base an object could not change its class: the two would be laid out differently.) So the
user's own callbacks, flags and hyperparameters are what they were, and everything that FreqTrade asks goes through the
overlay first. Which question decides what: `should_exit` full exits (asked always, before the strategy, in backtesting
too), `ft_stoploss_adjust` that stops only tighten, `custom_stake_amount` the size, `confirm_trade_exit`,
`custom_exit_price`, `adjust_order_price` and `check_exit_timeout` that a strategy neither vetoes, displaces nor cancels
exits of universal rules, forced and emergency exits. Entries are judged before these are asked (`hold`), in backtesting
by `confirm_trade_entry`, and where a position is adjusted.

In backtesting a candle is looked at once, so a level that closes a part is sold where a candle opens at or beyond it,
never by a wick alone. The level that closes the rest is reached by the wick as well, and pays what the levels up to it
would have (`pool.rules.ladder.candle_rate`): FreqTrade asks for that by `min_roi_reached_entry`. Stops are filled as
FreqTrade's own.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from freqtrade.enums import ExitCheckTuple, ExitType
from freqtrade.persistence import LocalTrade
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy

from pool.bot.universal.candles import Ranges
from pool.bot.universal.entries import Entries, Sizer
from pool.bot.universal.exits import Exits, is_ours
from pool.bot.universal.positions import position_of
from pool.bot.universal.source import Rules
from pool.bot.universal.teller import Teller
from pool.bot.universal.why import WhyBook, parse
from pool.contract.risk import Mode
from pool.rules.exits import bounds
from pool.rules.ladder import candle_rate
from pool.rules.position import Price

logger = logging.getLogger(__name__)

_FORCED = frozenset(
    {ExitType.FORCE_EXIT.value, ExitType.EMERGENCY_EXIT.value, ExitType.LIQUIDATION.value, "force_sell"}
)


@dataclass
class Laid:
    """What lies over one strategy object."""

    exits: Exits
    sizer: Sizer
    entries: Entries
    rules: Rules
    adjusts: bool
    """The user's own `position_adjustment_enable`, as merged with the configuration."""
    over: Any = None
    """The class that the object has now."""
    fill: float | None = None
    """In backtesting: the profit at which the ladder's end is filled that `should_exit` answered last."""
    stands_in: bool = False
    """The exit that is being carried out is that of a stop which the exchange should have held."""


@dataclass
class Installation:
    """`laid` belongs to the strategy that was loaded last."""

    remove: Callable[[], None]
    """Takes the hook out; strategies that were loaded keep what lies over them."""
    laid: Laid | None = field(default=None)


def install(
    rules: Rules, *, entries: Entries | None = None, teller: Teller | None = None, why: WhyBook | None = None
) -> Installation:
    """From now on strategies are loaded with the universal rules over them; `FixedRules` serves for backtesting."""
    original = StrategyResolver.load_strategy
    teller = teller or Teller()
    gate, book = entries or Entries(rules, teller), why or WhyBook()

    def load_strategy(config: dict[str, Any] | None = None) -> IStrategy:
        strategy = original(config)
        installation.laid = lay_over(strategy, rules, gate, teller, book)
        return strategy

    def remove() -> None:
        StrategyResolver.load_strategy = original

    installation = Installation(remove)
    StrategyResolver.load_strategy = staticmethod(load_strategy)
    return installation


def lay_over(strategy: IStrategy, rules: Rules, entries: Entries, teller: Teller, why: WhyBook) -> Laid:
    """Put the overlay over this object."""
    ranges = Ranges(strategy)
    laid = Laid(
        exits=Exits(strategy, rules, entries, ranges, teller, why),
        sizer=Sizer(strategy, rules, entries, ranges),
        entries=entries,
        rules=rules,
        adjusts=bool(strategy.position_adjustment_enable),
    )
    user = type(strategy)
    copied = {name: getattr(user, name) for name in ("__module__", "__qualname__", "__doc__", "__file__", "__source__")}
    strategy.__dict__["_flotilla"] = laid
    functions = {name: value for name, value in vars(Overlay).items() if not name.startswith("__")}
    build: Any = type(user)
    laid.over = build(user.__name__, (user,), {**functions, **copied})
    strategy.__class__ = laid.over
    return laid


class Overlay:
    """Functions that come before the user's own; never instantiated itself."""

    _flotilla: Laid

    def _users(self) -> Any:
        """The user's class, as `super()` would have it."""
        return super(self._flotilla.over, self)

    @property
    def position_adjustment_enable(self) -> bool:
        """In backtesting the ladder needs to be asked; a live bot closes parts in its exit pass."""
        laid = self._flotilla
        return laid.adjusts or (not laid.exits.live and laid.exits.has_ladder)

    @position_adjustment_enable.setter
    def position_adjustment_enable(self, enable: bool) -> None:
        self._flotilla.adjusts = bool(enable)

    def should_exit(self, trade: LocalTrade, rate: float, current_time: datetime, **asked: Any) -> list[ExitCheckTuple]:
        laid = self._flotilla
        laid.fill = None
        exits = laid.exits.should_exit(self._users().should_exit, trade, rate, current_time, **asked)
        if not laid.exits.live:
            laid.fill = _fill(laid, trade, exits, Price(rate, asked.get("low"), asked.get("high")))
        return exits

    def min_roi_reached_entry(self, trade: LocalTrade, *asked: Any) -> tuple[int | None, float | None]:
        fill = self._flotilla.fill
        return self._users().min_roi_reached_entry(trade, *asked) if fill is None else (0, fill)

    def ft_stoploss_adjust(self, current_rate: float, trade: LocalTrade, *asked: Any, **named: Any) -> None:
        self._users().ft_stoploss_adjust(current_rate, trade, *asked, **named)
        self._flotilla.exits.hold_stop(trade)

    def _adjust_trade_position_internal(self, **asked: Any) -> tuple[float | None, str]:
        laid, trade = self._flotilla, asked["trade"]
        if not laid.exits.live:
            part = laid.exits.part_in_backtest(trade, asked["current_exit_rate"], asked["current_time"])
            if part is not None:
                return part
        if not laid.adjusts or laid.exits.closes(trade):
            return None, ""
        stake, tag = self._users()._adjust_trade_position_internal(**asked)
        if stake is not None and stake < 0 and laid.rules.mode() is Mode.HALTED:
            return None, ""
        if stake is not None and stake > 0 and not laid.exits.live:
            stake = _addition(laid, stake, asked["min_stake"] or 0.0, asked["current_time"])
        return stake, tag

    def custom_stake_amount(self, **asked: Any) -> Any:
        laid = self._flotilla
        if not laid.sizer.applies():
            return self._users().custom_stake_amount(**asked)
        proposed = asked["proposed_stake"]
        if not laid.sizer.replaces:
            try:
                proposed = self._users().custom_stake_amount(**asked)
            except Exception:  # the boundary of the user's code: FreqTrade too would take what it proposed
                logger.exception("The strategy's custom_stake_amount failed")
            if not proposed:
                return proposed  # it wants no trade
        return laid.sizer.stake(proposed, asked)

    def confirm_trade_entry(self, **asked: Any) -> bool:
        laid = self._flotilla
        if not laid.exits.live and laid.entries.refusal(asked["current_time"]) is not None:
            return False
        return bool(self._users().confirm_trade_entry(**asked))

    def confirm_trade_exit(self, **asked: Any) -> bool:
        if self._flotilla.stands_in or _undeniable(asked["exit_reason"]):
            return True
        return bool(self._users().confirm_trade_exit(**asked))

    def custom_exit_price(self, **asked: Any) -> Any:
        if _undeniable(asked["exit_tag"]):
            return float(asked["proposed_rate"])
        return self._users().custom_exit_price(**asked)

    def adjust_order_price(self, **asked: Any) -> Any:
        if not asked["is_entry"] and is_ours(asked["order"]):
            return float(asked["current_order_rate"])
        return self._users().adjust_order_price(**asked)

    def check_exit_timeout(self, **asked: Any) -> bool:
        return not is_ours(asked["order"]) and bool(self._users().check_exit_timeout(**asked))


def _fill(laid: Laid, trade: LocalTrade, exits: list[ExitCheckTuple], price: Price) -> float | None:
    told, policy = parse(exits[0].exit_reason) if exits else None, laid.rules.policy
    section = policy.document.take_profit if policy is not None else None
    if told is None or told[0] != "take_profit" or section is None:
        return None
    position = position_of(trade)
    best, _ = bounds(position, price)
    return float(trade.calc_profit_ratio(candle_rate(position, section, price.rate, best)))


def _addition(laid: Laid, stake: float, least: float, now: datetime) -> float | None:
    """What of it `hold` would let through live."""
    if laid.entries.refusal(now) is not None:
        return None
    most = laid.sizer.most()
    if most is None or stake <= most:
        return stake
    return most if most >= least else None


def _undeniable(exit_reason: str | None) -> bool:
    return exit_reason in _FORCED or parse(exit_reason) is not None
