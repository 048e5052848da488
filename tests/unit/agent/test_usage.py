"""What a bot's directory holds, whatever the bot does to hide it."""

import os
from pathlib import Path

import pytest

from pool.agent import usage

MIB = 2**20


def test_what_fits_is_no_excess(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(MIB // 2))
    assert usage.excess(tmp_path, MIB) is None
    assert usage.excess(tmp_path / "never made", MIB) is None


def test_files_of_directories_within_count(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "data").write_bytes(os.urandom(2 * MIB))
    assert "1 MiB" in str(usage.excess(tmp_path, MIB))


def test_what_it_removed_but_holds_counts(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(MIB // 2))
    assert usage.excess(tmp_path, MIB, removed_bytes=MIB // 4) is None
    for held in (MIB * 3 // 4, 2 * MIB):
        assert "with files that it removed but holds" in str(usage.excess(tmp_path, MIB, removed_bytes=held))


def test_links_are_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "data").write_bytes(os.urandom(2 * MIB))
    bot = tmp_path / "bot"
    bot.mkdir()
    (bot / "link").symlink_to(elsewhere)
    assert usage.excess(bot, MIB) is None


def test_a_hole_counts_as_what_it_takes_in_a_parcel(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(MIB + 1)
    assert (tmp_path / "sparse").stat().st_blocks * 512 < MIB
    assert "1 MiB" in str(usage.excess(tmp_path, MIB))


def test_endless_nesting_is_too_much(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(40):
        deep = deep / "d"
    deep.mkdir(parents=True)
    assert "nested" in str(usage.excess(tmp_path, MIB))


def test_more_names_than_can_be_counted_are_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "MOST_ENTRIES", 10)
    for number in range(11):
        (tmp_path / str(number)).touch()
    assert "more than 10 files" in str(usage.excess(tmp_path, MIB))


def test_what_cannot_be_looked_into_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hidden").mkdir()
    real = os.open

    def refusing(path: str | Path, flags: int, *more: int, dir_fd: int | None = None) -> int:
        if path == "hidden":
            raise PermissionError(path)
        return real(path, flags, *more, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)
    assert "cannot be looked into" in str(usage.excess(tmp_path, MIB))
