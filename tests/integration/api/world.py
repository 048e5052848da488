"""The whole web application over a real database and catalogue; a fake agent stands in for the pool."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from aiohttp import web
from fastapi import FastAPI
from multidict import CIMultiDict

from api.app import create_app
from api.deps import Services
from api.settings import ApiSettings
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.errors import DisksUnknown, InvalidSpec
from orchestrator.exchange_keys.vault import kek_ids
from orchestrator.kit.cache import InProcessCache
from orchestrator.kit.clock import utc_now
from orchestrator.market.service import MarketData
from orchestrator.pools.disks import Disks, PoolDisk
from orchestrator.portfolio.service import PortfolioService
from orchestrator.push.places import Places, PushWays
from orchestrator.tables import METADATA
from orchestrator.templates.spec import BotSpec
from orchestrator.users.models import SessionModel, UserModel
from pool.contract.errors import AGENT_ERROR_STATUS, AgentErrorCode, AgentProblem
from pool.contract.market import INCARNATION_HEADER
from tests.fakes.exchange_keys import desk_at
from tests.fakes.fake_agent import FakeAgent
from tests.fakes.fake_api import cut
from tests.fakes.signed_in import token_of
from tests.integration.orchestrator.rig import KEY, Rig
from tests.integration.stream.sse import LoopbackServer

OWNER = "user-one"
OTHER = "user-two"
POOL = "pool-a"
MISSING_IMAGE = "flotilla-pool:nowhere"


@dataclass(frozen=True)
class FixedSecrets:
    token_signing_key: str = KEY


def at(url: str | None) -> Callable[[], Awaitable[str | None]]:
    """How a gateway is found that is there."""

    async def find() -> str | None:
        return url

    return find


def _market(request: httpx.Request) -> httpx.Response:
    """A market-data gateway with one candle, and one price for each pair."""
    headers = {INCARNATION_HEADER: "gateway"}
    if request.url.path == "/v1/tickers":
        pairs = request.url.params.get_list("pair")
        tickers = {pair: {"timestamp": 1_795_046_400_000, "last": 5.5} for pair in pairs}
        return httpx.Response(200, json={"tickers": tickers}, headers=headers)
    columns, row = ["date", "open", "high", "low", "close", "volume"], [1_795_046_400_000, 5.0, 7.0, 4.0, 6.0, 2.5]
    page = {"columns": columns, "rows": [row], "partial": False, "next": None}
    return httpx.Response(200, json=page, headers=headers)


class FewMarkets:
    """An exchange that trades three pairs."""

    async def pairs(self, exchange: str, trading_mode: str) -> frozenset[str] | None:
        ending = ":USDT" if trading_mode == "futures" else ""
        return frozenset(f"{base}/USDT{ending}" for base in ("BTC", "ETH", "SOL")) if self.lists(exchange) else None

    def lists(self, exchange: str) -> bool:
        return exchange == "paper"

    async def check_pairs(self, spec: BotSpec) -> None:
        missing = [pair for pair in spec.pairs if pair not in {"BTC/USDT", "ETH/USDT", "SOL/USDT"}]
        if missing and spec.pairs == ["NOPE/USDT"]:
            raise InvalidSpec("The exchange paper does not trade NOPE/USDT; remove it from pairs.", field="pairs")


_JSON = {"Content-Type": "application/json"}


class RelayAgent(FakeAgent):
    """Also has a bot's REST API to relay to that streams, fails and talks over a WebSocket. `?fake=…` chooses what a
    route of FreqTrade's answers."""

    def __init__(self) -> None:
        super().__init__(POOL)
        self.streaming = 0
        """Answers without end that are being sent now."""
        self.sockets = 0
        self.followers = 0
        self.quiet = False
        self.problem: AgentErrorCode | None = None
        self.told: dict[str, Any] = {}
        """What a bot answers at a path, where it is not the usual."""

    async def _relay(self, request: web.Request) -> web.StreamResponse:
        if self.problem is not None:
            body = AgentProblem(code=self.problem, message=f"{self.problem}, says the fake.").to_json()
            return web.Response(body=body, status=AGENT_ERROR_STATUS[self.problem], content_type="application/json")
        match request.query.get("fake", request.match_info["path"]):
            case "big":
                return web.Response(body=b"x" * 5_000_000, content_type="application/octet-stream")
            case "endless":
                return await self._endless(request, web.StreamResponse())
            case "endless-refusal":
                return await self._endless(request, web.StreamResponse(status=400, headers=_JSON))
            case "teapot":
                headers = CIMultiDict([("X-Bot", "yes"), ("X-Bot", "twice"), ("Set-Cookie", "a=b")])
                return web.Response(status=418, text="short and stout", headers=headers)
            case "cut":
                return await cut(request)
            case "unknown":
                return web.json_response({"detail": "Not Found"}, status=404)
            case "message/ws":
                return await self._socket(request)
            case path if path in self.told:
                return web.json_response(self.told[path])
            case _:
                return await super()._relay(request)

    async def _endless(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        await response.prepare(request)
        self.streaming += 1
        try:
            while True:
                await response.write(b"more\n")
                await asyncio.sleep(0.02)
        finally:
            self.streaming -= 1

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        self.sockets += 1
        try:
            async for message in ws:
                if message.data == "go away":
                    await ws.close(code=4001, message=b"Gone away.")
                    break
                if message.data == "break off":
                    assert request.transport is not None
                    request.transport.abort()
                await ws.send_str(f"bot heard {message.data}")
        finally:
            self.sockets -= 1
        return ws

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("follow") != "true":
            return await super()._logs(request)
        response = web.StreamResponse()
        await response.prepare(request)
        self.followers += 1
        try:
            if not self.quiet:
                await response.write(b"one\ntwo\n")
            while request.transport is not None and not request.transport.is_closing():
                await asyncio.sleep(0.05)
                if not self.quiet:
                    await response.write(b"more\n")
            return response
        finally:
            self.followers -= 1


async def _check_image(image: str) -> None:
    if image == MISSING_IMAGE:
        raise InvalidSpec(f"Docker does not have the image {image}: build it or pull it.", field="image")


async def _public(host: str, port: int) -> list[str]:
    """As if every name were found, at an address of everybody's."""
    return ["142.250.1.1"]


@dataclass
class World:
    """An application, its parts, and a client that is signed in as OWNER."""

    rig: Rig
    agent: RelayAgent
    settings: ApiSettings
    checks: dict[str, str | None] = field(default_factory=lambda: {POOL: None})
    disks: dict[str, list[PoolDisk]] | None = field(default_factory=dict)
    """None: nobody can tell."""
    push: PushWays = field(default_factory=lambda: PushWays(Places((), _public)))

    def __post_init__(self) -> None:
        self.keys = desk_at(self.rig.database, self.rig.settings.home)
        self.app: FastAPI = create_app(
            Services(
                database=self.rig.database,
                bus=self.rig.bus,
                agents=self.rig.agents,
                catalogue=self.rig.catalogue,
                markets=FewMarkets(),
                secrets=FixedSecrets(),
                readiness=self._readiness,
                portfolio=PortfolioService(self.rig.database, self.rig.bus),
                check_image=_check_image,
                pool_disks=self._pool_disks,
                keys=self.keys,
                push=self.push,
                market=MarketData(at("http://gateway"), InProcessCache(), httpx.MockTransport(_market)),
            ),
            self.settings,
        )
        self.client = self.client_of(OWNER)

    async def _pool_disks(self) -> Disks:
        if self.disks is None:
            raise DisksUnknown("The broker does not answer.")
        return self.disks

    async def _readiness(self) -> Mapping[str, str | None]:
        return self.checks

    def client_of(self, user_id: str | None, **options: Any) -> httpx.AsyncClient:
        """In this process, without a socket. None: nobody is signed in."""
        transport = httpx.ASGITransport(self.app, client=options.pop("address", ("10.0.0.1", 5000)))
        headers = {} if user_id is None else {"Authorization": f"Bearer {token_of(user_id)}"}
        return httpx.AsyncClient(
            transport=transport, base_url=options.pop("base_url", "https://flotilla"), headers=headers, **options
        )

    async def create(self, name: str = "one", **body: Any) -> dict[str, Any]:
        """A bot of OWNER, through the API."""
        answer = await self.client.post("/api/v1/bots", json={"name": name, "template": "trend", **body})
        assert answer.status_code == 201, answer.text
        bot: dict[str, Any] = answer.json()
        return bot

    async def placed(self, name: str = "one") -> str:
        """The same in the pool; its id."""
        bot_id: str = (await self.create(name))["id"]
        async with self.rig.database.unit_of_work() as session:
            (await session.get_one(BotModel, bot_id)).pool_id = POOL
            (await session.get_one(BotStatusModel, bot_id)).observed_state = "running"
        return bot_id

    async def count(self) -> int:
        """Bots of OWNER."""
        return len((await self.client.get("/api/v1/bots", params={"limit": 200})).json()["items"])

    async def change_user(self, user_id: str, **values: Any) -> None:
        async with self.rig.database.unit_of_work() as session:
            user = await session.get_one(UserModel, user_id)
            for name, value in values.items():
                setattr(user, name, value)

    async def age_proof(self, user_id: str) -> None:
        """That user proved long ago who he is."""
        async with self.rig.database.unit_of_work() as session:
            row = await session.get_one(SessionModel, f"session-{user_id}")
            row.proved_at = utc_now() - timedelta(hours=1)
        self.app.state.auth.principals.forget(f"session-{user_id}")

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[httpx.AsyncClient]:
        """Over a real socket, signed in as OWNER."""
        # By its protocol, without which asyncio leaves Nagle's algorithm on: 40 ms for each answer.
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            server = LoopbackServer(uvicorn.Config(self.app, log_config=None, timeout_graceful_shutdown=2))
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            headers = {"Authorization": f"Bearer {token_of(OWNER)}"}
            limits = httpx.Limits(max_connections=None)
            try:
                async with httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60, limits=limits
                ) as client:
                    yield client
            finally:
                server.should_exit = True
                await serving


def problem_of(answer: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The problem document of a refusal, after a look at its form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code", "params", "instance", "correlation_id"} <= set(body)
    assert body["status"] == status
    assert body["type"] == f"urn:flotilla:error:{body['code']}"
    assert body["correlation_id"] == answer.headers["x-request-id"]
    assert body["detail"].endswith(".")
    if code is not None:
        assert body["code"] == code
    return body


@contextlib.asynccontextmanager
async def open_world(home: Path, push: PushWays | None = None, **settings: Any) -> AsyncIterator[World]:
    rig = Rig(home)
    # Made from the models: quick, and the migrations have tests of their own.
    await _create_tables(rig)
    await rig.add_user(OWNER)
    await rig.add_user(OTHER)
    agent = RelayAgent()
    await rig.add_pool(agent)
    world = World(rig, agent, ApiSettings(**settings), **({} if push is None else {"push": push}))
    async with rig.database.read() as session:
        used = set(await kek_ids(session))
    await world.keys.vault.prepare(used)
    try:
        async with world.client:
            yield world
    finally:
        await rig.close()


async def _create_tables(rig: Rig) -> None:
    async with rig.database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)


__all__ = ["KEY", "OTHER", "OWNER", "POOL", "World", "open_world", "problem_of", "token_of"]
