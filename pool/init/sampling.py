"""Memory and CPU time of the pool's processes, out of /proc, one process at a time, spread over the interval.

Init looks, since in a container agent and bots are users of their own and may not look at each other. PSS and USS come
from `smaps_rollup`, for which the kernel walks the process's page tables: some milliseconds each.
"""

import os
from collections import deque
from collections.abc import Callable
from pathlib import Path

from pool.contract.frames import Reading
from pool.contract.slots import Memory

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_SHORTEST_GAP_SECONDS = 0.02


class Sampler:
    """Goes round the processes that `pids` names, once per interval. Times are monotonic seconds."""

    def __init__(self, pids: Callable[[], list[int]], interval_seconds: float) -> None:
        self._pids = pids
        self._interval_seconds = interval_seconds
        self._round: deque[int] = deque()
        self._gap_seconds = 0.0
        self._due_at = 0.0

    def wait_seconds(self, now: float) -> float:
        """Until the next process is due; 0 where one is."""
        return max(self._due_at - now, 0.0)

    def look(self, now: float) -> Reading | None:
        """The process that is due; None where none is, or it has gone."""
        if now < self._due_at:
            return None
        if not self._round:
            self._round.extend(self._pids())
            self._gap_seconds = max(self._interval_seconds / max(len(self._round), 1), _SHORTEST_GAP_SECONDS)
        self._due_at = now + self._gap_seconds
        return read(self._round.popleft()) if self._round else None


def read(pid: int) -> Reading | None:
    """One process now; None where it has gone. `memory` is None where the kernel does not tell it."""
    try:
        # A process chooses its own name, and need not choose one that is text.
        cpu_seconds = parse_cpu_seconds(Path(f"/proc/{pid}/stat").read_text(errors="replace"))
    except OSError:
        return None
    try:
        memory = parse_rollup(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except OSError:
        memory = None
    return Reading(pid=pid, memory=memory, cpu_seconds=cpu_seconds)


def parse_rollup(text: str) -> Memory | None:
    """`smaps_rollup` of proc(5); None where a field is missing (the process has just ended)."""
    sizes = {}
    for line in text.splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0]) * 1024
    try:
        uss = sizes["Private_Clean"] + sizes["Private_Dirty"] + sizes.get("Private_Hugetlb", 0)
        return Memory(pss_bytes=sizes["Pss"], uss_bytes=uss, rss_bytes=sizes["Rss"])
    except KeyError:
        return None


def parse_cpu_seconds(text: str) -> float:
    """User and system time out of `stat` of proc(5); the name may hold anything, parentheses too."""
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND
