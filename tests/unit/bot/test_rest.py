"""The REST server runs only while somebody uses it, and nobody who dials notices."""

import asyncio
import random
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.sync.client import unix_connect

from pool.bot import rest
from pool.bot.rest import BotApi, Listener
from pool.ipc.unix_address import short_address
from tests.support import PATIENT_SECONDS, eventually_sync

IDLE_SECONDS = 0.02
REQUEST = b"GET /ping HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n"


async def _ping(_request: Any) -> PlainTextResponse:
    return PlainTextResponse("pong")


async def _echo(socket_: WebSocket) -> None:
    await socket_.accept()
    await socket_.send_text(await socket_.receive_text())


class Api:
    """A BotApi without FreqTrade's application, and whoever dials it."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "api.sock"
        self.begun: list[rest._Server] = []
        self.listener = Listener.at(self.file)
        self.api = BotApi(self.listener, IDLE_SECONDS)

    def serve(self) -> None:
        self.api.serve(None, {}, "user", "word")

    def dial(self) -> socket.socket:
        caller = socket.socket(socket.AF_UNIX)
        caller.settimeout(PATIENT_SECONDS)
        with short_address(self.file) as address:
            caller.connect(address)
        return caller

    def ask(self, caller: socket.socket | None = None) -> bytes:
        with caller or self.dial() as dialled:
            dialled.sendall(REQUEST)
            return answer_of(dialled)

    def await_rest(self) -> None:
        eventually_sync(lambda: self.api._server is None, message="the server's end")


def answer_of(caller: socket.socket) -> bytes:
    answer = b""
    while part := caller.recv(65536):
        answer += part
    return answer


def is_pong(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"pong")


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    app = Starlette(routes=[Route("/ping", _ping), WebSocketRoute("/socket", _echo)])
    monkeypatch.setattr(rest, "build_app", lambda: app)
    monkeypatch.setattr(rest, "_TICK_SECONDS", 0.005)
    monkeypatch.setattr(rest, "_PAUSE_SECONDS", 0.01)
    for name in ("_config", "_rpc", "_has_rpc"):
        monkeypatch.setattr(rest.ApiServer, name, None, raising=False)
    made = Api(tmp_path)
    run = rest._Server.run_until_unused

    def counted(server: rest._Server) -> bool:
        made.begun.append(server)
        return run(server)

    monkeypatch.setattr(rest._Server, "run_until_unused", counted)
    yield made
    made.api.stop()
    made.listener.close()


def test_a_server_that_nobody_uses_ends_and_the_next_caller_has_another(api: Api) -> None:
    api.serve()
    assert is_pong(api.ask())
    api.await_rest()
    assert api.api.serving
    assert api.begun[0]._loop is not None
    assert api.begun[0]._loop.is_closed()

    assert is_pong(api.ask())
    assert len(api.begun) == 2
    api.await_rest()


def test_credentials_may_change_while_no_server_runs(api: Api) -> None:
    api.serve()
    api.await_rest()
    api.serve()
    assert len(api.begun) == 1, "whoever dials starts it"
    assert is_pong(api.ask())


def test_a_websocket_is_use(api: Api) -> None:
    api.serve()
    with short_address(api.file) as address, unix_connect(address, "ws://bot/socket") as client:
        server = api.begun[-1]
        looks: list[bool] = []
        unused = server._unused
        server._unused = lambda now: looks.append(unused(now + 1000)) or looks[-1]  # type: ignore[method-assign,func-returns-value]
        eventually_sync(lambda: len(looks) > 3, message="looks at who is there")
        client.send("still here")
        assert client.recv(timeout=PATIENT_SECONDS) == "still here"
        assert not any(looks[:4])
        assert api.begun[-1] is server
    api.await_rest()


@pytest.mark.parametrize("turns", range(6))
def test_who_dials_while_it_ends_is_answered(api: Api, monkeypatch: pytest.MonkeyPatch, turns: int) -> None:
    """Whatever the loop has done with the connection by the time that the server stops to accept."""
    left = rest._Server._left
    callers: list[socket.socket] = []

    async def dialled(server: rest._Server) -> bool:
        if not callers:
            callers.append(api.dial())
            callers[0].sendall(REQUEST)
            for _ in range(turns):
                await asyncio.sleep(0)
        return await left(server)

    monkeypatch.setattr(rest._Server, "_left", dialled)
    api.serve()
    eventually_sync(lambda: callers, message="a caller")
    assert is_pong(answer_of(callers[0]))
    assert is_pong(api.ask())


def test_no_request_is_lost_however_often_servers_end(api: Api) -> None:
    api.serve()
    chance = random.Random(7)
    answers: list[bytes] = []
    deadline = time.monotonic() + PATIENT_SECONDS
    with ThreadPoolExecutor(4) as callers:
        while len(api.begun) < 12:
            assert time.monotonic() < deadline, f"{len(api.begun)} servers"
            asked = [callers.submit(api.ask) for _ in range(chance.randint(1, 4))]
            answers += [one.result(PATIENT_SECONDS) for one in asked]
            threading.Event().wait(chance.uniform(0, 3 * IDLE_SECONDS))  # around the moment at which it ends
    assert all(map(is_pong, answers))


def test_a_server_that_fails_is_followed_by_another(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    app, failures = rest.build_app(), [OSError("no room"), OSError("no room")]

    def build() -> Any:
        if failures:
            raise failures.pop()
        return app

    monkeypatch.setattr(rest, "build_app", build)
    with pytest.raises(OSError, match="did not start"):
        api.serve()
    assert is_pong(api.ask())
    assert len(api.begun) == 3


def test_a_stop_ends_a_thread_that_sleeps_and_one_that_serves(api: Api) -> None:
    api.serve()
    api.await_rest()
    api.api.stop()
    assert api.api._thread is not None
    api.api._thread.join(PATIENT_SECONDS)
    assert not api.api._thread.is_alive()
