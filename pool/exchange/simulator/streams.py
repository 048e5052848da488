"""Best bids and asks by websocket, as Binance streams them: spot, and futures that settle in USDT.

`/ws`, `/ws/<stream>/<stream>` and `/stream?streams=<stream>/<stream>` are spot's; those of futures have `public` or
`market` before them, or a host of Binance's futures (`urls.paper_urls` puts the host that an address had in front). A
stream is silent until its market moves. Who sends too many messages, answers no ping, or stays for a day is sent away.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import WSCloseCode, WSMsgType, web

from pool.exchange.simulator.book import inside
from pool.exchange.simulator.faults import Faults, Kind
from pool.exchange.simulator.listings import Listing
from pool.exchange.simulator.market import Market

CHANNEL = "@bookTicker"
MOST_STREAMS = 1024
"""Of a connection."""
DAY_MS = 24 * 3600 * 1000
_LOOK_SECONDS = 0.05
_FEW = 20
"""More symbols are computed in one pass over all."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Of a kind of market."""

    messages: int
    """So many a second, pings too."""
    ping_ms: int
    patience_ms: int
    """So long a ping may go without an answer."""


_SPOT = Rules(messages=5, ping_ms=20_000, patience_ms=60_000)
_FUTURES = Rules(messages=10, ping_ms=180_000, patience_ms=600_000)


@dataclass(frozen=True, slots=True)
class Address:
    """What a connection was opened with."""

    futures: bool
    combined: bool
    streams: tuple[str, ...]

    @classmethod
    def of(cls, path: str, query: str) -> "Address | None":
        """None where nothing is streamed."""
        parts = [part for part in path.split("/") if part]
        host = parts.pop(0) if parts and "." in parts[0] else ""
        category = parts.pop(0) if parts and parts[0] in ("public", "market") else ""
        if not parts or parts[0] not in ("ws", "stream"):
            return None
        combined = parts[0] == "stream"
        named = parse_qs(query).get("streams", [""])[0].split("/") if combined else parts[1:]
        return cls(host.startswith("fstream") or bool(category), combined, tuple(name for name in named if name))


@dataclass(slots=True, eq=False)
class _Connection:
    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    path: str
    rules: Rules
    futures: bool
    combined: bool
    opened_ms: int
    seen: tuple[int, int]
    """Second, and scripts of prices, that it was looked at last."""
    pinged_ms: int
    heard_ms: int
    streams: dict[str, int | None] = field(default_factory=dict)
    """With the price in ticks that was told last."""
    due: deque[tuple[int, bytes]] = field(default_factory=deque)
    """Messages, with when they leave."""
    second: int = 0
    messages: int = 0
    """Heard in it."""


class Streams:
    """`spot` and `futures` are what is traded; `clock_ms` is the exchange's."""

    def __init__(
        self,
        market: Market,
        spot: Mapping[str, Listing],
        futures: Mapping[str, Listing],
        faults: Faults,
        clock_ms: Callable[[], int],
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._market = market
        self._listings = {False: _by_stream(spot), True: _by_stream(futures)}
        self._faults = faults
        self._clock_ms = clock_ms
        self._wait = wait
        self._version = 0
        self._known: tuple[tuple[int, int], dict[str, int]] = ((0, 0), {})
        self._open: set[_Connection] = set()

    @property
    def open(self) -> int:
        """Connections."""
        return len(self._open)

    def subscribed(self) -> list[str]:
        """Of all connections; without names of nothing."""
        return sorted(name for one in self._open for name in one.streams if name in self._listings[one.futures])

    def reprice(self) -> None:
        """Prices were scripted within this second."""
        self._version += 1

    async def serve(self, request: web.BaseRequest, address: Address) -> web.WebSocketResponse:
        """For as long as the connection lasts."""
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        now, rules = self._clock_ms(), _FUTURES if address.futures else _SPOT
        seen, kind = (now // 1000, self._version), (address.futures, address.combined)
        one = _Connection(socket, request.transport, request.path, rules, *kind, now, seen, now, now)
        self._subscribe(one, list(address.streams))
        pumping = asyncio.create_task(self._pump(one))
        self._open.add(one)
        try:
            while await self._heard(one):
                pass
        finally:
            self._open.discard(one)
            pumping.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await pumping
        return socket

    # What comes

    async def _heard(self, one: _Connection) -> bool:
        """False where that was the last message."""
        message = await one.socket.receive()
        now = self._clock_ms()
        if message.type not in (WSMsgType.TEXT, WSMsgType.PING, WSMsgType.PONG):
            return False
        one.second, one.messages = now // 1000, 1 + (one.messages if one.second == now // 1000 else 0)
        if one.messages > one.rules.messages:
            await one.socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"Too many requests")
            return False
        one.heard_ms = now
        dead = any(fault.kind is Kind.STREAM_DEAD for fault in self._faults.streams(one.path, now / 1000))
        with suppress(ConnectionError):
            if message.type is WSMsgType.PING and not dead:
                await one.socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                answer = self._told(one, message.data)
                if not dead:
                    await one.socket.send_str(json.dumps(answer, separators=(",", ":")))
        return True

    def _told(self, one: _Connection, text: str) -> dict[str, Any]:
        try:
            asked = json.loads(text)
        except ValueError:
            return _error(3, "Invalid JSON: expected value at line 1 column 1", None)
        if not isinstance(asked, dict):
            return _error(2, "Invalid request: request must be an object", None)
        number, method, wanted = asked.get("id"), asked.get("method"), asked.get("params") or []
        if isinstance(number, bool | float | dict | list):
            return _error(2, "Invalid request: request ID must be an unsigned integer or a string", None)
        if method == "LIST_SUBSCRIPTIONS":
            return {"result": list(one.streams), "id": number}
        if method not in ("SUBSCRIBE", "UNSUBSCRIBE"):
            return _error(2, f"Invalid request: unknown variant {method}, expected one of SUBSCRIBE, ...", number)
        if not isinstance(wanted, list) or not all(isinstance(name, str) for name in wanted):
            return _error(2, "Invalid request: params must be a list of streams", number)
        if method == "UNSUBSCRIBE":
            for name in wanted:
                one.streams.pop(name, None)
        elif not self._subscribe(one, wanted):
            return _error(2, f"Invalid request: more than {MOST_STREAMS} streams", number)
        return {"result": None, "id": number}

    def _subscribe(self, one: _Connection, names: list[str]) -> bool:
        """Names of nothing are taken, and never say anything."""
        new = {name: None for name in names if name not in one.streams}
        if len(one.streams) + len(new) > MOST_STREAMS:
            return False
        second = self._clock_ms() // 1000
        for name in new:
            listing = self._listings[one.futures].get(name)
            one.streams[name] = None if listing is None else self._market.ticks(listing.symbol, second)
        return True

    # What goes

    async def _pump(self, one: _Connection) -> None:
        while not one.socket.closed:
            await self._wait(_LOOK_SECONDS)
            now = self._clock_ms()
            faults = self._faults.streams(one.path, now / 1000)
            broken = next((fault for fault in faults if fault.kind is Kind.STREAM_DISCONNECT), None)
            if broken is not None:
                self._faults.spend(broken)
                if one.transport is not None:
                    one.transport.abort()
                return
            owes = one.heard_ms < one.pinged_ms
            if now - one.opened_ms >= DAY_MS or (owes and now - one.pinged_ms >= one.rules.patience_ms):
                await one.socket.close(code=WSCloseCode.GOING_AWAY)
                return
            kinds = {fault.kind for fault in faults}
            if not owes and now - one.pinged_ms >= one.rules.ping_ms and Kind.STREAM_DEAD not in kinds:
                one.pinged_ms = now
                await one.socket.ping(b"%d" % now)
            late = sum(fault.milliseconds for fault in faults if fault.kind is Kind.STREAM_DELAYED)
            self._write(one, now, late)
            if kinds & {Kind.STREAM_SILENT, Kind.STREAM_DEAD}:
                one.due.clear()
            while one.due and one.due[0][0] <= now:
                await one.socket.send_str(one.due.popleft()[1].decode())

    def _write(self, one: _Connection, now: int, late: int) -> None:
        """What changed since it was looked at last."""
        moment = (now // 1000, self._version)
        if moment == one.seen:
            return
        one.seen = moment
        leaves = max(now + late, one.due[-1][0] if one.due else 0)
        ticks = self._ticks([name for name in one.streams if name in self._listings[one.futures]], one.futures, moment)
        for name, last in ticks.items():
            if one.streams[name] != last:
                one.streams[name] = last
                message = _message(self._listings[one.futures][name], last, now, futures=one.futures)
                if one.combined:
                    message = b'{"stream":"%s","data":%s}' % (name.encode(), message)
                one.due.append((leaves, message))

    def _ticks(self, names: list[str], futures: bool, moment: tuple[int, int]) -> dict[str, int]:
        listings = self._listings[futures]
        if len(names) <= _FEW:
            return {name: self._market.ticks(listings[name].symbol, moment[0]) for name in names}
        if self._known[0] != moment:
            last = self._market.last_ticks(moment[0]).tolist()
            self._known = (moment, dict(zip(self._market.order, last, strict=True)))
        return {name: self._known[1][listings[name].symbol] for name in names}


def _by_stream(listings: Mapping[str, Listing]) -> dict[str, Listing]:
    return {symbol.lower() + CHANNEL: listing for symbol, listing in listings.items()}


def _message(listing: Listing, last: int, now_ms: int, *, futures: bool) -> bytes:
    """Spot's tells no time."""
    bid, ask = (f"{ticks * listing.tick:f}".encode() for ticks in inside(last))
    size = b"%.8f" % (listing.minute_lots / 20 * 10.0**-listing.lot_digits)
    said = (now_ms, listing.symbol.encode(), bid, size, ask, size)
    body = b'"u":%d,"s":"%s","b":"%s","B":"%s","a":"%s","A":"%s"' % said
    return b'{"e":"bookTicker","E":%d,"T":%d,%s}' % (now_ms, now_ms, body) if futures else b"{%s}" % body


def _error(code: int, text: str, number: Any) -> dict[str, Any]:
    return {"error": {"code": code, "msg": text}, "id": number}
