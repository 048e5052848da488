"""One look at an exchange for all who wait for its prices, and what they are told of it."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from pool.contract.market import Prices, PricesRequest
from pool.exchange.gateway.candles.series import Refused
from pool.exchange.gateway.candles.workers import Unavailable
from pool.exchange.gateway.prices import feed as feeds
from pool.exchange.gateway.prices import service as services
from pool.exchange.gateway.prices.feed import LEAST_SECONDS, MOST_SECONDS, MOST_STREAMED, WANTED_SECONDS, Feed
from pool.exchange.gateway.prices.places import MOST_SYMBOLS
from pool.exchange.gateway.prices.service import MOST_FEEDS, PriceService
from tests.support import PATIENT_SECONDS

_LONG_MS = PATIENT_SECONDS * 1000


class World:
    """The exchange, its clock and the feed's pauses; a look is made when a test says so."""

    def __init__(self, *, streams: bool = False) -> None:
        self.now = 1_000.0
        self.followed: list[list[str]] = []
        self.proven = True
        self.asked: list[tuple[str, str, list[str]]] = []
        self.pauses: list[float] = []
        self.problem: Exception | None = None
        self.old = 0.0
        """So old is what the exchange's answer holds."""
        self.takes = 0.0
        self.cost = 0.0
        self.hangs = False
        self._go = asyncio.Semaphore(0)
        self._paused = asyncio.Event()
        self.feed = Feed("kraken", "spot", self, self.clock, self.wait, streams=streams)

    def clock(self) -> float:
        return self.now

    async def wait(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._paused.set()
        await self._go.acquire()

    async def best(self, exchange: str, market: str, symbols: list[str]) -> dict[str, Any]:
        self.asked.append((exchange, market, list(symbols)))
        if self.hangs:
            await asyncio.Event().wait()
        asked_at = self.now - self.old
        self.now += self.takes
        if self.problem is not None:
            raise self.problem
        told = {one: {"bid": f"{len(self.asked)}", "ask": f"{len(self.asked) + 1}"} for one in symbols if one != "NEW"}
        stream = {"run": 1.0, "proven": self.proven}
        return {"prices": told, "asked_at": asked_at, "cost_seconds": self.cost} | stream

    async def follow(self, exchange: str, market: str, symbols: list[str]) -> None:
        self.followed.append(list(symbols))

    def push(self, bid: int | None = None, **more: Any) -> None:
        """The websocket says so, of A."""
        prices = {} if bid is None else {"A": {"bid": str(bid), "ask": str(bid + 1)}}
        told = {"run": 1.0, "prices": prices, "alive_at": self.now, "spoke_at": self.now, "late": 0.0}
        self.feed.pushed({"exchange": "kraken", "market": "spot"} | told | more)

    async def paused(self) -> None:
        await self._paused.wait()

    async def look(self) -> None:
        """The next one is over."""
        self._paused.clear()
        self._go.release()
        await self.paused()

    async def ask(self, *symbols: str, after: int = 0, wait_ms: int = 0, of: str = "one") -> Prices:
        told = {"exchange": "kraken", "market": "spot", "symbols": list(symbols), "after": after, "wait_ms": wait_ms}
        request = PricesRequest.model_construct(**told)  # who has to wait for a slow machine may wait long
        return await self.feed.answer(request, (of, ""))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.feed.aclose()


async def test_one_look_serves_all_who_wait_and_each_is_told_its_own(world: World) -> None:
    assert (await world.ask("A")).number == 0, "nothing was seen yet"
    assert (await world.ask("B")).prices == {}
    await world.paused()
    assert world.asked == [("kraken", "spot", ["A", "B"])]
    first, second = await world.ask("A"), await world.ask("B", "C")
    assert (set(first.prices), set(second.prices)) == ({"A"}, {"B"})
    assert (first.prices["A"].bid, first.prices["A"].ask) == (Decimal(1), Decimal(2))
    assert len(world.asked) == 1
    await world.look()
    assert world.asked[-1][2] == ["A", "B", "C"]


async def test_an_answer_is_waited_for_until_there_is_a_newer_one(world: World) -> None:
    await world.ask("A")
    await world.paused()
    waiting = asyncio.create_task(world.ask("A", after=1, wait_ms=_LONG_MS))
    await asyncio.sleep(0)
    assert not waiting.done()
    world.now += 0.5
    await world.look()
    told = await waiting
    assert (told.number, told.prices["A"].bid, told.waited_ms) == (2, Decimal(2), 500)
    assert (await world.ask("A", after=2, wait_ms=1)).number == 2, "nothing newer came: what there is"


async def test_age_counts_from_before_the_exchange_was_asked(world: World) -> None:
    world.old, world.takes = 0.25, 0.5
    await world.ask("A")
    await world.paused()
    assert (await world.ask("A")).age_ms == 750
    world.now += 7
    assert (await world.ask("A")).age_ms == 7_750
    state = world.feed.state()
    assert (state.way, state.symbols, state.told, state.age_ms) == ("polling", 1, 1, 7_750)


async def test_an_exchange_that_fails_is_told_with_prices_that_get_older(world: World) -> None:
    await world.ask("A")
    await world.paused()
    world.problem = Unavailable("The exchange does not answer.", 5.0)
    world.now += 1
    await world.look()
    told = await world.ask("A")
    assert (told.problem, told.age_ms, world.pauses[-1]) == ("The exchange does not answer.", 1_000, 5.0)
    world.problem = Refused("exchange", "There is no exchange kraken here.")
    await world.look()
    assert world.pauses[-1] == feeds._REFUSED_SECONDS
    world.problem = None
    await world.look()
    assert ((await world.ask("A")).problem, (await world.ask("A")).age_ms) == (None, 0)


async def test_what_a_look_costs_makes_looks_rarer_but_not_without_end(world: World) -> None:
    await world.ask("A")
    await world.paused()
    for cost, pause in ((0.6, 1.2), (0.01, LEAST_SECONDS), (9.0, MOST_SECONDS)):
        world.cost = cost
        await world.look()
        assert world.pauses[-1] == pytest.approx(pause)
    world.cost, world.takes = 0.6, 0.5
    await world.look()
    assert world.pauses[-1] == pytest.approx(0.7), "what the look took is part of it"


async def test_nobody_waiting_any_more_ends_the_looks_and_forgets_what_was_seen(world: World) -> None:
    await world.ask("A", "NEW")
    await world.paused()
    assert world.feed.state().told == 1
    world.now += WANTED_SECONDS - 1
    await world.ask("A")
    world.now += 2
    await world.look()
    assert world.asked[-1][2] == ["A"], "the other is no longer waited for"
    world.now += WANTED_SECONDS
    world._go.release()
    task = world.feed._task
    assert task is not None
    await task
    assert not world.feed.running
    assert (await world.ask("A")).prices == {}


async def test_a_look_that_hangs_is_told_and_another_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "_LOOK_SECONDS", 0.01)
    world.hangs = True
    await world.ask("A")
    await world.paused()
    assert (await world.ask("A")).problem == "The exchange does not answer in time."
    world.hangs = False
    monkeypatch.undo()
    await world.look()
    assert (await world.ask("A")).prices["A"].bid == Decimal(2)


async def test_prices_that_cannot_be_compared_are_not_asked_for(world: World) -> None:
    service = PriceService(None, worker=world)
    wanted = PricesRequest(exchange="hyperliquid", market="linear", symbols=["BTC"])
    told = await service.prices(wanted, ("one", ""))
    assert (told.usable, told.prices) == (False, {})
    assert "not the best of the book" in (told.problem or "")
    assert world.asked == []


async def test_feeds_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.sources, "unusable", lambda _: None)
    service = PriceService(None, worker=world, clock=world.clock, wait=world.wait)

    async def ask(exchange: str) -> None:
        await service.prices(PricesRequest(exchange=exchange, market="spot", symbols=["A"]), ("one", ""))

    for number in range(MOST_FEEDS):
        await ask(f"exchange{number}")
    await ask("exchange0")
    with pytest.raises(Unavailable):
        await ask("another")
    assert [state.exchange for state in service.states()] == [f"exchange{number}" for number in range(MOST_FEEDS)]
    await service.aclose()


async def test_who_asks_for_thousands_of_prices_keeps_nobody_out(world: World) -> None:
    many = [f"{number:04}" for number in range(MOST_SYMBOLS)]
    await world.ask(*many, of="greedy")
    await world.paused()
    await world.ask("A", "B", of="modest")
    await world.look()
    looked = set(world.asked[-1][2])
    assert (len(looked), looked & {"A", "B"}) == (MOST_SYMBOLS, {"A", "B"})
    assert set((await world.ask("A", "B", of="modest")).prices) == {"A", "B"}
    assert len((await world.ask(*many, of="greedy")).prices) == MOST_SYMBOLS - 2


async def test_who_asks_for_thousands_of_prices_ends_nobodys_websocket(streamed: World) -> None:
    many = [f"{number:04}" for number in range(MOST_SYMBOLS)]
    await streamed.ask(*many, of="greedy")
    await streamed.look()
    assert (len(streamed.followed[-1]), "A" in streamed.followed[-1]) == (MOST_STREAMED, True)
    streamed.now += 1.25
    streamed.push(7)
    modest, greedy = await streamed.ask("A"), await streamed.ask("A", *many, of="greedy")
    assert (modest.prices["A"].bid, modest.age_ms) == (Decimal(7), 0)
    assert greedy.age_ms == 1_250, "of its others some are only as new as the last look"
    looks = len(streamed.asked)
    await streamed.look()
    assert len(streamed.asked) == looks + 1, "they are looked at on"


@pytest.fixture
async def streamed() -> AsyncIterator[World]:
    """A websocket that counts; the exchange was looked at once."""
    world = World(streams=True)
    await world.ask("A")
    await world.paused()
    world.push()
    yield world
    await world.feed.aclose()


async def test_what_a_websocket_tells_is_news_without_another_look(streamed: World) -> None:
    number = (await streamed.ask("A")).number
    waiting = asyncio.create_task(streamed.ask("A", after=number, wait_ms=_LONG_MS))
    await asyncio.sleep(0)
    streamed.now += 0.5
    streamed.push(7)
    told = await waiting
    assert (told.number, told.prices["A"].bid, told.age_ms) == (number + 1, Decimal(7), 0)
    await streamed.look()
    assert len(streamed.asked) == 1
    assert (streamed.feed.state().way, streamed.followed) == ("websocket", [["A"]])


async def test_a_ping_that_is_answered_makes_prices_younger_but_is_no_news(streamed: World) -> None:
    streamed.now += 1.25
    before = await streamed.ask("A")
    assert before.age_ms == 1_250
    streamed.push(alive_at=streamed.now - 0.25)
    told = await streamed.ask("A", after=before.number, wait_ms=1)
    assert (told.number, told.age_ms) == (before.number, 250)
    streamed.push(alive_at=streamed.now, late=0.9)
    assert (await streamed.ask("A")).age_ms == 250, "what comes late makes none younger"


async def test_a_websocket_that_says_nothing_is_polled_again(streamed: World) -> None:
    streamed.now += 5
    for count in (2, 3):
        await streamed.look()
        assert len(streamed.asked) == count
    told = await streamed.ask("A")
    assert (told.prices["A"].bid, told.age_ms, streamed.feed.state().way) == (Decimal(3), 0, "polling")
    streamed.push(9)
    assert (await streamed.ask("A")).prices["A"].bid == Decimal(9), "it speaks again, and was borne out"


async def test_what_a_websocket_says_counts_only_once_a_look_bears_it_out(streamed: World) -> None:
    for _ in range(2):
        streamed.now += 6
        await streamed.ask("A")
        streamed.push()
    streamed.proven = False
    await streamed.look()
    streamed.push(99)
    assert ((await streamed.ask("A")).prices["A"].bid, streamed.feed.state().way) == (Decimal(2), "polling")
    streamed.proven = True
    await streamed.look()
    assert ((await streamed.ask("A")).prices["A"].bid, streamed.feed.state().way) == (Decimal(99), "websocket")


async def test_a_websocket_that_broke_is_polled_and_its_prices_forgotten(streamed: World) -> None:
    streamed.push(99)
    streamed.feed.pushed({"broken": "It was lost."})
    assert streamed.feed.state().way == "polling"
    await streamed.look()
    assert (await streamed.ask("A")).prices["A"].bid == Decimal(2)


async def test_another_market_is_looked_at_and_followed_at_once(streamed: World) -> None:
    streamed.now += 1
    streamed.push()
    told = await streamed.ask("A", "B")
    assert (set(told.prices), told.age_ms) == ({"A"}, 0), "what is not known yet makes nothing else older"
    await streamed.look()
    assert (streamed.asked[-1][2], streamed.followed[-1]) == (["A", "B"], ["A", "B"])


async def test_nobody_waiting_ends_the_websocket(streamed: World) -> None:
    streamed.now += WANTED_SECONDS + 1
    task = streamed.feed._task
    assert task is not None
    while not task.done():
        streamed._go.release()
        await asyncio.sleep(0)
    assert streamed.followed[-1] == []


async def test_a_look_that_fails_is_no_problem_while_a_websocket_tells(streamed: World) -> None:
    streamed.problem = Unavailable("The exchange does not answer.", 0.5)
    await streamed.ask("A", "NEW")
    await streamed.look()
    assert (len(streamed.asked), (await streamed.ask("A")).problem) == (2, None)
    streamed.now += 5
    assert "does not answer" in str((await streamed.ask("A")).problem)
