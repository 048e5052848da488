"""A paper exchange on a loopback port in the test's own loop, and ccxt as it comes, pointed at it.

Every test here fails on a request to any other host: names are not looked up, other addresses are not connected to.
"""

import socket
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import ccxt.async_support
import ccxt.pro
import pytest

from pool.exchange.simulator.exchange import Exchange
from pool.exchange.simulator.server import serve, wall_clock_ms
from pool.exchange.urls import paper_urls

TOKEN = "control-token-of-the-test"


class Rig:
    """A running exchange; `pass_seconds` moves its clock, and that of the clients made here."""

    def __init__(self, directory: Path) -> None:
        self._ahead_ms = 0
        self._wall_ms = wall_clock_ms
        self.exchange = Exchange(directory / "ledger.sqlite", TOKEN, 7, 40, clock_ms=self.now_ms)
        self.url = ""
        self.http = aiohttp.ClientSession()
        self._clients: list[Any] = []
        self._followers: list[Any] = []

    def now_ms(self) -> int:
        return self._wall_ms() + self._ahead_ms

    def stand_still(self) -> None:
        """What is asked from now on is asked at one moment, however slow the machine is."""
        now = self._wall_ms()
        self._wall_ms = lambda: now

    def pass_seconds(self, seconds: int) -> None:
        self._ahead_ms += seconds * 1000
        for client in self._followers:
            client.options["timeDifference"] = -self._ahead_ms

    async def control(self, verb: str, call: str, /, **body: Any) -> Any:
        """The answer of a control call; an `AssertionError` tells what was refused."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self.http.request(verb, f"{self.url}/control/{call}", json=body or None, headers=headers) as reply:
            content = await reply.json()
            assert reply.status == 200, content
            return content

    async def get(self, path: str, **headers: str) -> tuple[int, Any, Any]:
        """Status, JSON and headers of a plain GET."""
        async with self.http.get(self.url + path, headers=headers) as reply:
            return reply.status, await reply.json(), reply.headers

    def client(self, key: str = "", secret: str = "") -> Any:
        """ccxt's asynchronous Binance, unmodified but for its addresses."""
        client = ccxt.async_support.binance({"apiKey": key, "secret": secret, "enableRateLimit": False})
        client.urls["api"] = paper_urls(self.url, client.urls["api"])
        self._clients.append(client)
        return self.follow(client)

    def pro_client(self, **options: Any) -> Any:
        """The same with websockets."""
        client = ccxt.pro.binance({"options": options})
        client.urls["api"] = paper_urls(self.url, client.urls["api"])
        self._clients.append(client)
        return client

    def follow(self, client: Any) -> Any:
        """Keep a client's clock with the exchange's."""
        client.options["timeDifference"] = -self._ahead_ms
        self._followers.append(client)
        return client

    async def trader(self, **balances: float) -> Any:
        """A client of a new account."""
        made = await self.control("POST", "accounts", balances={a: str(Decimal(str(v))) for a, v in balances.items()})
        client = self.client(made["key"], made["secret"])
        await client.load_markets()
        return client

    async def price(self, symbol: str, price: float) -> None:
        await self.control("POST", "prices/set", symbol=symbol, price=price)

    async def close(self) -> None:
        for client in self._clients:
            await client.close()
        await self.http.close()


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    stay_on_loopback(monkeypatch)
    rig = Rig(tmp_path)
    runner, port = await serve(rig.exchange.front, "127.0.0.1", 0)
    rig.url = f"http://127.0.0.1:{port}"
    yield rig
    await rig.close()
    await runner.cleanup()
    rig.exchange.close()


def stay_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> Any:
        assert self.family == socket.AF_UNIX or address[0] == "127.0.0.1", f"a request to {address}"
        return connect(self, address)

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        assert host in ("127.0.0.1", None), f"a request to {host}"
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
