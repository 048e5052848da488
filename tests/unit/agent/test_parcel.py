"""Whatever a bot is allowed to keep in its directory can also be moved."""

from pathlib import Path

from pool.agent import parcel, usage

MIB = 2**20


def test_a_bot_that_may_run_with_its_many_files_may_also_move(tmp_path: Path) -> None:
    for number in range(10_050):
        (tmp_path / f"f{number}").touch()
    assert usage.excess(tmp_path, MIB) is None
    assert len(parcel.survey(tmp_path, MIB).files) == 10_050
    assert parcel.FILES_LIMIT == usage.MOST_ENTRIES
