"""Access tokens: whose they are, how long, and that nothing else passes for one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from api.auth import tokens
from api.auth.tokens import Claims
from orchestrator.errors import Unauthenticated

KEY = "k" * 64
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CLAIMED = Claims("user-1", "session-1")
CLAIMS: dict[str, Any] = {
    "iss": "flotilla", "sub": "user-1", "sid": "session-1",
    "iat": NOW, "exp": NOW + timedelta(seconds=60),
}  # fmt: skip


def signed(key: str = KEY, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm)


def test_a_token_names_its_session_until_it_expires() -> None:
    token = tokens.issue(CLAIMED, KEY, 900, NOW)
    assert tokens.verify(token, KEY, NOW) == CLAIMED
    assert tokens.verify(token, KEY, NOW + timedelta(seconds=899)) == CLAIMED
    with pytest.raises(Unauthenticated):
        tokens.verify(token, KEY, NOW + timedelta(seconds=900))


def test_the_same_claims_by_another_way_of_signing_pass() -> None:
    assert tokens.verify(signed(), KEY, NOW) == CLAIMED  # so that the refusals below are for what they change


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "a.b.c",
        "\ud800",
        signed("another key, also long enough to be one"),
        signed(algorithm="HS512"),
        jwt.encode(CLAIMS, None, algorithm="none"),
        signed(iss="elsewhere"),
        signed(exp=None),
        signed(sub=None),
        signed(sid=None),
        signed(exp=10**30),
    ],
    ids=["none", "empty", "shape", "text", "key", "HS512", "unsigned", "iss", "no exp", "no sub", "no sid", "exp"],
)
def test_nothing_else_passes(token: str | None) -> None:
    with pytest.raises(Unauthenticated):
        tokens.verify(token, KEY, NOW)
