"""Code that bots run, laid side by side.

The interpreter specialises bytecode in place and counts down in it wherever it cannot: running a function writes to
its code object, for ever. Code objects lie where the importing module happened to be, so that 100 kB of such writes
dirty 8 MB of pages in each bot. The code that a rehearsal ran is therefore copied onto fresh memory, one object after
the other, and functions are pointed at the copies: the same writes then dirty the few pages that hold nothing else.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType

from pool.bot.memory import trim
from pool.zygote import heap

_TOOL = "flotilla"


@contextmanager
def observed(hot: set[CodeType]) -> Iterator[None]:
    """Adds each code object that starts to run in any thread to `hot`. Before CPython 3.12 nothing is seen."""
    if sys.version_info < (3, 12):
        yield
        return
    monitoring = sys.monitoring
    tool = next(number for number in range(6) if monitoring.get_tool(number) is None)

    def started(code: CodeType, offset: int) -> object:
        hot.add(code)
        return monitoring.DISABLE

    monitoring.use_tool_id(tool, _TOOL)
    monitoring.register_callback(tool, monitoring.events.PY_START, started)
    monitoring.set_events(tool, monitoring.events.PY_START)
    try:
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, monitoring.events.PY_START, None)
        monitoring.free_tool_id(tool)


def compact(hot: set[CodeType]) -> int:
    """Copies `hot` and what must change with it; how many code objects were moved. Empties `hot`."""
    wanted = {id(code) for code in hot}
    copies: dict[int, CodeType] = {}
    functions = [item for item in gc.get_objects() if type(item) is FunctionType]
    keep = [function.__code__ for function in functions]  # else an address could be given out anew
    gc.collect()
    trim()
    heap.plug()
    for function in functions:
        code = _copied(function.__code__, wanted, copies)
        if code is not function.__code__:
            function.__code__ = code
    del keep
    hot.clear()
    return len(copies)


def _copied(code: CodeType, wanted: set[int], copies: dict[int, CodeType]) -> CodeType:
    """The copy of a code object, or itself where neither it nor code inside it is wanted."""
    if id(code) in copies:
        return copies[id(code)]
    constants = tuple(
        _copied(constant, wanted, copies) if type(constant) is CodeType else constant for constant in code.co_consts
    )
    same = all(new is old for new, old in zip(constants, code.co_consts, strict=True))
    if same and id(code) not in wanted:
        return code
    copies[id(code)] = code.replace() if same else code.replace(co_consts=constants)
    return copies[id(code)]
