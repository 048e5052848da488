"""ccxt as it comes, on the paper exchange, beside the same through the gateway."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pool.contract.market import Kind
from pool.exchange.urls import paper_urls
from tests.integration.gateway.rigs import Behind, Clocks, Rig, gateway
from tests.integration.simulator.conftest import Rig as Paper

PAIRS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
CALLS: dict[str, tuple[Kind, Callable[[Any], Awaitable[Any]]]] = {
    "markets": (Kind(name="markets"), lambda client: client.fetch_markets()),
    "candles": (Kind(name="candles", timeframe=60), lambda client: client.fetch_ohlcv(PAIRS[0], "1m", limit=300)),
    "hours": (Kind(name="candles", timeframe=3600), lambda client: client.fetch_ohlcv(PAIRS[0], "1h", limit=300)),
    "days": (Kind(name="candles", timeframe=86_400), lambda client: client.fetch_ohlcv(PAIRS[1], "1d")),
    "weeks": (Kind(name="candles", timeframe=604_800), lambda client: client.fetch_ohlcv(PAIRS[1], "1w")),
    "months": (Kind(name="candles", timeframe=2_592_000), lambda client: client.fetch_ohlcv(PAIRS[1], "1M")),
    "book": (Kind(name="book"), lambda client: client.fetch_order_book(PAIRS[2], 20)),
    "ticker": (Kind(name="ticker"), lambda client: client.fetch_ticker(PAIRS[0])),
    "tickers": (Kind(name="ticker"), lambda client: client.fetch_tickers()),
    "trades": (Kind(name="trades"), lambda client: client.fetch_trades(PAIRS[0], limit=50)),
}


@asynccontextmanager
async def clients(paper: Paper, rig: Rig, count: int, **keys: str) -> AsyncIterator[list[Behind]]:
    made = [Behind({"enableRateLimit": False, **keys}) for _ in range(count)]
    for client in made:
        client.gateway = rig.url
        client.urls["api"] = paper_urls(paper.url, client.urls["api"])
        paper.follow(client)
    try:
        yield made
    finally:
        for client in made:
            await client.close()


async def test_every_answer_is_the_exchanges_own_to_the_bit(paper: Paper, tmp_path: Path) -> None:
    paper.stand_still()
    clocks = Clocks(at=paper.now_ms)
    async with gateway(tmp_path / "gateway", paper.url, clocks) as rig, clients(paper, rig, 2) as (one, two):
        plain = paper.client()
        await plain.load_markets()
        for client in (one, two):
            client.set_markets(plain.markets, plain.currencies)
        for name, (kind, call) in CALLS.items():
            wanted, body = await call(plain), plain.last_http_response
            for client, how in ((one, "miss"), (two, "hit")):
                client.kind = kind
                assert await call(client) == wanted, name
                assert client.last_http_response == body, name
                assert client.last_response_headers["X-Flotilla-Cache"] == how, name


async def test_a_fleet_asks_once(paper: Paper, tmp_path: Path) -> None:
    """Twenty bots that ask for the same pairs on each of three minutes."""
    paper.stand_still()
    clocks = Clocks(at=paper.now_ms)
    async with gateway(tmp_path / "gateway", paper.url, clocks) as rig, clients(paper, rig, 20) as fleet:
        plain = paper.client()
        await plain.load_markets()
        for client in fleet:
            client.set_markets(plain.markets, plain.currencies)
            client.kind = Kind(name="candles", timeframe=60)
        counted = paper.exchange.front.counters
        before = counted["GET /api/v3/klines"]
        for minute in range(3):
            asked = [client.fetch_ohlcv(pair, "1m", limit=100) for client in fleet for pair in PAIRS]
            answers = await asyncio.gather(*asked)
            current = paper.now_ms() // 60_000 * 60_000
            assert {answer[-1][0] for answer in answers} == {current}, minute
            paper.pass_seconds(60)
        assert counted["GET /api/v3/klines"] - before == 3 * len(PAIRS)
        (state,) = (await rig.state())["exchanges"]
        assert state["upstream"] == 9
        assert state["hits"] + state["joined"] == 3 * 60 - 9


async def test_orders_pass_with_their_signatures_and_are_nobody_elses(paper: Paper, tmp_path: Path) -> None:
    clocks = Clocks(at=paper.now_ms)
    made = await paper.control("POST", "accounts", balances={"USDT": "1000"})
    keys = {"apiKey": made["key"], "secret": made["secret"]}
    async with gateway(tmp_path / "gateway", paper.url, clocks) as rig, clients(paper, rig, 1, **keys) as (trader,):
        await trader.load_markets()
        order = await trader.create_order("BTC/USDT", "limit", "buy", 0.001, 20_000)
        assert (await trader.fetch_order(order["id"], "BTC/USDT"))["status"] == "open"
        assert (await trader.cancel_order(order["id"], "BTC/USDT"))["status"] == "canceled"
        assert (await trader.fetch_order(order["id"], "BTC/USDT"))["status"] == "canceled"
        assert (await trader.fetch_balance())["USDT"]["free"] == 1000
        assert trader.last_response_headers["X-Flotilla-Cache"] == "pass"
