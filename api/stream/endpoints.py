"""The portfolio as a live stream of Server-Sent Events."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from starlette.requests import HTTPConnection
from starlette.responses import StreamingResponse

from api.auth.guard import StreamCaller
from api.deps import ServicesDep
from api.errors import problems
from api.stream.feed import StreamResponse, StreamState, open_feed, streams_of
from orchestrator.errors import ErrorCode

router = APIRouter(prefix="/portfolio", tags=["portfolio"])

_EXAMPLE = """event: portfolio
data: {"as_of":"2026-11-20T12:00:00Z","currency":"USDT","equity":"3012.5","free":"2600","in_trades":"412.5"}
id: 5f0c2a9be1d4-17
retry: 2000

: ping

event: bot
data: {"id":"bot-k3v2q7d5mwxz4tha","name":"trend","observed_state":"paused","trader_state":"paused","conditions":[]}
id: 5f0c2a9be1d4-21

"""
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events until either side goes.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
    }
}


def stream_state(connection: HTTPConnection) -> StreamState:
    """What all streams of the application share."""
    return streams_of(connection.app)


@router.get(
    "/stream",
    operation_id="streamPortfolio",
    summary="Live portfolio (Server-Sent Events)",
    response_class=StreamingResponse,
    responses={**_CONTENT, **problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND, ErrorCode.REDIS_UNAVAILABLE)},
)
async def stream(
    caller: StreamCaller,
    services: ServicesDep,
    state: Annotated[StreamState, Depends(stream_state)],
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=200,
            description="Id of the last event you have; browsers send it when they reconnect.",
            examples=["5f0c2a9be1d4-21"],
        ),
    ] = None,
) -> StreamResponse:
    """Sends `portfolio` at connect and when it changed, at most once a second, with the body of `GET /portfolio`; `bot`
    when a bot's state changed; `trade` on entry, exit, partial exit and cancel; `alert`. Every event has an id.

    With `Last-Event-ID` the events since are replayed instead of the portfolio at connect. Where they are not
    remembered any more, `reset` comes first, and then a fresh `portfolio`. Comments come when nothing else does. A
    client that does not keep up is disconnected and may resume. Browsers open it with `?ticket=` from
    `POST /api/v1/auth/tickets`.
    """
    feed = await open_feed(services.portfolio, state, caller.user_id, last_event_id or None)
    return StreamResponse(feed)
