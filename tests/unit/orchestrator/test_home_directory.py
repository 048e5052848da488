"""The home directory: made for its owner alone, refused where others may write, its mode never changed."""

import stat
from pathlib import Path

import pytest

from orchestrator.errors import Conflict
from orchestrator.home import prepare


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_home_is_its_owners_alone(tmp_path: Path) -> None:
    prepare(tmp_path / "deep" / "home")
    assert mode_of(tmp_path / "deep" / "home") == 0o700


def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    prepare(tmp_path)
    assert mode_of(tmp_path) == 0o755


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
def test_a_directory_that_others_write_to_is_refused_and_left_as_it_is(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(Conflict, match="FLOTILLA_HOME"):
        prepare(tmp_path)
    assert mode_of(tmp_path) == mode
