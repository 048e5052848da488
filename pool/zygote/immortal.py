"""Objects whose reference counts never move, so that reading them in a bot copies no page.

A forked bot shares the zygote's pages until it writes to them, and CPython writes to every object it touches: the
reference count. Since PEP 683 (CPython 3.12) an object whose 32-bit count is 0xFFFFFFFF is immortal: the interpreter
neither counts it up nor down, nor ever frees it. There is no public call for that before 3.15, so the count is written
directly, for every object that can be reached from what the garbage collector knows.

Nothing here is trusted: `unsupported` says no to interpreters whose layout was not looked at, `self_test` tries it on a
small graph in a forked child, and `moved` lets a child that has run real code look at the counts again.
"""

import ctypes
import gc
import json
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from types import CodeType
from typing import cast

import numpy as np

_IMMORTAL = 0xFFFFFFFF
_LAYOUTS = ((3, 12), (3, 13))
_CHUNK = 2000
_ADDRESS_SPACE_WORDS = 1 << 45
"""47 bits of user space, in words of 4 bytes."""


def unsupported() -> str | None:
    """Why objects cannot be made immortal in this interpreter, as a sentence; None where they can."""
    if sys.implementation.name != "cpython" or sys.version_info[:2] not in _LAYOUTS:
        return f"Objects are not made immortal: {sys.implementation.name} {sys.version.split()[0]} has no known layout."
    if sys.maxsize != 2**63 - 1 or sys.byteorder != "little":
        return "Objects are not made immortal: only 64-bit little-endian processes are known."
    if sysconfig.get_config_var("Py_GIL_DISABLED") or hasattr(sys, "gettotalrefcount"):
        return "Objects are not made immortal: free-threaded and debug builds count references differently."
    return None


def immortalise(roots: Iterable[object]) -> int:
    """Makes `roots` and all that can be reached from them immortal; how many objects that were.

    Only to be called where `unsupported()` is None and `self_test()` has passed.
    """
    words = _words()
    count = 0
    pending = _mark(roots, words)
    while pending:
        count += len(pending)
        found: list[object] = []
        for start in range(0, len(pending), _CHUNK):
            chunk = pending[start : start + _CHUNK]
            found += _mark(gc.get_referents(*chunk), words)
            found += _mark(_hidden(chunk), words)
        pending = found
    return count


def self_test() -> str | None:
    """Tries it in a forked child. None if counts stood still and the child lived; else a sentence."""
    status = _in_child(_exercise_small_graph)
    return None if status == 0 else f"Objects are not made immortal: the trial child ended with {status}."


def full_test(samples: Sequence[object]) -> str | None:
    """After everything was made immortal, a child works with it. None if it lived and no count moved, else why."""
    status = _in_child(lambda: _exercise_everything(samples))
    return None if status == 0 else f"Objects are not made immortal: a child that used them all ended with {status}."


def moved(samples: Sequence[object]) -> int:
    """How many of `samples` do not (any more) have the immortal count."""
    words = _words()
    return sum(words[id(sample) >> 2] != _IMMORTAL for sample in samples)


def _words() -> "memoryview[int]":
    """The process's memory as words: index `id(x) >> 2` is the low half of x's reference count."""
    everything = (ctypes.c_uint32 * _ADDRESS_SPACE_WORDS).from_address(0)
    return memoryview(everything).cast("B").cast("I")


def _mark(objects: Iterable[object], words: "memoryview[int]") -> list[object]:
    """Makes each immortal; those that were not before."""
    fresh = []
    for item in objects:
        word = id(item) >> 2
        if words[word] != _IMMORTAL:
            words[word] = _IMMORTAL
            fresh.append(item)
    return fresh


def _hidden(objects: Iterable[object]) -> Iterable[object]:
    """What `gc.get_referents` leaves out: keys of dictionaries, parts of code objects, bases of arrays."""
    for item in objects:
        if issubclass(type(item), dict):  # isinstance() would ask a weak proxy's dead referent
            yield from dict.keys(cast("dict[object, object]", item))
        elif type(item) is CodeType:
            yield from (item.co_consts, item.co_names, item.co_filename, item.co_name, item.co_qualname)
            yield from (item.co_linetable, item.co_exceptiontable)
        elif type(item) is np.ndarray:
            yield item.dtype
            if item.base is not None:
                yield item.base
            if item.dtype == object:
                yield from item.ravel()


def _in_child(exercise: Callable[[], int]) -> int:
    """Exit status of a forked child that runs `exercise`; negative is a signal."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = exercise()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class _Node:
    def __init__(self, text: str) -> None:
        self.text = text
        self.values = [1.5, {"key " + text: (text, 2**40)}]


def _exercise_small_graph() -> int:
    graph = [_Node(str(number)) for number in range(100)]
    mortal = [_Node("mortal")]
    if immortalise([graph]) < 500:
        return 2
    samples = [graph, *graph, *(node.values for node in graph), *(node.text for node in graph), _Node]
    aliases = [list(samples) for _ in range(50)]
    if moved(samples) or moved(mortal) != 1:
        return 3
    aliases.clear()
    del graph[50:]
    gc.collect()
    if moved(samples) or [node.text for node in graph[:3]] != ["0", "1", "2"]:
        return 4
    return 0


def _exercise_everything(samples: Sequence[object]) -> int:
    """Touches counts as a bot would: copies references, calls, formats, parses, makes and collects garbage."""
    held = [list(samples) for _ in range(20)]
    text = json.dumps({str(number): [number * 1.5, None, True, "text"] for number in range(1000)})
    parsed = [json.loads(text) for _ in range(20)]
    frame = np.arange(10_000, dtype=float).reshape(100, 100) @ np.ones((100, 100))
    loops = [[] for _ in range(1000)]  # type: list[list[object]]
    for loop in loops:
        loop.append(loop)
    del held, parsed, loops
    gc.collect()
    return 0 if moved(samples) == 0 and frame.shape == (100, 100) else 5
