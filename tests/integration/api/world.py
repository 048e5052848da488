"""The whole web application over a real database and catalogue; a fake agent stands in for the pool."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from aiohttp import web
from fastapi import FastAPI

from api.app import create_app
from api.auth import tokens
from api.auth.subject import Subject
from api.deps import Services
from api.settings import ApiSettings
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.errors import InvalidSpec
from orchestrator.kit.clock import utc_now
from orchestrator.portfolio.service import PortfolioService
from orchestrator.templates.spec import BotSpec
from orchestrator.users.models import UserModel
from pool.contract.errors import AGENT_ERROR_STATUS, AgentErrorCode, AgentProblem
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import Rig
from tests.integration.stream.sse import LoopbackServer

KEY = "k" * 64
OWNER = "user-one"
OTHER = "user-two"
POOL = "pool-a"


@dataclass(frozen=True)
class FixedSecrets:
    token_signing_key: str = KEY


class FewMarkets:
    """An exchange that trades three pairs."""

    async def check_pairs(self, spec: BotSpec) -> None:
        missing = [pair for pair in spec.pairs if pair not in {"BTC/USDT", "ETH/USDT", "SOL/USDT"}]
        if missing and spec.pairs == ["NOPE/USDT"]:
            raise InvalidSpec("The exchange paper does not trade NOPE/USDT; remove it from pairs.", field="pairs")


class RelayAgent(FakeAgent):
    """Also has a bot's REST API to relay to that streams, fails and talks over a WebSocket."""

    def __init__(self) -> None:
        super().__init__(POOL)
        self.streaming = 0
        """Answers without end that are being sent now."""
        self.sockets = 0
        self.followers = 0
        self.quiet = False
        self.problem: AgentErrorCode | None = None

    async def _relay(self, request: web.Request) -> web.StreamResponse:
        if self.problem is not None:
            body = AgentProblem(code=self.problem, message=f"{self.problem}, says the fake.").to_json()
            return web.Response(body=body, status=AGENT_ERROR_STATUS[self.problem], content_type="application/json")
        match request.match_info["path"]:
            case "big":
                return web.Response(body=b"x" * 5_000_000, content_type="application/octet-stream")
            case "endless":
                return await self._endless(request)
            case "teapot":
                return web.Response(status=418, text="short and stout", headers={"X-Bot": "yes", "Set-Cookie": "a=b"})
            case "message/ws":
                return await self._socket(request)
            case _:
                return await super()._relay(request)

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
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
                    break
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


@dataclass
class World:
    """An application, its parts, and a client that is signed in as OWNER."""

    rig: Rig
    agent: RelayAgent
    settings: ApiSettings
    checks: dict[str, str | None] = field(default_factory=lambda: {POOL: None})

    def __post_init__(self) -> None:
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
            ),
            self.settings,
        )
        self.client = self.client_of(OWNER)

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

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[httpx.AsyncClient]:
        """Over a real socket, signed in as OWNER."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            server = LoopbackServer(uvicorn.Config(self.app, log_config=None, timeout_graceful_shutdown=2))
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            headers = {"Authorization": f"Bearer {token_of(OWNER)}"}
            limits = httpx.Limits(max_connections=None)
            try:
                async with httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20, limits=limits
                ) as client:
                    yield client
            finally:
                server.should_exit = True
                await serving


def token_of(user_id: str, role: str = "trader") -> str:
    return tokens.issue(Subject(user_id, user_id, role), KEY, 900, utc_now())


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
async def open_world(home: Path, **settings: Any) -> AsyncIterator[World]:
    rig = Rig(home)
    # Made from the models: quick, and the migrations have tests of their own.
    await _create_tables(rig)
    await rig.add_user(OWNER)
    await rig.add_user(OTHER)
    agent = RelayAgent()
    await rig.add_pool(agent)
    world = World(rig, agent, ApiSettings(**settings))
    try:
        async with world.client:
            yield world
    finally:
        await rig.close()


async def _create_tables(rig: Rig) -> None:
    async with rig.database.engine.begin() as connection:
        await connection.run_sync(UserModel.metadata.create_all)


__all__ = ["KEY", "OTHER", "OWNER", "POOL", "World", "open_world", "problem_of", "token_of"]
