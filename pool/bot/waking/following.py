"""What the agent said of the prices that this bot waits for: written by the reporting thread, read by the trader's."""

import time
from collections.abc import Callable, Mapping

from pool.bot.universal.standing import boot_clock
from pool.contract.frames import Quoted

_CONFIRMED_SECONDS = 3.0
"""New watches may be unconfirmed so long, while those of before are followed: less than a plain loop would take."""


class Following:
    """Silence is no. `number` is of the watches that the bot waits for now."""

    def __init__(
        self,
        number: Callable[[], int],
        clock: Callable[[], float] = boot_clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._number = number
        self._clock = clock
        self._monotonic = monotonic
        self._told: tuple[int, float] = (-1, 0.0)
        self._quotes: tuple[Mapping[str, Quoted], float] = ({}, 0.0)
        self._asked: list[tuple[int, float]] = []
        """Numbers that are not confirmed, with the moments at which each was seen first."""

    def told(self, number: int, until: float, quotes: Mapping[str, Quoted] | None = None, seen_at: float = 0.0) -> None:
        """All of them are followed, until that moment of CLOCK_BOOTTIME at the latest; `quotes` were seen at another
        one."""
        self._told = (number, until)
        self._quotes = (quotes or {}, seen_at)

    def quotes(self) -> tuple[Mapping[str, Quoted], float]:
        """What was seen last, and when, by the monotonic clock."""
        quotes, seen_at = self._quotes
        return quotes, self._monotonic() - max(self._clock() - seen_at, 0.0)

    def lost(self) -> None:
        """Nobody is connected who could follow them."""
        self._told = (-1, 0.0)
        self._quotes = ({}, 0.0)

    def holds(self) -> bool:
        """Every price that the bot waits for is watched, or will be soon: of the watches that are not confirmed the
        first ones count, however many came after them."""
        return self.left_seconds() > 0.0

    def left_seconds(self) -> float:
        """Until that has to be looked at again."""
        asked, (number, until) = self._number(), self._told
        self._asked = [one for one in self._asked if number < one[0] <= asked]
        left = until - self._clock()
        if number != asked:
            if not self._asked or self._asked[-1][0] != asked:
                self._asked.append((asked, self._monotonic()))
            left = min(left, self._asked[0][1] + _CONFIRMED_SECONDS - self._monotonic())
        return max(left, 0.0)
