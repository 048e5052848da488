"""The agent puts down what the gateway makes for bots to map, whatever the gateway and the disk do."""

import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from loguru import logger

from pool.agent import mapping
from pool.agent.asking import Asking
from pool.agent.files import write_atomically
from pool.agent.mapping import MOST_FILES, Mapping
from pool.agent.taken import Taken
from pool.bot.market.fallback import Fallback
from pool.contract.freshness import LONGEST_SECONDS
from pool.contract.mapped import DIRECTORY, MAPPED, NUMBER_HEADER, TAKEN_HEADER, joined
from pool.contract.market import INCARNATION_HEADER, TENANT_HEADER
from tests.fakes.mapped_candles import candles_file
from tests.support import eventually, free_port
from tests.unit.bot.clock import Clock

NAMES = [f"{number:032x}" for number in range(3)]
OLD, NEW = (candles_file([[60_000, value, value, value, value, value]] * 500) for value in (1.0, 2.0))
Answer = Callable[[web.Request], web.Response]


def told(number: int | str, *parts: tuple[str, bytes], incarnation: str = "one", body: bytes = b"") -> Answer:
    headers = {INCARNATION_HEADER: incarnation, NUMBER_HEADER: str(number)}
    return lambda _: web.Response(body=joined(iter(parts)) + body, headers=headers)


def refused(status: int, **headers: str) -> Answer:
    return lambda _: web.Response(status=status, body=b"{}", headers={INCARNATION_HEADER: "one", **headers})


def broken(request: web.Request) -> web.Response:
    """The connection, in the middle of candles."""
    assert request.transport is not None
    request.transport.write(b"HTTP/1.1 200 OK\r\nX-Flotilla-Incarnation: one\r\nContent-Length: 999\r\n\r\nFLC")
    request.transport.close()
    return web.Response()


class Gateway:
    """Answers as it is told, one after another, and keeps waiting who asks then."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.taken: list[str | None] = []
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()
        self.expected = 1
        self.pings = 0

    async def tells(self, *answers: Answer) -> None:
        """Until what came of the last of them is done: the agent asks again."""
        for answer in answers:
            self.answers.put_nowait(answer)
        self.expected += len(answers)
        await eventually(lambda: len(self.asked) == self.expected, message="the agent's next question")

    def after(self) -> int:
        """Which the agent asks for now."""
        return int(self.asked[-1]["after"])

    async def mapped(self, request: web.Request) -> web.StreamResponse:
        self.asked.append({**request.query, "tenant": request.headers[TENANT_HEADER]})
        self.taken.append(request.headers.get(TAKEN_HEADER))
        return (await self.answers.get())(request)

    async def ping(self, _: web.Request) -> web.Response:
        self.pings += 1
        return web.json_response({}, headers={INCARNATION_HEADER: "one"})

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get(MAPPED, self.mapped)
        app.router.add_get("/v1/ping", self.ping)
        return app


class Looked(Clock):
    """Says how often it was looked at: while a gateway is away, each time that the agent thinks of it."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        return self.now

    async def looked_at(self, times: int) -> None:
        until = self.looks + times
        await eventually(lambda: self.looks >= until, message="looks at the clock")


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture(autouse=True)
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As its process is, but for its patience."""
    monkeypatch.setattr(mapping, "_AGAIN_SECONDS", 0.01)
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def said() -> Iterator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(str(message)), level="INFO", format="{message}")
    yield lines
    logger.remove(sink)


@asynccontextmanager
async def running(
    pool: Path, gateway: Gateway, fallback: Fallback | None = None, taken: Taken | None = None
) -> AsyncIterator[Path]:
    """Where the files are."""
    async with TestServer(gateway.app()) as server:
        made = Mapping(
            pool,
            Asking(str(server.make_url("")), "pool-1", fallback or Fallback("agent", lambda reason: None)),
            taken=taken,
        )
        made.prepare()
        task = asyncio.create_task(made.run())
        try:
            await gateway.tells()
            yield pool / DIRECTORY
        finally:
            task.cancel()
            await asyncio.wait([task])


def files(home: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in home.iterdir()}


async def test_what_is_new_is_put_down_for_everybody_to_read(tmp_path: Path, gateway: Gateway) -> None:
    async with running(tmp_path, gateway) as home:
        assert gateway.asked[0] == {"after": "0", "wait_ms": str(mapping.WAIT_MS), "tenant": "pool-1"}
        await gateway.tells(told(2, (NAMES[0], OLD), (NAMES[1], OLD)), told(3, (NAMES[0], NEW)), told(3))
        assert files(home) == {NAMES[0]: NEW, NAMES[1]: OLD}
        assert gateway.after() == 3
        assert stat.S_IMODE(home.stat().st_mode) == 0o755
        assert {stat.S_IMODE(file.stat().st_mode) for file in home.iterdir()} == {0o644}


async def test_who_has_opened_candles_keeps_them_whole(tmp_path: Path, gateway: Gateway) -> None:
    async with running(tmp_path, gateway) as home:
        await gateway.tells(told(1, (NAMES[0], OLD)))
        with (home / NAMES[0]).open("rb") as opened:
            await gateway.tells(told(2, (NAMES[0], NEW)))
            assert opened.read() == OLD
        assert files(home) == {NAMES[0]: NEW}


async def test_with_another_incarnation_it_begins_anew(tmp_path: Path, gateway: Gateway) -> None:
    """Whose numbers may have passed the former's: what is between them would be missing."""
    async with running(tmp_path, gateway) as home:
        await gateway.tells(told(5, (NAMES[0], OLD)), told(6))
        assert gateway.after() == 6
        await gateway.tells(told(9, (NAMES[0], NEW), incarnation="two"))
        assert gateway.after() == 0
        await gateway.tells(told(9, (NAMES[0], NEW), (NAMES[1], NEW), incarnation="two"))
        assert gateway.after() == 9
        assert files(home) == {NAMES[0]: NEW, NAMES[1]: NEW}


async def test_all_that_there_is_comes_once(tmp_path: Path, gateway: Gateway) -> None:
    async with running(tmp_path, gateway):
        await gateway.tells(told(5, (NAMES[0], OLD)))
        assert gateway.after() == 5


async def test_what_bots_took_is_told_until_the_gateway_has_heard_it(tmp_path: Path, gateway: Gateway) -> None:
    taken = Taken()
    taken.told("one", "run", "paper", 0)
    async with running(tmp_path, gateway, taken=taken):
        assert gateway.taken == [None]
        taken.told("one", "run", "paper", 7)
        await gateway.tells(told(1), refused(429), broken, told(2))
        assert gateway.taken == [None, "paper=7", "paper=7", "paper=7", None]


async def test_it_goes_on_after_refusals(tmp_path: Path, gateway: Gateway, said: list[str]) -> None:
    """Of a gateway that makes none, of one that has too much to do."""
    async with running(tmp_path, gateway) as home:
        await gateway.tells(told(5))
        again = {"Retry-After": "1"}
        await gateway.tells(refused(404), refused(429, **again), refused(503), refused(500), refused(302, Location="/"))
        assert gateway.after() == 5
        await gateway.tells(told(6, (NAMES[0], OLD)))
        assert files(home) == {NAMES[0]: OLD}
        assert said == []


@pytest.mark.parametrize(
    "answer",
    [
        told(7, body=b"rubbish"),
        told(7, (NAMES[2], OLD[:-1])),
        told(7, ("../../agent-token".ljust(32, "0"), OLD)),
        told("soon"),
        told(-1),
        told(""),
        lambda _: web.Response(headers={INCARNATION_HEADER: "one"}),
    ],
)
async def test_what_is_not_understood_is_told_once_and_asked_for_again(
    answer: Answer, tmp_path: Path, gateway: Gateway, said: list[str]
) -> None:
    async with running(tmp_path, gateway) as home:
        await gateway.tells(told(5, (NAMES[0], OLD)))
        await gateway.tells(answer, answer, answer)
        assert (files(home), gateway.after()) == ({NAMES[0]: OLD}, 5)
        assert len(said) == 1
        assert "not understood" in said[0]
        await gateway.tells(told(6, (NAMES[0], NEW)))
        assert files(home) == {NAMES[0]: NEW}
        assert len(said) == 1


async def test_what_came_before_rubbish_is_whole(tmp_path: Path, gateway: Gateway) -> None:
    async with running(tmp_path, gateway) as home:
        await gateway.tells(told(7, (NAMES[0], OLD), body=b"rubbish"))
        assert files(home) == {NAMES[0]: OLD}
        assert gateway.after() == 0


@pytest.mark.parametrize("answer", [broken, lambda _: web.Response(body=b"<html>")])
async def test_a_connection_that_breaks_and_a_stranger_are_tried_again(
    answer: Answer, tmp_path: Path, gateway: Gateway
) -> None:
    async with running(tmp_path, gateway) as home:
        await gateway.tells(told(5, (NAMES[0], OLD)), answer)
        assert (files(home), gateway.after()) == ({NAMES[0]: OLD}, 5)
        await gateway.tells(told(6, (NAMES[0], NEW)))
        assert files(home) == {NAMES[0]: NEW}


async def test_it_has_no_say_in_whether_the_gateway_is_asked_for_prices(tmp_path: Path, gateway: Gateway) -> None:
    """Nor does it ask one that those who look at prices found away."""
    clock, told_of = Looked(), list[str | None]()
    fallback = Fallback("agent", told_of.append, clock=clock)
    async with running(tmp_path, gateway, fallback) as home:
        await gateway.tells(broken, refused(503), told(5, body=b"rubbish"))
        assert (told_of, gateway.pings) == ([], 0)
        fallback.failed("refused")
        gateway.answers.put_nowait(told(1, (NAMES[0], OLD)))
        await clock.looked_at(20)
        assert (len(gateway.asked), gateway.pings) == (4, 0)
        clock.pass_(5)
        gateway.expected += 1
        await gateway.tells()
        assert gateway.pings == 1
        assert files(home) == {NAMES[0]: OLD}


async def test_a_full_disk_is_told_once_and_asked_for_again(
    tmp_path: Path, gateway: Gateway, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True

    def write(*given: object, **named: object) -> None:
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(given[0]))
        write_atomically(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(mapping, "write_atomically", write)
    candles = told(1, (NAMES[0], OLD))
    async with running(tmp_path, gateway) as home:
        await gateway.tells(candles, candles, candles)
        assert (files(home), gateway.after()) == ({}, 0)
        assert len(said) == 1
        assert "No space left on device" in said[0]
        full = False
        await gateway.tells(candles)
        assert (files(home), gateway.after()) == ({NAMES[0]: OLD}, 1)
        full = True
        await gateway.tells(candles)
        assert len(said) == 2, "it had gone well meanwhile"


async def test_without_a_gateway_there_is_nothing_to_do(tmp_path: Path) -> None:
    made = Mapping(tmp_path, Asking(None, "pool-1"))
    made.prepare()
    await asyncio.wait_for(made.run(), 60)
    assert files(tmp_path / DIRECTORY) == {}


async def test_a_gateway_that_is_not_there_yet_is_waited_for(tmp_path: Path, gateway: Gateway) -> None:
    port = free_port()
    made = Mapping(tmp_path, Asking(f"http://127.0.0.1:{port}", "pool-1", Fallback("agent", lambda reason: None)))
    made.prepare()
    task = asyncio.create_task(made.run())
    async with TestServer(gateway.app(), port=port):
        await gateway.tells(told(1, (NAMES[0], OLD)))
    assert files(tmp_path / DIRECTORY) == {NAMES[0]: OLD}
    task.cancel()
    await asyncio.wait([task])


# ---- what nobody renews


def _put(home: Path, name: str, written: float) -> None:
    (home / name).write_bytes(OLD)
    os.utime(home / name, (written, written))


def test_what_is_fresh_for_nobody_is_removed(tmp_path: Path) -> None:
    now = 1_800_000_000.0
    made = Mapping(tmp_path, Asking(None, "pool-1"), lambda: now)
    made.prepare()
    home = tmp_path / DIRECTORY
    _put(home, NAMES[0], now - LONGEST_SECONDS + 1)
    _put(home, NAMES[1], now - LONGEST_SECONDS - 1)
    _put(home, f".{NAMES[2]}.new", now - LONGEST_SECONDS - 1)  # of an agent that was killed
    made.prepare()
    assert [*files(home)] == [NAMES[0]]


def test_of_too_many_the_oldest_are_removed(tmp_path: Path) -> None:
    now = 1_800_000_000.0
    made = Mapping(tmp_path, Asking(None, "pool-1"), lambda: now)
    made.prepare()
    home = tmp_path / DIRECTORY
    for number in range(MOST_FILES + 3):
        _put(home, f"{number:032x}", now - number)
    made.prepare()
    assert {*files(home)} == {f"{number:032x}" for number in range(MOST_FILES)}


async def test_it_is_done_from_time_to_time(tmp_path: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "_SWEEP_SECONDS", 0.0)
    async with running(tmp_path, gateway) as home:
        _put(home, NAMES[0], 1.0)
        await gateway.tells(told(1, (NAMES[1], OLD)))
        assert [*files(home)] == [NAMES[1]]


def test_an_agent_that_comes_later_finds_its_directory(tmp_path: Path) -> None:
    """Its mode, too, whatever made it."""
    home = tmp_path / DIRECTORY
    home.mkdir(mode=0o700)
    made = Mapping(tmp_path, Asking(None, "pool-1"))
    made.prepare()
    assert stat.S_IMODE(home.stat().st_mode) == 0o755
