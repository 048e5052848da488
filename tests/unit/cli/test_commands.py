"""The command as a shell sees it: standard output, standard error, exit code."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import FakeApi, bot, problem


def test_lists_every_page_as_a_table_and_as_json(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(*(bot(f"bot {number}", number) for number in range(5)))
    table = flotilla("bots", "list")
    assert table.code == 0
    assert [f"bot {number}" in table.out for number in range(5)] == [True] * 5
    listed = flotilla("bots", "list", "--json")
    body = json.loads(listed.out)
    assert [one["name"] for one in body["items"]] == [f"bot {number}" for number in range(5)]
    assert body["next"] is None


def test_names_are_never_markup(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(bot("[red]x[/red]"))
    assert "[red]x[/red]" in flotilla("bots", "list").out


def test_the_token_is_ended_and_kept_nowhere(flotilla: Flotilla, fake_api: FakeApi, home: Path) -> None:
    fake_api.add(bot("one"))
    assert flotilla("bots", "list").code == 0
    assert len(fake_api.sent("POST", "/api/v1/auth/logout")) == 1
    assert sorted(path.name for path in home.iterdir()) == ["admin-password"]


def test_a_bot_is_found_by_name_or_id(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(bot("one", 1), bot("one more", 2))
    assert json.loads(flotilla("bots", "show", "one", "--json").out)["id"] == "bot-0000000000000001"
    assert json.loads(flotilla("bots", "show", "bot-0000000000000002", "--json").out)["name"] == "one more"
    missing = flotilla("bots", "show", "on")
    assert missing.code == 3
    assert "no bot 'on'" in missing.err


def test_create_sends_only_what_was_said(flotilla: Flotilla, fake_api: FakeApi) -> None:
    outcome = flotilla(
        "bots", "create", "mine", "--template", "trend", "--pairs", "BTC/USDT, ETH/USDT",
        "-p", "ema_fast=9", "-p", "stoploss=-0.05", "-p", "note=text", "--stake-amount", "12.50", "--wait", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    (request,) = fake_api.sent("POST", "/api/v1/bots")
    assert json.loads(request.content) == {
        "name": "mine",
        "template": "trend",
        "pairs": ["BTC/USDT", "ETH/USDT"],
        "parameters": {"ema_fast": 9, "stoploss": -0.05, "note": "text"},
        "stake_amount": "12.50",
    }
    assert request.headers["Idempotency-Key"]
    assert json.loads(outcome.out)["name"] == "mine"


@pytest.mark.parametrize("params", [["-p", "novalue"], ["-p", "=3"], ["-p", "a=1", "-p", "a=2"]])
def test_malformed_parameters_are_usage(flotilla: Flotilla, fake_api: FakeApi, params: list[str]) -> None:
    assert flotilla("bots", "create", "mine", "-t", "trend", *params).code == 2
    assert not fake_api.sent("POST", "/api/v1/bots")


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (
            problem(422, "invalid_spec", "must be between 3 and 20.", field="parameters.ema_fast"),
            5,
            "parameters.ema_fast: must",
        ),
        (
            problem(422, "invalid_spec", "timeframe '7m' is not known.", field="timeframe"),
            5,
            "flotilla: timeframe '7m'",
        ),
        (problem(409, "conflict", "You have a bot named 'mine' already.", field="name"), 4, "already"),
        (problem(403, "not_allowed", "Only an administrator may do this."), 7, "administrator"),
        (problem(503, "agent_unreachable", "The pool's agent does not answer."), 6, "does not answer"),
        (problem(500, "internal", "Something broke."), 1, "Something broke"),
        (httpx.Response(502, text="<html>bad gateway</html>"), 6, "502"),
    ],
)
def test_problems_become_one_sentence_and_a_code(
    flotilla: Flotilla, fake_api: FakeApi, answer: httpx.Response, code: int, says: str
) -> None:
    fake_api.overrides["POST", "/api/v1/bots"] = lambda _request: answer
    outcome = flotilla("bots", "create", "mine", "-t", "trend")
    assert outcome.code == code
    assert says in outcome.err
    assert outcome.err.count("\n") == 1
    assert outcome.out == ""


def test_stop_passes_what_becomes_of_open_trades(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(bot("one"))
    assert flotilla("bots", "stop", "one", "--open-trades", "flatten").code == 0
    (request,) = fake_api.sent("POST", "/api/v1/bots/bot-0000000000000001/stop")
    assert request.url.params["open_trades"] == "flatten"
    assert flotilla("bots", "stop", "one", "--open-trades", "burn").code == 2


def test_waiting_ends_with_the_reason_when_a_bot_fails(flotilla: Flotilla, fake_api: FakeApi) -> None:
    condition = {"type": "BootFailed", "message": "The strategy cannot be loaded.", "since": "2026-11-20T12:00:00Z"}
    fake_api.add(bot("one", observed_state="failed", conditions=[condition]))
    outcome = flotilla("bots", "start", "one", "--wait")
    assert outcome.code == 1
    assert "The strategy cannot be loaded." in outcome.err


def test_waiting_ends_in_time(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(bot("one", observed_state="pending"))
    outcome = flotilla("bots", "start", "one", "--wait", "--timeout", "0")
    assert outcome.code == 1
    assert "pending, not running" in outcome.err


def test_waiting_waits_for_the_new_generation(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(bot("one", generation=2, observed_generation=1))
    assert flotilla("bots", "resume", "one", "--wait", "--timeout", "0").code == 1


def test_delete_asks_unless_told_not_to(flotilla: Flotilla, fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_api.add(bot("one"))
    monkeypatch.setattr("typer.confirm", _refuse)
    assert flotilla("bots", "delete", "one").code == 1
    assert fake_api.bots
    assert flotilla("bots", "delete", "one", "--yes", "--wait").code == 0
    assert not fake_api.bots


def test_logs_are_printed_as_they_are(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(bot("one"))
    path = "/api/v1/bots/bot-0000000000000001/logs"
    fake_api.overrides["GET", path] = lambda _request: httpx.Response(
        200, json={"items": ["[info] a", "b"], "next": None}
    )
    assert flotilla("bots", "logs", "one").out == "[info] a\nb\n"
    assert json.loads(flotilla("bots", "logs", "one", "--json").out)["items"] == ["[info] a", "b"]


def test_logs_follow_server_sent_events(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(bot("one"))
    body = ": hello\n\nevent: log\ndata: first\n\ndata: second\ndata: third\nid: 7\n\n:ping\n\ndata: cut off"
    fake_api.overrides["GET", "/api/v1/bots/bot-0000000000000001/logs"] = lambda _request: httpx.Response(
        200, text=body, headers={"Content-Type": "text/event-stream"}
    )
    assert flotilla("bots", "logs", "one", "-f").out == "first\nsecond\nthird\n"


def test_following_ends_with_the_reason(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(bot("one"))
    body = "data: last\n\nevent: error\ndata: The pool's agent does not answer.\n\n"
    fake_api.overrides["GET", "/api/v1/bots/bot-0000000000000001/logs"] = lambda _request: httpx.Response(
        200, text=body
    )
    outcome = flotilla("bots", "logs", "one", "-f")
    assert (outcome.code, outcome.out) == (6, "last\n")
    assert "does not answer" in outcome.err


def test_nothing_there_is_told_before_a_password_is_asked(flotilla: Flotilla, fake_api: FakeApi, home: Path) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    (home / "admin-password").unlink()
    fake_api.overrides["GET", "/healthz"] = refuse
    outcome = flotilla("bots", "list")
    assert outcome.code == 6
    assert "flotilla serve" in outcome.err


def test_without_a_password_nothing_is_sent(flotilla: Flotilla, fake_api: FakeApi, home: Path) -> None:
    (home / "admin-password").unlink()
    outcome = flotilla("bots", "list")
    assert outcome.code == 7
    assert "FLOTILLA_PASSWORD_FILE" in outcome.err
    assert not fake_api.sent("POST", "/api/v1/auth/login")


def test_the_own_password_is_not_sent_to_strangers(flotilla: Flotilla, fake_api: FakeApi) -> None:
    assert flotilla("bots", "list", "--url", "http://flotilla.example.org:8000").code == 7
    assert not fake_api.sent("POST", "/api/v1/auth/login")


def test_a_password_file_is_used_and_a_wrong_one_told(
    flotilla: Flotilla, fake_api: FakeApi, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = home / "other"
    secret.write_text("wrong horse\n")
    monkeypatch.setenv("FLOTILLA_PASSWORD_FILE", str(secret))
    outcome = flotilla("bots", "list")
    assert outcome.code == 7
    assert "wrong horse" not in outcome.err + outcome.out
    assert json.loads(fake_api.sent("POST", "/api/v1/auth/login")[0].content)["password"] == "wrong horse"


def test_bad_settings_name_the_variable(flotilla: Flotilla, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOTILLA_PORT", "eighty")
    outcome = flotilla("bots", "list")
    assert outcome.code == 1
    assert "FLOTILLA_PORT" in outcome.err


def test_help_documents_the_exit_codes(flotilla: Flotilla) -> None:
    outcome = flotilla("--help")
    assert outcome.code == 0
    assert "Exit codes: 0 done" in outcome.out
    assert flotilla("bots", "nonsense").code == 2


def _refuse(*_args: object, **_kwargs: object) -> bool:
    raise SystemExit(1)


def test_a_portfolio_is_shown_with_its_parts_and_bots(flotilla: Flotilla, fake_api: FakeApi) -> None:
    part = {
        "bots": 1, "equity": "1012.5", "free": "900", "in_trades": "112.5", "realised": "10", "realised_today": "2.5",
        "unrealised": "2.5", "profit_ratio": "0.0125", "starting_capital": "1000", "drawdown_ratio": "0.01",
        "peak": "1020", "exposure": [{"asset": "BTC", "value": "112.5"}],
    }  # fmt: skip
    one = {
        "name": "one", "state": "running", "desired_state": "running", "equity": "1012.5", "currency": "USDT",
        "in_trades": "112.5", "open_trades": 1, "realised": "10", "unrealised": "2.5", "profit_ratio": "0.0125",
        "stale": True,
    }  # fmt: skip
    body = {"currency": "USDT", "dry": part, "live": {**part, "bots": 0}, "bots": [one]}
    fake_api.overrides["GET", "/api/v1/portfolio"] = lambda _request: httpx.Response(200, json=body)
    shown = flotilla("portfolio").out
    for told in ("Dry run", "+10.00 (today +2.50)", "1.00 % from 1,020.00", "BTC 112.50", "1,012.50 USDT", "stale"):
        assert told in shown
    assert "Live" not in shown


@pytest.mark.parametrize(("option", "wanted"), [("--loop", False), ("--wake-on-need", True)])
def test_create_says_when_the_bot_looks(flotilla: Flotilla, fake_api: FakeApi, option: str, wanted: bool) -> None:
    assert flotilla("bots", "create", "mine", "--template", "trend", option).code == 0
    (request,) = fake_api.sent("POST", "/api/v1/bots")
    assert json.loads(request.content) == {"name": "mine", "template": "trend", "wake_on_need": wanted}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"wake_on_need": True, "waking": None}, "when something is due, and each minute, as set"),
        ({"wake_on_need": False, "waking": None}, "every few seconds, as set"),
        ({"waking": {"mode": "on_need", "reasons": []}}, "when something is due, and each minute"),
        (
            {
                "waking": {
                    "mode": "loop",
                    "reasons": [{"code": "a", "message": "First."}, {"code": "b", "message": "B."}],
                }
            },
            "every few seconds: First. B.",
        ),
    ],
)
def test_show_says_when_a_bot_looks_and_why(
    flotilla: Flotilla, fake_api: FakeApi, told: dict[str, Any], says: str
) -> None:
    if told["waking"]:
        told["waking"]["since"] = "2026-11-20T12:00:00Z"
    fake_api.add(bot("one", **told))
    shown = flotilla("bots", "show", "one")
    assert shown.code == 0
    assert says in " ".join(shown.out.split())
