"""The command proves who its user is as far as it is asked to, and asks for nothing that it need not."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import ADMIN_PASSWORD, FakeApi, problem

CHALLENGE = {"challenge": "c" * 43, "expires_in": 300, "ways": ["totp", "recovery"], "passkey_options": None}
QUOTAS = "/api/v1/users/ann/quotas"
FOUND = {
    "user_id": "user-1", "username": "ann", "max_bots": 3, "max_memory_bytes": None,
    "allowed_bots": 3, "allowed_memory_bytes": None, "bots": 1, "memory_bytes": 0,
}  # fmt: skip


def _sent(fake_api: FakeApi, path: str) -> list[dict[str, Any]]:
    return [json.loads(request.content) for request in fake_api.sent("POST", f"/api/v1/auth/{path}")]


def _once(fake_api: FakeApi) -> None:
    """The change wants a fresh proof the first time."""
    refusals = [problem(403, "step_up_required", "This needs a proof.")]
    path = ("PATCH", QUOTAS)
    fake_api.overrides[path] = lambda _: refusals.pop() if refusals else httpx.Response(200, json=FOUND)


def test_a_fresh_proof_is_given_without_a_question_where_the_password_is_at_hand(
    flotilla: Flotilla, fake_api: FakeApi
) -> None:
    _once(fake_api)
    fake_api.overrides["POST", "/api/v1/auth/step-up"] = lambda _: httpx.Response(200, json={"expires_in": 300})
    assert flotilla("users", "quotas", "ann", "--bots", "3").code == 0
    assert _sent(fake_api, "step-up") == [{"password": ADMIN_PASSWORD}]
    assert len(fake_api.sent("PATCH", QUOTAS)) == 2


def test_a_proof_that_is_refused_ends_the_command(flotilla: Flotilla, fake_api: FakeApi) -> None:
    _once(fake_api)
    fake_api.overrides["POST", "/api/v1/auth/step-up"] = lambda _: problem(
        422, "invalid_spec", "The password is wrong."
    )
    outcome = flotilla("users", "quotas", "ann", "--bots", "3")
    assert "The password is wrong." in outcome.err
    assert len(fake_api.sent("PATCH", QUOTAS)) == 1


@pytest.mark.parametrize(
    ("typed", "field"), [("492 039", "code"), ("mz4t-q7d5-k3v2-xha7", "recovery_code"), ("492039", "code")]
)
def test_a_second_factor_is_asked_for_in_the_terminal(
    flotilla: Flotilla, fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch, typed: str, field: str
) -> None:
    fake_api.overrides["POST", "/api/v1/auth/login"] = lambda _: httpx.Response(200, json=CHALLENGE)
    fake_api.overrides["POST", "/api/v1/auth/login/second-factor"] = lambda _: httpx.Response(
        200, json={"access_token": "t0ken", "token_type": "bearer", "expires_in": 900}
    )
    outcome = flotilla("bots", "list")
    assert outcome.code == 7
    assert "second factor" in outcome.err
    monkeypatch.setattr("api.cli.proving.sys", _Terminal)
    monkeypatch.setattr("api.cli.proving.typer.prompt", lambda *_, **__: typed)
    assert flotilla("bots", "list").code == 0
    assert _sent(fake_api, "login/second-factor") == [{"challenge": CHALLENGE["challenge"], field: typed}]


class _Stdin:
    def isatty(self) -> bool:
        return True


class _Terminal:
    stdin = _Stdin()


def test_a_step_up_asks_for_the_code_where_the_account_has_one(
    flotilla: Flotilla, fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def step_up(request: httpx.Request) -> httpx.Response:
        if "code" in json.loads(request.content):
            return httpx.Response(200, json={"expires_in": 300})
        return httpx.Response(422, json={"code": "invalid_spec", "detail": "Send a code.", "params": {"field": "code"}})

    _once(fake_api)
    fake_api.overrides["POST", "/api/v1/auth/step-up"] = step_up
    monkeypatch.setattr("api.cli.proving.sys", _Terminal)
    monkeypatch.setattr("api.cli.proving.typer.prompt", lambda *_, **__: "492039")
    assert flotilla("users", "quotas", "ann", "--bots", "3").code == 0
    assert _sent(fake_api, "step-up")[-1] == {"password": ADMIN_PASSWORD, "code": "492039"}


def test_a_passkey_alone_is_told_as_what_a_terminal_has_not(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.overrides["POST", "/api/v1/auth/login"] = lambda _: httpx.Response(
        200, json={**CHALLENGE, "ways": ["passkey"]}
    )
    outcome = flotilla("bots", "list")
    assert outcome.code == 7
    assert "API token" in outcome.err


def test_a_file_that_is_older_than_the_password_has_the_command_ask(
    flotilla: Flotilla, fake_api: FakeApi, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "admin-password").write_text("what it was before")
    assert flotilla("bots", "list").code == 7
    monkeypatch.setattr("api.cli.client.sys", _Terminal)
    monkeypatch.setattr("api.cli.credentials.typer.prompt", lambda *_, **__: ADMIN_PASSWORD)
    assert flotilla("bots", "list").code == 0
    _once(fake_api)
    fake_api.overrides["POST", "/api/v1/auth/step-up"] = lambda _: httpx.Response(200, json={"expires_in": 300})
    assert flotilla("users", "quotas", "ann", "--bots", "3").code == 0
    assert _sent(fake_api, "step-up") == [{"password": ADMIN_PASSWORD}]
