"""Connections to Redis that give up soon: whoever asks has something better to do than to wait for it.

The URL may hold a password, and so does whatever the client tells of a URL that it cannot read: only sentences of this
module leave it.
"""

from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import OutOfMemoryError


def open_client(url: SecretStr, *, answer_seconds: float, connections: int) -> "Redis":
    """A client that connects when first used and never tries twice. Raises ValueError for a URL that is none."""
    try:
        return Redis.from_url(
            url.get_secret_value(),
            socket_timeout=answer_seconds,
            socket_connect_timeout=min(answer_seconds, 2.0),
            max_connections=connections,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
    except (ValueError, TypeError):
        raise ValueError(
            "the URL of Redis cannot be read; write redis://:password@host:port/0 with the password percent-encoded"
        ) from None


def remedy_of(error: Exception) -> str:
    """What is the matter with Redis, without what it said itself, and what to do."""
    if isinstance(error, OutOfMemoryError):
        return "Redis is full (OutOfMemoryError); raise its maxmemory, or free some of it."
    return f"Redis does not answer as it should ({type(error).__name__}); is it running?"
