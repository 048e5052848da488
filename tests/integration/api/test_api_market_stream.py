"""Live prices over a real server: as Server-Sent Events, and as messages of a WebSocket."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from sqlmodel import delete
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.market import streaming
from api.market.streaming import MOST_PAIRS, tickers_of
from orchestrator.errors import ExchangeUnreachable
from orchestrator.users.models import SessionModel
from tests.fakes.signed_in import token_of
from tests.integration.api.world import OWNER, World, problem_of
from tests.integration.stream.sse import Stream
from tests.support import PATIENT_SECONDS, eventually

URL = "/api/v1/market/stream"
QUERY = {"exchange": "paper", "pair": ["BTC/USDT", "ETH/USDT"]}


@dataclass
class FakeMarket:
    prices: dict[str, float] = field(default_factory=lambda: {"BTC/USDT": 57301.33, "ETH/USDT": 1e-7})
    away: bool = False

    async def tickers(self, exchange: str, trading_mode: str, pairs: Sequence[str]) -> dict[str, dict[str, Any]]:
        if self.away:
            raise ExchangeUnreachable("Away.", retry_after_seconds=7)
        return {pair: {"timestamp": 5, "last": self.prices[pair]} for pair in pairs if pair in self.prices}


@pytest.fixture
def market(world: World) -> FakeMarket:
    market = FakeMarket()
    world.app.state.services = replace(world.app.state.services, market=market)
    return market


@asynccontextmanager
async def listening(client: httpx.AsyncClient, **query: Any) -> AsyncIterator[Stream]:
    async with client.stream("GET", URL, params={**QUERY, **query}) as response:
        assert response.status_code == 200, await response.aread()
        yield Stream(response)


def socket_of(client: httpx.AsyncClient, query: str, **headers: str) -> connect:
    base = str(client.base_url).replace("http", "ws").rstrip("/")
    return connect(f"{base}{URL}?{query}", additional_headers=headers, proxy=None, open_timeout=PATIENT_SECONDS)


async def heard(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENT_SECONDS):
        return dict(json.loads(await socket.recv()))


async def test_prices_come_at_connect_and_when_they_changed(world: World, market: FakeMarket) -> None:
    async with world.serving() as client, listening(client) as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        first = {event.data["pair"]: event for event in await stream.take(2)}
        assert {event.name for event in first.values()} == {"ticker"}
        assert {pair: event.data["last"] for pair, event in first.items()} == {
            "BTC/USDT": "57301.33",
            "ETH/USDT": "0.0000001",
        }
        assert first["BTC/USDT"].data["exchange"] == "paper"
        market.prices["BTC/USDT"] = 57302.0
        event = await stream.next(PATIENT_SECONDS)
        assert (event.data["pair"], event.data["last"], event.data["at_ms"]) == ("BTC/USDT", "57302", 5)
        market.away = True
        event = await stream.next(PATIENT_SECONDS)
        assert (event.name, event.data) == ("trouble", {"exchange": "paper", "detail": "Away."})
    tickers = tickers_of(world.app.state)
    assert tickers is not None
    await eventually(lambda: tickers.open == 0)
    assert world.app.state.market_streams.open == 0


async def test_a_quiet_stream_beats(world: World, market: FakeMarket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.05)
    async with world.serving() as client, listening(client) as stream:
        await stream.take(2)
        assert (await stream.next(PATIENT_SECONDS, comments=True)).comment == "ping"


async def test_what_is_wrong_is_refused_before_it_begins(world: World, market: FakeMarket) -> None:
    async def refused(status: int, **query: Any) -> dict[str, Any]:
        return problem_of(await world.client.get(URL, params={**QUERY, **query}), status)

    assert (await refused(422, pair="NOPE/USDT"))["params"]["field"] == "pair"
    assert (await refused(422, type="mark"))["params"]["field"] == "type"
    assert (await refused(422, pair=[f"A{number}/USDT" for number in range(MOST_PAIRS + 1)]))["params"]["field"]
    assert (await refused(422, pair=[]))["params"]["field"] == "pair"
    market.away = True
    assert (await refused(503))["detail"] == "Away."
    assert world.app.state.market_streams.open == 0
    problem_of(await world.client_of(None).get(URL, params=QUERY), 401)


async def test_a_browser_opens_it_with_a_ticket(world: World, market: FakeMarket) -> None:
    async with world.serving() as client:
        answer = await client.post("/api/v1/auth/tickets", json={"purpose": "market"})
        ticket = answer.json()["ticket"]
        del client.headers["Authorization"]
        async with listening(client, ticket=ticket) as stream:
            assert (await stream.next(PATIENT_SECONDS)).name == "ticker"
        problem_of(await client.get(URL, params={**QUERY, "ticket": ticket}), 401)


async def test_one_user_holds_so_many(world: World, market: FakeMarket) -> None:
    world.app.state.market_streams._limit = 1
    async with world.serving() as client, listening(client) as stream:
        await stream.next(PATIENT_SECONDS)
        problem_of(await client.get(URL, params=QUERY), 429)
    async with world.serving() as client, listening(client) as stream:
        await stream.next(PATIENT_SECONDS)


async def test_a_websocket_tells_the_same(world: World, market: FakeMarket) -> None:
    signed_in = {"Authorization": f"Bearer {token_of(OWNER)}"}
    async with world.serving() as client:
        async with socket_of(client, "exchange=paper&pair=BTC/USDT", **signed_in) as socket:
            first = await heard(socket)
            assert (first["event"], first["pair"], first["last"]) == ("ticker", "BTC/USDT", "57301.33")
            market.prices["BTC/USDT"] = 1.5
            assert (await heard(socket))["last"] == "1.5"
        await eventually(lambda: world.app.state.market_streams.open == 0)
        for query, headers, status in (
            ("exchange=paper&pair=BTC/USDT", {}, 401),
            ("exchange=paper", signed_in, 422),
            ("exchange=paper&pair=NOPE/USDT", signed_in, 422),
            ("exchange=paper&pair=BTC/USDT&type=mark", signed_in, 422),
        ):
            with pytest.raises(InvalidStatus) as refused:
                async with socket_of(client, query, **headers):
                    pass
            assert refused.value.response.status_code == status


async def test_both_end_with_the_sign_in(world: World, market: FakeMarket) -> None:
    signed_in = {"Authorization": f"Bearer {token_of(OWNER)}"}
    async with world.serving() as client, listening(client) as stream:
        await stream.take(2)
        async with socket_of(client, "exchange=paper&pair=BTC/USDT", **signed_in) as socket:
            await heard(socket)
            async with world.rig.database.unit_of_work() as session:
                await session.exec(delete(SessionModel))  # type: ignore[call-overload]
            await stream.until_end(PATIENT_SECONDS)
            with pytest.raises(ConnectionClosed) as closed:
                await heard(socket)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
