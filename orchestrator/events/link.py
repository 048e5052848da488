"""The two connections that the bus has to Redis: one that waits for messages, one for all else.

Every call raises redis.exceptions.RedisError or OSError where Redis does not answer as it should; a batch may then be
in Redis or not, and is sent again under the same number.
"""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from orchestrator.events.outbox import Outgoing
from orchestrator.events.ring import Limits
from orchestrator.events.scripts import (
    BEGIN_ANEW,
    LOOK,
    PUBLISH,
    Looked,
    Published,
    StreamEntry,
    read_entry,
    read_looked,
    read_published,
)
from orchestrator.kit.redis_client import open_client

_READ_AT_ONCE = 100
_FROM_SECONDS = 86_400
_WAKE_SECONDS = 600
_COMPARE_SECONDS = 2.0
"""How often it is asked what must have come."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of the topics asked for. `incarnation` is None where Redis holds nothing of the bus."""

    entries: Mapping[str, Sequence[StreamEntry]]
    incarnation: str | None
    counter: int
    newest: Mapping[str, int]
    """Number of each topic's newest message, asked after what was read; now and then, and else empty."""


class Link:
    """To one installation's keys. `answer_seconds` is how long Redis gets for an answer."""

    def __init__(
        self, url: SecretStr, prefix: str, limits: Limits, *, topic_seconds: int, answer_seconds: float
    ) -> None:
        self._commands = open_client(url, answer_seconds=answer_seconds, connections=2)
        self._waiting = open_client(url, answer_seconds=answer_seconds * 2, connections=2)
        self._block_milliseconds = int(answer_seconds * 1000)
        self._prefix = prefix
        self._limits = limits
        self._topic_seconds = topic_seconds
        self._publisher = secrets.token_hex(8)
        self._confirmed = 0
        self._confirmed_in = ""
        self._confirmed_at = time.monotonic()
        self._batch = 0
        self._compare_at = time.monotonic()
        self._woken = "0-0"

    def next_batch(self) -> None:
        """What is published next is another batch than before."""
        self._batch += 1

    async def publish(self, messages: Sequence[Outgoing], floor: int) -> Published:
        """Appends a batch, once however often it is called."""
        contents = [part for one in messages for part in (one.topic, one.kind, one.encoded)]
        limits = (self._limits.messages, self._limits.size, self._topic_seconds, _FROM_SECONDS)
        answer: Any = await self._commands.eval(*self._call(PUBLISH, floor, self._batch, *limits, *contents))
        published = read_published(answer)
        self._confirmed, self._confirmed_in, self._confirmed_at = self._batch, published.incarnation, time.monotonic()
        return published

    async def look(self, topics: Sequence[tuple[str, int | None]], floor: int) -> list[Looked]:
        """Where each topic stands; with a number also what came after it."""
        pipeline = self._commands.pipeline(transaction=False)
        for topic, after in topics:
            pipeline.eval(*self._call(LOOK, floor, topic, "" if after is None else after))
        return [read_looked(answer) for answer in await pipeline.execute()]

    async def begin_anew(self, floor: int) -> tuple[str, int]:
        """Makes a new incarnation; answers it and where it begins. Called twice it makes two."""
        incarnation, counter = await self._commands.eval(*self._call(BEGIN_ANEW, floor))
        return incarnation.decode(), int(counter)

    async def wake(self) -> None:
        """Ends a `read` that waits, or the next one."""
        pipeline = self._commands.pipeline(transaction=False)
        pipeline.xadd(self._wake_key, {"w": "1"}, maxlen=1, approximate=False)
        pipeline.expire(self._wake_key, _WAKE_SECONDS)
        await pipeline.execute()

    async def read(self, positions: Mapping[str, int]) -> Arrived:
        """Waits a while for messages behind these positions."""
        keys = {f"{self._prefix}topic:{topic}": topic for topic in positions}
        streams: dict[Any, Any] = {self._wake_key: self._woken}
        streams.update({key: f"{positions[topic]}-0" for key, topic in keys.items()})
        pipeline = self._waiting.pipeline(transaction=False)
        pipeline.xread(streams, count=_READ_AT_ONCE, block=self._block_milliseconds)
        compared = list(positions) if time.monotonic() >= self._compare_at else []
        # asked after what was read, so that the incarnation vouches for it
        pipeline.hmget(f"{self._prefix}bus", ["incarnation", "counter", *(f"last:{topic}" for topic in compared)])
        arrived, (incarnation, counter, *newest) = await pipeline.execute()
        if compared:
            self._compare_at = time.monotonic() + _COMPARE_SECONDS
        entries = {}
        for key, found in arrived or ():
            topic = keys.get(key.decode())
            if topic is None:
                self._woken = found[-1][0].decode()
            else:
                entries[topic] = [read_entry(identity, fields) for identity, fields in found]
        last = {topic: int(number or 0) for topic, number in zip(compared, newest, strict=True)}
        return Arrived(entries, incarnation.decode() if incarnation else None, int(counter or 0), last)

    async def close(self) -> None:
        """Ends both connections."""
        await self._commands.aclose()
        await self._waiting.aclose()

    @property
    def _wake_key(self) -> str:
        return f"{self._prefix}wake:{self._publisher}"

    def _call(self, script: str, floor: int, *arguments: Any) -> tuple[Any, ...]:
        """Claims what was confirmed only as long as Redis surely keeps it."""
        confirmed = self._confirmed if time.monotonic() - self._confirmed_at < _FROM_SECONDS / 2 else 0
        keys = (f"{self._prefix}bus", f"{self._prefix}from:{self._publisher}")
        return (script, 2, *keys, self._prefix, secrets.token_hex(6), floor, self._confirmed_in, confirmed, *arguments)
