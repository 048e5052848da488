"""Memory, CPU time and hidden disk of the pool's processes, out of /proc, one process at a time, over the interval.

Init looks, since in a container agent and bots are users of their own and may not look at each other. PSS and USS come
from `smaps_rollup`, for which the kernel walks the process's page tables: some milliseconds each.
"""

import os
from collections import deque
from collections.abc import Callable
from pathlib import Path

from pool.contract.frames import Reading
from pool.contract.slots import Memory
from pool.init.unlinked import look

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_SHORTEST_GAP_SECONDS = 0.02
_ENDED = "Z"


class Sampler:
    """Goes round the processes that `pids` names, once per interval. Times are monotonic seconds. `device` is what the
    pool's directory is on; with `own_uids` no bot reaches another's sockets."""

    def __init__(
        self, pids: Callable[[], list[int]], interval_seconds: float, device: int, *, own_uids: bool = False
    ) -> None:
        self._pids = pids
        self._device = device
        self._own_uids = own_uids
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
        return read(self._round.popleft(), self._device, own_uids=self._own_uids) if self._round else None


def read(pid: int, device: int, *, own_uids: bool = False) -> Reading | None:
    """One process now; None where it has gone. `memory` is None where the kernel does not tell it. The others as in
    `Sampler`."""
    try:
        # A process chooses its own name, and need not choose one that is text.
        status = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    process = _that_lives(pid, status)
    try:
        memory = parse_rollup(Path(f"{process}/smaps_rollup").read_text())
    except OSError:
        memory = None
    unlinked = look(process, device, messages=own_uids)
    return Reading(
        pid=pid,
        memory=memory,
        cpu_seconds=parse_cpu_seconds(status),
        unlinked_bytes=unlinked.size_bytes,
        unmeasured_files=unlinked.unmeasured,
    )


def _that_lives(pid: int, status: str) -> str:
    """Where /proc tells of it: of a process whose first thread has ended, by another thread alone."""
    if status.rpartition(")")[2].split()[0] != _ENDED:
        return f"/proc/{pid}"
    try:
        others = [task for task in os.listdir(f"/proc/{pid}/task") if task != str(pid)]
    except OSError:
        others = []
    return f"/proc/{pid}/task/{others[0]}" if others else f"/proc/{pid}"


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
