"""`flotilla pools …`, `nodes`, `moves`, `audit` as a shell sees them."""

import io
import json
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import FakeApi, problem

TIME = "2026-11-20T12:00:00Z"
POOL: dict[str, Any] = {
    "id": "pool-a", "tenant_id": "user-one", "node": "local", "driver": "docker", "image": "flotilla-pool:1",
    "image_id": None,
    "desired_state": "running", "observed_state": "ready", "cordoned": True, "draining": False, "slots_total": 50,
    "slots_used": 3, "memory_limit_bytes": 2_000_000_000, "pss_bytes": 512_000_000, "cpu_percent": 12.34,
    "restarts": 1, "bot_restarts": 2, "protocol": 1, "image_version": "1.1", "freqtrade": "2026.9", "report": None,
    "conditions": [{"type": "Unreachable", "message": "It [does not] answer.", "since": TIME}],
    "created_at": TIME, "last_seen_at": TIME,
}  # fmt: skip
SLOT: dict[str, Any] = {
    "bot_id": "bot-1", "bot": "trend-1", "owner_id": "user-one", "owner": "ann", "desired_state": "running",
    "observed_state": "starting", "epoch": 3, "pss_bytes": 31_000_000, "cpu_percent": 0.5, "restarts": 4,
    "uptime_seconds": 3700.0, "open_trades": 2, "moving_to": "pool-b",
}  # fmt: skip
PLAN: dict[str, Any] = {
    "plan_id": "plan-1", "goal": "spread", "applied": False,
    "moves": [{"bot_id": "bot-1", "source_pool_id": "pool-a", "target_pool_id": "pool-b", "why": "pool-a is full"}],
    "pools": [
        {"pool_id": "pool-a", "bots_before": 9, "bots_after": 8, "slots_total": 10, "memory_before_bytes": 900_000_000,
         "memory_after_bytes": 800_000_000, "memory_limit_bytes": None},
    ],
}  # fmt: skip
ROLLOUT: dict[str, Any] = {
    "id": "rollout-1", "image": "flotilla-pool:2", "state": "running", "problem": None, "wish": None,
    "legs": [
        {"source_pool_id": "pool-a", "target_pool_id": "pool-b", "phase": "moving", "moved": ["bot-1"], "left": {},
         "bot_id": "bot-2"},
    ],
    "actor": "user-one", "reason": "", "created_at": TIME, "updated_at": TIME, "ended_at": None,
}  # fmt: skip
MOVE: dict[str, Any] = {
    "bot_id": "bot-1", "source_pool_id": "pool-a", "target_pool_id": "pool-b", "phase": "copying", "reason": "move",
    "problem": None, "started_at": TIME,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _somebody_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n" * 3))


def answer(fake: FakeApi, method: str, path: str, *bodies: Any, status: int = 200) -> None:
    """Answers these bodies in turn, the last one from then on."""
    left = list(bodies)

    def answered(request: httpx.Request) -> httpx.Response:
        body = left.pop(0) if len(left) > 1 else left[0] if left else None
        return httpx.Response(status, json=body) if body is not None else httpx.Response(204)

    fake.overrides[(method, f"/api/v1{path}")] = answered


def page(*items: dict[str, Any]) -> dict[str, Any]:
    return {"items": list(items), "next": None}


def sent(fake: FakeApi, method: str, path: str) -> list[Any]:
    return [json.loads(request.content or b"null") for request in fake.sent(method, f"/api/v1{path}")]


def test_pools_are_listed_and_shown(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", "/pools", page(POOL))
    answer(fake_api, "GET", "/pools/pool-a", POOL)
    listed = flotilla("pools", "list")
    assert listed.code == 0
    for told in ("pool-a", "ready (cordoned)", "3/50", "512.0 MB of 2000.0 MB", "12.3 %", "It [does not] answer."):
        assert told in listed.out
    assert "2026.9" not in flotilla("pools", "list").out
    shown = flotilla("pools", "show", "pool-a").out
    assert "1 of the zygote, 2 of bots" in shown
    assert json.loads(flotilla("pools", "show", "pool-a", "--json").out) == POOL


def test_slots_tell_owner_state_memory_and_uptime(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", "/pools/pool-a/slots", page(SLOT))
    shown = flotilla("pools", "slots", "pool-a").out
    for told in ("trend-1", "ann", "starting → running", "31.0 MB", "0.5 %", "4", "1 h", "pool-b", "bot-1"):
        assert told in shown


def test_what_removed_pools_left_is_listed(flotilla: Flotilla, fake_api: FakeApi) -> None:
    left = {
        "pool_id": "pool-old", "driver": "docker", "tenant_id": "user-one", "image_id": "sha256:1", "in_use": True,
        "removed_at": None,
    }  # fmt: skip
    answer(fake_api, "GET", "/pools/disks", page(left))
    shown = flotilla("pools", "disks")
    assert shown.code == 0
    for told in ("pool-old", "docker", "user-one", "yes", "sha256:1"):
        assert told in shown.out
    assert json.loads(flotilla("pools", "disks", "--json").out) == page(left)


def test_create_sends_only_what_was_said(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "POST", "/pools", POOL, status=201)
    assert flotilla("pools", "create", "--tenant", "user-one", "--memory", "2000", "-r", "Monday").code == 0
    assert sent(fake_api, "POST", "/pools") == [
        {"tenant_id": "user-one", "memory_limit_bytes": 2_000_000_000, "reason": "Monday"}
    ]


@pytest.mark.parametrize("verb", ["cordon", "uncordon"])
def test_cordoning_needs_no_confirmation(flotilla: Flotilla, fake_api: FakeApi, verb: str) -> None:
    answer(fake_api, "POST", f"/pools/pool-a/{verb}", POOL)
    assert flotilla("pools", verb, "pool-a", "--reason", "kernel").code == 0
    assert sent(fake_api, "POST", f"/pools/pool-a/{verb}") == [{"reason": "kernel"}]


@pytest.mark.parametrize(
    ("method", "path", "command"),
    [
        ("POST", "/pools/pool-a/drain", ["pools", "drain", "pool-a"]),
        ("POST", "/pools/pool-a/restart", ["pools", "restart", "pool-a"]),
        ("DELETE", "/pools/pool-a", ["pools", "delete", "pool-a"]),
        ("POST", "/rollouts", ["pools", "rollout", "start", "--image", "flotilla-pool:2"]),
        ("POST", "/rollouts/rollout-1/rollback", ["pools", "rollout", "rollback", "rollout-1"]),
        ("POST", "/bots/bot-1/move", ["bots", "move", "bot-1", "--to", "pool-b"]),
    ],
)
def test_what_interrupts_bots_is_asked_first(
    flotilla: Flotilla, fake_api: FakeApi, method: str, path: str, command: list[str]
) -> None:
    body = ROLLOUT if "rollout" in command else MOVE if "move" in command else POOL
    answer(fake_api, method, path, body, status=202)
    assert flotilla(*command).code == 1
    assert sent(fake_api, method, path) == []
    done = flotilla(*command, "--yes")
    assert done.code == 0, done.err
    assert len(sent(fake_api, method, path)) == 1


def test_a_purge_names_the_pool_once_more(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "DELETE", "/pools/pool-a", {"pool_id": "pool-a", "purge": True}, status=202)
    assert flotilla("pools", "delete", "pool-a", "--yes").code == 0
    assert "purged" in flotilla("pools", "delete", "pool-a", "--purge", "--yes").out
    kept, purged = fake_api.sent("DELETE", "/api/v1/pools/pool-a")
    assert "purge" not in kept.url.params
    assert (purged.url.params["purge"], purged.url.params["confirm"]) == ("true", "pool-a")


def test_what_the_api_refuses_is_told(flotilla: Flotilla, fake_api: FakeApi) -> None:
    refusal = problem(409, "conflict", "Bots belong to this pool: drain it first, or move them.")
    fake_api.overrides[("DELETE", "/api/v1/pools/pool-a")] = lambda _: refusal
    refused = flotilla("pools", "delete", "pool-a", "--yes")
    assert refused.code != 0
    assert "drain it first" in refused.err


def test_rebalancing_applies_the_plan_that_was_shown(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "POST", "/pools/rebalance", PLAN, PLAN, PLAN, {**PLAN, "applied": True})
    shown = flotilla("pools", "rebalance", "--dry-run").out
    for told in ("bot-1", "pool-a is full", "9 → 8", "900.0 MB → 800.0 MB"):
        assert told in shown
    assert flotilla("pools", "rebalance").code == 1, "nobody said yes"
    done = flotilla("pools", "rebalance", "--goal", "spread", "--yes", "-r", "even")
    assert "asked for" in done.out
    assert sent(fake_api, "POST", "/pools/rebalance")[-1] == {
        "goal": "spread",
        "reason": "even",
        "dry_run": False,
        "plan_id": "plan-1",
    }


def test_nothing_to_rebalance_asks_nothing(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "POST", "/pools/rebalance", {**PLAN, "moves": []})
    done = flotilla("pools", "rebalance")
    assert (done.code, done.out.strip()) == (0, "Nothing to move.")


def test_sync_tells_what_does_not_fit(flotilla: Flotilla, fake_api: FakeApi) -> None:
    told = {"pool_id": "pool-a", "problem": None, "slots": 3, "missing": ["bot-9"], "foreign": []}
    answer(fake_api, "POST", "/pools/sync", {"pools": [told]})
    assert "bot-9" in flotilla("pools", "sync").out


def test_a_check_that_finds_something_fails(flotilla: Flotilla, fake_api: FakeApi) -> None:
    check = {"name": "zygote", "ok": False, "detail": "It is down."}
    answer(fake_api, "POST", "/pools/pool-a/health-check", {"pool_id": "pool-a", "healthy": False, "checks": [check]})
    found = flotilla("pools", "check", "pool-a")
    assert (found.code, "It is down." in found.out) == (1, True)


def test_a_roll_out_that_stops_fails_the_command_that_waits(
    flotilla: Flotilla, fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cli.rollouts.time.sleep", lambda _: None)
    stopped = {**ROLLOUT, "state": "stopped", "problem": "bot-2 does not get on."}
    answer(fake_api, "POST", "/rollouts", ROLLOUT, status=202)
    answer(fake_api, "GET", "/rollouts/rollout-1", ROLLOUT, stopped)
    answer(fake_api, "GET", "/rollouts", page(stopped))
    waited = flotilla("pools", "rollout", "start", "--image", "flotilla-pool:2", "--pool", "pool-a", "--wait", "-y")
    assert waited.code == 1
    assert "bot-2 does not get on." in waited.err
    assert sent(fake_api, "POST", "/rollouts") == [{"reason": "", "image": "flotilla-pool:2", "pools": ["pool-a"]}]
    assert "stopped" in flotilla("pools", "rollout", "list").out


def test_nodes_moves_and_the_audit_are_listed(flotilla: Flotilla, fake_api: FakeApi) -> None:
    node = {
        "name": "local", "driver": "docker", "pools": 2, "promised_bytes": 4_000_000_000, "conditions": [],
        "report": {"cores": 2, "memory_bytes": 8_000_000_000, "versions": {"docker": "27.3"}}, "last_seen_at": TIME,
    }  # fmt: skip
    row = {
        "id": "4", "at": TIME, "actor": "user-one", "actor_name": "ann", "action": "pool.cordon", "reason": "kernel",
        "subject": "pool/pool-a", "before": {"cordoned": False, "slots": 1}, "after": {"cordoned": True, "slots": 1},
    }  # fmt: skip
    answer(fake_api, "GET", "/nodes", page(node))
    answer(fake_api, "GET", "/moves", page(MOVE))
    answer(fake_api, "GET", "/audit", page(row))
    assert "docker 27.3" in flotilla("nodes").out
    assert "copying" in flotilla("moves", "list").out
    told = flotilla("audit", "--subject", "pool/pool-a").out
    assert "cordoned: false → true" in told
    assert "slots" not in told
    assert fake_api.sent("GET", "/api/v1/audit")[0].url.params["subject"] == "pool/pool-a"


def test_the_audit_is_verified_by_the_control_plane(flotilla: Flotilla, fake_api: FakeApi) -> None:
    chain = {"tenant": "fleet", "rows": 3, "hash": "ab" * 32, "seal": "sealed", "problem": None}
    broken = {**chain, "problem": {"sequence": 2, "id": "17", "message": "The row was changed."}}
    answer(fake_api, "GET", "/audit/verify", {"whole": True, "chains": [chain]}, {"whole": False, "chains": [broken]})
    good = flotilla("audit", "verify")
    assert (good.code, "whole" in good.out, "ab" * 32 in good.out) == (0, True, True)
    bad = flotilla("audit", "verify", "--tenant", "fleet")
    assert (bad.code, "breaks at row 2 (id 17): The row was changed." in bad.out) == (4, True)
    assert fake_api.sent("GET", "/api/v1/audit/verify")[1].url.params["tenant"] == "fleet"


def test_actions_are_listed(flotilla: Flotilla, fake_api: FakeApi) -> None:
    action = {
        "id": "2", "bot_id": "bot-1", "bot_name": "trend", "owner_id": "user-1", "action_id": "7",
        "kind": "partial_close",
        "stage": "filled", "rule": "take_profit", "level": 1, "policy": "3.0.0", "trade_id": 7, "pair": "BTC/USDT",
        "is_short": False, "price_seen": "64020.5", "threshold": "63999.49069069069", "amount": "0.1", "stake": None,
        "fill_price": "64018", "slippage_ratio": "0.00004", "delay_seconds": "0.91", "client_order_id": None,
        "order_id": None, "message": "", "stages": [], "times": 1, "at": TIME, "updated_at": TIME,
    }  # fmt: skip
    refused = {**action, "kind": "refused", "rule": "limits.open_trades", "level": None, "times": 12,
               "delay_seconds": None, "message": "Full."}  # fmt: skip
    answer(fake_api, "GET", "/actions", page(refused, action))
    told = flotilla("actions", "--bot", "bot-1", "--kind", "refused", "--since", TIME).out
    for text in (
        "trend",
        "take_profit 1",
        "0.91 s",
        "63999.491",
        "64018",
        "refused ×12",
        "limits.open_trades",
        "Full.",
    ):
        assert text in told
    params = fake_api.sent("GET", "/api/v1/actions")[0].url.params
    assert (params["bot"], params["kind"], params["limit"]) == ("bot-1", "refused", "50")
    assert datetime.fromisoformat(params["since"]) == datetime.fromisoformat(TIME)
    assert flotilla("actions", "--since", "yesterday").code == 2


def test_a_move_is_abandoned(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "DELETE", "/moves/bot-1")
    assert "stays where it is" in flotilla("moves", "abandon", "bot-1").out
