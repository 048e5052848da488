"""Init's children as the kernel tells them: all orphans below become its own."""

import contextlib
import ctypes
import os
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Orphans among our descendants become our children. Raises OSError where the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"cannot become child subreaper: {os.strerror(code)}")


def children() -> list[int]:
    """All children of this single-threaded process; none where the kernel does not tell (it lacks the file)."""
    pid = os.getpid()
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def kill(pid: int, number: int) -> None:
    """Signals a child; no word if it has just gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
