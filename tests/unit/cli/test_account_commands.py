"""`flotilla account …` against an API that lives in a dictionary."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import ADMIN_PASSWORD, FakeApi

AUTH = "/api/v1/auth"
CODES = ["mz4t-q7d5-k3v2-xha7", "wq2e-7rty-5uio-pasd"]
NEXT = "seven grey herons wade"


def _answers(fake_api: FakeApi, method: str, path: str, body: Any = None) -> None:
    answer = httpx.Response(204) if body is None else httpx.Response(200, json=body)
    fake_api.overrides[method, f"{AUTH}/{path}"] = lambda _: answer


@pytest.fixture
def terminal(fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is typed, in this order."""
    typed: list[str] = []
    monkeypatch.setattr("api.cli.account._need_terminal", lambda: None)
    _answers(fake_api, "GET", "factors", {})
    monkeypatch.setattr("api.cli.account.typer.prompt", lambda *_, **__: typed.pop(0))
    return typed


def test_a_changed_password_is_what_the_command_signs_in_with_from_then_on(
    flotilla: Flotilla, fake_api: FakeApi, home: Path, terminal: list[str]
) -> None:
    _answers(fake_api, "PUT", "password")
    terminal.append(NEXT)
    outcome = flotilla("account", "password")
    assert outcome.code == 0, outcome.err
    (sent,) = fake_api.sent("PUT", f"{AUTH}/password")
    assert json.loads(sent.content) == {"current_password": ADMIN_PASSWORD, "new_password": NEXT}
    file = home / "admin-password"
    assert (file.read_text(), file.stat().st_mode & 0o777) == (NEXT, 0o600)
    assert NEXT not in outcome.out


def test_a_password_that_an_administrator_gave_is_changed_by_who_gets_no_further(
    flotilla: Flotilla, fake_api: FakeApi, terminal: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = {"code": "password_change_required", "detail": "Change your password first.", "params": {}}
    fake_api.overrides["GET", f"{AUTH}/factors"] = lambda _: httpx.Response(403, json=refusal)
    _answers(fake_api, "PUT", "password")
    shown = flotilla("account", "show")
    assert (shown.code, "Change your password first." in shown.err) == (7, True)
    terminal.append(NEXT)
    outcome = flotilla("account", "password")
    assert outcome.code == 0, outcome.err
    monkeypatch.setenv("FLOTILLA_TOKEN", "flt_nonsense")
    assert flotilla("account", "password").code == 2, "nobody is asked for what a token cannot change"


def test_a_refused_password_leaves_the_file(
    flotilla: Flotilla, fake_api: FakeApi, home: Path, terminal: list[str]
) -> None:
    refusal = {"code": "invalid_spec", "detail": "The password is too short.", "params": {"field": "new_password"}}
    fake_api.overrides["PUT", f"{AUTH}/password"] = lambda _: httpx.Response(422, json=refusal)
    terminal.append("short")
    assert flotilla("account", "password").code == 5
    assert (home / "admin-password").read_text() == ADMIN_PASSWORD


def test_an_app_is_added_by_its_code_and_the_recovery_codes_are_shown(
    flotilla: Flotilla, fake_api: FakeApi, terminal: list[str]
) -> None:
    uri = "otpauth://totp/Flotilla:admin?secret=JBSWY3DPEHPK3PXP"
    _answers(fake_api, "POST", "totp", {"secret": "JBSWY3DPEHPK3PXP", "uri": uri, "qr_svg": "<svg/>"})
    _answers(fake_api, "POST", "totp/confirm", {"recovery_codes": CODES})
    terminal.append("492039")
    outcome = flotilla("account", "app")
    assert outcome.code == 0, outcome.err
    assert "JBSWY3DPEHPK3PXP" in outcome.out
    assert all(code in outcome.out for code in CODES)
    assert "▀" in outcome.out or "█" in outcome.out


def test_an_account_is_made_by_an_invitation(flotilla: Flotilla, fake_api: FakeApi, terminal: list[str]) -> None:
    path = "/api/v1/invitations/accept"
    made = {"id": "user-ann", "username": "ann", "role": "trader"}
    fake_api.overrides["POST", path] = lambda _: httpx.Response(201, json=made)
    terminal.extend(["inv_nine", "ann", NEXT])
    outcome = flotilla("account", "join")
    assert outcome.code == 0, outcome.err
    (sent,) = fake_api.requests
    assert json.loads(sent.content) == {"token": "inv_nine", "username": "ann", "password": NEXT}
    assert "FLOTILLA_USER=ann" in outcome.out
    assert not [secret for secret in ("inv_nine", NEXT) if secret in outcome.out + outcome.err]


def test_questions_need_a_terminal(flotilla: Flotilla, fake_api: FakeApi) -> None:
    for command in ("password", "app", "join"):
        assert flotilla("account", command).code == 2
    assert not fake_api.requests


def test_factors_are_shown_removed_and_reset(flotilla: Flotilla, fake_api: FakeApi) -> None:
    found = {"password": True, "totp_since": None, "passkeys": 1, "recovery_codes_left": 10}
    _answers(fake_api, "GET", "factors", found)
    assert "10 left" in flotilla("account", "show").out
    assert json.loads(flotilla("account", "show", "--json").out) == found
    _answers(fake_api, "DELETE", "totp")
    assert flotilla("account", "remove-app", "--yes").code == 0
    _answers(fake_api, "POST", "recovery-codes", {"recovery_codes": CODES})
    assert CODES[1] in flotilla("account", "recovery-codes", "--yes").out
    path = "/api/v1/users/ann/factors/reset"
    fake_api.overrides["POST", path] = lambda _: httpx.Response(204)
    assert flotilla("account", "reset", "ann", "--reason", "lost", "--yes").code == 0
    assert json.loads(fake_api.sent("POST", path)[0].content) == {"reason": "lost"}
