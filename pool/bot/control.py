"""What others ask of the main thread: a flag to stop, a queue of commands, and a wake-up that is safe in a signal
handler.

An eventfd wakes the main loop: a lock (as in `threading.Event`) could be held by the very thread that a signal
interrupts.
"""

import os
import select
import signal
from collections import deque
from types import FrameType

from pool.contract import exit_codes
from pool.contract.frames import CommandFrame


class StopRequested(BaseException):
    """Raised in the main thread by SIGTERM while FreqTrade is being built, when no trade is managed yet."""


class Control:
    """Shared by the main thread, the reporting thread and the signal handler."""

    def __init__(self) -> None:
        self.stopping = False
        self.exit_code = exit_codes.OK
        self.building = False
        """FreqTrade is being built: a stop may interrupt at any point."""
        self.commands: deque[CommandFrame] = deque()
        self._wake = Wake()

    def stop(self, exit_code: int = exit_codes.OK) -> None:
        """End after the current loop. The first reason given stays."""
        if not self.stopping:
            self.exit_code = exit_code
            self.stopping = True
        self._wake.set()

    def stop_from_thread(self, exit_code: int = exit_codes.OK) -> None:
        """The same from another thread, which also interrupts the building of FreqTrade (by a signal to the main
        thread).
        """
        self.stop(exit_code)
        if self.building:
            os.kill(os.getpid(), signal.SIGTERM)

    def submit(self, command: CommandFrame) -> None:
        self.commands.append(command)
        self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    def wait(self, timeout_seconds: float) -> None:
        """Sleep until something is asked, or the time is over."""
        self._wake.wait(timeout_seconds)

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Handler of SIGTERM and SIGINT; runs in the main thread."""
        self.stop()
        if self.building:
            self.building = False
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
