"""What init reads of the pool's processes, given to whom it belongs; bots that exceed what a bot may use are told of.

Init alone looks at processes (`Readings`): where each has a user of its own, the agent may not. Directories the agent
measures itself, one after the other in a thread; files that a bot removed and still holds count as if they were there,
each whose size nobody can tell as the largest that it may be.
"""

import asyncio
import time
from collections.abc import Sequence
from decimal import Decimal

from loguru import logger

from pool.agent import usage
from pool.agent.entry import Entry
from pool.agent.facts import Exceeded
from pool.agent.files import bot_directory
from pool.agent.keeper import Keeper
from pool.bot.sandbox.limits import MOST_FILE_BYTES
from pool.contract.frames import Reading, Readings
from pool.contract.slots import Memory
from pool.settings import PoolSettings

_MEBIBYTE = 2**20
_PARTS = 20
"""Directories are measured in so many parts of an interval."""


class Sampler:
    """Memory and CPU of init, zygote, agent and every bot, as last read."""

    def __init__(self, keeper: Keeper, settings: PoolSettings, own_pid: int) -> None:
        self.init_memory: Memory | None = None
        self.zygote_memory: Memory | None = None
        self.agent_memory: Memory | None = None
        self._keeper = keeper
        self._settings = settings
        self._own_pid = own_pid
        self._cpu: dict[int, tuple[float, float]] = {}
        """Per pid: monotonic time and CPU seconds of the last reading."""

    def take(self, frame: Readings, now: float | None = None) -> None:
        """Readings from init; of processes that are no more, none is kept."""
        at = time.monotonic() if now is None else now
        entries = {entry.facts.run.pid: entry for entry in self._keeper.living if entry.facts.run is not None}
        zygote = self._keeper.zygote.pid if self._keeper.zygote is not None else None
        for reading in frame.readings:
            if reading.pid == self._own_pid:
                self.agent_memory = reading.memory
            elif reading.pid == self._keeper.init_pid:
                self.init_memory = reading.memory
            elif reading.pid == zygote:
                self.zygote_memory = reading.memory
            elif reading.pid in entries:
                self._take_bot(entries[reading.pid], reading, at)
        self._cpu = {pid: sample for pid, sample in self._cpu.items() if pid in entries}

    async def measure(self) -> None:
        """The directories of living bots, one pass each interval; until cancelled."""
        while True:
            living = self._keeper.living
            size = max(len(living) // _PARTS, 1)
            parts = [living[start : start + size] for start in range(0, len(living), size)]
            gap_seconds = self._settings.sample_interval_seconds / (len(parts) + 1)
            await asyncio.sleep(gap_seconds)
            for part in parts:
                await self._measure(part)
                await asyncio.sleep(gap_seconds)

    def _take_bot(self, entry: Entry, reading: Reading, at: float) -> None:
        largest = min(MOST_FILE_BYTES, self._settings.bot_disk_limit_bytes)
        entry.removed_bytes = reading.unlinked_bytes + reading.unmeasured_files * largest
        if reading.memory is None:
            return
        entry.memory = reading.memory
        entry.cpu_percent = self._percent(reading, at)
        self._keeper.announcer.publish_sample(entry)
        limit = self._settings.bot_memory_limit_bytes
        if reading.memory.uss_bytes > limit:
            message = f"it used {_mib(reading.memory.uss_bytes)} of memory of its own; {_mib(limit)} are allowed"
            self._keeper.exceeded(entry, Exceeded.MEMORY, message)

    async def _measure(self, entries: Sequence[Entry]) -> None:
        runs = [entry.run_id for entry in entries]
        found = await asyncio.to_thread(lambda: [self._excess(entry) for entry in entries])
        for entry, run_id, excess in zip(entries, runs, found, strict=True):
            if excess is not None and entry.run_id == run_id:
                self._keeper.exceeded(entry, Exceeded.DISK, excess)

    def _excess(self, entry: Entry) -> str | None:
        directory = bot_directory(self._keeper.directory, entry.bot_id)
        try:
            return usage.excess(directory, self._settings.bot_disk_limit_bytes, entry.removed_bytes)
        except OSError as problem:
            logger.warning("cannot measure the directory of bot {}: {}", entry.bot_id, problem)
            return None

    def _percent(self, reading: Reading, now: float) -> Decimal | None:
        before = self._cpu.get(reading.pid)
        self._cpu[reading.pid] = (now, reading.cpu_seconds)
        if before is None or now <= before[0]:
            return None
        share = (reading.cpu_seconds - before[1]) / (now - before[0])
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


def _mib(count: int) -> str:
    return f"{count / _MEBIBYTE:.0f} MiB"
