"""What a bot with a user id of its own makes stays readable for the agent, whose group its directory belongs to.

A file that the agent cannot read would keep the bot from ever being moved, and a directory that it cannot look into
counts as one that hides something. Python's `tempfile` makes just those, and libraries do. Modes that are asked for are
therefore widened for the group as they pass through `os`. That is a help for honest strategies and no wall: others find
other ways, and have the agent's checks against them. Nobody but bot and agent enters the directory in any case.
"""

import os

_GROUP_READS = 0o040
_GROUP_ENTERS = 0o050
_open, _mkdir = os.open, os.mkdir
Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def share_with_agent() -> None:
    """For this process, from now on."""
    os.open = open_shared
    os.mkdir = mkdir_shared


def open_shared(path: Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    """`os.open`; a file that it makes can be read by its group."""
    return _open(path, flags, mode | _GROUP_READS, dir_fd=dir_fd)


def mkdir_shared(path: Path, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
    """`os.mkdir`; the directory can be entered by its group."""
    _mkdir(path, mode | _GROUP_ENTERS, dir_fd=dir_fd)
