"""Candles by the API: from the real gateway, of the paper exchange."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyarrow import feather

from api.market.endpoints import CANDLE_REQUESTS_PER_USER
from orchestrator.kit.cache import InProcessCache
from orchestrator.market import service
from orchestrator.market.service import ARROW, MarketData
from pool.contract.market import INCARNATION_HEADER
from tests.integration.api.world import OTHER, World, at, problem_of
from tests.integration.candles.rigs import MINUTE, Rig, opened
from tests.integration.candles.test_candles import PAST, within_a_minute
from tests.support import PATIENT_SECONDS

URL = "/api/v1/market/candles"


@dataclass
class Desk:
    world: World
    rig: Rig
    market: MarketData

    async def get(self, **query: Any) -> httpx.Response:
        told = {"exchange": "paper", "pair": "BTC/USDT", "timeframe": "1m", **query}
        return await self.world.client.get(URL, params=told)


@pytest.fixture
async def desk(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(service, "_ASK_SECONDS", PATIENT_SECONDS)
    async with opened(tmp_path / "market") as rig:
        market = MarketData(at(rig.gateway.url), InProcessCache())
        world.app.state.services = replace(world.app.state.services, market=market)
        yield Desk(world, rig, market)
        await market.aclose()


def iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat().replace("+00:00", "Z")


async def test_pages_of_candles_as_the_exchange_told_them(desk: Desk) -> None:
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"since": iso(PAST), "until": iso(PAST + 250 * MINUTE), "limit": 100}
    while True:
        answer = await desk.get(**query)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if answer.json()["next"] is None:
            break
        query["after"] = answer.json()["next"]
    async with desk.rig.gateway.http.get(
        f"{desk.rig.gateway.paper}/api/v3/klines",
        params={"symbol": "BTCUSDT", "interval": "1m", "startTime": PAST, "limit": 250},
    ) as reply:
        own = await reply.json()
    names = ("open", "high", "low", "close", "volume")
    assert [one["opens_at"] for one in found] == [iso(row[0]) for row in own]
    assert [[float(one[name]) for name in names] for one in found] == [[float(v) for v in row[1:6]] for row in own]
    assert all(one["closed"] for one in found)
    assert (await desk.get(since=PAST, limit=1)).json()["items"] == found[:1]  # milliseconds do, too


async def test_the_last_candle_is_the_current_one(desk: Desk) -> None:
    _, answer = await within_a_minute(lambda: desk.get(limit=3))
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert [one["closed"] for one in items] == [True, True, False]


async def test_what_cannot_change_any_more_is_told_without_the_gateway(desk: Desk) -> None:
    first = await desk.get(since=PAST, limit=50)
    desk.rig.exchange.close()
    desk.market._find_gateway = at(None)
    assert (await desk.get(since=PAST, limit=50)).json() == first.json()
    assert desk.market.readings() == {"market_cache_hits": 1, "market_cache_misses": 1}
    problem = problem_of(await desk.get(since=PAST, limit=51), 503, "exchange_unreachable")
    assert "gateway" in problem["detail"]


async def test_a_wrong_question_names_its_field(desk: Desk) -> None:
    later, earlier = "2026-11-22T12:00:00Z", "2026-11-21T12:00:00Z"
    for field, query in (
        ("exchange", {"exchange": "nowhere"}),
        ("exchange", {"exchange": "../x"}),
        ("pair", {"pair": "NOPE/USDT"}),
        ("timeframe", {"timeframe": "7m"}),
        ("type", {"type": "index"}),
        ("limit", {"limit": 1001}),
        ("since", {"since": "yesterday"}),
        ("after", {"after": "nonsense"}),
        ("until", {"since": later, "until": earlier}),
    ):
        problem = problem_of(await desk.get(**query), 422, "invalid_spec")
        assert problem["params"]["field"] == field, query


async def test_an_exchange_that_is_away_is_said_with_when_to_try_again(desk: Desk) -> None:
    await desk.rig.gateway.http.close()

    def away(request: httpx.Request) -> httpx.Response:
        headers = {"Retry-After": "17", INCARNATION_HEADER: "gateway"}
        return httpx.Response(503, json={"message": "Away.", "field": None}, headers=headers)

    market = MarketData(at("http://gateway"), InProcessCache(), httpx.MockTransport(away))
    desk.world.app.state.services = replace(desk.world.app.state.services, market=market)
    answer = await desk.get()
    assert problem_of(answer, 503, "exchange_unreachable")["detail"] == "Away."
    assert answer.headers["Retry-After"] == "17"
    await market.aclose()


async def test_of_one_user_only_so_many_are_worked_on_at_a_time(world: World) -> None:
    asked, on = asyncio.Semaphore(0), asyncio.Event()

    async def slow(_: httpx.Request) -> httpx.Response:
        asked.release()
        await on.wait()
        page = {"columns": ["date"], "rows": [], "partial": False, "next": None}
        return httpx.Response(200, json=page, headers={INCARNATION_HEADER: "gateway"})

    market = MarketData(at("http://gateway"), InProcessCache(), httpx.MockTransport(slow))
    world.app.state.services = replace(world.app.state.services, market=market)
    query = {"exchange": "paper", "pair": "BTC/USDT"}
    async with asyncio.timeout(PATIENT_SECONDS):
        tasks = [asyncio.create_task(world.client.get(URL, params=query)) for _ in range(CANDLE_REQUESTS_PER_USER)]
        for _ in tasks:
            await asked.acquire()
        third = await world.client.get(URL, params=query)
        problem_of(third, 429, "too_many_requests")
        other = asyncio.create_task(world.client_of(OTHER).get(URL, params=query))
        await asked.acquire()
        on.set()
        assert {(await task).status_code for task in [*tasks, other]} == {200}
    assert (await world.client.get(URL, params=query)).status_code == 200
    await market.aclose()


async def test_without_a_gateway_it_is_said(world: World) -> None:
    world.app.state.services = replace(world.app.state.services, market=None)
    answer = await world.client.get(URL, params={"exchange": "paper", "pair": "BTC/USDT"})
    problem_of(answer, 503, "exchange_unreachable")


async def test_a_feather_file(desk: Desk) -> None:
    query = {"exchange": "paper", "pair": "BTC/USDT", "timeframe": "1m", "since": PAST, "limit": 100}
    answer = await desk.world.client.get(URL, params=query, headers={"Accept": ARROW})
    assert (answer.status_code, answer.headers["content-type"]) == (200, ARROW)
    table = feather.read_table(io.BytesIO(answer.content))
    assert table.column_names == ["date", "open", "high", "low", "close", "volume"]
    assert table.num_rows == 100
    following = await desk.get(after=answer.headers["X-Flotilla-Next"], limit=1)
    assert following.json()["items"][0]["opens_at"] == iso(PAST + 100 * MINUTE)
