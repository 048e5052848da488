"""Whose turn it is: few of the pool's bots at a time run loops that nobody asked for.

A candle's close makes loops of all bots due at once. All at once each takes as long as all of them together, and what
is in a hurry, a crossed stop say, waits among them; in turns the last is done as soon, the others sooner.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

LONGEST_SECONDS = 30.0
"""Who takes longer works on, and the next one's turn begins."""
_TEND_SECONDS = 1.0
_BEFORE_SECONDS = 30.0
"""So much earlier than the others those with open trades count as having asked."""


@dataclass(frozen=True, slots=True)
class _Asked:
    number: int
    since: float
    give: Callable[[int], None]


class Turns:
    """By bot id. `give` is called with the number that was asked under, and must not raise."""

    def __init__(self, at_once: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._at_once = at_once
        self._monotonic = monotonic
        self._given: dict[str, tuple[int, float]] = {}
        """Number, and since when."""
        self._waiting: dict[str, _Asked] = {}

    def ask(self, bot_id: str, number: int, give: Callable[[int], None], *, open_trades: bool) -> None:
        """Who waits and asks again keeps his place."""
        self._given.pop(bot_id, None)
        since = self._monotonic() - (_BEFORE_SECONDS if open_trades else 0.0)
        waiting = self._waiting.get(bot_id)
        since = since if waiting is None else min(since, waiting.since)
        self._waiting[bot_id] = _Asked(number, since, give)
        self.go_on()

    def over(self, bot_id: str, number: int) -> None:
        """Of that number and those before."""
        if bot_id in self._given and self._given[bot_id][0] <= number:
            del self._given[bot_id]
        if bot_id in self._waiting and self._waiting[bot_id].number <= number:
            del self._waiting[bot_id]
        self.go_on()

    def left(self, bot_id: str) -> None:
        """It is no longer connected."""
        self._given.pop(bot_id, None)
        self._waiting.pop(bot_id, None)
        self.go_on()

    async def tend(self) -> None:
        """Goes on where turns took too long; until cancelled."""
        while True:
            await asyncio.sleep(_TEND_SECONDS)
            self.go_on()

    def go_on(self) -> None:
        now = self._monotonic()
        for bot_id in [one for one, (_, since) in self._given.items() if now - since >= LONGEST_SECONDS]:
            del self._given[bot_id]
        while self._waiting and len(self._given) < self._at_once:
            bot_id = min(self._waiting, key=lambda one: self._waiting[one].since)
            asked = self._waiting.pop(bot_id)
            self._given[bot_id] = (asked.number, now)
            asked.give(asked.number)
