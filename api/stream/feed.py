"""One client's stream: what it is sent, and when it is dropped.

The events come from the bus, where a client is only a position. It is dropped when it falls out of what the bus holds,
or when it takes nothing for a while (see `api.stream.transport`, and `send_seconds` for other servers): until then the
server buffers no more for it than the transport's high water mark. It comes back with `Last-Event-ID`. No database
session is held while streaming.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from typing import Any

from fastapi.sse import EventSourceResponse
from loguru import logger
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.types import Send

from api.stream.encoding import HEARTBEAT, Encoder, reset_event
from orchestrator.bots.announce import user_topic
from orchestrator.events.bus import Message, Reset, SubscriberTooSlow, Subscription
from orchestrator.events.cursors import reaches
from orchestrator.portfolio.service import PortfolioService

PORTFOLIO_SECONDS = 1.0
"""Least time between two portfolios, replayed ones apart. The one at connect comes at any moment, so the next may come
too soon after it and waits, unless something is behind it, which would wait along. Portfolios are published a little
less often than this, so a stream that waits catches up within seconds."""

_PRIVATE_ALERTS = ("account.", "finding.", "key.")
"""Of wallets, exchange accounts and keys, which are never shared."""


@dataclass(slots=True)
class StreamState:
    """What the streams of an application share."""

    encoder: Encoder = field(default_factory=Encoder)
    heartbeat_seconds: float = 10
    """A comment goes out when nothing else did for so long."""
    send_seconds: float = 30
    """A client that takes nothing for so long is dropped."""
    open: set[Subscription] = field(default_factory=set)
    closing: bool = False

    async def close(self) -> None:
        """Ends all streams in good order; those opened later end at once. For the server's shutdown, which would wait
        for them otherwise."""
        self.closing = True
        for subscription in list(self.open):
            await subscription.aclose()


def streams_of(app: Starlette) -> StreamState:
    """The state on `app.state.streams`, made when first asked for."""
    if not hasattr(app.state, "streams"):
        app.state.streams = StreamState()
    streams: StreamState = app.state.streams
    return streams


async def close_streams(app: Any) -> None:
    """Ends all streams of the application that a server is about to stop serving."""
    if isinstance(app, Starlette):
        await streams_of(app).close()


@dataclass(frozen=True, slots=True)
class Told:
    """A portfolio that a client has, and the id of the event that it came with."""

    id: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Feed:
    """A user's events from a cursor on. `first` is the encoded event at connect, None when resuming."""

    service: PortfolioService
    state: StreamState
    user_id: str
    subscription: Subscription
    replay_until: str | None
    """Cursor of the last message to be replayed; None where nothing is."""
    first: bytes | None
    to_owner: bool
    """Somebody else is not told of what concerns the owner alone."""
    told: Told | None = None
    """The portfolio at connect, where what follows is to be told as changes to it."""
    changes: bool = False
    """Portfolios after the first come as what changed."""


async def open_feed(
    service: PortfolioService,
    state: StreamState,
    user_id: str,
    after: str | None,
    *,
    to_owner: bool,
    changes: bool = False,
) -> Feed:
    """Subscribes before it reads, so that nothing is missed in between. Raises NotFound for an unknown user."""
    subscription, newest = await service.subscribe(user_id, after)
    try:
        portfolio = await service.recent(user_id)
    except BaseException:
        await subscription.aclose()
        raise
    if after is None:
        body, first = state.encoder.portfolio(user_topic(user_id), portfolio, newest)
        return Feed(service, state, user_id, subscription, None, first, to_owner, Told(newest, body), changes)
    replay_until = None if after == newest else newest
    return Feed(service, state, user_id, subscription, replay_until, None, to_owner, None, changes)


class StreamResponse(EventSourceResponse):
    """Sends a feed until the client goes, is too slow, the bus closes, or `lasting` ends the block; closes `held` then.
    Bytes are encoded once for all clients, hence no generator endpoint, which would encode for each."""

    def __init__(
        self, feed: Feed, lasting: AbstractAsyncContextManager[None] | None = None, held: ExitStack | None = None
    ) -> None:
        super().__init__(_events(feed), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._feed = feed
        self._lasting = lasting if lasting is not None else nullcontext()
        self._held = held if held is not None else ExitStack()

    async def stream_response(self, send: Send) -> None:
        state, subscription = self._feed.state, self._feed.subscription
        state.open.add(subscription)
        if state.closing:
            await subscription.aclose()
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async with self._lasting:
                async for chunk in self.body_iterator:
                    async with asyncio.timeout(state.send_seconds):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            logger.info("a stream's client takes nothing; dropped")
            raise ClientDisconnect from None
        finally:
            self._held.close()
            state.open.discard(subscription)
            await subscription.aclose()


async def _events(feed: Feed) -> AsyncGenerator[bytes, None]:
    clock = asyncio.get_running_loop().time
    topic = user_topic(feed.user_id)
    replaying = feed.replay_until is not None
    told = feed.told
    yield HEARTBEAT if feed.first is None else feed.first
    portfolio_at = clock()
    behind: Message | Reset | None = None
    while True:
        try:
            item, behind = behind or await _within(feed.subscription, feed.state.heartbeat_seconds), None
            if item is None:
                yield HEARTBEAT
                continue
            if not replaying and isinstance(item, Message) and item.kind == "portfolio":
                behind = await _within(feed.subscription, max(0.0, portfolio_at + PORTFOLIO_SECONDS - clock()))
        except StopAsyncIteration:
            return
        except SubscriberTooSlow:
            logger.info("a stream fell behind what the bus holds; dropped")
            return
        if isinstance(item, Reset):
            replaying = False
            yield reset_event()
            told, fresh = await _fresh(feed, item)
            yield fresh
            portfolio_at = clock()
            continue
        if not feed.to_owner and _is_private(item):
            replaying = replaying and _goes_on(item, feed.replay_until)
            continue
        if item.kind == "portfolio":
            portfolio_at = clock()
        replaying = replaying and _goes_on(item, feed.replay_until)
        if feed.changes and item.kind == "portfolio":
            before, told = told, Told(item.cursor, item.body)
            if before is not None:
                yield feed.state.encoder.change(topic, before.id, before.body, item)
                continue
        yield feed.state.encoder.message(topic, item)


async def _within(subscription: Subscription, seconds: float) -> Message | Reset | None:
    """What comes next; None where nothing does in so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            return await anext(subscription)
    except TimeoutError:
        return None


def _goes_on(item: Message, until: str | None) -> bool:
    """Whether more is to be replayed behind it. The message that `until` names may be gone meanwhile, see
    `NEWEST_COUNTS`."""
    return until is not None and not reaches(item.cursor, until)


def _is_private(message: Message) -> bool:
    return message.kind == "alert" and str(message.body.get("type")).startswith(_PRIVATE_ALERTS)


async def _fresh(feed: Feed, reset: Reset) -> tuple[Told, bytes]:
    portfolio = await feed.service.recent(feed.user_id)
    body, encoded = feed.state.encoder.portfolio(user_topic(feed.user_id), portfolio, reset.cursor)
    return Told(reset.cursor, body), encoded
