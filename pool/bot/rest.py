"""FreqTrade's own REST API on the bot's Unix socket, served only once somebody asks for it.

`api.sock` is bound and listens before the bot's system calls are filtered, which refuses both afterwards. Nobody dials
it before the bot has answered `serve_api`, and an idle bot pays nothing. The application is FreqTrade's, with all its
routes and `/api/v1/message/ws`; what differs is where it listens, that a configuration reload only exchanges the bot
behind it (FreqTrade would stop and rebuild the server), and that its server sleeps longer between ticks.

Seam for the zygote: the application comes from `webserver.FastAPI` and `ApiServer.configure_app`, looked up when
needed, so that a warmed process can put one there that is built already.
"""

import asyncio
import logging
import os
import secrets
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from freqtrade.rpc import RPC
from freqtrade.rpc.api_server import webserver
from freqtrade.rpc.api_server.webserver import ApiServer

from pool.ipc.unix_address import bind_unix

logger = logging.getLogger(__name__)

_BACKLOG = 64
_START_SECONDS = 15.0
_STOP_SECONDS = 3.0
_TICK_SECONDS = 1.0


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

    def __init__(self, listener: socket.socket) -> None:
        self._standalone = False
        self._listener = listener
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def serve(self, rpc: RPC, config: dict[str, Any], username: str, password: str) -> None:
        """Start to serve with these credentials, or only replace them: they are read at each request. Raises
        OSError.
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
        if self._server is None:
            self._start()

    @property
    def serving(self) -> bool:
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
        if self._server is not None and self._thread is not None:
            self._server.end()
            self._thread.join(_STOP_SECONDS)

    def _start(self) -> None:
        server = _Server(
            uvicorn.Config(
                build_app(),
                loop="asyncio",
                use_colors=False,
                log_config=None,
                access_log=False,
                ws_ping_interval=None,  # FreqTrade's channels ping by themselves
                timeout_graceful_shutdown=1,
            )
        )
        thread = threading.Thread(target=server.serve_on, args=(self._listener,), name="rest", daemon=True)
        thread.start()
        if not server.ready.wait(_START_SECONDS) or not server.started:
            raise OSError("the REST server did not start")
        self._server, self._thread = server, thread


class _Server(uvicorn.Server):
    """uvicorn in a thread. Its own main loop wakes ten times a second; this one wakes once, or when told to end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end = asyncio.Event()

    def serve_on(self, listener: socket.socket) -> None:
        try:
            with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
                runner.run(self.serve(sockets=[listener]))
        except (Exception, SystemExit):  # the boundary of this thread: trading goes on without its API
            logger.exception("The REST server ended")
        finally:
            self.ready.set()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.ready.set()
        counter = 0
        while not await self.on_tick(counter) and not self._end.is_set():
            counter += 10  # on_tick counts tenths of a second
            try:
                await asyncio.wait_for(self._end.wait(), _TICK_SECONDS)
            except TimeoutError:
                continue

    def call_soon(self, callback: Any, *arguments: Any) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback, *arguments)

    def drop_connections(self) -> None:
        self.call_soon(lambda: [connection.shutdown() for connection in list(self.server_state.connections)])

    def end(self) -> None:
        self.should_exit = True
        self.call_soon(self._end.set)
