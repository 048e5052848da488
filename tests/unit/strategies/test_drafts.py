"""Sources as texts: how two of them differ."""

import difflib
import random
from datetime import UTC, datetime

import pytest

from orchestrator.strategies import drafts
from orchestrator.strategies.models import StrategyContentModel, StrategyVersionModel
from orchestrator.strategies.repository import VersionView


def view(number: int, source: str) -> VersionView:
    now = datetime.now(UTC)
    version = StrategyVersionModel(
        id=f"s-v{number}", strategy_id="s", number=number, content_id="c", created_by="u", created_at=now
    )
    content = StrategyContentModel(
        id="c",
        strategy_id="s",
        sha256="",
        class_name="Mine",
        source=source,
        check_state="passed",
        findings=[],
        asked_at=now,
    )
    return VersionView(version, content)


def unified(old: str, new: str) -> str:
    names = ["Mine.py (version 1)", "Mine.py (version 2)"]
    return "".join(difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), *names))


def test_a_diff_is_that_of_everybody() -> None:
    chance = random.Random(7)
    for _ in range(200):
        old, new = ("".join(f"{chance.randrange(9)}\n" for _ in range(chance.randrange(40))) for _ in range(2))
        assert drafts.diff(view(1, old), view(2, new)) == unified(old, new)
    assert "No newline" in drafts.diff(view(1, "a\n"), view(2, "a"))


def test_texts_that_are_made_to_take_long_get_a_coarser_diff_and_no_wrong_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 5000 such lines each, `difflib` alone took over a minute."""
    old, new = ("".join(f"{name}{row}\n" if row % 2 == 0 else f"{row // 20}\n" for row in range(1000)) for name in "xy")
    monkeypatch.setattr(drafts, "_MOST_COMPARED", 20_000)
    looked = 0
    longest = difflib.SequenceMatcher.find_longest_match

    def look(self: drafts._Matcher, *where: int) -> difflib.Match:
        nonlocal looked
        looked += self._cost[where[1]] - self._cost[where[0]]
        return longest(self, *where)

    monkeypatch.setattr(difflib.SequenceMatcher, "find_longest_match", look)
    told = drafts.diff(view(1, old), view(2, new)).splitlines(keepends=True)
    assert looked <= 20_000
    body = [line for line in told[2:] if not line.startswith("@@")]
    assert len(told) > 1000
    assert "".join(line[1:] for line in body if line[0] != "+") == old
    assert "".join(line[1:] for line in body if line[0] != "-") == new
