"""The directory of a process that listens: its lock, its log, and where it can be reached.

`endpoint.json` outlives the process, so that the next one listens on the same port and bots keep their address;
whether anyone listens now is told by the lock.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit


class AlreadyRunning(Exception):
    """Another process holds the directory."""


class Directory:
    """Opened by `open`, which takes the lock for as long as this process lives."""

    whose: ClassVar[str]
    """Who runs there, in a sentence."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> Self:
        """Make the directory (0700) if need be and lock it. Raises AlreadyRunning, or OSError."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise AlreadyRunning(f"{cls.whose} already runs in {path}.") from None
        return cls(path, lock)

    @property
    def log(self) -> Path:
        return self.path / "log"

    def last_port(self) -> int | None:
        """Port of the previous process; None if there was none, or its record cannot be read."""
        try:
            record: Any = json.loads((self.path / "endpoint.json").read_text())
            return urlsplit(str(record["url"])).port
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def tell(self, url: str, started_at: str) -> None:
        """Write `endpoint.json` by atomic rename."""
        record = {"url": url, "pid": os.getpid(), "started_at": started_at}
        write(self.path / "endpoint.json", json.dumps(record))

    def close(self) -> None:
        """Give the lock back."""
        os.close(self._lock)


def write(file: Path, content: str) -> None:
    """The whole file or nothing, readable by the owner alone."""
    draft = file.with_name(file.name + ".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
