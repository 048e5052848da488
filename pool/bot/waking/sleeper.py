"""Between two loops of the trader: what it waits for, and whether that has come.

The facts are read after a loop and its plain wait, after each exit pass, after a trade's event, and when a rate may be
followed again. Candles and timers go by the wall clock, which FreqTrade goes by, and are looked at every few seconds,
whoever sets it meanwhile; the safety wake goes by the monotonic one.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade
from sqlalchemy.exc import SQLAlchemyError

from pool.bot.universal.hold import Hold
from pool.bot.vitals import Vitals
from pool.bot.waking.following import Following
from pool.bot.waking.needs import JITTER_SECONDS, SAFETY_SECONDS, TOGETHER_SECONDS, Facts, TradeFacts, Waking, waking
from pool.bot.waking.reader import Reader
from pool.bot.waking.turn import Turn, share
from pool.contract.risk import Watch
from pool.contract.waking import Mode, Reason, WakingState

logger = logging.getLogger(__name__)

_SLICE_SECONDS = 5.0
_LEAST_SECONDS = 0.01
_SETTLED_SLICES = 3.0
_NEVER = datetime.fromtimestamp(0, UTC)
_IN_TURN: frozenset[Reason] = frozenset({"prices_not_watched", "entry_stands", "candles_awaited", "slot_freed"})
"""Loops for these alone wait for their turn, too, for as long as between two loops: many bots have them at a time,
after a candle or where their agent is late."""
_UNANSWERED_SECONDS = 65.0
"""A price that the watcher sees crossed and FreqTrade does not: the watcher tells it again within a minute."""


class Sleeper:
    """Main thread, but for `ask` and `changed`. `attach` whenever FreqTrade was built anew. `spread`: of a name's, from
    0 to 1."""

    def __init__(
        self,
        bot_id: str,
        vitals: Vitals,
        following: Following,
        *,
        slice_seconds: float = _SLICE_SECONDS,
        wake: Callable[[], None] = lambda: None,
        turn: Turn | None = None,
        spread: Callable[[str], float] = share,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bot_id = bot_id
        self._spread = spread
        self._vitals = vitals
        self._following = following
        self._wake = wake
        self._turn = turn or Turn(lambda _: None, wake, monotonic)
        self._slice = min(slice_seconds, _SLICE_SECONDS)
        self._settle = _SETTLED_SLICES * self._slice
        self._clock = clock
        self._monotonic = monotonic
        self._reader: Reader | None = None
        self._asked = False
        self.due_at_close = False
        """The loop that runs could have run right after a candle's close; main thread."""
        self._changes = 0
        self._seen_changes = 0
        self._open: frozenset[int] = frozenset()
        self._unanswered: dict[int, tuple[Watch, float]] = {}
        self._decision = Waking("loop")
        self._looped_at = 0.0
        """By the monotonic clock."""
        self._loop_began = 0.0
        """By the wall clock."""
        self._follows_at: float | None = None
        self._in_force: tuple[object, ...] = ()
        self._standing: tuple[tuple[Mode, tuple[Reason, ...]], float, datetime] = (("loop", ()), 0.0, _NEVER)
        """What was decided last, and since when, by both clocks."""

    def attach(self, freqtrade: FreqtradeBot, hold: Hold, *, enabled: bool) -> None:
        self._hold = hold
        self._reader = Reader(freqtrade, hold, clock=self._clock, monotonic=self._monotonic) if enabled else None
        self._unanswered.clear()
        self._decision = Waking("loop")
        note_requests(freqtrade.rpc._rpc, self.ask)

    def ask(self) -> None:
        """Somebody asked for something: the next loop is due when FreqTrade's own would be."""
        self._asked = True
        self._wake()

    def changed(self) -> None:
        """Something was done with a trade."""
        self._changes += 1

    def looping(self) -> None:
        """A loop begins."""
        self._asked, self._loop_began = False, self._clock()
        candle_at = self._decision.candle_at
        self.due_at_close = candle_at is not None and self._loop_began >= candle_at
        self._decision = replace(self._decision, candle_at=None)
        self._in_force = (self._vitals.mode, self._vitals.policy)

    def rests(self) -> None:
        """The loop waits for something: others may have its turn."""
        self._turn.over()

    def looped(self) -> None:
        """It is over; trades that are closed from now on free a slot."""
        self._looped_at = self._monotonic()
        self._turn.over()
        if self._reader is not None:
            self._open = frozenset(trade.id for trade in Trade.get_open_trades())

    # ---- deciding

    def assess(self, tell_watches: Callable[[], None], *, looped: bool, flattening: bool, unsettled: bool) -> None:
        """Tell what is waited for, and read the facts anew; those that are given FreqTrade does not know. What comes
        up meanwhile is due or stale when this is over. Never raises but for a stop."""
        self._seen_changes, began = self._changes, self._clock()
        try:
            if self._reader is not None:
                self._reader.renew()
            tell_watches()
            facts = self._facts(began) if self._reader is not None else Facts(enabled=False)
            facts = replace(facts, looped=looped, flattening=flattening, unsettled=unsettled)
        except Exception as error:  # the boundary of reading FreqTrade and a strategy: in doubt it loops
            logger.warning("When the next loop is due cannot be told: %s: %s", type(error).__name__, error)
            with suppress(SQLAlchemyError):
                Trade.rollback()
            facts = Facts(looped=False)
        self._decision = waking(facts)
        self._tell()

    def crossed(self, trade_ids: Iterable[int], before: Mapping[int, Watch]) -> None:
        """An exit pass for watched prices is over. Where the watch is as `before`, FreqTrade saw another price."""
        self.changed()
        for trade_id in trade_ids:
            watch = self._hold.told.get(trade_id)
            if watch is not None and watch == before.get(trade_id):
                self._unanswered[trade_id] = (watch, self._monotonic())

    def _facts(self, began: float) -> Facts:
        assert self._reader is not None
        read = self._reader.facts(began, self._loop_began)
        trades = tuple(self._with_crossing(trade) for trade in read["trades"])
        ids = frozenset(trade.trade_id for trade in trades)
        waiting = frozenset(trade.trade_id for trade in trades if not trade.open_order)
        self._follows_at = self._reader.follows_at()
        return Facts(
            **{**read, "trades": trades},
            asked=self._asked or self._in_force != (self._vitals.mode, self._vitals.policy),
            freed=bool(self._open - ids),
            watched=self._following.holds() and waiting <= self._hold.told.keys(),
            jitter=self._jitter(trades),
        )

    def _jitter(self, trades: Iterable[TradeFacts]) -> float:
        """Bots with trades of the same pair wake together (of several: the first by name); its book serves them all."""
        own, pair = self._spread(self._bot_id), min((trade.pair for trade in trades), default=None)
        if pair is None:
            return own * JITTER_SECONDS
        return self._spread(pair) * (JITTER_SECONDS - TOGETHER_SECONDS) + own * TOGETHER_SECONDS

    def _with_crossing(self, trade: TradeFacts) -> TradeFacts:
        watch, at = self._unanswered.get(trade.trade_id, (None, 0.0))
        if watch is None:
            return trade
        if watch != self._hold.told.get(trade.trade_id) or self._monotonic() - at > _UNANSWERED_SECONDS:
            del self._unanswered[trade.trade_id]
            return trade
        return replace(trade, beyond=True)

    def _tell(self) -> None:
        """What has stood for a while, or is the first: a loop at each candle's close is no news."""
        now, decided = self._monotonic(), (self._decision.mode, self._decision.reasons)
        if decided != self._standing[0]:
            self._standing = decided, now, datetime.fromtimestamp(self._clock(), UTC)
        (mode, reasons), since, at = self._standing
        told = self._vitals.waking
        if told is None or ((told.mode, told.reasons) != (mode, list(reasons)) and now - since >= self._settle):
            self._vitals.waking = WakingState(mode=mode, reasons=list(reasons), since=at)

    # ---- waiting

    def take_prices(self) -> None:
        """What the agent saw meanwhile, so that what is told of open trades is as new as after a loop."""
        if self._reader is not None:
            self._hold.see(*self._following.quotes())

    def stale(self) -> bool:
        """The facts are others by now, perhaps."""
        self._tell()
        follows = self._follows_at is not None and self._monotonic() >= self._follows_at
        return follows or self._changes != self._seen_changes

    def due(self) -> bool:
        """A loop is to be run: at once, or when it is this bot's turn."""
        decision = self._decision
        if self._asked or self._in_force != (self._vitals.mode, self._vitals.policy):
            return True
        if decision.mode == "loop" and not _IN_TURN.issuperset(decision.reasons):
            return True
        hurries = (
            decision.mode == "loop"
            or (decision.needs_prices and not self._following.holds())
            or (decision.trades_at is not None and self._clock() >= decision.trades_at)
        )
        if not hurries and not self._is_time():
            return False
        return self._turn.may_begin(open_trades=bool(self._open), hurries=hurries)

    def _is_time(self) -> bool:
        next_at = self._decision.next_at
        too_long = self._monotonic() - self._looped_at >= SAFETY_SECONDS
        return too_long or (next_at is not None and self._clock() >= next_at)

    def slice_seconds(self) -> float:
        """So long nothing is due, unless somebody wakes the bot."""
        ends = [self._slice]
        if self._turn.waits():
            ends.append(self._turn.left_seconds())
            if self._decision.trades_at is not None and self._decision.trades_at > self._clock():
                ends.append(self._decision.trades_at - self._clock())
        else:
            ends.append(self._looped_at + SAFETY_SECONDS - self._monotonic())
            if self._decision.next_at is not None:
                ends.append(self._decision.next_at - self._clock())
        if self._decision.needs_prices and (left := self._following.left_seconds()) > 0:
            ends.append(left)
        if self._follows_at is not None:
            ends.append(self._follows_at - self._monotonic())
        return max(min(ends), _LEAST_SECONDS)


_CHANGING = (
    "_rpc_start",
    "_rpc_stop",
    "_rpc_pause",
    "_rpc_reload_config",
    "_rpc_force_exit",
    "_rpc_force_entry",
    "_rpc_cancel_open_order",
    "_rpc_delete",
    "_rpc_reload_trade_from_exchange",
    "_rpc_add_lock",
    "_rpc_delete_lock",
    "_rpc_blacklist",
    "_rpc_blacklist_delete",
    "_update_market_direction",
)


def note_requests(rpc: Any, ask: Callable[[], None]) -> None:
    """What others change through FreqTrade's API is asked for, too."""

    def noted(do: Callable[..., Any], *given: Any, **named: Any) -> Any:
        try:
            return do(*given, **named)
        finally:
            ask()

    for name in _CHANGING:
        do = getattr(rpc, name, None)
        if do is not None:
            setattr(rpc, name, partial(noted, do))
