"""Users who are signed in: a session of a fixed name each, and access tokens of it."""

from datetime import timedelta

from api.auth import tokens
from api.auth.subject import Subject
from api.auth.tokens import Claims
from orchestrator.errors import Unauthenticated
from orchestrator.kit.clock import utc_now
from orchestrator.users.models import SessionModel

KEY = "k" * 64
"""Signs access tokens in tests."""


def session_of(user_id: str) -> SessionModel:
    """A session that began just now; its id follows from the user's."""
    now = utc_now()
    return SessionModel(
        id=f"session-{user_id}",
        user_id=user_id,
        method="password",
        created_at=now,
        last_used_at=now,
        expires_at=now + timedelta(days=1),
        proved_at=now,
    )


def token_of(user_id: str, lifetime_seconds: int = 900, session: str | None = None) -> str:
    """An access token of that session, or of another one of the user's."""
    return tokens.issue(Claims(user_id, session or f"session-{user_id}"), KEY, lifetime_seconds, utc_now())


def subject_of(user_id: str, role: str = "trader") -> Subject:
    """The user in that session."""
    return Subject(user_id, user_id, role, session_id=f"session-{user_id}")


class KnownSessions:
    """What redeems tickets asks for who calls; knows these alone."""

    def __init__(self, *subjects: Subject) -> None:
        self._subjects = {subject.session_id: subject for subject in subjects}

    async def again(self, session_id: str | None, token_id: str | None) -> Subject:
        """As `Principals.again`."""
        if session_id not in self._subjects:
            raise Unauthenticated("This sign-in has ended; sign in again.")
        return self._subjects[session_id]
