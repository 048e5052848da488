"""The cache in Redis, for several processes of one installation.

Every operation is one atomic step in Redis. Where Redis does not answer the next callers are refused at once for a
second, so that a Redis that hangs does not hang every request. One that is full takes no value and counts no attempt;
what it has can still be taken.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from limits.aio.storage import RedisStorage
from pydantic import SecretStr
from redis.exceptions import RedisError, ResponseError

from orchestrator.errors import RedisUnavailable
from orchestrator.kit.attempts import AttemptRules
from orchestrator.kit.redis_client import open_client, remedy_of

_ANSWER_SECONDS = 0.5
_CONNECTIONS = 10
_AVOID_SECONDS = 1.0

_PUT = """
local key, group, milliseconds = KEYS[1], KEYS[2], ARGV[2]
redis.call('SET', key, ARGV[1], 'PX', milliseconds)
redis.call('RPUSH', group, key)
redis.call('PEXPIRE', group, milliseconds)
while redis.call('LLEN', group) > tonumber(ARGV[3]) do
  redis.call('DEL', redis.call('LPOP', group))
end
return 1
"""
_BEGIN = """
local free, limit, forget = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local count = tonumber(redis.call('HGET', KEYS[1], 'count') or '0')
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local wait = 0
if count >= free then
  wait = tonumber(redis.call('HGET', KEYS[1], 'at') or '0') + math.min(2 ^ math.min(count - free, 30), limit) - now
end
if wait > 0 then return string.format('%.6f', math.min(wait, limit)) end
redis.call('HSET', KEYS[1], 'count', count + 1, 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], forget)
return '0'
"""
"""As `AttemptRules.wait_seconds` has it."""


class RedisCache:
    """`Cache` in Redis; all keys begin with `prefix`."""

    def __init__(self, url: SecretStr, prefix: str) -> None:
        self._client = open_client(url, answer_seconds=_ANSWER_SECONDS, connections=_CONNECTIONS)
        self._prefix = prefix
        pool: dict[str, Any] = {"connection_pool": self._client.connection_pool}
        self._counts = RedisStorage("redis://", implementation="redispy", key_prefix=f"{prefix}count", **pool)
        self._free = asyncio.Semaphore(_CONNECTIONS)
        self._avoid_until = float("-inf")

    async def put(self, key: str, value: str, *, seconds: float, group: str, most: int) -> None:
        """See `Cache.put`. What was taken already counts, too."""
        keys = (self._key(f"value:{key}"), self._key(f"group:{group}"))
        await self._answer(lambda: self._client.eval(_PUT, 2, *keys, value, str(int(seconds * 1000)), str(most)))

    async def take(self, key: str) -> str | None:
        """See `Cache.take`."""
        value = await self._answer(lambda: self._client.getdel(self._key(f"value:{key}")))
        return None if value is None else str(value.decode())

    async def look(self, key: str) -> str | None:
        """See `Cache.look`."""
        value = await self._answer(lambda: self._client.get(self._key(f"value:{key}")))
        return None if value is None else str(value.decode())

    async def begin(self, key: str, rules: AttemptRules) -> float:
        """See `Cache.begin`."""
        limits = (str(rules.free), str(rules.limit_seconds), str(int(rules.forget_seconds * 1000)))
        return float(await self._answer(lambda: self._client.eval(_BEGIN, 1, self._key(f"attempts:{key}"), *limits)))

    async def forget(self, key: str) -> None:
        """See `Cache.forget`."""
        await self._answer(lambda: self._client.delete(self._key(f"attempts:{key}")))

    async def add(self, key: str, amount: int, *, seconds: int) -> int:
        """See `Cache.add`."""
        return int(await self._answer(lambda: self._counts.incr(key, seconds, amount)))

    async def close(self) -> None:
        """See `Cache.close`."""
        await self._client.aclose()

    def _key(self, key: str) -> str:
        return f"{self._prefix}{key}"

    async def _answer(self, ask: Callable[[], Any]) -> Any:
        async with self._free:
            if time.monotonic() < self._avoid_until:
                raise RedisUnavailable("Redis does not answer; try again in a moment.")
            try:
                answer: Awaitable[Any] = ask()
                return await answer
            except (RedisError, OSError) as error:
                if not isinstance(error, ResponseError):  # which is an answer
                    self._avoid_until = time.monotonic() + _AVOID_SECONDS
                raise RedisUnavailable(f"Try again in a moment. {remedy_of(error)}") from None
