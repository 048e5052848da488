"""What FreqTrade's own clients get for an API token: JWTs, as FreqTrade's `token/login` and `token/refresh` hand out.

A pass names the API token that it was got with, and one bot. It is good for that bot's own API alone, never for
Flotilla's: its audience is another. It says nothing of what its bearer may do: that is looked up with the API token at
each use, and what ends the API token ends its passes.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import jwt

from orchestrator.errors import Unauthenticated

_ALGORITHM = "HS256"
_ISSUER = "flotilla"
_AUDIENCE = "freqtrade"
_TYPE = "freqtrade+jwt"
"""In its header, by which it is told from other tokens before anything of it is believed."""
_REQUIRED = ["aud", "bot", "exp", "iat", "iss", "sub", "tid", "type"]
_REMEDY = "The token is missing, wrong, expired or for another bot; sign in with an API token, then try again."


class Kind(StrEnum):
    """FreqTrade's two."""

    ACCESS = "access"
    """For calls, and for the WebSocket's address."""
    REFRESH = "refresh"
    """For `token/refresh` alone."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass says."""

    user_id: str
    token_id: str
    """The API token that it was got with."""
    bot_id: str


def is_pass(token: str) -> bool:
    """Whether the token says of itself that it is a pass."""
    try:
        return bool(jwt.get_unverified_header(token).get("typ") == _TYPE)
    except jwt.InvalidTokenError:
        return False


def issue(held: Pass, kind: Kind, key: str, lifetime: timedelta, now: datetime) -> str:
    """A signed one. `key` has at least 32 characters."""
    told = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": held.user_id,
        "tid": held.token_id,
        "bot": held.bot_id,
        "type": kind.value,
        "iat": now,
        "exp": now + lifetime,
    }
    return jwt.encode(told, key, algorithm=_ALGORITHM, headers={"typ": _TYPE})


def verify(token: str, kind: Kind, bot_id: str, key: str, now: datetime) -> Pass:
    """What a pass of that kind says that this installation issued for that bot, and that has not expired. Raises
    Unauthenticated."""
    try:
        told = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            audience=_AUDIENCE,
            options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
        )
        expires_at = datetime.fromtimestamp(float(told["exp"]), UTC)
    except (jwt.InvalidTokenError, ValueError, OverflowError, TypeError):
        raise Unauthenticated(_REMEDY) from None
    if expires_at <= now or told["type"] != kind or told["bot"] != bot_id:
        raise Unauthenticated(_REMEDY)
    return Pass(user_id=str(told["sub"]), token_id=str(told["tid"]), bot_id=bot_id)
