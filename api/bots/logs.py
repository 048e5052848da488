"""A bot's log: its end, and new lines as they come."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.sse import format_sse_event
from starlette.responses import Response

from api.auth.access import BotViewer
from api.auth.state import AuthDep
from api.bots.endpoints import READ_ERRORS, FoundBot
from api.bots.schemas import LogPage
from api.deps import ServicesDep
from api.errors import problems
from api.quota import Quota
from api.streaming import ClosingResponse
from orchestrator.bots.service import BotView
from orchestrator.errors import BotNotRunning, Error, ErrorCode, NotFound
from orchestrator.pools.client import AgentClient

router = APIRouter(prefix="/bots/{bot_id}", tags=["bots"])
_EXAMPLE = "data: 2026-11-20 12:00:00 - freqtrade.worker - INFO - Bot heartbeat.\n\n"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_FIRST_LINE_SECONDS = 1.0
"""An agent that refuses does so at once; a log without any line keeps nobody waiting longer."""
_BEAT_SECONDS = 15.0
_BEAT = b": beat\n\n"


@router.get(
    "/logs",
    operation_id="getBotLogs",
    summary="A bot's log",
    response_model=LogPage,
    responses={
        **problems(*READ_ERRORS, ErrorCode.BOT_NOT_RUNNING, ErrorCode.AGENT_UNREACHABLE, ErrorCode.TOO_MANY_REQUESTS),
        200: {
            "description": "The end of the log; with `follow`, Server-Sent Events, a line each.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        },
    },
)
async def logs(
    view: FoundBot,
    caller: BotViewer,
    services: ServicesDep,
    auth: AuthDep,
    request: Request,
    tail: Annotated[int, Query(ge=1, le=5000, description="Lines to begin with.", examples=[200])] = 200,
    follow: Annotated[bool, Query(description="Go on with new lines as they come.", examples=[False])] = False,
) -> LogPage | Response:
    """The last lines, oldest first. With `follow=true` a stream: these, then new ones until either side goes; comments
    come when no line does, and an `error` event tells why it ended early."""
    client = await _client(view, services)
    if follow:
        quota: Quota = request.app.state.log_streams
        lasting = auth.principals.until_ended(caller, view.bot.id)
        return await _followed(client, view.bot.id, tail, quota.taken(caller.user_id), lasting)
    with _no_slot_is_not_running(view.bot.id):
        return LogPage(items=await client.logs(view.bot.id, tail), next=None)


async def _followed(
    client: AgentClient,
    bot_id: str,
    tail: int,
    place: contextlib.AbstractContextManager[None],
    lasting: contextlib.AbstractAsyncContextManager[None],
) -> Response:
    async with contextlib.AsyncExitStack() as held:
        held.enter_context(place)
        lines = await held.enter_async_context(contextlib.aclosing(_Lines(client.follow_logs(bot_id, tail))))
        with _no_slot_is_not_running(bot_id):
            await lines.begin()
        return ClosingResponse(
            _frames(lines), held.pop_all(), headers=_HEADERS, media_type="text/event-stream", lasting=lasting
        )


@contextlib.contextmanager
def _no_slot_is_not_running(bot_id: str) -> Iterator[None]:
    """The bot is there, only its pool has not heard of it."""
    try:
        yield
    except NotFound:
        raise BotNotRunning("The bot has not been started yet; wait until it runs.", bot_id=bot_id) from None


async def _client(view: BotView, services: ServicesDep) -> AgentClient:
    if view.bot.pool_id is None:
        raise BotNotRunning("The bot has no pool yet; wait until it was placed.", bot_id=view.bot.id)
    return await services.agents.agent_for(view.bot.pool_id)


class _Lines:
    """Lines of a log, read ahead by one, so that waiting for the next can end without losing it."""

    def __init__(self, source: AsyncGenerator[str, None]) -> None:
        self._source = source
        self._coming: asyncio.Task[str | None] | None = None

    async def begin(self) -> None:
        """Raises what the agent refuses with, as long as that can still be answered as a problem."""
        coming = self._ahead()
        await asyncio.wait([coming], timeout=_FIRST_LINE_SECONDS)
        if coming.done():
            coming.result()

    async def next(self, seconds: float) -> str | None:
        """The next line, None at the end. Raises TimeoutError where none came in time; nothing is lost by that."""
        coming = self._ahead()
        await asyncio.wait([coming], timeout=seconds)
        if not coming.done():
            raise TimeoutError
        self._coming = None
        return coming.result()

    async def aclose(self) -> None:
        """Ends the connection to the agent."""
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.gather(self._coming, return_exceptions=True)
        await self._source.aclose()

    def _ahead(self) -> "asyncio.Task[str | None]":
        if self._coming is None:
            self._coming = asyncio.create_task(self._read())
        return self._coming

    async def _read(self) -> str | None:
        return await anext(self._source, None)


async def _frames(lines: _Lines) -> AsyncGenerator[bytes, None]:
    try:
        while True:
            try:
                line = await lines.next(_BEAT_SECONDS)
            except TimeoutError:
                yield _BEAT
                continue
            if line is None:
                return
            yield format_sse_event(data_str=line)
    except Error as error:
        yield format_sse_event(event="error", data_str=error.message)
