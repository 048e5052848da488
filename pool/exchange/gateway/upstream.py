"""The requests that reach exchanges: one session, bounded in time and bytes, no redirects, no cookies.

Connections are bounded for each address alone: one that hangs takes none of another's.
"""

import asyncio
import contextlib
import os
import ssl
from dataclasses import dataclass

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from pool.contract.market import Refusal
from pool.exchange.gateway.asking import Target
from pool.exchange.gateway.seams import Refused

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
"""ccxt's own patience."""
MOST_CONNECTIONS = 50
"""Of one address: as many requests as its budget lets be under way."""
MOST_BYTES = 64 * 1024 * 1024
_CHUNK = 256 * 1024
_FALLEN = (aiohttp.ClientError, OSError, ValueError)
"""What no answer looks like; a name that cannot be looked up and a header that is none among them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an exchange said, decompressed."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def content_type(self) -> str:
        told = self.headers.get("Content-Type", "application/octet-stream")
        return told.encode("ascii", "replace").decode()


class Upstream:
    """Made within a running loop."""

    def __init__(
        self,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._most_bytes = most_bytes
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, limit_per_host=MOST_CONNECTIONS, keepalive_timeout=30, ssl=_trusted()
            ),
            timeout=aiohttp.ClientTimeout(total=total_seconds, sock_connect=connect_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    async def ask(self, method: str, target: Target, headers: list[tuple[str, str]], body: bytes | None) -> Answer:
        """The exchange's answer, whatever it says. Raises Refused (`unreachable`) where there is none."""
        url = URL(target.url, encoded=True)
        try:
            async with self._session.request(
                method, url, headers=headers, data=body, allow_redirects=False, skip_auto_headers=("Content-Type",)
            ) as reply:
                if 300 <= reply.status < 400:
                    raise unreachable()
                return Answer(reply.status, reply.headers, await self._read(reply))
        except TimeoutError:
            raise unreachable(504) from None
        except _FALLEN as error:
            raise unreachable() from error

    async def _read(self, reply: aiohttp.ClientResponse) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in reply.content.iter_chunked(_CHUNK):
            size += len(part)
            if size > self._most_bytes:
                reply.close()
                raise unreachable()
            parts.append(part)
        return b"".join(parts)

    async def close(self) -> None:
        await self._session.close()
        await asyncio.sleep(0)


def _trusted() -> ssl.SSLContext:
    """What this machine trusts, and what ccxt does where nobody says otherwise."""
    context = ssl.create_default_context()
    if "SSL_CERT_FILE" not in os.environ:
        with contextlib.suppress(ImportError):
            import certifi

            context.load_verify_locations(certifi.where())
    return context


def unreachable(status: int = 502) -> Refused:
    refusal: Refusal = "unreachable"
    return Refused(refusal, None, status)
