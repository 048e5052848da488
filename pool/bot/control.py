"""What others ask of the main thread: a flag to stop, a queue of commands, and a wake-up that is safe in a signal
handler.

An eventfd wakes the main loop: a lock (as in `threading.Event`) could be held by the very thread that a signal
interrupts.
"""

import os
import select
import signal
import time
from collections import deque
from collections.abc import Sequence
from types import FrameType

from pool.contract import exit_codes
from pool.contract.frames import CommandFrame


class StopRequested(KeyboardInterrupt):
    """Raised in the main thread by SIGTERM while FreqTrade is being built, when no trade is managed yet.

    A KeyboardInterrupt, since that is what an event loop lets through: of other exceptions that a handler raises
    inside one of its callbacks it logs a line and goes on.
    """


class Control:
    """Shared by the main thread, the reporting thread and the signal handler."""

    def __init__(self) -> None:
        self.stopping = False
        self.stopped_at: float | None = None
        """When that was asked for, by the monotonic clock."""
        self.exit_code = exit_codes.OK
        self.building = False
        """FreqTrade is being built: a stop may interrupt at any point."""
        self.commands: deque[CommandFrame] = deque()
        self.looks: deque[int] = deque(maxlen=1000)
        """Trades whose exits are to be looked at now, outside of the loop."""
        self._wake = Wake()
        self._also: list[Wake] = []

    @property
    def asked(self) -> bool:
        """Something is asked of the main thread that it has not come to yet."""
        return self.stopping or bool(self.commands) or bool(self.looks)

    def also(self, wake: "Wake") -> None:
        """From now on `wake` ends a wait, too."""
        self._also.append(wake)

    def stop(self, exit_code: int = exit_codes.OK) -> None:
        """End after the current loop. The first reason given stays."""
        if not self.stopping:
            self.exit_code = exit_code
            self.stopped_at = time.monotonic()
            self.stopping = True
        self._wake.set()

    def stop_from_thread(self, exit_code: int = exit_codes.OK) -> None:
        """The same from another thread, which also interrupts the building of FreqTrade (by a signal to the main
        thread).
        """
        self.stop(exit_code)
        self.insist()

    def insist(self) -> None:
        """Interrupt the building of FreqTrade, if a stop was asked for; again and again, for one that was swallowed."""
        if self.stopping and self.building:
            os.kill(os.getpid(), signal.SIGTERM)

    def begin_building(self) -> None:
        """From here on a stop interrupts; raises StopRequested where one was asked for already."""
        self.building = True
        if self.stopping:
            raise StopRequested

    def submit(self, command: CommandFrame) -> None:
        self.commands.append(command)
        self._wake.set()

    def look(self, trade_ids: Sequence[int]) -> None:
        """Watched prices of these trades were crossed."""
        self.looks.extend(trade_ids)
        self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    def wait(self, timeout_seconds: float) -> None:
        """Sleep until something is asked, or the time is over."""
        wakes = [self._wake, *self._also]
        poll = select.poll()
        for wake in wakes:
            poll.register(wake, select.POLLIN)
        if poll.poll(timeout_seconds * 1000):
            for wake in wakes:
                wake.clear()

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Handler of SIGTERM and SIGINT; runs in the main thread."""
        self.stop()
        if self.building:
            raise StopRequested


class Wake:
    """A latch on an eventfd: `set` from anywhere ends the current or the next `wait`."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)

    def fileno(self) -> int:
        return self._descriptor

    def set(self) -> None:
        os.eventfd_write(self._descriptor, 1)

    def wait(self, timeout_seconds: float) -> None:
        if self._poll.poll(timeout_seconds * 1000):
            self.clear()

    def clear(self) -> None:
        try:
            os.eventfd_read(self._descriptor)
        except BlockingIOError:
            return
