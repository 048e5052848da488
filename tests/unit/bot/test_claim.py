"""One live process per directory, and never one of an older assignment."""

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


def test_the_files_are_private(tmp_path: Path) -> None:
    Claim.take(tmp_path, 1).release()

    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {"lock": 0o600, "epoch": 0o600}
