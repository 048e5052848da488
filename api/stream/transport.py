"""uvicorn's HTTP/1.1 protocol with a deadline for clients that do not read.

ASGI has no way to cut a connection: closing one whose client does not read waits for that client for ever, and so does
the server's shutdown. The transport can. Give it to `uvicorn.Config(http=WriteDeadlineProtocol)`.
"""

import asyncio

from loguru import logger
from uvicorn.protocols.http.h11_impl import H11Protocol


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
