"""Disk that a process takes where no directory shows it: files that it removed and still holds.

Whatever is open has a descriptor, and `/proc` tells what on: such files are measured, each once. Two kinds have none
and can only be counted: what is mapped and was closed, and what waits in a message (SCM_RIGHTS) to one of its own
sockets, which is counted only where nobody else can write to those. Where `maps` tells another device than `stat` does
(btrfs), what is mapped and was closed is not seen.

Candles that the pool has for its bots to map are replaced as new ones come, while bots look at the old: these are known
by their place, where no bot may write, and each counts as what it can be at most.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from pool.contract.mapped import DIRECTORY, MOST_BYTES

_BLOCK_BYTES = 512
_REMOVED = b" (deleted)"
_FIELDS = 6
_IN_MESSAGES = "scm_fds:"


@dataclass(frozen=True, slots=True)
class Unlinked:
    """Removed files that are held."""

    size_bytes: int = 0
    """On disk, of those that can be measured."""
    unmeasured: int = 0
    """How many others there are at most."""


@dataclass(frozen=True, slots=True)
class Mappings:
    """Removed files that a process maps, by inode."""

    files: frozenset[int] = frozenset()
    candles: frozenset[int] = frozenset()
    """Those of its pool."""


def look(
    process: str, device: int, *, messages: bool, mappings: Mappings | None = None, pool: Path | None = None
) -> Unlinked:
    """`process` is its directory in /proc; `device` what the files are on, as `stat` tells it; `messages`: those to its
    sockets are its own; `mappings`: what it `mapped` at the last look, which is looked up anew where it would count;
    `pool`: as there. Nothing where it has gone."""
    found: dict[int, int] = {}
    in_messages = 0
    for name in _names(f"{process}/fd"):
        try:
            file = os.stat(f"{process}/fd/{name}")
        except OSError:
            continue
        if stat.S_ISREG(file.st_mode) and file.st_nlink == 0 and file.st_dev == device:
            found[file.st_ino] = file.st_blocks * _BLOCK_BYTES
        elif messages and stat.S_ISSOCK(file.st_mode):
            in_messages += _in_messages(f"{process}/fdinfo/{name}")
    if mappings is None or mappings.files - found.keys():
        mappings = mapped(process, device, pool)
    candles_bytes = len(mappings.candles - found.keys()) * MOST_BYTES
    return Unlinked(sum(found.values()) + candles_bytes, in_messages + len(mappings.files - found.keys()))


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _in_messages(info: str) -> int:
    """Descriptors that nobody took yet out of the messages to a Unix socket; told since Linux 5.6."""
    try:
        lines = Path(info).read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.removeprefix(_IN_MESSAGES)) for line in lines if line.startswith(_IN_MESSAGES))


def mapped(process: str, device: int, pool: Path | None = None) -> Mappings:
    """`pool`: the pool's directory, None for a process of none. The kernel lists every mapping for it: some
    milliseconds."""
    try:
        content = Path(f"{process}/maps").read_bytes()
    except OSError:
        return Mappings()
    if _REMOVED not in content:
        return Mappings()
    wanted = f"{os.major(device):02x}:{os.minor(device):02x}".encode()
    # The kernel escapes line feeds in names, and nothing else that ends a line elsewhere.
    lines = [line.split(maxsplit=5) for line in content.split(b"\n") if line.endswith(_REMOVED)]
    found = [line for line in lines if len(line) == _FIELDS and line[3] == wanted and line[4].isdigit()]
    candles = None if pool is None else os.fsencode(os.path.realpath(pool / DIRECTORY)).replace(b"\n", b"\\012") + b"/"
    of_pool = frozenset(int(line[4]) for line in found if candles is not None and line[5].startswith(candles))
    return Mappings(frozenset(int(line[4]) for line in found) - of_pool, of_pool)
