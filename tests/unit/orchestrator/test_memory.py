"""How the control plane keeps its memory, each in a process of its own."""

import json
import subprocess
import sys

import pytest

_SETTLED = """
import gc, json
from orchestrator.kit import memory
kept = [[] for _ in range(10_000)]
memory.settle()
print(json.dumps([gc.get_freeze_count() >= 10_000, gc.isenabled(), gc.get_threshold()[2] == 100]))
"""
_THREADS = """
import ctypes, json, sys, threading
from orchestrator.kit import memory
if sys.argv[1] == "kept small":
    memory.give_back_early()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
places, together = [], threading.Barrier(8)

def take():
    together.wait()
    places.append(library.malloc(5000) >> 26)
    together.wait()

threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(len(set(places))))
"""


def told(program: str, *arguments: str) -> object:
    done = subprocess.run([sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def test_what_is_there_at_the_start_is_not_looked_through_for_garbage_again() -> None:
    assert told(_SETTLED) == [True, True, True]


@pytest.mark.skipif("glibc" not in __import__("platform").libc_ver()[0], reason="mallopt(3) is glibc's")
def test_threads_share_one_arena() -> None:
    assert told(_THREADS, "as it is") != 1, "else this shows nothing"
    assert told(_THREADS, "kept small") == 1
