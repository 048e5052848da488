"""The agent's bearer token, and how it changes under a running pool.

The file `agent-token` is the truth: the agent reads it at its start, and whoever drives the pool reads it to talk to
the agent. `renew` has the agent make a new one by itself, so that none travels. For a while the one before is taken,
too: whoever read it just now is not locked out. It is kept in `agent-token.before` for that while, lest a restart
forget it. The order makes every step one to be killed at: the new token is taken before anybody can read it, and the
old one is kept before it is replaced.
"""

import contextlib
import hmac
import os
import secrets
import stat
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pool.agent.files import write_atomically

OVERLAP_SECONDS = 600.0
_LEAST_CHARACTERS = 16


class BadToken(Exception):
    """There is no token to begin with; says why in a sentence."""


class Tokens:
    """Of the pool in `directory`. `clock` is monotonic, `now` since 1970, in seconds. Raises BadToken."""

    def __init__(
        self,
        directory: Path,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._file = directory / "agent-token"
        self._before_file = directory / "agent-token.before"
        self._clock = clock
        self._now = now
        self._current = _read(self._file)
        self.made_at = datetime.fromtimestamp(self._file.stat().st_mtime, UTC)
        """When the current one was made."""
        self._coming: str | None = None
        self._before: str | None = None
        self._before_until = 0.0
        self._remember_before()

    def accepts(self, authorization: bytes) -> bool:
        """Whether it is what somebody sends who knows a token."""
        known = [self._current, self._coming, self._before if self._clock() < self._before_until else None]
        # All are compared, so that time tells nothing of which.
        matches = [hmac.compare_digest(authorization, f"Bearer {one}".encode()) for one in known if one is not None]
        return any(matches)

    def renew(self) -> None:
        """Replaces the token; the one before is taken for `OVERLAP_SECONDS` more, and the one before that no longer.
        Raises OSError: whichever of the two the file then has is taken."""
        self._notice_what_came()
        mode = stat.S_IMODE(self._file.stat().st_mode) & 0o600
        self._coming = secrets.token_urlsafe(32)
        write_atomically(self._before_file, f"{self._current}\n".encode(), mode=mode)
        write_atomically(self._file, f"{self._coming}\n".encode(), mode=mode)
        self._take_over()

    def forget(self) -> None:
        """Removes the file of the one before when its time is over."""
        if self._before is not None and self._clock() >= self._before_until:
            self._before = None
            with contextlib.suppress(OSError):
                self._before_file.unlink(missing_ok=True)

    def _notice_what_came(self) -> None:
        """A renewal that failed may have replaced the file all the same."""
        with contextlib.suppress(BadToken):
            if self._coming is not None and _read(self._file) == self._coming:
                self._take_over()

    def _take_over(self) -> None:
        assert self._coming is not None
        self._before, self._before_until = self._current, self._clock() + OVERLAP_SECONDS
        self._current, self._coming = self._coming, None
        self.made_at = datetime.fromtimestamp(self._now(), UTC)

    def _remember_before(self) -> None:
        try:
            age = self._now() - self._before_file.stat().st_mtime
            token = _read(self._before_file)
        except (OSError, BadToken):
            return
        # A clock that was set back makes it younger than now: then it is taken for the whole time once more.
        self._before, self._before_until = token, self._clock() + OVERLAP_SECONDS - max(0.0, age)
        self.forget()


def _read(file: Path) -> str:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor) as stream:
            token = stream.read(4096).strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise BadToken(f"the agent's token cannot be read: {problem}") from problem
    if len(token) < _LEAST_CHARACTERS:
        raise BadToken(f"the agent's token is shorter than {_LEAST_CHARACTERS} characters")
    return token
