"""When a loop that nobody asked for may begin: the agent lets few bots of a pool do so at a time.

Without an agent, with one that does not know of turns, or with one that lets a bot wait for too long, it begins. What
hurries, the loops of FreqTrade's own pace, waits no longer than that pace.
"""

import threading
import time
from collections.abc import Callable

from pool.contract.frames import TurnFrame

MOST_SECONDS = 240.0
"""What an agent gives that is not hung; five hundred bots on two cores take two minutes for their turns."""
HURRIES_SECONDS = 5.0


class Turn:
    """`given`, `connected` and `lost` are the reporting thread's, all else is the main thread's."""

    def __init__(
        self,
        send: Callable[[TurnFrame], None],
        wake: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._wake = wake
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._connected = False
        self._number = 0
        self._asked_at: float | None = None
        self._hurries = False
        self._mine = False

    def may_begin(self, *, open_trades: bool, hurries: bool = False) -> bool:
        """Asks where it was not asked yet; what is given wakes the bot."""
        with self._lock:
            if not self._connected or self._mine:
                return True
            now = self._monotonic()
            if self._asked_at is None:
                self._number += 1
                self._asked_at = now
                self._send(TurnFrame(number=self._number, begin=True, open_trades=open_trades))
            if hurries and not self._hurries:
                self._asked_at, self._hurries = now, True
            return now - self._asked_at >= (HURRIES_SECONDS if self._hurries else MOST_SECONDS)

    def waits(self) -> bool:
        """It was asked for and is not given yet."""
        with self._lock:
            return self._asked_at is not None and not self._mine

    def left_seconds(self) -> float:
        """Until it begins without."""
        with self._lock:
            asked_at = self._asked_at if self._asked_at is not None else self._monotonic()
            return asked_at + (HURRIES_SECONDS if self._hurries else MOST_SECONDS) - self._monotonic()

    def over(self) -> None:
        """The loop is, or there is none."""
        with self._lock:
            if self._asked_at is not None:
                self._send(TurnFrame(number=self._number, begin=False))
            self._asked_at, self._hurries, self._mine = None, False, False

    def given(self, number: int) -> None:
        with self._lock:
            if self._asked_at is None or number != self._number:
                return
            self._mine = True
        self._wake()

    def connected(self) -> None:
        with self._lock:
            self._connected = True

    def lost(self) -> None:
        """There is no connection: nobody gives turns."""
        with self._lock:
            self._connected, self._asked_at, self._hurries, self._mine = False, None, False, False
        self._wake()
