"""The bus: topics of numbered messages with a bounded memory, so that a subscriber can resume.

Two drivers keep one contract (`tests/contract`): in-process now, Redis streams later. Topics in use:
`user.<user_id>` carries what that user's browsers see (`portfolio`, `bot`, `trade`, `alert`); `hints` carries
`reconcile` hints (`{"bot_id"}` or `{"pool_id"}`), which may be lost: the reconciler looks for itself anyway.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a topic. `cursor` is opaque to all but the bus."""

    cursor: str
    kind: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reset:
    """The cursor asked for is not remembered: messages may be missing before what follows."""

    cursor: str


class SubscriberTooSlow(Exception):
    """The subscriber fell behind by more than the bus holds for it, and was dropped."""


class Bus(Protocol):
    async def publish(self, topic: str, kind: str, body: dict[str, Any]) -> str:
        """Appends and wakes subscribers; never waits for them. Returns the message's cursor."""

    def subscribe(self, topic: str, after: str | None = None) -> AsyncIterator[Message | Reset]:
        """Messages after the cursor, or from now on where it is None; then live. The subscription exists from the call
        on, not from the first iteration; close it with `aclose()`. Raises SubscriberTooSlow from the iteration."""

    async def latest_cursor(self, topic: str) -> str:
        """Cursor of the newest message; what `subscribe` from now would start after."""
