"""Disk that no directory shows, found by what a process holds."""

import ctypes
import mmap
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pool.contract.mapped import MOST_BYTES, place
from pool.init.sampling import read
from pool.init.unlinked import Unlinked, look, mapped
from tests.support import eventually_sync

MIB = 2**20
OWN = f"/proc/{os.getpid()}"


class Holder:
    """What this process holds more than before; pytest itself holds a removed file or two."""

    def __init__(self, pool: Path) -> None:
        self._pool = pool
        self._device = pool.stat().st_dev
        self._before = self._look()

    def more(self) -> Unlinked:
        now = self._look()
        unmeasured = now.unmeasured - self._before.unmeasured
        return Unlinked(now.size_bytes - self._before.size_bytes, unmeasured)

    def _look(self) -> Unlinked:
        return look(OWN, self._device, messages=True, pool=self._pool)


@pytest.fixture
def holder(tmp_path: Path) -> Holder:
    return Holder(tmp_path)


def removed(tmp_path: Path, size_bytes: int = 2 * MIB) -> int:
    """A descriptor of a file without a name."""
    file = tmp_path / "file"
    file.write_bytes(os.urandom(size_bytes))
    descriptor = os.open(file, os.O_RDWR)
    file.unlink()
    return descriptor


def map_page(descriptor: int) -> Callable[[], object]:
    """Maps its first page, without another descriptor as Python would hold; the answer ends that."""
    libc, length = ctypes.CDLL(None, use_errno=True), ctypes.c_size_t(4096)
    libc.mmap.restype = ctypes.c_void_p
    address = libc.mmap(None, length, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, ctypes.c_size_t(0))
    return lambda: libc.munmap(ctypes.c_void_p(address), length)


def test_a_removed_file_counts_once_for_as_long_as_it_is_open(tmp_path: Path, holder: Holder) -> None:
    descriptor = removed(tmp_path)
    twice = os.dup(descriptor)
    kept = (tmp_path / "kept").open("wb")
    kept.write(bytes(MIB))
    assert 2 * MIB <= holder.more().size_bytes < 3 * MIB, "and what has a name is counted in its directory"
    os.close(descriptor)
    assert holder.more().size_bytes >= 2 * MIB
    os.close(twice)
    kept.close()
    assert holder.more() == Unlinked()


def test_files_of_other_file_systems_do_not_count(tmp_path: Path, holder: Holder) -> None:
    memory = os.memfd_create("elsewhere")
    os.write(memory, bytes(MIB))
    try:
        assert holder.more() == Unlinked()
    finally:
        os.close(memory)


def test_what_is_mapped_alone_is_counted_but_not_measured(tmp_path: Path, holder: Holder) -> None:
    descriptor = removed(tmp_path)
    unmap = map_page(descriptor)
    assert holder.more().unmeasured == 0, "measured by its descriptor"
    os.close(descriptor)
    assert holder.more() == Unlinked(0, 1)
    unmap()
    assert holder.more() == Unlinked()


def test_what_was_mapped_at_the_last_look_and_is_no_more_does_not_count(tmp_path: Path, holder: Holder) -> None:
    descriptor = removed(tmp_path)
    unmap = map_page(descriptor)
    device = tmp_path.stat().st_dev
    before = mapped(OWN, device)
    unmap()
    os.close(descriptor)
    assert before.files - mapped(OWN, device).files
    assert look(OWN, device, messages=True, mappings=before) == look(OWN, device, messages=True)


def test_candles_that_were_replaced_count_as_what_they_can_be(tmp_path: Path, holder: Holder) -> None:
    """A bot looks at ten pairs' candles while the agent writes newer ones: no bot is ended for that."""
    place(tmp_path, "").mkdir()
    unmap = []
    for number in range(10):
        candles, newer = place(tmp_path, f"{number:032x}"), tmp_path / "newer"
        candles.write_bytes(bytes(4096))
        with candles.open("rb") as opened:
            unmap.append(map_page(opened.fileno()))
        newer.write_bytes(bytes(4096))
        newer.replace(candles)
    assert holder.more() == Unlinked(10 * MOST_BYTES, 0)
    for one in unmap:
        one()
    assert holder.more() == Unlinked()


def test_a_directory_of_that_name_elsewhere_hides_nothing(tmp_path: Path, holder: Holder) -> None:
    own = place(tmp_path / "bots" / "one" / str(tmp_path).lstrip("/"), "0" * 32)
    own.parent.mkdir(parents=True)
    own.write_bytes(bytes(4096))
    with own.open("rb") as opened:
        unmap = map_page(opened.fileno())
    own.unlink()
    assert holder.more() == Unlinked(0, 1)
    unmap()


def test_a_name_that_ends_a_line_elsewhere_hides_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    file = tmp_path / "half\rhalf\x0b\x85 more"
    file.write_bytes(bytes(4096))
    with file.open("r+b") as opened:
        mapping = mmap.mmap(opened.fileno(), 4096)
        inode = os.fstat(opened.fileno()).st_ino
    file.unlink()
    assert inode in mapped(OWN, tmp_path.stat().st_dev).files
    mapping.close()


def test_what_waits_in_a_message_is_counted(tmp_path: Path, holder: Holder) -> None:
    descriptor = removed(tmp_path)
    near, far = socket.socketpair()
    with near, far:
        socket.send_fds(near, [b"x"], [descriptor, descriptor])
        os.close(descriptor)
        assert holder.more() == Unlinked(0, 2)
        found = look(OWN, tmp_path.stat().st_dev, messages=False)
        assert found.unmeasured == 0, "where others might have sent it"
    assert holder.more() == Unlinked()


def test_a_process_whose_first_thread_ended_hides_nothing(tmp_path: Path) -> None:
    program = f"""
import ctypes, os, threading
file = open({str(tmp_path / "file")!r}, "wb")
file.write(os.urandom({2 * MIB}))
file.flush()
os.unlink(file.name)
threading.Thread(target=lambda: (print("begun", flush=True), input())).start()
ctypes.CDLL(None).syscall({_EXIT[os.uname().machine]}, 0)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        wait_for_zombie(process.pid)
        reading = read(process.pid, tmp_path.stat().st_dev)
        process.kill()
    assert reading is not None
    assert reading.unlinked_bytes >= 2 * MIB
    assert reading.memory is not None


def test_a_process_that_has_gone_holds_nothing() -> None:
    assert look(f"/proc/{2**22 - 1}", 1, messages=True) == Unlinked()


_EXIT = {"x86_64": 60, "aarch64": 93}


def wait_for_zombie(pid: int) -> None:
    eventually_sync(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
