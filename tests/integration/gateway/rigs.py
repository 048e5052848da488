"""A gateway in the test's own loop, what it stands on, and who asks it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import ccxt.async_support
from aiohttp import web
from yarl import URL

from pool.contract.market import BudgetState, Kind, Priority, behind
from pool.exchange.gateway.clocks import Clock
from pool.exchange.gateway.disk import Disk, boot_id
from pool.exchange.gateway.running import Options, Parts, running
from pool.exchange.gateway.seams import Refused
from pool.exchange.gateway.server import serve
from pool.exchange.gateway.upstream import Upstream

CANDLES = Kind(name="candles", timeframe=60)


class Admitted:
    def __init__(self, budgets: "OpenBudgets") -> None:
        self._budgets = budgets

    def told(self, status: int, headers: Mapping[str, str], now: float) -> None:
        self._budgets.outcomes.append(status)

    def failed(self, error: BaseException) -> None:
        self._budgets.outcomes.append(error)

    def body(self, body: bytes) -> None:
        self._budgets.bodies.append(body)


@dataclass
class OpenBudgets:
    """Leave for everybody, but where a test says otherwise."""

    asked: list[tuple[str | None, Priority, str, str]] = field(default_factory=list)
    bots: list[str | None] = field(default_factory=list)
    outcomes: list[int | BaseException] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    refuse: Callable[[str | None], Refused | None] = lambda tenant: None
    gate: asyncio.Event | None = None
    json: str = "{}"
    restored: str | None = None
    unreadable: bool = False

    async def admit(
        self,
        exchange: str,
        authority: str,
        method: str,
        path: str,
        query: str,
        priority: Priority,
        tenant: str | None,
        peer: str,
        deadline: float,
        bot: str | None = None,
    ) -> Admitted:
        self.asked.append((tenant, priority, method, path))
        self.bots.append(bot)
        if self.gate is not None:
            await self.gate.wait()
        refused = self.refuse(tenant)
        if refused is not None:
            raise refused
        return Admitted(self)

    async def permit(
        self,
        exchange: str,
        authority: str,
        method: str,
        path: str,
        priority: Priority,
        tenant: str | None,
        peer: str,
        deadline: float,
    ) -> None:
        await self.admit(exchange, authority, method, path, "", priority, tenant, peer, deadline)

    def pace(self, exchange: str) -> float:
        return 20.0

    def breaking(self, exchange: str) -> Any:
        return SimpleNamespace(state="closed", reason=None, retry_at=None)

    def budgets(self, exchange: str) -> list[BudgetState]:
        return []

    def to_json(self) -> str:
        return self.json

    def of_json(self, text: str) -> None:
        self.unreadable = not text.startswith("{")
        if self.unreadable:
            raise ValueError(text)
        self.restored = text


class NoTables:
    """No exchange but the paper one."""

    def allowed(self, exchange: str) -> frozenset[str]:
        return frozenset()

    async def load(self, exchange: str) -> None:
        return None


START_MS = 1_772_625_605_000
"""Five seconds into a minute."""


@dataclass
class Clocks:
    """They stand still unless a test sets them forward; the wall clock also jumps by itself."""

    ahead: float = 0.0
    jumped_ms: int = 0
    at: Callable[[], int] | None = None
    """Whose time it is instead, with what it passes by itself."""

    def now_ms(self) -> int:
        """The exchange's time."""
        return START_MS + int(self.ahead * 1000) if self.at is None else self.at()

    def steady(self) -> float:
        return self.now_ms() / 1000

    def clock(self) -> Clock:
        return Clock(self.steady, lambda: self.now_ms() + self.jumped_ms)


@dataclass
class Rig:
    """`url` of the gateway; `paper` is what it asks as the paper exchange."""

    url: str
    paper: str
    budgets: OpenBudgets
    clocks: Clocks
    http: aiohttp.ClientSession

    async def get(self, path: str, kind: Kind | None = None, **headers: str) -> "Reply":
        """`path` of the paper exchange through the gateway."""
        if kind is not None:
            headers["X-Flotilla-Kind"] = kind.header()
        return await self.ask("GET", path, headers=headers)

    async def ask(self, method: str, path: str, **options: Any) -> "Reply":
        url = URL(behind(self.url, "paper", self.paper + path), encoded=True)
        async with self.http.request(method, url, allow_redirects=False, **options) as reply:
            return Reply(reply.status, await reply.read(), dict(reply.headers))

    async def state(self) -> dict[str, Any]:
        async with self.http.get(f"{self.url}/v1/state") as reply:
            return dict(await reply.json())


@dataclass
class Reply:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def how(self) -> str | None:
        return self.headers.get("X-Flotilla-Cache")

    @property
    def refused(self) -> str | None:
        return self.headers.get("X-Flotilla-Refused")


@asynccontextmanager
async def gateway(
    directory: Path,
    paper: str,
    clocks: Clocks | None = None,
    disk: Disk | None = None,
    mapped: bool = True,
    **limits: Any,
) -> AsyncIterator[Rig]:
    """`limits` as of `Upstream`."""
    clocks, budgets = clocks or Clocks(), OpenBudgets()
    directory.mkdir(parents=True, exist_ok=True)
    disk = disk or Disk(directory / "answers.sqlite", boot_id())
    parts = Parts(NoTables(), budgets, Upstream(**limits), clocks.clock(), disk)
    async with running(Options(directory, paper, mapped=mapped), parts) as answer:
        runner, port = await serve(answer, "127.0.0.1", 0)
        try:
            async with aiohttp.ClientSession() as http:
                yield Rig(f"http://127.0.0.1:{port}", paper, budgets, clocks, http)
        finally:
            await runner.cleanup()


class Behind(ccxt.async_support.binance):  # type: ignore[misc]
    """ccxt's client whose every request goes to a gateway, as bots' do."""

    gateway = ""
    kind = Kind(name="other")

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        told = {**(headers or {}), "X-Flotilla-Kind": self.kind.header()}
        return await super().fetch(behind(self.gateway, "paper", url), method, told, body)


@dataclass
class Scripted:
    """A small exchange that does as each path is told; every request is kept."""

    url: str = ""
    clocks: Clocks = field(default_factory=Clocks)
    handlers: dict[str, Callable[[web.BaseRequest], Any]] = field(default_factory=dict)
    asked: list[web.BaseRequest] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request)
        reply = self.handlers[request.path](request)
        answer: web.StreamResponse = await reply if asyncio.iscoroutine(reply) else reply
        answer.headers.setdefault("Date", formatdate(self.clocks.now_ms() // 1000, usegmt=True))
        return answer

    def count(self, path: str) -> int:
        return sum(request.path == path for request in self.asked)


@asynccontextmanager
async def scripted() -> AsyncIterator[Scripted]:
    exchange = Scripted()
    runner, port = await serve(exchange.answer, "127.0.0.1", 0)
    exchange.url = f"http://127.0.0.1:{port}"
    try:
        yield exchange
    finally:
        await runner.cleanup()


def json_of(text: str, **headers: str) -> Callable[[web.BaseRequest], web.Response]:
    return lambda _: web.Response(text=text, content_type="application/json", headers=headers)
