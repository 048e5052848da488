"""Relay to a bot's own FreqTrade REST API on `<bot>/api.sock`, which the bot starts when it is first needed.

The credentials are random per run and stay between agent and bot: the caller's own Authorization and Cookie headers are
dropped, and routes that would hand out tokens are refused. Answers are streamed unchanged.
"""

import asyncio
import os
import secrets
from dataclasses import dataclass
from urllib.parse import unquote

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from pool.agent.bot_link import NotConnected, command_frame
from pool.agent.entry import Entry
from pool.agent.files import bot_directory
from pool.agent.keeper import Keeper
from pool.agent.problems import Refused, bot_not_answering, bot_not_running
from pool.contract.errors import AgentErrorCode

_START_SECONDS = 15.0
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
_KEPT_SECONDS = 4.0
"""The bot's server ends connections that nobody used for 5 s: what is sent on one just then is lost."""
_CHUNK_BYTES = 64 * 1024
_WEBSOCKET_LIMIT_BYTES = 16 * 1024 * 1024
_REFUSED_PREFIXES = ("token/",)
_BROKEN_OFF: tuple[int, str] = (aiohttp.WSCloseCode.TRY_AGAIN_LATER, "The bot's connection broke off.")
_WEBSOCKET_PATH = "message/ws"
_LOOKS = frozenset((hdrs.METH_GET, hdrs.METH_HEAD))
_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_NOT_FORWARDED = _HOP_BY_HOP | {"host", "authorization", "cookie", "content-length", "expect", "origin"}
_NOT_RETURNED = _HOP_BY_HOP | {"set-cookie", "server", "date"}


@dataclass(frozen=True, slots=True)
class _Upstream:
    """A run's REST API: a session on its socket, and the way in."""

    run_id: str
    session: aiohttp.ClientSession
    directory_descriptor: int
    authentication: aiohttp.BasicAuth

    async def close(self) -> None:
        await self.session.close()
        os.close(self.directory_descriptor)


class Relay:
    """One upstream per bot, made when first needed and dropped with the run."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._upstreams: dict[str, _Upstream] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._closing: set[asyncio.Task[None]] = set()
        keeper.run_ended.append(self._run_ended)

    async def handle(self, request: web.Request, entry: Entry, raw_path: str) -> web.StreamResponse:
        """Relays one request. `raw_path` is what follows `…/api/`, still percent-encoded. Raises Refused."""
        path = checked_path(raw_path)
        upstream = await self._upstream(entry)
        url = URL(f"http://bot/api/v1/{path}", encoded=True)
        try:
            if path == _WEBSOCKET_PATH:
                return await _relay_websocket(request, upstream, url)
            return await _relay_http(request, upstream, url.with_query(request.rel_url.query))
        except aiohttp.ClientConnectorError as problem:
            raise bot_not_running(entry.bot_id) from problem
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise bot_not_answering(entry.bot_id) from problem

    async def close(self) -> None:
        for upstream in self._upstreams.values():
            await upstream.close()
        self._upstreams.clear()

    async def _upstream(self, entry: Entry) -> _Upstream:
        lock = self._locks.setdefault(entry.bot_id, asyncio.Lock())
        async with lock:
            run = entry.facts.run
            if run is None or entry.connection is None or not run.is_up:
                raise bot_not_running(entry.bot_id)
            upstream = self._upstreams.get(entry.bot_id)
            if upstream is not None and upstream.run_id == run.run_id:
                return upstream
            upstream = await self._start(entry, run.run_id)
            self._upstreams[entry.bot_id] = upstream
            return upstream

    async def _start(self, entry: Entry, run_id: str) -> _Upstream:
        """Has the bot serve its API with fresh credentials, and opens a session."""
        username, password = secrets.token_hex(8), secrets.token_urlsafe(32)
        command = command_frame("serve_api", {"username": username, "password": password})
        if entry.connection is None:
            raise bot_not_running(entry.bot_id)
        try:
            result = await entry.connection.command(command, _START_SECONDS)
        except NotConnected as problem:
            raise bot_not_running(entry.bot_id) from problem
        except TimeoutError as problem:
            raise bot_not_answering(entry.bot_id) from problem
        if not result.ok:
            message = f"bot {entry.bot_id} could not start its API: {result.message}"
            raise Refused(AgentErrorCode.BOT_NOT_ANSWERING, message, bot_id=entry.bot_id)
        directory = os.open(
            bot_directory(self._keeper.directory, entry.bot_id), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
        )
        session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(
                path=f"/proc/self/fd/{directory}/api.sock", keepalive_timeout=_KEPT_SECONDS
            ),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            timeout=aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_read=_ANSWER_SECONDS),
        )
        return _Upstream(run_id, session, directory, aiohttp.BasicAuth(username, password))

    def _run_ended(self, bot_id: str, run_id: str) -> None:
        upstream = self._upstreams.get(bot_id)
        if upstream is None or upstream.run_id != run_id:
            return
        del self._upstreams[bot_id]
        self._locks.pop(bot_id, None)
        task = asyncio.get_running_loop().create_task(upstream.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp sends some requests anew, DELETE among them, where a connection ends without an answer. By then the bot
    may have acted: what is not just a look goes once."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as problem:
        if request.method in _LOOKS or isinstance(problem, aiohttp.ClientConnectorError):
            raise
        raise aiohttp.ClientConnectionError("the connection ended without an answer") from problem


def checked_path(raw_path: str) -> str:
    """The path to ask the bot for, still encoded. Raises Refused for token routes and for anything that climbs."""
    decoded = unquote(raw_path)
    segments = decoded.split("/")
    climbs = any(segment in ("", ".", "..") for segment in segments) or any(not char.isprintable() for char in decoded)
    if climbs or "\\" in decoded or "?" in raw_path or "#" in raw_path:
        raise Refused(AgentErrorCode.RELAY_REFUSED, "this is not a path of FreqTrade's REST API")
    if decoded.lower().startswith(_REFUSED_PREFIXES):
        raise Refused(AgentErrorCode.RELAY_REFUSED, "tokens of a bot's own API are not handed out")
    return raw_path


async def _relay_http(request: web.Request, upstream: _Upstream, url: URL) -> web.StreamResponse:
    headers = CIMultiDict(
        (name, value) for name, value in request.headers.items() if name.lower() not in _NOT_FORWARDED
    )
    body = await request.read() if request.can_read_body else None
    async with upstream.session.request(
        request.method, url, headers=headers, data=body, auth=upstream.authentication, allow_redirects=False
    ) as answer:
        return await _passed_on(request, answer)


async def _passed_on(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """As it comes; a short one at once, with its head in one piece."""
    headers = CIMultiDict((name, value) for name, value in answer.headers.items() if name.lower() not in _NOT_RETURNED)
    length = answer.content_length
    if length is not None and length <= _CHUNK_BYTES and request.method != hdrs.METH_HEAD:
        return web.Response(body=await answer.read(), status=answer.status, reason=answer.reason, headers=headers)
    return await _streamed(request, answer, headers)


async def _streamed(
    request: web.Request, answer: aiohttp.ClientResponse, headers: CIMultiDict[str]
) -> web.StreamResponse:
    """Once the head is out, an error can only cut the body short: the connection is closed then."""
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
    await response.prepare(request)
    try:
        async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
            await response.write(chunk)
        await response.write_eof()
    except (aiohttp.ClientError, TimeoutError, OSError):
        response.force_close()
        if request.transport is not None:
            request.transport.abort()
    return response


async def _relay_websocket(request: web.Request, upstream: _Upstream, url: URL) -> web.StreamResponse:
    token = await _access_token(upstream)
    async with upstream.session.ws_connect(
        url.with_query({"token": token}), max_msg_size=_WEBSOCKET_LIMIT_BYTES, heartbeat=20
    ) as bot:
        client = web.WebSocketResponse(max_msg_size=_WEBSOCKET_LIMIT_BYTES, heartbeat=20)
        await client.prepare(request)
        to_client = asyncio.ensure_future(_pump(bot, client))
        ways = [asyncio.ensure_future(_pump(client, bot)), to_client]
        code, reason = _BROKEN_OFF
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if to_client.done() and to_client.exception() is None:
                code, reason = to_client.result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await client.close(code=code, message=reason.encode())
        return client


async def _access_token(upstream: _Upstream) -> str:
    """FreqTrade's WebSocket takes a token in its address; it stays on this side."""
    try:
        async with upstream.session.post("http://bot/api/v1/token/login", auth=upstream.authentication) as answer:
            answer.raise_for_status()
            return str((await answer.json())["access_token"])
    except (aiohttp.ClientError, TimeoutError, KeyError) as problem:
        raise Refused(AgentErrorCode.BOT_NOT_ANSWERING, "the bot's WebSocket could not be opened") from problem


_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: _Socket, sink: _Socket) -> tuple[int, str]:
    """Messages of one direction, until either side closes; with which code and reason the source did."""
    while True:
        message = await source.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(message.data)
        elif message.type is aiohttp.WSMsgType.CLOSE:
            return message.data or aiohttp.WSCloseCode.OK, message.extra or ""
        else:
            return _BROKEN_OFF
