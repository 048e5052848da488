"""OpenID providers as settings name them: what is refused before anybody is sent there."""

from typing import Any

import pytest
from pydantic import ValidationError

from api.settings import ApiSettings

GOOD = {"id": "acme", "issuer": "https://accounts.example.com", "client_id": "x"}


def test_a_provider_is_read_from_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "FLOTILLA_API_OIDC",
        '[{"id": "acme", "issuer": "https://a.example", "client_id": "x", "scopes": ["email"], '
        '"email_domains": ["@A.b"]}]',
    )
    (provider,) = ApiSettings().oidc
    assert provider.scopes == ("openid", "email")
    assert provider.email_domains == ("a.b",)
    assert not provider.create_users
    assert (provider.role, provider.shown) == ("viewer", "acme")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issuer": "http://accounts.example.com"}, "https address"),
        ({"issuer": "https://accounts.example.com/?x=1"}, "https address"),
        ({"issuer": "accounts.example.com"}, "https address"),
        ({"id": "Acme Corp"}, "pattern"),
        ({"role": "root"}, "admin"),
        ({"client_secret": "in the open"}, "Extra inputs"),
    ],
)
def test_a_bad_provider_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ApiSettings.model_validate({"oidc": [GOOD | changes]})


def test_providers_have_ids_of_their_own() -> None:
    with pytest.raises(ValidationError, match="id of its own"):
        ApiSettings.model_validate({"oidc": [GOOD, GOOD]})
