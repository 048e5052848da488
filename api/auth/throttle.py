"""Slows down guessing, of passwords and of the codes of second factors.

Failures are counted per address and user together: whoever guesses the admin's password from elsewhere slows down only
himself, and a wrong name slows down no other. After a few free failures each further attempt must wait, twice as long
every time up to a limit. Attempts in flight count as failures, so that many at once gain nothing.

So that nobody gains by having many addresses, attempts at one user name from all places that its user is not known to
sign in from are counted together besides, and those of one IPv6 subscriber. That slows down whoever guesses from
everywhere. It locks nobody out: where a user has signed in before he is not counted along, unless that session was
ended from elsewhere, and of each new place the first attempt of a day is taken whatever others do.

They are counted in the cache that all processes of the installation share. Each process counts along what it let pass:
while the cache cannot be reached it goes by that, so that the gate is never open.

A code has six digits only, so that whoever has the password and many addresses would find one in the end. All tries
from addresses that the user is not signed in from are counted together, therefore, and few of them taken in a day.
Nobody is locked out by that: where he is signed in codes are taken, and recovery codes and passkeys, which cannot be
guessed, are taken from anywhere.
"""

import hashlib
import math
from collections.abc import Callable, Iterable

from loguru import logger

from api.addresses import household, site
from orchestrator.errors import RedisUnavailable, TooManyRequests
from orchestrator.kit.attempts import AttemptRules, Attempts
from orchestrator.kit.cache import Cache

_FORGET_SECONDS = 900
_ELSEWHERE_FREE = 50
_ELSEWHERE_WAIT_LIMIT_SECONDS = 60
_ELSEWHERE_FORGET_SECONDS = 3_600
"""Some 1,500 guesses a day: in a year half a million of the 10^8 that any password takes (`users.passwords`)."""
_DAY_SECONDS = 86_400
_CODES_FREE = 5
_CODES_WAIT_LIMIT_SECONDS = 3_600
_CODES_FROM_ELSEWHERE = 30
"""A day: of a million codes three are good at a time, so that a year of it finds one with a chance of 3 %."""


class LoginThrottle:
    """`clock` is monotonic, in seconds. `purpose` keeps counts apart; what is forgotten after `forget_seconds` without
    an attempt."""

    def __init__(
        self,
        free_attempts: int,
        wait_limit_seconds: float,
        cache: Cache,
        clock: Callable[[], float],
        *,
        purpose: str = "sign-in",
        forget_seconds: float = _FORGET_SECONDS,
    ) -> None:
        self._rules = AttemptRules(free_attempts, wait_limit_seconds, forget_seconds)
        self._purpose = purpose
        self._cache = cache
        self._own = Attempts(clock)
        self._alone = False

    async def begin(self, address: str, username: str) -> None:
        """Counts an attempt. Raises TooManyRequests where it comes too early; `params` tell how long to wait."""
        seconds = await self.wait_seconds(household(address), username)
        if seconds:
            raise TooManyRequests(
                f"Too many failed attempts for this user name; try again in {seconds} s.", retry_after_seconds=seconds
            )

    async def wait_seconds(self, place: str, username: str) -> int:
        """Counts an attempt from what counts as one place and answers 0; or how long it must wait, uncounted."""
        key = self._key(place, username)
        try:
            wait = await self._cache.begin(key, self._rules)
        except RedisUnavailable:
            self._is_alone(True)
            wait = self._own.begin(key, self._rules)
        else:
            self._is_alone(False)
            if wait == 0:
                self._own.note(key, self._rules)
        return math.ceil(wait)

    async def succeeded(self, address: str, username: str) -> None:
        """Forgets the failures: the password is known here."""
        key = self._key(household(address), username)
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

    def _key(self, place: str, username: str) -> str:
        return f"{self._purpose}:{_hashed(place, username)}"


class ElsewhereThrottle:
    """Attempts at one user name from where its user is not known, after `LoginThrottle` let them pass; `clock` as
    there. A name that nobody has is treated just so."""

    def __init__(self, cache: Cache, clock: Callable[[], float]) -> None:
        self._cache = cache
        limits = (_ELSEWHERE_FREE, _ELSEWHERE_WAIT_LIMIT_SECONDS, cache, clock)
        self._of_site = LoginThrottle(*limits, purpose="sign-in-site", forget_seconds=_ELSEWHERE_FORGET_SECONDS)
        self._of_all = LoginThrottle(*limits, purpose="sign-in-all", forget_seconds=_ELSEWHERE_FORGET_SECONDS)

    async def begin(self, address: str, username: str, familiar: Iterable[str]) -> None:
        """Counts an attempt; `familiar` are the addresses that the user signed in from. Raises TooManyRequests."""
        own, place = household(address), site(address)
        if own in {household(one) for one in familiar} or await self._is_first(place, username):
            return
        seconds = 0 if place == own else await self._of_site.wait_seconds(place, username)
        seconds = seconds or await self._of_all.wait_seconds("", username)
        if seconds:
            raise TooManyRequests(
                "Too many failed attempts for this user name from new addresses; try again in "
                f"{seconds} s, with a passkey, or from where you signed in before.",
                retry_after_seconds=seconds,
            )

    async def _is_first(self, place: str, username: str) -> bool:
        """Of a day; none is while the cache cannot be reached."""
        try:
            return await self._cache.add(f"sign-in-first:{_hashed(place, username)}", 1, seconds=_DAY_SECONDS) == 1
        except RedisUnavailable:
            return False


class CodeThrottle:
    """The same for codes of second factors; `clock` as there."""

    def __init__(self, cache: Cache, clock: Callable[[], float]) -> None:
        self._cache = cache
        self._of_address = LoginThrottle(
            _CODES_FREE, _CODES_WAIT_LIMIT_SECONDS, cache, clock, purpose="code", forget_seconds=_DAY_SECONDS
        )

    async def begin(self, address: str, user_id: str, familiar: Iterable[str]) -> None:
        """Counts a try of a code; `familiar` are the addresses that the user is signed in from. Raises
        TooManyRequests, RedisUnavailable."""
        await self._of_address.begin(address, user_id)
        if household(address) in {household(one) for one in familiar}:
            return
        count = await self._cache.add(f"codes:{user_id}", 1, seconds=_DAY_SECONDS)
        if count > _CODES_FROM_ELSEWHERE:
            raise TooManyRequests(
                "Too many codes were tried for this account from new addresses. Use a recovery code or a passkey, or "
                "sign in from where you are signed in already.",
                retry_after_seconds=_CODES_WAIT_LIMIT_SECONDS,
            )

    async def succeeded(self, address: str, user_id: str) -> None:
        """Forgets the failures from there."""
        await self._of_address.succeeded(address, user_id)


def _hashed(place: str, username: str) -> str:
    """So that the cache tells nobody's address and no name, however long, takes more room."""
    return hashlib.sha256(f"{place}\0{username}".encode(errors="surrogatepass")).hexdigest()
