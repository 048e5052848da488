"""The bus: topics of numbered messages with a bounded memory, so that a subscriber can resume.

Two drivers keep one contract (`tests/contract`): in-process, and Redis streams for several processes. Topics in use:
`user.<user_id>` carries what that user's browsers see (`portfolio`, `bot`, `trade`, `alert`); `hints` carries
`reconcile` hints (`{"bot_id"}` or `{"pool_id"}`) and `portfolio` carries `changed` hints (`{"user_id"}`), which may be
lost: the reconciler and the portfolio task look for themselves anyway.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

NEWEST_COUNTS = frozenset({"portfolio"})
"""Kinds of messages that tell all there is of something: a topic keeps only the newest of a kind, and who has not read
those before it misses nothing. Of a large fleet each is half a megabyte, and more as objects."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a topic. `cursor` is opaque to all but the bus; `body` is shared, so never change it."""

    cursor: str
    kind: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reset:
    """Messages may be missing before what follows, since the cursor asked for is not remembered or messages were lost
    on their way. It goes on from `cursor`."""

    cursor: str


class SubscriberTooSlow(Exception):
    """The subscriber fell behind by more than the bus holds for it, and was dropped."""


class Subscription(Protocol):
    """A place in a topic: an async iterator. Waiting for the next message may be cancelled (by a time-out, say) without
    losing one."""

    def __aiter__(self) -> AsyncIterator[Message | Reset]: ...

    async def __anext__(self) -> Message | Reset: ...

    async def aclose(self) -> None:
        """Gives up the place; a waiting iteration ends. Closing twice is fine."""


class Bus(Protocol):
    async def publish(self, topic: str, kind: str, body: dict[str, Any]) -> str:
        """Appends and wakes subscribers; never waits for them, nor for long for a store that does not answer: then the
        message follows later, or subscribers get a `Reset` for it. Returns the message's cursor, or one that resets
        where it is not known yet. Raises TypeError or ValueError for a body that is not JSON."""

    def subscribe(self, topic: str, after: str | None = None) -> Subscription:
        """Messages after the cursor, or from now on where it is None; then live. The subscription exists from the call
        on, not from the first iteration; close it with `aclose()`. A cursor that is not remembered gives one `Reset`
        first, then what comes from now on. The iteration ends when the bus closes and raises SubscriberTooSlow."""

    async def latest_cursor(self, topic: str) -> str:
        """Cursor of the newest message; what `subscribe` from now would start after. Raises RedisUnavailable."""

    def begin_anew(self) -> None:
        """What was told so far may lack something: every subscriber gets one `Reset`, and so does every cursor given
        out so far. Waits for nobody; a store that does not answer is told when it does."""

    async def close(self) -> None:
        """Ends all subscriptions; later ones end at once, and what is published is dropped."""

    def health(self) -> str | None:
        """None where all is well, else the reason in a sentence. For readiness."""

    def gauges(self) -> Mapping[str, float]:
        """Readings for /metrics by name."""
