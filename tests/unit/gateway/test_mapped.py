"""What is made for bots to map, for whom, and who is told."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from pool.contract.freshness import Moment
from pool.contract.mapped import NUMBER_HEADER, Head, LatestCandles, parted, size_of
from pool.contract.market import TENANT_HEADER
from pool.exchange.gateway.candles.series import Refused
from pool.exchange.gateway.candles.workers import Unavailable
from pool.exchange.gateway.mapped import service as services
from pool.exchange.gateway.mapped.metrics import MappedMetrics
from pool.exchange.gateway.mapped.service import MappedService
from tests.support import PATIENT_SECONDS

_LONG_MS = PATIENT_SECONDS * 1000
HERE = "10.0.0.1"
PORT = 8090


def series(symbol: str = "BTC/USDT") -> LatestCandles:
    return LatestCandles(symbol=symbol, timeframe="1m", limit=100)


def name(symbol: str = "BTC/USDT") -> str:
    return series(symbol).name("kraken")


def told(boot: float, rows: int = 1) -> dict[str, Any]:
    """As a worker tells them."""
    columns = base64.b64encode(bytes(size_of(rows))).decode()
    moment = {"asked_boot": boot, "asked_ms": int(boot * 1000), "skew_ms": 0}
    return {"rows": rows, **moment, "url": "https://x", "maker": "1", "columns": columns}


class World:
    """Bots, agents, their clock, and a worker that makes of what is kept what it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.kept: dict[str, float] = {}
        """By symbol: when the exchange was asked."""
        self.rows = 1
        self.answer: Any = None
        """In place of rows: an exception, or what else a worker may tell."""
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.ports: list[int] = []
        self.service = MappedService(self, self.ports.append, lambda: self.now)

    async def mapped(self, exchange: str, series: LatestCandles) -> dict[str, Any] | None:
        assert exchange == "kraken"
        self.asked.append(series.symbol)
        boot = self.kept.get(series.symbol)
        await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return dict(self.answer)
        return None if boot is None else told(boot, self.rows)

    def note(self, symbol: str = "BTC/USDT", boot: float = 1.0, tenant: str = "pool", peer: str = HERE) -> None:
        """As many bots as it takes were answered that, and the gateway keeps it."""
        for number in range(services.LEAST_BOTS):
            self.note_one(f"bot-{number}", symbol, boot, tenant, peer)

    def note_one(self, bot: str, symbol: str, boot: float, tenant: str = "pool", peer: str = HERE) -> None:
        self.kept[symbol] = max(boot, self.kept.get(symbol, 0.0))
        self.service.noted("kraken", series(symbol).header(), Moment(boot, int(boot * 1000), 0), bot, tenant, peer)

    async def noted(self, symbol: str = "BTC/USDT", boot: float = 1.0, tenant: str = "pool", peer: str = HERE) -> None:
        """The same, and what comes of it is done."""
        self.note(symbol, boot, tenant, peer)
        await self.settled()

    async def settled(self) -> None:
        while self.service._tasks:
            await asyncio.gather(*self.service._tasks)

    async def ask(self, query: str, tenant: str = "pool", peer: str = HERE) -> web.Response:
        transport = Mock()
        told = {"peername": (peer, 4711), "sockname": ("127.0.0.1", PORT)}
        transport.get_extra_info.side_effect = lambda name, default=None: told.get(name, default)
        request = make_mocked_request("GET", f"/v1/mapped{query}", {TENANT_HEADER: tenant}, transport=transport)
        answer = await self.service.answer(request)
        assert isinstance(answer, web.Response)
        return answer

    async def poll(
        self, after: int = 0, wait_ms: int = 0, tenant: str = "pool", peer: str = HERE
    ) -> tuple[int, dict[str, float]]:
        """What to ask after next, and by name when the exchange was asked."""
        answer = await self.ask(f"?after={after}&wait_ms={wait_ms}", tenant, peer)
        assert answer.status == 200
        assert isinstance(answer.body, bytes)
        heads = {name: Head.of(content) for name, content in parted(answer.body)}
        return int(answer.headers[NUMBER_HEADER]), {name: head.asked_boot for name, head in heads.items() if head}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    world.gate.set()
    await world.service.aclose()
    assert not world.service._tasks
    assert not world.service._busy


async def waiting(*tasks: asyncio.Task[Any]) -> None:
    """They have begun, and wait: nothing that is ready to run is left."""
    for _ in range(20):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


async def test_nothing_is_made_before_an_agent_of_that_address_and_tenant_asked_lately(world: World) -> None:
    await world.noted(boot=1)
    await world.poll(tenant="other")
    await world.poll(peer="10.0.0.2")
    await world.noted(boot=2)
    assert world.asked == []
    await world.poll()
    await world.noted(boot=3)
    assert world.asked == ["BTC/USDT"]
    world.now += 89.9
    await world.noted(boot=4)
    assert len(world.asked) == 2
    world.now += 0.1
    await world.noted(boot=5)
    assert len(world.asked) == 2, "its agent is gone"
    assert world.ports == [PORT] * 3


async def test_it_is_made_for_so_many_bots_only_that_it_pays(world: World) -> None:
    await world.poll()
    for boot in range(1, 9):
        for number in range(services.LEAST_BOTS - 1):
            world.note_one(f"bot-{number}", "BTC/USDT", float(boot))
    await world.settled()
    assert world.asked == []
    world.note_one("another", "BTC/USDT", 8.0)
    await world.settled()
    assert world.asked == ["BTC/USDT"]


async def test_it_is_made_once_of_each_answer_however_many_bots_have_it(world: World) -> None:
    await world.poll()
    for _ in range(5):
        world.note(boot=7)
    await world.noted(boot=7)
    await world.noted(boot=7)
    assert len(world.asked) == 1
    await world.noted(boot=6)
    assert len(world.asked) == 1, "it is older"
    await world.noted(boot=8)
    assert len(world.asked) == 2
    assert (await world.poll())[1] == {name(): 8.0}


async def test_of_answers_that_come_while_one_is_made_the_newest_is_made(world: World) -> None:
    """Not each of them, and none after a newer one."""
    await world.poll()
    world.gate.clear()
    world.note(boot=1)
    await waiting()
    for boot in (2, 3, 4):
        world.note(boot=boot)
    await waiting()
    assert len(world.asked) == 1
    world.gate.set()
    await world.settled()
    assert len(world.asked) == 2
    assert world.service.made == 2
    assert (await world.poll())[1] == {name(): 4.0}


async def test_what_is_older_than_what_was_made_is_not_told(world: World) -> None:
    await world.poll()
    await world.noted(boot=5)
    number, _ = await world.poll()
    world.answer = told(4.0)
    await world.noted(boot=6)
    assert await world.poll(number) == (number, {})


async def test_a_newer_answer_that_memory_had_already_is_not_made_again(world: World) -> None:
    await world.poll()
    world.kept["BTC/USDT"] = 2.0
    await world.noted(boot=1)
    await world.noted(boot=2)
    assert len(world.asked) == 1
    assert (await world.poll())[1] == {name(): 2.0}


async def test_whoever_asks_for_a_series_after_others_is_told_of_it(world: World) -> None:
    await world.poll()
    await world.noted()
    number, found = await world.poll(tenant="late")
    assert found == {}, "its bots did not ask for that"
    await world.noted(tenant="late")
    assert len(world.asked) == 1
    assert (await world.poll(number, tenant="late"))[1] == {name(): 1.0}
    await world.noted(tenant="late")
    assert (await world.poll(number + 1, tenant="late"))[1] == {}, "once"


async def test_who_waits_is_told_at_once_and_of_his_own_alone(world: World) -> None:
    await world.poll(tenant="other")
    polling = asyncio.create_task(world.poll(wait_ms=_LONG_MS))
    await waiting(polling)
    await world.noted("ETH/USDT", tenant="other")
    await waiting(polling)
    await world.noted()
    assert (await asyncio.wait_for(polling, PATIENT_SECONDS))[1] == {name(): 1.0}


async def test_who_waited_in_vain_is_answered_nothing_and_keeps_his_place(world: World) -> None:
    await world.poll()
    await world.noted()
    number, _ = await world.poll()
    assert await world.poll(number, wait_ms=20) == (number, {})
    await world.noted("ETH/USDT")
    assert (await world.poll(number))[1] == {name("ETH/USDT"): 1.0}


async def test_who_waits_counts_as_asking_until_he_is_answered(world: World) -> None:
    polling = asyncio.create_task(world.poll(wait_ms=50))
    await waiting(polling)
    world.now += 80
    await polling
    world.now += 80
    await world.noted()
    assert len(world.asked) == 1


async def test_a_wait_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "LONGEST_WAIT_MS", 20)
    assert await asyncio.wait_for(world.poll(wait_ms=10**9), PATIENT_SECONDS) == (0, {})


async def test_a_number_of_another_incarnation_is_answered_all(world: World) -> None:
    await world.poll()
    await world.noted()
    number, found = await world.poll(4711)
    assert found == {name(): 1.0}
    assert (await world.poll(number))[1] == {}


@pytest.mark.parametrize("query", ["?after=x", "?after=-1", "?after=1.5", "?wait_ms=", "?wait_ms=1e3", "?after=²"])
async def test_what_is_no_number_is_refused(world: World, query: str) -> None:
    assert (await world.ask(query)).status == 422


async def test_so_many_wait_from_one_address_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "PER_PEER", 2)
    polling = [asyncio.create_task(world.poll(wait_ms=_LONG_MS)) for _ in range(2)]
    await waiting(*polling)
    refused = await world.ask("?after=0&wait_ms=0")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
    assert await world.poll(peer="10.0.0.2") == (0, {})
    await world.noted()
    await asyncio.gather(*polling)
    assert (await world.ask("?after=0&wait_ms=0")).status == 200


async def test_an_answer_that_would_be_too_large_comes_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.poll()
    symbols = [f"C{number}/USDT" for number in range(5)]
    for symbol in symbols:
        await world.noted(symbol)
    each = world.service.bytes // 5
    monkeypatch.setattr(services, "_MOST_ANSWER_BYTES", 2 * each)
    after, parts = 0, []
    while True:
        after, found = await world.poll(after)
        if not found:
            break
        parts.append(list(found))
    assert [len(part) for part in parts] == [2, 2, 1]
    assert [one for part in parts for one in part] == [name(symbol) for symbol in symbols]


async def test_one_renewed_between_two_parts_is_told_as_it_is_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.poll()
    for symbol in ("A/USDT", "B/USDT", "C/USDT"):
        await world.noted(symbol)
    monkeypatch.setattr(services, "_MOST_ANSWER_BYTES", world.service.bytes // 3)
    after, found = await world.poll()
    assert found == {name("A/USDT"): 1.0}
    await world.noted("B/USDT", boot=2)
    after, found = await world.poll(after)
    assert found == {name("C/USDT"): 1.0}
    assert (await world.poll(after))[1] == {name("B/USDT"): 2.0}


async def test_so_many_series_and_no_more_those_asked_for_last(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_SERIES", 2)
    await world.poll()
    await world.noted("A/USDT")
    await world.noted("B/USDT")
    await world.noted("A/USDT")
    await world.noted("C/USDT")
    assert (await world.poll())[1].keys() == {name("A/USDT"), name("C/USDT")}
    assert_books(world, 2)


async def test_so_many_bytes_and_no_more_even_when_nobody_asks_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.poll()
    await world.noted("A/USDT")
    monkeypatch.setattr(services, "MOST_BYTES", 2 * world.service.bytes)
    world.gate.clear()
    for symbol in ("B/USDT", "C/USDT", "D/USDT"):
        world.note(symbol)
    world.gate.set()
    await world.settled()
    assert world.service.bytes <= services.MOST_BYTES
    assert (await world.poll())[1].keys() == {name("C/USDT"), name("D/USDT")}
    assert_books(world, 2)


async def test_bytes_are_those_of_what_is_held(world: World) -> None:
    await world.poll()
    for boot, rows in ((1.0, 5), (2.0, 900), (3.0, 20)):
        world.rows = rows
        await world.noted(boot=boot)
        assert_books(world, 1)
    await world.noted("ETH/USDT")
    assert_books(world, 2)


async def test_what_no_bot_asks_for_any_more_is_forgotten(world: World) -> None:
    await world.poll()
    await world.noted("A/USDT")
    world.now += 7_199
    await world.poll()
    await world.noted("B/USDT")
    assert_books(world, 2)
    world.now += 1
    await world.noted("B/USDT", boot=2)
    assert (await world.poll())[1] == {name("B/USDT"): 2.0}
    assert_books(world, 1)


async def test_what_was_forgotten_while_it_was_made_is_dropped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_SERIES", 1)
    await world.poll()
    world.gate.clear()
    world.note("A/USDT")
    await waiting()
    world.note("B/USDT")
    world.gate.set()
    await world.settled()
    assert (await world.poll())[1].keys() == {name("B/USDT")}
    assert_books(world, 1)


async def test_so_many_agents_and_no_more_until_one_is_silent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that ask are not driven out by others; one that is gone leaves nothing behind."""
    monkeypatch.setattr(services, "MOST_ASKERS", 2)
    await world.poll(tenant="one")
    await world.noted(tenant="one")
    world.now += 1
    await world.poll(tenant="two")
    assert (await world.ask("", tenant="three")).status == 429
    await world.noted(boot=2, tenant="three")
    assert len(world.asked) == 1
    world.now += 89
    await world.poll(tenant="three")
    await world.noted(boot=2, tenant="three")
    assert len(world.asked) == 2
    assert world.service._askers.keys() == {(HERE, "two"), (HERE, "three")}


async def test_so_many_are_made_at_once_and_so_many_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_WAITING", 4)
    await world.poll()
    world.gate.clear()
    for number in range(6):
        world.note(f"C{number}/USDT")
    await waiting()
    assert len(world.asked) == services.MOST_AT_ONCE
    world.gate.set()
    await world.settled()
    assert len(world.asked) == 4
    await world.noted("C5/USDT")
    assert world.asked[-1] == "C5/USDT", "the next bot's answer will do"


@pytest.mark.parametrize(
    "answer",
    [Refused("pair", "There is none."), Unavailable("Not now."), {"rows": 1}, {**told(1.0), "rows": 2}],
    ids=["refused", "unavailable", "incomplete", "not whole"],
)
async def test_what_could_not_be_made_is_tried_again_after_a_minute(world: World, answer: Any) -> None:
    """Of the same answer, too: an hour's candles come but once an hour."""
    await world.poll()
    world.answer = answer
    await world.noted()
    world.now += 59.9
    await world.noted()
    assert len(world.asked) == 1
    world.answer = None
    world.now += 0.1
    await world.noted()
    assert len(world.asked) == 2
    assert (await world.poll())[1] == {name(): 1.0}


async def test_what_memory_has_no_more_is_not_asked_for_again_but_the_next_answer_is(world: World) -> None:
    await world.poll()
    world.note()
    world.kept.clear()
    await world.settled()
    await world.noted()
    assert len(world.asked) == 1
    await world.noted(boot=2)
    assert (await world.poll())[1] == {name(): 2.0}


async def test_what_memory_never_has_is_left_alone_for_a_minute(world: World) -> None:
    await world.poll()
    for boot in range(1, 30):
        world.note(boot=boot)
        world.kept.clear()
        await world.settled()
    assert len(world.asked) == 10
    world.now += 60
    await world.noted(boot=30)
    assert (await world.poll())[1] == {name(): 30.0}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "{}",
        "rubbish",
        '{"symbol":"A/B","timeframe":"1m","limit":0}',
        "{" * 500,
        '{"symbol":"A\udcff","timeframe":"1m"}',
    ],
)
async def test_what_is_no_series_is_passed_over(world: World, header: str) -> None:
    await world.poll()
    world.service.noted("kraken", header, Moment(1.0, 1000, 0), "one", "pool", HERE)
    assert world.service.series == 0


async def test_closing_ends_what_is_being_made(world: World) -> None:
    await world.poll()
    world.gate.clear()
    world.note("A/USDT")
    world.note("B/USDT")
    world.note("C/USDT")
    await waiting()
    await asyncio.wait_for(world.service.aclose(), PATIENT_SECONDS)
    assert not world.service._tasks
    assert not world.service.bytes


async def test_figures_for_prometheus(world: World) -> None:
    await world.poll()
    await world.noted("A/USDT")
    await world.noted("A/USDT", boot=2)
    await world.noted("B/USDT")
    found = {one.name: one.samples[0].value for one in MappedMetrics(world.service).collect()}
    assert found == {
        "gateway_mapped_made": 3,
        "gateway_mapped_series": 2,
        "gateway_mapped_bytes": world.service.bytes,
    }


def assert_books(world: World, series: int) -> None:
    """What is reckoned is what is there."""
    held = [one.content for one in world.service._wanted.values()]
    assert world.service.series == len(held) == series
    assert world.service.bytes == sum(map(len, held))
