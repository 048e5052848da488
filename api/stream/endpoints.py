"""The portfolio as a live stream of Server-Sent Events."""

from contextlib import ExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.requests import HTTPConnection
from starlette.responses import StreamingResponse

from api.auth.access import Access, Need
from api.auth.portfolios import OfUser, owner_of
from api.auth.state import AuthDep
from api.auth.subject import Subject
from api.deps import ServicesDep
from api.errors import problems
from api.quota import Quota
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
Ticket = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Single-use ticket for `portfolio`, instead of the Authorization header.",
        examples=["Zt2m3yJ0lR2m0m6t"],
    ),
]
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
    request: Request,
    caller: Annotated[Subject, Depends(Access(Need.READ, ticket="portfolio"))],
    services: ServicesDep,
    auth: AuthDep,
    state: Annotated[StreamState, Depends(stream_state)],
    ticket: Ticket = None,
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=200,
            description="Id of the last event you have; browsers send it when they reconnect.",
            examples=["5f0c2a9be1d4-21"],
        ),
    ] = None,
    user: OfUser = None,
    changes: Annotated[
        bool,
        Query(
            description="After the first `portfolio` of a connection, tell what changed in it alone, as `change`.",
            examples=[True],
        ),
    ] = False,
) -> StreamResponse:
    """Sends `portfolio` at connect and when it changed, at most once a second, with the body of `GET /portfolio`; `bot`
    when a bot's state changed; `trade` on entry, exit, partial exit and cancel, and with `event: rule` on each
    stage of what a universal rule did; `alert`, also of entries that a limit refused. Every event has an id. A `trade`
    that closes one has it as `closed`, with the body of an item of `GET /trades`.

    With `changes=true` each portfolio after the first of a connection comes as `change`: `since` is the id of the event
    that it builds on, and where that is not the last `portfolio` or `change` you had, ask anew without an id. Its other
    fields replace those of the portfolio, but for `bots`, whose entries name a bot by `id` and the fields of it that
    are new, and `order`: the ids of all bots there are now, told where they are not the same ones as before.

    With `Last-Event-ID` the events since are replayed instead of the portfolio at connect. Where they are not
    remembered any more, `reset` comes first, and then a fresh `portfolio`. Comments come when nothing else does. A
    client that does not keep up is disconnected and may resume. Browsers open it with `?ticket=` from
    `POST /api/v1/auth/tickets`.
    """
    owner_id = await owner_of(services, caller, user)
    quota: Quota = request.app.state.portfolio_streams
    to_owner = owner_id == caller.user_id
    with ExitStack() as held:
        held.enter_context(quota.taken(caller.user_id))
        feed = await open_feed(
            services.portfolio, state, owner_id, last_event_id or None, to_owner=to_owner, changes=changes
        )
        return StreamResponse(feed, auth.principals.until_ended(caller, owner_id=owner_id), held.pop_all())
