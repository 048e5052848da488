"""uvicorn's HTTP/1.1 protocol with deadlines for clients that do not read, or do not come to the point, and with a
limit on the connections of one address.

ASGI has no way to cut a connection: closing one whose client does not read waits for that client for ever, and so does
the server's shutdown. Nor does it see a request before its headers are complete. The transport does. Give it to
`uvicorn.Config(http=protocol_for(settings))`. What was upgraded to a WebSocket is no longer counted here: users have
quotas of those.
"""

import asyncio
from collections import Counter
from typing import ClassVar

import h11
from loguru import logger
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.addresses import household, parse
from api.proxies import trusts
from api.settings import ApiSettings, Network


class WriteDeadlineProtocol(H11Protocol):
    """Aborts the connection when what is buffered for the client did not go down for `write_seconds`."""

    write_seconds = 20.0
    _deadline: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._cancel_deadline()
        self._deadline = self.loop.call_later(self.write_seconds, self._give_up)

    def resume_writing(self) -> None:
        self._cancel_deadline()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        logger.info("a client took nothing for {} s; disconnected", self.write_seconds)
        self.transport.abort()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class GuardedProtocol(WriteDeadlineProtocol):
    """Also ends connections whose next request does not come to the end of its headers in time, however its bytes
    dribble in, and refuses an address that holds too many. Made by `protocol_for`."""

    header_seconds = 10.0
    most_per_address = 250
    uncounted: tuple[Network, ...] = ()
    held: ClassVar[Counter[str]] = Counter()
    """Connections by address; one count for all connections of a server."""
    _headers_due: asyncio.TimerHandle | None = None
    _counted: str | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        if not self._is_let_in():
            logger.warning(
                "{} holds {} connections; one more was refused", self._counted, self.held[self._counted or ""]
            )
            self.transport.abort()
            return
        self._expect_headers(self.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting()
        self._uncount()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._stop_expecting()

    def on_response_complete(self) -> None:
        answered = self.cycle
        super().on_response_complete()
        if self.cycle is answered and not self.transport.is_closing():
            # None that was pipelined has begun. What is left of this one's body counts towards the next, too.
            self._expect_headers(self.header_seconds + self.timeout_keep_alive)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._stop_expecting()
        self._uncount()
        super().handle_websocket_upgrade(event)

    def _is_let_in(self) -> bool:
        address = parse(self.client[0]) if self.client else None
        if self.client is None or address is None or address.is_loopback or trusts(self.uncounted, address):
            return True
        self._counted = household(self.client[0])
        self.held[self._counted] += 1
        return self.held[self._counted] <= self.most_per_address

    def _uncount(self) -> None:
        if self._counted is not None:
            self.held[self._counted] -= 1
            if self.held[self._counted] <= 0:
                del self.held[self._counted]
            self._counted = None

    def _expect_headers(self, seconds: float) -> None:
        self._stop_expecting()
        self._headers_due = self.loop.call_later(seconds, self._too_slow)

    def _stop_expecting(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _too_slow(self) -> None:
        if self.transport.is_closing():
            return
        logger.info("a client did not come to the end of its headers in time; disconnected")
        if self.conn.our_state is h11.IDLE:
            headers = [(b"content-length", b"0"), (b"connection", b"close")]
            self.transport.write(self.conn.send(h11.Response(status_code=408, headers=headers)) or b"")
            self.transport.write(self.conn.send(h11.EndOfMessage()) or b"")
        self.transport.close()


def protocol_for(settings: ApiSettings) -> type[GuardedProtocol]:
    """The protocol of one server, with the limits of its settings."""

    class Protocol(GuardedProtocol):
        header_seconds = settings.header_seconds
        most_per_address = settings.connections_per_address
        uncounted = settings.trusted_proxies
        held: ClassVar[Counter[str]] = Counter()

    return Protocol
