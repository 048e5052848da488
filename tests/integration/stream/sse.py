"""A reader of Server-Sent Events, and a server on a loopback port for it to read from."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from api.stream.feed import StreamState, close_streams, streams_of
from api.stream.transport import WriteDeadlineProtocol
from orchestrator.events.bus import Bus


@dataclass
class Event:
    """One event; a comment has only that."""

    name: str | None = None
    data: Any = None
    id: str | None = None
    comment: str | None = None


class Stream:
    """An open stream; `until_end` reads what is left."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._events = _parse(response.aiter_lines())

    async def next(self, seconds: float = 60, *, comments: bool = False) -> Event:
        async with asyncio.timeout(seconds):
            while True:
                event = await anext(self._events)
                if comments or event.comment is None:
                    return event

    async def take(self, count: int) -> list[Event]:
        return [await self.next() for _ in range(count)]

    async def until_end(self, seconds: float = 60) -> list[Event]:
        async with asyncio.timeout(seconds):
            return [event async for event in self._events]


async def _parse(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    event = Event()
    async for line in lines:
        if line.startswith(":"):
            event.comment = line[1:].strip()
        elif line == "":
            yield event
            event = Event()
        else:
            key, _, value = line.partition(": ")
            match key:
                case "event":
                    event.name = value
                case "id":
                    event.id = value
                case "data":
                    event.data = json.loads(value)


class LoopbackServer(uvicorn.Server):
    """As `flotilla up` runs it, without signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await close_streams(self.config.app)
        await super().shutdown(sockets)


@dataclass
class Served:
    """An application that is being served."""

    app: FastAPI
    bus: Bus
    server: LoopbackServer
    client: httpx.AsyncClient
    port: int
    token: str
    serving: "asyncio.Task[None]" = field(repr=False)

    @property
    def state(self) -> StreamState:
        return streams_of(self.app)

    @contextlib.asynccontextmanager
    async def stream(self, path: str = "/api/v1/portfolio/stream", **headers: str) -> AsyncIterator[Stream]:
        async with self.client.stream("GET", path, headers=headers) as response:
            assert response.status_code == 200, await response.aread()
            yield Stream(response)


@contextlib.asynccontextmanager
async def serve(app: FastAPI, bus: Bus, token: str) -> AsyncIterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = LoopbackServer(
            uvicorn.Config(app, http=WriteDeadlineProtocol, log_config=None, timeout_graceful_shutdown=30)
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        limits = httpx.Limits(max_connections=None)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60, limits=limits
        ) as client:
            try:
                yield Served(app, bus, server, client, port, token, serving)
            finally:
                server.should_exit = True
                await serving
