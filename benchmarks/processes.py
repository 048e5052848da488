"""Children of a benchmark, and what they cost by the kernel's own accounting."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Cost:
    """Of a set of processes: proportional set size (shared pages divided among sharers), private pages, CPU time."""

    pss_bytes: int
    uss_bytes: int
    cpu_seconds: float


def cost(pids: list[int]) -> Cost:
    """Sum over the processes that are alive."""
    pss = uss = 0
    cpu = 0.0
    for pid in pids:
        try:
            process = psutil.Process(pid)
            memory = process.memory_full_info()
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        pss += memory.pss
        uss += memory.uss
        cpu += times.user + times.system
    return Cost(pss, uss, cpu)


def with_children(pids: list[int]) -> list[int]:
    """And what they started, as long as that lives."""
    found = set(pids)
    for pid in pids:
        try:
            found |= {child.pid for child in psutil.Process(pid).children(recursive=True)}
        except psutil.NoSuchProcess:
            continue
    return sorted(found)


@contextmanager
def running(command: list[str], log: Path, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """A child with its output in `log`, ended by SIGTERM (SIGKILL after a minute) when the block ends."""
    with log.open("ab") as output:
        child = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    try:
        yield child
    finally:
        end(child)


def end(child: subprocess.Popen[bytes], timeout_seconds: float = 60) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def descendants(pid: int) -> list[int]:
    """The process and all below it."""
    process = psutil.Process(pid)
    return [pid, *(child.pid for child in process.children(recursive=True))]


def one_thread_environment() -> dict[str, str]:
    """The same thread limits for both sides of a comparison."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
