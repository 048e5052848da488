"""`flotilla users quotas` as a shell sees it."""

import json
from typing import Any

from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import FakeApi
from tests.unit.cli.test_pools_commands import answer, sent

QUOTAS: dict[str, Any] = {
    "user_id": "user-1", "username": "ann", "max_bots": 20, "max_memory_bytes": None, "allowed_bots": 20,
    "allowed_memory_bytes": 2_000_000_000, "bots": 3, "memory_bytes": 93_000_000,
}  # fmt: skip


def test_quotas_are_shown_with_what_is_used(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", "/users/ann/quotas", QUOTAS)
    shown = flotilla("users", "quotas", "ann")
    assert shown.code == 0
    for told in ("ann (user-1)", "3 of 20", "93.0 MB of 2000.0 MB (default)"):
        assert told in shown.out
    assert json.loads(flotilla("users", "quotas", "ann", "--json").out) == QUOTAS
    answer(fake_api, "GET", "/users/ann/quotas", {**QUOTAS, "allowed_bots": None})
    assert "3, no limit" in flotilla("users", "quotas", "ann").out


def test_quotas_are_set_and_given_back(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "PATCH", "/users/ann/quotas", QUOTAS)
    assert flotilla("users", "quotas", "ann", "--bots", "20", "--memory", "default", "-r", "paid").code == 0
    assert flotilla("users", "quotas", "ann", "--memory", "2000").code == 0
    assert sent(fake_api, "PATCH", "/users/ann/quotas") == [
        {"max_bots": 20, "max_memory_bytes": None, "reason": "paid"},
        {"max_memory_bytes": 2_000_000_000, "reason": ""},
    ]
    assert flotilla("users", "quotas", "ann", "--bots", "many").code != 0
