"""What the mode in force asks of a bot, done between two loops and whenever something arrives.

ACTIVE and REDUCING are kept by what denies entries (`Entries`, permission). HALTED also cancels resting entry orders,
again and again until none is left, and flattens where that was ordered; the overlay keeps the strategy's own exits off.
FreqTrade's own state stays what the user wants. `reduce_fraction` is carried out once for each number of an order: what
was filled for it is told by the tags of exit orders (`flotilla:reduce:<number>`), so a restart repeats nothing. One is
finished whatever is ordered meanwhile (`pool.bot.reductions`), an older one of a trade before the next begins.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from freqtrade.exceptions import FreqtradeException
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade

from pool.bot.flatten import ORDER, Flattening
from pool.bot.market.kinds import pricing
from pool.bot.reductions import Reductions
from pool.bot.universal.host import Universal
from pool.bot.universal.teller import money
from pool.bot.universal.why import Why, action_id, reason
from pool.bot.vitals import Vitals
from pool.contract.risk import Action, Mode

logger = logging.getLogger(__name__)

_CANCEL_AGAIN_SECONDS = 2.0
_REDUCE_AGAIN_SECONDS = 5.0
_TINY = 1e-9


class Modes:
    """Belongs to the main thread; `attach` whenever FreqTrade was built anew."""

    def __init__(
        self, universal: Universal, vitals: Vitals, flattening: Flattening, on_change: Callable[[], None]
    ) -> None:
        self._universal = universal
        self._vitals = vitals
        self._flattening = flattening
        self._on_change = on_change
        self._mode: Mode | None = None
        self._cancelled_at = 0.0
        self._reduced_at = 0.0
        self._reductions = Reductions()

    def attach(self, freqtrade: FreqtradeBot) -> None:
        self._freqtrade = freqtrade
        self._reductions.load()

    def keep(self) -> None:
        """Cheap when nothing is to be done. Never raises but for a stop."""
        self._universal.heed()
        standing = self._universal.standing
        mode = self.tell()
        try:
            if standing.flattens():
                self._flattening.begin(ORDER, standing.why())
            else:
                self._flattening.end(ORDER)
            now = time.monotonic()
            if mode is Mode.HALTED and now - self._cancelled_at >= _CANCEL_AGAIN_SECONDS:
                self._cancelled_at = now
                self._flattening.cancel_entries()
            self._reduce(now)
        except Exception as error:  # the boundary of modes: entries are denied anyway, and the loops go on
            logger.exception("Mode %s could not be kept", mode.value)
            Trade.rollback()
            text = f"Mode {mode.value} could not be kept: {type(error).__name__}: {error}"
            self._universal.teller.alert("mode_failed", text)

    def tell(self) -> Mode:
        """The mode in force: to the heartbeat, and where it changed."""
        standing = self._universal.standing
        mode = standing.mode()
        self._vitals.policy = standing.policy.fingerprint if standing.policy is not None else None
        self._vitals.mode = mode if standing.governed or mode is not Mode.ACTIVE else None
        if mode is self._mode:
            return mode
        before, self._mode = self._mode, mode
        if before is None and mode is Mode.ACTIVE:
            return mode
        logger.warning("Mode %s: %s", mode.value, standing.why() or "released")
        self._universal.teller.action(
            Action(
                action_id=f"mode:{int(time.time() * 1000)}",
                kind="mode",
                stage="done",
                rule=mode.value,
                policy=standing.policy.label if standing.policy is not None else "",
                message=standing.why(),
            )
        )
        self._on_change()
        return mode

    def _reduce(self, now: float) -> None:
        mandate = self._universal.standing.mandate
        if mandate is None or not self._universal.standing.governed:
            return
        self._reductions.take(mandate)
        left = self._reductions.left()
        if not left or now - self._reduced_at < _REDUCE_AGAIN_SECONDS:
            return
        self._reduced_at = now
        busy: set[int] = set()
        for number, fraction in left:
            trades = [(trade.id, trade) for trade in Trade.get_open_trades() if trade.id not in busy]
            busy |= {one for one, trade in trades if not self._reduced_trade(one, trade, fraction, number)}
            if not busy:
                self._reductions.done(number)

    def _reduced_trade(self, trade_id: int, trade: Trade, fraction: float, number: int) -> bool:
        try:
            return not trade.has_open_position or self._reduce_trade(trade, fraction, number)
        except FreqtradeException as error:
            logger.warning("Trade %s is not reduced yet: %s", trade_id, error)
        except Exception as error:  # the boundary of one trade: the others must still be reduced
            logger.exception("Trade %s is not reduced yet", trade_id)
            Trade.rollback()
            text = f"Trade {trade_id} is not reduced yet: {type(error).__name__}: {error}"
            self._universal.teller.alert("reduce_failed", text)
        return False

    def _reduce_trade(self, trade: Trade, fraction: float, number: int) -> bool:
        """True where nothing is left to be done for this order."""
        tag, hold = reason("reduce", number), self._universal.hold
        mine = [order for order in trade.orders if order.ft_order_tag == tag]
        if any(order.ft_is_open for order in mine) or hold is None:
            return False
        filled = sum(float(order.safe_amount_after_fee) for order in mine)
        before = float(trade.amount) + filled
        left = fraction * before - filled
        if left <= _TINY * before:
            return True
        with pricing("price"):
            rate = self._freqtrade.exchange.get_rate(trade.pair, side="exit", is_short=trade.is_short, refresh=True)
        part = hold.part(trade, left, rate)
        if part is None:  # the exchange takes no order as small: let be
            return True
        self._tell_reduce(trade, part, rate, number)
        with self._freqtrade._exit_lock:
            hold.close_part(trade, left, rate, tag)
            Trade.commit()
        self._on_change()
        return False

    def _tell_reduce(self, trade: Trade, amount: float, rate: float, number: int) -> None:
        policy = self._universal.standing.policy
        label = policy.label if policy is not None else ""
        why = Why(reason("reduce", number), "reduce", number, label, rate, None, datetime.now(UTC))
        self._universal.why.put(trade.id, why)
        self._universal.teller.action(
            Action(
                action_id=action_id(trade.id, why),
                kind="reduce",
                stage="decided",
                rule="reduce",
                level=number,
                policy=label,
                trade_id=trade.id,
                pair=trade.pair,
                is_short=bool(trade.is_short),
                price_seen=money(rate),
                amount=money(amount),
            )
        )
