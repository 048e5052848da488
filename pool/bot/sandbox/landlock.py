"""Landlock: what of the file system a process may reach, which TCP ports it may use, whom it may signal.

The kernel's rights have grown by version ("ABI"). All that a version knows are handled, which is to say refused, up to
`NEWEST_ABI`, the last one that was looked at; rules then allow some beneath a path. The filter is inherited and can
only ever be narrowed. It also keeps the process from looking into any that does not stand behind the same filter
(ptrace, /proc/PID/mem and environ). Connecting to a Unix socket by its path, `stat`, `chmod` and the like are not
its business (the last are `seccomp`'s).
"""

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, IntFlag
from pathlib import Path

from pool.bot.sandbox.kernel import system_call
from pool.bot.sandbox.syscalls import number

NEWEST_ABI = 7
NETWORK_ABI = 4
SCOPE_ABI = 6


class Fs(IntFlag):
    """Rights on files, and the ABI that brought them."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


class Net(IntFlag):
    """Rights on TCP ports."""

    BIND_TCP = 1 << 0
    CONNECT_TCP = 1 << 1


class Scope(IntFlag):
    """What ends at the filter: reaching processes outside of it."""

    ABSTRACT_UNIX_SOCKET = 1 << 0
    SIGNAL = 1 << 1


_FS_OF_ABI = {1: (1 << 13) - 1, 2: Fs.REFER, 3: Fs.TRUNCATE, 5: Fs.IOCTL_DEV}
_OF_FILES = Fs.EXECUTE | Fs.WRITE_FILE | Fs.READ_FILE | Fs.TRUNCATE | Fs.IOCTL_DEV
"""Rights that a rule on a file may give; all others are of directories."""
_VERSION_FLAG = 1
_PATH_BENEATH, _NET_PORT = 1, 2


class Use(Enum):
    """What a path may be used for."""

    READ = Fs.READ_FILE | Fs.READ_DIR
    DEVICE = Fs.READ_FILE | Fs.WRITE_FILE | Fs.TRUNCATE
    OWN = (
        Fs.READ_FILE
        | Fs.READ_DIR
        | Fs.WRITE_FILE
        | Fs.TRUNCATE
        | Fs.MAKE_REG
        | Fs.MAKE_DIR
        | Fs.REMOVE_FILE
        | Fs.REMOVE_DIR
        | Fs.REFER
    )
    """No devices, links, pipes or sockets, and nothing to execute: nothing that another process might trip over."""


@dataclass(frozen=True)
class Handled:
    """What is refused unless a rule allows it (`struct landlock_ruleset_attr`)."""

    fs: int
    net: int
    scoped: int

    @classmethod
    def by(cls, abi: int) -> "Handled":
        """Everything that `abi` knows."""
        fs = sum(rights for since, rights in _FS_OF_ABI.items() if since <= abi)
        net = Net.BIND_TCP | Net.CONNECT_TCP if abi >= NETWORK_ABI else 0
        scoped = Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL if abi >= SCOPE_ABI else 0
        return cls(int(fs), int(net), int(scoped))

    def packed(self) -> bytes:
        return struct.pack("QQQ", self.fs, self.net, self.scoped)


def allowed(use: Use, handled: Handled, *, directory: bool) -> int:
    """Rights of a rule for a path."""
    return int(use.value) & handled.fs & (-1 if directory else int(_OF_FILES))


def supported_abi() -> int:
    """The newest ABI that kernel and this module know, 0 without Landlock. Raises OSError where it is refused."""
    try:
        found = system_call("landlock_create_ruleset", number("landlock_create_ruleset"), None, 0, _VERSION_FLAG)
    except OSError as problem:
        if problem.errno in (errno.ENOSYS, errno.EOPNOTSUPP):
            return 0
        raise
    return min(found, NEWEST_ABI)


def restrict(abi: int, paths: Iterable[tuple[Path, Use]], ports: Sequence[int]) -> list[int]:
    """Puts this process, which must have one thread and no_new_privs, behind a filter: `paths` may be used so, `ports`
    connected to. Paths that are not there, or cannot be reached anyway, are left out.

    Descriptors of what must stay open: the kernel may make up the entries of /proc anew, without the rule, once nobody
    holds them. Raises OSError.
    """
    handled = Handled.by(abi)
    attributes = ctypes.create_string_buffer(handled.packed())
    ruleset = system_call(
        "landlock_create_ruleset", number("landlock_create_ruleset"), attributes, len(handled.packed()), 0
    )
    held: list[int] = []
    try:
        for path, use in paths:
            descriptor = _add_path(ruleset, path, use, handled)
            if descriptor is not None and path.is_relative_to("/proc"):
                held.append(descriptor)
            elif descriptor is not None:
                os.close(descriptor)
        for port in ports if handled.net else ():
            _add_rule(ruleset, _NET_PORT, struct.pack("QQ", Net.CONNECT_TCP, port))
        system_call("landlock_restrict_self", number("landlock_restrict_self"), ruleset, 0)
    finally:
        os.close(ruleset)
    return held


def _add_path(ruleset: int, path: Path, use: Use, handled: Handled) -> int | None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return None
    rights = allowed(use, handled, directory=stat.S_ISDIR(os.fstat(descriptor).st_mode))
    _add_rule(ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, descriptor))
    return descriptor


def _add_rule(ruleset: int, kind: int, attributes: bytes) -> None:
    system_call(
        "landlock_add_rule",
        number("landlock_add_rule"),
        ruleset,
        kind,
        ctypes.create_string_buffer(attributes, len(attributes)),
        0,
    )
