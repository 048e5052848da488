"""A process whose memory nobody else reads: it holds keys.

No core is written of it, and on Linux it is not dumpable (prctl(2), PR_SET_DUMPABLE): other processes of the same
user, such as bots that run without user ids of their own, neither trace it nor read its memory, its environment and its
open files below `/proc`. What it starts is as usual, since an execve(2) undoes it. A pool's agent stays dumpable: init,
which is of the same user where there are no containers, reads from `/proc` how much memory it takes.
"""

import ctypes
import os
import resource
import sys

_PR_SET_DUMPABLE = 4


def guard_memory() -> None:
    """Guards this process from here on. Raises OSError."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "PR_SET_DUMPABLE")
