"""FreqTrade's own data handlers write data directories; they go into the store, and out of it for them to read."""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from freqtrade.data.history.datahandlers import get_datahandler
from freqtrade.enums import CandleType

from pool.contract.candle_files import CandleFile
from pool.exchange import directory
from pool.exchange.gateway.candles import arrivals as letters
from pool.exchange.gateway.candles import files
from pool.exchange.gateway.candles.arrivals import Arrivals
from pool.exchange.gateway.candles.bringing import Bringing, CannotMove, exported, listed
from pool.exchange.gateway.candles.frames import frame_of
from pool.exchange.gateway.candles.series import Series
from pool.exchange.gateway.candles.service import CandleService
from pool.exchange.gateway.candles.settings import CandleSettings
from pool.exchange.gateway.candles.store import Store
from tests.support import PATIENT_SECONDS

MINUTE = 60_000
STEP = 5 * MINUTE
DAY = 86_400_000
NOW = 1_795_000_200_000
FIRST = NOW // DAY * DAY - 3 * DAY
SPOT = Series.of("binance", "BTC/USDT", "5m")
FUTURES = Series.of("binance", "BTC/USDT:USDT", "5m", "futures")
MARK = Series.of("binance", "BTC/USDT:USDT", "1h", "mark")
FUNDING = Series.of("binance", "BTC/USDT:USDT", "8h", "funding_rate")
FORMATS = ("feather", "parquet", "json", "jsongz")


def rows(count: int, first: int = FIRST, step: int = STEP, price: float = 100.0) -> list[list[float]]:
    return [[first + n * step, price, price + 2.5 + n, price - 1.25, price + 1 + n / 8, 3.5 + n] for n in range(count)]


def rates(count: int) -> list[list[float]]:
    return [[FIRST + n * 8 * 60 * MINUTE, (n % 7) / 10_000] for n in range(count)]


def write(place: Path, series: Series, candles: list[list[float]], form: str = "feather") -> Path:
    """As FreqTrade's download does; the file."""
    names = ["date", *series.columns]
    table = pandas.DataFrame(candles, columns=names)
    table["date"] = pandas.to_datetime(table["date"].astype("int64"), unit="ms", utc=True)
    place.mkdir(parents=True, exist_ok=True)
    before = set(place.rglob("*.*"))
    get_datahandler(place, form).ohlcv_store(series.pair, series.timeframe, table, CandleType.from_string(series.type))
    (file,) = set(place.rglob("*.*")) - before
    return file


class World:
    """The gateway's directory and one of FreqTrade's."""

    def __init__(self, path: Path) -> None:
        self.home = path / "gateway"
        self.data = path / "user_data" / "data" / "binance"

    def bringing(self, patience: float = PATIENT_SECONDS) -> Bringing:
        return Bringing(self.home, self.data, "binance", lambda: NOW, patience)

    def brought(self) -> list[CandleFile]:
        return list(self.bringing().run())

    def one(self) -> CandleFile:
        (found,) = self.brought()
        return found

    def kept(self, series: Series) -> list[list[float]]:
        frame = files.read(series.file(self.home / "candles" / "binance"), series)
        return [] if frame is None else frame.rows()

    def keep(self, series: Series, candles: list[list[float]]) -> None:
        files.write(series.file(self.home / "candles" / "binance"), series, frame_of(candles, len(series.columns)))

    def left(self) -> list[str]:
        """On the way still."""
        place = self.home / "arrivals"
        return sorted(file.name for file in place.glob("*")) if place.exists() else []


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("series", [SPOT, FUTURES, MARK, FUNDING], ids=lambda one: one.type)
def test_what_freqtrade_wrote_is_in_the_store_but_for_its_last_candle(world: World, form: str, series: Series) -> None:
    candles = rates(9) if series is FUNDING else rows(40, step=series.step)
    write(world.data, series, candles, form)
    found = world.one()
    assert (found.outcome, found.pair, found.timeframe, found.type) == (
        "done", series.pair, series.timeframe, series.type
    )  # fmt: skip
    assert (found.added, found.differing, found.left_out) == (len(candles) - 1, 0, {"may not be closed": 1})
    assert world.kept(series) == candles[:-1]
    assert world.left() == []


def test_what_is_checked_only_is_not_there_afterwards(world: World) -> None:
    write(world.data, SPOT, rows(40))
    (found,) = world.bringing().check()
    assert (found.outcome, found.added) == ("done", 39)
    assert world.kept(SPOT) == []
    assert world.left() == []


def test_the_stores_own_candles_stay_and_gaps_stay_gaps(world: World) -> None:
    own = rows(30, price=101.0)
    world.keep(SPOT, [*rows(500), *rows(30, FIRST + 600 * STEP, price=101.0)])
    coming = [*rows(10, FIRST - 10 * STEP), *rows(800)[:640], *rows(10, FIRST + 700 * STEP)]
    write(world.data, SPOT, coming)
    found = world.one()
    assert (found.outcome, found.differing, found.gaps) == ("done", 30, 1)
    kept = {int(row[0]): row for row in world.kept(SPOT)}
    assert [kept[FIRST + (600 + n) * STEP][1:] for n in range(30)] == [row[1:] for row in own]
    assert kept[FIRST - 10 * STEP] == coming[0]
    assert FIRST + 650 * STEP not in kept
    assert len(kept) == found.added + 530


def test_another_exchanges_candles_are_refused(world: World) -> None:
    world.keep(SPOT, rows(100))
    write(world.data, SPOT, rows(300, price=100.5))
    before = world.kept(SPOT)
    found = world.one()
    assert found.outcome == "refused"
    assert "100 of the 100" in (found.message or "")
    assert world.kept(SPOT) == before


def test_what_may_not_be_the_exchanges_own_is_left_out(world: World) -> None:
    candles = rows(60)
    candles[5][1] = float("nan")
    candles[6][2] = float("inf")
    candles[7][3] = candles[7][2] + 1  # the lowest above the highest
    candles[8][5] = -1
    candles[9][3] = 0
    twice = [*candles[10][:4], candles[10][4] + 0.5, candles[10][5]]
    write(world.data, SPOT, [*candles[:10], twice, *candles[10:20], candles[19], *candles[20:]])
    found = world.one()
    assert found.left_out == {
        "may not be closed": 1, "not a number": 2, "impossible": 3, "told twice, differently": 2
    }  # fmt: skip
    assert [row[0] for row in world.kept(SPOT)] == [
        row[0] for number, row in enumerate(candles[:-1]) if number not in range(5, 11)
    ]


def test_candles_that_are_not_over_are_left_out(world: World) -> None:
    """A file whose clock was ahead."""
    current = NOW // STEP * STEP
    write(world.data, SPOT, rows(60, current - 50 * STEP))
    found = world.one()
    assert world.kept(SPOT)[-1][0] + STEP + MINUTE <= NOW
    assert found.left_out["may not be closed"] >= 10


@pytest.mark.parametrize(
    ("candles", "says"),
    [
        (rows(40, FIRST + MINUTE), "40 of its 40 candles open at other times"),
        (rows(40, step=60 * MINUTE), "further apart"),
        (rows(40, 60 * STEP), "before 2009"),
        ([], "no candles"),
    ],
    ids=["grid", "timeframe", "time", "empty"],
)
def test_files_of_other_candles_than_they_say_are_refused(world: World, candles: list[list[float]], says: str) -> None:
    write(world.data, SPOT, candles)
    found = world.one()
    assert found.outcome == "refused"
    assert says in (found.message or "")
    assert world.kept(SPOT) == []


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _text(file: Path) -> None:
    file.write_text('{"a": 1}')


def _deep(file: Path) -> None:
    file.write_text("[" * 200_000)


def _columns(file: Path) -> None:
    pandas.DataFrame({"date": pandas.to_datetime([FIRST], unit="ms", utc=True), "open": [1.0]}).to_feather(file)


@pytest.mark.parametrize(
    ("form", "damage"),
    [*((form, _cut) for form in FORMATS), *((form, _text) for form in FORMATS), ("json", _deep), ("feather", _columns)],
)
def test_a_damaged_file_is_named_and_the_others_go_on(world: World, form: str, damage: Any) -> None:
    damaged = write(world.data, SPOT, rows(200), form)
    damage(damaged)
    write(world.data, FUTURES, rows(40), form)
    found = {one.file: one for one in world.brought()}
    assert found[damaged.name].outcome == "refused"
    assert "download it again" in (found[damaged.name].message or "")
    assert [one.outcome for name, one in found.items() if name != damaged.name] == ["done"]
    assert world.kept(FUTURES) == rows(39)
    assert world.kept(SPOT) == []


def test_what_the_store_does_not_keep_is_skipped_with_the_reason(world: World) -> None:
    world.data.mkdir(parents=True)
    (world.data / "futures").mkdir()
    for name in ("BTC_USDT-trades.feather", "pairs.json", "notes.txt"):
        (world.data / name).write_text("")
    for name in ("A_B_USDT-5m.feather", "BTC_USDT-1Mo.feather", "futures/BTC_USDT_USDT-8h-premiumIndex.feather",
                 "futures/BTC_USDT-5m-futures.feather", "BTC_USDT_USDT-5m-futures.feather"):  # fmt: skip
        (world.data / name).write_text("")
    found = {one.file: one for one in world.brought()}
    assert {one.outcome for one in found.values()} == {"skipped"}
    assert all(one.message for one in found.values())
    assert set(found) == {
        "A_B_USDT-5m.feather", "BTC_USDT-1Mo.feather", "futures/BTC_USDT_USDT-8h-premiumIndex.feather",
        "futures/BTC_USDT-5m-futures.feather", "BTC_USDT_USDT-5m-futures.feather",
    }  # fmt: skip


def test_what_is_older_than_the_gateway_keeps_is_told_and_left_out(world: World) -> None:
    """By the gateway's own settings, whatever the environment of who imports says."""
    Arrivals(world.home).tell(CandleSettings(keep_days={"5m": 1}))
    write(world.data, SPOT, rows(3 * 288))
    (found,) = world.bringing().check()
    assert found.left_out["older than is kept"] > 0
    assert world.one().left_out == found.left_out
    assert world.kept(SPOT)[0][0] >= NOW - DAY


def test_a_store_that_would_be_too_full_takes_nothing(world: World) -> None:
    world.keep(SPOT, rows(40))
    Arrivals(world.home).tell(CandleSettings(disk_bytes=2**20))
    random = np.random.default_rng(1).random(40_000) * 50 + 100
    write(
        world.data, MARK, [[FIRST - (40_000 - n) * MARK.step, one, one, one, one, one] for n, one in enumerate(random)]
    )
    found = world.one()
    assert found.outcome == "refused"
    assert "FLOTILLA_GATEWAY_CANDLES_DISK_BYTES" in (found.message or "")
    assert world.kept(SPOT) == rows(40)
    assert world.kept(MARK) == []
    assert world.left() == ["settings.json"]


class _Lock(directory.Directory):
    whose = "The test"


@asynccontextmanager
async def gateway(world: World) -> AsyncIterator[CandleService]:
    """Holds the directory's lock, as the real one does."""
    held = _Lock.open(world.home)
    service = CandleService(world.home, None, settings=CandleSettings(keep_days={}))
    await service.start()
    try:
        yield service
    finally:
        await service.aclose()
        held.close()


async def test_a_gateway_that_runs_takes_them_itself(world: World) -> None:
    write(world.data, SPOT, rows(40))
    async with gateway(world) as service:
        await service._store.add(SPOT, frame_of(rows(5, price=99.0), 5))  # not written yet
        (found,) = await asyncio.to_thread(world.brought)
        assert (found.added, found.differing) == (34, 5)
        kept = (await service._store.frame(SPOT)).rows()
        assert kept == [*rows(5, price=99.0), *rows(39)[5:]]
        assert world.kept(SPOT) == kept


async def test_a_gateway_that_does_not_take_them_is_named(world: World) -> None:
    held = _Lock.open(world.home)
    try:
        write(world.data, SPOT, rows(40))
        with pytest.raises(CannotMove, match="restart it"):
            list(world.bringing(patience=0).run())
        assert world.left() == []
    finally:
        held.close()


async def test_what_was_taken_but_not_answered_is_taken_again_and_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that was killed between."""
    store = Store(world.home / "candles", CandleSettings(), lambda: NOW)
    box = Arrivals(world.home)
    number = box.put(SPOT, frame_of(rows(39), 5))

    def fail(file: Path, _content: str) -> None:
        raise OSError(errno.EIO, "killed here", str(file))

    with monkeypatch.context() as patched:
        patched.setattr(letters, "write", fail)
        with pytest.raises(OSError, match="killed here"):
            await box.take(store)
    assert box.answer(number) is None
    await box.take(Store(world.home / "candles", CandleSettings(), lambda: NOW))
    answer = box.answer(number)
    assert answer is not None
    assert (answer.added, answer.differing, answer.problem) == (0, 0, None)
    assert world.kept(SPOT) == rows(39)
    assert world.left() == []


async def test_a_full_disk_is_told_and_what_was_there_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.keep(SPOT, rows(5))
    box = Arrivals(world.home)
    number = box.put(SPOT, frame_of(rows(39), 5))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "write", full)
    await box.take(Store(world.home / "candles", CandleSettings(), lambda: NOW))
    answer = box.answer(number)
    assert answer is not None
    assert answer.problem is not None
    assert "make room" in answer.problem
    assert world.kept(SPOT) == rows(5)


def test_what_nobody_asked_for_goes_after_an_hour_and_what_waits_stays(world: World) -> None:
    box = Arrivals(world.home)
    box.tell(CandleSettings())
    number = box.put(SPOT, frame_of(rows(3), 5))
    orphan = world.home / "arrivals" / "0123.feather"
    orphan.write_bytes(b"")
    written = max(file.stat().st_mtime for file in orphan.parent.glob("*"))
    box.sweep(lambda: written + 60)
    assert orphan.exists()
    box.sweep(lambda: written + 7200)
    assert world.left() == sorted([f"{number}.feather", f"{number}.letter", "settings.json"])


@pytest.mark.parametrize("series", [SPOT, FUTURES, MARK, FUNDING], ids=lambda one: one.type)
def test_freqtrade_reads_what_is_exported(world: World, series: Series, tmp_path: Path) -> None:
    candles = rates(9) if series is FUNDING else rows(40, step=series.step)
    world.keep(series, candles)
    (found,) = exported(world.home, "binance", tmp_path / "out", lambda _: True)
    assert (found.outcome, found.added) == ("done", len(candles))
    handler = get_datahandler(tmp_path / "out", "feather")
    table = handler.ohlcv_load(
        series.pair, series.timeframe, CandleType.from_string(series.type), fill_missing=False, drop_incomplete=False
    )
    read = table[list(series.columns)].to_numpy().tolist()
    assert read == [row[1:] for row in candles]
    assert table["date"].dt.as_unit("ms").astype("int64").tolist() == [row[0] for row in candles]


def test_an_export_leaves_what_the_store_has_not_and_no_candle_that_may_not_be_closed(world: World) -> None:
    theirs = rows(30, price=99.0)
    world.keep(SPOT, [*rows(20)[15:], *rows(10, FIRST + 40 * STEP)])
    write(world.data, SPOT, theirs)
    (found,) = exported(world.home, "binance", world.data, lambda _: True)
    merged = files.read(SPOT.file(world.data), SPOT)
    assert merged is not None
    assert merged.rows() == [*theirs[:15], *rows(20)[15:], *theirs[20:29], *rows(10, FIRST + 40 * STEP)]
    assert found.added == 10


def test_an_export_leaves_a_damaged_file_alone(world: World) -> None:
    world.keep(SPOT, rows(20))
    world.keep(FUTURES, rows(20))
    damaged = write(world.data, SPOT, rows(30))
    _cut(damaged)
    before = damaged.read_bytes()
    found = {one.type: one for one in exported(world.home, "binance", world.data, lambda _: True)}
    assert found["spot"].outcome == "refused"
    assert damaged.name in (found["spot"].message or "")
    assert damaged.read_bytes() == before
    assert found["futures"].outcome == "done"


def test_only_what_is_asked_for_is_listed(world: World) -> None:
    world.keep(SPOT, [*rows(20), *rows(5, FIRST + 30 * STEP)])
    world.keep(FUTURES, rows(20))
    (found,) = listed(world.home, "binance", lambda one: one.type == "spot")
    assert (found.pair, found.candles, found.gaps) == ("BTC/USDT", 25, 1)
    assert (found.begin, found.end) == (FIRST, FIRST + 34 * STEP)
