"""Prices for whoever listens, of one poll."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

from orchestrator.errors import ExchangeUnreachable, InvalidSpec
from orchestrator.market import tickers as tickers_module
from orchestrator.market.tickers import AT_ONCE, Ticker, Tickers
from tests.support import PATIENT_SECONDS, eventually

PAIRS = [f"A{number}/USDT" for number in range(2 * AT_ONCE)]


class Market:
    def __init__(self) -> None:
        self.price = 1.0
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.away = False
        self.bad: set[str] = set()
        """Pairs of which the exchange cannot be asked."""
        self.stuck: set[str] = set()
        self.held = asyncio.Event()
        self.at_once = self.most_at_once = 0

    async def tickers(self, exchange: str, trading_mode: str, pairs: Sequence[str]) -> dict[str, Ticker]:
        self.asked.append((exchange, tuple(pairs)))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            return await self._answer(pairs)
        finally:
            self.at_once -= 1

    async def _answer(self, pairs: Sequence[str]) -> dict[str, Ticker]:
        if self.away:
            raise ExchangeUnreachable("Away.", retry_after_seconds=0)
        if self.stuck.intersection(pairs):
            await self.held.wait()
        if self.bad.intersection(pairs):
            raise ExchangeUnreachable("Bad.", retry_after_seconds=0)
        if len({(pair.partition(":")[2] == "BTC") for pair in pairs}) > 1:
            raise ExchangeUnreachable("Mixed.", retry_after_seconds=0)
        return {pair: {"last": self.price} for pair in pairs if pair in PAIRS or ":" in pair}


@pytest.fixture
def market() -> Market:
    return Market()


async def test_each_is_told_its_pairs_and_only_what_is_new(market: Market) -> None:
    tickers = Tickers(market, 0.001)
    async with asyncio.timeout(PATIENT_SECONDS), tickers.listening("paper", "spot", PAIRS[:2]) as listener:
        assert await listener.next() == ({pair: {"last": 1.0} for pair in PAIRS[:2]}, None)
        waiting = asyncio.create_task(listener.next())
        polls = len(market.asked)
        await eventually(lambda: len(market.asked) > polls + 3)
        assert not waiting.done()
        market.price = 2.0
        assert await waiting == ({pair: {"last": 2.0} for pair in PAIRS[:2]}, None)


async def test_a_slow_listener_is_told_the_newest_price_alone(market: Market) -> None:
    tickers = Tickers(market, 0.001)
    async with asyncio.timeout(PATIENT_SECONDS), tickers.listening("paper", "spot", PAIRS[:1]) as listener:
        for price in (2.0, 3.0, 4.0):
            market.price = price
            polls = len(market.asked)
            await eventually(lambda polls=polls: len(market.asked) > polls + 1)
        assert await listener.next() == ({PAIRS[0]: {"last": 4.0}}, None)


async def test_all_who_listen_share_one_poll_and_without_them_there_is_none(market: Market) -> None:
    tickers = Tickers(market, 0.001)
    async with AsyncExitStack() as held:
        for number in range(10):
            await held.enter_async_context(tickers.listening("paper", "spot", [PAIRS[number]]))
        assert tickers.open == 10
        market.asked.clear()
        await eventually(lambda: len(market.asked) > 5)
        assert set(market.asked[1:]) == {("paper", tuple(sorted(PAIRS[:10])))}
    assert tickers.open == 0
    market.asked.clear()
    for _ in range(100):
        await asyncio.sleep(0.001)
    assert market.asked == []


async def test_many_pairs_are_asked_for_in_parts(market: Market) -> None:
    tickers = Tickers(market, 0.001)
    async with AsyncExitStack() as held:
        for first in (0, AT_ONCE):
            await held.enter_async_context(tickers.listening("paper", "spot", PAIRS[first : first + AT_ONCE]))
        market.asked.clear()
        await eventually(lambda: len(market.asked) > 6)
        assert {len(pairs) for _, pairs in market.asked} == {AT_ONCE}


async def test_trouble_is_told_and_prices_come_back_by_themselves(market: Market) -> None:
    tickers = Tickers(market, 0.001)
    async with asyncio.timeout(PATIENT_SECONDS), tickers.listening("paper", "spot", PAIRS[:1]) as listener:
        await listener.next()
        market.away = True
        assert await listener.next() == ({}, "Away.")
        market.away, market.price = False, 5.0
        while not (found := await listener.next()) or not found[0]:
            pass
        assert found[0] == {PAIRS[0]: {"last": 5.0}}


async def test_a_pair_that_is_not_traded_is_refused_and_nothing_is_polled(market: Market) -> None:
    tickers = Tickers(market, 0.001)
    with pytest.raises(InvalidSpec) as refused:
        async with tickers.listening("paper", "spot", [PAIRS[0], "NOPE/USDT"]):
            pass
    assert refused.value.params["field"] == "pair"
    assert tickers.open == 0


async def test_closing_ends_all_and_whoever_comes_later(market: Market) -> None:
    tickers = Tickers(market, 0.001)
    async with asyncio.timeout(PATIENT_SECONDS), tickers.listening("paper", "spot", PAIRS[:1]) as listener:
        tickers.close()
        assert await listener.next() is None
        async with tickers.listening("paper", "spot", PAIRS[:1]) as late:
            assert await late.next() is None


async def test_a_pair_that_cannot_be_told_silences_nobody_else(market: Market) -> None:
    tickers = Tickers(market, 0.001)
    async with AsyncExitStack() as held, asyncio.timeout(PATIENT_SECONDS):
        good, bad, other = [
            await held.enter_async_context(tickers.listening("paper", "spot", pairs))
            for pairs in (PAIRS[:2], [PAIRS[1], PAIRS[2]], [PAIRS[3]])
        ]
        for listener in (good, bad, other):
            await listener.next()
        market.bad, market.price = {PAIRS[2]}, 2.0
        assert await good.next() == ({pair: {"last": 2.0} for pair in PAIRS[:2]}, None)
        assert await other.next() == ({PAIRS[3]: {"last": 2.0}}, None)
        while (found := await bad.next()) and found[1] is None:  # what others share with it may be told first
            pass
        assert found is not None
        assert found[1] == "Bad."
        market.asked.clear()
        await eventually(lambda: len(market.asked) > 9)
        assert ("paper", tuple(PAIRS[1:3])) in market.asked  # asked for apart, so that others need one request
        assert all({PAIRS[0], PAIRS[2]} - set(pairs) for _, pairs in market.asked)
        market.bad, market.price = set(), 3.0
        while not ((found := await bad.next()) and found[0].get(PAIRS[2]) == {"last": 3.0}):
            pass
        market.asked.clear()
        await eventually(lambda: len(market.asked) > 9)
        assert set(market.asked[2:]) == {("paper", tuple(sorted(PAIRS[:4])))}


@pytest.mark.parametrize("together", ["fails", "hangs"])
async def test_a_pair_of_which_no_answer_comes_holds_up_nobody_else(
    together: str, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickers_module, "_ANSWER_SECONDS", 0.05 if together == "hangs" else 3600.0)
    monkeypatch.setattr(tickers_module, "_REST_SECONDS", 0.01)
    tickers = Tickers(market, 0.001)
    async with AsyncExitStack() as held, asyncio.timeout(PATIENT_SECONDS):
        good, bad = [await held.enter_async_context(tickers.listening("paper", "spot", [pair])) for pair in PAIRS[:2]]
        for listener in (good, bad):
            await listener.next()
        ask = market.tickers

        async def tickers_of(exchange: str, trading_mode: str, pairs: Sequence[str]) -> dict[str, Ticker]:
            if tuple(pairs) == tuple(sorted(PAIRS[:2])) and together == "fails":
                raise ExchangeUnreachable("Together.", retry_after_seconds=0)
            return await ask(exchange, trading_mode, pairs)

        monkeypatch.setattr(market, "tickers", tickers_of)
        market.asked.clear()
        market.stuck = {PAIRS[1]}
        for price in (2.0, 3.0, 4.0):
            market.price = price
            while (found := await good.next()) and found[0] != {PAIRS[0]: {"last": price}}:
                pass
        if together == "fails":
            assert market.asked.count(("paper", (PAIRS[1],))) == 1, "one request at a time"
        else:
            while (found := await bad.next()) and found[1] != "The exchange tells these prices too late.":
                pass


async def test_an_exchange_that_hangs_holds_up_no_other(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickers_module, "_ANSWER_SECONDS", 3600.0)
    tickers, ask = Tickers(market, 0.001), market.tickers
    async with AsyncExitStack() as held, asyncio.timeout(PATIENT_SECONDS):
        good = await held.enter_async_context(tickers.listening("paper", "spot", PAIRS[:1]))
        await good.next()
        hanging = asyncio.Event()

        async def tickers_of(exchange: str, trading_mode: str, pairs: Sequence[str]) -> dict[str, Ticker]:
            if exchange == "slow" and tickers.open > 1:
                hanging.set()
                await market.held.wait()
            return await ask(exchange, trading_mode, pairs)

        monkeypatch.setattr(market, "tickers", tickers_of)
        await held.enter_async_context(tickers.listening("slow", "spot", PAIRS))
        await hanging.wait()
        for price in (2.0, 3.0, 4.0):
            market.price = price
            assert await good.next() == ({PAIRS[0]: {"last": price}}, None)


async def test_of_many_that_failed_together_few_are_asked_for_at_once(market: Market) -> None:
    tickers = Tickers(market, 0.001)
    async with AsyncExitStack() as held, asyncio.timeout(PATIENT_SECONDS):
        listeners = [
            await held.enter_async_context(tickers.listening("paper", "spot", [pair])) for pair in PAIRS[:AT_ONCE]
        ]
        for listener in listeners:
            await listener.next()
        market.bad, market.price, market.most_at_once = {PAIRS[0]}, 2.0, 0
        for listener in listeners[1:]:
            assert [*(await listener.next() or ())][1] is None, "it is another's pair"
        assert market.most_at_once <= 3, "those together, and of the others fewer than the gateway has places"


async def test_pairs_that_settle_otherwise_are_asked_for_apart(market: Market) -> None:
    tickers = Tickers(market, 0.001)
    pairs = ["BTC/USD:BTC", "BTC/USDT:USDT"]
    async with asyncio.timeout(PATIENT_SECONDS), tickers.listening("paper", "futures", pairs) as listener:
        assert await listener.next() == ({pair: {"last": 1.0} for pair in pairs}, None)
        market.price = 2.0
        found: dict[str, Ticker] = {}
        while len(found) < 2:
            told = await listener.next()
            assert told is not None
            assert told[1] is None
            found |= told[0]
