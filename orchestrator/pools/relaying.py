"""Requests that are relayed to bots through one agent, and the bots' answers.

By aiohttp, which reads and writes HTTP in C: what relays has milliseconds, of which httpx, which asks agents for
everything else, takes some itself. Bodies are passed on as they come, neither decoded nor kept; so are headers, but for
those that concern one connection, and credentials and cookies of either side.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterable

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from orchestrator.pools.link import CONNECT_SECONDS, AgentEndpoint, TransportErrors

_NOT_FORWARDED = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "content-length",
        "authorization",
        "cookie",
        "accept-encoding",
    }
)
_NOT_RETURNED = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"set-cookie", b"server", b"date"})
_SHORT_BYTES = 64 * 1024
_MOST_READ_BYTES = 8 * 1024 * 1024
_READ_SECONDS = 60.0
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""In the value of a header. What serves callers lets some of these in, and aiohttp refuses to write them."""
_LOOKS = frozenset({"GET", "HEAD"})
_NOT_ADDED = ("Accept", "Content-Type", "User-Agent")
"""aiohttp would, where a caller sends none."""


class BotAnswer:
    """A bot's answer, of which the body comes once `chunks` or `read` asks for it; both raise AgentUnreachable where it
    does not come to its end. Always `aclose` it."""

    def __init__(self, response: aiohttp.ClientResponse, errors: Callable[[], TransportErrors]) -> None:
        self._response = response
        self._errors = errors
        self._content: bytes | None = None
        self.status = response.status
        self.headers: list[tuple[bytes, bytes]] = [
            (name.lower(), value) for name, value in response.raw_headers if name.lower() not in _NOT_RETURNED
        ]
        """As they came, one pair each, names in lower case."""

    @property
    def is_short(self) -> bool:
        """Whether its body, by its own account, is so short that it comes with the head or right after it."""
        length = self._response.content_length
        return length is not None and length <= _SHORT_BYTES and self._response.method != "HEAD"

    @property
    def is_json(self) -> bool:
        return self._response.headers.get("Content-Type", "").startswith("application/json")

    async def read(self) -> bytes:
        """The whole body. A bot runs code of its user, who may let it say things that have no end: what is too long, or
        takes too long, does not come to its end."""
        if self._content is None:
            content = bytearray()
            with self._errors():
                async with asyncio.timeout(_READ_SECONDS):
                    async for chunk in self._response.content.iter_any():
                        content += chunk
                        if len(content) > _MOST_READ_BYTES:
                            raise aiohttp.ClientPayloadError(f"more than {_MOST_READ_BYTES} bytes")
            self._content = bytes(content)
        return self._content

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes."""
        if self._content is not None:
            yield self._content
            return
        with self._errors():
            async for chunk in self._response.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        """What was not read ends the connection."""
        self._response.release()


class RelayLink:
    """Relays to the bots of the agent at `endpoint`. `errors` makes of a broken connection what callers know. Close it
    with `aclose`."""

    def __init__(self, endpoint: AgentEndpoint, errors: Callable[[], TransportErrors]) -> None:
        self._endpoint = endpoint
        self._errors = errors
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self,
        method: str,
        path: str,
        query: Iterable[tuple[str, str]],
        headers: Iterable[tuple[str, str]],
        body: bytes | None,
        seconds: float,
    ) -> BotAnswer:
        """The answer once its head has come. `path` is percent-encoded; `seconds` may pass until then, and
        without a byte after that. Raises AgentUnreachable."""
        passed = CIMultiDict(
            (name, value)
            for name, value in headers
            if name.lower() not in _NOT_FORWARDED and not _UNSENDABLE.search(value)
        )
        passed["Accept-Encoding"] = "identity"
        passed["Authorization"] = f"Bearer {self._endpoint.token}"
        with self._errors():
            async with asyncio.timeout(seconds):
                response = await self._opened().request(
                    method,
                    URL(f"{self._endpoint.url}{path}", encoded=True).with_query(list(query)),
                    headers=passed,
                    skip_auto_headers=_NOT_ADDED,
                    data=body,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=seconds),
                )
        return BotAnswer(response, self._errors)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_once,),
            )
        return self._session


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Not as aiohttp by itself, which sends DELETE and others anew where a connection ended without an answer: the bot
    may have acted already."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as lost:
        if request.method in _LOOKS:
            raise
        raise aiohttp.ClientConnectionError(f"no answer to {request.method}, which is not sent anew") from lost
