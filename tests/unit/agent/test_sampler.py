"""Readings from init find their owners; too much memory ends a bot."""

import asyncio
import os
import signal
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from pool.agent import table, usage
from pool.agent.entry import Entry
from pool.agent.facts import SlotFacts
from pool.agent.keeper import Keeper
from pool.agent.ring import EventRing
from pool.agent.sampler import Sampler, total
from pool.agent.store import StoredSlots
from pool.bot.sandbox.limits import MOST_FILE_BYTES
from pool.contract.frames import Forget, Fork, Forked, Reading, Readings, Signal
from pool.contract.slots import Memory
from pool.settings import PoolSettings
from tests.support import eventually
from tests.unit.agent.builders import LIMITS, forked, make_spec

MIB = 2**20
BOT_PID = 4_000_000


def reading(pid: int, uss_bytes: int = MIB, cpu_seconds: float = 1.0) -> Reading:
    memory = Memory(pss_bytes=uss_bytes, uss_bytes=uss_bytes, rss_bytes=uss_bytes)
    return Reading(pid=pid, memory=memory, cpu_seconds=cpu_seconds)


class World:
    def __init__(self, directory: Path) -> None:
        self.sent: list[Fork | Signal | Forget] = []
        self.keeper = Keeper(directory, LIMITS, EventRing("now", 100), StoredSlots(), self.sent.append)
        self.keeper.init_pid = 7
        settings = PoolSettings(pool_id="test", bot_memory_limit_bytes=64 * MIB, sample_interval_seconds=0.1)
        self.sampler = Sampler(self.keeper, settings, own_pid=os.getpid())

    async def bot(self) -> Entry:
        def put(facts: SlotFacts | None) -> SlotFacts:
            return table.put(facts, "bot", make_spec())

        self.keeper.apply(await self.keeper.change("bot", put))
        entry = self.keeper.entries["bot"]
        assert entry.run_id is not None
        self.keeper.init_said(Forked(run_id=entry.run_id, pid=BOT_PID, milliseconds=1))
        return entry

    def read(self, *readings: Reading, now: float = 0.0) -> None:
        self.sampler.take(Readings(readings=list(readings)), now)


async def test_each_reading_goes_to_its_process(tmp_path: Path) -> None:
    world = World(tmp_path)
    entry = await world.bot()
    world.read(reading(os.getpid(), 1), reading(7, 2), reading(BOT_PID, 3), reading(123, 4))
    assert world.sampler.agent_memory is not None
    assert world.sampler.init_memory is not None
    assert entry.memory is not None
    sizes = (world.sampler.agent_memory, world.sampler.init_memory, entry.memory)
    assert [memory.uss_bytes for memory in sizes] == [1, 2, 3]
    assert world.sampler.zygote_memory is None


async def test_cpu_is_the_share_of_one_core_between_two_readings(tmp_path: Path) -> None:
    world = World(tmp_path)
    entry = await world.bot()
    world.read(reading(BOT_PID, cpu_seconds=1.0), now=10)
    assert entry.cpu_percent is None
    world.read(reading(BOT_PID, cpu_seconds=1.5), now=20)
    assert entry.cpu_percent == Decimal("5.00")


async def test_a_bot_over_its_memory_is_killed_once_and_one_within_is_not(tmp_path: Path) -> None:
    world = World(tmp_path)
    entry = await world.bot()
    world.read(reading(BOT_PID, 64 * MIB))
    assert not any(isinstance(frame, Signal) for frame in world.sent)
    world.read(reading(BOT_PID, 65 * MIB))
    world.read(reading(BOT_PID, 66 * MIB))
    assert [frame for frame in world.sent if isinstance(frame, Signal)] == [
        Signal(run_id=entry.run_id or "", signal=signal.SIGKILL)
    ]
    assert entry.facts.exceeded is not None
    assert "65 MiB" in entry.facts.exceeded[1]


async def test_removed_files_that_nobody_can_measure_count_as_the_largest(tmp_path: Path) -> None:
    world = World(tmp_path)
    entry = await world.bot()
    world.read(reading(BOT_PID).model_copy(update={"unlinked_bytes": 3 * MIB, "unmeasured_files": 2}))
    assert entry.removed_bytes == 3 * MIB + 2 * MOST_FILE_BYTES
    world.read(reading(BOT_PID))
    assert entry.removed_bytes == 0


def test_total_of_nothing_is_unknown() -> None:
    one = Memory(pss_bytes=1, uss_bytes=2, rss_bytes=3)
    assert total([]) is None
    assert total([one, one]) == Memory(pss_bytes=2, uss_bytes=4, rss_bytes=6)


async def test_each_directory_is_measured_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several at a time; one that cannot be measured keeps nobody from theirs."""
    world, measured = World(tmp_path), set()
    names = [f"bot-{number}" for number in range(45)]
    world.keeper.entries = {name: Entry(replace(forked(time.monotonic()), bot_id=name)) for name in names}

    def excess(directory: Path, _limit: int, _removed: int) -> str | None:
        measured.add(directory.name)
        if directory.name == "bot-1":
            raise PermissionError
        return "it is too large" if directory.name == "bot-2" else None

    monkeypatch.setattr(usage, "excess", excess)
    measuring = asyncio.create_task(world.sampler.measure())
    await eventually(lambda: measured == set(names), message="all are measured")
    await eventually(lambda: world.sent == [Signal(run_id="run", signal=signal.SIGKILL)], message="one is ended")
    measuring.cancel()
    assert [name for name, entry in world.keeper.entries.items() if entry.facts.exceeded] == ["bot-2"]
