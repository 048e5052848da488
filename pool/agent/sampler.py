"""Memory and CPU of every process of the pool, out of /proc, spread over the interval so that nothing stalls.

PSS and USS come from `smaps_rollup`, for which the kernel walks the process's page tables: a few milliseconds each,
in a thread.
"""

import asyncio
import os
import time
from decimal import Decimal
from pathlib import Path

from pool.agent.keeper import Keeper
from pool.contract.slots import Memory

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_SHORTEST_GAP_SECONDS = 0.02


class Sampler:
    """Samples init, zygote, agent and every bot once per interval."""

    def __init__(self, keeper: Keeper, interval_seconds: float) -> None:
        self.init_memory: Memory | None = None
        self.zygote_memory: Memory | None = None
        self.agent_memory: Memory | None = None
        self._keeper = keeper
        self._interval_seconds = interval_seconds
        self._cpu: dict[int, tuple[float, float]] = {}
        """Per pid: monotonic time and CPU seconds of the last sample."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            living = self._keeper.living
            gap = max(self._interval_seconds / (len(living) + 3), _SHORTEST_GAP_SECONDS)
            await self._sample_own(gap)
            for entry in living:
                await asyncio.sleep(gap)
                run = entry.facts.run
                if run is None or run.pid is None:
                    continue
                memory, cpu_seconds = await asyncio.to_thread(_sample, run.pid)
                if memory is not None and entry.run_id == run.run_id:
                    entry.memory = memory
                    entry.cpu_percent = self._percent(run.pid, cpu_seconds)
                    self._keeper.announcer.publish_sample(entry)
            alive = {entry.facts.run.pid for entry in self._keeper.living if entry.facts.run is not None}
            self._cpu = {pid: sample for pid, sample in self._cpu.items() if pid in alive}

    async def _sample_own(self, gap_seconds: float) -> None:
        self.agent_memory, _ = await asyncio.to_thread(_sample, os.getpid())
        await asyncio.sleep(gap_seconds)
        self.init_memory, _ = await asyncio.to_thread(_sample, self._keeper.init_pid)
        await asyncio.sleep(gap_seconds)
        zygote = self._keeper.zygote.pid if self._keeper.zygote is not None else None
        self.zygote_memory = (await asyncio.to_thread(_sample, zygote))[0] if zygote is not None else None
        await asyncio.sleep(gap_seconds)

    def _percent(self, pid: int, cpu_seconds: float) -> Decimal | None:
        now = time.monotonic()
        before = self._cpu.get(pid)
        self._cpu[pid] = (now, cpu_seconds)
        if before is None or now <= before[0]:
            return None
        share = (cpu_seconds - before[1]) / (now - before[0])
        return Decimal(max(share, 0.0) * 100).quantize(Decimal("0.01"))


def total(memories: list[Memory]) -> Memory | None:
    """The sum; None of nothing."""
    if not memories:
        return None
    return Memory(
        pss_bytes=sum(memory.pss_bytes for memory in memories),
        uss_bytes=sum(memory.uss_bytes for memory in memories),
        rss_bytes=sum(memory.rss_bytes for memory in memories),
    )


def _sample(pid: int) -> tuple[Memory | None, float]:
    """Memory and CPU seconds of a process; None where it has gone or may not be looked at."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None, 0.0
    return parse_rollup(rollup), parse_cpu_seconds(stat)


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
