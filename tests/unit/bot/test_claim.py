"""One live process per directory, and never one of an older assignment."""

import os
from pathlib import Path

import pytest

from pool.bot.claim import Claim, Fenced, Locked


def test_a_claimed_directory_is_locked(tmp_path: Path) -> None:
    claim = Claim.take(tmp_path, 1)
    with pytest.raises(Locked):
        Claim.take(tmp_path, 1)

    claim.release()
    Claim.take(tmp_path, 1).release()


def test_the_epoch_is_remembered_and_fences(tmp_path: Path) -> None:
    Claim.take(tmp_path, 5).release()

    with pytest.raises(Fenced, match="5"):
        Claim.take(tmp_path, 4)
    Claim.take(tmp_path, 5).release()
    Claim.take(tmp_path, 6).release()
    assert (tmp_path / "epoch").read_text().strip() == "6"


def test_a_fenced_attempt_holds_no_lock(tmp_path: Path) -> None:
    Claim.take(tmp_path, 5).release()
    with pytest.raises(Fenced):
        Claim.take(tmp_path, 4)

    Claim.take(tmp_path, 5).release()


def test_a_locked_attempt_with_a_higher_epoch_changes_nothing(tmp_path: Path) -> None:
    holder = Claim.take(tmp_path, 1)
    with pytest.raises(Locked):
        Claim.take(tmp_path, 2)

    assert (tmp_path / "epoch").read_text().strip() == "1"
    holder.release()


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o007, 0o660)])
def test_the_files_are_private_but_for_the_agents_group_where_the_bot_has_its_own_user(
    tmp_path: Path, umask: int, mode: int
) -> None:
    before = os.umask(umask)
    try:
        Claim.take(tmp_path, 1).release()
    finally:
        os.umask(before)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {"lock": mode, "epoch": mode}
