"""The home directory: made for its owner alone, refused where others may write, its mode never changed."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator.errors import Conflict
from orchestrator.home import Secrets, adopt, identity, load_secrets, prepare


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


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    made = load_secrets(tmp_path)
    assert load_secrets(tmp_path) == made
    assert mode_of(tmp_path / "secrets.json") == 0o600
    assert len(made.token_signing_key) >= 32
    assert made.token_signing_key not in repr(made)


def test_of_many_that_start_at_once_all_have_the_same_secrets(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        shared = tmp_path / "shared.json"
        made = {threads.submit(load_secrets, tmp_path, shared) for _ in range(32)}
        assert len({one.result() for one in made}) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["shared.json"]


def test_a_shared_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared.json"
    load_secrets(tmp_path, shared)
    shared.chmod(0o440)
    load_secrets(tmp_path, shared)
    assert mode_of(shared) == 0o440, "who shares it decides"
    shared.chmod(0o666)
    with pytest.raises(Conflict, match="written by others"):
        load_secrets(tmp_path, shared)


def test_a_home_takes_the_name_of_its_database_and_keeps_its_keys(tmp_path: Path) -> None:
    before = load_secrets(tmp_path)
    assert adopt(tmp_path, "installation-other")
    assert not adopt(tmp_path, "installation-other")
    assert load_secrets(tmp_path) == Secrets("installation-other", before.token_signing_key)


def test_a_home_can_be_told_from_another(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert identity(tmp_path) == identity(tmp_path) != identity(tmp_path / "other")
