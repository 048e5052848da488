"""Reading /proc, a little at a time."""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pool.contract.slots import Memory
from pool.init.sampling import Sampler, parse_cpu_seconds, parse_rollup, read

MIB = 2**20
ROLLUP = """55d0-7ffd ---p 00000000 00:00 0 [rollup]
Rss:                1000 kB
Pss:                 500 kB
Pss_Dirty:           100 kB
Shared_Clean:        600 kB
Private_Clean:        10 kB
Private_Dirty:        90 kB
Private_Hugetlb:       0 kB
"""


class Children:
    """Processes that grow on demand."""

    def __init__(self) -> None:
        self._all: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> int:
        program = "import sys\nheld = []\nfor line in sys.stdin:\n held.append(b'x' * int(line)); print(flush=True)"
        command = [sys.executable, "-S", "-c", program]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._all[child.pid] = child
        self.grow(child.pid, 0)
        return child.pid

    def grow(self, pid: int, size_bytes: int) -> None:
        child = self._all[pid]
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"%d\n" % size_bytes)
        child.stdin.flush()
        child.stdout.readline()

    def end(self) -> None:
        for child in self._all.values():
            child.communicate()


@pytest.fixture
def children() -> Iterator[Children]:
    started = Children()
    yield started
    started.end()


def test_rollup_is_read_in_bytes() -> None:
    assert parse_rollup(ROLLUP) == Memory(pss_bytes=500 * 1024, uss_bytes=100 * 1024, rss_bytes=1000 * 1024)


def test_process_that_ends_meanwhile_has_no_memory() -> None:
    assert parse_rollup("") is None


def test_cpu_is_read_past_a_name_of_parentheses() -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    fields = "S 1 1 1 0 -1 0 0 0 0 0 200 100 0 0 20 0 1 0 0"
    assert parse_cpu_seconds(f"42 (a) b) {fields}") == 300 / ticks


def test_processes_are_looked_at_one_after_the_other_over_the_interval() -> None:
    me, gone = os.getpid(), 2**22 - 1
    sampler = Sampler(lambda: [me, gone, me, me, me], interval_seconds=10, device=0, spent=dear())
    found = {now: sampler.look(now) for now in range(10)}
    assert [now for now, readings in found.items() if readings] == [0, 4, 6, 8], "every 2 s, the second is gone"
    assert all(reading.pid == me for readings in found.values() for reading in readings)
    assert sampler.wait_seconds(8.5) == 1.5


def test_a_round_takes_in_whoever_lives_then() -> None:
    pids = [os.getpid()]
    sampler = Sampler(lambda: list(pids), interval_seconds=10, device=0, spent=dear())
    assert sampler.look(0)
    pids.append(os.getppid())
    assert [reading.pid for now in (10, 15) for reading in sampler.look(now)] == pids


def dear() -> Callable[[], float]:
    """A look into a process costs a second of CPU: there is one each 50 s."""
    return itertools.count().__next__


def test_looks_into_processes_take_a_small_part_of_a_core_and_all_have_their_turn(children: Children) -> None:
    pids = [children.start() for _ in range(5)]
    looks = 0

    def spent() -> float:
        """A fifth of a second for each look; asked before and after."""
        nonlocal looks
        looks += 1
        return looks // 2 * 0.2

    sampler = Sampler(lambda: pids, interval_seconds=10, device=0, spent=spent)
    for now in range(0, 10, 2):
        assert sampler.look(now)
    assert looks == 2 * len(pids), "nobody is known at first"
    before = [sampler.look(now) for now in range(10, 510, 2)]
    assert 40 <= looks // 2 - len(pids) <= 50, "one each 10 s: 2 % of a core"
    for pid in pids:
        told = [reading for readings in before for reading in readings if reading.pid == pid]
        assert len(told) >= 50, "each interval"
        assert all(reading.memory is not None for reading in told), "what was found last"


def test_who_grows_is_looked_into_at_once(children: Children) -> None:
    pid = children.start()
    sampler = Sampler(lambda: [pid], interval_seconds=1, device=0, spent=dear())
    (before,) = sampler.look(0)
    assert before.memory is not None
    children.grow(pid, 32 * MIB)
    (after,) = sampler.look(1)
    assert after.memory is not None
    assert after.memory.uss_bytes - before.memory.uss_bytes >= 32 * MIB
    children.grow(pid, 1 * MIB)
    (same,) = sampler.look(2)
    assert same.memory == after.memory, "little enough to wait for its turn"
    (turn,) = sampler.look(60)
    assert turn.memory is not None
    assert turn.memory.uss_bytes > after.memory.uss_bytes


def test_a_process_whose_name_is_no_text_is_read_like_any_other() -> None:
    name = Path(f"/proc/{os.getpid()}/comm")
    before = name.read_bytes()
    name.write_bytes(b"bot \xff) \xfe")
    try:
        reading = read(os.getpid(), 0)
    finally:
        name.write_bytes(before.rstrip())
    assert reading is not None
    assert reading.cpu_seconds >= 0
