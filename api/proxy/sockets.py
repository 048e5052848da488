"""Two WebSockets joined: the caller's and the one that the agent relays from the bot."""

import asyncio
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus

import websockets
from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState
from websockets.asyncio.client import ClientConnection
from websockets.frames import CloseCode

from api.errors import response_of
from orchestrator.errors import AgentUnreachable, BotNotRunning, Error, RelayTimeout
from orchestrator.pools.client import AgentClient

_OPEN_SECONDS = 20.0
_MESSAGE_BYTES = 16 * 1024 * 1024
"""An analysed data frame of a pair is some megabytes."""
_POLICY_VIOLATION = 1008
_TRY_AGAIN_LATER = 1013
_GONE = (WebSocketDisconnect, websockets.ConnectionClosed, OSError)


async def dial(client: AgentClient, bot_id: str) -> ClientConnection:
    """The bot's side, open. Raises BotNotRunning, RelayTimeout, AgentUnreachable."""
    target = client.websocket(bot_id)
    try:
        return await websockets.connect(
            target.url,
            additional_headers=target.headers,
            open_timeout=_OPEN_SECONDS,
            max_size=_MESSAGE_BYTES,
            compression=None,
            proxy=None,
        )
    except websockets.InvalidStatus as refused:
        if refused.response.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
            raise BotNotRunning("The bot has no running process; start it, then try again.", bot_id=bot_id) from None
        raise RelayTimeout("The bot's WebSocket could not be opened; try again in a moment.", bot_id=bot_id) from None
    except (OSError, TimeoutError, websockets.WebSocketException):
        raise AgentUnreachable(f"The agent of {client.pool_id} cannot be reached.", pool_id=client.pool_id) from None


async def pump_both(
    websocket: WebSocket, upstream: ClientConnection, lasting: AbstractAsyncContextManager[None]
) -> None:
    """Messages of both ways, until either side goes or `lasting` ends it; then the caller's side is closed, as the bot
    closed its own where it did."""
    to_bot = asyncio.create_task(_to_bot(websocket, upstream))
    to_caller = asyncio.create_task(_to_caller(websocket, upstream))
    code, reason = _POLICY_VIOLATION, "This sign-in has ended."
    try:
        async with lasting:
            await asyncio.wait({to_bot, to_caller}, return_when=asyncio.FIRST_COMPLETED)
            code, reason = _closed_by(upstream)
    finally:
        for pump in (to_bot, to_caller):
            pump.cancel()
        await asyncio.gather(to_bot, to_caller, return_exceptions=True)
    if websocket.client_state is WebSocketState.CONNECTED:
        await _close(websocket, code, reason)


async def refuse(websocket: WebSocket, error: Error) -> None:
    """Tells the caller why: a problem document where the server can answer one instead of the upgrade."""
    if websocket.application_state is not WebSocketState.CONNECTING:
        await _close(websocket, _POLICY_VIOLATION, error.message)
    elif "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(response_of(error, websocket.url.path))
    else:
        await _close(websocket, _POLICY_VIOLATION, error.message)


def _closed_by(upstream: ClientConnection) -> tuple[int, str]:
    """The bot's code and reason; another code where it sent none that could be passed on."""
    code = upstream.close_code
    if code == CloseCode.NO_STATUS_RCVD:
        return CloseCode.NORMAL_CLOSURE, ""
    if code is None or code == CloseCode.ABNORMAL_CLOSURE:
        return _TRY_AGAIN_LATER, "The connection to the bot broke off."
    return code, upstream.close_reason or ""


async def _to_bot(websocket: WebSocket, upstream: ClientConnection) -> None:
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            await upstream.send(text if text is not None else message["bytes"])
    except _GONE:
        return


async def _to_caller(websocket: WebSocket, upstream: ClientConnection) -> None:
    try:
        async for message in upstream:
            if isinstance(message, str):
                await websocket.send_text(message)
            else:
                await websocket.send_bytes(message)
    except _GONE:
        return


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    try:
        await websocket.close(code, reason.encode()[:120].decode(errors="ignore"))
    except (*_GONE, RuntimeError):  # it went first
        return
