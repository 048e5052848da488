"""Actions of one strategy's exits, before any order: what was decided, and stops that moved."""

import time
from datetime import datetime, timedelta

from freqtrade.persistence import LocalTrade

from pool.bot.universal.teller import Teller, money
from pool.bot.universal.why import Why, WhyBook, action_id, reason
from pool.contract.risk import Action
from pool.rules.position import Close, Marks

_STOP_TOLD_SECONDS = 10.0
_SAME_DECISION = timedelta(seconds=60)


class Told:
    """`stops` holds, of each trade, the stop that was told last and when."""

    def __init__(self, teller: Teller, why: WhyBook) -> None:
        self.stops: dict[int, tuple[float, float]] = {}
        self._teller = teller
        self._why = why

    def decision(self, trade: LocalTrade, close: Close, rate: float, policy: str, now: datetime) -> None:
        """Once for each decision, which stays the same one while it is repeated."""
        why = self._why.of(trade.id, reason(close.rule, close.level))
        if why is not None and now - why.decided_at < _SAME_DECISION:
            return
        why = Why(reason(close.rule, close.level), close.rule, close.level, policy, rate, close.threshold_rate, now)
        self._why.put(trade.id, why)
        self._teller.action(
            Action(
                action_id=action_id(trade.id, why),
                kind="close" if close.amount is None else "partial_close",
                stage="decided",
                rule=close.rule,
                level=close.level,
                policy=policy,
                trade_id=trade.id,
                pair=trade.pair,
                is_short=bool(trade.is_short),
                price_seen=money(rate),
                threshold=money(close.threshold_rate),
                amount=money(trade.amount if close.amount is None else close.amount),
            )
        )

    def stop(self, trade: LocalTrade, marks: Marks, rate: float, policy: str) -> None:
        """The universal stop, where it moved; every ten seconds at most."""
        if marks.stop_rate is None or marks.stop_rule is None:
            return
        told_rate, told_at = self.stops.get(trade.id, (0.0, -_STOP_TOLD_SECONDS))
        now = time.monotonic()
        if told_rate == marks.stop_rate or now - told_at < _STOP_TOLD_SECONDS:
            return
        self.stops[trade.id] = (marks.stop_rate, now)
        self._teller.action(
            Action(
                action_id=f"{trade.id}:stop:{marks.stop_rate!r}",
                kind="stop_moved",
                stage="done",
                rule=marks.stop_rule,
                policy=policy,
                trade_id=trade.id,
                pair=trade.pair,
                is_short=bool(trade.is_short),
                price_seen=money(rate),
                threshold=money(marks.stop_rate),
            )
        )
