"""Bots of pools at rest, packed for another home: whole or not at all, and run here no more."""

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pool import packing
from pool.agent import parcel
from pool.agent.files import write_atomically
from pool.agent.store import StoredSlot, StoredSlots
from pool.contract.slots import SlotSpec
from pool.contract.transfer import ParcelHeader
from tests.fakes.pool_rig import spec

MIB = 2**20


def pool_at(directory: Path, *slots: tuple[str, int], deleting: str = "") -> Path:
    """With a slot for each bot and epoch."""
    directory.mkdir()
    stored = [
        StoredSlot(
            bot_id=bot_id,
            spec=SlotSpec.model_validate(spec(epoch=epoch)),
            deleting=bot_id == deleting,
            blocked=None,
            flattened=False,
            starts=1,
            last_generation=1,
            last_run_id=None,
            last_exit=None,
        )
        for bot_id, epoch in slots
    ]
    (directory / "slots.json").write_bytes(StoredSlots(slots=stored).to_json())
    return directory


def bot_in(pool: Path, bot_id: str, trades: str, epoch: int) -> Path:
    directory = pool / "bots" / bot_id
    (directory / "strategy").mkdir(parents=True)
    (directory / "tradesv3.sqlite").write_text(trades)
    (directory / "strategy" / "S.py").write_text("class S: ...")
    (directory / "epoch").write_text(f"{epoch}\n")
    return directory


def unpacked(file: Path, place: Path) -> tuple[ParcelHeader, parcel.Parcel]:
    head, _, tar = file.read_bytes().partition(b"\n")
    (place / "tar").write_bytes(tar)
    return ParcelHeader.model_validate_json(head), parcel.unpack(place / "tar", place / "out", MIB)


def epochs(*directories: Path) -> list[str]:
    return [(directory / "epoch").read_text().strip() for directory in directories]


@pytest.fixture
def held() -> Iterator[list[int]]:
    descriptors: list[int] = []
    yield descriptors
    for descriptor in descriptors:
        os.close(descriptor)


def lock(file: Path, held: list[int]) -> None:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    held.append(descriptor)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_every_bot_is_packed_whole_and_fenced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = pool_at(tmp_path / "one", ("a", 3), ("never-ran", 1)), pool_at(tmp_path / "two", ("b", 1))
    a, b = bot_in(one, "a", "trades of a", 3), bot_in(two, "b", "trades of b", 1)
    target = tmp_path / "parcels"
    assert packing.main(["--to", str(target), str(one), str(two)]) == 0

    told = json.loads(capsys.readouterr().out)
    assert {entry["bot_id"]: entry["epoch"] for entry in told} == {"a": 4, "b": 2, "never-ran": 2}
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in target.iterdir()} == {
        "a.parcel": 0o600,
        "b.parcel": 0o600,
        "never-ran.parcel": 0o600,
    }
    header, arrived = unpacked(target / "a.parcel", tmp_path)
    assert (header.bot_id, header.epoch, header.digest) == ("a", 4, arrived.digest)
    assert (tmp_path / "out" / "tradesv3.sqlite").read_text() == "trades of a"
    assert epochs(a, b) == ["4", "2"], "no pool of this home runs them any more"


@pytest.mark.parametrize("who", ["one/bots/a/lock", "one/init.lock"])
def test_nothing_is_packed_while_anything_runs(tmp_path: Path, held: list[int], who: str) -> None:
    one = pool_at(tmp_path / "one", ("a", 3))
    a = bot_in(one, "a", "trades", 3)
    lock(tmp_path / who, held)
    with pytest.raises(packing.CannotPack, match="still runs"):
        packing.pack([one], tmp_path / "parcels")
    assert epochs(a) == ["3"]
    assert {path.name for path in tmp_path.iterdir()} == {"one"}


def test_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = pool_at(tmp_path / "one", ("a", 3), ("b", 5))
    a, b = bot_in(one, "a", "trades", 3), bot_in(one, "b", "trades", 5)

    def full_disk(file: Path, content: bytes, *, mode: int = 0o600) -> None:
        if file == b / "epoch" and content == b"6\n":
            raise OSError(28, "No space left on device", str(file))
        write_atomically(file, content, mode=mode)

    monkeypatch.setattr(packing, "write_atomically", full_disk)
    with pytest.raises(OSError, match="No space"):
        packing.pack([one], tmp_path / "parcels")
    assert epochs(a, b) == ["3", "5"]
    assert {path.name for path in tmp_path.iterdir()} == {"one"}
    monkeypatch.undo()
    assert len(packing.pack([one], tmp_path / "parcels")) == 2
    with pytest.raises(packing.CannotPack, match="exists already"):
        packing.pack([one], tmp_path / "parcels")


def test_of_a_bot_on_its_way_the_place_that_may_have_traded_last_is_packed(tmp_path: Path) -> None:
    source, target = pool_at(tmp_path / "one", ("moved", 2), ("copied", 2)), pool_at(tmp_path / "two", ("moved", 3))
    places = [bot_in(source, "moved", "old", 2), bot_in(target, "moved", "new", 3)]
    places += [bot_in(source, "copied", "original", 2), bot_in(target, "copied", "copy, never run", 3)]
    packing.pack([source, target], tmp_path / "parcels")
    for bot_id, content in (("moved", b"new"), ("copied", b"original")):
        packed = (tmp_path / "parcels" / f"{bot_id}.parcel").read_bytes()
        assert content in packed
    assert epochs(*places) == ["4"] * 4


def test_a_bot_that_is_being_deleted_stays_behind(tmp_path: Path) -> None:
    one = pool_at(tmp_path / "one", ("a", 1), ("gone", 1), deleting="gone")
    bot_in(one, "a", "trades", 1)
    bot_in(one, "gone", "trades", 1)
    assert [header.bot_id for header in packing.pack([one], tmp_path / "parcels")] == ["a"]
