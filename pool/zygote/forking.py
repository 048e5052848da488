"""Forking a bot, and what must hold before.

A bot is forked twice: the zygote forks a middle process, that one forks the bot, passes its pid up a pipe and ends at
once. The bot is then an orphan, and the kernel gives it to the nearest child subreaper: the pool's init. So exit
statuses have one reader, and a zygote may die without taking anybody's exit status with it (ADR 0001).
"""

import gc
import os
import random
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pool.contract.exit_codes import BOOT_FAILED
from pool.contract.frames import Fork
from pool.settings import PoolSettings

BotMain = Callable[[Fork, Path, PoolSettings], int]
"""What runs in the forked process: `pool.bot.main.run`. Its answer is the exit status."""

_COLLECT_THRESHOLDS = (5_000, 20, 20)
"""A bot's own garbage is small, everything older is frozen; seldom collecting costs less than it keeps."""


class ForkError(RuntimeError):
    """No bot was forked; the message says why."""


@dataclass(frozen=True)
class Grounds:
    """What every bot of this zygote starts from."""

    run: BotMain
    directory: Path
    settings: PoolSettings
    channel: socket.socket


def fork_bot(request: Fork, grounds: Grounds) -> tuple[int, float, int]:
    """Forks a bot; its pid, the milliseconds that took, and the write end of its gate.

    The bot waits until the gate is closed, so that its pid can be announced before it dials anybody.
    Raises ForkError where forking would be unsafe, the kernel refuses, or the request is not for this pool.
    """
    started = time.perf_counter()
    check_request(request, grounds)
    assert_forkable(grounds.channel.fileno())
    pid_read, pid_write = os.pipe()
    gate_read, gate_write = os.pipe()
    try:
        middle = os.fork()
    except OSError as error:
        _close(pid_read, pid_write, gate_read, gate_write)
        raise ForkError(f"fork: {error.strerror}") from error
    if middle == 0:
        os.close(pid_read)
        os.close(gate_write)
        _fork_again(request, grounds, pid_write, gate_read)
    _close(pid_write, gate_read)
    with os.fdopen(pid_read, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(middle, 0)
    try:
        pid = int(answer)
    except ValueError:
        os.close(gate_write)
        raise ForkError(answer.decode(errors="replace") or "the middle process died") from None
    return pid, (time.perf_counter() - started) * 1000, gate_write


def check_request(request: Fork, grounds: Grounds) -> None:
    """Raises ForkError where the request's user id or directory is not one that bots of this pool have: the zygote
    may be root, and its word is the last one on whom a bot becomes and what is given to it."""
    first = grounds.settings.bot_uid_first
    ids = None if first is None else range(first, first + 2 * grounds.settings.slots_total)
    if (ids is None and request.uid is not None) or (ids is not None and request.uid not in ids):
        raise ForkError(f"user id {request.uid} is not one of this pool's for bots")
    directory = Path(request.directory)
    parent = "checks" if request.purpose == "check" else "bots"
    try:
        among_bots = os.path.samefile(directory.parent, grounds.directory / parent)
    except OSError as error:
        raise ForkError(f"the directory of the {parent}: {error.strerror}") from error
    if not among_bots or directory.name != request.bot_id:
        raise ForkError("the directory is not that of a bot of this pool")


def assert_forkable(channel: int) -> None:
    """Raises ForkError unless this process has one thread and no socket but `channel`."""
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise ForkError(f"the zygote has {threads} threads, a fork would copy one of them")
    if sockets := open_sockets(channel):
        raise ForkError(f"the zygote holds sockets {sockets} that bots would share")


def open_sockets(channel: int | None) -> list[int]:
    """Descriptors of this process that are sockets, but `channel`."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue
        if target.startswith("socket:") and int(name) != channel:
            found.append(int(name))
    return found


def _fork_again(request: Fork, grounds: Grounds, pid_write: int, gate_read: int) -> None:
    """The middle process: never returns."""
    try:
        bot = os.fork()
    except OSError as error:
        os.write(pid_write, f"second fork: {error.strerror}".encode())
        os._exit(1)
    if bot == 0:
        os.close(pid_write)
        _become_bot(request, grounds, gate_read)
    os.write(pid_write, str(bot).encode())
    os._exit(0)


def _become_bot(request: Fork, grounds: Grounds, gate_read: int) -> None:
    """The bot: never returns."""
    status = BOOT_FAILED
    try:
        grounds.channel.close()
        _reset_signals()
        os.read(gate_read, 1)
        os.close(gate_read)
        _reseed()
        gc.set_threshold(*_COLLECT_THRESHOLDS)
        gc.enable()
        status = grounds.run(request, grounds.directory, grounds.settings)
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # the process boundary: nothing above would report it
        status = BOOT_FAILED
        _log_boot_failure(Path(request.directory))
    finally:
        _flush()
        os._exit(status)


def _reset_signals() -> None:
    for number in signal.valid_signals():
        if signal.getsignal(number) not in (signal.SIG_DFL, None) and number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_IGN if number == signal.SIGPIPE else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.set_wakeup_fd(-1)


def _reseed() -> None:
    random.seed()
    np.random.seed()


def _log_boot_failure(directory: Path) -> None:
    """The traceback into the bot's own log, which it may not have opened yet; not through a link planted there."""
    text = traceback.format_exc()
    try:
        descriptor = os.open(directory / "bot.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o660)
        with os.fdopen(descriptor, "a") as log:
            log.write(text)
    except OSError:
        sys.stderr.write(text)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
