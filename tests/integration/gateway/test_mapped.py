"""Candles as bots map them, of the real gateway with its worker over the real paper exchange: the rows that were
answered, and nothing asked of the exchange for them."""

import json
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from pool.contract.mapped import (
    ASKED_HEADER,
    COLUMNS,
    HEAD_BYTES,
    KEPT_HEADER,
    MAPPED,
    NUMBER_HEADER,
    SERIES_HEADER,
    TAKEN_HEADER,
    Head,
    LatestCandles,
    digest,
    parted,
)
from pool.contract.market import BOT_HEADER, INCARNATION_HEADER, TENANT_HEADER
from pool.exchange.gateway.clocks import Clock, steady_clock
from tests.integration.gateway.rigs import CANDLES, Clocks, Reply, Rig, Scripted, gateway, json_of
from tests.integration.simulator.conftest import Rig as Paper
from tests.support import PATIENT_SECONDS, eventually

SERIES = LatestCandles(symbol="BTC/USDT", timeframe="1m", limit=100)
PATH = "/api/v3/klines?interval=1m&limit=100&symbol=BTCUSDT"
PADDING = "0" * 600
BOT = {SERIES_HEADER: SERIES.header(), TENANT_HEADER: "pool"}
KEPT = {KEPT_HEADER: "1"}


class Machine(Clocks):
    """Its clocks, as they are."""

    def clock(self) -> Clock:
        return Clock()


@pytest.fixture
async def real(paper: Paper, tmp_path: Path) -> AsyncIterator[Rig]:
    async with gateway(tmp_path / "gateway", paper.url, Machine()) as rig:
        yield rig


async def poll(rig: Rig, after: int = 0, wait_ms: int = 0, tenant: str = "pool") -> tuple[int, dict[str, bytes]]:
    query = {"after": after, "wait_ms": wait_ms}
    async with rig.http.get(f"{rig.url}{MAPPED}", params=query, headers={TENANT_HEADER: tenant}) as reply:
        assert reply.status == 200
        assert INCARNATION_HEADER in reply.headers
        return int(reply.headers[NUMBER_HEADER]), dict(parted(await reply.read()))


def rows(content: bytes) -> list[list[float]]:
    head = Head.of(content)
    assert head is not None
    times = struct.unpack_from(f"={head.rows}q", content, HEAD_BYTES)
    values = struct.unpack_from(f"={COLUMNS * head.rows}d", content, HEAD_BYTES + 8 * head.rows)
    columns = [values[number * head.rows : (number + 1) * head.rows] for number in range(COLUMNS)]
    return [list(row) for row in zip(times, *columns, strict=True)]


def answered(reply: Reply) -> list[list[float]]:
    return [[row[0], *map(float, row[1:6])] for row in json.loads(reply.body)]


def asked(paper: Paper) -> int:
    return paper.exchange.front.counters["GET /api/v3/klines"]


async def metrics(rig: Rig) -> dict[str, float]:
    async with rig.http.get(f"{rig.url}/metrics") as reply:
        lines = [
            line.rpartition(" ") for line in (await reply.text()).splitlines() if line.startswith("gateway_mapped")
        ]
    return {name: float(value) for name, _, value in lines}


async def test_what_bots_were_answered_can_be_mapped_and_the_exchange_is_not_asked_for_it(
    real: Rig, paper: Paper
) -> None:
    await poll(real)
    began = steady_clock()
    before = asked(paper)
    replies: list[Reply] = []

    async def made() -> dict[str, bytes]:
        """Another asks meanwhile: after the close of a minute an answer is right for a second, and might be gone."""
        replies.append(await real.get(PATH, CANDLES, **{**BOT, BOT_HEADER: f"bot-{len(replies)}"}))
        assert replies[-1].status == 200
        return (await poll(real, wait_ms=2_000))[1]

    found = await eventually(made)
    misses = sum(reply.how == "miss" for reply in replies)
    assert asked(paper) - before == misses, "nobody but bots"
    assert found.keys() == {SERIES.name("paper")}
    (content,) = found.values()
    assert rows(content) in [answered(reply) for reply in replies]
    head = Head.of(content)
    assert head is not None
    assert head.url == digest(str(URL(paper.url + PATH)))
    assert began <= head.asked_boot <= steady_clock()
    assert abs(head.asked_ms / 1000 - time.time()) < PATIENT_SECONDS
    told = await metrics(real)
    assert told["gateway_mapped_made_total"] >= 1
    assert (told["gateway_mapped_series"], told["gateway_mapped_bytes"]) == (1, len(content))


async def test_its_own_looks_are_not_counted_as_asked_of_the_gateway(real: Rig) -> None:
    await poll(real)
    bots = 0

    async def made() -> bool:
        nonlocal bots
        bots += 1
        await real.get(PATH, CANDLES, **{**BOT, BOT_HEADER: f"bot-{bots}"})
        return bool((await poll(real, wait_ms=2_000))[1])

    await eventually(made)
    (state,) = (await real.state())["exchanges"]
    others = [path for _, _, _, path in real.budgets.asked if not path.endswith("klines")]
    assert state["requests"] == bots + len(others), "and markets, of the worker"


async def test_without_an_agent_that_asks_nothing_is_made(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/klines"] = json_of(json.dumps([[1, PADDING]]))
    await poll(rig, tenant="another")
    assert (await rig.get("/klines", CANDLES, **BOT)).status == 200
    assert (await metrics(rig))["gateway_mapped_series"] == 0


async def test_only_what_was_answered_in_common_and_well_is_wanted(rig: Rig, exchange: Scripted) -> None:
    """What an exchange says to one alone, or refuses, memory never has."""
    await poll(rig)
    exchange.handlers["/klines"] = lambda _: web.json_response({"code": -1}, status=400)
    assert (await rig.get("/klines", CANDLES, **BOT)).status == 400
    exchange.handlers["/klines"] = json_of("[]")
    assert (await rig.get("/klines?signature=1", CANDLES, **BOT)).how == "pass"
    assert (await rig.ask("POST", "/klines", headers=BOT)).how == "pass"
    assert (await metrics(rig))["gateway_mapped_series"] == 0
    await rig.get("/klines", CANDLES, **BOT)
    assert (await metrics(rig))["gateway_mapped_series"] == 1


async def test_what_is_kept_is_told_with_its_moment_and_nothing_else_is(rig: Rig, exchange: Scripted) -> None:
    now = rig.clocks.now_ms()
    minute = now // 60_000 * 60_000
    exchange.handlers["/klines"] = json_of(json.dumps([[minute - 60_000, PADDING], [minute, PADDING]]))
    assert (await rig.get("/klines", CANDLES, **KEPT)).status == 404
    assert exchange.asked == []
    first = await rig.get("/klines", CANDLES)
    rig.clocks.ahead += 2
    kept = await rig.get("/klines", CANDLES, **KEPT)
    assert (kept.status, kept.how, kept.body) == (200, "hit", first.body)
    assert kept.headers[ASKED_HEADER] == f"{now / 1000!r} {now} 0"
    assert ASKED_HEADER not in first.headers
    rig.clocks.ahead += 60
    assert (await rig.get("/klines", CANDLES, **KEPT)).status == 404, "it is not right any more"
    assert exchange.count("/klines") == 1


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("POST", "/klines", {}),
        ("DELETE", "/klines", {}),
        ("GET", "/klines?signature=1", {}),
        ("GET", "/klines", {"headers": {**KEPT, "X-MBX-APIKEY": "key"}}),
        ("GET", "/klines", {"data": b"{}"}),
    ],
    ids=["post", "delete", "signed", "key", "body"],
)
async def test_what_could_never_be_kept_is_not_asked_of_the_exchange_either(
    rig: Rig, exchange: Scripted, method: str, path: str, more: dict[str, Any]
) -> None:
    """Some exchanges are asked for candles by POST."""
    exchange.handlers["/klines"] = json_of("[]")
    reply = await rig.ask(method, path, **{"headers": KEPT, **more})
    assert reply.status == 404
    assert exchange.asked == []


@pytest.mark.parametrize(
    ("taken", "counted"),
    [("paper=0", 0), ("paper=7", 7), ("kraken=5;paper=7", 7), ("paper=99999", 99_999), ("paper=100000", 0), ("", 0)],
)
async def test_what_bots_took_counts_as_asked_and_answered_from_memory(
    rig: Rig, exchange: Scripted, taken: str, counted: int
) -> None:
    exchange.handlers["/klines"] = json_of(json.dumps([[1, PADDING]]))
    assert (await rig.get("/klines", CANDLES, **{**BOT, TAKEN_HEADER: "paper=3"})).how == "miss", (
        "bots tell their agent"
    )
    headers = {TENANT_HEADER: "pool", TAKEN_HEADER: taken}
    async with rig.http.get(f"{rig.url}{MAPPED}?after=0&wait_ms=0", headers=headers) as reply:
        assert reply.status == 200
    (state,) = (await rig.state())["exchanges"]
    assert (state["requests"], state["hits"], state["upstream"]) == (1 + counted, counted, 1)


async def test_a_gateway_that_makes_none_says_that_there_is_nothing(exchange: Scripted, tmp_path: Path) -> None:
    exchange.handlers["/klines"] = json_of(json.dumps([[1, PADDING]]))
    async with gateway(tmp_path / "gateway", exchange.url, exchange.clocks, mapped=False) as rig:
        async with rig.http.get(f"{rig.url}{MAPPED}", headers={TENANT_HEADER: "pool"}) as reply:
            assert reply.status == 404
        assert (await rig.get("/klines", CANDLES, **BOT)).status == 200
        assert (await metrics(rig))["gateway_mapped_series"] == 0


async def test_other_than_numbers_are_refused(rig: Rig) -> None:
    async with rig.http.get(f"{rig.url}{MAPPED}?after=x", headers={TENANT_HEADER: "pool"}) as reply:
        assert reply.status == 422
