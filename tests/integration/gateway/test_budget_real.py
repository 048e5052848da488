"""A paper exchange with a small weight limit, of which too much is asked, behind a gateway with real budgets."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from pool.contract.market import Kind, PermitRequest, Priority, behind
from pool.exchange.gateway.budget import Budgets
from pool.exchange.gateway.clocks import Clock
from pool.exchange.gateway.disk import Disk, boot_id
from pool.exchange.gateway.running import Options, Parts, running
from pool.exchange.gateway.server import serve
from pool.exchange.gateway.tables import Tables
from pool.exchange.gateway.upstream import Upstream
from pool.exchange.simulator.server import serve as serve_paper
from tests.integration.gateway.rigs import Reply
from tests.integration.simulator.conftest import Rig as Paper
from tests.support import PATIENT_SECONDS, eventually

MARKETS = Kind(name="markets").header()
INTERVALS = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d")


@dataclass
class Timed(Budgets):
    """Their time is the paper exchange's."""

    now_ms: Callable[[], int] = lambda: 0

    def unix(self, monotonic: float) -> float:
        return self.now_ms() / 1000 + monotonic - self.clock()


@dataclass
class Behind:
    """A gateway, and who asks it."""

    url: str
    paper: Paper
    budgets: Budgets
    http: aiohttp.ClientSession

    async def ask(
        self, path: str, priority: Priority = "data", tenant: str = "t", method: str = "GET", **headers: str
    ) -> Reply:
        told = {"X-Flotilla-Priority": priority, "X-Flotilla-Tenant": tenant, **headers}
        url = URL(behind(self.url, "paper", self.paper.url + path), encoded=True)
        async with self.http.request(method, url, headers=told) as reply:
            return Reply(reply.status, await reply.read(), dict(reply.headers))

    async def klines(self, number: int, priority: Priority = "data", tenant: str = "t") -> Reply:
        """What no other number asks for: two weights."""
        interval, limit = INTERVALS[number % len(INTERVALS)], 100 + number // len(INTERVALS)
        return await self.ask(f"/api/v3/klines?symbol=BTCUSDT&interval={interval}&limit={limit}", priority, tenant)

    async def cancel(self) -> Reply:
        """One weight; that nobody signed it the exchange itself says."""
        return await self.ask("/api/v3/order?symbol=BTCUSDT&orderId=1", "cancel", method="DELETE")

    async def charged(self) -> Any:
        return await self.paper.control("GET", "weight-limit")

    async def state(self) -> dict[str, Any]:
        async with self.http.get(f"{self.url}/v1/state") as reply:
            [state] = (await reply.json())["exchanges"]
            return dict(state)


class Dated:
    """The paper exchange with the `Date` of its own clock."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        reply = await self._paper.exchange.front.answer(request)
        reply.headers["Date"] = formatdate(self._paper.now_ms() / 1000, usegmt=True)
        return reply


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Read once for all tests here."""
    return tmp_path_factory.mktemp("tables")


@pytest.fixture
async def paper(tmp_path: Path) -> AsyncIterator[Paper]:
    """Five seconds into a minute, in which it stays until a test lets time pass."""
    paper = Paper(tmp_path)
    paper.stand_still()
    paper._ahead_ms += 65_000 - paper.now_ms() % 60_000
    runner, port = await serve_paper(Dated(paper), "127.0.0.1", 0)  # type: ignore[arg-type]
    paper.url = f"http://127.0.0.1:{port}"
    yield paper
    await paper.close()
    await runner.cleanup()
    paper.exchange.close()


@asynccontextmanager
async def gateway(paper: Paper, directory: Path, tables: Path, **limits: Any) -> AsyncIterator[Behind]:
    """`limits` as of `Upstream`."""
    directory.mkdir(parents=True, exist_ok=True)
    of_ccxt = Tables(tables, paper.url)
    budgets = Timed(of_ccxt, now_ms=paper.now_ms, jitter=lambda: 0.0)
    clock = Clock(lambda: paper.now_ms() / 1000, paper.now_ms)
    parts = Parts(of_ccxt, budgets, Upstream(**limits), clock, Disk(directory / "answers.sqlite", boot_id()))
    async with running(Options(directory, paper.url), parts) as answer:
        runner, port = await serve(answer, "127.0.0.1", 0)
        try:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
                yield Behind(f"http://127.0.0.1:{port}", paper, budgets, http)
        finally:
            await runner.cleanup()


@pytest.fixture
async def behind_it(paper: Paper, tmp_path: Path, tables: Path) -> AsyncIterator[Behind]:
    async with gateway(paper, tmp_path / "gateway", tables) as one:
        yield one


async def limited(one: Behind, limit: int) -> None:
    """The exchange has this limit from now on, and has told it."""
    await one.paper.control("POST", "weight-limit", limit=limit)
    reply = await one.ask("/api/v3/exchangeInfo", **{"X-Flotilla-Kind": MARKETS})
    assert reply.status == 200


async def test_many_askers_bring_no_429_and_every_minute_is_used(behind_it: Behind) -> None:
    await limited(behind_it, 200)
    answered = Counter[int]()
    for minute in range(3):
        asks = [behind_it.klines(minute * 150 + number, tenant=f"t{number % 7}") for number in range(150)]
        replies = await asyncio.gather(*asks, *(behind_it.cancel() for _ in range(5)))
        assert all(reply.refused is None for reply in replies[150:]), "cancels pass whatever data asks for"
        assert {reply.refused for reply in replies[:150] if reply.status == 429} == {"budget"}
        assert {reply.status for reply in replies[:150]} == {200, 429}
        answered[minute] = sum(reply.status == 200 for reply in replies[:150])
        behind_it.paper.pass_seconds(60)
    counts = await behind_it.charged()
    assert (counts["refused"], counts["banned"]) == (0, 0)
    assert 47 <= answered[0] <= 50, "the list of markets weighs twenty, the cancels five of what data may use"
    assert all(57 <= answered[minute] <= 60 for minute in (1, 2)), answered
    [budget] = (await behind_it.state())["budgets"]
    assert budget["limit"] == 200
    assert budget["refused"] == 450 - sum(answered.values())


async def test_exits_are_answered_while_data_waits_and_data_when_the_minute_is_over(behind_it: Behind) -> None:
    await limited(behind_it, 100)
    behind_it.paper.pass_seconds(52)
    waiting = [asyncio.ensure_future(behind_it.klines(number)) for number in range(60)]
    await eventually(lambda: sum(task.done() for task in waiting) == 20)
    for _ in range(20):
        reply = await asyncio.wait_for(behind_it.cancel(), PATIENT_SECONDS)
        assert (reply.refused, reply.status) == (None, 401)
    assert sum(task.done() for task in waiting) == 20
    assert (await behind_it.state())["budgets"][0]["waiting"] == 40
    behind_it.paper.pass_seconds(4)
    await behind_it.cancel()
    replies = await asyncio.wait_for(asyncio.gather(*waiting), PATIENT_SECONDS)
    assert Counter(reply.refused for reply in replies) == {None: 20 + 29, "budget": 11}
    counts = await behind_it.charged()
    assert (counts["refused"], counts["banned"]) == (0, 0)


async def test_who_asks_straight_with_the_same_address_counts(behind_it: Behind) -> None:
    await limited(behind_it, 200)
    for _ in range(40):
        await behind_it.paper.get("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=5")
    await behind_it.klines(1_000)
    replies = await asyncio.gather(*(behind_it.klines(number) for number in range(60)))
    assert sum(reply.status == 200 for reply in replies) == (120 - 20 - 80 - 2) // 2
    assert (await behind_it.charged())["refused"] == 0


async def test_permits_leave_less_for_data(behind_it: Behind) -> None:
    await limited(behind_it, 200)
    wanted = PermitRequest(
        exchange="paper", url=f"{behind_it.paper.url}/api/v3/account", method="GET", priority="order"
    ).model_dump_json()
    for _ in range(4):
        async with behind_it.http.post(f"{behind_it.url}/v1/permits", data=wanted) as reply:
            assert reply.status == 204
    replies = await asyncio.gather(*(behind_it.klines(number) for number in range(60)))
    assert sum(reply.status == 200 for reply in replies) == (120 - 20 - 4 * 20) // 2


async def banned(one: Behind) -> None:
    """Somebody else on this machine went too far, and the gateway has heard it."""
    await limited(one, 100)
    for _ in range(80):
        await one.paper.get("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=5")
    assert (await one.charged())["banned"] > 0
    assert (await one.klines(2_000)).status == 418


async def asked_of_paper(one: Behind) -> int:
    counts = await one.charged()
    return int(counts["charged"] + counts["refused"] + counts["banned"])


async def test_while_banned_nothing_is_sent_not_even_by_the_next_gateway(
    paper: Paper, tmp_path: Path, tables: Path
) -> None:
    async with gateway(paper, tmp_path / "gateway", tables) as one:
        await banned(one)
        before = await asked_of_paper(one)
        replies = await asyncio.gather(*(one.klines(number) for number in range(30)), one.cancel())
        assert {(reply.status, reply.refused) for reply in replies} == {(429, "banned")}
        assert all(1 <= int(reply.headers["Retry-After"]) <= 130 for reply in replies)
        state = await one.state()
        assert (state["breaker"], state["refused_upstream"]) == ("banned", 1)
        assert "bans" in state["reason"]
    async with gateway(paper, tmp_path / "gateway", tables) as one:
        replies = await asyncio.gather(*(one.klines(number) for number in range(30)), one.cancel())
        assert {reply.refused for reply in replies} == {"banned"}
        assert await asked_of_paper(one) == before
        paper.pass_seconds(60)
        assert (await one.klines(1)).refused == "banned"
        paper.pass_seconds(66)
        replies = await asyncio.gather(*(one.klines(number) for number in range(20)))
        assert {reply.status for reply in replies} == {200}
        assert (await one.state())["breaker"] == "closed"


async def test_a_ban_is_on_disk_before_long_though_nothing_is_asked_after_it(
    paper: Paper, tmp_path: Path, tables: Path
) -> None:
    """Else a gateway that is killed would forget it."""

    def kept() -> str:
        with closing(sqlite3.connect(tmp_path / "answers.sqlite")) as connection:
            return "".join(text for (text,) in connection.execute("SELECT text FROM standings"))

    async with gateway(paper, tmp_path, tables) as one:
        await paper.control("POST", "faults", kind="latency", milliseconds=2_500, times=1)
        await paper.control("POST", "faults", kind="fail", status=418, times=1)
        late = asyncio.ensure_future(one.klines(1))
        await eventually(lambda: late.done() or kept(), message="what was asked is on disk while it is under way")
        assert (await late).status == 418
        await eventually(lambda: '"returning": true' in kept(), message="the ban is on disk")


async def test_where_half_of_the_endpoints_fail_the_others_answer(behind_it: Behind) -> None:
    await limited(behind_it, 10_000)
    await behind_it.paper.control("POST", "faults", kind="fail", path="/api/v3/klines", status=503)
    replies = [await behind_it.klines(number) for number in range(12)]
    assert [reply.refused for reply in replies] == [None] * 5 + ["open"] * 7
    assert {reply.status for reply in replies} == {503}
    depth = [await behind_it.ask(f"/api/v3/depth?symbol=BTCUSDT&limit={5 + number}") for number in range(20)]
    assert {reply.status for reply in depth} == {200}
    state = await behind_it.state()
    assert state["breaker"] == "closed"
    assert "GET /api/v3/klines" in state["reason"]
    await behind_it.paper.control("DELETE", "faults")
    behind_it.paper.pass_seconds(3)
    assert (await behind_it.klines(20)).status == 200
    assert (await behind_it.state())["reason"] is None
