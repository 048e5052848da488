"""Prices by websocket, of the paper exchange: the agent's watcher, the real gateway and its worker with ccxt's own
class. What falls silent, lags or breaks off is polled until it is back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from aiohttp import web

from pool.agent.asking import Asking
from pool.agent.watcher import Watcher
from pool.contract.frames import FollowFrame, LookFrame
from pool.contract.market import FeedState, GatewayState
from pool.contract.risk import Watch
from pool.exchange.gateway.clocks import Clock
from pool.exchange.gateway.disk import Disk, boot_id
from pool.exchange.gateway.running import Options, Parts, running
from pool.exchange.gateway.server import Handler, serve
from pool.exchange.gateway.upstream import Upstream
from tests.integration.gateway.rigs import OpenBudgets
from tests.integration.simulator.conftest import Rig as Paper
from tests.integration.simulator.conftest import rig as paper  # noqa: F401 (a fixture)
from tests.support import eventually, free_port

BOOK = "/*/ticker/bookTicker"


class Tables:
    def __init__(self, authority: str) -> None:
        self._authority = authority

    def allowed(self, exchange: str) -> frozenset[str]:
        return frozenset({self._authority} if exchange == "paper" else ())

    async def load(self, exchange: str) -> None:
        return None


class Server:
    """The gateway's, which can be away for a while."""

    def __init__(self, answer: Handler) -> None:
        self._answer = answer
        self._runner: web.ServerRunner | None = None
        self.port = 0

    async def start(self) -> None:
        self._runner, self.port = await serve(self._answer, "127.0.0.1", self.port or free_port())

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None


@dataclass
class Rig:
    paper: Paper
    gateway: Server
    watcher: Watcher
    entry: Any
    sent: list[Any]
    url: str

    def looks(self) -> list[LookFrame]:
        return [frame for frame in self.sent if isinstance(frame, LookFrame)]

    def follows(self) -> list[FollowFrame]:
        return [frame for frame in self.sent if isinstance(frame, FollowFrame)]

    def watch(self, below: int, market: Literal["spot", "linear"] = "spot") -> None:
        watch = Watch(trade_id=below, symbol="BTCUSDT", market=market, is_short=False, below=Decimal(below))
        self.watcher.watch(self.entry, [watch], 1)

    async def feed(self) -> FeedState | None:
        async with self.paper.http.get(f"{self.url}/v1/state") as reply:
            feeds = GatewayState.model_validate_json(await reply.read()).feeds
        return feeds[0] if feeds else None

    async def comes_by(self, way: str) -> None:
        async def is_so() -> FeedState | None:
            feed = await self.feed()
            return feed if feed is not None and (feed.way, feed.told) == (way, 1) else None

        await eventually(is_so, message=f"prices come by {way}")

    async def moving(self, price: int = 50_000) -> None:
        """From there on the market's own moves."""
        await self.paper.control("POST", "prices/set", symbol="BTCUSDT", price=price, after="follow")

    async def fault(self, kind: str, path: str = "*.binance.com/*", **more: Any) -> None:
        await self.paper.control("POST", "faults", kind=kind, path=path, **more)

    async def well(self) -> None:
        await self.paper.control("DELETE", "faults")

    async def woken(self, below: int) -> None:
        """By that price."""
        await eventually(lambda: any(below in frame.trade_ids for frame in self.looks()), message="the bot is woken")


@pytest.fixture
async def rig(paper: Paper, tmp_path: Path) -> AsyncIterator[Rig]:  # noqa: F811
    authority, sent = paper.url.removeprefix("http://"), list[Any]()
    parts = Parts(Tables(authority), OpenBudgets(), Upstream(), Clock(), Disk(tmp_path / "a.sqlite", boot_id()))
    async with running(Options(tmp_path, paper.url), parts) as answer:
        gateway = Server(answer)
        await gateway.start()
        facts = SimpleNamespace(spec=SimpleNamespace(exchange="paper"))
        entry: Any = SimpleNamespace(bot_id="bot", facts=facts, connection=SimpleNamespace(send=sent.append))
        keeper: Any = SimpleNamespace(entries={"bot": entry})
        url = f"http://127.0.0.1:{gateway.port}"
        watcher = Watcher(keeper, paper.url, Asking(url, "pool-1"))
        watching = asyncio.create_task(watcher.watch_prices())
        try:
            rig = Rig(paper, gateway, watcher, entry, sent, url)
            await rig.moving()
            yield rig
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await gateway.stop()


@pytest.mark.parametrize("market", ["spot", "linear"])
async def test_a_price_that_is_crossed_wakes_its_bot_by_websocket(rig: Rig, market: Literal["spot", "linear"]) -> None:
    rig.watch(30_000, market)
    await rig.comes_by("websocket")
    await eventually(rig.follows, message="the bot is told that its price is followed")
    assert rig.looks() == []
    await rig.fault("fail", BOOK)  # nobody can learn it by asking
    await rig.moving(29_000)
    await rig.woken(30_000)


async def test_a_websocket_that_lags_by_the_exchanges_time_is_polled(rig: Rig) -> None:
    rig.watch(30_000, "linear")
    await rig.comes_by("websocket")
    await rig.fault("stream_delayed", milliseconds=3_000)
    await rig.comes_by("polling")
    await rig.moving(29_000)
    await rig.woken(30_000)
    await rig.well()
    await rig.comes_by("websocket")


@pytest.mark.parametrize("kind", ["stream_silent", "stream_disconnect", "stream_dead"])
async def test_a_websocket_that_is_silent_or_breaks_is_polled_until_it_is_well(rig: Rig, kind: str) -> None:
    rig.watch(30_000)
    await rig.comes_by("websocket")
    await rig.fault(kind)
    await rig.comes_by("polling")
    await rig.moving(29_000)
    await rig.woken(30_000)
    await rig.well()
    await rig.comes_by("websocket")
    rig.watch(20_000)
    await rig.fault("fail", BOOK)
    await rig.moving(19_000)
    await rig.woken(20_000)


async def test_another_market_is_followed_and_what_was_open_stays_open(rig: Rig) -> None:
    rig.watch(30_000)
    await rig.comes_by("websocket")
    watches = [
        Watch(trade_id=number, symbol=symbol, is_short=False, below=Decimal(1))
        for number, symbol in enumerate(("BTCUSDT", "ETHUSDT"))
    ]
    rig.watcher.watch(rig.entry, watches, 2)
    streams = rig.paper.exchange.front.streams
    assert streams is not None
    await eventually(lambda: streams.subscribed() == ["btcusdt@bookTicker", "ethusdt@bookTicker"])

    async def both() -> FeedState | None:
        feed = await rig.feed()
        return feed if feed is not None and (feed.way, feed.symbols, feed.told) == ("websocket", 2, 2) else None

    await eventually(both)
    assert rig.paper.exchange.front.counters["GET /stream.binance.com/ws/0"] == 1


async def test_while_the_gateway_is_away_the_agent_asks_the_exchange_itself_and_goes_back(rig: Rig) -> None:
    rig.watch(30_000)
    await rig.comes_by("websocket")
    await rig.gateway.stop()
    await rig.moving(29_000)
    await rig.woken(30_000)
    await rig.gateway.start()
    await rig.comes_by("websocket")
    rig.watch(20_000)
    await rig.fault("fail", BOOK)
    await rig.moving(19_000)
    await rig.woken(20_000)
