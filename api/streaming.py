"""Answers that last: ended when the client goes, and closed whichever way they end."""

import contextlib
from collections.abc import AsyncGenerator, Mapping

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class ClosingResponse(StreamingResponse):
    """Streams from `source`. Whether it ends, breaks or the client goes: afterwards `source` is closed and `held` is
    unwound, also where not a byte was sent. `lasting` may end it early, in good order (`Principals.until_ended`)."""

    def __init__(
        self,
        source: AsyncGenerator[bytes, None],
        held: contextlib.AsyncExitStack,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        lasting: contextlib.AbstractAsyncContextManager[None] | None = None,
    ) -> None:
        super().__init__(source, status_code, headers, media_type)
        self._source = source
        self._held = held
        self._lasting = lasting if lasting is not None else contextlib.nullcontext()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held, contextlib.aclosing(self._source):
            await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with self._lasting:
            async for chunk in self.body_iterator:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
