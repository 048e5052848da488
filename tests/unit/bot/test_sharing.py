"""What a strategy leaves in its directory can be read by the agent, or the bot could never be moved."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from pool.bot import sharing


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("open", "mkdir"):
        monkeypatch.setattr(os, name, getattr(os, name))  # put back afterwards
    sharing.share_with_agent()
    return tmp_path


def _group(path: str | Path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode) & stat.S_IRWXG


def test_temporary_files_and_directories_can_be_read_by_the_group(shared: Path) -> None:
    before = os.umask(0o007)  # as a bot has it
    try:
        descriptor, file = tempfile.mkstemp(dir=shared)
        os.close(descriptor)
        directory = tempfile.mkdtemp(dir=shared)
        os.makedirs(shared / "deep" / "er", mode=0o700)
    finally:
        os.umask(before)
    assert _group(file) & stat.S_IRGRP
    assert {_group(directory), _group(shared / "deep" / "er")} == {stat.S_IRGRP | stat.S_IXGRP}


def test_others_get_nothing_and_what_is_there_is_opened_as_ever(shared: Path) -> None:
    before = os.umask(0o007)
    try:
        descriptor = os.open("new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=os.open(shared, os.O_RDONLY))
        os.close(descriptor)
    finally:
        os.umask(before)
    assert stat.S_IMODE((shared / "new").stat().st_mode) == 0o640
    with pytest.raises(FileExistsError):
        os.open(shared / "new", os.O_CREAT | os.O_EXCL)
    with pytest.raises(FileExistsError):
        os.mkdir(shared)
