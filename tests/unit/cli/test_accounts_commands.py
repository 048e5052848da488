"""`flotilla users`, `shares`, `tokens` and `sessions` as a shell sees them; and the command with an API token."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import FakeApi, bot
from tests.unit.cli.test_pools_commands import answer, sent

USER: dict[str, Any] = {
    "id": "user-1", "username": "ann", "role": "trader", "may_trade_live": False, "reporting_currency": "USDT",
    "max_bots": None, "max_memory_bytes": None, "created_at": "2026-11-20T12:00:00Z", "deactivated_at": None,
}  # fmt: skip
SHARE: dict[str, Any] = {
    "id": "share-1", "given": True, "owner": "me", "user": "bob", "what": "bot", "bot_id": "bot-1",
    "bot_name": "trend-1", "level": "view", "created_at": "2026-11-20T12:00:00Z",
}  # fmt: skip
TOKEN: dict[str, Any] = {
    "id": "apitoken-1", "name": "FreqUI", "scopes": ["read"], "bot_ids": None, "created_at": "2026-11-20T12:00:00Z",
    "expires_at": None, "last_used_at": None, "last_used_address": "",
}  # fmt: skip
SESSION: dict[str, Any] = {
    "id": "session-1", "current": True, "method": "password", "second_factor": "totp", "address": "192.0.2.7",
    "user_agent": "flotilla", "created_at": "2026-11-20T12:00:00Z", "last_used_at": "2026-11-20T12:00:00Z",
    "expires_at": "2026-12-20T12:00:00Z",
}  # fmt: skip


def page(*items: dict[str, Any]) -> dict[str, Any]:
    return {"items": list(items), "next": None}


def test_users_are_listed_made_and_invited(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", "/users", page(USER, {**USER, "username": "bob", "deactivated_at": "2026-11-21T12:00:00Z"}))
    shown = flotilla("users", "list").out
    assert "ann" in shown
    assert "deactivated" in shown
    answer(fake_api, "POST", "/users", {"user": USER, "password": "first-password"})
    assert "first-password" in flotilla("users", "create", "ann", "--role", "viewer", "--live").out
    answer(fake_api, "POST", "/invitations", {"invitation": {"expires_at": "2026-11-28T12:00:00Z"}, "token": "inv_x"})
    assert "inv_x" in flotilla("users", "invite", "--note", "Ann").out
    assert sent(fake_api, "POST", "/users") == [
        {"username": "ann", "role": "viewer", "may_trade_live": True, "reason": ""}
    ]
    assert sent(fake_api, "POST", "/invitations") == [{"role": "trader", "note": "Ann", "reason": ""}]


def test_users_are_changed_and_let_in_no_more(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "PATCH", "/users/ann", USER)
    assert flotilla("users", "role", "ann", "viewer", "-r", "left").code == 0
    assert flotilla("users", "live", "ann", "--allow").code == 0
    assert flotilla("users", "live", "ann").code != 0
    assert sent(fake_api, "PATCH", "/users/ann") == [
        {"role": "viewer", "reason": "left"},
        {"may_trade_live": True, "reason": ""},
    ]
    answer(fake_api, "POST", "/users/ann/password", {"password": "another", "sessions_ended": 1})
    assert "another" in flotilla("users", "password", "ann", "--yes").out
    done = {"user": USER, "sessions_ended": 1, "bots_trading": 2, "halted": False}
    answer(fake_api, "POST", "/users/ann/deactivate", done)
    assert "2 bots of his trade on" in flotilla("users", "deactivate", "ann", "--yes").out
    answer(fake_api, "POST", "/users/ann/deactivate", {**done, "halted": True})
    assert "halted" in flotilla("users", "deactivate", "ann", "--yes", "--halt").out
    assert [body["halt"] for body in sent(fake_api, "POST", "/users/ann/deactivate")] == [False, True]


def test_shares_name_one_bot_or_say_all(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(bot("trend-1"))
    answer(fake_api, "GET", "/shares", page(SHARE, {**SHARE, "given": False, "what": "portfolio", "owner": "cat"}))
    shown = flotilla("shares", "list").out
    assert "trend-1" in shown
    assert "all bots" in shown
    assert "cat" in shown
    answer(fake_api, "POST", "/shares", SHARE)
    assert "bob may look at bot trend-1" in flotilla("shares", "add", "bob", "--bot", "trend-1").out
    assert flotilla("shares", "add", "bob", "--all", "--operate").code == 0
    assert flotilla("shares", "add", "bob").code != 0
    assert flotilla("shares", "add", "bob", "--all", "--bot", "trend-1").code != 0
    assert sent(fake_api, "POST", "/shares") == [
        {"user": "bob", "level": "view", "what": "bot", "bot_id": "bot-0000000000000001"},
        {"user": "bob", "level": "operate", "what": "portfolio"},
    ]


def test_tokens_and_sessions(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(bot("trend-1"))
    answer(fake_api, "GET", "/tokens", page(TOKEN))
    assert "FreqUI" in flotilla("tokens", "list").out
    answer(fake_api, "POST", "/tokens", {"api_token": TOKEN, "token": "flt_secret"})
    assert "flt_secret" in flotilla("tokens", "create", "FreqUI", "--scope", "trade", "--bot", "trend-1").out
    assert flotilla("tokens", "create", "later", "--days", "1").code == 0
    made = sent(fake_api, "POST", "/tokens")
    assert made[0] == {"name": "FreqUI", "scopes": ["trade"], "bot_ids": ["bot-0000000000000001"]}
    assert made[1]["expires_at"]
    answer(fake_api, "GET", "/sessions", page(SESSION))
    assert "session-1 *" in flotilla("sessions", "list").out
    assert json.loads(flotilla("sessions", "list", "--json").out) == page(SESSION)


@pytest.mark.parametrize("where", ["variable", "file"])
def test_an_api_token_signs_in_without_a_password_or_a_session(
    flotilla: Flotilla, fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    if where == "variable":
        monkeypatch.setenv("FLOTILLA_TOKEN", "flt_secret")
    else:
        (tmp_path / "token").write_text("flt_secret\n")
        monkeypatch.setenv("FLOTILLA_TOKEN_FILE", str(tmp_path / "token"))
    answer(fake_api, "GET", "/bots", page())
    assert flotilla("bots", "list").code == 0
    asked = fake_api.requests
    assert {request.headers["authorization"] for request in asked} == {"Bearer flt_secret"}
    assert not [request for request in asked if "/auth/" in request.url.path]
