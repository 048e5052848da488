"""A bot's own FreqTrade REST API, relayed: `/bots/{id}/freqtrade/api/v1/…` is what the bot answers under `/api/v1/…`.

Answers are streamed unchanged. The caller signs in to Flotilla; the bot's own credentials never leave its pool.
"""

import contextlib
from collections.abc import AsyncGenerator
from typing import Annotated

import httpx
from fastapi import APIRouter, Path, Request, Response, WebSocket

from api.auth.guard import Caller, owner_of, websocket_subject
from api.deps import BotId, Services, ServicesDep, get_services, known_bot_id
from api.errors import EdgeCode, problems
from api.proxy.rules import refusal
from api.proxy.sockets import dial, pump_both, refuse
from api.quota import Quota
from api.streaming import ClosingResponse
from orchestrator.bots import service
from orchestrator.errors import BotNotRunning, Error, ErrorCode, NotFound, RelayRefused
from orchestrator.pools.client import AgentClient

router = APIRouter(prefix="/bots/{bot_id}/freqtrade/api/v1", tags=["freqtrade"])

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_NOT_RETURNED = frozenset({"connection", "keep-alive", "transfer-encoding", "set-cookie", "server", "date"})
_EXAMPLE = {"version": "2026.9"}
RelayedPath = Annotated[str, Path(description="What follows `/api/v1/` in FreqTrade's own API.", examples=["version"])]


async def relay(bot_id: BotId, path: RelayedPath, request: Request, caller: Caller, services: ServicesDep) -> Response:
    """Passes the call on to the bot, which starts its REST API when it is first needed, and its answer back unchanged.
    Starting, stopping, pausing, reloading and signing in are refused with the route to use instead."""
    client = await _agent_of(services, owner_of(caller), bot_id)
    reason = refusal(request.method, path)
    if reason is not None:
        raise RelayRefused(reason, path=path[:200])
    content = await request.body() or None
    try:
        answer = await client.relay(
            bot_id, request.method, path, request.query_params.multi_items(), request.headers.items(), content
        )
    except NotFound:
        raise BotNotRunning("The bot has not been started yet; wait until it runs.", bot_id=bot_id) from None
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_RETURNED}
    held = contextlib.AsyncExitStack()
    held.push_async_callback(answer.aclose)
    return ClosingResponse(_chunks(answer), held, answer.status_code, headers)


async def _chunks(answer: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body as it comes; an error's body may have been read already."""
    if answer.is_stream_consumed:
        yield answer.content
        return
    async for chunk in answer.aiter_raw():
        yield chunk


for _method in METHODS:
    router.add_api_route(
        "/{path:path}",
        relay,
        methods=[_method],
        operation_id=f"relay{_method.capitalize()}",
        summary=f"{_method} of the bot's own API",
        response_class=Response,
        include_in_schema=_method in ("GET", "POST", "DELETE"),
        responses={
            **problems(
                ErrorCode.UNAUTHENTICATED,
                ErrorCode.NOT_FOUND,
                ErrorCode.RELAY_REFUSED,
                ErrorCode.BOT_NOT_RUNNING,
                ErrorCode.AGENT_UNREACHABLE,
                ErrorCode.RELAY_TIMEOUT,
                EdgeCode.BODY_TOO_LARGE,
            ),
            200: {
                "description": "What FreqTrade answers; other statuses of FreqTrade come through, too.",
                "content": {"application/json": {"schema": {}, "example": _EXAMPLE}},
            },
        },
    )


@router.websocket("/message/ws")
async def relay_websocket(websocket: WebSocket, bot_id: str) -> None:
    """FreqTrade's message WebSocket, both ways. Sign in with the Authorization header or `?ticket=` (`freqtrade`).
    What is refused is refused before the upgrade, with a problem document."""
    services = get_services(websocket)
    quota: Quota = websocket.app.state.relayed_websockets
    try:
        subject = await websocket_subject(websocket, "freqtrade")
        client = await _agent_of(services, owner_of(subject), known_bot_id(bot_id))
        with quota.taken(subject.user_id):
            async with await dial(client, bot_id) as upstream:
                await websocket.accept()
                await pump_both(websocket, upstream)
    except Error as error:
        await refuse(websocket, error)


async def _agent_of(services: Services, owner_id: str, bot_id: str) -> AgentClient:
    async with services.database.read() as session:
        pool_id = (await service.get(session, owner_id, bot_id)).bot.pool_id
    if pool_id is None:
        raise BotNotRunning("The bot has no pool yet; wait until it was placed.", bot_id=bot_id)
    return await services.agents.agent_for(pool_id)
