"""The process that asks through ccxt: what goes in by standard input, and the one line that comes out."""

import io
import json
from typing import Any

import ccxt
import pytest

from orchestrator.exchange_keys import ccxt_asking

ASKED = {"exchange": "okx", "key": "the-key", "secret": "the-secret", "password": "the-passphrase"}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            {"data": [{"perm": "read_only,trade", "ip": "1.2.3.4", "uid": "7"}]},
            {"account": "7", "expires_at": None, "ip_restricted": True, "permissions": ["futures", "read", "spot"]},
        ),
        ({"data": [{"perm": "read_only,trade,unheard_of", "ip": "", "uid": "7"}]}, {"untold": True}),
        ({"data": []}, {"untold": True}),
        (ccxt.AuthenticationError('okx {"the-key": "the-secret"}'), {"refused": True}),
        (ccxt.NetworkError("okx GET the-secret"), {"silent": True}),
        (ccxt.ExchangeError("okx the-secret"), {"untold": True}),
    ],
)
def test_what_the_exchange_said_becomes_one_line(
    said: Any, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[dict[str, Any]] = []

    class Client:
        def __init__(self, configuration: dict[str, Any]) -> None:
            given.append(configuration)

        def privateGetAccountConfig(self) -> Any:  # noqa: N802 - ccxt's own name
            if isinstance(said, Exception):
                raise said
            return said

    monkeypatch.setattr(ccxt, "okx", Client)
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(ASKED)))
    assert ccxt_asking.main() == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == told
    assert "the-secret" not in shown.out + shown.err
    assert (given[0]["apiKey"], given[0]["secret"], given[0]["password"]) == ("the-key", "the-secret", "the-passphrase")


def test_ccxt_has_the_calls_by_these_names() -> None:
    for exchange, (method, _) in ccxt_asking._ASK.items():
        assert callable(getattr(getattr(ccxt, exchange)(), method))
