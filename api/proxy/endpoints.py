"""A bot's own FreqTrade REST API, relayed: `/bots/{id}/freqtrade/api/v1/…` is what the bot answers under `/api/v1/…`.

Answers are streamed unchanged. The caller signs in to Flotilla; the bot's own credentials never leave its pool.
"""

import asyncio
from collections.abc import AsyncIterator

import websockets
from fastapi import APIRouter, Request, Response, WebSocket
from starlette.responses import StreamingResponse
from starlette.websockets import WebSocketDisconnect, WebSocketState
from websockets.asyncio.client import ClientConnection

from api.auth.guard import Caller, owner_of, websocket_subject
from api.deps import Services, ServicesDep, get_services
from api.errors import EdgeCode, problems
from api.proxy.rules import refusal
from orchestrator.bots import service
from orchestrator.errors import BotNotRunning, Error, ErrorCode, RelayRefused
from orchestrator.pools.client import AgentClient

router = APIRouter(prefix="/bots/{bot_id}/freqtrade/api/v1", tags=["freqtrade"])

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_NOT_RETURNED = frozenset({"connection", "keep-alive", "transfer-encoding", "set-cookie", "server", "date"})
_POLICY_CLOSE = 1008
_TRY_AGAIN_CLOSE = 1013
_EXAMPLE = {"version": "2026.9"}


async def relay(bot_id: str, path: str, request: Request, caller: Caller, services: ServicesDep) -> Response:
    """Passes the call on to the bot, which starts its REST API when it is first needed, and its answer back unchanged.
    Starting, stopping, pausing, reloading and signing in are refused with the route to use instead."""
    reason = refusal(request.method, path)
    if reason is not None:
        raise RelayRefused(reason, path=path[:200])
    client = await _agent_of(services, owner_of(caller), bot_id)
    answer = await client.relay(
        bot_id,
        request.method,
        path,
        query=request.query_params.multi_items(),
        headers=request.headers.items(),
        body=await request.body() or None,
    )
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_RETURNED}

    async def body() -> AsyncIterator[bytes]:
        try:
            async for chunk in answer.aiter_raw() if not answer.is_stream_consumed else _held(answer.content):
                yield chunk
        finally:
            await answer.aclose()

    return StreamingResponse(body(), answer.status_code, headers)


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
    """FreqTrade's message WebSocket, both ways. Sign in with the Authorization header or `?ticket=` (`freqtrade`)."""
    services = get_services(websocket)
    try:
        subject = websocket_subject(websocket, "freqtrade")
        client = await _agent_of(services, owner_of(subject), bot_id)
        target = client.websocket(bot_id)
        upstream = await websockets.connect(target.url, additional_headers=target.headers, open_timeout=20)
    except Error as error:
        await websocket.close(_POLICY_CLOSE, error.message[:120])
        return
    except (OSError, TimeoutError, websockets.WebSocketException):
        await websocket.close(_TRY_AGAIN_CLOSE, "The bot does not answer; try again in a moment.")
        return
    async with upstream:
        await websocket.accept()
        await _pump_both(websocket, upstream)


async def _held(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _agent_of(services: Services, owner_id: str, bot_id: str) -> AgentClient:
    async with services.database.read() as session:
        pool_id = (await service.get(session, owner_id, bot_id)).bot.pool_id
    if pool_id is None:
        raise BotNotRunning("The bot has no pool yet; wait until it was placed.", bot_id=bot_id)
    client: AgentClient = await services.agents.agent_for(pool_id)
    return client


async def _pump_both(websocket: WebSocket, upstream: ClientConnection) -> None:
    """Until either side goes; then both are closed."""
    pumps = [asyncio.create_task(_to_bot(websocket, upstream)), asyncio.create_task(_to_client(websocket, upstream))]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        if websocket.application_state is WebSocketState.CONNECTED:
            await websocket.close()


async def _to_bot(websocket: WebSocket, upstream: ClientConnection) -> None:
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            await upstream.send(message["text"] if message.get("text") is not None else message["bytes"])
    except (WebSocketDisconnect, websockets.ConnectionClosed):
        return


async def _to_client(websocket: WebSocket, upstream: ClientConnection) -> None:
    try:
        async for message in upstream:
            if isinstance(message, str):
                await websocket.send_text(message)
            else:
                await websocket.send_bytes(message)
    except (WebSocketDisconnect, websockets.ConnectionClosed):
        return
