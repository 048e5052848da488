"""Heaps made ready for forking: free memory given back, and what cannot be given back filled.

After the warm-up the heaps are full of holes. A bot's first allocations would land in them, and each small write would
copy a whole page that was shared until then. So the holes are filled ("plugged") before the fork with blocks that are
never used: a bot then allocates from fresh pages, which it fills densely.
"""

import ctypes

_POOL_BYTES = 16 * 1024
"""CPython's small-object allocator carves pools of this size out of arenas (3.10 and later)."""
_SMALL_SIZES = range(16, 513, 16)
_NEXT_OFFSET = 40
"""Where a pool's header says how far into the pool blocks have ever been given out."""
_POOL_HEADER_BYTES = 48
_FEW_BLOCKS = 10
"""A pool that never gave out more is a new one, hence no other of its size has room. (The interpreter's own small
objects may have taken some before.)"""
_C_SIZES = (*(2**power for power in range(16, 10, -1)), *range(1032, 23, -16))
"""Large holes first, then every size that the C library keeps a list of its own for: it does not split those."""
_MOST_BLOCKS = 2_000_000


class _MallocInfo(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"
        )
    ]  # fmt: skip


def plug() -> int:
    """Fills the holes of both allocators; bytes that took. To be called last, when nothing more will be freed."""
    return _plug_small_objects() + _plug_c_heap()


def _plug_small_objects() -> int:
    allocate, free = ctypes.pythonapi.PyObject_Malloc, ctypes.pythonapi.PyObject_Free
    allocate.restype, allocate.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    free.restype, free.argtypes = None, [ctypes.c_void_p]
    taken = 0
    for size in _SMALL_SIZES:
        for _ in range(_MOST_BLOCKS):
            block = allocate(size)
            if not block:
                break
            pool = block - block % _POOL_BYTES
            given_out = ctypes.c_uint.from_address(pool + _NEXT_OFFSET).value
            if given_out <= _POOL_HEADER_BYTES + _FEW_BLOCKS * size:
                free(block)
                break
            taken += size
    return taken


def _plug_c_heap() -> int:
    library = _c_library()
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    library.free.restype, library.free.argtypes = None, [ctypes.c_void_p]
    library.sbrk.restype, library.sbrk.argtypes = ctypes.c_void_p, [ctypes.c_ssize_t]
    library.mallinfo2.restype = _MallocInfo
    top = library.sbrk(0) - library.mallinfo2().keepcost
    taken = 0
    for size in _C_SIZES:
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
