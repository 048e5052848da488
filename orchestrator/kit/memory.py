"""How a process that runs for weeks keeps its memory: what is freed goes back to the system, and what stays is not
looked through again and again."""

import ctypes
import gc

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Of mallopt(3)."""
_TRIM_BYTES = 256 * 1024
_MMAP_BYTES = 256 * 1024
_MIDDLE_COLLECTIONS = 100
"""Collections of the middle generation for one of the old."""


def give_back_early() -> None:
    """Has glibc keep one arena for all threads, hand back large blocks at once and the rest of the heap early: answers
    of agents and bodies of a large fleet are megabytes, each for a moment. Call it before there are threads. Nothing
    where the C library knows no mallopt(3)."""
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        for option, value in (
            (_M_ARENA_MAX, 1),
            (_M_TRIM_THRESHOLD, _TRIM_BYTES),
            (_M_MMAP_THRESHOLD, _MMAP_BYTES),
        ):
            library.mallopt(option, value)


def settle() -> None:
    """What is there by now stays: it is not looked through for garbage any more, and what lasts after it more seldom.
    Looking through all of it stops everything for a third of a second."""
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _MIDDLE_COLLECTIONS)
