"""Pages, one after another."""

from pathlib import Path

from pool.exchange.gateway.candles.fetching import PAGE
from pool.exchange.gateway.candles.series import Series
from pool.exchange.gateway.candles.service import CandleService, Wanted
from pool.exchange.gateway.candles.times import Now

MINUTE = 60_000
START = 1_795_000_200_000 // MINUTE * MINUTE
SERIES = Series.of("paper", "BTC/USDT", "1m")


class Exchange:
    """Has candles up to its clock; `skew` is that clock, of ours."""

    def __init__(self) -> None:
        self.now = START + 100 * MINUTE + 1_000
        self.skew = 0
        self.silent = range(0)
        """Minutes in which nobody trades."""

    def time(self, _exchange: str) -> Now:
        return Now(self.now - self.skew, self.skew)

    def clock(self) -> float:
        return self.now / 1000

    async def page(self, _series: Series, since: int, limit: int) -> tuple[list[list[float]], int]:
        dates = range(-(-since // MINUTE) * MINUTE, self.now + 1, MINUTE)
        return [[date, 1, 1, 1, 1, 1] for date in dates if (date - START) // MINUTE not in self.silent][:PAGE], PAGE


def service_of(exchange: Exchange, directory: Path) -> CandleService:
    service = CandleService(directory, None, now=exchange.time, clock=exchange.clock)
    service.worker.page = exchange.page  # type: ignore[method-assign]
    return service


async def test_a_candle_that_ended_and_is_not_final_begins_the_next_page(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.silent = range(100, 101)
    service = service_of(exchange, tmp_path)
    page = await service.page(Wanted(SERIES, START + 90 * MINUTE, None, 10))
    assert page.partial is not None
    assert page.partial[0] == page.next == START + 99 * MINUTE
    assert len(page.closed) == 9
    exchange.now += MINUTE
    following = await service.page(Wanted(SERIES, page.next, None, 10))
    assert following.closed.dates.tolist() == [START + 99 * MINUTE]
    assert following.next is None


async def test_each_page_leads_further_than_the_one_before_even_at_one_candle_that_may_change(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.silent = range(100, 101)
    page = await service_of(exchange, tmp_path).page(Wanted(SERIES, START + 99 * MINUTE, None, 1))
    assert page.partial is not None
    assert page.next == START + 100 * MINUTE


async def test_a_page_of_closed_candles_is_followed_by_what_comes_after_them(tmp_path: Path) -> None:
    page = await service_of(Exchange(), tmp_path).page(Wanted(SERIES, START + 90 * MINUTE, None, 10))
    assert (len(page.closed), page.partial, page.next) == (10, None, START + 100 * MINUTE)


async def test_pages_end_by_the_exchanges_clock(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.skew = 30 * MINUTE
    page = await service_of(exchange, tmp_path).page(Wanted(SERIES, None, None, 5))
    assert page.partial is not None
    assert (len(page.closed), page.partial[0]) == (4, START + 100 * MINUTE)
    assert page.next is None


async def test_each_page_looks_once_in_memory_and_where_it_is_not_there_on_disk(tmp_path: Path) -> None:
    exchange = Exchange()
    wanted = Wanted(SERIES, START + 90 * MINUTE, None, 10)

    def counts() -> dict[str, tuple[int, int]]:
        return {one.level: (one.hits, one.misses) for one in service.levels()}

    service = service_of(exchange, tmp_path)
    await service.page(wanted)
    assert counts() == {"l1": (0, 1), "l3": (0, 1)}
    await service.page(wanted)
    assert counts() == {"l1": (1, 1), "l3": (0, 1)}
    await service.aclose()
    service = service_of(exchange, tmp_path)
    await service.page(wanted)
    assert counts() == {"l1": (0, 1), "l3": (1, 0)}
