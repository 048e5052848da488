"""Files that FreqTrade reads, and what becomes of them when things go wrong."""

import asyncio
import errno
import os
import threading
from pathlib import Path
from typing import Any

import pandas
import pytest
from freqtrade.data.converter import ohlcv_to_dataframe
from freqtrade.data.history.datahandlers.featherdatahandler import FeatherDataHandler
from freqtrade.enums import CandleType
from pyarrow import feather, lib

from pool.exchange.gateway.candles import files
from pool.exchange.gateway.candles.frames import Frame, frame_of
from pool.exchange.gateway.candles.series import TYPES, Series
from pool.exchange.gateway.candles.settings import CandleSettings
from pool.exchange.gateway.candles.store import Store
from tests.support import PATIENT_SECONDS

MINUTE = 60_000
NOW = 1_795_000_020_000
DAY = 86_400_000
SPOT = Series.of("paper", "BTC/USDT", "1m")


def rows(count: int, first: int = NOW - 3 * DAY, columns: int = 5) -> list[list[float]]:
    return [
        [first + number * MINUTE, *[1 / 3 + number * 0.1 + column for column in range(columns)]]
        for number in range(count)
    ]


def some(count: int, first: int = NOW - 3 * DAY, columns: int = 5) -> Frame:
    return frame_of(rows(count, first, columns), columns)


class Rig:
    def __init__(self, directory: Path, **settings: Any) -> None:
        self.directory = directory
        self.now = 100.0
        self.settings = CandleSettings(**settings)
        self.store = self.restarted()

    def restarted(self) -> Store:
        self.store = Store(self.directory, self.settings, lambda: NOW, lambda: self.now)
        return self.store

    def file(self, series: Series = SPOT) -> Path:
        return series.file(self.directory / series.exchange)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "candles")


@pytest.mark.parametrize("kind", TYPES)
def test_freqtrades_own_handler_reads_what_we_wrote_and_writes_what_we_read(kind: str, tmp_path: Path) -> None:
    series = Series.of("paper", "BTC/USDT" if kind == "spot" else "BTC/USDT:USDT", "1m", kind)
    columns = len(series.columns)
    files.write(series.file(tmp_path / "ours"), series, some(100, columns=columns))
    theirs = ohlcv_to_dataframe(
        rows(100, columns=columns), "1m", series.pair, fill_missing=False, drop_incomplete=False, candle_type=kind
    )
    (tmp_path / "theirs").mkdir()
    candle_type = CandleType(kind)
    ours_handler, their_handler = FeatherDataHandler(tmp_path / "ours"), FeatherDataHandler(tmp_path / "theirs")
    their_handler.ohlcv_store(series.pair, "1m", theirs, candle_type)
    pandas.testing.assert_frame_equal(
        ours_handler.ohlcv_load(series.pair, "1m", candle_type),
        their_handler.ohlcv_load(series.pair, "1m", candle_type),
        check_exact=True,
    )
    pandas.testing.assert_frame_equal(
        pandas.read_feather(series.file(tmp_path / "ours")),
        pandas.read_feather(series.file(tmp_path / "theirs")),
        check_exact=True,
    )
    assert ours_handler.ohlcv_get_available_data(tmp_path / "ours", "spot" if kind == "spot" else "futures") == [
        (series.pair, "1m", candle_type)
    ]
    read = files.read(series.file(tmp_path / "theirs"), series)
    assert read is not None
    assert read.rows() == rows(100, columns=columns)


def test_funding_rates_in_the_layout_of_before_are_read(tmp_path: Path) -> None:
    series = Series.of("paper", "BTC/USDT:USDT", "8h", "funding_rate")
    old = ohlcv_to_dataframe(rows(5), "1m", series.pair, fill_missing=False, drop_incomplete=False)
    series.file(tmp_path).parent.mkdir(parents=True)
    old.to_feather(series.file(tmp_path), compression="lz4", compression_level=9)
    read = files.read(series.file(tmp_path), series)
    assert read is not None
    assert read.rows() == [row[:2] for row in rows(5)]


async def test_what_came_is_there_after_a_restart(rig: Rig) -> None:
    await rig.store.add(SPOT, some(10))
    await rig.store.flush()
    await rig.store.add(SPOT, some(15))
    assert (await rig.store.frame(SPOT)).rows() == rows(15)
    assert len(await rig.restarted().frame(SPOT)) == 10
    assert rig.store.counters["l3_hit"] == 1


async def test_it_is_written_after_a_while(rig: Rig) -> None:
    await rig.store.add(SPOT, some(10))
    await rig.store.tend()
    assert not rig.file().exists()
    rig.now += 61
    await rig.store.tend()
    assert len(await rig.restarted().frame(SPOT)) == 10


@pytest.mark.parametrize("content", [b"", b"nonsense", b"ARROW1\0\0half"])
async def test_a_corrupt_file_is_set_aside_and_told(rig: Rig, content: bytes) -> None:
    rig.file().parent.mkdir(parents=True)
    rig.file().write_bytes(content)
    assert len(await rig.store.frame(SPOT)) == 0
    assert not rig.file().exists()
    assert rig.file().with_name(f"{rig.file().name}.corrupt").read_bytes() == content
    assert "set aside" in rig.store.problems()[0]
    await rig.store.add(SPOT, some(3))
    await rig.store.flush()
    assert rig.store.problems() == []


async def test_a_file_that_cannot_be_unpacked_is_corrupt(rig: Rig) -> None:
    await rig.store.add(SPOT, some(5000))
    await rig.store.flush()
    content = bytearray(rig.file().read_bytes())
    content[len(content) // 2 :: 100] = b"\xff" * len(content[len(content) // 2 :: 100])
    damaged = content[: len(content) - 2000] + rig.file().read_bytes()[-2000:]  # what tells of its columns is whole
    rig.file().write_bytes(damaged)
    assert len(await rig.restarted().frame(SPOT)) == 0
    assert rig.store.counters["corrupt"] == 1
    assert rig.file().with_name(f"{rig.file().name}.corrupt").exists()


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (lib.ArrowMemoryError("malloc of size 9 failed"), "Cannot allocate memory"),
        (MemoryError(), "Cannot allocate memory"),
    ],
)
async def test_a_file_that_cannot_be_had_now_stays(
    problem: Exception, told: str, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.store.add(SPOT, some(10))
    await rig.store.flush()

    def unreadable(*_: Any, **__: Any) -> Any:
        raise problem

    with monkeypatch.context() as patched:
        patched.setattr(feather, "read_table", unreadable)
        with pytest.raises(OSError, match=told):
            await rig.restarted().frame(SPOT)
    assert len(await rig.store.frame(SPOT)) == 10


async def test_a_file_whose_times_do_not_ascend_is_corrupt(rig: Rig) -> None:
    rig.file().parent.mkdir(parents=True)
    frame = some(3)
    files.write(rig.file(), SPOT, Frame(frame.dates[::-1], frame.values))
    assert len(await rig.store.frame(SPOT)) == 0
    assert rig.store.counters["corrupt"] == 1


async def test_a_full_disk_is_told_and_what_was_there_stays(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.store.add(SPOT, some(10))
    await rig.store.flush()
    before = rig.file().read_bytes()
    real = os.fsync

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    await rig.store.add(SPOT, some(20))
    await rig.store.flush()
    assert "No space left" in rig.store.problems()[0]
    assert rig.file().read_bytes() == before
    assert [file.name for file in rig.file().parent.iterdir()] == [rig.file().name]
    assert len(await rig.store.frame(SPOT)) == 20
    monkeypatch.setattr(os, "fsync", real)
    await rig.store.flush()
    assert rig.store.problems() == []
    assert len(await rig.restarted().frame(SPOT)) == 20


async def test_old_candles_of_short_timeframes_are_dropped(tmp_path: Path) -> None:
    rig = Rig(tmp_path, keep_days={"1m": 2})
    await rig.store.add(SPOT, some(3, NOW - 3 * DAY))
    await rig.store.add(SPOT, some(3, NOW - DAY))
    assert len(await rig.store.frame(SPOT)) == 6  # whoever asked for them gets them first
    await rig.store.flush()
    assert rig.store.losses == 1
    assert (await rig.store.frame(SPOT)).dates.tolist() == some(3, NOW - DAY).dates.tolist()


async def test_files_that_nobody_uses_go_first(tmp_path: Path) -> None:
    rig = Rig(tmp_path, disk_bytes=2**20)
    for number, pair in enumerate(("A/USDT", "B/USDT", "C/USDT")):
        file = rig.file(Series.of("paper", pair, "1m"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * 500_000)
        os.utime(file, (1000 + number, 1000 + number))
    os.utime(rig.file(Series.of("paper", "A/USDT", "1m")), (2000, 1000))
    await rig.store.tend()
    assert sorted(file.name for file in (tmp_path / "paper").iterdir()) == ["A_USDT-1m.feather", "C_USDT-1m.feather"]
    assert rig.store.losses == 1


async def test_memory_is_bounded_and_nothing_is_lost_by_it(tmp_path: Path) -> None:
    rig = Rig(tmp_path, memory_bytes=2**20)
    many = [Series.of("paper", f"{name}/USDT", "1m") for name in "ABCDE"]
    for series in many:
        await rig.store.add(series, some(8000))
    assert rig.store.used_bytes() <= 2**20
    assert [len(await rig.store.frame(series)) for series in many] == [8000] * 5
    assert rig.store.losses == 0


async def test_what_comes_while_its_series_is_pushed_out_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(tmp_path, memory_bytes=2**20)
    other = Series.of("paper", "ETH/USDT", "1m")
    await rig.store.add(SPOT, some(10))
    writing, on = asyncio.Event(), threading.Event()
    loop, write = asyncio.get_running_loop(), files.write

    def slow(file: Path, series: Series, frame: Frame) -> None:
        if series == SPOT:
            loop.call_soon_threadsafe(writing.set)
            assert on.wait(PATIENT_SECONDS)
        write(file, series, frame)

    monkeypatch.setattr(files, "write", slow)
    async with asyncio.timeout(PATIENT_SECONDS):
        pushing = asyncio.create_task(rig.store.add(other, some(19_999 * 2)))
        await writing.wait()
        adding = asyncio.create_task(rig.store.add(SPOT, some(20)))
        await asyncio.sleep(0)  # it waits for what is being written
        on.set()
        await asyncio.gather(pushing, adding)
    assert len(await rig.store.frame(SPOT)) == 20
