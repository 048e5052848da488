"""A bot's log: its end, and new lines as they come."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.responses import Response

from api.bots.endpoints import READ_ERRORS, FoundBot
from api.bots.schemas import LogPage
from api.deps import ServicesDep
from api.errors import problems
from orchestrator.bots.service import BotView
from orchestrator.errors import BotNotRunning, Error, ErrorCode
from orchestrator.pools.client import AgentClient

router = APIRouter(prefix="/bots/{bot_id}", tags=["bots"])
_EXAMPLE = "data: 2026-11-20 12:00:00 - freqtrade.worker - INFO - Bot heartbeat.\n\n"


@router.get(
    "/logs",
    operation_id="getBotLogs",
    summary="A bot's log",
    response_model=LogPage,
    responses={
        **problems(*READ_ERRORS, ErrorCode.BOT_NOT_RUNNING, ErrorCode.AGENT_UNREACHABLE),
        200: {
            "description": "The end of the log; with `follow`, Server-Sent Events, a line each.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        },
    },
)
async def logs(
    view: FoundBot,
    services: ServicesDep,
    tail: Annotated[int, Query(ge=1, le=5000, description="Lines to begin with.", examples=[200])] = 200,
    follow: Annotated[bool, Query(description="Go on with new lines as they come.", examples=[False])] = False,
) -> LogPage | Response:
    """The last lines, oldest first. With `follow=true` a stream: these, then new ones until either side goes."""
    client = await _client(view, services)
    if not follow:
        return LogPage(items=await client.logs(view.bot.id, tail), next=None)
    lines = client.follow_logs(view.bot.id, tail)
    first = await anext(lines, None)  # an unknown slot is answered as a problem, not as an empty stream
    return EventSourceResponse(_frames(first, lines))


async def _client(view: BotView, services: ServicesDep) -> AgentClient:
    if view.bot.pool_id is None:
        raise BotNotRunning("The bot has no pool yet; wait until it was placed.", bot_id=view.bot.id)
    client: AgentClient = await services.agents.agent_for(view.bot.pool_id)
    return client


async def _frames(first: str | None, lines: AsyncIterator[str]) -> AsyncIterator[bytes]:
    try:
        if first is not None:
            yield format_sse_event(data_str=first)
        async for line in lines:
            yield format_sse_event(data_str=line)
    except Error as error:
        yield format_sse_event(event="error", data_str=error.message)
