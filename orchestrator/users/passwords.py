"""Passwords: argon2 in a thread, a bounded number at a time; and which ones are taken.

One hash takes about 100 ms and 64 MB, so it never runs on the event loop, and a flood of sign-ins cannot take all
memory: what is over the limit waits its turn, and what would wait for seconds is refused. Every check is exactly one
hash, whoever it is for: neither an unknown user nor one without a password answers sooner.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path

from loguru import logger
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from orchestrator.errors import InvalidSpec, TooManyRequests
from orchestrator.users.passwords_breached import is_listed

SHORTEST = 12
LONGEST = 1024
_AT_ONCE = 2
_MOST_WAITING = 64
_PAUSE_SECONDS = 5
_JUDGED = 72
"""zxcvbn looks at so many characters at most; what is longer and begins badly is refused all the same."""
_WEAK = 3
"""zxcvbn's score of what takes an attacker fewer than 10^8 guesses; it has lists of common passwords, words, names."""
_hasher = PasswordHash((Argon2Hasher(),))
_zxcvbn = asyncio.Lock()
"""zxcvbn keeps what is to be found in a password in a global."""


class Passwords:
    """Hashes, checks and judges passwords. One per process; must be used from one event loop. `breached` is a file of
    SHA-1 hashes, sorted, as Have I Been Pwned publishes them."""

    def __init__(self, breached: Path | None = None) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._breached = breached
        _decoy()  # made now: the first unknown user must not take longer than a known one

    async def hash(self, password: str) -> str:
        """The argon2 hash, salt and parameters included. Raises TooManyRequests."""
        async with self._turn():
            return await asyncio.to_thread(_hasher.hash, password)

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the password has that hash. None (no such user) and "" (one without a password) take as long and
        answer False. Raises TooManyRequests."""
        async with self._turn():
            return await asyncio.to_thread(_matches, password, password_hash)

    async def check_new(self, password: str, username: str, *, field: str = "password") -> None:
        """Whether somebody may take this password from now on. Raises InvalidSpec with the remedy."""
        if len(password) < SHORTEST:
            raise InvalidSpec(
                f"The password is too short; use {SHORTEST} or more characters, a few words for instance.", field=field
            )
        if username and username.casefold() in password.casefold() and len(password) - len(username) < SHORTEST:
            raise InvalidSpec("The password is little more than the user name; choose another one.", field=field)
        async with _zxcvbn:
            score = await asyncio.to_thread(_score, password, username)
        if score < _WEAK:
            raise InvalidSpec(
                "The password is common or follows a pattern, so it is guessed soon; use some unrelated words.",
                field=field,
            )
        if self._breached is not None and await asyncio.to_thread(_is_breached, self._breached, password):
            raise InvalidSpec("The password is in a list of stolen ones; choose another one.", field=field)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= _MOST_WAITING:
            raise TooManyRequests(
                f"Too many sign-ins at once; try again in {_PAUSE_SECONDS} s.", retry_after_seconds=_PAUSE_SECONDS
            )
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()


def _matches(password: str, password_hash: str | None) -> bool:
    try:
        matched = _hasher.verify(password, password_hash or _decoy())
    except UnknownHashError:
        _hasher.verify(password, _decoy())
        return False
    return matched and bool(password_hash)


def _score(password: str, username: str) -> int:
    """0 to 4."""
    from zxcvbn import zxcvbn  # its word lists take 14 MB, and passwords are chosen rarely

    return int(zxcvbn(password[:_JUDGED], user_inputs=[username])["score"])


def _is_breached(file: Path, password: str) -> bool:
    """A list that cannot be read refuses nobody: what zxcvbn has is always asked."""
    try:
        return is_listed(file, password)
    except OSError as error:
        logger.error("the list of stolen passwords cannot be read: {}", error.strerror)
        return False


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))
