"""Who may use a bot's directory: one live process (`lock`), of the newest assignment (`epoch`).

The lock is an flock that dies with its process, whatever ended it. The epoch is the highest fencing epoch that ever
held the lock: a process of an older assignment finds the newer number and must leave the trades alone for good.
"""

import fcntl
import os
from pathlib import Path

from pool.bot.files import replace_file


class Locked(Exception):
    """Another live process holds the directory."""


class Fenced(Exception):
    """The directory was used under a higher epoch."""


class Claim:
    """A held claim; released when the process ends (or by `release`)."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, directory: Path, epoch: int) -> "Claim":
        """Raises Locked, Fenced; OSError or ValueError where the files cannot be read."""
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _raise_epoch(directory / "epoch", epoch)
        except BlockingIOError as error:
            os.close(descriptor)
            raise Locked(f"another process holds {directory.name}") from error
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def release(self) -> None:
        os.close(self._descriptor)


def _raise_epoch(file: Path, mine: int) -> None:
    stored = int(file.read_text()) if file.exists() else 0
    if stored > mine:
        raise Fenced(f"{file.parent.name} was last used under epoch {stored}, this run has {mine}")
    if stored < mine:
        replace_file(file, f"{mine}\n".encode())
