"""With open trades a bot falls back to the last slot that FreqTrade was built from."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pool.bot.config import DRY_DATABASE, ConfigurationRefused
from pool.bot.slot import SlotFiles, SlotUnreadable
from pool.contract.slots import DesiredState, SlotSpec, StrategySource
from pool.settings import PoolSettings

GOOD = StrategySource(class_name="Good", source="class Good: ...\n")


def spec(generation: int = 1, strategy: StrategySource = GOOD) -> SlotSpec:
    return SlotSpec(
        epoch=1,
        generation=generation,
        desired=DesiredState.RUNNING,
        exchange="binance",
        config={"max_open_trades": generation},
        strategy=strategy,
    )


class Directory:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = PoolSettings.model_validate({"pool_id": "p"})

    def write(self, content: SlotSpec | str) -> None:
        data = content.encode() if isinstance(content, str) else content.to_json()
        (self.path / "slot.json").write_bytes(data)

    def files(self) -> SlotFiles:
        return SlotFiles(self.path, self.settings)

    def trades(self, *open_ones: bool) -> None:
        with closing(sqlite3.connect(self.path / DRY_DATABASE)) as database, database:
            database.execute("CREATE TABLE trades (is_open BOOLEAN)")
            database.executemany("INSERT INTO trades VALUES (?)", [(one,) for one in open_ones])


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    return Directory(tmp_path)


def built(directory: Directory, content: SlotSpec) -> SlotFiles:
    directory.write(content)
    files = directory.files()
    files.prepare()
    files.keep_good()
    return files


def test_open_trades_are_managed_from_the_last_good_slot(directory: Directory) -> None:
    files = built(directory, spec())
    directory.trades(False, True)
    directory.write(spec(2, StrategySource(class_name="Bad", source="class Bad: ...\n")))
    files.prepare()

    assert files.fall_back()
    assert (files.spec.generation, files.generation) == (1, 2)
    assert [path.name for path in (directory.path / "strategy").glob("*.py")] == ["Good.py"]
    with pytest.raises(ConfigurationRefused):
        files.prepare()
    directory.write(spec(3))
    assert files.prepare().generation == 3


@pytest.mark.parametrize("wrong", ["{", "syntax"])
def test_so_it_is_at_the_next_start(directory: Directory, wrong: Any) -> None:
    built(directory, spec())
    directory.trades(True)
    bad = spec(2, StrategySource(class_name="Bad", source="class Bad(:\n"))
    directory.write(bad if wrong == "syntax" else wrong)
    files = directory.files()
    with pytest.raises((SlotUnreadable, ConfigurationRefused)):
        files.prepare()

    assert files.fall_back()
    assert files.spec.generation == 1


@pytest.mark.parametrize("database", ["locked", "damaged"])
def test_trades_that_cannot_be_counted_may_be_open(directory: Directory, database: str) -> None:
    files = built(directory, spec())
    directory.trades(False)
    directory.write(spec(2, StrategySource(class_name="Bad", source="class Bad: ...\n")))
    files.prepare()
    if database == "damaged":
        (directory.path / DRY_DATABASE).write_bytes(b"no database" * 100)
        assert files.fall_back()
        return
    with closing(sqlite3.connect(directory.path / DRY_DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert files.fall_back()


def test_a_database_without_tables_has_no_trades(directory: Directory) -> None:
    files = built(directory, spec())
    (directory.path / DRY_DATABASE).touch()
    directory.write(spec(2, StrategySource(class_name="Bad", source="class Bad: ...\n")))
    files.prepare()
    assert not files.fall_back()


def test_without_open_trades_or_a_good_slot_there_is_no_way_back(directory: Directory) -> None:
    directory.write(spec())
    files = directory.files()
    files.prepare()
    directory.trades(True)
    assert not files.fall_back()
    files.keep_good()
    assert not files.fall_back(), "it is the very one that failed"

    (directory.path / DRY_DATABASE).unlink()
    directory.trades(False)
    directory.write(spec(2))
    files.prepare()
    assert not files.fall_back()
