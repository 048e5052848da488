"""What the universal rules tell: actions, refused entries, alerts. Bounded, since a rule is asked many times a second
and says the same each time.
"""

import logging
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pool.contract.events import EventType
from pool.contract.risk import Action, Refusal

logger = logging.getLogger(__name__)

REFUSAL_SECONDS = 60.0
ALERT_SECONDS = 600.0
_MOST_KEYS = 2000
_MAX_TEXT = 1000

AddEvent = Callable[[EventType, dict[str, Any], datetime], None]


def money(value: float | None) -> Decimal | None:
    """Exactly what the float prints as; None for what is no number."""
    if value is None or not math.isfinite(value):
        return None
    return Decimal(repr(float(value)))


class Teller:
    """`add_event` is the outbox's; without one (in backtesting) the log alone is told."""

    def __init__(self, add_event: AddEvent | None = None) -> None:
        self._add_event = add_event
        self._told_at: dict[tuple[str, ...], float] = {}

    def action(self, action: Action) -> None:
        self._add(EventType.RISK_ACTION, action.model_dump(mode="json", exclude_none=True))

    def refused(self, refusal: Refusal) -> None:
        """Once a minute for each pair and limit."""
        if self._due(("refused", refusal.pair, refusal.limit), REFUSAL_SECONDS):
            logger.info("Entry of %s refused (%s): %s", refusal.pair, refusal.limit, refusal.message)
            self._add(EventType.RISK_REFUSED, refusal.model_dump(mode="json", exclude_none=True))

    def alert(self, kind: str, text: str, about: str = "") -> None:
        """Once in ten minutes for each kind, and for each that it is `about`."""
        if self._due(("alert", kind, about), ALERT_SECONDS):
            logger.error("%s: %s", kind, text)
            self._add(EventType.RISK_ALERT, {"kind": kind, "text": text[:_MAX_TEXT]})

    def _add(self, event_type: EventType, data: dict[str, Any]) -> None:
        if self._add_event is not None:
            self._add_event(event_type, data, datetime.now(UTC))

    def _due(self, key: tuple[str, ...], seconds: float) -> bool:
        now = time.monotonic()
        told = self._told_at.get(key)
        if told is not None and now - told < seconds:
            return False
        if len(self._told_at) >= _MOST_KEYS:
            self._told_at.clear()
        self._told_at[key] = now
        return True
