"""Prices for whoever listens, of one poll."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

from orchestrator.errors import ExchangeUnreachable, InvalidSpec
from orchestrator.market.tickers import AT_ONCE, Ticker, Tickers
from tests.support import PATIENT_SECONDS, eventually

PAIRS = [f"A{number}/USDT" for number in range(2 * AT_ONCE)]


class Market:
    def __init__(self) -> None:
        self.price = 1.0
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.away = False

    async def tickers(self, exchange: str, trading_mode: str, pairs: Sequence[str]) -> dict[str, Ticker]:
        self.asked.append((exchange, tuple(pairs)))
        await asyncio.sleep(0)
        if self.away:
            raise ExchangeUnreachable("Away.", retry_after_seconds=0)
        return {pair: {"last": self.price} for pair in pairs if pair in PAIRS}


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
