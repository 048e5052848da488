"""What the universal rules do with one strategy's open trades, asked from within FreqTrade's own questions.

Full exits answer `should_exit` before the strategy is asked. A partial exit of the ladder is noted there and carried
out by whoever asked, as soon as the strategy has nothing to close (`take_partial`): FreqTrade's
`adjust_trade_position` would be asked only once a loop, at another price, and would take away a strategy's own setting
that positions are not adjusted. In backtesting, where nobody else can, it is used.

The universal stop is also set as FreqTrade's own stop of the trade where it is tighter, so that everything that shows
or holds a stop (status, snapshots, the exchange) has it. FreqTrade's own never loosens but after a fill, by strategies
that ask for that; then ours is set again. When FreqTrade closes at a rate that is ours, the exit has our reason.

A stop that the exchange holds and that is as tight gets a few seconds to do its work, so that nothing is sold twice.
Where a strategy has its stop on the exchange FreqTrade leaves it to that, even while it is not there, since an exit
order that rests holds what it would sell: under a policy, and for orders of ours, it is looked at here.
"""

import logging
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from freqtrade.enums import TRADE_MODES, ExitCheckTuple, ExitType
from freqtrade.persistence import LocalTrade
from freqtrade.strategy import IStrategy

from pool.bot.universal.candles import Ranges
from pool.bot.universal.entries import Entries
from pool.bot.universal.positions import keep_marks, marks_of, position_of
from pool.bot.universal.source import Rules
from pool.bot.universal.stops import STOPS, STRATEGY_STOPS, as_stop, held_by_exchange, tighten
from pool.bot.universal.teller import Teller
from pool.bot.universal.told import Told
from pool.bot.universal.why import WhyBook, parse, reason
from pool.contract.policy import PolicyInForce
from pool.contract.risk import Mode
from pool.rules.exits import LEAST_MOVE, decide, thresholds
from pool.rules.position import Close, Marks, Price, Thresholds
from pool.rules.stops import atr_periods

logger = logging.getLogger(__name__)

_STOP_TYPES = (ExitType.STOP_LOSS, ExitType.TRAILING_STOP_LOSS)
_PROTECTIVE = (*_STOP_TYPES, ExitType.LIQUIDATION)
_EXCHANGE_STOP_SECONDS = 5.0
"""So long a stop that the exchange holds is left alone once its rate is reached."""

ShouldExit = Callable[..., list[ExitCheckTuple]]


class Exits:
    """Belongs to one strategy object."""

    def __init__(
        self, strategy: IStrategy, rules: Rules, entries: Entries, ranges: Ranges, teller: Teller, why: WhyBook
    ) -> None:
        self.live = strategy.config.get("runmode") in TRADE_MODES
        self._strategy = strategy
        self._rules = rules
        self._entries = entries
        self._ranges = ranges
        self._teller = teller
        self._told = Told(teller, why)
        self._marks: dict[int, tuple[datetime, Marks]] = {}
        self._partial: dict[int, tuple[Close, float]] = {}
        self._crossed_at: dict[int, float] = {}
        self._unsaved: set[int] = set()
        self._due: set[int] = set()

    def should_exit(
        self, ask: ShouldExit, trade: LocalTrade, rate: float, now: datetime, **asked: Any
    ) -> list[ExitCheckTuple]:
        """Ours, or what the strategy says (`ask` is FreqTrade's `should_exit`)."""
        close = self._decide(trade, rate, now, asked.get("low"), asked.get("high"))
        if close is None or close.rule not in STOPS:
            self._crossed_at.pop(trade.id, None)
        if close is not None and close.amount is None and not self._left_to_exchange(trade, close):
            self._tell(trade, close, rate, now)
            ours = ExitCheckTuple(exit_type=_exit_type(close), exit_reason=reason(close.rule, close.level))
            if close.rule in STOPS or not self.live or not any(is_ours(order) for order in trade.open_orders):
                return [ours]
            # FreqTrade passes over ours while its order rests: a stop of the strategy must not wait for that
            exits = self._asked(ask, trade, rate, now, asked)
            return [ours, *self._with_stop(trade, rate, [one for one in exits if one.exit_type in _PROTECTIVE])]
        if close is not None and close.amount is not None and self.live:
            self._partial[trade.id] = (close, rate)
        halted = self._rules.mode() is Mode.HALTED
        if halted:
            asked["exit_"] = False
        exits = self._asked(ask, trade, rate, now, asked)
        if halted:
            exits = [exit_ for exit_ in exits if exit_.exit_type in _PROTECTIVE]
        return [self._attributed(trade, exit_, rate, now) for exit_ in self._with_stop(trade, rate, exits)]

    def forget_all_but(self, trade_ids: Collection[int]) -> None:
        """These trades are open, and no others."""
        remembered: list[dict[int, Any]] = [self._marks, self._partial, self._crossed_at, self._told.stops]
        for kept in remembered:
            for trade_id in [one for one in kept if one not in trade_ids]:
                del kept[trade_id]
        self._unsaved &= set(trade_ids)
        self._due &= set(trade_ids)

    def stands_in(self, exit_: ExitCheckTuple) -> bool:
        """It is the exit of a stop that the exchange should have held: FreqTrade itself decides none then. An exit of
        the user's may have the same name, but not the type."""
        stop = exit_.exit_type in _STOP_TYPES and exit_.exit_reason in STRATEGY_STOPS
        return stop and self._stops_on_exchange()

    def forget_partial(self, trade_id: int) -> None:
        self._partial.pop(trade_id, None)

    def take_partial(self, trade: LocalTrade) -> tuple[float, float, str] | None:
        """Amount, rate and reason of the partial exit that is due, told; None where there is none."""
        close, rate = self._partial.pop(trade.id, (None, 0.0))
        if close is None or close.amount is None:
            return None
        self._tell(trade, close, rate, datetime.now(UTC))
        return close.amount, rate, reason(close.rule, close.level)

    def part_in_backtest(self, trade: LocalTrade, rate: float, now: datetime) -> tuple[float, str] | None:
        """What `adjust_trade_position` answers: a negative stake, and the reason."""
        close = self._decide(trade, rate, now, None, None)
        if close is None or close.amount is None or not trade.amount:
            return None
        stake = close.amount * trade.stake_amount / trade.amount
        return -stake * (1 + 1e-12), reason(close.rule, close.level)

    @property
    def has_ladder(self) -> bool:
        policy = self._rules.policy
        return policy is not None and policy.document.take_profit is not None

    def closes(self, trade: LocalTrade) -> bool:
        """An exit order of ours rests, or one is due: nobody else may adjust the position meanwhile."""
        return trade.id in self._partial or any(is_ours(order) for order in trade.open_orders)

    def hold_stop(self, trade: LocalTrade) -> None:
        """FreqTrade's own stop is no looser than the universal one."""
        if self._rules.policy is None:
            return
        marks = self.marks_of(trade)
        if marks.stop_rate is not None:
            tighten(trade, marks.stop_rate, self._strategy.stoploss)

    def place_stop(self, trade: LocalTrade) -> None:
        """The same, with what the rules say at the open rate: before the exchange is given a stop for a trade that was
        never looked at."""
        self._decide(trade, float(trade.open_rate or 0.0), datetime.now(UTC), None, None)

    def marks_of(self, trade: LocalTrade) -> Marks:
        """What the rules remember of it."""
        known = self._marks.get(trade.id)
        if known is None or known[0] != trade.open_date_utc:
            known = (trade.open_date_utc, marks_of(trade) if self.live else Marks())
            self._marks[trade.id] = known
        return known[1]

    def is_due(self, trade_id: int) -> bool:
        """The rules wanted to close of this trade when it was looked at last."""
        return trade_id in self._due

    def time_exit_at(self, trade: LocalTrade) -> float | None:
        """When the rules' time exit is due, by the wall clock."""
        policy = self._rules.policy
        section = policy.document.time_exit if policy is not None else None
        return None if section is None else position_of(trade).opened_at.timestamp() + section.after_minutes * 60

    def thresholds(self, trade: LocalTrade, rate: float | None, least_move: float | None = LEAST_MOVE) -> Thresholds:
        """Rates at which this trade is to be looked at again: the rules', and FreqTrade's own stop. `least_move` is of
        new highs that move a trailing stop (None: of none)."""
        policy = self._rules.policy
        found = Thresholds()
        if policy is not None:
            try:
                ranges = self._ranges.of(trade.pair, atr_periods(policy.document))
                position, marks = position_of(trade), self.marks_of(trade)
                found = thresholds(position, marks, policy.document, ranges, rate=rate, least_move=least_move)
            except Exception as error:  # the boundary of rules: whoever asked has its loop look at this trade
                self._entries.broken(f"The thresholds of trade {trade.id}", error)
                raise
        own = float(trade.stop_loss) if trade.stop_loss else None
        if trade.is_short:
            above = min((stop for stop in (found.above, own) if stop is not None), default=None)
            return Thresholds(below=found.below, above=above, reasons=found.reasons)
        below = max((stop for stop in (found.below, own) if stop is not None), default=None)
        return Thresholds(below=below, above=found.above, reasons=found.reasons)

    # ---- deciding

    def _decide(
        self, trade: LocalTrade, rate: float, now: datetime, low: float | None, high: float | None
    ) -> Close | None:
        policy = self._rules.policy
        self._partial.pop(trade.id, None)
        self._due.discard(trade.id)
        if policy is None:
            return None
        try:
            close = self._decided(policy, trade, Price(rate, low, high), now)
            if close is not None:
                self._due.add(trade.id)
            return close
        except Exception as error:  # the boundary of rules: the strategy's own exits must still be asked
            self._entries.broken(f"An exit rule of trade {trade.id}", error)
            return None

    def _decided(self, policy: PolicyInForce, trade: LocalTrade, price: Price, now: datetime) -> Close | None:
        document = policy.document
        position, marks = position_of(trade), self.marks_of(trade)
        decision = decide(
            position,
            marks,
            price,
            document,
            now,
            atr=self._ranges.of(trade.pair, atr_periods(document)),
            exits_closed=all(order.ft_order_side == trade.entry_side for order in trade.open_orders),
            min_amount=self._least(trade, price.rate, 0.0),
            min_rest=self._least(trade, price.rate, self._strategy.stoploss),
        )
        if decision.marks != marks or trade.id in self._unsaved:
            self._keep(trade, decision.marks)
        if decision.marks.stop_rate is not None:
            tighten(trade, decision.marks.stop_rate, self._strategy.stoploss)
            if self.live:
                self._told.stop(trade, decision.marks, price.rate, policy.label)
        if decision.blind and not self._strategy_is_starting(trade):
            rules = ", ".join(decision.blind)
            self._teller.alert("rule_blind", f"{rules} of {trade.pair}: too few candles for the average true range.")
        return decision.close

    def _strategy_is_starting(self, trade: LocalTrade) -> bool:
        frame, _ = self._strategy.dp.get_analyzed_dataframe(trade.pair, self._strategy.timeframe)
        return bool(frame.empty)

    def _least(self, trade: LocalTrade, rate: float, stop: float) -> float:
        """Amount of an order, in the base currency, with FreqTrade's reserve for a stop so far away (a ratio)."""
        exchange = getattr(self._strategy.dp, "_exchange", None) if self.has_ladder else None
        if exchange is None or rate <= 0:
            return 0.0
        return float(exchange.get_min_pair_stake_amount(trade.pair, rate, stop) or 0.0) / rate

    def _keep(self, trade: LocalTrade, marks: Marks) -> None:
        self._marks[trade.id] = (trade.open_date_utc, marks)
        if not self.live:
            return
        try:
            keep_marks(trade, marks)
            self._unsaved.discard(trade.id)
        except Exception as error:  # the boundary of the database: what was decided must still be done
            logger.warning("The marks of trade %s are not kept yet: %s", trade.id, error)
            self._unsaved.add(trade.id)

    # ---- stops

    def _left_to_exchange(self, trade: LocalTrade, close: Close) -> bool:
        """The exchange holds a stop as tight, and may be at it just now."""
        if close.rule not in STOPS or not self.live or self._strategy.config["dry_run"]:
            return False
        if not held_by_exchange(trade):
            self._crossed_at.pop(trade.id, None)
            return False
        since = self._crossed_at.setdefault(trade.id, time.monotonic())
        return time.monotonic() - since < _EXCHANGE_STOP_SECONDS

    def _with_stop(self, trade: LocalTrade, rate: float, exits: list[ExitCheckTuple]) -> list[ExitCheckTuple]:
        """And FreqTrade's own stop, where it is hit and the exchange holds none."""
        stop = float(trade.stop_loss or 0.0)
        hit = stop > 0 and (rate >= stop if trade.is_short else rate <= stop)
        if not hit or trade.has_open_sl_orders or not self._stops_on_exchange():
            return exits
        if self._rules.policy is None and not self.closes(trade):
            return exits
        kind = ExitType.TRAILING_STOP_LOSS if trade.is_stop_loss_trailing else ExitType.STOP_LOSS
        return [ExitCheckTuple(exit_type=kind), *exits]

    def _stops_on_exchange(self) -> bool:
        on_exchange = self._strategy.order_types.get("stoploss_on_exchange")
        return bool(self.live and on_exchange and not self._strategy.config["dry_run"])

    def _attributed(self, trade: LocalTrade, exit_: ExitCheckTuple, rate: float, now: datetime) -> ExitCheckTuple:
        """FreqTrade's stop is ours where it stands at our rate."""
        if exit_.exit_type not in _STOP_TYPES or self._rules.policy is None:
            return exit_
        marks = self.marks_of(trade)
        if marks.stop_rate is None or marks.stop_rule is None or trade.stop_loss != as_stop(trade, marks.stop_rate):
            return exit_
        close = Close(marks.stop_rule, None, marks.stop_rate)
        self._tell(trade, close, rate, now)
        return ExitCheckTuple(exit_type=exit_.exit_type, exit_reason=reason(marks.stop_rule))

    def _tell(self, trade: LocalTrade, close: Close, rate: float, now: datetime) -> None:
        if self.live and self._rules.policy is not None:
            self._told.decision(trade, close, rate, self._rules.policy.label, now)

    def _asked(
        self, ask: ShouldExit, trade: LocalTrade, rate: float, now: datetime, asked: dict[str, Any]
    ) -> list[ExitCheckTuple]:
        try:
            return ask(trade, rate, now, **asked)
        except (Exception, SystemExit) as error:  # the boundary of the user's code: its stop must still be looked at
            if not self.live:
                raise
            logger.exception("The strategy failed to say whether trade %s is to be closed", trade.id)
            text = f"The strategy's exits of {trade.pair} fail ({type(error).__name__}: {error}); stops go on."
            self._teller.alert("strategy_failed", text)
        try:
            stopped = IStrategy.ft_stoploss_reached(self._strategy, rate, trade, now, trade.calc_profit_ratio(rate), 0)
        except (Exception, SystemExit):  # as above: the other trades must still be looked at
            logger.exception("The strategy fails to say where the stop of trade %s is", trade.id)
            return []
        return [stopped] if stopped.exit_flag else []


def is_ours(order: Any) -> bool:
    """An order that a universal rule sent."""
    return parse(order.ft_order_tag) is not None


def _exit_type(close: Close) -> ExitType:
    """What FreqTrade takes it for: decides the type of the order, and the rate in backtesting."""
    if close.rule in STOPS:
        return ExitType.STOP_LOSS
    return ExitType.ROI if close.rule == "take_profit" else ExitType.CUSTOM_EXIT
