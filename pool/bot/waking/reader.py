"""Reads what `needs.waking` decides on out of a built FreqtradeBot. Main thread only, between two loops."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from freqtrade.enums import State
from freqtrade.exchange import timeframe_to_msecs, timeframe_to_next_date, timeframe_to_prev_date
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade

from pool.bot.universal.hold import Hold
from pool.bot.waking import overrides, thresholds
from pool.bot.waking.lists import pairlist_timers
from pool.bot.waking.needs import TradeFacts
from pool.contract.waking import Reason
from pool.rules.position import Thresholds

_TRAILING_SECONDS = 5.0
"""New highs wake a bot no more often than this, or than FreqTrade's loop would see them."""


class Reader:
    """Of one built FreqTrade. `time_exit` tells of a trade when the rules' time exit is due (wall clock)."""

    def __init__(
        self,
        freqtrade: FreqtradeBot,
        hold: Hold,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        laid = hold.laid
        self._freqtrade = freqtrade
        self._hold = hold
        self._laid = laid
        self._clock = clock
        self._monotonic = monotonic
        self._asked_for: list[Any] = []
        throttle = freqtrade.config.get("internals", {}).get("process_throttle_secs", _TRAILING_SECONDS)
        self._trailing = min(_TRAILING_SECONDS, float(throttle))
        self._left_out: dict[int, float] = {}
        """Trades whose next high nobody waits for yet, and when (monotonic clock) it is to be waited for."""
        self._extremes = overrides.names_extremes(freqtrade.strategy, laid.over)
        self.renew()
        freqtrade.dataprovider.refresh = partial(self._refresh, freqtrade.dataprovider.refresh)

    def renew(self) -> None:
        """What strategy and configuration ask for, which both may change; with it, which prices are waited for."""
        strategy = self._freqtrade.strategy
        names = overrides.overridden(strategy, self._laid.over)
        self.always = overrides.always(strategy, names) | _of_config(self._freqtrade)
        self.with_trades = overrides.with_trades(strategy, names, adjusts=self._laid.adjusts, extremes=self._extremes)
        may_sleep = not self.always and not self.with_trades and _comparable(self._freqtrade.config)
        self._hold.follow(self.thresholds if may_sleep else None)

    def facts(self, now: float, looped_at: float) -> dict[str, Any]:
        """The fields of `Facts` that FreqTrade knows. Moments are told from `now` on, which is to be before anything
        was asked of which they are, watches among it. The last loop began at `looped_at`."""
        freqtrade = self._freqtrade
        trades = Trade.get_open_trades()
        open_ids = {trade.id for trade in trades}
        self._left_out = {one: at for one, at in self._left_out.items() if one in open_ids}
        lists = pairlist_timers(freqtrade.pairlists, looped_at)
        awaited, timers = self._candles(now)
        next_run: datetime | None = freqtrade._schedule.next_run
        if next_run is not None:  # a naive local time, as the scheduler has it
            timers.append(next_run.timestamp())
        return {
            "runs": freqtrade.state in (State.RUNNING, State.PAUSED),
            "always": self.always | ({"pairlist"} if lists is None else frozenset()),
            "with_trades": self.with_trades,
            "entry_stands": self._entry_stands({trade.pair for trade in trades}),
            "candles_awaited": awaited,
            "trades": tuple(self._trade(trade, now) for trade in trades),
            "closes": self._closes(now),
            "timers": (*timers, *(lists or ())),
        }

    # ---- candles and signals

    def _refresh(self, refresh: Callable[..., None], pairs: list[Any], helping: list[Any] | None = None) -> None:
        self._asked_for = [*pairs, *(helping or ())]
        refresh(pairs, helping)

    def _timeframes(self) -> set[str]:
        return {self._freqtrade.strategy.timeframe, *(timeframe for _, timeframe, _ in self._asked_for)}

    def _closes(self, now: float) -> tuple[float, ...]:
        since = datetime.fromtimestamp(now, UTC)
        return tuple(timeframe_to_next_date(one, since).timestamp() for one in self._timeframes())

    def _candles(self, now: float) -> tuple[bool, list[float]]:
        """Whether one is awaited that FreqTrade would ask for in the next loop, and when it would ask again for those
        that an exchange leaves out."""
        timers = []
        for key in dict.fromkeys(self._asked_for):
            again = self._asked_again(key)
            if again is not None and again <= now:
                return True, []
            if again is not None:
                timers.append(again)
        return not self._analysed(), timers

    def _asked_again(self, key: Any) -> float | None:
        """When FreqTrade asks for these candles again in the present one (0 for at once); None where all are there."""
        exchange, timeframe = self._freqtrade.exchange, key[1]
        newest = exchange._pairs_last_refresh_time.get(key)
        opened = timeframe_to_prev_date(timeframe).timestamp() * 1000
        if newest is None:
            return 0.0
        if newest + timeframe_to_msecs(timeframe) >= opened:
            return None
        polled = exchange._pairs_last_poll_time.get(key, 0)
        if polled < opened + exchange._ohlcv_candle_grace_ms(timeframe):
            return 0.0
        return float(polled + exchange._ohlcv_max_poll_interval_ms) / 1000

    def _analysed(self) -> bool:
        """The newest candle of each pair was, so that the next loop has nothing to analyse."""
        strategy = self._freqtrade.strategy
        seen = strategy._IStrategy__last_candle_seen_per_pair
        for pair in self._freqtrade.active_pair_whitelist:
            frame = self._freqtrade.dataprovider.ohlcv(pair, strategy.timeframe, copy=False)
            if not frame.empty and seen.get(pair) != frame.iloc[-1]["date"]:
                return False
        return True

    def _entry_stands(self, open_pairs: set[str]) -> bool:
        """FreqTrade would try to enter in the next loop. A lock holds by the candle: until the next one, or until
        somebody takes it away, which is a request."""
        freqtrade = self._freqtrade
        if freqtrade.state is not State.RUNNING or freqtrade.get_free_open_trades() <= 0:
            return False
        timeframe = freqtrade.strategy.timeframe
        for pair in freqtrade.active_pair_whitelist:
            if pair in open_pairs:
                continue
            frame, _ = freqtrade.dataprovider.get_analyzed_dataframe(pair, timeframe)
            if frame.empty:
                continue
            side, _ = freqtrade.strategy.get_entry_signal(pair, timeframe, frame)
            if side is None:
                continue
            if not freqtrade.strategy.is_pair_locked(pair, candle_date=frame.iloc[-1]["date"], side=side):
                return True
        return False

    # ---- trades

    def thresholds(self, trade: Trade, rate: float | None) -> Thresholds:
        """All rates at which FreqTrade or the rules would act on this trade."""
        strategy, now = self._freqtrade.strategy, self._clock()
        follows = self._follows(trade.id)
        rules = self._laid.exits.thresholds(trade, rate, least_move=0.0 if follows else None)
        ahead = [rules.below if trade.is_short else rules.above, self._roi(trade, now)]
        if rate is not None and follows:
            ahead.append(thresholds.trailing_rate(trade, strategy, rate))
        stops = [rules.above if trade.is_short else rules.below, thresholds.stop_rate(trade)]
        if rate is not None and not self._near_liquidation(trade, rate):
            stops.append(self._warning(trade))
        favourable = _nearest(ahead, highest=trade.is_short)
        stop = _nearest(stops, highest=not trade.is_short)
        if trade.is_short:
            return Thresholds(below=favourable, above=stop, reasons=rules.reasons)
        return Thresholds(below=stop, above=favourable, reasons=rules.reasons)

    def follows_at(self) -> float | None:
        """When (monotonic clock) the next new high may wake the bot, perhaps already; None where none is left out."""
        policy = self._laid.rules.policy
        trails = self._freqtrade.strategy.trailing_stop or (policy is not None and policy.document.trailing_stop)
        if not trails:
            return None
        return min((at for trade_id, at in self._left_out.items() if trade_id in self._hold.told), default=None)

    def _follows(self, trade_id: int) -> bool:
        """Whether its next high is waited for, noted where it is not: what reads the clock again may see it later."""
        at = self._hold.handled.get(trade_id, -self._trailing) + self._trailing
        if at <= self._monotonic():
            self._left_out.pop(trade_id, None)
            return True
        self._left_out[trade_id] = at
        return False

    def _roi(self, trade: Trade, now: float) -> float | None:
        return thresholds.roi_rate(trade, self._freqtrade.strategy.minimal_roi, now)

    def _trade(self, trade: Trade, now: float) -> TradeFacts:
        if trade.has_open_orders or trade.has_open_sl_orders or not trade.has_open_position:
            return TradeFacts(trade.id, trade.pair, open_order=True)
        rate = self._hold.seen.get(trade.id)
        timers, keeps = self._timers(trade, now)
        if rate is not None and self._near_liquidation(trade, rate):
            keeps |= {"liquidation_near"}
        return TradeFacts(
            trade.id,
            trade.pair,
            exit_stands=self._exit_stands(trade),
            beyond=self._beyond(trade, rate, now),
            watchable=_comparable(self._freqtrade.config),
            keeps=keeps,
            timers=timers,
        )

    def _beyond(self, trade: Trade, rate: float | None, now: float) -> bool:
        if rate is None:  # nobody looked at it since it was opened, or the last look failed
            return True
        stop, investment = thresholds.stop_rate(trade), self._roi(trade, now)
        if stop is None or thresholds.hit(trade, rate, stop) or self._laid.exits.is_due(trade.id):
            return True
        return investment is not None and thresholds.reached(trade, rate, investment)

    def _near_liquidation(self, trade: Trade, rate: float) -> bool:
        """FreqTrade's loop may have to warn."""
        warning = self._warning(trade)
        return warning is not None and thresholds.hit(trade, rate, warning)

    def _warning(self, trade: Trade) -> float | None:
        return thresholds.warning_rate(trade, float(self._freqtrade.config.get("liquidation_warn_ratio", 0.2)))

    def _timers(self, trade: Trade, now: float) -> tuple[tuple[float, ...], frozenset[Reason]]:
        keeps: set[Reason] = set()
        found = [thresholds.roi_timer(trade, self._freqtrade.strategy.minimal_roi, now)]
        ends = self._laid.exits.time_exit_at(trade)
        if ends is not None and ends <= now:
            keeps.add("time_exit")
        else:
            found.append(ends)
        if not self._freqtrade.config["dry_run"] and not trade.fee_updated(trade.entry_side):
            keeps.add("fees_unknown")
        return tuple(one for one in found if one is not None), frozenset(keeps)

    def _exit_stands(self, trade: Trade) -> bool:
        freqtrade = self._freqtrade
        if not freqtrade.strategy.use_exit_signal:
            return False
        timeframe = freqtrade.strategy.timeframe
        frame, _ = freqtrade.dataprovider.get_analyzed_dataframe(trade.pair, timeframe)
        if frame.empty:
            return False
        enter, exit_, _ = freqtrade.strategy.get_exit_signal(trade.pair, timeframe, frame, is_short=trade.is_short)
        return bool(exit_ and not enter)


def _comparable(config: dict[str, Any]) -> bool:
    """FreqTrade prices exits by the best bid or ask alone."""
    pricing = config.get("exit_pricing", {})
    if pricing.get("use_order_book", False):
        return int(pricing.get("order_book_top", 1)) == 1
    return not pricing.get("price_last_balance", 0.0)


def _of_config(freqtrade: FreqtradeBot) -> frozenset[Reason]:
    config = freqtrade.config
    found: set[Reason] = set()
    if config.get("freqai", {}).get("enabled", False):
        found.add("freqai")
    if config.get("external_message_consumer", {}).get("enabled", False):
        found.add("producers")
    if config.get("exchange", {}).get("use_public_trades", False):
        found.add("public_trades")
    return frozenset(found)


def _nearest(rates: list[float | None], *, highest: bool) -> float | None:
    found = [rate for rate in rates if rate is not None]
    if not found:
        return None
    return max(found) if highest else min(found)
