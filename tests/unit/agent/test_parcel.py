"""Whatever a bot is allowed to keep in its directory can also be moved."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pool.agent import parcel, usage

MIB = 2**20


def test_a_bot_that_may_run_with_its_many_files_may_also_move(tmp_path: Path) -> None:
    for number in range(10_050):
        (tmp_path / f"f{number}").touch()
    assert usage.excess(tmp_path, MIB) is None
    assert len(parcel.survey(tmp_path, MIB).files) == 10_050
    assert parcel.FILES_LIMIT == usage.MOST_ENTRIES


@pytest.mark.parametrize("size", [1, 4096, MIB // 40])
def test_whichever_way_it_is_measured_what_may_run_may_also_move(tmp_path: Path, size: int) -> None:
    """Holes take no blocks, small files take whole ones."""
    number = 0
    while usage.excess(tmp_path, MIB) is None:
        number += 1
        with (tmp_path / f"f{number}").open("wb") as stream:
            stream.truncate(size)
            if number % 2:
                stream.write(b"x" * size)
        if number > 1000:
            break
    (tmp_path / f"f{number}").unlink()
    assert usage.excess(tmp_path, MIB) is None
    assert parcel.survey(tmp_path, MIB).size_bytes <= MIB


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir])
def test_what_a_bot_lets_nobody_read_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "hidden")
    real = os.open

    def refusing(path: str | Path, flags: int, *more: int, dir_fd: int | None = None) -> int:
        if path == "hidden":
            raise PermissionError(13, "Permission denied", path)
        return real(path, flags, *more, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)
    with pytest.raises(parcel.BadParcel, match="'hidden' cannot be read"):
        parcel.survey(tmp_path, MIB)
