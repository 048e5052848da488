"""Single-use tickets: how a browser opens a stream.

`EventSource` and `WebSocket` cannot send an Authorization header, and a token in a URL would end up in logs. A ticket
may stand there: it is good once, for one purpose, for half a minute. Tickets are in memory and end with the process.
"""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from api.auth.subject import Subject
from orchestrator.errors import Unauthenticated

_MOST_PER_USER = 100


@dataclass(frozen=True, slots=True)
class _Ticket:
    subject: Subject
    purpose: str
    expires_at: float


class TicketStore:
    """Tickets that were issued and not used yet. `clock` is monotonic, in seconds."""

    def __init__(self, lifetime_seconds: float, clock: Callable[[], float]) -> None:
        self.lifetime_seconds = lifetime_seconds
        self._clock = clock
        self._tickets: OrderedDict[str, _Ticket] = OrderedDict()

    def issue(self, subject: Subject, purpose: str) -> str:
        """A fresh ticket. A user who hoards them loses the oldest."""
        self._drop_expired()
        own = [key for key, ticket in self._tickets.items() if ticket.subject.user_id == subject.user_id]
        for key in own[: max(0, len(own) - _MOST_PER_USER + 1)]:
            del self._tickets[key]
        ticket = secrets.token_urlsafe(32)
        self._tickets[_key(ticket)] = _Ticket(subject, purpose, self._clock() + self.lifetime_seconds)
        return ticket

    def redeem(self, ticket: str, purpose: str) -> Subject:
        """Whom the ticket was issued to; it is spent then, whether the purpose fits or not. Raises Unauthenticated."""
        found = self._tickets.pop(_key(ticket), None)
        if found is None or found.purpose != purpose or found.expires_at <= self._clock():
            raise Unauthenticated(
                "The ticket is unknown, used, expired or for another purpose; get one from POST /api/v1/auth/tickets."
            )
        return found.subject

    def _drop_expired(self) -> None:
        now = self._clock()
        while self._tickets:
            key, oldest = next(iter(self._tickets.items()))
            if oldest.expires_at > now:
                return
            del self._tickets[key]


def _key(ticket: str) -> str:
    """Kept by hash, so that looking one up tells nothing by its timing."""
    return hashlib.sha256(ticket.encode(errors="surrogatepass")).hexdigest()
