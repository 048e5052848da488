"""`flotilla findings` as a shell sees it."""

from typing import Any

import pytest

from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import FakeApi
from tests.unit.cli.test_pools_commands import answer, sent

FINDING: dict[str, Any] = {
    "id": "find-1", "wallet_id": "wallet-1", "owner_id": "user-1", "bot_id": None, "kind": "drifted_balance",
    "subject": "USDT", "message": "The account has 5 USDT more than the ledger.", "remedy": "Adopt it.",
    "adoptable": True, "evidence": {"difference": "5"}, "state": "open", "first_seen": "2026-11-21T12:00:00Z",
    "last_seen": "2026-11-21T12:00:05Z", "adopting": False, "settled_at": None, "settled_how": None,
    "settled_by": None, "settled_why": None,
}  # fmt: skip


def test_open_findings_are_listed_with_what_to_do(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", "/findings", {"items": [FINDING], "next": None})
    shown = flotilla("findings")
    assert shown.code == 0
    assert "find-1" in shown.out
    assert "Adopt it." in shown.out
    assert fake_api.sent("GET", "/api/v1/findings")[0].url.params["state"] == "open"


@pytest.mark.parametrize("how", ["adopt", "acknowledge"])
def test_a_finding_is_settled_with_a_reason(flotilla: Flotilla, fake_api: FakeApi, how: str) -> None:
    answer(fake_api, "POST", "/findings/find-1/settle", FINDING)
    assert flotilla("findings", "settle", "find-1", f"--{how}", "--reason", "Mine.", "--yes").code == 0
    assert sent(fake_api, "POST", "/findings/find-1/settle") == [{"how": how, "why": "Mine."}]
    assert flotilla("findings", "settle", "find-1", "--reason", "Mine.").code == 2
