"""A strategy that uses up something that others need, read as text into a slot: `config["hostile"]["bomb"]` says what.

It begins once the bot trades. What stopped it goes to `outcomes.json`, unless it was ended before.
"""

import _thread
import ctypes
import errno
import gc
import hashlib
import json
import logging
import os
import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from freqtrade.strategy import IStrategy

from pool.bot.outbox import Outbox
from pool.contract.events import EventType

if not os.getcwd().startswith("/pool/bots/"):
    raise SystemExit("this does harm outside of a pool's container")

MIB = 1 << 20
KEPT = []
logger = logging.getLogger(__name__)


def heap():
    """Bytes of its own until no more are given."""
    try:
        for _ in range(1000):
            KEPT.append(bytearray(b"x") * (4 * MIB))
    finally:
        KEPT.clear()


def anonymous_memory():
    """Mappings of its own, in use to the last page."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    for _ in range(1000):
        address = libc.mmap(None, ctypes.c_size_t(4 * MIB), 3, 0x8022, -1, ctypes.c_size_t(0))
        if address == ctypes.c_void_p(-1).value:
            raise OSError(ctypes.get_errno(), "no more")


def memory_of_zygote():
    """Makes all that is shared with the zygote its own, for ever. The kernel writes, as madvise(2) tells of
    MADV_POPULATE_WRITE: what other threads change or give back meanwhile harms nobody."""
    libc = ctypes.CDLL(None)
    while True:
        for line in Path("/proc/self/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if rights == "rw-p" and "stack" not in line:
                begin, end = (int(part, 16) for part in span.split("-"))
                libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), 23)


def threads():
    """As many as there may be."""
    waiting = threading.Event()
    try:
        for _ in range(100_000):
            _thread.start_new_thread(waiting.wait, ())  # `Thread.start` may wait for ever for one without memory
    finally:
        waiting.set()
        while _thread._count() > 20:
            time.sleep(0.05)


def one_file():
    with open("big", "wb") as file:
        for _ in range(100_000):
            file.write(bytes(MIB))


def many_files():
    for number in count():
        Path(f"file-{number}").write_bytes(bytes(MIB))


def without_name(number):
    """A descriptor of a file that no directory shows."""
    descriptor = os.open(f"file-{number}", os.O_CREAT | os.O_RDWR)
    os.unlink(f"file-{number}")
    os.write(descriptor, bytes(4 * MIB))
    return descriptor


def removed_files():
    for number in range(40):
        without_name(number)
    threading.Event().wait()


def mapped_files():
    libc = ctypes.CDLL(None)
    for number in range(4):
        descriptor = without_name(number)
        libc.mmap(None, ctypes.c_size_t(4096), 1, 2, descriptor, ctypes.c_size_t(0))
        os.close(descriptor)
    threading.Event().wait()


def files_in_messages():
    pair = socket.socketpair()
    for number in range(4):
        descriptor = without_name(number)
        socket.send_fds(pair[0], [b"x"], [descriptor])
        os.close(descriptor)
    threading.Event().wait()


def many_names():
    for number in count():
        os.close(os.open(f"name-{number}", os.O_CREAT | os.O_WRONLY))


def deep_directories():
    while True:
        os.mkdir("d")
        os.chdir("d")


def locked_directory():
    """What the agent may not look into: not by `os.mkdir`, which lets it."""
    ctypes.CDLL(None).mkdir(b"hidden", 0)
    threading.Event().wait()


def descriptors():
    while True:
        KEPT.append(open("slot.json"))  # noqa: SIM115


def socket_buffers():
    """Memory of the kernel, which is not counted as the process's own."""
    while True:
        pair = socket.socketpair()
        KEPT.extend(pair)
        for end in pair:
            with suppress(PermissionError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * MIB)
            end.setblocking(False)
            try:
                while True:
                    end.send(bytes(32 * 1024))
            except BlockingIOError:
                continue


def processor():
    """All the time of all cores that it is given, for ever."""
    block = bytes(MIB)

    def burn():
        while True:
            hashlib.sha256(block).digest()

    for _ in range(8):
        threading.Thread(target=burn, daemon=True).start()
    threading.Event().wait()


def long_line():
    logger.warning("x" * (20 * MIB))
    raise OSError(errno.ENODATA, "logged")


def many_lines():
    for number in range(60_000):
        logger.warning("%s %s", number, "x" * 500)
    raise OSError(errno.ENODATA, "logged")


def connections_to_agent():
    """Dials the agent and says nothing."""
    while True:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        KEPT.append(link)
        link.setblocking(False)
        try:
            link.connect("/pool/agent.sock")
        except BlockingIOError:
            threading.Event().wait(0.05)


def events():
    """More facts than anybody can store, by its own connection to the agent; for ever."""
    outbox = next(thing for thing in gc.get_objects() if isinstance(thing, Outbox))
    for number in count():
        outbox.add_event(EventType.MESSAGE, {"number": number, "text": "x" * 50_000}, datetime.now(UTC))
        if not number % 50:
            threading.Event().wait(0.01)


class Bomb(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 10}  # noqa: RUF012 - read by FreqTrade as it is
    stoploss = -0.9
    startup_candle_count = 5

    def bot_loop_start(self, current_time, **kwargs):
        if Path("begun").exists():
            return
        Path("begun").touch()
        try:
            globals()[self.config["hostile"]["bomb"]]()
            outcome = "done"
        except OSError as refusal:
            outcome = errno.errorcode.get(refusal.errno, type(refusal).__name__)
        except BaseException as refusal:
            outcome = type(refusal).__name__
        KEPT.clear()
        Path("outcomes.part").write_text(json.dumps({"bomb": outcome}))
        Path("outcomes.part").rename("outcomes.json")

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
