"""When a loop that nobody asked for may begin: the agent lets few bots of a pool do so at a time.

With one that lets a bot wait for too long it begins. What hurries, the loops of FreqTrade's own pace, waits no longer
than that pace. Where the agent is gone nobody gives turns, and all who waited would begin at once: those without open
trades, which no price hurries, begin spread over half a minute instead, each at its own moment.
"""

import threading
import time
import zlib
from collections.abc import Callable

from pool.contract.frames import TurnFrame

MOST_SECONDS = 240.0
"""What an agent gives that is not hung; five hundred bots on two cores take two minutes for their turns."""
HURRIES_SECONDS = 5.0
GONE_SECONDS = 30.0
"""Over so long bots spread without an agent; init has another one long before."""


def share(name: str) -> float:
    """Of what bots spread over: from 0 to 1, of a bot, or of a pair, always the same."""
    return zlib.crc32(name.encode()) % 1000 / 1000


class Turn:
    """`given`, `connected` and `lost` are the reporting thread's, all else is the main thread's. `share`: as above."""

    def __init__(
        self,
        send: Callable[[TurnFrame], None],
        wake: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
        *,
        share: float = 0.0,
    ) -> None:
        self._send = send
        self._wake = wake
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._gone_seconds = share * GONE_SECONDS
        self._connected = False
        """To an agent that gives turns."""
        self._gone = False
        """There was one."""
        self._number = 0
        self._since: float | None = None
        """When it asked first, whatever became of agents and turns since."""
        self._asked_at: float | None = None
        self._hurries = False
        self._mine = False

    def may_begin(self, *, open_trades: bool, hurries: bool = False) -> bool:
        """Asks where it was not asked yet; what is given wakes the bot."""
        with self._lock:
            if self._mine or not (self._connected or self._gone):
                return True
            if self._gone and (open_trades or hurries):
                return True
            now = self._monotonic()
            if self._asked_at is None:
                self._asked_at = now
                if self._connected:
                    self._number += 1
                    self._send(TurnFrame(number=self._number, begin=True, open_trades=open_trades))
            if self._since is None:
                self._since = now
            if hurries and not self._hurries:
                self._asked_at, self._hurries = now, True
            return now - self._asked_at >= self._longest() or now - self._since >= MOST_SECONDS

    def waits(self) -> bool:
        """It was asked for and is not given yet."""
        with self._lock:
            return self._asked_at is not None and not self._mine

    def left_seconds(self) -> float:
        """Until it begins without."""
        with self._lock:
            now = self._monotonic()
            asked_at = self._asked_at if self._asked_at is not None else now
            since = self._since if self._since is not None else now
            return min(asked_at + self._longest(), since + MOST_SECONDS) - now

    def over(self) -> None:
        """The loop is, or there is none."""
        with self._lock:
            if self._asked_at is not None and self._connected:
                self._send(TurnFrame(number=self._number, begin=False))
            self._forget()
            self._since = None

    def given(self, number: int) -> None:
        with self._lock:
            if self._asked_at is None or number != self._number:
                return
            self._mine = True
        self._wake()

    def connected(self, *, gives_turns: bool) -> None:
        """To an agent; beside one of before, which gives none, nobody waits."""
        with self._lock:
            self._connected, self._gone = gives_turns, False
            self._forget()

    def lost(self) -> None:
        """There is no connection: nobody gives turns."""
        with self._lock:
            self._connected, self._gone = False, self._connected or self._gone
            self._forget()
        self._wake()

    def _longest(self) -> float:
        if self._gone:
            return self._gone_seconds
        return HURRIES_SECONDS if self._hurries else MOST_SECONDS

    def _forget(self) -> None:
        self._asked_at, self._hurries, self._mine = None, False, False
