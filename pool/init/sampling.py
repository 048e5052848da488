"""Memory, CPU time and hidden disk of the pool's processes, out of /proc, one process at a time, over the interval.

Init looks, since in a container agent and bots are users of their own and may not look at each other. PSS and USS come
from `smaps_rollup`, for which the kernel walks the process's page tables, and what is mapped from `maps`: ten
milliseconds for a bot, which a hundred bots cannot have every ten seconds. So processes are looked into one after the
other as often as a small part of a core allows; between, each interval tells what is cheap to know, and who has grown
since is looked into at once.
"""

import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pool.contract.frames import Reading
from pool.contract.slots import Memory
from pool.init import unlinked

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_SHORTEST_GAP_SECONDS = 0.02
_ENDED = "Z"
_SHARE = 0.02
"""Of a core, for looks into processes; those that nobody has looked into yet, and those that grew, come on top."""
_GROWN_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class _Known:
    """What a look into a process found."""

    started: int
    """When, in ticks: another process may have its pid later."""
    resident_bytes: int
    memory: Memory | None
    mappings: unlinked.Mappings


class Sampler:
    """Goes round the processes that `pids` names, once per interval. Times are monotonic seconds. `device` is what the
    pool's directory is on, which is `pool`; with `own_uids` no bot reaches another's sockets. `spent`: CPU seconds of
    this thread."""

    def __init__(
        self,
        pids: Callable[[], list[int]],
        interval_seconds: float,
        device: int,
        *,
        own_uids: bool = False,
        pool: Path | None = None,
        spent: Callable[[], float] = time.thread_time,
    ) -> None:
        self._pids = pids
        self._device = device
        self._own_uids = own_uids
        self._pool = pool
        self._interval_seconds = interval_seconds
        self._spent = spent
        self._round: deque[int] = deque()
        self._gap_seconds = 0.0
        self._due_at = 0.0
        self._known: dict[int, _Known] = {}
        """Whom was looked into the longest ago first."""
        self._look_due_at = 0.0

    def wait_seconds(self, now: float) -> float:
        """Until the next process is due; 0 where one is."""
        return max(self._due_at - now, 0.0)

    def look(self, now: float) -> list[Reading]:
        """The process that is due and the one that is looked into; none where none is due, or they have gone."""
        if now < self._due_at:
            return []
        if not self._round:
            self._round.extend(self._pids())
            self._known = {pid: known for pid, known in self._known.items() if pid in self._round}
            self._gap_seconds = max(self._interval_seconds / max(len(self._round), 1), _SHORTEST_GAP_SECONDS)
        self._due_at = now + self._gap_seconds
        pids = [self._round.popleft()] if self._round else []
        if now >= self._look_due_at and self._known:
            oldest = next(iter(self._known))
            del self._known[oldest]
            pids = list(dict.fromkeys([*pids, oldest]))
        readings = [self._read(pid, now) for pid in pids]
        return [reading for reading in readings if reading is not None]

    def _read(self, pid: int, now: float) -> Reading | None:
        try:
            process = _Process.of(pid)
            known, resident_bytes = self._known.get(pid), process.resident_bytes()
        except OSError:
            self._known.pop(pid, None)
            return None
        if known is None or known.started != process.started or resident_bytes - known.resident_bytes >= _GROWN_BYTES:
            known = self._look_into(pid, process, resident_bytes, now)
        return process.reading(known, self._device, self._pool, messages=self._own_uids)

    def _look_into(self, pid: int, process: "_Process", resident_bytes: int, now: float) -> _Known:
        before = self._spent()
        known = process.look_into(self._device, self._pool, resident_bytes)
        self._look_due_at = now + (self._spent() - before) / _SHARE
        self._known.pop(pid, None)
        self._known[pid] = known
        return known


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    path: str
    started: int
    cpu_seconds: float

    @classmethod
    def of(cls, pid: int) -> "_Process":
        """Raises OSError where it has gone."""
        # A process chooses its own name, and need not choose one that is text.
        status = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        started = int(status.rpartition(")")[2].split()[19])
        return cls(pid, _that_lives(pid, status), started, parse_cpu_seconds(status))

    def resident_bytes(self) -> int:
        return int(Path(f"{self.path}/statm").read_text().split()[1]) * _PAGE_BYTES

    def look_into(self, device: int, pool: Path | None, resident_bytes: int) -> _Known:
        try:
            memory = parse_rollup(Path(f"{self.path}/smaps_rollup").read_text())
        except OSError:
            memory = None
        return _Known(self.started, resident_bytes, memory, unlinked.mapped(self.path, device, pool))

    def reading(self, known: _Known, device: int, pool: Path | None, *, messages: bool) -> Reading:
        held = unlinked.look(self.path, device, messages=messages, mappings=known.mappings, pool=pool)
        return Reading(
            pid=self.pid,
            memory=known.memory,
            cpu_seconds=self.cpu_seconds,
            unlinked_bytes=held.size_bytes,
            unmeasured_files=held.unmeasured,
        )


def read(pid: int, device: int, *, own_uids: bool = False) -> Reading | None:
    """One process now; None where it has gone. `memory` is None where the kernel does not tell it. The others as in
    `Sampler`."""
    return next(iter(Sampler(lambda: [pid], 0, device, own_uids=own_uids).look(0)), None)


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
