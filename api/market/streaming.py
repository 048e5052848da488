"""Prices as they change: Server-Sent Events, or the same as messages of a WebSocket."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, WebSocket
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.datastructures import State
from starlette.responses import StreamingResponse
from starlette.websockets import WebSocketDisconnect, WebSocketState

from api.auth.access import Access, Need, admitted
from api.auth.state import AuthDep, get_auth
from api.auth.subject import Subject
from api.deps import ServicesDep, Text
from api.errors import problems, response_of
from api.market.endpoints import Exchange
from api.market.schemas import exact
from api.quota import Quota
from api.streaming import ClosingResponse
from orchestrator.errors import Error, ErrorCode, ExchangeUnreachable, InvalidSpec
from orchestrator.market.tickers import Listener, Ticker, Tickers

router = APIRouter(prefix="/market", tags=["market"])
MOST_PAIRS = 20
HEARTBEAT_SECONDS = 10.0
_ACCESS = Access(Need.READ, ticket="market")
_POLICY_VIOLATION, _GOING_AWAY = 1008, 1001
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_NAMES = {
    "last": "last",
    "bid": "bid",
    "ask": "ask",
    "high": "high",
    "low": "low",
    "percentage": "change_percent",
    "quoteVolume": "quote_volume",
}
_EXAMPLE = """event: ticker
data: {"exchange":"paper","pair":"BTC/USDT","at_ms":1795373087999,"last":"57301.33","bid":"57295.6","ask":"57307.06"}

: ping

"""
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events until either side goes.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
    }
}
Pairs = Annotated[
    list[Annotated[str, Query(max_length=100, pattern=Text)]],
    Query(alias="pair", min_length=1, max_length=MOST_PAIRS, description="Repeated.", examples=[["BTC/USDT"]]),
]
Mode = Annotated[Literal["spot", "futures"], Query(alias="type", description="Of which market.", examples=["spot"])]
Ticket = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Single-use ticket for `market`, instead of the Authorization header.",
        examples=["Zt2m3yJ0lR2m0m6t"],
    ),
]


@router.get(
    "/stream",
    operation_id="streamMarket",
    summary="Live prices (Server-Sent Events, or a WebSocket)",
    response_class=StreamingResponse,
    responses={
        **_RESPONSES,
        **problems(
            ErrorCode.UNAUTHENTICATED,
            ErrorCode.NOT_ALLOWED,
            ErrorCode.EXCHANGE_UNREACHABLE,
            ErrorCode.REDIS_UNAVAILABLE,
        ),
    },
)
async def stream(
    request: Request,
    caller: Annotated[Subject, Depends(_ACCESS)],
    services: ServicesDep,
    auth: AuthDep,
    exchange: Exchange,
    pairs: Pairs,
    kind: Mode = "spot",
    ticket: Ticket = None,
) -> ClosingResponse:
    """Sends `ticker` for each pair at connect and when its price changed, at most once a second; `trouble` with a
    `detail` when the exchange cannot be asked, after which prices go on by themselves; comments when nothing else
    comes. Ends with the sign-in. Browsers open it with `?ticket=` from `POST /api/v1/auth/tickets`.

    The same address is a WebSocket: each message is `{"event": "ticker", …}`, with `ping` for comments.
    """
    async with AsyncExitStack() as held:
        listener = await _listener(held, request.app.state, caller, exchange, kind, pairs)
        return ClosingResponse(
            _events(listener, exchange),
            held.pop_all(),
            headers=_HEADERS,
            media_type="text/event-stream",
            lasting=auth.principals.until_ended(caller),
        )


@router.websocket("/stream", dependencies=[_ACCESS.as_told()])
async def stream_by_websocket(websocket: WebSocket) -> None:
    """See `stream`. What is refused is refused before the upgrade, with a problem document."""
    query = websocket.query_params
    try:
        caller = await admitted(websocket, _ACCESS)
        asked = _asked(query.get("exchange", ""), query.get("type", "spot"), query.getlist("pair"))
        async with AsyncExitStack() as held:
            listener = await _listener(held, websocket.app.state, caller, *asked)
            await websocket.accept()
            await _send(websocket, listener, asked[0], get_auth(websocket).principals.until_ended(caller))
    except Error as error:
        if "websocket.http.response" in websocket.scope.get("extensions", {}):
            await websocket.send_denial_response(response_of(error, websocket.url.path))
        else:
            await websocket.close(_POLICY_VIOLATION, error.message[:120])


async def _listener(
    held: AsyncExitStack, state: State, caller: Subject, exchange: str, kind: str, pairs: list[str]
) -> Listener:
    """Held until `held` is unwound. Raises TooManyRequests, InvalidSpec, ExchangeUnreachable."""
    quota: Quota = state.market_streams
    tickers: Tickers | None = tickers_of(state)
    if tickers is None:
        raise ExchangeUnreachable("There is no market-data gateway here; an administrator can have one started.")
    held.enter_context(quota.taken(caller.user_id))
    return await held.enter_async_context(tickers.listening(exchange, kind, list(dict.fromkeys(pairs))))


def tickers_of(state: State) -> Tickers | None:
    """Of an application, made when first asked for; None where there is no gateway."""
    if state.services.market is None:
        return None
    if not hasattr(state, "market_tickers"):
        state.market_tickers = Tickers(state.services.market)
    tickers: Tickers = state.market_tickers
    return tickers


def close_tickers(app: Any) -> None:
    """Ends all streams of prices of the application that a server is about to stop serving."""
    tickers: Tickers | None = getattr(getattr(app, "state", None), "market_tickers", None)
    if tickers is not None:
        tickers.close()


async def _events(listener: Listener, exchange: str) -> AsyncGenerator[bytes, None]:
    async for name, body in _told(listener, exchange):
        yield KEEPALIVE_COMMENT if name == "ping" else format_sse_event(data_str=_json(body), event=name)


async def _send(
    websocket: WebSocket, listener: Listener, exchange: str, lasting: AbstractAsyncContextManager[None]
) -> None:
    """Until either side goes, or the sign-in ends."""

    async def send() -> None:
        async for name, body in _told(listener, exchange):
            await websocket.send_text(_json({"event": name, **body}))

    async def listen() -> None:
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass

    tasks = [asyncio.create_task(send()), asyncio.create_task(listen())]
    code, reason = _POLICY_VIOLATION, "This sign-in has ended."
    try:
        async with lasting:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            code, reason = _GOING_AWAY, "Flotilla goes away for now."
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if websocket.client_state is WebSocketState.CONNECTED:
        with suppress(WebSocketDisconnect, RuntimeError):
            await websocket.close(code, reason)


async def _told(listener: Listener, exchange: str) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
    """Events by name, and `ping` when nothing else was told for a while; until the listener ends."""
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                found = await listener.next()
        except TimeoutError:
            yield "ping", {}
            continue
        if found is None:
            return
        tickers, trouble = found
        if trouble is not None:
            yield "trouble", {"exchange": exchange, "detail": trouble}
        for pair, ticker in tickers.items():
            yield "ticker", _body(exchange, pair, ticker)


def _body(exchange: str, pair: str, ticker: Ticker) -> dict[str, Any]:
    values = {name: ticker.get(source) for source, name in _NAMES.items()}
    told = {name: None if value is None else exact(value) for name, value in values.items()}
    return {"exchange": exchange, "pair": pair, "at_ms": ticker.get("timestamp"), **told}


def _asked(exchange: str, kind: str, pairs: list[str]) -> tuple[str, str, list[str]]:
    """Of a WebSocket's address. Raises InvalidSpec."""
    if kind not in ("spot", "futures"):
        raise InvalidSpec("The type is spot or futures.", field="type")
    if not 1 <= len(pairs) <= MOST_PAIRS:
        raise InvalidSpec(f"Name 1 to {MOST_PAIRS} pairs.", field="pair")
    return exchange, kind, pairs


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
