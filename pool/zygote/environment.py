"""What the process must be told before its first import.

glibc reads `MALLOC_*` when a process starts, and the numeric libraries read theirs when they are loaded, so the zygote
starts itself once more with the variables set. Threads are what most of them forbid: a fork copies only the thread that
forks, and a lock held by another stays locked for ever in the child.
"""

import ctypes
import os
import sys

VARIABLES = {
    # Arrow's allocator would start a thread, and keeps arenas of its own; the C library's allocator does neither.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NUMEXPR_MAX_THREADS": "1",
    # uvloop starts a kernel thread for each loop otherwise.
    "UV_USE_IO_URING": "0",
    # One heap for all threads of a bot; large blocks always by mmap, so that they are given back when freed.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "MALLOC_TOP_PAD_": "65536",
    # SQLite reads it when it is first used, which is in the zygote: each bot's working directory is its own.
    "SQLITE_TMPDIR": ".",
}

_PR_SET_THP_DISABLE = 41


def ensure_environment() -> None:
    """Returns with `VARIABLES` in force; starts the process anew (same pid, same descriptors) where they were not."""
    if all(os.environ.get(name) == value for name, value in VARIABLES.items()):
        return
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, sys.orig_argv, {**os.environ, **VARIABLES})  # noqa: S606


def disable_huge_pages() -> bool:
    """Keeps the kernel from backing a bot's few private kilobytes with 2 MiB pages; forks inherit it.

    False where the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0)
