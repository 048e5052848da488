"""Access tokens: short-lived JWTs, signed with HS256 by this installation's own key.

What ends a sign-in early (logout, reuse of a refresh token) takes effect when the access token runs out; the end of an
account does so at once (see `api.auth.accounts`).
"""

from datetime import UTC, datetime, timedelta

import jwt

from api.auth.subject import Subject
from orchestrator.errors import Unauthenticated

_ALGORITHM = "HS256"
_ISSUER = "flotilla"
_REQUIRED = ["exp", "iat", "iss", "sub", "name", "role"]
_REMEDY = "The access token is missing, wrong or expired; sign in or refresh, then try again."


def issue(subject: Subject, key: str, lifetime_seconds: int, now: datetime) -> str:
    """A token for the subject. `key` has at least 32 characters."""
    claims = {
        "iss": _ISSUER,
        "sub": subject.user_id,
        "name": subject.username,
        "role": subject.role,
        "iat": now,
        "exp": now + timedelta(seconds=lifetime_seconds),
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def verify(token: str | None, key: str, now: datetime) -> Subject:
    """The subject of a token that this installation issued and that has not expired. Raises Unauthenticated."""
    if not token:
        raise Unauthenticated(_REMEDY)
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
        )
        expires_at = datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (jwt.InvalidTokenError, ValueError, OverflowError, TypeError):
        raise Unauthenticated(_REMEDY) from None
    if expires_at <= now:
        raise Unauthenticated(_REMEDY)
    return Subject(user_id=str(claims["sub"]), username=str(claims["name"]), role=str(claims["role"]))
