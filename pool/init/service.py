"""A child that init keeps alive: zygote or agent, with its channel, its log and its backoff."""

import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from pool.init.channel import Channel
from pool.init.privileges import Identity

CONTROL_DESCRIPTOR = 3
"""Where a child finds its end of the channel."""
_CANNOT_START = 127
_FIRST_DELAY_SECONDS = 0.2
_DELAY_LIMIT_SECONDS = 30.0
_STABLE_SECONDS = 60.0
"""A child that lived this long starts anew with the shortest delay."""
_DEAF_SECONDS = 5.0
"""A child that closed its channel may take this long to end."""
_LOG_LIMIT_BYTES = 10_000_000
"""A log longer than this is set aside at the next spawn."""


class Service:
    """Spawns one program, over and over. Times are monotonic seconds, given by the caller."""

    def __init__(self, name: str, command: Sequence[str], log: Path, identity: Identity | None = None) -> None:
        """`identity` is what the program runs as; None is what init is."""
        self.name = name
        self.restarts = -1
        """Spawns after the first."""
        self.pid: int | None = None
        self.channel: Channel | None = None
        self.due_at: float | None = 0.0
        """When to spawn next; None while it lives or shall stay down."""
        self._command = list(command)
        self._log = log
        self._identity = identity
        self._failures = 0
        self._spawned_at = 0.0
        self._hung_up_at: float | None = None

    def spawn(self, now: float) -> Channel:
        """Starts the program in a process group of its own, so that a terminal's Ctrl-C reaches init alone."""
        self._rotate_log()
        channel = Channel()
        try:
            self.pid = self._start(channel)
        except OSError:
            channel.close()
            raise
        channel.child_end.close()
        self.channel = channel
        self.due_at = self._hung_up_at = None
        self.restarts += 1
        self._spawned_at = now
        return channel

    def _start(self, channel: Channel) -> int:
        """Forks, which init may since it has one thread: only so can the child change who it is before it starts."""
        log = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            pid = os.fork()
            if pid == 0:
                self._become_program(channel.child_end.fileno(), log)
            return pid
        finally:
            os.close(log)

    def _become_program(self, channel: int, log: int) -> NoReturn:
        """In the child; a failure is its last word in the log."""
        try:
            os.setsid()  # the zygote's is its bots', too; the agent's is weighed against it as a whole
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            _move_to(channel, CONTROL_DESCRIPTOR)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            if self._identity is not None:
                self._identity.assume()
            os.execv(self._command[0], self._command)  # noqa: S606
        except OSError as problem:
            os.write(2, f"The {self.name} cannot be started: {problem}\n".encode())
        finally:
            os._exit(_CANNOT_START)

    def _rotate_log(self) -> None:
        if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))

    def died(self, now: float) -> None:
        """Its process was reaped: closes the channel and says when the next one is due."""
        if now - self._spawned_at >= _STABLE_SECONDS:
            self._failures = 0
        self.pid = None
        self.due_at = now + min(_FIRST_DELAY_SECONDS * 2**self._failures, _DELAY_LIMIT_SECONDS)
        self._failures = min(self._failures + 1, 16)
        self.close_channel()

    def hung_up(self, now: float) -> None:
        """It closed its end of the channel: it is ending, or is of no use any more."""
        self._hung_up_at = now
        self.close_channel()

    def is_deaf(self, now: float) -> bool:
        """True where it closed its channel a while ago and still lives."""
        return self.pid is not None and self._hung_up_at is not None and now - self._hung_up_at > _DEAF_SECONDS

    def close_channel(self) -> None:
        if self.channel is not None:
            self.channel.close()
            self.channel = None

    def signal(self, number: int) -> None:
        """Signals the child; no word if it has just gone (it is reaped by init alone, so the pid is still its own)."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _move_to(descriptor: int, wanted: int) -> None:
    """The child's end of the channel where the program looks for it, open across the start."""
    if descriptor == wanted:
        os.set_inheritable(descriptor, True)
    else:
        os.dup2(descriptor, wanted)
