"""Reading /proc, a little at a time."""

import os
from pathlib import Path

from pool.contract.slots import Memory
from pool.init.sampling import Sampler, parse_cpu_seconds, parse_rollup, read

ROLLUP = """55d0-7ffd ---p 00000000 00:00 0 [rollup]
Rss:                1000 kB
Pss:                 500 kB
Pss_Dirty:           100 kB
Shared_Clean:        600 kB
Private_Clean:        10 kB
Private_Dirty:        90 kB
Private_Hugetlb:       0 kB
"""


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
    sampler = Sampler(lambda: [me, gone, me, me, me], interval_seconds=10, device=0)
    found = {now: sampler.look(now) for now in range(10)}
    assert [now for now, reading in found.items() if reading is not None] == [0, 4, 6, 8], (
        "every 2 s, the second is gone"
    )
    assert all(reading.pid == me for reading in found.values() if reading is not None)
    assert sampler.wait_seconds(8.5) == 1.5


def test_a_round_takes_in_whoever_lives_then() -> None:
    pids = [os.getpid()]
    sampler = Sampler(lambda: list(pids), interval_seconds=10, device=0)
    assert sampler.look(0) is not None
    pids.append(os.getppid())
    first, second = sampler.look(10), sampler.look(15)
    assert first is not None
    assert second is not None
    assert [first.pid, second.pid] == pids


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
