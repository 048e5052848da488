"""Single-use tickets: how a browser opens a stream.

`EventSource` and `WebSocket` cannot send an Authorization header, and a token in a URL would end up in logs. A ticket
may stand there: it is good once, for one purpose, for half a minute. Tickets are kept in the cache that all processes
of the installation share, so that one may redeem what another issued.
"""

import hashlib
import json
import secrets
from typing import Protocol

from api.auth.subject import Subject
from orchestrator.errors import Unauthenticated
from orchestrator.kit.cache import Cache

_MOST_PER_USER = 100


class Standing(Protocol):
    """Who knows sign-ins: `api.auth.principals.Principals`."""

    async def again(self, session_id: str | None, token_id: str | None) -> Subject:
        """Raises Unauthenticated where it has ended."""


class TicketStore:
    """Tickets that were issued and not used yet. Both methods raise RedisUnavailable."""

    def __init__(self, lifetime_seconds: float, cache: Cache) -> None:
        self.lifetime_seconds = lifetime_seconds
        self._cache = cache

    async def issue(self, subject: Subject, purpose: str) -> str:
        """A fresh ticket. A user who hoards them loses the oldest."""
        ticket = secrets.token_urlsafe(32)
        value = json.dumps({"purpose": purpose, "session": subject.session_id, "token": subject.token_id})
        group = f"tickets:{subject.user_id}"
        await self._cache.put(_key(ticket), value, seconds=self.lifetime_seconds, group=group, most=_MOST_PER_USER)
        return ticket

    async def redeem(self, ticket: str, purpose: str, principals: Standing) -> Subject:
        """Whom the ticket was issued to, as he is now; it is spent then, whether the purpose fits or not. Raises
        Unauthenticated."""
        value = await self._cache.take(_key(ticket))
        found = json.loads(value) if value is not None else None
        if found is None or found["purpose"] != purpose:
            raise Unauthenticated(
                "The ticket is unknown, used, expired or for another purpose; get one from POST /api/v1/auth/tickets."
            )
        return await principals.again(found["session"], found["token"])


def _key(ticket: str) -> str:
    """Kept by hash, so that looking one up tells nothing by its timing."""
    return "ticket:" + hashlib.sha256(ticket.encode(errors="surrogatepass")).hexdigest()
