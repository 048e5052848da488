"""Heaps made ready for forking: free memory given back, and what cannot be given back filled.

After the warm-up the heaps are full of holes. A bot's first allocations would land in them, and each small write would
copy a whole page that was shared until then. So the holes are filled ("plugged") before the fork with blocks that are
never used: a bot then allocates from fresh pages, which it fills densely.
"""

import ctypes

_POOL_BYTES = 16 * 1024
"""CPython's small-object allocator carves pools of this size out of arenas (3.10 and later)."""
_POOL_HEADER_BYTES = 48
_SMALL_SIZES = range(16, 513, 16)
_FRESH_RUN = 4
_WIDEST_STEP = 4
"""So many blocks in address order from the start of a pool mean that the pool is a new one; the interpreter's own small
objects may lie between two of them."""
_LARGE_SIZES = tuple(2**power for power in range(16, 4, -1))
_MOST_BLOCKS = 2_000_000


class _MallocInfo(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"
        )
    ]  # fmt: skip


def trim() -> None:
    """Gives free memory at the heap's end, and whole free pages inside it, back to the kernel."""
    _c_library().malloc_trim(0)


def plug() -> int:
    """Fills the holes of both allocators; bytes that took. To be called last, when nothing more will be freed."""
    return _plug_small_objects() + _plug_c_heap()


def _plug_small_objects() -> int:
    allocate, free = ctypes.pythonapi.PyObject_Malloc, ctypes.pythonapi.PyObject_Free
    allocate.restype, allocate.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    free.restype, free.argtypes = None, [ctypes.c_void_p]
    taken = 0
    for size in _SMALL_SIZES:
        run = 0
        previous = 0
        for _ in range(_MOST_BLOCKS):
            block = allocate(size)
            if not block:
                break
            taken += size
            if block % _POOL_BYTES == _POOL_HEADER_BYTES:
                run = 1
            elif run and 0 < block - previous <= _WIDEST_STEP * size:
                run += 1
            else:
                run = 0
            previous = block
            if run == _FRESH_RUN:
                break
        free(previous)
    return taken


def _plug_c_heap() -> int:
    library = _c_library()
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    library.free.restype, library.free.argtypes = None, [ctypes.c_void_p]
    library.sbrk.restype, library.sbrk.argtypes = ctypes.c_void_p, [ctypes.c_ssize_t]
    library.mallinfo2.restype = _MallocInfo
    top = library.sbrk(0) - library.mallinfo2().keepcost
    taken = 0
    for size in _LARGE_SIZES:
        for _ in range(_MOST_BLOCKS):
            block = library.malloc(size)
            if not block:
                break
            if block >= top:
                library.free(block)
                break
            taken += size
    return taken


def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None)
