"""`flotilla strategies …` as a shell sees it."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import FakeApi
from tests.unit.cli.test_pools_commands import answer, sent

FINDING = {"code": "import", "severity": "error", "message": "The module os is not here.", "line": 1, "column": 1}
VERSION: dict[str, Any] = {
    "number": 2, "sha256": "9f86d081884c7d65", "class_name": "Mine", "note": "", "tags": ["good"],
    "rolled_back_to": None,
    "created_by": "user-1", "created_at": "2026-11-20T12:00:00Z", "source": "class Mine: ...\n",
    "check": {"state": "passed", "waits_for": None, "findings": [], "facts": {"timeframe": "5m"}},
}  # fmt: skip
MINE = {"id": "strategy-1", "name": "mine", "head": VERSION, "updated_at": "2026-11-20T12:00:00Z"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text("class Mine: ...\n")
    return path


def test_a_file_is_checked_and_its_errors_are_the_exit_code(flotilla: Flotilla, fake_api: FakeApi, file: Path) -> None:
    answer(fake_api, "POST", "/strategies/inspect", {"passed": False, "class_name": "Mine", "findings": [FINDING]})
    shown = flotilla("strategies", "check", str(file))
    assert shown.code == 1
    assert "The module os is not here." in shown.out
    assert sent(fake_api, "POST", "/strategies/inspect") == [{"source": "class Mine: ...\n"}]


def test_an_upload_makes_a_strategy_or_its_next_version(flotilla: Flotilla, fake_api: FakeApi, file: Path) -> None:
    answer(fake_api, "GET", "/strategies", {"items": [], "next": None})
    answer(fake_api, "POST", "/strategies", MINE)
    assert flotilla("strategies", "upload", str(file), "-n", "first").code == 0
    answer(fake_api, "GET", "/strategies", {"items": [MINE], "next": None})
    failed = {**VERSION, "check": {**VERSION["check"], "state": "failed", "findings": [FINDING]}}
    answer(fake_api, "POST", "/strategies/strategy-1/versions", failed)
    shown = flotilla("strategies", "upload", str(file))
    assert (shown.code, "has not passed" in shown.err) == (1, True)
    body = {"source": "class Mine: ...\n", "note": "first"}
    assert sent(fake_api, "POST", "/strategies") == [{**body, "name": "mine"}]
    assert sent(fake_api, "POST", "/strategies/strategy-1/versions") == [{**body, "note": ""}]


def test_a_version_is_rolled_out_and_why_it_stopped_is_told(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", "/strategies", {"items": [MINE], "next": None})
    leg = {"bot_id": "bot-1", "phase": "back", "problem": "It cannot boot."}
    told = {"id": "rollout-1", "state": "stopped", "problem": "bot-1 went back.", "legs": [leg]}
    answer(fake_api, "POST", "/strategies/strategy-1/rollouts", told)
    shown = flotilla("strategies", "rollout", "mine", "-v", "good", "--yes", "--wait")
    assert (shown.code, "bot-1 went back." in shown.err) == (1, True)
    assert sent(fake_api, "POST", "/strategies/strategy-1/rollouts") == [{"version": "good", "why": ""}]
    assert flotilla("strategies", "rollout", "nobody", "--yes").code == 3


def test_a_bot_is_created_of_a_strategy(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", "/strategies", {"items": [MINE], "next": None})
    flotilla("bots", "create", "one", "--strategy", "mine@2")
    (body,) = sent(fake_api, "POST", "/bots")
    assert body == {"name": "one", "strategy": {"id": "strategy-1", "version": "2"}}
