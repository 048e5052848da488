"""Local processes that outlive us: started in a session of their own, found again by their command line.

A child gets no descriptor but its log, and of the environment only what is named here: no secret of ours can reach it.
Whether a pid still is that process is told by its command line: a reused pid is never mistaken for it, nor signalled.
"""

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PASSED_ON = frozenset({"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"})
_PREFIXES_PASSED_ON = ("LC_", "FLOTILLA_POOL_", "FLOTILLA_GATEWAY_")
_ROOT = Path(__file__).resolve().parents[2]
_POLL_SECONDS = 0.05


class Detached:
    """One program of ours, `python -m module --directory directory …`, of which at most one shall live."""

    def __init__(self, module: str, directory: Path) -> None:
        self.directory = directory
        self._command = [sys.executable, "-m", module, "--directory", str(directory)]
        self._marker = b"\0".join(part.encode() for part in ("-m", module, "--directory", str(directory))) + b"\0"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, log: Path, arguments: Sequence[str] = ()) -> int:
        """Starts it with its output appended to `log`; answers its pid. Raises OSError."""
        self.reap()
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._child = subprocess.Popen(
                [*self._command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                cwd=self.directory,
                env=_environment(os.environ),
                start_new_session=True,
                umask=0o077,
            )
        finally:
            os.close(descriptor)
        return self._child.pid

    def living_pid(self, told: int | None) -> int | None:
        """The pid of the process that lives: the one we started, or `told` if that is still this program."""
        self.reap()
        if self._child is not None:
            return self._child.pid
        return told if told is not None and self.is_ours(told) else None

    def is_ours(self, pid: int) -> bool:
        return self.arguments_of(pid) is not None

    def arguments_of(self, pid: int) -> tuple[str, ...] | None:
        """What a living process of ours was started with beside its directory; None for one that is not ours."""
        try:
            _, ours, rest = (Path(f"/proc/{pid}/cmdline").read_bytes() + b"\0").partition(self._marker)
        except OSError:
            return None
        return tuple(part.decode(errors="replace") for part in rest.split(b"\0") if part) if ours else None

    def environment_of(self, pid: int) -> dict[str, str] | None:
        """What a living process of ours was started with; None for one that is not ours, or where nobody may look."""
        if not self.is_ours(pid):
            return None
        try:
            told = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return None
        pairs = (os.fsdecode(line).partition("=") for line in told.split(b"\0") if line)
        return {name: value for name, _, value in pairs}

    def reap(self) -> int | None:
        """The exit status of the process we started, once."""
        if self._child is None:
            return None
        status = self._child.poll()
        if status is not None:
            self._child = None
        return status

    async def stop(self, pid: int, patience_seconds: float) -> None:
        """SIGTERM, and SIGKILL for what still lives after `patience_seconds`; returns when it has ended, and what it
        had open, such as a port, is free. A pidfd pins the process between the look and the signal."""
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            return
        try:
            for number, seconds in ((signal.SIGTERM, patience_seconds), (signal.SIGKILL, 10.0)):
                if not self.is_ours(pid):
                    return
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, number)
                deadline = time.monotonic() + seconds
                while time.monotonic() < deadline:
                    if _has_ended(descriptor):
                        self.reap()
                        return
                    await asyncio.sleep(_POLL_SECONDS)
        finally:
            os.close(descriptor)


def write_private(file: Path, content: str) -> None:
    """Replaces `file` in one step that outlives a power cut; mode 0600. Raises OSError."""
    new = file.with_name(f".{file.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def last_line(log: Path, limit_bytes: int = 2000) -> str:
    """What a program said last, for a sentence on why it ended; empty where there is nothing."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(stream.seek(0, os.SEEK_END) - limit_bytes, 0))
            lines = stream.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _has_ended(descriptor: int) -> bool:
    """Of a pidfd: a dying process loses its command line some moments before."""
    looking = select.poll()
    looking.register(descriptor, select.POLLIN)
    return bool(looking.poll(0))


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    passed = {name: value for name, value in own.items() if name in _PASSED_ON or name.startswith(_PREFIXES_PASSED_ON)}
    return {**passed, "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"}
