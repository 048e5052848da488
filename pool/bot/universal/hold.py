"""The universal rules' hold on a built FreqtradeBot: what strategies are not asked.

Wrapped on the instance, around whatever wrapped it before: `execute_entry`, which every entry passes (first ones,
position adjustments, replaced orders, `forceenter`), is denied by `Entries`; `get_valid_enter_price_and_stake` cuts
further entries to the guardrail's share of equity; `exit_positions` looks at each trade, whatever others raise;
`handle_trade` closes parts of a trade and cancels exits of ours that rest for too long (`resting`); those that have to
be are market orders by `execute_trade_exit`; what `emergency_exit` sells in place of a part is that part, with its tag;
what `handle_onexchange_order` finds closed by others, liquidations among it, is
told; `create_stoploss_order` gives the exchange the tighter of two stops from the start, and
`manage_trade_stoploss_orders` moves it.
"""

import logging
import math
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Literal

from freqtrade.constants import CANCEL_REASON, CANCELED_EXCHANGE_STATES
from freqtrade.enums import ExitCheckTuple, ExitType
from freqtrade.exceptions import DependencyException, FreqtradeException
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade
from sqlalchemy.exc import SQLAlchemyError

from pool.bot.outbox import MOST_WATCHES
from pool.bot.universal.entries import Entries
from pool.bot.universal.overlay import Laid
from pool.bot.universal.resting import Resting, rested
from pool.bot.universal.stops import STOP_REASONS
from pool.bot.universal.teller import Teller, money
from pool.bot.universal.why import parse
from pool.contract.frames import Quoted
from pool.contract.risk import Watch
from pool.rules.position import Thresholds

logger = logging.getLogger(__name__)

ThresholdsOf = Callable[[Trade, float | None], Thresholds]

_PURPOSES = {"initial": "entry", "pos_adjust": "adjust", "replace": "replace"}
_CUT = 1 + 1e-9
_PRICED_SECONDS = 8.0
"""A loop every five seconds, and what it takes, has rates no older than that."""


class Hold:
    """Main thread, but for `execute_entry`, which FreqTrade's REST API may call as well."""

    def __init__(self, freqtrade: FreqtradeBot, laid: Laid, entries: Entries, teller: Teller) -> None:
        self._freqtrade = freqtrade
        self.laid = self._laid = laid
        self.handled: dict[int, float] = {}
        """When each open trade was looked at last, by the monotonic clock; without those whose look failed."""
        self.seen: dict[int, float] = {}
        """At which rate that was."""
        self.told: dict[int, Watch] = {}
        """What `watches` answered last, by trade."""
        self._pairs: dict[int, str] = {}
        self._priced: dict[int, float] = {}
        """When the rate was asked for that FreqTrade keeps of each open trade."""
        self._unwatched: set[int] = set()
        """Trades of which it was told that they cannot be watched."""
        self._thresholds: ThresholdsOf | None = None
        self._entries = entries
        self._teller = teller
        self._resting = Resting()
        freqtrade.execute_entry = partial(self._execute_entry, freqtrade.execute_entry)
        freqtrade.get_valid_enter_price_and_stake = partial(
            self._price_and_stake, freqtrade.get_valid_enter_price_and_stake
        )
        freqtrade.exit_positions = partial(self._exit_positions, freqtrade.exit_positions)
        freqtrade.handle_trade = partial(self._handle_trade, freqtrade.handle_trade)
        freqtrade.execute_trade_exit = partial(self._execute_exit, freqtrade.execute_trade_exit)
        freqtrade.emergency_exit = partial(self._emergency_exit, freqtrade.emergency_exit)
        freqtrade.handle_onexchange_order = partial(self._find_on_exchange, freqtrade.handle_onexchange_order)
        freqtrade.create_stoploss_order = partial(self._create_stoploss, freqtrade.create_stoploss_order)
        freqtrade.manage_trade_stoploss_orders = partial(self._manage_stops, freqtrade.manage_trade_stoploss_orders)
        self._custom_stops = bool(freqtrade.config.get("use_custom_stoploss"))

    def look(self, trade_ids: Collection[int] | None = None) -> None:
        """The exit pass for these open trades alone (None: for all). Never raises but for a stop."""
        try:
            with self._freqtrade._exit_lock:
                trades = Trade.get_open_trades()
                self._freqtrade.exit_positions([t for t in trades if trade_ids is None or t.id in trade_ids])
                Trade.commit()
        except FreqtradeException as error:
            logger.warning("The exits could not be looked at: %s", error)
        except (Exception, SystemExit) as error:  # the boundary of the pass: the loops go on, and a person is told
            logger.exception("The exits could not be looked at")
            Trade.rollback()
            self._teller.alert("exits_failed", f"Exits could not be looked at: {type(error).__name__}: {error}")

    def look_overdue(self) -> None:
        """The exit pass for trades whose order rested for its time."""
        due = self._resting.due()
        if due:
            self.look(due)

    def follow(self, thresholds: ThresholdsOf | None) -> None:
        """From now on these are watched in place of the rules' alone (None: those)."""
        self._thresholds = thresholds

    @property
    def follows_all(self) -> bool:
        """Every price that a trade waits for is watched, with a policy or without."""
        return self._thresholds is not None

    def see(self, quotes: Mapping[str, Quoted], at: float) -> None:
        """Prices by market, seen at that moment of the monotonic clock: where the exits of a trade go by nothing else,
        they are what FreqTrade would have asked for, and its last rate for whoever asks no exchange."""
        if not self.follows_all:
            return
        exchange = self._freqtrade.exchange
        for trade_id, watch in self.told.items():
            quote = quotes.get(watch.symbol)
            if quote is None or at <= self._priced.get(trade_id, at):
                continue
            self._priced[trade_id] = at
            with exchange._cache_lock:
                exchange._exit_rate_cache[self._pairs[trade_id]] = float(
                    quote.ask if watch.side == "ask" else quote.bid
                )

    def is_priced(self, trade_id: int) -> bool:
        """Its rate is as new as a loop would have it."""
        known = self._priced.get(trade_id, -math.inf)
        return not self.follows_all or time.monotonic() - known <= _PRICED_SECONDS

    def watches(self) -> list[Watch]:
        """Prices at which a trade is to be looked at before the next loop."""
        found = []
        market: Literal["spot", "linear"] = "linear" if self._freqtrade.trading_mode == "futures" else "spot"
        for trade in self.forget_closed():
            tags = {order.ft_order_tag for order in trade.open_orders if order.ft_order_side == trade.exit_side}
            if not trade.has_open_position or tags & STOP_REASONS:
                continue
            rate = self.seen.get(trade.id)
            try:
                rates = (self._thresholds or self._laid.exits.thresholds)(trade, rate)
                symbol = str(self._freqtrade.exchange.markets[trade.pair]["id"])
            except Exception as error:  # the boundary of one trade: without a watch the loop looks at it anyway
                if trade.id not in self._unwatched:
                    logger.warning("Trade %s cannot be watched: %s: %s", trade.id, type(error).__name__, error)
                self._unwatched.add(trade.id)
                continue
            self._unwatched.discard(trade.id)
            stop = rates.above if trade.is_short else rates.below
            if tags:  # an exit rests: only a stop does not wait for it
                rates = Thresholds(above=stop) if trade.is_short else Thresholds(below=stop)
            if rates.below is None and rates.above is None:
                continue
            self._pairs[trade.id] = str(trade.pair)
            found.append(
                Watch(
                    trade_id=trade.id,
                    symbol=symbol,
                    market=market,
                    is_short=bool(trade.is_short),
                    side=self._side(bool(trade.is_short)),
                    below=money(rates.below),
                    above=money(rates.above),
                )
            )
        found = found[:MOST_WATCHES]  # whatever is open beyond them keeps the loop
        self.told = {watch.trade_id: watch for watch in found}
        return found

    def _side(self, is_short: bool) -> Literal["bid", "ask"]:
        """With which FreqTrade prices exits."""
        pricing = self._freqtrade.config.get("exit_pricing", {})
        if "price_side" not in pricing:
            return "ask" if is_short else "bid"
        side: Literal["bid", "ask"] = self._freqtrade.exchange._get_price_side("exit", is_short, pricing)
        return side

    def forget_closed(self) -> list[Trade]:
        """What is remembered of trades that are closed; the others."""
        trades: list[Trade] = Trade.get_open_trades()
        trade_ids = {trade.id for trade in trades}
        self._laid.exits.forget_all_but(trade_ids)
        self._resting.forget_all_but(trade_ids)
        self._unwatched &= trade_ids
        self._pairs = {trade_id: pair for trade_id, pair in self._pairs.items() if trade_id in trade_ids}
        for trade_id in [one for one in self.handled if one not in trade_ids]:
            self._forget_look(trade_id)
        return trades

    def part(self, trade: Trade, amount: float, rate: float) -> float | None:
        """What of `amount` (base currency) can be sold by itself: all of the trade where the exchange would not take
        the rest, None where it would not take so little."""
        exchange = self._freqtrade.exchange
        part = float(exchange.amount_to_contract_precision(trade.pair, min(amount, trade.amount)))
        if part <= 0:
            return None
        least = exchange.get_min_pair_stake_amount(trade.pair, rate, self._freqtrade.strategy.stoploss) or 0.0
        if part >= trade.amount or (trade.amount - part) * rate < least:
            return float(trade.amount)
        least = exchange.get_min_pair_stake_amount(trade.pair, rate, 0.0) or 0.0
        return part if part * rate >= least else None

    def close_part(self, trade: Trade, amount: float, rate: float, reason: str) -> bool:
        """Send an exit of `part`; True where it was sent."""
        part = self.part(trade, amount, rate)
        if part is None:
            return False
        return bool(
            self._freqtrade.execute_trade_exit(
                trade,
                rate,
                ExitCheckTuple(exit_type=ExitType.PARTIAL_EXIT, exit_reason=reason),
                sub_trade_amt=part if part < trade.amount else None,
            )
        )

    def _execute_entry(
        self, execute: Callable[..., bool], pair: str, stake_amount: float, *more: Any, **named: Any
    ) -> bool:
        purpose = _PURPOSES.get(named.get("mode", "initial"), "entry")
        if self._entries.refuse(pair, bool(named.get("is_short", False)), purpose, stake_amount):
            return False
        return execute(pair, stake_amount, *more, **named)

    def _price_and_stake(
        self, ask: Callable[..., tuple[float, float, float]], pair: str, *given: Any
    ) -> tuple[float, float, float]:
        price, stake, leverage = ask(pair, *given)
        _, _, trade_side, _, trade, mode, _ = given
        try:
            most = self._laid.sizer.most()
        except Exception as error:  # the boundary of rules: no entry without the guardrail
            self._entries.broken("The guardrail of stakes", error)
            return price, 0.0, leverage
        if most is None or stake <= most * _CUT:
            return price, stake, leverage
        stop = self._freqtrade.strategy.stoploss if mode != "pos_adjust" else 0.0
        least = self._freqtrade.exchange.get_min_pair_stake_amount(pair, price, stop, leverage) or 0.0
        if trade is None or most < least:
            message = f"{stake:.8g} is more than the guardrail's {most:.8g}, or that is below the exchange's minimum."
            limit = "guardrails.stake_at_most"
            self._entries.tell(pair, trade_side == "short", _PURPOSES.get(mode, "entry"), stake, limit, message)
            return price, 0.0, leverage
        return price, most, leverage

    def _exit_positions(self, exit_positions: Callable[[list[Trade]], int], trades: list[Trade]) -> int:
        """Each trade by itself: one that fails holds up no other. Then what the first one raised is raised."""
        closed, failed = 0, None
        for trade in trades:
            try:
                closed += exit_positions([trade])
            except SQLAlchemyError:
                raise
            except (Exception, SystemExit) as error:  # the boundary of one trade, raised when all were looked at
                logger.warning("A trade could not be looked at: %s: %s", type(error).__name__, error)
                failed = failed or error
        if failed is not None:
            raise failed
        return closed

    def _find_on_exchange(self, find: Callable[[Trade], bool], trade: Trade) -> bool:
        """FreqTrade takes over what the exchange closed by itself, as any sale that is not its own: that is told."""
        deleted = find(trade)
        if deleted or trade.is_open or trade.exit_reason != ExitType.SOLD_ON_EXCHANGE.value:
            return deleted
        liquidation, rate = float(trade.liquidation_price or 0.0), float(trade.close_rate or 0.0)
        liquidated = liquidation > 0 and (rate >= liquidation if trade.is_short else rate <= liquidation)
        text = f"Trade {trade.id} of {trade.pair} was closed at {rate:.8g} on the exchange, not by this bot"
        why = "the exchange liquidated it" if liquidated else "by hand, perhaps, or by another bot of this account"
        self._teller.alert("liquidated" if liquidated else "closed_elsewhere", f"{text}: {why}.", str(trade.id))
        return deleted

    def _handle_trade(self, handle: Callable[[Trade], bool], trade: Trade) -> bool:
        self._laid.exits.forget_partial(trade.id)
        self._forget_look(trade.id)
        if self._resting.overdue(trade):
            try:
                self._freqtrade.cancel_open_orders_of_trade(trade, [trade.exit_side], CANCEL_REASON["TIMEOUT"])
            except FreqtradeException as error:
                logger.warning("An exit of trade %s that rests is not cancelled yet: %s", trade.id, error)
            if not trade.is_open:  # it was filled meanwhile
                return True
        self._free_stops(trade)
        try:
            closing = handle(trade)
            self._note_look(trade)
            if closing:
                return True
        except (FreqtradeException, SQLAlchemyError):
            raise
        except (Exception, SystemExit) as error:  # the boundary of user code: the ladder must still close its part
            logger.exception("Trade %s could not be handled", trade.id)
            text = f"Trade {trade.id} of {trade.pair} cannot be handled ({type(error).__name__}: {error})."
            self._teller.alert("strategy_failed", text)
        part = self._laid.exits.take_partial(trade)
        return part is not None and self.close_part(trade, *part)

    def _forget_look(self, trade_id: int) -> None:
        self.handled.pop(trade_id, None)
        self.seen.pop(trade_id, None)
        self._priced.pop(trade_id, None)

    def _note_look(self, trade: Trade) -> None:
        rate = self._freqtrade.exchange._exit_rate_cache.get(trade.pair)
        if rate is not None:
            self.handled[trade.id] = self._priced[trade.id] = time.monotonic()
            self.seen[trade.id] = float(rate)

    def _free_stops(self, trade: Trade) -> None:
        """FreqTrade passes over a reason that it saw this candle while any order of the trade rests. A universal stop
        waits for its own order alone, and so does FreqTrade's while an order of ours rests."""
        tags = {order.ft_order_tag for order in trade.open_orders}
        ours = any(parse(tag) is not None for tag in tags)
        for tag in STOP_REASONS - tags:
            if ours or parse(tag) is not None:
                self._freqtrade._exit_reason_cache.pop(f"{trade.pair}_{trade.id}_{tag}", None)

    def _execute_exit(
        self, execute: Callable[..., bool], trade: Trade, limit: float, exit_check: ExitCheckTuple, **named: Any
    ) -> bool:
        tag = named.get("exit_tag") or exit_check.exit_reason
        stands_in = self._laid.exits.stands_in(exit_check)
        if (stands_in or rested(trade, tag)) and self._freqtrade.exchange.exchange_has("createMarketOrder"):
            named["ordertype"] = "market"
        self._laid.stands_in = stands_in
        try:
            done = execute(trade, limit, exit_check, **named)
        finally:
            self._laid.stands_in = False
        if parse(tag) is not None:
            self._resting.see(trade)
        return done

    def _emergency_exit(
        self, exit_: Callable[..., None], trade: Trade, price: float, sub_trade_amt: float | None = None
    ) -> None:
        """FreqTrade's answer to exits that timed out (`sub_trade_amt` is what was left then) as often as configured,
        and to stops that the exchange does not take. Of an order of ours it counts as that; of one that was filled
        after all nothing is left, where FreqTrade would sell the whole trade. Ours that were cancelled are no time-outs
        of the user's, though FreqTrade counts all of a trade."""
        if sub_trade_amt is None:
            exit_(trade, price)
            return
        exits = [order for order in trade.orders if order.ft_order_side == trade.exit_side]
        tags = [order.ft_order_tag for order in exits]
        if sub_trade_amt <= 0:
            return
        if not tags or parse(tags[-1]) is None:
            users = [one for one in exits if parse(one.ft_order_tag) is None]
            timed_out = sum(one.status in CANCELED_EXCHANGE_STATES for one in users)
            if timed_out >= self._freqtrade.config.get("unfilledtimeout", {}).get("exit_timeout_count", 0):
                exit_(trade, price, sub_trade_amt)
            return
        check = ExitCheckTuple(exit_type=ExitType.EMERGENCY_EXIT, exit_reason=tags[-1])
        try:
            self._freqtrade.execute_trade_exit(trade, price, check, sub_trade_amt=sub_trade_amt)
        except DependencyException as error:
            logger.warning("Trade %s could not be exited in an emergency: %s", trade.id, error)

    def _manage_stops(self, manage: Callable[..., None], trade: Trade, orders: list[Any]) -> None:
        """FreqTrade leaves stops on the exchange where they are, unless they are configured to move."""
        self._freqtrade.config["use_custom_stoploss"] = self._custom_stops or self._laid.rules.policy is not None
        manage(trade, orders)

    def _create_stoploss(self, create: Callable[..., bool], trade: Trade, stop_price: float) -> bool:
        self._laid.exits.place_stop(trade)
        own = float(trade.stoploss_or_liquidation)
        tighter = min(stop_price, own) if trade.is_short else max(stop_price, own)
        return create(trade=trade, stop_price=tighter)
