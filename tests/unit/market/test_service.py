"""What the control plane asks the gateway, and what it keeps of the answers."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from orchestrator.errors import ExchangeUnreachable
from orchestrator.kit.cache import InProcessCache
from orchestrator.market import service
from orchestrator.market.service import MarketData, Wanted
from pool.contract.market import INCARNATION_HEADER
from tests.support import PATIENT_SECONDS

NAMES = ["date", "open", "high", "low", "close", "volume"]
WANTED = Wanted("paper", "BTC/USDT", "1m", since=0, limit=2)
HEADERS = {INCARNATION_HEADER: "gateway"}


async def somewhere() -> str | None:
    return "http://gateway"


def market_of(answer: Callable[[httpx.Request], Any]) -> MarketData:
    return MarketData(somewhere, InProcessCache(), httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("count", "partial", "following", "asked"),
    [(2, False, 120_000, 1), (2, True, 60_000, 2), (1, False, 120_000, 2), (2, False, None, 2)],
)
async def test_only_pages_that_cannot_change_any_more_are_kept(
    count: int, partial: bool, following: int | None, asked: int
) -> None:
    requests = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        rows = [[number * 60_000, 1, 1, 1, 1, 1] for number in range(count)]
        body = {"columns": NAMES, "rows": rows, "partial": partial, "next": following}
        return httpx.Response(200, json=body, headers=HEADERS)

    market = market_of(answer)
    assert await market.candles(WANTED) == await market.candles(WANTED)
    assert len(requests) == asked
    await market.aclose()


async def test_who_answers_in_the_gateways_place_is_not_believed() -> None:
    body = {"columns": NAMES, "rows": [], "partial": False, "next": None}
    market = market_of(lambda request: httpx.Response(200, json=body))
    with pytest.raises(ExchangeUnreachable, match="does not answer"):
        await market.candles(WANTED)
    await market.aclose()


@pytest.mark.parametrize("text", ["", "not JSON", "[]", "{}", '{"tickers": 5}', '{"tickers": {"BTC/USDT": 5}}'])
async def test_what_is_not_understood_is_an_exchange_out_of_reach(text: str) -> None:
    market = market_of(lambda request: httpx.Response(200, text=text, headers=HEADERS))
    with pytest.raises(ExchangeUnreachable, match="not understood"):
        await market.tickers("paper", "spot", ["BTC/USDT"])
    with pytest.raises(ExchangeUnreachable, match="not understood"):
        await market.candles(WANTED)
    await market.aclose()


async def test_where_the_gateway_is_switched_off_it_is_said_by_which_setting() -> None:
    market = MarketData(None, InProcessCache())
    with pytest.raises(ExchangeUnreachable, match="FLOTILLA_ORCH_GATEWAY") as refused:
        await market.candles(WANTED)
    assert "try again" not in refused.value.message
    await market.aclose()


async def test_candles_that_take_long_hold_up_no_prices_and_others_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "_PLACE_SECONDS", 0.01)
    asked, on = asyncio.Semaphore(0), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/tickers":
            return httpx.Response(200, text=json.dumps({"tickers": {}}), headers=HEADERS)
        asked.release()
        await on.wait()
        body = {"columns": NAMES, "rows": [], "partial": False, "next": None}
        return httpx.Response(200, json=body, headers=HEADERS)

    market = market_of(answer)
    async with asyncio.timeout(PATIENT_SECONDS):
        tasks = [asyncio.create_task(market.candles(WANTED)) for _ in range(service._AT_ONCE)]
        for _ in tasks:
            await asked.acquire()
        assert await market.tickers("paper", "spot", ["BTC/USDT"]) == {}
        with pytest.raises(ExchangeUnreachable) as refused:
            await market.candles(WANTED)
        assert refused.value.params["retry_after_seconds"] > 0
        on.set()
        await asyncio.gather(*tasks)
        await market.candles(WANTED)
    await market.aclose()
