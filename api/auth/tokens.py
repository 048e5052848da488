"""Access tokens: short-lived JWTs, signed with HS256 by this installation's own key.

A token names a user and a session, and nothing that could change meanwhile: whether the session lives, and what its
user may do, is looked up at each use (`api.auth.principals`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from orchestrator.errors import Unauthenticated

_ALGORITHM = "HS256"
_ISSUER = "flotilla"
_REQUIRED = ["exp", "iat", "iss", "sub", "sid"]
_REMEDY = "The access token is missing, wrong or expired; sign in or refresh, then try again."


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says."""

    user_id: str
    session_id: str


def issue(claims: Claims, key: str, lifetime_seconds: int, now: datetime) -> str:
    """A token. `key` has at least 32 characters."""
    told = {
        "iss": _ISSUER,
        "sub": claims.user_id,
        "sid": claims.session_id,
        "iat": now,
        "exp": now + timedelta(seconds=lifetime_seconds),
    }
    return jwt.encode(told, key, algorithm=_ALGORITHM)


def verify(token: str | None, key: str, now: datetime) -> Claims:
    """What a token says that this installation issued and that has not expired. Raises Unauthenticated."""
    if not token:
        raise Unauthenticated(_REMEDY)
    try:
        told = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
        )
        expires_at = datetime.fromtimestamp(float(told["exp"]), UTC)
    except (jwt.InvalidTokenError, ValueError, OverflowError, TypeError):
        raise Unauthenticated(_REMEDY) from None
    if expires_at <= now:
        raise Unauthenticated(_REMEDY)
    return Claims(user_id=str(told["sub"]), session_id=str(told["sid"]))
