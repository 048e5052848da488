"""Reading /proc."""

import os

from pool.agent.sampler import total
from pool.contract.slots import Memory
from pool.init.sampling import parse_cpu_seconds, parse_rollup

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


def test_total_of_nothing_is_unknown() -> None:
    one = Memory(pss_bytes=1, uss_bytes=2, rss_bytes=3)
    assert total([]) is None
    assert total([one, one]) == Memory(pss_bytes=2, uss_bytes=4, rss_bytes=6)
