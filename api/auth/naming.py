"""Naming other users, as somebody does who shares something: whether there is one of a name shows in the answer.

So that nobody tries names until he knows who is here, those that were named in vain are counted, a day long, and few
are free. Each counts until it turns out well: many at once gain nothing. What turns out well costs nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from loguru import logger

from orchestrator.errors import RedisUnavailable, TooManyRequests
from orchestrator.kit.cache import Cache, InProcessCache

_MOST = 30
_DAY_SECONDS = 86_400
_AGAIN_SECONDS = 3_600


class Naming:
    """One per application. While the shared cache cannot be reached this process counts alone."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._own = InProcessCache()

    @asynccontextmanager
    async def counted(self, user_id: str) -> AsyncIterator[None]:
        """Around what looks a name up for that user; in vain it was where the block raises. Raises TooManyRequests."""
        refused = await self._add(user_id, 1) > _MOST
        if not refused:
            yield
        await self._add(user_id, -1)
        if refused:
            raise TooManyRequests(
                "You named many users today who are not here; ask them for their exact names, and try again later.",
                retry_after_seconds=_AGAIN_SECONDS,
            )

    async def _add(self, user_id: str, amount: int) -> int:
        key = f"named:{user_id}"
        try:
            return await self._cache.add(key, amount, seconds=_DAY_SECONDS)
        except RedisUnavailable as error:
            logger.debug("users who are named are counted by this process alone: {}", error.message)
            return await self._own.add(key, amount, seconds=_DAY_SECONDS)
