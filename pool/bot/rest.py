"""FreqTrade's own REST API on the bot's Unix socket, served only while somebody uses it.

`api.sock` is bound and listens before the bot's system calls are filtered, which refuses both afterwards. Nobody dials
it before the bot has answered `serve_api`, and an idle bot pays nothing. The application is FreqTrade's, with all its
routes and `/api/v1/message/ws`; what differs is where it listens, that a configuration reload only exchanges the bot
behind it (FreqTrade would stop and rebuild the server), and that its server sleeps longer between ticks.

A server that nobody used for a while ends, with its event loop and worker threads, and their memory is given back. Its
thread stays and sleeps in `poll` until somebody dials: that connection is the reason for the next server, and its first
request. No caller has to know: credentials stay, the socket listens all the time, and a server stops accepting before
it looks for the last time whether it has connections, so none is accepted that is not served.

Seam for the zygote: the application comes from `webserver.FastAPI` and `ApiServer.configure_app`, looked up when
needed, so that a warmed process can put one there that is built already.
"""

import asyncio
import gc
import logging
import os
import secrets
import select
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from freqtrade.rpc import RPC
from freqtrade.rpc.api_server import webserver
from freqtrade.rpc.api_server.webserver import ApiServer

from pool.bot.control import Wake
from pool.bot.memory import trim
from pool.ipc.unix_address import bind_unix

logger = logging.getLogger(__name__)

_BACKLOG = 256
"""Who dials while no server runs waits here: more than the agent keeps connections to one bot."""
_START_SECONDS = 15.0
_STOP_SECONDS = 3.0
_TICK_SECONDS = 1.0
_PAUSE_SECONDS = 5.0
"""Between a server that failed and the next."""
_ACCEPT_TURNS = 3
"""So many turns of its loop after asyncio accepted a connection, the protocol has it."""


def build_app() -> FastAPI:
    """FreqTrade's API with all its routes; credentials and the bot behind it are looked up at each request."""
    app: FastAPI = webserver.FastAPI(
        title="Freqtrade API",
        docs_url=None,
        redoc_url=None,
        default_response_class=webserver.FTJSONResponse,
        lifespan=webserver.lifespan,
    )
    ApiServer.configure_app(object.__new__(BotApi), app, {"api_server": {"CORS_origins": []}})
    return app


class Listener(socket.socket):
    """A Unix socket that listens already: asyncio's servers ask for it again, which the kernel would refuse."""

    @classmethod
    def at(cls, file: Path) -> "Listener":
        """Bound at `file`, readable to the directory's group as the process's umask says. Raises OSError."""
        bound = bind_unix(file)
        umask = os.umask(0)
        os.umask(umask)
        file.chmod(0o660 & ~umask)
        listener = cls(fileno=bound.detach())
        socket.socket.listen(listener, _BACKLOG)
        return listener

    def listen(self, backlog: int = _BACKLOG, /) -> None:
        """Does, since `at`."""


class BotApi(ApiServer):  # type: ignore[misc]  # FreqTrade is not typed here
    """FreqTrade's RPC module for the API, on a socket that is bound already. One per process, as FreqTrade demands."""

    def __init__(self, listener: Listener, idle_seconds: float) -> None:
        self._standalone = False
        self._listener = listener
        self._idle_seconds = idle_seconds
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._ending = False
        self._wake = Wake()

    def serve(self, rpc: RPC, config: dict[str, Any], username: str, password: str) -> None:
        """From now on serve whoever comes with these credentials, which are read at each request. Raises OSError where
        the first server did not start; the next one is tried when somebody dials.
        """
        self._credentials = {
            "enabled": False,
            "username": username,
            "password": password,
            "jwt_secret_key": secrets.token_urlsafe(48),
            "CORS_origins": [],
            "verbosity": "error",
        }
        self.attach(rpc, config)
        if self._thread is None:
            self._start()

    @property
    def serving(self) -> bool:
        """Whoever dials is served, whether a server runs just now or not."""
        return self._thread is not None

    @property
    def running(self) -> bool:
        """A server runs just now: its threads may do something with FreqTrade."""
        return self._server is not None

    def attach(self, rpc: RPC, config: dict[str, Any]) -> None:
        """Put this bot behind the API: at the first start and after each reload."""
        config["api_server"] = dict(self._credentials)
        ApiServer._config = config
        ApiServer._rpc = rpc
        ApiServer._has_rpc = True

    def cleanup(self) -> None:
        """Called by FreqTrade before a reload and at the end. Requests get an error until `attach`; WebSockets are
        closed.
        """
        ApiServer._has_rpc = False
        if self._server is not None:
            self._server.drop_connections()

    def send_msg(self, msg: Mapping[str, Any]) -> None:
        """Publish to the WebSocket subscribers, in their own event loop."""
        stream, server = ApiServer._message_stream, self._server
        if stream is not None and server is not None:
            server.call_soon(stream.publish, msg)

    def stop(self) -> None:
        self._ending = True
        self._wake.set()
        server = self._server
        if server is not None:
            server.end()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def _start(self) -> None:
        first = _Server(self._listener, self._idle_seconds)
        self._thread = threading.Thread(target=self._live, args=(first,), name="rest", daemon=True)
        self._thread.start()
        if not first.ready.wait(_START_SECONDS) or not first.started:
            raise OSError("the REST server did not start")

    def _live(self, server: "_Server | None") -> None:
        """The thread: a server while it is used, then sleep until somebody dials."""
        while not self._ending:
            self._server = server or _Server(self._listener, self._idle_seconds)
            if self._ending:  # `stop` may have looked before
                return
            served = self._server.run_until_unused()
            self._server = server = None
            gc.collect()
            trim()
            if not served and not self._ending:
                self._wake.wait(_PAUSE_SECONDS)
            self._await_caller()

    def _await_caller(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        if not self._ending:
            poll.poll()


class _Server(uvicorn.Server):
    """uvicorn in a thread. Its own main loop wakes ten times a second; this one wakes once, or when told to end, and
    ends where nobody used it for `idle_seconds`."""

    def __init__(self, listener: Listener, idle_seconds: float) -> None:
        super().__init__(
            uvicorn.Config(
                build_app,
                factory=True,
                loop="asyncio",
                use_colors=False,
                log_config=None,
                access_log=False,
                ws_ping_interval=None,  # FreqTrade's channels ping by themselves
                timeout_graceful_shutdown=1,
            )
        )
        self.ready = threading.Event()
        self._listener = listener
        self._idle_seconds = idle_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end = asyncio.Event()
        self._requests = 0
        self._used_at = 0.0

    def run_until_unused(self) -> bool:
        """False where it failed."""
        try:
            with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
                runner.run(self.serve())
        except (Exception, SystemExit):  # the boundary of this thread: trading goes on without its API
            logger.exception("The REST server ended")
            return False
        finally:
            self.ready.set()
        return self.started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Without uvicorn's listeners, which could not be opened anew where it has to go on."""
        await super().startup(sockets=[])
        await self._accept()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._used_at = self._loop.time()
        self.ready.set()
        counter = 0
        while not await self.on_tick(counter) and not self._end.is_set():
            if self._unused(self._loop.time()) and await self._left():
                logger.info("The REST server ends until somebody comes: unused for %g s", self._idle_seconds)
                return
            counter += 10  # on_tick counts tenths of a second
            try:
                await asyncio.wait_for(self._end.wait(), _TICK_SECONDS)
            except TimeoutError:
                continue

    def call_soon(self, callback: Any, *arguments: Any) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it is closed
                self._loop.call_soon_threadsafe(callback, *arguments)

    def drop_connections(self) -> None:
        self.call_soon(lambda: [connection.shutdown() for connection in list(self.server_state.connections)])

    def end(self) -> None:
        self.should_exit = True
        self.call_soon(self._end.set)

    def _unused(self, now: float) -> bool:
        """A connection is use, a WebSocket among them, and so is work in the background of an answered request."""
        state = self.server_state
        if state.connections or state.tasks or state.total_requests != self._requests:
            self._requests, self._used_at = state.total_requests, now
        return now - self._used_at >= self._idle_seconds

    async def _accept(self) -> None:
        """Connections come in from now on. The listener itself is never closed: asyncio gets a duplicate."""

        def protocol() -> asyncio.Protocol:
            made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )
            return made

        loop = asyncio.get_running_loop()
        self.servers = [await loop.create_server(protocol, sock=self._listener.dup())]

    async def _left(self) -> bool:
        """Nobody is here any more, and nobody is let in: who comes now dials the next server. Else it goes on.

        asyncio loses what it accepted and has not made a transport of where its server is closed in between.
        """
        loop = asyncio.get_running_loop()
        for server in self.servers:
            for accepting in server.sockets:
                loop.remove_reader(accepting.fileno())
        for _ in range(_ACCEPT_TURNS):
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        if not self.server_state.connections:
            return True
        await self._accept()
        return False
