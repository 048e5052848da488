"""What is asked of an exchange, and what never is."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from pool.exchange.gateway.candles import rollup
from pool.exchange.gateway.candles.fetching import Fetching
from pool.exchange.gateway.candles.frames import Frame, frame_of
from pool.exchange.gateway.candles.places import AT_ONCE_EACH, asker
from pool.exchange.gateway.candles.rollup import EVIDENCE
from pool.exchange.gateway.candles.series import Series
from pool.exchange.gateway.candles.settings import CandleSettings
from pool.exchange.gateway.candles.store import Store
from pool.exchange.gateway.candles.times import Now
from pool.exchange.gateway.candles.workers import Unavailable
from tests.support import eventually

MINUTE = 60_000
START = 1_795_000_200_000 // (1440 * MINUTE) * 1440 * MINUTE
SERIES = Series.of("paper", "BTC/USDT", "1m")
Rows = list[list[float]]


class Exchange:
    """Has a candle for each minute from `first` on but those in `without`; gives `limit` at a time."""

    def __init__(self) -> None:
        self.now = START + 10_000 * MINUTE + 30_000
        self.limit = 100
        self.first = START
        self.without: set[int] = set()
        self.asked: list[tuple[str, int]] = []
        self.windowed = False
        self.fail: BaseException | None = None
        self.wait: asyncio.Event | None = None
        self.ahead = 0
        """Our clock, of the exchange's."""
        self.skew: int | None = 0
        """The exchange's clock as we reckon it, of ours."""
        self.jumps = 0
        self.jump = 0
        """Our clock is set by so much while we ask."""
        self.bad: Callable[[Rows], Rows] = lambda rows: rows

    def time(self, _exchange: str) -> Now:
        return Now(self.now + self.ahead, self.skew, self.jumps)

    async def page(self, series: Series, since: int, limit: int) -> tuple[Rows, int]:
        self.asked.append((series.timeframe, (since - START) // MINUTE))
        if self.jump:
            self.ahead += self.jump
            self.jumps += 1
        if self.wait is not None:
            await self.wait.wait()
        if self.fail is not None:
            raise self.fail
        step = series.step
        begin = max(since, self.first)
        last = min(self.now, since + self.limit * step - 1) if self.windowed else self.now
        dates = (date for date in range(-(-begin // step) * step, last + 1, step))
        found: Rows = []
        for date in dates:
            row = self.candle(date, step)
            if row is not None:
                found.append(row)
            if len(found) == self.limit:
                break
        return self.bad(found), self.limit

    def candle(self, date: int, step: int) -> list[float] | None:
        minutes = [m for m in range((date - START) // MINUTE, (date + step - START) // MINUTE) if m not in self.without]
        if not minutes:
            return None
        return [date, minutes[0], max(minutes) + 1, min(minutes) - 1, minutes[-1], round(0.1 * len(minutes), 8)]


class Rig:
    def __init__(self, directory: Path) -> None:
        self.exchange = Exchange()
        self.clock = 1000.0
        self.directory = directory
        self.restart()

    def restart(self) -> None:
        self.store = Store(self.directory, CandleSettings(), lambda: self.exchange.now, lambda: self.clock)
        self.fetching = Fetching(self.store, self.exchange, self.exchange.time, lambda: self.clock)

    async def have(self, begin: int, end: int, series: Series = SERIES) -> tuple[list[int], int | None]:
        """Numbers of minutes."""
        closed, partial = await self.fetching.have(series, START + begin * MINUTE, START + end * MINUTE)
        minutes = ((closed.dates - START) // MINUTE).tolist()
        return minutes, None if partial is None else int(partial[0] - START) // MINUTE


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def test_what_is_there_is_not_asked_for_again(rig: Rig) -> None:
    assert await rig.have(1000, 1250) == (list(range(1000, 1250)), None)
    assert rig.exchange.asked == [("1m", 1000), ("1m", 1100), ("1m", 1200)]
    assert await rig.have(1050, 1300) == (list(range(1050, 1300)), None)
    assert len(rig.exchange.asked) == 3
    assert await rig.have(990, 1310) == (list(range(990, 1310)), None)
    assert rig.exchange.asked[3:5] == [("1m", 990), ("1m", 1090)]  # both ends at once costs no more than each


async def test_one_address_does_not_take_all_places(rig: Rig) -> None:
    rig.exchange.wait = asyncio.Event()

    async def asks(peer: str, pair: int) -> None:
        asker.set(peer)
        await rig.have(0, 50, Series.of("paper", f"P{pair}/USDT", "1m"))

    def asked() -> bool:
        return len(rig.exchange.asked) == expected

    greedy = [asyncio.create_task(asks("greedy", pair)) for pair in range(10)]
    expected = AT_ONCE_EACH
    await eventually(asked)
    other = asyncio.create_task(asks("other", 99))
    expected += 1
    await eventually(asked, message="another's goes at once")
    rig.exchange.wait.set()
    await asyncio.gather(*greedy, other)
    assert len(rig.exchange.asked) == 11, "and all of them come to it"


async def test_pages_outlive_a_restart(rig: Rig) -> None:
    await rig.have(1000, 1200)
    await rig.store.flush()
    rig.restart()
    assert await rig.have(1000, 1200) == (list(range(1000, 1200)), None)
    assert len(rig.exchange.asked) == 2


async def test_the_current_candle_is_there_and_is_not_kept(rig: Rig) -> None:
    assert await rig.have(9990, 10_001) == (list(range(9990, 10_000)), 10_000)
    assert (await rig.store.frame(SERIES)).dates[-1] == START + 9999 * MINUTE
    assert await rig.have(9990, 10_001) == (list(range(9990, 10_000)), 10_000)
    assert len(rig.exchange.asked) == 1
    rig.clock += 2.1
    await rig.have(9990, 10_001)
    assert rig.exchange.asked[1:] == [("1m", 10_000)]
    rig.exchange.now += MINUTE
    rig.clock += 60
    assert await rig.have(9990, 10_002) == (list(range(9990, 10_001)), 10_001)


async def test_a_gap_of_the_exchange_is_not_filled_nor_asked_for_all_the_time(rig: Rig) -> None:
    rig.exchange.without = {1010, 1011, 1050}
    there = [minute for minute in range(1000, 1090) if minute not in rig.exchange.without]
    assert await rig.have(1000, 1090) == (there, None)
    assert await rig.have(1000, 1090) == (there, None)
    assert len(rig.exchange.asked) == 1
    rig.clock += 3601
    rig.exchange.without = {1050}  # the exchange mended what it told
    assert await rig.have(1000, 1090) == ([minute for minute in range(1000, 1090) if minute != 1050], None)
    assert len(rig.exchange.asked) == 2


async def test_an_exchange_that_looks_through_a_window_only_is_asked_behind_an_empty_one(rig: Rig) -> None:
    rig.exchange.windowed = True
    rig.exchange.without = set(range(1000, 1350))
    assert await rig.have(1000, 1400) == (list(range(1350, 1400)), None)
    assert [since for _, since in rig.exchange.asked] == [1000, 1100, 1200, 1300]


async def test_before_a_listing_there_is_nothing_and_it_is_not_asked_for_all_the_time(rig: Rig) -> None:
    rig.exchange.first = START + 5000 * MINUTE
    assert await rig.have(0, 500) == ([], None)
    assert await rig.have(500, 1000) == ([], None)
    assert len(rig.exchange.asked) == 1


async def test_many_who_want_the_same_share_one_fetch(rig: Rig) -> None:
    rig.exchange.wait = asyncio.Event()
    tasks = [asyncio.create_task(rig.have(1000, 1100)) for _ in range(20)]
    while not rig.exchange.asked:
        await asyncio.sleep(0)
    rig.exchange.wait.set()
    assert await asyncio.gather(*tasks) == [(list(range(1000, 1100)), None)] * 20
    assert len(rig.exchange.asked) == 1


async def test_a_fetch_that_was_given_up_goes_on_from_where_it_was(rig: Rig) -> None:
    rig.exchange.bad = lambda rows: rows
    pages = 0

    def second_waits(rows: Rows) -> Rows:
        nonlocal pages
        pages += 1
        if pages == 2:
            rig.exchange.wait = asyncio.Event()
        return rows

    rig.exchange.bad = second_waits
    task = asyncio.create_task(rig.have(1000, 1500))
    while len(rig.exchange.asked) < 3:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    rig.exchange.wait = None
    assert await rig.have(1000, 1300) == (list(range(1000, 1300)), None)
    assert [since for _, since in rig.exchange.asked] == [1000, 1100, 1200, 1200]


async def test_a_failure_is_told_and_what_came_before_it_stays(rig: Rig) -> None:
    await rig.have(1000, 1100)
    rig.exchange.fail = Unavailable("no")
    with pytest.raises(Unavailable):
        await rig.have(1000, 1200)
    assert await rig.have(1000, 1100) == (list(range(1000, 1100)), None)


@pytest.mark.parametrize(
    "bad",
    [
        lambda rows: [*rows, rows[0]],
        lambda rows: [[row[0] + 1, *row[1:]] for row in rows],
        lambda rows: [row[:3] for row in rows],
        lambda rows: [[row[0], None, *row[2:]] for row in rows],
        lambda rows: [[START + 99_999 * MINUTE, *rows[0][1:]]],
    ],
)
async def test_a_malformed_answer_is_not_kept(rig: Rig, bad: Callable[[Rows], Rows]) -> None:
    rig.exchange.bad = bad
    with pytest.raises(Unavailable):
        await rig.have(1000, 1100)
    assert len(await rig.store.frame(SERIES)) == 0


async def test_what_a_disk_lost_is_asked_for_again(rig: Rig) -> None:
    rig.exchange.without = {1010}
    await rig.have(1000, 1090)
    rig.store.losses += 1
    await rig.have(1000, 1090)
    assert len(rig.exchange.asked) == 2


async def test_longer_candles_are_made_of_minutes_once_they_are_known_to_be_the_same(rig: Rig) -> None:
    longer = Series.of("paper", "BTC/USDT", "5m")
    await rig.have(0, 1000)
    rig.exchange.asked.clear()
    assert len((await rig.have(0, 5 * EVIDENCE, longer))[0]) == EVIDENCE
    assert rig.exchange.asked == [("5m", 0)]  # nothing to compare with yet
    rig.exchange.limit = EVIDENCE
    await rig.have(500, 900, longer)
    assert len(rig.exchange.asked) == 1
    closed, _ = await rig.fetching.have(longer, START, START + 1000 * MINUTE)
    want = [rig.exchange.candle(START + minute * MINUTE, 5 * MINUTE) for minute in range(0, 1000, 5)]
    assert closed.rows() == frame_of([row for row in want if row], 5).rows()
    assert rig.exchange.asked == [("5m", 0)]


async def test_longer_candles_that_differ_from_their_minutes_are_asked_for(rig: Rig) -> None:
    longer = Series.of("paper", "BTC/USDT", "5m")
    await rig.have(0, 1000)
    rig.exchange.limit = EVIDENCE + 5
    rig.exchange.bad = lambda rows: [[*row[:5], row[5] + 0.01] for row in rows]
    await rig.have(0, 5 * EVIDENCE, longer)
    rig.exchange.asked.clear()
    await rig.have(500, 600, longer)
    assert rig.exchange.asked == [("5m", 500)]


HOUR_AHEAD = 60 * MINUTE


async def test_a_clock_that_is_known_to_be_wrong_makes_no_candle_final(rig: Rig) -> None:
    rig.exchange.ahead, rig.exchange.skew = HOUR_AHEAD, -HOUR_AHEAD
    assert await rig.have(9990, 10_001) == (list(range(9990, 10_000)), 10_000)
    assert (await rig.store.frame(SERIES)).dates[-1] == START + 9999 * MINUTE
    assert len(rig.exchange.asked) == 1


async def test_a_clock_that_is_behind_hides_no_candle(rig: Rig) -> None:
    rig.exchange.ahead, rig.exchange.skew = -HOUR_AHEAD, HOUR_AHEAD
    assert await rig.have(9990, 10_001) == (list(range(9990, 10_000)), 10_000)


async def test_a_wrong_clock_makes_no_candle_final_where_nobody_knows_the_exchanges(rig: Rig) -> None:
    rig.exchange.ahead, rig.exchange.skew = HOUR_AHEAD, None
    assert await rig.have(9990, 10_001) == (list(range(9990, 10_000)), 10_000)
    assert (await rig.store.frame(SERIES)).dates[-1] == START + 9999 * MINUTE


async def test_without_the_exchanges_clock_the_past_is_had_whole(rig: Rig) -> None:
    rig.exchange.skew = None
    assert await rig.have(1000, 1250) == (list(range(1000, 1250)), None)
    assert [since for _, since in rig.exchange.asked] == [1000, 1099, 1198]


async def test_a_clock_that_jumps_while_we_ask_makes_no_candle_final(rig: Rig) -> None:
    rig.exchange.now = START + 9_999 * MINUTE + 58_000
    rig.exchange.jump = HOUR_AHEAD
    await rig.have(9990, 10_000)
    assert (await rig.store.frame(SERIES)).dates[-1] == START + 9998 * MINUTE


async def test_a_candle_that_ended_is_asked_for_at_once(rig: Rig) -> None:
    assert await rig.have(9990, 10_001) == (list(range(9990, 10_000)), 10_000)
    rig.exchange.now += 31_000
    assert await rig.have(9990, 10_001) == (list(range(9990, 10_001)), None)


async def test_a_candle_that_ended_and_that_none_follows_is_not_asked_for_all_the_time(rig: Rig) -> None:
    rig.exchange.without = {10_001}
    rig.exchange.now += 32_000
    assert await rig.have(9990, 10_001) == (list(range(9990, 10_000)), 10_000)
    asked = len(rig.exchange.asked)
    assert await rig.have(9990, 10_001) == (list(range(9990, 10_000)), 10_000)
    assert len(rig.exchange.asked) == asked


async def test_a_page_that_ends_with_a_candle_of_just_now_is_not_taken_for_the_last(rig: Rig) -> None:
    rig.exchange.limit = 10
    rig.exchange.now = START + 10_000 * MINUTE + 2_000
    assert await rig.have(9990, 10_001) == (list(range(9990, 10_000)), 10_000)


async def test_funding_rates_that_come_oftener_than_their_timeframe_are_all_had(rig: Rig) -> None:
    funding = Series.of("paper", "BTC/USDT:USDT", "8h", "funding_rate")
    asked: list[int] = []

    async def page(series: Series, since: int, limit: int) -> tuple[Rows, int]:
        asked.append(since)
        begin = -(-since // HOUR_AHEAD) * HOUR_AHEAD
        return [[begin + hour * HOUR_AHEAD, hour] for hour in range(10)], limit

    rig.exchange.page = page  # type: ignore[method-assign]
    want = [START + hour * HOUR_AHEAD for hour in range(100)]
    await rig.fetching.have(funding, want[0], want[0] + 1)
    closed, _ = await rig.fetching.have(funding, want[0], want[-1] + 1)
    assert closed.dates.tolist() == want
    asked.clear()
    await rig.fetching.have(funding, want[0], want[-1] + 1)
    assert asked == []


async def test_whether_minutes_add_up_is_looked_at_once_in_a_while(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    longer = Series.of("paper", "BTC/USDT", "5m")
    looks, agree = [], rollup.agree

    def counted(minutes: Frame, longer: Frame, step: int) -> bool | None:
        looks.append(agree(minutes, longer, step))
        return looks[-1]

    monkeypatch.setattr(rollup, "agree", counted)
    await rig.have(0, 1000)
    rig.exchange.limit = EVIDENCE
    for begin in (0, 200, 300, 400):
        await rig.have(begin, begin + 5 * EVIDENCE, longer)
    assert looks == [None, True]
    rig.clock += 301
    await rig.have(500, 600, longer)
    assert looks == [None, True, True]
