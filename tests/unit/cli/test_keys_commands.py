"""`flotilla keys` as a shell sees it: secrets come from standard input, never from the command line."""

import io
import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import FakeApi, bot
from tests.unit.cli.test_pools_commands import answer, page, sent

ID = "key-k3v2q7d5mwxz4tha"
PATH = "/exchange-keys"
KEY: dict[str, Any] = {
    "id": ID, "name": "main", "exchange": "binance", "version": 1, "fingerprint": "9f86d081884c", "state": "active",
    "problem": None, "permissions": ["read", "spot"], "ip_restricted": False, "warnings": ["It may be used anywhere."],
    "wallet": "wallet-1", "futures_wallet": None, "bots": ["trend-1"], "checked_at": "2026-11-21T20:00:00Z",
    "expires_at": "2027-02-19T12:00:00Z", "rotate_after": None, "last_used_at": None,
    "created_at": "2026-11-21T20:00:00Z", "updated_at": "2026-11-21T20:00:00Z",
}  # fmt: skip


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_keys_are_listed_and_shown(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", PATH, page(KEY, {**KEY, "id": "key-2", "name": "old", "state": "refused"}))
    answer(fake_api, "GET", f"{PATH}/{ID}", KEY)
    listed = flotilla("keys", "list").out
    for told in ("main", "binance", "active", "refused", "trend-1", "2027-02-19"):
        assert told in listed
    shown = flotilla("keys", "show", "main").out
    assert "any address" in shown
    assert "It may be used anywhere." in shown
    assert flotilla("keys", "show", "none").code == 3


def test_secrets_are_read_from_standard_input(
    flotilla: Flotilla, fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(fake_api, "GET", PATH, page(KEY))
    answer(fake_api, "POST", PATH, KEY)
    answer(fake_api, "POST", f"{PATH}/{ID}/replace", KEY)
    type_in(monkeypatch, "the-key\nthe-secret\n")
    done = flotilla("keys", "add", "main", "--exchange", "binance", "--rotate-after", "90")
    assert done.code == 0, done.err
    assert "the-secret" not in done.out + done.err
    (request,) = fake_api.sent("POST", f"/api/v1{PATH}")
    assert json.loads(request.content) == {
        "name": "main", "exchange": "binance", "rotate_after_days": 90, "key": "the-key", "secret": "the-secret"
    }  # fmt: skip
    type_in(monkeypatch, "the-key\nthe-secret\nthe-passphrase\n")
    assert flotilla("keys", "replace", "main").code == 0
    (request,) = fake_api.sent("POST", f"/api/v1{PATH}/{ID}/replace")
    assert json.loads(request.content)["password"] == "the-passphrase"
    type_in(monkeypatch, "only one line\n")
    refused = flotilla("keys", "add", "main", "--exchange", "binance")
    assert refused.code == 2
    assert "one a line" in refused.err


def test_a_key_is_renamed_and_its_reminder_set_each_without_the_other(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", PATH, page(KEY))
    answer(fake_api, "PATCH", f"{PATH}/{ID}", {**KEY, "name": "spare"})
    assert "spare" in flotilla("keys", "rename", "main", "spare").out
    assert flotilla("keys", "remind", "main", "--days", "30").code == 0
    assert flotilla("keys", "remind", "main").code == 0
    bodies = sent(fake_api, "PATCH", f"{PATH}/{ID}")
    assert bodies == [{"name": "spare"}, {"rotate_after_days": 30}, {"rotate_after_days": None}]


def test_a_vault_that_is_not_well_is_an_error(flotilla: Flotilla, fake_api: FakeApi) -> None:
    told: dict[str, Any] = {"source": "the file kek", "problem": "It is missing.", "at_hand": [], "wrapping": {"a": 2}}
    answer(fake_api, "GET", f"{PATH}/vault", told)
    seen = flotilla("keys", "vault")
    assert seen.code == 1
    assert "It is missing." in seen.out
    answer(fake_api, "GET", f"{PATH}/vault", {**told, "problem": None, "at_hand": ["a"]})
    assert flotilla("keys", "vault").code == 0
    done = {"new_kek": "b", "rewrapped": 1, "damaged": 0, "locked": 1}
    answer(fake_api, "POST", f"{PATH}/vault/rotate", done)
    out = flotilla("keys", "rotate", "--lost", "--yes", "--reason", "fire").out
    assert "b" in out
    assert "flotilla keys replace" in out


def test_live_bots_stand_out(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(bot("one", dry_run=False, trading="paper_live"))
    assert "LIVE on paper" in flotilla("bots", "list").out
    fake_api.add(bot("one", dry_run=False, trading="live"))
    assert "LIVE" in flotilla("bots", "list").out
    assert "on paper" not in flotilla("bots", "list").out
    assert "LIVE" in flotilla("bots", "show", "one").out
    fake_api.add(bot("one"))
    assert "LIVE" not in flotilla("bots", "list").out


def test_going_live_wants_the_name_once_more(
    flotilla: Flotilla, fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("bots", "create", "one", "--template", "trend", "--wallet", "wallet-1", "--live")
    type_in(monkeypatch, "one\n")
    flotilla(*command)
    flotilla(*command, "--confirm-live", "two")
    bodies = [json.loads(request.content) for request in fake_api.sent("POST", "/api/v1/bots")]
    assert [(body["dry_run"], body["confirm_live"]) for body in bodies] == [(False, "one"), (False, "two")]
