"""What the agent said of the prices that this bot waits for: written by the reporting thread, read by the trader's."""

import time
from collections.abc import Callable

from pool.bot.universal.standing import boot_clock

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
        self._asked: tuple[int, float] = (-1, 0.0)

    def told(self, number: int, until: float) -> None:
        """All of them are followed, until that moment of CLOCK_BOOTTIME at the latest."""
        self._told = (number, until)

    def lost(self) -> None:
        """Nobody is connected who could follow them."""
        self._told = (-1, 0.0)

    def holds(self) -> bool:
        """Every price that the bot waits for is watched."""
        asked, (number, until) = self._number(), self._told
        if asked != self._asked[0]:
            self._asked = (asked, self._monotonic())
        if self._clock() >= until:
            return False
        return number == asked or self._monotonic() - self._asked[1] < _CONFIRMED_SECONDS

    def left_seconds(self) -> float:
        """Until that has to be looked at again."""
        return max(self._told[1] - self._clock(), 0.0)
