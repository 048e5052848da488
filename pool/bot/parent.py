"""Whether the pool's init is still there.

A bot is adopted by init: its parent is init for as long as init lives. Right after the fork it may still see the middle
process of the double fork, so without being told init's pid it waits a moment before it remembers its parent.
"""

import os
import time

_SETTLING_SECONDS = 3.0


class Parent:
    """`init_pid` is the process that adopts this one, where the caller knows it."""

    def __init__(self, init_pid: int | None) -> None:
        self._init_pid = init_pid
        self._started = time.monotonic()

    def settle(self) -> None:
        """The process is surely adopted by now (the agent answered): whoever is the parent is init."""
        if self._init_pid is None:
            self._init_pid = os.getppid()

    def gone(self) -> bool:
        if self._init_pid is None and time.monotonic() - self._started > _SETTLING_SECONDS:
            self.settle()
        return self._init_pid is not None and os.getppid() != self._init_pid
