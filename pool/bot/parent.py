"""Whether the pool's init is still there.

A bot is adopted by init before it runs (the zygote holds it back until then), so its parent is init for as long as init
lives. When init dies the kernel gives the bot to somebody else.
"""

import os


class Parent:
    """Remembers the parent of this process at construction."""

    def __init__(self) -> None:
        self._pid = os.getppid()

    def gone(self) -> bool:
        return os.getppid() != self._pid
