"""A gateway that ends and comes back, and one whose disk is full."""

import json
import sqlite3
from pathlib import Path

import pytest
from aiohttp import web

from pool.contract.market import Kind
from pool.exchange.gateway.disk import Disk, _connect, boot_id
from tests.integration.gateway.rigs import CANDLES, START_MS, Rig, Scripted, gateway
from tests.support import eventually

MARKETS, BOOK, HOURS = Kind(name="markets"), Kind(name="book"), Kind(name="candles", timeframe=3600)
NOISE = "0" * 600


@pytest.fixture
def exchange(exchange: Scripted) -> Scripted:
    """With a list of markets, a book, and candles of the minute and hour in which the test's clocks stand."""

    def candles(request: web.BaseRequest) -> web.Response:
        length = int(request.query["length"]) * 1000
        return web.json_response([[exchange.clocks.now_ms() // length * length, exchange.clocks.now_ms(), NOISE]])

    exchange.handlers |= {
        "/klines": candles,
        "/markets": lambda _: web.json_response([NOISE]),
        "/book": lambda _: web.json_response([NOISE]),
    }
    return exchange


ASKED = {"/klines?length=60": CANDLES, "/klines?length=3600": HOURS, "/markets": MARKETS, "/book": BOOK}


async def ask(rig: Rig) -> list[str | None]:
    return [(await rig.get(path, kind)).how for path, kind in ASKED.items()]


async def test_what_is_fresh_still_is_there_after_a_restart(exchange: Scripted, tmp_path: Path) -> None:
    async with gateway(tmp_path, exchange.url, exchange.clocks) as rig:
        assert await ask(rig) == ["miss"] * 4
        body = (await rig.get("/klines?length=60", CANDLES)).body
    exchange.clocks.ahead += 40
    async with gateway(tmp_path, exchange.url, exchange.clocks) as rig:
        assert await ask(rig) == ["hit", "hit", "hit", "miss"]
        reply = await rig.get("/klines?length=60", CANDLES)
        assert (reply.body, int(reply.headers["X-Flotilla-Age"])) == (body, 40_000)
    exchange.clocks.ahead += 20
    async with gateway(tmp_path, exchange.url, exchange.clocks) as rig:
        assert await ask(rig) == ["miss", "hit", "hit", "miss"], "a minute is over"


async def test_a_clock_that_was_set_meanwhile_leaves_nothing(exchange: Scripted, tmp_path: Path) -> None:
    async with gateway(tmp_path, exchange.url, exchange.clocks) as rig:
        await ask(rig)
    exchange.clocks.jumped_ms = 5_000
    async with gateway(tmp_path, exchange.url, exchange.clocks) as rig:
        assert await ask(rig) == ["miss"] * 4


async def test_what_was_fetched_is_on_disk_before_the_end(exchange: Scripted, tmp_path: Path) -> None:
    """So a process that is killed leaves it."""
    async with gateway(tmp_path, exchange.url, exchange.clocks) as rig:
        await ask(rig)
        now = rig.clocks.clock().now()
        await eventually(lambda: len(Disk(tmp_path / "answers.sqlite", boot_id()).read(now)[0]) == 3)


async def test_how_budgets_stood_is_told_to_the_next(exchange: Scripted, tmp_path: Path) -> None:
    async with gateway(tmp_path, exchange.url, exchange.clocks) as rig:
        rig.budgets.json = '{"banned": true}'
        await ask(rig)
    async with gateway(tmp_path, exchange.url, exchange.clocks) as rig:
        assert rig.budgets.restored == '{"banned": true}'
        assert rig.budgets.unreadable is False
    with sqlite3.connect(tmp_path / "answers.sqlite") as connection:
        connection.execute("UPDATE standings SET text = 'nonsense'")
    async with gateway(tmp_path, exchange.url, exchange.clocks) as rig:
        assert rig.budgets.unreadable
        assert (await rig.get("/book", BOOK)).status == 200


async def test_a_full_disk_is_told_and_nobody_suffers(exchange: Scripted, tmp_path: Path) -> None:
    room: dict[str, int] = {"pages": 6}

    def small(file: Path) -> sqlite3.Connection:
        connection = _connect(file)
        connection.execute(f"PRAGMA max_page_count = {room['pages']}")
        return connection

    large = json.dumps([hash((START_MS, number)) for number in range(20_000)])
    exchange.handlers["/large"] = lambda _: web.Response(text=large, content_type="application/json")
    disk = Disk(tmp_path / "answers.sqlite", boot_id(), connect=small)
    async with gateway(tmp_path, exchange.url, exchange.clocks, disk) as rig:
        assert (await rig.get("/large", MARKETS)).how == "miss"

        async def told() -> bool:
            return any("full" in problem for problem in (await rig.state())["problems"])

        await eventually(told)
        assert (await rig.get("/large", MARKETS)).how == "hit"
        room["pages"] = 1_000_000
        exchange.clocks.ahead += 301
        assert (await rig.get("/large", MARKETS)).how == "miss"

        async def well() -> bool:
            return (await rig.state())["problems"] == []

        await eventually(well)
