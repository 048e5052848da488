"""Slows down guessing of passwords.

Failures are counted per address and user name together: whoever guesses the admin's password from elsewhere slows
down only himself, and a wrong name slows down no other. After a few free failures each further attempt must wait,
twice as long every time up to a limit. Attempts in flight count as failures, so that many at once gain nothing.

They are counted in the cache that all processes of the installation share. Each process counts along what it let pass:
while the cache cannot be reached it goes by that, so that the gate is never open.
"""

import hashlib
import ipaddress
import math
from collections.abc import Callable

from loguru import logger

from orchestrator.errors import RedisUnavailable, TooManyRequests
from orchestrator.kit.attempts import AttemptRules, Attempts
from orchestrator.kit.cache import Cache

_FORGET_SECONDS = 900


class LoginThrottle:
    """`clock` is monotonic, in seconds."""

    def __init__(self, free_attempts: int, wait_limit_seconds: float, cache: Cache, clock: Callable[[], float]) -> None:
        self._rules = AttemptRules(free_attempts, wait_limit_seconds, _FORGET_SECONDS)
        self._cache = cache
        self._own = Attempts(clock)
        self._alone = False

    async def begin(self, address: str, username: str) -> None:
        """Counts an attempt. Raises TooManyRequests where it comes too early; `params` tell how long to wait."""
        key = _key(address, username)
        try:
            wait = await self._cache.begin(key, self._rules)
        except RedisUnavailable:
            self._is_alone(True)
            wait = self._own.begin(key, self._rules)
        else:
            self._is_alone(False)
            if wait == 0:
                self._own.note(key, self._rules)
        if wait > 0:
            seconds = math.ceil(wait)
            raise TooManyRequests(
                f"Too many failed sign-ins for this user name; try again in {seconds} s.", retry_after_seconds=seconds
            )

    async def succeeded(self, address: str, username: str) -> None:
        """Forgets the failures: the password is known here."""
        key = _key(address, username)
        self._own.forget(key)
        try:
            await self._cache.forget(key)
        except RedisUnavailable:
            self._is_alone(True)

    def _is_alone(self, alone: bool) -> None:
        if alone and not self._alone:
            logger.warning("failed sign-ins are counted by this process alone, since Redis does not answer")
        elif self._alone and not alone:
            logger.info("failed sign-ins are counted by all processes together again")
        self._alone = alone


def _key(address: str, username: str) -> str:
    """Hashed, so that the cache tells nobody's address and no name, however long, takes more room."""
    told = f"{_network(address)}\0{username}"
    return "sign-in:" + hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()


def _network(address: str) -> str:
    """An IPv6 host owns a whole /64, so that counts as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
