"""Orders of universal rules that rest unfilled.

FreqTrade lets an exit rest until the user's own time-out, if there is one, sends none for the same reason twice a
candle, and takes the stop off the exchange meanwhile. So an order of ours is cancelled once it rested for its time: one
that stops a loss or reduces after ten seconds, and the next one is a market order; any other after a minute, and what
is due is decided anew, at the rate of then.

Counted from when this process saw the order first: the exchange's clock and ours may differ, and ours may be set.
"""

import time
from collections.abc import Callable, Collection
from typing import Any

from freqtrade.persistence import LocalTrade

from pool.bot.universal.stops import STOPS
from pool.bot.universal.why import parse

_URGENT_SECONDS = 10.0
_SECONDS = 60.0
_AGAIN_SECONDS = 4.0


class Resting:
    """Main thread only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[int, dict[str, float]] = {}
        self._again_at: dict[int, float] = {}

    def see(self, trade: LocalTrade) -> None:
        """From now on its orders rest."""
        now, known = self._clock(), self._until.get(trade.id, {})
        rests = [one for one in trade.open_orders if one.ft_order_side == trade.exit_side and _rule(one) is not None]
        self._until[trade.id] = {one.order_id: known.get(one.order_id, now + _patience(one)) for one in rests}

    def overdue(self, trade: LocalTrade) -> bool:
        """Whether an exit of ours rested for its time; then not again for a while, lest what cannot be cancelled is
        tried all the time."""
        self.see(trade)
        now, until = self._clock(), self._until[trade.id]
        late = [order_id for order_id, then in until.items() if now >= then]
        until.update(dict.fromkeys(late, now + _AGAIN_SECONDS))
        return bool(late)

    def due(self) -> set[int]:
        """Trades that are to be looked at now, whenever the next loop is; then not again for a while, lest one that
        cannot be looked at is tried all the time."""
        now = self._clock()
        late = {trade_id for trade_id, until in self._until.items() if any(now >= then for then in until.values())}
        due = {trade_id for trade_id in late if now >= self._again_at.get(trade_id, now)}
        self._again_at.update(dict.fromkeys(due, now + _AGAIN_SECONDS))
        return due

    def forget_all_but(self, trade_ids: Collection[int]) -> None:
        """These trades are open, and no others."""
        self._until = {trade_id: until for trade_id, until in self._until.items() if trade_id in trade_ids}
        self._again_at = {trade_id: then for trade_id, then in self._again_at.items() if trade_id in trade_ids}


def rested(trade: LocalTrade, tag: str | None) -> bool:
    """An order of ours has ended without doing what one with this tag is to do: told by the trade's orders, so that a
    restart forgets nothing. Of stops any, of reductions that of the same number."""
    told = parse(tag)
    if told is None or not _is_urgent(told[0]):
        return False
    ended = [one for one in trade.orders if not one.ft_is_open]
    return any(one.ft_order_tag == tag or (told[0] in STOPS and _rule(one) in STOPS) for one in ended)


def _rule(order: Any) -> str | None:
    told = parse(order.ft_order_tag)
    return told[0] if told is not None else None


def _patience(order: Any) -> float:
    return _URGENT_SECONDS if _is_urgent(_rule(order)) else _SECONDS


def _is_urgent(rule: str | None) -> bool:
    return rule in STOPS or rule == "reduce"
