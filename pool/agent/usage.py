"""What a bot's directory holds, found out without following a link or opening a file.

A bot owns its directory and may do anything in it while this looks: hide files in a directory that others cannot read,
nest without end, make millions of names. Whatever cannot be measured counts as too much. A file counts as what it
takes on disk or as what it takes in a parcel, whichever is more: a bot that may run can also be moved.
"""

import os
import stat
from pathlib import Path

_BLOCK_BYTES = 512
MOST_ENTRIES = 50_000
"""Files and directories that a bot may have."""
_MOST_DEPTH = 32
_MEBIBYTE = 2**20
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class _TooMuch(Exception):
    """Says what in a clause about `its directory`."""


def excess(directory: Path, limit_bytes: int, removed_bytes: int = 0) -> str | None:
    """How the directory exceeds the limit, as a clause; None where it does not, or there is none. What the bot removed
    and still holds (`removed_bytes`) counts as in it. Raises OSError."""
    try:
        descriptor = os.open(directory, _OPEN)
    except FileNotFoundError:
        return None
    walk = _Walk(limit_bytes, removed_bytes)
    try:
        walk.count(0)
        walk.add(descriptor, 0)
    except _TooMuch as told:
        return f"its directory {told}"
    finally:
        os.close(descriptor)
    return None


class _Walk:
    def __init__(self, limit_bytes: int, removed_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._removed = ", with files that it removed but holds," if removed_bytes else ""
        self._bytes = removed_bytes
        self._entries = 0

    def count(self, size_bytes: int) -> None:
        self._bytes += size_bytes
        if self._bytes > self._limit_bytes:
            limit = f"{self._limit_bytes // _MEBIBYTE} MiB"
            raise _TooMuch(f"holds{self._removed} more than the {limit} that are allowed")

    def add(self, descriptor: int, depth: int) -> None:
        if depth > _MOST_DEPTH:
            raise _TooMuch(f"is nested deeper than {_MOST_DEPTH}")
        with os.scandir(descriptor) as entries:
            for entry in entries:
                self._add_entry(entry.name, descriptor, depth)

    def _add_entry(self, name: str, parent: int, depth: int) -> None:
        self._entries += 1
        if self._entries > MOST_ENTRIES:
            raise _TooMuch(f"holds more than {MOST_ENTRIES} files")
        try:
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
            self.count(max(found.st_blocks * _BLOCK_BYTES, found.st_size))
            if not stat.S_ISDIR(found.st_mode):
                return
            descriptor = os.open(name, _OPEN, dir_fd=parent)
        except FileNotFoundError:
            return
        except PermissionError as problem:
            raise _TooMuch("holds a directory that cannot be looked into") from problem
        try:
            self.add(descriptor, depth + 1)
        finally:
            os.close(descriptor)
