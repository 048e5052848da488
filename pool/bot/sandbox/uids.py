"""A user id of its own: the bot's directory is given away to it, then the process becomes it, without capabilities.

The process is root with CAP_SETUID, CAP_SETGID and CAP_CHOWN, and no more: permission bits hold for it as for anybody.
So it takes each directory for itself before it looks inside (owned by root, 0700: nobody can change names under its
hands), never follows a link, and leaves alone what has a second name elsewhere.
"""

import ctypes
import os
import stat
import struct
from pathlib import Path

from pool.bot.sandbox.kernel import (
    PR_CAP_AMBIENT,
    PR_CAP_AMBIENT_CLEAR_ALL,
    PR_CAPBSET_DROP,
    prctl,
    process_status,
    system_call,
)
from pool.bot.sandbox.syscalls import number

DIRECTORY_MODE = 0o2770
_LOCKED_MODE = 0o700
_GROUP_READS = 0o640
_MOST_DEPTH = 32
_NEEDED = {"CAP_CHOWN": 0, "CAP_SETGID": 6, "CAP_SETUID": 7}
_CAP_SETPCAP = 8
_LAST_CAPABILITY = 63
_CAPABILITY_VERSION_3 = 0x20080522


def lacking() -> str | None:
    """Why this process cannot become another user, as a sentence; None where it can."""
    effective = int(process_status("CapEff"), 16)
    missing = [name for name, bit in _NEEDED.items() if not effective >> bit & 1]
    return f"The zygote runs without {', '.join(missing)}." if missing else None


def give_directory(directory: Path, uid: int, gid: int) -> None:
    """Makes `directory` and what is in it belong to `uid`, readable by the group `gid`; nothing to do where it does.

    Raises OSError, also where `directory` is no directory.
    """
    parent = os.open(directory.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found = os.stat(directory.name, dir_fd=parent, follow_symlinks=False)
        if (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (uid, gid, DIRECTORY_MODE):
            return
        _give_directory(directory.name, parent, uid, gid, 0)
    finally:
        os.close(parent)


def become(uid: int) -> None:
    """Real, effective and saved user and group id are `uid`, no other group remains. Raises OSError."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if os.getresuid() != (uid, uid, uid) or os.getresgid() != (uid, uid, uid) or os.getgroups():
        raise OSError("the kernel did not change the process's ids")


def empty_bounding_set() -> bool:
    """No capability can ever be had again, by no program; False where that takes CAP_SETPCAP. Raises OSError."""
    if not int(process_status("CapEff"), 16) >> _CAP_SETPCAP & 1:
        return int(process_status("CapBnd"), 16) == 0
    bounding = int(process_status("CapBnd"), 16)
    for capability in range(_LAST_CAPABILITY + 1):
        if bounding >> capability & 1:
            prctl(PR_CAPBSET_DROP, capability)
    return True


def drop_capabilities() -> None:
    """All sets of this process are empty. Raises OSError."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITY_VERSION_3, 0))
    nothing = ctypes.create_string_buffer(bytes(24))
    system_call("capset", number("capset"), header, nothing)


def _give_directory(name: str, parent: int, uid: int, gid: int, depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise OSError(f"directories are nested deeper than {_MOST_DEPTH}")
    me, my_group = os.geteuid(), os.getegid()
    os.chown(name, me, my_group, dir_fd=parent, follow_symlinks=False)
    if depth:
        os.chmod(name, _LOCKED_MODE, dir_fd=parent)  # the name cannot change: `parent` is locked
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        if os.fstat(descriptor).st_uid != me:
            raise OSError(f"{name} was exchanged while it was taken over")
        os.fchmod(descriptor, _LOCKED_MODE)
        for entry in os.listdir(descriptor):
            _give_entry(entry, descriptor, uid, gid, depth)
        os.fchmod(descriptor, DIRECTORY_MODE)  # while the group is ours: setting its bit takes being in it
        os.fchown(descriptor, uid, gid)
    finally:
        os.close(descriptor)


def _give_entry(name: str, parent: int, uid: int, gid: int, depth: int) -> None:
    found = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_ISDIR(found.st_mode):
        _give_directory(name, parent, uid, gid, depth + 1)
    elif stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
        os.chown(name, os.geteuid(), os.getegid(), dir_fd=parent, follow_symlinks=False)
        os.chmod(name, stat.S_IMODE(found.st_mode) & 0o777 | _GROUP_READS, dir_fd=parent)
        os.chown(name, uid, gid, dir_fd=parent, follow_symlinks=False)
