"""`flotilla init` against an API that lives in a dictionary: what is sent, what is asked, what is told."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli import init_bots
from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import ADMIN_PASSWORD, FakeApi, bot, problem

AUTH = "/api/v1/auth"
NEXT = "seven grey herons wade"
SECRETS = ["its-key", "its-secret"]
Answers = Callable[..., None]


class Terminal:
    """What stays one, whatever is said of it."""

    def isatty(self) -> bool:
        return True

    def __setattr__(self, name: str, value: object) -> None:
        pass

    def __delattr__(self, name: str) -> None:
        pass


class Account:
    """The admin, as the API has him; a change of his password is what signs in from then on."""

    def __init__(self, fake: FakeApi) -> None:
        self.fake = fake
        self.password = ADMIN_PASSWORD
        self.me: dict[str, Any] = {
            "id": "user-admin", "username": "admin", "role": "admin", "reporting_currency": "USDT", "time_zone": "UTC",
            "password_generated": True, "set_up_at": None, "created_at": "2026-11-20T12:00:00Z",
            "preferences": {"theme": "system", "locale": None, "density": "comfortable", "default_range": "24h"},
        }  # fmt: skip
        self.keys: list[dict[str, Any]] = []
        self.policy: dict[str, Any] = {"kind": "default", "version": 0, "document": {}}
        self.closes: int = 0
        """Open trades that other rules would close at once."""
        fake.page_size = 50
        fake.overrides |= {
            ("POST", f"{AUTH}/login"): self._login,
            ("GET", f"{AUTH}/methods"): self._methods,
            ("GET", f"{AUTH}/me"): lambda _: httpx.Response(200, json=self.me),
            ("PATCH", f"{AUTH}/me"): self._change,
            ("PUT", f"{AUTH}/password"): self._set_password,
            ("GET", "/api/v1/templates"): self._templates,
            ("GET", "/api/v1/exchange-keys"): lambda _: httpx.Response(200, json={"items": self.keys}),
            ("POST", "/api/v1/exchange-keys"): self._key,
            ("GET", "/api/v1/policies/presets"): self._presets,
            ("POST", "/api/v1/policies/dial"): self._dial,
            ("GET", "/api/v1/policies/default"): lambda _: httpx.Response(200, json=self.policy),
            ("PUT", "/api/v1/policies/default"): self._put_policy,
        }

    def _login(self, request: httpx.Request) -> httpx.Response:
        if json.loads(request.content)["password"] != self.password:
            return problem(401, "unauthenticated", "User name or password is wrong.")
        return httpx.Response(200, json={"access_token": "t0ken", "token_type": "bearer", "expires_in": 900})

    def _methods(self, _: httpx.Request) -> httpx.Response:
        first = self.me["password_generated"] and self.me["set_up_at"] is None
        return httpx.Response(200, json={"password": True, "passkey": False, "oidc": [], "first_run": first})

    def _change(self, request: httpx.Request) -> httpx.Response:
        wanted = json.loads(request.content)
        if wanted.get("time_zone") == "Mars/Olympus":
            return problem(422, "invalid_spec", "The time zone must be a known one.", field="time_zone")
        if wanted.pop("set_up", False):
            wanted["set_up_at"] = self.me["set_up_at"] or "2026-11-20T12:05:00Z"
        self.me |= wanted
        return httpx.Response(200, json=self.me)

    def _set_password(self, request: httpx.Request) -> httpx.Response:
        wanted = json.loads(request.content)
        assert wanted["current_password"] == self.password
        if len(wanted["new_password"]) < 12:
            return problem(422, "invalid_spec", "The password is too short; use 12 or more.", field="new_password")
        self.password = wanted["new_password"]
        self.me["password_generated"] = False
        return httpx.Response(204)

    def _templates(self, _: httpx.Request) -> httpx.Response:
        defaults = {
            "exchange": "paper", "pairs": ["BTC/USDT"], "timeframe": "1m", "stake_currency": "USDT",
            "stake_amount": "100", "max_open_trades": 3, "starting_balance": "1000.000000000000000000",
        }  # fmt: skip
        items = [
            {"name": name, "title": name.title(), "description": "It trades.", "docs": "", "strategy_class": "One",
             "parameters": {}, "defaults": defaults, "source_hash": "9f2c"}
            for name in ("breakout", "mean_reversion", "trend")
        ]  # fmt: skip
        return httpx.Response(200, json={"items": items, "next": None})

    def _key(self, request: httpx.Request) -> httpx.Response:
        sent = json.loads(request.content)
        if sent["secret"] == "may-withdraw":
            return problem(422, "invalid_spec", "This key may withdraw; take that from it.", field="key")
        self.keys.append({"id": "key-1", "name": sent["name"], "exchange": sent["exchange"]})
        return httpx.Response(201, json=self.keys[-1])

    def _presets(self, _: httpx.Request) -> httpx.Response:
        items = [
            {"name": name, "dial": dial, "horizon": "1", "description": "It does.", "document": {}}
            for name, dial in (("conservative", 20), ("balanced", 50))
        ]
        return httpx.Response(200, json={"items": items, "next": None})

    def _dial(self, request: httpx.Request) -> httpx.Response:
        wanted = json.loads(request.content)
        document = {"time_zone": wanted["time_zone"], "hard_stop": {"distance": wanted["preset"]}}
        changed = [] if document == self.policy["document"] else [{"field": "hard_stop"}]
        told = {"dial": 20, "horizon": "1", "document": document, "changes": changed, "refused": []}
        return httpx.Response(200, json=told)

    def _put_policy(self, request: httpx.Request) -> httpx.Response:
        if self.closes and request.url.params.get("confirm") != "true":
            return problem(409, "conflict", f"{self.closes} trades would be closed at once.", field="confirm")
        self.policy |= {"version": self.policy["version"] + 1, "document": json.loads(request.content)}
        return httpx.Response(200, json=self.policy)

    def made(self) -> list[dict[str, Any]]:
        return [json.loads(one.content) for one in self.fake.sent("POST", "/api/v1/bots")]


@pytest.fixture
def account(fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> Account:
    fake_api.add(*[bot(f"demo-{name}", number, template=name) for number, name in enumerate(("trend", "breakout"), 1)])
    monkeypatch.setattr(init_bots, "_POLL_SECONDS", 0)
    return Account(fake_api)


@pytest.fixture
def answers(flotilla: Flotilla, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """What is typed, each where its question begins so; what is left over, or asked for otherwise, is an error."""

    def type_in(*pairs: tuple[str, str]) -> None:
        left = list(pairs)

        def prompt(question: str, default: Any = None, hide_input: bool = False, **_: Any) -> str:
            asked, answer = left.pop(0)
            assert question.startswith(asked), (question, asked)
            assert hide_input is (answer in (NEXT, "short", "another one entirely", *SECRETS, "may-withdraw"))
            return str(default) if answer == "" else answer

        def confirm(question: str, default: bool = False, **_: Any) -> bool:
            return prompt(question, default) in ("True", "y")

        monkeypatch.setattr("typer.prompt", prompt)
        monkeypatch.setattr("typer.confirm", confirm)
        monkeypatch.setattr("sys.stdin", Terminal())
        type_in.left = left  # type: ignore[attr-defined]

    return type_in


def _by_options(home: Path, flotilla: Flotilla, *more: str) -> Any:
    (home / "new").write_text(f"{NEXT}\n")
    said = ("--yes", "--password-file", str(home / "new"), "--time-zone", "Europe/Berlin", "--currency", "EUR")
    bots = ("-t", "trend", "-t", "trend=mine:500", "--no-demo", "--rules", "balanced")
    return flotilla("init", *said, *bots, "--json", *more)


def test_by_options_alone_it_sets_up_and_ends_with_bots_that_trade(
    flotilla: Flotilla, account: Account, home: Path
) -> None:
    outcome = _by_options(home, flotilla)
    assert outcome.code == 0, outcome.err
    told = json.loads(outcome.out)
    assert (account.password, told["password_changed"]) == (NEXT, True)
    assert (told["user"]["time_zone"], told["user"]["reporting_currency"]) == ("Europe/Berlin", "EUR")
    assert told["user"]["set_up_at"] is not None
    assert account.made() == [
        {"name": "trend", "template": "trend"},
        {"name": "mine", "template": "trend", "starting_balance": "500"},
    ]
    assert (told["created"], told["removed"]) == (["trend", "mine"], ["demo-trend", "demo-breakout"])
    document = {"time_zone": "Europe/Berlin", "hard_stop": {"distance": "balanced"}}
    assert (told["rules"], account.policy["version"], account.policy["document"]) == ("balanced", 1, document)
    assert [one["name"] for one in told["bots"]] == ["trend", "mine"]
    assert NEXT not in outcome.out + outcome.err
    assert (home / "admin-password").read_text() == NEXT, "what the command signs in with on this machine"


@pytest.mark.parametrize("removed", [False, True])
def test_done_twice_it_does_nothing_twice(flotilla: Flotilla, account: Account, home: Path, removed: bool) -> None:
    assert _by_options(home, flotilla).code == 0
    if removed:  # by who wants to be asked
        (home / "admin-password").unlink()
    before = {"bots": dict(account.fake.bots), "me": dict(account.me)}
    account.fake.requests.clear()
    outcome = _by_options(home, flotilla)
    assert outcome.code == 0, outcome.err
    told = json.loads(outcome.out)
    assert (told["password_changed"], told["created"], told["removed"]) == (False, [], [])
    assert {"bots": account.fake.bots, "me": account.me} == before
    assert (told["rules"], account.policy["version"]) == ("balanced", 1)
    assert not account.made()
    assert not account.fake.sent("PUT", f"{AUTH}/password")
    assert not [one for one in account.fake.requests if one.method == "DELETE"]


def test_without_a_terminal_nothing_is_asked(flotilla: Flotilla, account: Account) -> None:
    outcome = flotilla("init", "--time-zone", "Europe/Berlin")
    assert (outcome.code, account.fake.requests) == (2, [])
    assert "--yes" in outcome.err


def test_what_no_option_says_stays(flotilla: Flotilla, account: Account) -> None:
    outcome = flotilla("init", "--yes")
    assert outcome.code == 0, outcome.err
    assert (account.password, account.me["time_zone"], account.made()) == (ADMIN_PASSWORD, "UTC", [])
    assert account.me["set_up_at"] is not None
    assert "2 bots trade, dry: demo-trend, demo-breakout" in outcome.out


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--time-zone", "Mars/Olympus"), 5, "time zone"),
        (("-t", "martingale"), 3, "flotilla templates list"),
        (("-t", "trend=demo-breakout"), 4, "choose another name"),
        (("-t", "trend=mine:lots"), 5, "no capital"),
        (("-t", "trend=a", "-t", "breakout=a"), 2, "Two bots are named a"),
        (("--rules", "bold"), 3, "one of conservative, balanced"),
        (("--key", "mine"), 2, "--exchange"),
        (("--key", "mine", "--exchange", "paper"), 2, "--exchange"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    flotilla: Flotilla, account: Account, options: tuple[str, ...], code: int, told: str
) -> None:
    outcome = flotilla("init", "--yes", *options)
    assert (outcome.code, told in outcome.err) == (code, True), outcome.err
    assert (account.made(), account.me["set_up_at"]) == ([], None)


def test_a_refused_password_changes_nothing_and_is_not_shown(flotilla: Flotilla, account: Account, home: Path) -> None:
    (home / "new").write_text("short")
    outcome = flotilla("init", "--yes", "--password-file", str(home / "new"))
    assert (outcome.code, "use 12 or more" in outcome.err) == (5, True)
    assert (account.password, account.me["set_up_at"]) == (ADMIN_PASSWORD, None)
    assert (home / "admin-password").read_text() == ADMIN_PASSWORD


def test_an_api_token_sets_nobody_up(flotilla: Flotilla, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOTILLA_TOKEN", "flt_nonsense")
    assert flotilla("init", "--yes").code == 2


def test_in_a_terminal_it_asks_until_the_answer_will_do(
    flotilla: Flotilla, account: Account, answers: Answers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    account.fake.add(bot("trend", 7, template="trend"))
    answers(
        ("Your new password, or Enter", "short"), ("Once more", "short"),
        ("Your new password, or Enter", NEXT), ("Once more", "another one entirely"),
        ("Your new password, or Enter", NEXT), ("Once more", NEXT),
        ("Time zone", "Mars/Olympus"), ("Time zone", ""), ("Currency", "EUR"),
        ("Exchange", "mtgox"), ("Exchange", "binance"),
        ("Enter a key of your account at binance", "y"), ("What to call it", ""),
        ("API key", "its-key"), ("Secret", "may-withdraw"),
        ("Enter a key of your account at binance", "y"), ("What to call it", ""),
        ("API key", "its-key"), ("Secret", "its-secret"),
        ("Keep the demo bots (demo-trend, demo-breakout)?", ""),
        ("Preset of the rules over all your bots; `none` lets", "bold"), ("Preset of the rules", ""),
        ("Templates of your first bots", "trend, martingale"), ("Templates of your first bots", "trend"),
        ("Name of the bot of Trend", ""), ("Its capital in USDT", "lots"),
        ("Name of the bot of Trend", ""), ("Its capital in USDT", ""),
    )  # fmt: skip
    outcome = flotilla("init")
    assert outcome.code == 0, outcome.err
    assert answers.left == []  # type: ignore[attr-defined]
    assert (account.password, account.me["time_zone"], account.me["reporting_currency"]) == (NEXT, "Asia/Tokyo", "EUR")
    assert [(one["name"], one["exchange"]) for one in account.keys] == [("binance", "binance")]
    made = {"name": "trend-2", "template": "trend", "exchange": "binance", "starting_balance": "1000"}
    assert account.made() == [made]
    assert {"demo-trend", "demo-breakout"} <= {one["name"] for one in account.fake.bots.values()}
    assert account.policy["document"]["hard_stop"] == {"distance": "conservative"}
    assert "3 bots trade, dry" in outcome.out
    for told in ("use 12 or more", "two different ones", "may withdraw", "no template martingale", "no capital"):
        assert told in outcome.err, told
    shown = outcome.out + outcome.err
    assert not [secret for secret in (NEXT, *SECRETS, "another one entirely") if secret in shown]


@pytest.mark.parametrize(("meant", "version"), [("y", 5), ("", 4)])
def test_rules_that_close_trades_are_put_only_where_that_is_meant(
    flotilla: Flotilla, account: Account, answers: Answers, meant: str, version: int
) -> None:
    account.me |= {"set_up_at": "2026-11-20T12:05:00Z", "password_generated": False}
    account.policy["version"], account.closes = 4, 2
    answers(
        ("You are set up already", "y"), ("Preset of the rules over all your bots; `none` keeps", "balanced"),
        ("Put these rules in force", meant), ("Templates of your first bots", "none"),
    )  # fmt: skip
    outcome = flotilla("init", "--time-zone", "UTC", "--currency", "EUR", "--exchange", "paper", "--keep-demo")
    assert outcome.code == 0, outcome.err
    assert "2 trades would be closed" in outcome.err
    assert account.policy["version"] == version


def test_rules_that_close_trades_are_not_put_unasked(flotilla: Flotilla, account: Account) -> None:
    account.closes = 1
    outcome = flotilla("init", "--yes", "--rules", "balanced")
    assert (outcome.code, "closed at once" in outcome.err) == (4, True)
    assert (account.policy["version"], account.me["set_up_at"]) == (0, None)


def test_who_is_set_up_is_asked_whether_he_wants_it_again(
    flotilla: Flotilla, account: Account, answers: Answers
) -> None:
    account.me |= {"set_up_at": "2026-11-20T12:05:00Z", "password_generated": False}
    answers(("You are set up already", ""))
    assert flotilla("init").code == 0
    assert not account.fake.sent("PATCH", f"{AUTH}/me")


def test_a_key_is_entered_once_from_standard_input(
    flotilla: Flotilla, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ("init", "--yes", "--exchange", "binance", "--key", "mine", "-t", "trend", "--json")
    told = []
    for given in ("\n".join(SECRETS), ""):
        reading, writing = os.pipe()
        os.write(writing, given.encode())
        os.close(writing)
        with os.fdopen(reading) as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            outcome = flotilla(*said)
        assert outcome.code == 0, outcome.err
        told.append(json.loads(outcome.out)["exchange_key"])
    assert told == ["key-1", "key-1"]
    assert len(account.fake.sent("POST", "/api/v1/exchange-keys")) == 1
    assert account.made() == [{"name": "trend", "template": "trend", "exchange": "binance"}]


def test_it_waits_until_freqtrade_trades_in_each(
    flotilla: Flotilla, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = next(iter(account.fake.bots.values()))
    states = iter([("pending", None), ("starting", None), ("running", "stopped"), ("running", "running")])
    slow |= {"observed_state": "unknown", "trader_state": None}

    def later(_seconds: float) -> None:
        slow["observed_state"], slow["trader_state"] = next(states)

    monkeypatch.setattr("api.cli.init_bots.time.sleep", later)
    outcome = flotilla("init", "--yes")
    assert outcome.code == 0, outcome.err
    assert next(states, None) is None
    assert outcome.err.splitlines() == ["demo-breakout trades.", "demo-trend trades."]


@pytest.mark.parametrize(("state", "told"), [("failed", "is failed"), ("starting", "did not trade yet")])
def test_bots_that_do_not_come_up_are_told(flotilla: Flotilla, account: Account, state: str, told: str) -> None:
    next(iter(account.fake.bots.values())).update(observed_state=state, trader_state=None)
    outcome = flotilla("init", "--yes", "--timeout", "0")
    assert (outcome.code, told in outcome.err) == (1, True), outcome.err
    assert account.me["set_up_at"] is not None
