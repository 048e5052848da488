"""Best bids and asks by websocket, by ccxt's own classes. In the worker's process.

One task per exchange and kind of market subscribes to what is wanted, pings each connection, and pushes what it hears;
what breaks off begins anew after a pause. Each ping that is answered proves that all which the exchange had sent when
it was pinged has come: that moment is what prices are as old as.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

from aiohttp import WSMsgType

from pool.contract.market import Kind, Price
from pool.exchange.gateway.candles import through
from pool.exchange.gateway.prices import sources
from pool.exchange.gateway.prices.proof import MOST_WRONG, Proof

PING_SECONDS = 0.75
FLUSH_SECONDS = 0.2
"""What is heard within it is pushed at once."""
_DEAD_SECONDS = 10.0
_CHUNK = 50
"""Markets of one subscription."""
_CONNECTIONS = 4
_MESSAGE_COST = 8
"""Of ccxt's patience: with pings not more than four messages a second."""
_BACKOFF_SECONDS = (2.0, 5.0, 15.0, 60.0, 300.0)
_LIVED_SECONDS = 60.0
"""A connection that was alive for so long begins the pauses anew."""
_LEFT = 100
_RENEW_SECONDS = 600.0
"""Not more often a connection is given up because more than `_LEFT` of its markets are no longer wanted."""


class Broken(Exception):
    """A sentence."""


class Heard(dict[str, Any]):
    """In place of ccxt's own table of best bids and asks: tells each message, also those that nobody awaits."""

    def __init__(self, note: Callable[[str, Mapping[str, Any]], None]) -> None:
        super().__init__()
        self._note = note

    def __setitem__(self, symbol: str, ticker: Any) -> None:
        super().__setitem__(symbol, ticker)
        self._note(symbol, ticker)


def listen(client: Any, note: Callable[[str, Mapping[str, Any]], None]) -> None:
    """Each best bid and ask that its websockets tell from now on."""
    setattr(client, "tickers" if client.id == "kraken" else "bidsasks", Heard(note))


class Connection:
    """One of ccxt's websockets: its pings, and which were answered."""

    def __init__(self, socket: Any, clock: Callable[[], float]) -> None:
        self.socket = socket
        self.began_at = self.alive_at = clock()
        self._clock = clock
        self._sent: deque[tuple[bytes, float]] = deque()
        self._count = 0
        self._handle = socket.handle_message
        socket.handle_message = self._heard
        if socket.ping_looper is not None:  # it is pinged here: whose pong comes must be known
            socket.ping_looper.cancel()

    @property
    def lost(self) -> bool:
        return bool(self.socket.closed() or self.socket.error)

    async def ping(self) -> None:
        self._count += 1
        payload = b"%d" % self._count
        self._sent.append((payload, self._clock()))
        if self.socket.ping:
            await self.socket.send(self.socket.ping(self.socket))
        else:
            await self.socket.connection.ping(payload)

    def _heard(self, message: Any) -> None:
        before = self.socket.lastPong
        if self.socket.ping:
            self.socket.lastPong = None
            self._handle(message)
            if self.socket.lastPong is not None and message.type is not WSMsgType.PONG:
                self._answered(None)
            elif self.socket.lastPong is None:
                self.socket.lastPong = before
            return
        self._handle(message)
        if message.type is WSMsgType.PONG:
            self._answered(bytes(message.data))

    def _answered(self, payload: bytes | None) -> None:
        """Without a payload they are answered in turn."""
        if payload is not None and all(known != payload for known, _ in self._sent):
            return
        while self._sent:
            known, at = self._sent.popleft()
            if payload is None or known == payload:
                self.alive_at = max(self.alive_at, at)
                return


class Stream:
    """`opened` gives the client with its markets, for as long as it is used; `push` takes what is to be told."""

    def __init__(
        self,
        market: str,
        opened: Callable[[], AbstractAsyncContextManager[Any]],
        push: Callable[[dict[str, Any]], None],
        clock: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
    ) -> None:
        self._market = market
        self._opened = opened
        self._push = push
        self._clock = clock
        self._wanted: set[str] = set()
        self._asked = asyncio.Event()
        self._proof = Proof()
        self._connections: dict[int, Connection] = {}
        self._names: dict[str, str] = {}
        """The exchange's ids by ccxt's symbols, of those subscribed to."""
        self._watching: set[asyncio.Task[Any]] = set()
        self._failed: BaseException | None = None
        self._began_at = clock()
        self._news: dict[str, Any] = {}
        self._flushing: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._run())

    def want(self, symbols: list[str]) -> None:
        """By the exchange's ids: these from now on, and no others."""
        new = set(symbols) - self._wanted
        self._wanted = set(symbols)
        if new:
            self._asked.set()

    def judge(self, prices: Mapping[str, Price], asked_at: float) -> dict[str, Any]:
        """What a look at the exchange says of this websocket; other markets may have been looked at, too."""
        alive = bool(self._connections) and self._failed is None
        own = {name: price for name, price in prices.items() if name in self._wanted}
        proven = self._proof.look(own, asked_at, self._clock()) and alive
        if self._proof.wrong >= MOST_WRONG:
            self._fail(Broken("What its websocket tells is not what the exchange answers."))
        return {"run": self._began_at, "proven": proven}

    async def aclose(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        failures = 0
        while True:
            began = self._clock()
            try:
                async with self._opened() as client:
                    await self._follow(client)
            except Exception as problem:  # whatever ccxt says of a websocket: prices are polled meanwhile
                said = str(problem) if isinstance(problem, Broken) else type(problem).__name__
                self._push({"broken": said})
            failures = 0 if self._clock() - began >= _LIVED_SECONDS else failures
            await asyncio.sleep(_BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)])
            failures += 1

    async def _follow(self, client: Any) -> None:
        """Until it breaks off."""
        self._proof, self._failed, self._began_at = Proof(), None, self._clock()
        listen(client, self._note)
        try:
            while self._failed is None:
                self._asked.clear()
                self._subscribe(client)
                await self._ping(client)
                left = len(self._proof.followed() - self._wanted)
                if left > _LEFT and self._clock() - self._began_at >= _RENEW_SECONDS:
                    raise Broken("Most of what it tells is no longer wanted.")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._asked.wait(), PING_SECONDS)
            raise self._failed
        finally:
            await self._end(client)

    def _subscribe(self, client: Any) -> None:
        new = sorted(self._wanted - self._proof.followed())
        by_settle: dict[str, list[str]] = {}
        for symbol, name in sources.names(client, self._market, new).items():
            self._names[symbol] = name
            by_settle.setdefault(symbol.partition(":")[2], []).append(symbol)
        for group in by_settle.values():
            for first in range(0, len(group), _CHUNK):
                chunk = group[first : first + _CHUNK]
                self._proof.follow([self._names[symbol] for symbol in chunk], self._clock())
                through.kind.set(Kind(name="other"))
                task = asyncio.create_task(client.watch_bids_asks(chunk))
                self._watching.add(task)
                task.add_done_callback(self._watched)

    def _watched(self, task: asyncio.Task[Any]) -> None:
        """It was for the subscription; what comes is heard without."""
        self._watching.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self._fail(problem)

    async def _ping(self, client: Any) -> None:
        sockets = {id(one): one for one in (client.clients or {}).values() if one.isConnected}
        for key, socket in sockets.items():
            if key not in self._connections:
                self._connections[key] = Connection(socket, self._clock)
        for key, one in self._connections.items():
            if key not in sockets or one.lost:
                raise Broken("The connection was lost.")
            if self._clock() - one.alive_at >= _DEAD_SECONDS:
                raise Broken("The connection answers no pings.")
            async with asyncio.timeout(_DEAD_SECONDS):
                await one.ping()
        self._flush_soon()

    def _note(self, symbol: str, ticker: Mapping[str, Any]) -> None:
        name, price, now = self._names.get(symbol), sources.price(ticker), self._clock()
        if name is None:
            return
        if price is not None:
            self._proof.heard(name, price, now)
        self._news[name] = None if price is None else price.model_dump(mode="json")
        self._flush_soon()

    def _flush_soon(self) -> None:
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        self._flushing = None
        alive_at = min((one.alive_at for one in self._connections.values()), default=None)
        if alive_at is None:
            return
        news, self._news = self._news, {}
        heard = {"spoke_at": self._proof.spoke_at, "late": self._proof.late}
        self._push({"run": self._began_at, "prices": news, "alive_at": alive_at, **heard})

    def _fail(self, problem: BaseException) -> None:
        self._failed = self._failed or problem
        self._asked.set()

    async def _end(self, client: Any) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
        self._flushing, self._news, self._names, self._connections = None, {}, {}, {}
        watching, self._watching = self._watching, set()
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        await client.close_ws_clients()
        client.options |= {
            "streamBySubscriptionsHash": {},
            "numSubscriptionsByStream": {},
        }  # Binance's, of what is gone


def options() -> dict[str, Any]:
    """Of ccxt's class."""
    few = dict.fromkeys(("spot", "linear"), _CONNECTIONS)
    return {"streamLimits": few, "ws": {"cost": _MESSAGE_COST}}
