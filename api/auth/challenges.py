"""What a sign-in waits for an answer to: a second factor, a passkey, a provider that sends the browser back.

A challenge is a secret of 256 bits, good once, for one purpose, for some minutes. What belongs to it is kept in the
cache that all processes of the installation share, under its hash. One that was answered wrongly may be put back:
whoever takes it has it alone, so that tries at once gain nothing.
"""

import json
import secrets
from typing import Any

from api.addresses import household
from orchestrator.kit.cache import Cache
from orchestrator.kit.clock import utc_now
from orchestrator.users.sessions import hash_of

SECONDS = 300
_MOST_PER_GROUP = 50
_ENDS_AT = "ends_at"


class Challenges:
    """Challenges that wait. All methods raise RedisUnavailable."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def issue(self, purpose: str, whose: str, *, seconds: int = SECONDS, **told: Any) -> str:
        """A fresh one for a user's id, or for an address where nobody is known yet. Who hoards them loses the
        oldest."""
        challenge = secrets.token_urlsafe(32)
        await self.keep(challenge, purpose, whose, seconds=seconds, **told)
        return challenge

    async def keep(self, challenge: str, purpose: str, whose: str, *, seconds: int = SECONDS, **told: Any) -> None:
        """The same for one that was made before."""
        told = {**told, "whose": household(whose), _ENDS_AT: utc_now().timestamp() + seconds}
        await self._keep(challenge, purpose, told)

    async def take(self, challenge: str, purpose: str) -> dict[str, Any] | None:
        """What was told when it was issued; None for one that is unknown, used, expired or for something else. It is
        spent then."""
        value = await self._cache.take(_key(challenge, purpose))
        if value is None:
            return None
        told: dict[str, Any] = json.loads(value)
        return told if told[_ENDS_AT] > utc_now().timestamp() else None

    async def put_back(self, challenge: str, purpose: str, told: dict[str, Any]) -> None:
        """One that was taken, for what is left of its time."""
        await self._keep(challenge, purpose, told)

    async def _keep(self, challenge: str, purpose: str, told: dict[str, Any]) -> None:
        left = told[_ENDS_AT] - utc_now().timestamp()
        if left <= 0:
            return
        group = f"{purpose}:{hash_of(told['whose'])}"
        value = json.dumps(told)
        await self._cache.put(_key(challenge, purpose), value, seconds=left, group=group, most=_MOST_PER_GROUP)


def _key(challenge: str, purpose: str) -> str:
    return f"{purpose}:{hash_of(challenge)}"
