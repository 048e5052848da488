"""Permission for each order that adds risk: asked of the fleet's risk engine, before the order is sent.

The trading thread asks and waits; the reporting thread brings the answer. No answer in time, a lost connection and a
stop all mean no. After a wait in vain nobody waits for a few seconds, unless an answer comes: a loop with many signals
would else hold up the exits for the sum of all waits. What was granted is good for so long after it was *asked*,
whatever time the answer took; so `refusal` is to be looked at once more right before the order goes.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pool.bot.outbox import Outbox
from pool.bot.universal.standing import Standing
from pool.contract.risk import Grant, Mode, ReserveRequest, Settlement

logger = logging.getLogger(__name__)

ASK_SECONDS = 2.0
_SLICE_SECONDS = 0.1
_SILENT_SECONDS = 5.0
"""So long nobody is asked after a question that nobody answered."""
_UNGOVERNED_SECONDS = 60.0
_NOBODY = "self"


@dataclass(slots=True)
class _Asked:
    at: float
    """Of the monotonic clock."""
    connection: int
    answered: threading.Event = field(default_factory=threading.Event)
    """Also set when there will be no answer."""
    grant: Grant | None = None


class Permission:
    """`ask` and `settle` are called by the trading thread, `granted`, `connected` and `lost` by the reporting thread.

    `stopping` ends a wait; `progress` is called while waiting, which is no hang.
    """

    def __init__(
        self,
        outbox: Outbox,
        standing: Standing,
        *,
        stopping: Callable[[], bool] = lambda: False,
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._outbox = outbox
        self._standing = standing
        self._stopping = stopping
        self._progress = progress
        self._lock = threading.Lock()
        self._asked: dict[str, _Asked] = {}
        self._good_until: dict[str, float] = {}
        self._connection = 0
        """Counts up with each loss of the connection."""
        self._is_connected = False
        self._silent_until = 0.0

    def ask(self, request: ReserveRequest, timeout_seconds: float = ASK_SECONDS) -> Grant:
        """Waits for the answer, so long at most. A refused Grant says by which limit and why; one that is not governed
        is granted what it asks for as long as it is not halted."""
        mode = self._standing.mode()
        if mode is not Mode.ACTIVE:
            return _refused(request, "mode", self._standing.why() or f"The bot is {mode.value}.")
        now = time.monotonic()
        if not self._standing.governed:
            return Grant(bot_id=_NOBODY, request_id=request.request_id, granted=True, valid_seconds=_UNGOVERNED_SECONDS)
        with self._lock:
            if not self._is_connected:
                return _refused(request, "lease", "The bot is not connected to its pool's agent.")
            if now < self._silent_until:
                return _refused(request, "lease", "The control plane does not answer just now.")
            asked = self._asked[request.request_id] = _Asked(now, self._connection)
        self._outbox.reserve(request, now + timeout_seconds)
        try:
            answer = self._await(request, asked, now + timeout_seconds)
        finally:
            with self._lock:
                self._asked.pop(request.request_id, None)
                if not asked.answered.is_set() and not self._stopping():
                    self._silent_until = time.monotonic() + _SILENT_SECONDS
        if not answer.granted and asked.grant is not None and asked.grant.granted:  # it came at the very last moment
            self._give_back(request.request_id)
        return answer

    def refusal(self, grant: Grant) -> Grant | None:
        """Why what was granted must not be used any more, asked right before the order goes; None where it may."""
        if not grant.granted:
            return grant
        mode = self._standing.mode()
        if mode is not Mode.ACTIVE:
            why = self._standing.why() or f"The bot is {mode.value}."
            return grant.model_copy(update={"granted": False, "limit": "mode", "message": why})
        if self._standing.governed and time.monotonic() >= self._good_until.get(grant.request_id, 0.0):
            why = "The permission came too late, or was not used in time."
            return grant.model_copy(update={"granted": False, "limit": "lease", "message": why})
        return None

    def settle(self, settlement: Settlement) -> None:
        """Tells what became of a reservation; of one that is not governed nobody asks."""
        if settlement.outcome != "sent":
            self._good_until.pop(settlement.request_id, None)
        if self._standing.governed:
            self._outbox.settle(settlement)

    def granted(self, grant: Grant) -> None:
        """The answer arrived. One that nobody waits for any more is given back at once."""
        with self._lock:
            self._silent_until = 0.0
            asked = self._asked.get(grant.request_id)
            if asked is not None and asked.grant is None:
                self._forget_old()
                self._good_until[grant.request_id] = asked.at + grant.valid_seconds
                asked.grant = grant
                asked.answered.set()
                return
        if grant.granted and asked is None:
            self._give_back(grant.request_id)

    def connected(self) -> None:
        with self._lock:
            self._is_connected = True
            self._silent_until = 0.0

    def lost(self) -> None:
        """The connection to the agent is gone: whoever waits is told."""
        with self._lock:
            self._is_connected = False
            self._connection += 1
            for asked in self._asked.values():
                asked.answered.set()

    def _await(self, request: ReserveRequest, asked: _Asked, until: float) -> Grant:
        while True:
            grant = asked.grant
            if grant is not None:
                return grant
            if self._stopping():
                return _refused(request, "lease", "The bot is stopping.")
            if self._connection != asked.connection:
                return _refused(request, "lease", "The connection to the pool's agent was lost.")
            left = until - time.monotonic()
            if left <= 0:
                return _refused(request, "lease", "The control plane gave no answer in time.")
            self._progress()
            asked.answered.wait(min(left, _SLICE_SECONDS))

    def _give_back(self, request_id: str) -> None:
        logger.info("Permission %s came too late and is given back", request_id)
        self._outbox.settle(Settlement(request_id=request_id, outcome="released"))

    def _forget_old(self) -> None:
        now = time.monotonic()
        for request_id in [key for key, until in self._good_until.items() if until <= now]:
            del self._good_until[request_id]


def _refused(request: ReserveRequest, limit: str, message: str) -> Grant:
    return Grant(bot_id=_NOBODY, request_id=request.request_id, granted=False, limit=limit, message=message)
