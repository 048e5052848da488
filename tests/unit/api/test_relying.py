"""For which name and pages passkeys are good, and where a provider sends browsers back to."""

import pytest
from starlette.requests import Request

from api.auth.relying import find_relying_party, own_address, relying_party
from api.settings import ApiSettings
from orchestrator.errors import Conflict


def _request(origin: str) -> Request:
    scheme, _, host = origin.partition("://")
    headers = [(b"host", host.encode())] if host else []
    return Request({"type": "http", "scheme": scheme, "headers": headers, "path": "/", "query_string": b""})


@pytest.mark.parametrize(
    ("public", "asked", "name", "origins"),
    [
        ("", "http://localhost:8000", "localhost", ["http://localhost:8000"]),
        ("", "https://localhost", "localhost", ["https://localhost"]),
        ("https://flotilla.example", "https://flotilla.example", "flotilla.example", ["https://flotilla.example"]),
        ("https://flotilla.example", "http://10.0.0.1:8000", "flotilla.example", ["https://flotilla.example"]),
        (
            "https://example.com,https://bots.example.com,https://badexample.com",
            "https://example.com",
            "example.com",
            ["https://example.com", "https://bots.example.com"],
        ),
    ],
)
def test_passkeys_are_of_the_public_name_or_of_localhost(
    public: str, asked: str, name: str, origins: list[str]
) -> None:
    party = find_relying_party(_request(asked), ApiSettings(public_url=public))
    assert party is not None
    assert (party.id, list(party.origins)) == (name, origins)


@pytest.mark.parametrize(
    ("public", "asked"),
    [
        ("", "http://127.0.0.1:8000"),
        ("", "http://[::1]:8000"),
        ("", "https://elsewhere.example"),
        ("", "http://localhost.evil.example"),
        ("", "http://"),
        ("", "http://a b"),
        ("http://10.0.0.1:8000", "http://10.0.0.1:8000"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_where_browsers_take_none_the_remedy_is_told(public: str, asked: str) -> None:
    settings = ApiSettings(public_url=public)
    assert find_relying_party(_request(asked), settings) is None
    with pytest.raises(Conflict, match="FLOTILLA_API_PUBLIC_URL"):
        relying_party(_request(asked), settings)


@pytest.mark.parametrize(
    ("public", "asked", "ours"),
    [
        ("", "http://localhost:8000", "http://localhost:8000"),
        ("https://one.example,https://two.example", "https://two.example", "https://two.example"),
        ("https://one.example,https://two.example", "https://evil.example", "https://one.example"),
    ],
)
def test_a_browser_is_sent_back_to_our_own_address(public: str, asked: str, ours: str) -> None:
    assert own_address(_request(asked), ApiSettings(public_url=public)) == ours
