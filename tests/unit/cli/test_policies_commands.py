"""`flotilla policies` as a shell sees it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import FakeApi, bot, problem
from tests.unit.cli.test_pools_commands import answer, page, sent

POLICY: dict[str, Any] = {
    "kind": "default", "user_id": "user-1", "bot_id": None, "version": 3, "by": "user-1", "by_name": "ann",
    "reason": "Calm.",
    "document": {"schema_version": 1, "hard_stop": {"distance": "0.05"}}, "at": "2026-11-21T12:00:00Z",
    "reverted_from": None,
}  # fmt: skip
YAML = """
time_zone: Europe/Berlin
take_profit:
  levels:
    - {profit: 0.10, fraction: 0.5}
    - profit: 0.2
trailing_stop: null
limits:
  open_trades: 3
  trading_hours:
    - {days: [mon, fri], start: 08:00, end: 17:00}
"""
WRITTEN = {
    "time_zone": "Europe/Berlin",
    "take_profit": {"levels": [{"profit": "0.10", "fraction": "0.5"}, {"profit": "0.2"}]},
    "trailing_stop": None,
    "limits": {"open_trades": "3", "trading_hours": [{"days": ["mon", "fri"], "start": "08:00", "end": "17:00"}]},
}


def test_a_document_is_put_as_it_is_written(flotilla: Flotilla, fake_api: FakeApi, tmp_path: Path) -> None:
    answer(fake_api, "PUT", "/policies/default", POLICY)
    file = tmp_path / "policy.yaml"
    file.write_text(YAML)
    done = flotilla("policies", "set", str(file), "-r", "Calm.", "--if-version", "2")
    assert done.code == 0, done.err
    assert "distance: '0.05'" in done.out
    assert "version 3 by ann: Calm." in done.err
    (request,) = fake_api.sent("PUT", "/api/v1/policies/default")
    assert json.loads(request.content) == WRITTEN, "numbers exact, times no numbers"
    assert request.headers["If-Match"] == '"2"'
    assert dict(request.url.params) == {"reason": "Calm."}


def test_a_bots_own_document_comes_from_standard_input(
    flotilla: Flotilla, fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_api.add(bot("trend-1"))
    path = f"/policies/bots/{bot('trend-1')['id']}"
    answer(fake_api, "PUT", path, POLICY)
    stdin = io.StringIO('{"hard_stop": {"distance": 0.1}, "time_exit": null}')
    monkeypatch.setattr("sys.stdin", stdin)
    assert flotilla("policies", "set", "-", "--bot", "trend-1", "--yes").code == 0
    assert sent(fake_api, "PUT", path) == [{"hard_stop": {"distance": "0.1"}, "time_exit": None}]
    assert fake_api.sent("PUT", f"/api/v1{path}")[0].url.params["confirm"] == "true"
    answer(fake_api, "DELETE", path, {**POLICY, "kind": "override", "document": None})
    assert "the default holds" in flotilla("policies", "delete", "--bot", "trend-1").out
    assert flotilla("policies", "delete").code == 2


def test_what_would_close_trades_is_told_and_not_done(flotilla: Flotilla, fake_api: FakeApi, tmp_path: Path) -> None:
    told = "1 open trade would be closed at once, wholly or in part: BTC/USDT of trend-1 by hard_stop."
    fake_api.overrides[("PUT", "/api/v1/policies/default")] = lambda _: problem(409, "conflict", told)
    file = tmp_path / "policy.json"
    file.write_text("{}")
    refused = flotilla("policies", "set", str(file))
    assert (refused.code, told in refused.err) == (4, True)
    for content, code in (("[1]", 5), ("{", 5)):
        file.write_text(content)
        assert flotilla("policies", "set", str(file)).code == code
    assert flotilla("policies", "set", str(tmp_path / "none")).code == 2


def test_versions_and_what_follows_from_them_are_shown(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", "/policies/default/versions", page(POLICY, {**POLICY, "version": 2, "reverted_from": 1}))
    listed = flotilla("policies", "versions")
    assert all(told in listed.out for told in ("hard_stop", "as 1", "Calm."))
    answer(fake_api, "GET", "/policies/guardrails/diff", {"changes": [{"path": "a.b", "before": None, "after": "1"}]})
    assert "a.b" in flotilla("policies", "diff", "1", "2", "--guardrails").out
    assert dict(fake_api.requests[-2].url.params) == {"from": "1", "to": "2"}
    found = {
        "label": "3.0.1", "document": {"hard_stop": {"distance": "0.05"}, "sizing": None},
        "sources": {"hard_stop.distance": "guardrail", "sizing": "built-in"}, "in_force": False,
    }  # fmt: skip
    answer(fake_api, "GET", "/policies/default/effective", found)
    shown = flotilla("policies", "effective", "--user", "ann").out
    assert all(told in shown for told in ("hard_stop.distance", "guardrail", "3.0.1", "not kept by the bot yet"))
    assert "sizing" not in shown
    answer(fake_api, "POST", "/policies/default/revert", POLICY)
    assert flotilla("policies", "revert", "1", "-r", "Back.").code == 0
    assert sent(fake_api, "POST", "/policies/default/revert") == [{"version": 1, "reason": "Back."}]


def test_a_field_that_is_given_twice_is_refused(flotilla: Flotilla, fake_api: FakeApi, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("hard_stop: {distance: 0.05}\nhard_stop: {distance: 0.5}\n")
    refused = flotilla("policies", "set", str(file))
    assert (refused.code, "hard_stop is given twice" in refused.err) == (5, True)
    assert fake_api.requests == []


def test_a_preview_shows_stops_closes_and_limits(flotilla: Flotilla, fake_api: FakeApi, tmp_path: Path) -> None:
    trade = {
        "bot": "trend-1", "pair": "BTC/USDT", "is_short": True, "rate": "101", "changed": True,
        "unknown": ["trailing_stop"], "stop_before": {"rate": None}, "stop_after": {"rate": "99.5"}, "next_after": None,
        "closes_at_once": {"rule": "hard_stop", "amount": None},
    }  # fmt: skip
    exceeded = {"mode": "dry", "limit": "limits.open_trades", "subject": "", "used": "7", "allowed": "5"}
    answer(fake_api, "POST", "/policies/default/preview", {"trades": [trade], "exceeded": [exceeded]})
    file = tmp_path / "policy.json"
    file.write_text("{}")
    shown = flotilla("policies", "preview", str(file)).out
    for told in (
        "BTC/USDT short",
        "99.5",
        "hard_stop: all",
        "limits.open_trades (dry): 7 used, 5 allowed",
        "trailing_stop of BTC",
    ):
        assert told in shown


def test_a_dial_prints_a_document_that_can_be_put(flotilla: Flotilla, fake_api: FakeApi) -> None:
    changes = [
        {"path": path, "before": before, "after": after}
        for path, before, after in (
            ("hard_stop.distance", None, "0.05"),
            ("loss_limits", [], None),
            ("loss_limits.0.ratio", None, "0.1"),
            ("time_exit.after_minutes", 60, None),
        )
    ]
    refused = {"field": "sizing.ratio", "message": "must be at most 0.01"}
    told = {"document": POLICY["document"], "changes": changes, "refused": [refused]}
    answer(fake_api, "POST", "/policies/dial", told)
    shown = flotilla("policies", "dial", "35", "--pair", "ETH/USDT")
    assert json.loads(shown.out) == POLICY["document"]
    assert shown.err.splitlines()[:3] == [
        "hard_stop.distance is set to 0.05",
        "loss_limits.0.ratio is set to 0.1",
        "time_exit.after_minutes is taken out; it was 60",
    ], "what an empty list became is told, and not that it is one no more"
    assert "refused by a guardrail: sizing.ratio must be at most 0.01" in shown.err
    flotilla("policies", "dial", "balanced")
    assert sent(fake_api, "POST", "/policies/dial") == [
        {"dial": 35, "reference_pair": "ETH/USDT"},
        {"preset": "balanced"},
    ]
    preset = {"name": "balanced", "dial": 50, "horizon": "1", "description": "The middle."}
    answer(fake_api, "GET", "/policies/presets", page(preset))
    assert "The middle." in flotilla("policies", "presets").out
