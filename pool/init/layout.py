"""Whose the pool's directory is, where the agent runs as a user of its own: put right at every start of init.

| | owner | mode | |
|---|---|---|---|
| the directory, `bots`, `checks` | agent, root's group | 0771 | init and agent write, bots pass through |
| `logs` | agent, root's group | 0770 | |
| `archive` | agent | 0700 | |
| `mapped` | agent | 0755 | bots read it |
| `pool.json` | agent, root's group | 0640 | |
| `agent-token`, `agent-token.before` | agent | 0400 | root without the right to override modes cannot read it |
| `slots.json` | agent | 0600 | |

Init has CAP_CHOWN and no other right over files: the mode of what is not its own it sets by taking it for itself first.
Links are not followed. What lies in `bots` is left alone: a bot's directory becomes its own when it is forked.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path


class WrongLayout(Exception):
    """Something stands where a directory or file of the pool belongs; says what in one sentence."""


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    mode: int
    group_is_root: bool
    is_directory: bool


_PLACES = (
    _Place(".", 0o771, True, True),
    _Place("bots", 0o771, True, True),
    _Place("checks", 0o771, True, True),
    _Place("logs", 0o770, True, True),
    _Place("archive", 0o700, False, True),
    _Place("mapped", 0o755, False, True),
    _Place("pool.json", 0o640, True, False),
    _Place("agent-token", 0o400, False, False),
    _Place("agent-token.before", 0o400, False, False),
    _Place("slots.json", 0o600, False, False),
)


def prepare(directory: Path, agent_uid: int) -> None:
    """Makes the directories and gives everything its owner and mode; files that do not exist are no matter.

    Raises WrongLayout, or OSError.
    """
    for place in _PLACES:
        path = directory / place.name
        if place.is_directory and not os.path.lexists(path):
            path.mkdir(mode=0o700)
        gid = os.getegid() if place.group_is_root else agent_uid
        try:
            own(path, place.mode, agent_uid, gid, is_directory=place.is_directory)
        except FileNotFoundError:
            if place.is_directory:
                raise


def own(path: Path, mode: int, uid: int, gid: int, *, is_directory: bool) -> None:
    """Owner and mode of one directory or file. Raises WrongLayout where it is something else, or OSError."""
    found = path.lstat()
    _check(path, found, is_directory=is_directory)
    if (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (uid, gid, mode):
        return
    os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)
    descriptor = _open_own(path, stat.S_IMODE(found.st_mode))
    try:
        _check(path, os.fstat(descriptor), is_directory=is_directory)
        os.fchmod(descriptor, mode)
        os.fchown(descriptor, uid, gid)
    finally:
        os.close(descriptor)


def _open_own(path: Path, mode: int) -> int:
    """A descriptor of what is ours by now; `mode` may keep even the owner from reading."""
    if not mode & stat.S_IRUSR:
        path.chmod(mode | stat.S_IRUSR)
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _check(path: Path, found: os.stat_result, *, is_directory: bool) -> None:
    if is_directory and not stat.S_ISDIR(found.st_mode):
        raise WrongLayout(f"{path} is not a directory; move it away.")
    if not is_directory and (not stat.S_ISREG(found.st_mode) or found.st_nlink != 1):
        raise WrongLayout(f"{path} is not a plain file of one name; move it away.")
