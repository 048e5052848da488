"""What init may do, and what its children may: capabilities by number, and a child's way from root to what it needs.

Init of a container runs as root with `NEEDED` and nothing else, not even the right to override permission bits. The
zygote stays root and keeps `ZYGOTE_KEEPS`, which giving a bot its own user id takes; the agent becomes another user and
keeps none. The bounding set stays as the container has it, since narrowing it takes CAP_SETPCAP; that
no_new_privs is set before the program starts means that nothing can be had back by starting one.
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CAPABILITIES = {"CHOWN": 0, "KILL": 5, "SETGID": 6, "SETUID": 7, "SYS_PTRACE": 19}
NEEDED = frozenset(CAPABILITIES)
"""Directories of other users, signals to bots, ids for agent and bots, and reading how much memory they use."""
ZYGOTE_KEEPS = frozenset({"CHOWN", "SETGID", "SETUID"})

_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_VERSION_3 = 0x20080522
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a child becomes before its program starts."""

    uid: int | None
    """User and group id; None stays what init is."""
    keeps: frozenset[str]
    """Names of `CAPABILITIES`."""

    def assume(self) -> None:
        """This process, for good. Raises OSError."""
        if self.uid is not None:
            os.setgroups([])
            os.setresgid(self.uid, self.uid, self.uid)
            os.setresuid(self.uid, self.uid, self.uid)
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
        keep_only(self.keeps)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def missing(status: str | None = None) -> list[str]:
    """Of `NEEDED`, what this process does not have in force. `status` as /proc/self/status. Raises OSError."""
    text = Path("/proc/self/status").read_text() if status is None else status
    effective = next((line.split()[1] for line in text.splitlines() if line.startswith("CapEff:")), "0")
    held = int(effective, 16)
    return sorted(name for name in NEEDED if not held >> CAPABILITIES[name] & 1)


def keep_only(names: Iterable[str]) -> None:
    """Permitted and effective are just these, none inheritable. Raises OSError where one of them is not held."""
    kept = sum(1 << CAPABILITIES[name] for name in names)
    header = ctypes.create_string_buffer(struct.pack("Ii", _VERSION_3, 0))
    low, high = kept & 0xFFFFFFFF, kept >> 32
    sets = ctypes.create_string_buffer(struct.pack("6I", low, low, 0, high, high, 0))
    _checked(_LIBC.capset(header, sets), "capset")


def _prctl(option: int, *arguments: int) -> None:
    padded = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    _checked(_LIBC.prctl(ctypes.c_int(option), *padded), "prctl")


def _checked(result: int, call: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{call}: {os.strerror(code)}")
