"""Passwords: argon2 in a thread, a bounded number at a time.

One hash takes about 100 ms and 64 MB, so it never runs on the event loop, and a flood of sign-ins cannot take all
memory: what is over the limit waits its turn.
"""

import asyncio
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

_AT_ONCE = 2
_hasher = PasswordHash((Argon2Hasher(),))


class Passwords:
    """Hashes and checks passwords. One per process; must be used from one event loop."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)
        _decoy()  # made now: the first unknown user must not take longer than a known one

    async def hash(self, password: str) -> str:
        """The argon2 hash, salt and parameters included."""
        async with self._slots:
            return await asyncio.to_thread(_hasher.hash, password)

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the password has that hash. None (no such user) takes as long and answers False."""
        async with self._slots:
            return await asyncio.to_thread(_matches, password, password_hash)


def _matches(password: str, password_hash: str | None) -> bool:
    try:
        matched = _hasher.verify(password, password_hash or _decoy())
    except UnknownHashError:
        return False
    return matched and password_hash is not None


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _hasher.hash("nobody's password")
