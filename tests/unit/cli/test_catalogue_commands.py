"""`flotilla templates`: read through the generated client, told for people and for programs."""

import json
from typing import Any

import httpx

from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import FakeApi, problem

PATH = "/api/v1/templates/trend"
TEMPLATE: dict[str, Any] = {
    "name": "trend",
    "title": "Trend",
    "description": "Buys strength.",
    "docs": "# Trend\n\nLoses in calm markets.",
    "strategy_class": "TrendFollowing",
    "parameters": {
        "type": "object",
        "properties": {"stop": {"type": "number", "default": -0.02, "minimum": -0.1, "description": "Where it ends."}},
    },
    "defaults": {
        "exchange": "paper", "pairs": ["BTC/USDT"], "timeframe": "1m", "stake_currency": "USDT",
        "stake_amount": "100", "max_open_trades": 3, "starting_balance": "1000",
    },
    "source_hash": "9f2c",
}  # fmt: skip


def test_a_template_is_shown(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.overrides["GET", PATH] = lambda _: httpx.Response(200, json=TEMPLATE)
    shown = flotilla("templates", "show", "trend")
    assert shown.code == 0, shown.err
    for words in ("Loses in calm markets.", "stop", "-0.02", "Where it ends.", "BTC/USDT"):
        assert words in shown.out
    assert json.loads(flotilla("templates", "show", "trend", "--json").out) == TEMPLATE
    (asked, _) = fake_api.sent("GET", PATH)
    assert asked.headers["authorization"] == "Bearer t0ken"
    assert fake_api.sent("POST", "/api/v1/auth/logout"), "the session is ended"


def test_a_refusal_is_one_sentence(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.overrides["GET", PATH] = lambda _: problem(404, "not_found", "There is no template 'trend'.")
    refused = flotilla("templates", "show", "trend")
    assert refused.code == 3
    assert "There is no template 'trend'." in refused.err


def test_an_answer_of_another_version_is_told(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.overrides["GET", PATH] = lambda _: httpx.Response(200, json={"name": "trend"})
    fake_api.is_complete = False
    told = flotilla("templates", "show", "trend")
    assert told.code != 0
    assert "answers otherwise than this version expects" in told.err
