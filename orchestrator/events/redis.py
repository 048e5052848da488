"""The bus across processes: Redis streams, and in each process the rings of the topics that it subscribed to.

One task writes: what is published goes into an outbox and from there to Redis in batches, in order. One task reads: it
waits for all topics that somebody here subscribed to in one command, and feeds their rings
(`orchestrator.events.topics`), so that a thousand subscribers cost Redis one reader. What this process published itself
goes into its rings with Redis's confirmation already, where nothing of others came between.

No gap is silent. Every entry names the one before it; a cursor names the incarnation of the data; a process notices
when what Redis had confirmed is gone (`orchestrator.events.scripts`). Whatever of this fails makes one `Reset`.

Redis away or slow: `publish` waits `patience_seconds` once, then not at all until Redis is quick again. Messages gather
in the outbox (`orchestrator.events.outbox`); subscribers wait, and go on where they were.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from loguru import logger
from pydantic import SecretStr
from redis.exceptions import RedisError

from orchestrator.errors import RedisUnavailable
from orchestrator.events.bus import Subscription
from orchestrator.events.link import Link
from orchestrator.events.outbox import Look, Outbox, Outgoing
from orchestrator.events.ring import Limits, Ring, RingSubscription
from orchestrator.events.topics import UNKNOWN_CURSOR, Topics
from orchestrator.kit.backoff import Backoff
from orchestrator.kit.redis_client import remedy_of

_BACKOFF = Backoff(first_seconds=0.05, limit_seconds=1)


class RedisBus:
    """`orchestrator.events.bus.Bus` over Redis; call `start` within the event loop first.

    `prefix` comes before all keys, so that several installations can share a Redis. A topic keeps its newest
    `ring_messages` messages, and fewer where they make more than `ring_bytes` of JSON; in Redis for `topic_seconds`
    after the last, here for `idle_seconds` after the last subscriber. So Redis needs `ring_bytes` for each user who is
    busy, and some. Up to `outbox_messages` messages of `outbox_bytes` wait for it up to `outbox_seconds`.
    `answer_seconds` is how long Redis gets for an answer, `patience_seconds` how long `publish` waits for one.
    """

    def __init__(
        self,
        url: SecretStr,
        prefix: str,
        *,
        ring_messages: int = 1000,
        ring_bytes: int = 1_000_000,
        topic_seconds: int = 900,
        idle_seconds: float = 600,
        outbox_messages: int = 1000,
        outbox_bytes: int = 4_000_000,
        outbox_seconds: float = 30,
        patience_seconds: float = 0.25,
        answer_seconds: float = 1.0,
    ) -> None:
        self._limits = Limits(ring_messages, ring_bytes)
        self._link = Link(url, prefix, self._limits, topic_seconds=topic_seconds, answer_seconds=answer_seconds)
        self._outbox = Outbox(Limits(outbox_messages, outbox_bytes), outbox_seconds)
        self._topics = Topics(self._limits, idle_seconds)
        self._patience_seconds = patience_seconds
        self._request_seconds = answer_seconds * 2
        self._batch: list[Outgoing] = []
        """Sent, but not confirmed yet."""
        self._sure = asyncio.Event()
        """Cleared where the writer shall ask for the incarnation before all else."""
        self._to_begin_anew = False
        self._stalled = False
        self._troubles: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.closed = False

    def start(self) -> None:
        """Connects in the background, and for good: Redis may come later."""
        self._outbox.filled.set()
        self._tasks = [
            asyncio.create_task(self._kept("writer", self._write), name="bus-writer"),
            asyncio.create_task(self._kept("reader", self._read), name="bus-reader"),
        ]

    async def publish(self, topic: str, kind: str, body: dict[str, Any]) -> str:
        """See `Bus.publish`."""
        encoded = json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
        if self.closed:
            return UNKNOWN_CURSOR
        done: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._outbox.put(Outgoing(topic, kind, body, encoded, time.monotonic(), done))
        cursor = None
        if not self._stalled:
            try:
                async with asyncio.timeout(self._patience_seconds):
                    cursor = await done
            except TimeoutError:
                self._stalled = True
        return cursor or UNKNOWN_CURSOR

    def subscribe(self, topic: str, after: str | None = None) -> Subscription:
        """See `Bus.subscribe`."""
        ring = self._topics.ring(topic)
        subscription = RingSubscription(self, ring)
        if not self.closed and not self._topics.place(subscription, ring, after):
            self._outbox.put(Look(topic, ring, subscription, after))
        return subscription

    async def latest_cursor(self, topic: str) -> str:
        """See `Bus.latest_cursor`. Where Redis does not answer, what this process knows of the topic; raises
        RedisUnavailable where it knows nothing."""
        ring = self._topics.rings.get(topic)
        known = ring is not None and ring.ready
        if not (self.closed or self._troubles or (self._stalled and known)):
            done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            self._outbox.put(Look(topic, done=done))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._patience_seconds if known else self._request_seconds):
                    return await done
            self._stalled = True
        if ring is None or not ring.ready:
            trouble = self.health() or "Redis does not answer."
            raise RedisUnavailable(f"Streams need Redis: try again in a moment. {trouble}")
        return self.cursor_of(ring.last)

    def begin_anew(self) -> None:
        """See `Bus.begin_anew`."""
        self._to_begin_anew = True
        self._outbox.filled.set()

    async def close(self) -> None:
        """See `Bus.close`."""
        self.closed = True
        for ring in self._topics.rings.values():
            ring.wake()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        with contextlib.suppress(RedisError, OSError):
            await self._link.close()

    def health(self) -> str | None:
        """See `Bus.health`."""
        return next(iter(self._troubles.values()), None)

    def gauges(self) -> Mapping[str, float]:
        """See `Bus.gauges`."""
        return {
            "bus_up": 0 if self._troubles else 1,
            "bus_topics": len(self._topics.rings),
            "bus_subscriptions": sum(ring.subscribers for ring in self._topics.rings.values()),
            "bus_waiting_messages": len(self._outbox) + len(self._batch),
            "bus_dropped_messages": self._outbox.dropped,
        }

    def cursor_of(self, number: int) -> str:
        """See `RingOwner.cursor_of`."""
        return self._topics.cursor_of(number)

    def release(self, ring: Ring) -> None:
        """See `RingOwner.release`."""
        ring.subscribers -= 1
        ring.idle_since = time.monotonic()

    # ---- writing

    async def _write(self) -> None:
        await self._outbox.filled.wait()
        began = time.monotonic()
        if not self._sure.is_set():
            (looked,) = await self._link.look([("", None)], self._topics.seen)
            self._learn(looked.incarnation, looked.counter)
            self._sure.set()
        if self._to_begin_anew:
            incarnation, counter = await self._link.begin_anew(self._topics.seen)
            self._to_begin_anew = False
            self._learn(incarnation, counter)
        await self._send_messages(began)
        await self._send_looks()
        if self._sure.is_set() and not self._to_begin_anew:
            self._outbox.settle()
        self._stalled = time.monotonic() - began > self._patience_seconds
        if self._stalled:
            self._outbox.put(Look(""))  # so that it is noticed when Redis is quick again

    async def _send_messages(self, now: float) -> None:
        if self._batch and now - self._batch[0].queued_at > self._outbox.most_seconds:
            self._outbox.give_up(self._batch)
            self._batch = []
        if not self._batch:
            self._batch = self._outbox.take_messages(now)
            self._link.next_batch()
        if self._batch:
            published = await self._link.publish(self._batch, self._topics.seen)
            batch, self._batch = self._batch, []
            self._learn(published.incarnation, published.first + len(batch) - 1)
            self._topics.published(batch, published)

    async def _send_looks(self) -> None:
        looks = self._outbox.take_looks()
        if not looks:
            return
        by_topic: dict[str, list[Look]] = {}
        for look in looks:
            by_topic.setdefault(look.topic, []).append(look)
        known = self._topics.ready().keys()
        try:
            asked = [(topic, self._topics.history_of(group)) for topic, group in by_topic.items()]
            found = await self._link.look(asked, self._topics.seen)
        except BaseException:
            self._outbox.put_back(looks)
            raise
        for group, looked in zip(by_topic.values(), found, strict=True):
            self._learn(looked.incarnation, looked.counter)
            for look in group:
                self._topics.looked(look, looked)
        if self._topics.ready().keys() - known:
            await self._link.wake()

    def _learn(self, incarnation: str, number: int) -> None:
        """Of the writer's answers alone."""
        known = self._topics.incarnation
        for look in self._topics.learn(incarnation, number):
            self._outbox.put(look)
        if known not in (None, incarnation):
            logger.info("the bus began anew, since another process leads or Redis lost messages; streams are reset")

    # ---- reading

    async def _read(self) -> None:
        await self._sure.wait()
        self._topics.drop_idle()
        seen, rings = self._topics.seen, self._topics.ready()
        arrived = await self._link.read({topic: ring.last for topic, ring in rings.items()})
        if arrived.incarnation != self._topics.incarnation or arrived.counter < seen:
            self._ask_again()
        else:
            self._topics.arrived(rings, arrived)

    def _ask_again(self) -> None:
        self._sure.clear()
        self._outbox.filled.set()

    # ---- both

    async def _kept(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        """Repeats a step for good; waits longer the more often it fails."""
        failures = 0
        while True:
            try:
                await step()
            except (RedisError, OSError) as error:
                failures += 1
                self._troubled(name, remedy_of(error))
            except Exception:  # a task's boundary: the bus must outlive what it stumbles over
                failures += 1
                logger.exception("the bus's {} stumbled", name)
                self._troubled(name, "The bus stumbles over what Redis answers; the log says more.")
            else:
                failures = 0
                if self._troubles.pop(name, None) and not self._troubles:
                    logger.info("Redis answers again")
            await asyncio.sleep(_BACKOFF.delay_seconds(failures))

    def _troubled(self, name: str, trouble: str) -> None:
        if not self._troubles:
            logger.warning("{}", trouble)
        self._troubles[name] = trouble
        self._stalled = True
        self._ask_again()
