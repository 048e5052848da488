"""`flotilla risk`, `halt`, `release` and `trades close` as a shell sees them; and flag files without anything else."""

import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from pool.contract.risk import Flag
from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import FakeApi, bot, problem
from tests.unit.cli.test_pools_commands import answer, sent

RISK: dict[str, Any] = {
    "mode": "halted", "current": True, "as_of": "2026-11-21T12:00:00Z", "warming": False,
    "halts": [
        {
            "id": "halt-1", "scope": "user", "subject": "user-1", "trading": None, "mode": "halted", "flatten": True,
            "reduce_fraction": None, "source": "manual", "rule": "", "why": "News.", "by": "user-1",
            "at": "2026-11-21T12:00:00Z", "release_at": None, "released_at": None,
        }
    ],
    "bots": [
        {
            "bot_id": "bot-1", "name": "trend", "trading": "dry", "ordered": "halted", "in_force": "halted",
            "flatten": True, "why": "Halted.", "number": 2, "number_taken": 2, "leased": False, "problem": None,
            "blocked": None,
        }
    ],
    "uses": [{"limit": "limits.asset_exposure", "trading": "dry", "subject": "BTC", "used": "0.1", "allowed": "0.25"}],
    "reservations": [
        {
            "bot_id": "bot-1", "request_id": "r", "pair": "BTC/USDT", "is_short": False, "state": "sent",
            "exposure": "100", "currency": "USDT", "at": "2026-11-21T12:00:00Z",
        }
    ],
}  # fmt: skip
TRADE: dict[str, Any] = {
    "bot_id": "bot-1", "bot": "trend", "trading": "dry", "trade_id": 7, "pair": "BTC/USDT", "is_short": False,
    "profit": "1.25", "profit_ratio": "0.0125", "currency": "USDT", "ok": None, "message": "It would be closed.",
}  # fmt: skip


def test_risk_shows_modes_limits_and_reservations(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", "/risk", RISK)
    shown = flotilla("risk")
    assert shown.code == 0
    for word in ("halted flatten", "News.", "by hand", "limits.asset_exposure", "0.25", "BTC/USDT"):
        assert word in shown.out
    assert json.loads(flotilla("risk", "--json").out) == RISK


def test_a_halt_names_its_target_and_flattening_is_confirmed(
    flotilla: Flotilla, fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    fake_api.add(bot("trend"))
    answer(fake_api, "POST", "/risk/halt", {"halts": [], "bots": ["bot-1", "bot-2"]}, status=202)
    assert "2 bots are halted" in flotilla("halt", "--reason", "News.").out
    assert flotilla("halt", "--flatten").code == 1, "nobody said yes"
    assert "being flattened" in flotilla("halt", "--flatten", "--yes", "--bot", "trend").out
    assert flotilla("halt", "--fleet", "--user", "ann").code == 2
    flotilla("halt", "--fleet")
    assert sent(fake_api, "POST", "/risk/halt") == [
        {"scope": "user", "flatten": False, "reason": "News."},
        {"scope": "bot", "bot_id": bot("trend")["id"], "flatten": True, "reason": ""},
        {"scope": "fleet", "flatten": False, "reason": ""},
    ]
    answer(fake_api, "POST", "/risk/reduce", {"halts": [], "bots": ["bot-1"]}, status=202)
    assert "1 bot is reducing" in flotilla("reduce", "--fraction", "0.5").out
    assert sent(fake_api, "POST", "/risk/reduce")[0]["fraction"] == "0.5"


def test_a_release_shows_what_follows_before_it_is_confirmed(
    flotilla: Flotilla, fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    def release(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content).get("confirmation") == "the-code":
            return httpx.Response(200, json={"halts": [], "bots": ["bot-1"]})
        follows = ["1 bot may open trades again."]
        return problem(409, "conflict", "Confirm.", confirmation="the-code", consequences=follows)

    fake_api.overrides["POST", "/api/v1/risk/release"] = release
    unsure = flotilla("release")
    assert unsure.code == 1
    assert "1 bot may open trades again." in unsure.err
    assert "1 bot is released" in flotilla("release", "--yes").out


def test_trades_are_listed_before_they_are_closed(flotilla: Flotilla, fake_api: FakeApi) -> None:
    listed = {"dry_run": True, "items": [TRADE], "closed": 0, "failed": 0}
    done = {"dry_run": False, "items": [{**TRADE, "ok": False, "message": "No."}], "closed": 0, "failed": 1}
    answer(fake_api, "POST", "/trades/close", listed)
    assert flotilla("trades", "close").code == 2
    assert "It would be closed." in flotilla("trades", "close", "--winners", "--dry-run").out
    answer(fake_api, "POST", "/trades/close", listed, done)
    failed = flotilla("trades", "close", "--all", "--asset", "BTC", "--yes")
    assert failed.code == 1
    assert "1 trade could not be closed" in failed.err
    assert sent(fake_api, "POST", "/trades/close")[-1] == {
        "which": "all", "asset": "BTC", "reason": "", "dry_run": False,
    }  # fmt: skip


def test_offline_every_pool_and_bot_gets_its_flag_and_nobody_is_asked(
    flotilla: Flotilla, fake_api: FakeApi, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{home}/nothing-listens-here")
    lost = flotilla("halt", "--offline")
    assert (lost.code, "docker cp HALT NAME:/pool/HALT" in lost.err) == (3, True)
    bots = [home / "pools" / "pool-a" / "bots" / name for name in ("bot-a", "bot-b")]
    for directory in (*bots, home / "pools" / "pool-b"):
        directory.mkdir(parents=True)
    done = flotilla("halt", "--offline", "--flatten", "--reason", "Everything is on fire.")
    assert "2 pools and 2 bots are halted by flag files." in done.out
    assert "flotilla release" in done.out
    for directory in (*bots, home / "pools" / "pool-a", home / "pools" / "pool-b"):
        flag = Flag.model_validate_json((directory / "HALT").read_bytes())
        assert (flag.flatten, flag.why) == (True, "Everything is on fire.")
    assert "1 bot is released" in flotilla("release", "--offline", "--bot", "bot-a").out
    assert [(directory / "HALT").exists() for directory in bots] == [False, True]
    assert flotilla("halt", "--offline", "--bot", "bot-c").code == 3
    assert flotilla("halt", "--offline", "--user", "ann").code == 2
    assert "2 pools and 1 bot are released" in flotilla("release", "--offline").out
    assert "no flag files" in flotilla("release", "--offline").out
    assert fake_api.requests == []
