"""Exchange keys over HTTP: what is secret goes in and never comes out, and nobody reaches another's."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from orchestrator.audit.service import By
from orchestrator.errors import ExchangeUnreachable, KeyRejected
from orchestrator.exchange_keys.facts import Permission
from orchestrator.exchange_keys.vault import kek_ids
from orchestrator.kit.clock import utc_now
from orchestrator.users.models import SessionModel
from orchestrator.wallets import service as wallets
from tests.fakes.exchange_keys import FakeChecks
from tests.integration.api.world import OTHER, OWNER, World, problem_of

PATH = "/api/v1/exchange-keys"
KEY, SECRET, PASSPHRASE = "planted-public-part", "planted-secret-part", "planted-passphrase"
PLANTED = (KEY, SECRET, PASSPHRASE)
BODY = {"name": "main", "exchange": "binance", "key": KEY, "secret": SECRET, "password": PASSPHRASE}


@pytest.fixture
async def keyed(world: World) -> World:
    """All answers are looked through for what was planted."""
    async with world.rig.database.read() as session:
        used = set(await kek_ids(session))
    await world.keys.vault.prepare(used)
    await world.change_user(OWNER, may_trade_live=True)

    async def look(response: httpx.Response) -> None:
        shown = (await response.aread()).decode() + str(response.headers)
        assert not any(secret in shown for secret in PLANTED), shown

    world.client.event_hooks["response"].append(look)
    return world


def checks_of(world: World) -> FakeChecks:
    checks = world.keys.checks
    assert isinstance(checks, FakeChecks)
    return checks


async def entered(world: World, **changes: Any) -> dict[str, Any]:
    answer = await world.client.post(PATH, json={**BODY, **changes})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_key_is_entered_told_and_removed(keyed: World) -> None:
    made = await entered(keyed, rotate_after_days=90)
    assert (made["state"], made["version"], made["permissions"]) == ("active", 1, ["futures", "read", "spot"])
    assert made["wallet"].startswith("wallet-")
    assert made["rotate_after"] > made["created_at"]
    path = f"{PATH}/{made['id']}"
    assert (await keyed.client.get(path)).json() == made
    assert (await keyed.client.get(PATH)).json()["items"] == [made]
    changed = await keyed.client.patch(path, json={"rotate_after_days": None})
    assert changed.json()["rotate_after"] is None
    replaced = (await keyed.client.post(f"{path}/replace", json={"key": KEY, "secret": SECRET})).json()
    assert (replaced["id"], replaced["version"], replaced["wallet"]) == (made["id"], 2, made["wallet"])
    assert (await keyed.client.delete(path)).status_code == 204
    problem_of(await keyed.client.get(path), 404, "not_found")
    again = await entered(keyed, name="again")
    assert (again["id"], again["wallet"]) == (made["id"], made["wallet"]), "the account keeps its wallet"


async def test_a_key_gets_another_name_and_keeps_all_else(keyed: World) -> None:
    made, checks = await entered(keyed, rotate_after_days=90), checks_of(keyed)
    checks.tell("second", account="another account")
    await entered(keyed, name="spare", key="second")
    path = f"{PATH}/{made['id']}"
    renamed = await keyed.client.patch(path, json={"name": "Main account"})
    assert (renamed.status_code, renamed.json()) == (200, {**made, "name": "Main account"})
    assert (await keyed.client.patch(path, json={"name": "Main account"})).status_code == 200
    assert (await keyed.client.patch(path, json={"name": None})).json() == renamed.json()
    taken = problem_of(await keyed.client.patch(path, json={"name": "spare", "rotate_after_days": 1}), 409, "conflict")
    assert taken["params"]["field"] == "name"
    for name in (" main", "", "a\nb", "x" * 65):
        problem_of(await keyed.client.patch(path, json={"name": name}), 422, "invalid_spec")
    assert (await keyed.client.get(path)).json() == renamed.json(), "what was refused changed nothing"
    rows = (await keyed.client.get("/api/v1/audit", params={"action": "exchange_key.rename"})).json()["items"]
    (row,) = rows
    assert (row["actor"], row["subject"]) == (OWNER, f"exchange-key/{made['id']}")
    assert (row["before"], row["after"]) == ({"name": "main"}, {"name": "Main account"})
    assert (await keyed.client.patch(path, json={"rotate_after_days": None})).json()["name"] == "Main account"


async def test_a_wallet_that_its_owner_archived_comes_back_by_his_own_act_alone(keyed: World) -> None:
    made = await entered(keyed)
    path = f"{PATH}/{made['id']}"
    assert (await keyed.client.post(f"/api/v1/wallets/{made['wallet']}/archive")).status_code == 200
    assert (await keyed.client.post(f"{path}/check")).json()["wallet"] is None
    replaced = await keyed.client.post(f"{path}/replace", json={"key": KEY, "secret": SECRET})
    assert (replaced.json()["version"], replaced.json()["wallet"]) == (2, None)
    assert replaced.json()["futures_wallet"] == made["futures_wallet"], "that one was not archived"
    body = {"name": "anew", "kind": "exchange", "exchange_key_id": made["id"]}
    anew = (await keyed.client.post("/api/v1/wallets", json=body)).json()["id"]
    assert (await keyed.client.get(path)).json()["wallet"] == anew
    assert (await keyed.client.post(f"/api/v1/wallets/{anew}/archive")).status_code == 200
    assert (await keyed.client.delete(path)).status_code == 204
    again = await entered(keyed)
    assert (again["id"], again["futures_wallet"]) == (made["id"], made["futures_wallet"])
    assert again["wallet"] not in (None, made["wallet"], anew)


async def test_what_an_exchange_refuses_is_not_kept(keyed: World) -> None:
    checks = checks_of(keyed)
    checks.tell(KEY, frozenset({Permission.READ, Permission.SPOT, Permission.WITHDRAW}))
    refused = problem_of(await keyed.client.post(PATH, json=BODY), 422, "key_rejected")
    assert "withdraw" in refused["detail"]
    checks.problems[KEY] = KeyRejected("It does not take it.", field="secret")
    assert problem_of(await keyed.client.post(PATH, json=BODY), 422, "key_rejected")["params"]["field"] == "secret"
    checks.problems[KEY] = ExchangeUnreachable("It does not answer.")
    problem_of(await keyed.client.post(PATH, json=BODY), 503, "exchange_unreachable")
    assert (await keyed.client.get(PATH)).json()["items"] == []


async def test_a_key_that_is_refused_later_says_so_and_may_be_right_again(keyed: World) -> None:
    made, checks = await entered(keyed), checks_of(keyed)
    checks.problems[KEY] = KeyRejected("It was deleted there.", field="key")
    told = (await keyed.client.post(f"{PATH}/{made['id']}/check")).json()
    assert (told["state"], told["problem"]) == ("refused", "It was deleted there.")
    del checks.problems[KEY]
    checks.tell(KEY, frozenset({Permission.READ, Permission.SPOT, Permission.WITHDRAW}))
    assert (await keyed.client.post(f"{PATH}/{made['id']}/check")).json()["state"] == "refused"
    checks.tell(KEY)
    assert (await keyed.client.post(f"{PATH}/{made['id']}/check")).json()["state"] == "active"


async def test_bad_bodies_are_refused_without_showing_them(keyed: World) -> None:
    bodies: list[Any] = [
        {**BODY, "secret": [SECRET]},
        {**BODY, "secrets": SECRET},
        {**BODY, "key": {"key": KEY}},
        {**BODY, "name": "\n", "exchange": 7},
        {**BODY, "rotate_after_days": SECRET},
        [SECRET],
        SECRET,
    ]
    for body in bodies:
        answer = await keyed.client.post(PATH, json=body)
        assert answer.status_code == 422, answer.text
    cut = json.dumps(BODY)[:-2].encode()
    answer = await keyed.client.post(PATH, content=cut, headers={"Content-Type": "application/json"})
    problem_of(answer, 400, "malformed_body")


async def test_nobody_reaches_anothers_key(keyed: World) -> None:
    made = await entered(keyed)
    path = f"{PATH}/{made['id']}"
    await keyed.change_user(OTHER, role="admin")
    async with keyed.client_of(OTHER) as admin:
        assert (await admin.get(PATH)).json()["items"] == []
        for answer in (
            await admin.get(path),
            await admin.patch(path, json={"rotate_after_days": 1}),
            await admin.patch(path, json={"name": "mine"}),
            await admin.post(f"{path}/check"),
            await admin.post(f"{path}/replace", json={"key": "k", "secret": "s"}),
            await admin.delete(path),
        ):
            problem_of(answer, 404, "not_found")
        told = (await admin.get(f"{PATH}/vault")).json()
        assert (told["problem"], list(told["wrapping"].values())) == (None, [1])
        done = (await admin.post(f"{PATH}/vault/rotate", json={})).json()
        assert (done["rewrapped"], done["damaged"], done["locked"]) == (1, 0, 0)
    problem_of(await keyed.client.get(f"{PATH}/vault"), 403, "not_allowed")
    problem_of(await keyed.client.post(f"{PATH}/vault/rotate", json={}), 403, "not_allowed")


async def test_an_account_is_one_users(keyed: World) -> None:
    made, checks = await entered(keyed), checks_of(keyed)
    account = f"account of {KEY}"
    checks.tell("second", account=account)
    checks.tell("third", account=account)
    await keyed.change_user(OTHER, role="trader", may_trade_live=True)
    async with keyed.client_of(OTHER) as other:
        for body in (BODY, {**BODY, "key": "second"}):
            refused = problem_of(await other.post(PATH, json=body), 409, "conflict")
            assert "another user" in refused["detail"]
        assert (await other.get(PATH)).json()["items"] == []
        assert (await other.get("/api/v1/wallets")).json()["items"] == []
        assert (await keyed.client.delete(f"{PATH}/{made['id']}")).status_code == 204
        assert (await other.post(PATH, json={**BODY, "key": "second"})).status_code == 201, "it is free again"
    problem_of(await keyed.client.post(PATH, json={**BODY, "key": "third"}), 409, "conflict")


async def test_keys_and_live_bots_want_a_fresh_proof(keyed: World) -> None:
    made = await entered(keyed)
    async with keyed.rig.database.unit_of_work() as session:
        (await session.get_one(SessionModel, f"session-{OWNER}")).proved_at = utc_now() - timedelta(minutes=6)
    keyed.app.state.auth.principals.forget(f"session-{OWNER}")
    live = {"name": "one", "template": "trend", "dry_run": False, "wallet": made["wallet"], "confirm_live": "one"}
    for answer in (
        await keyed.client.post(PATH, json={**BODY, "name": "other"}),
        await keyed.client.post(f"{PATH}/paper", json={"name": "paper"}),
        await keyed.client.post(f"{PATH}/{made['id']}/replace", json={"key": "k", "secret": "s"}),
        await keyed.client.delete(f"{PATH}/{made['id']}"),
        await keyed.client.post("/api/v1/bots", json=live),
    ):
        problem_of(answer, 403, "step_up_required")
    assert (await keyed.client.get(PATH)).status_code == 200


async def test_a_key_of_play_money_lets_a_bot_go_live(keyed: World) -> None:
    made = (await keyed.client.post(f"{PATH}/paper", json={"name": "play", "balances": {"USDT": "5000"}})).json()
    assert (made["exchange"], made["state"]) == ("paper", "active")
    async with keyed.rig.database.unit_of_work() as session:
        await wallets.adjust(session, made["wallet"], "USDT", Decimal(5000), key="read", note="", by=By(OWNER))
    live = {"name": "one", "template": "trend", "dry_run": False, "wallet": made["wallet"]}
    problem_of(await keyed.client.post("/api/v1/bots", json=live), 422, "invalid_spec")
    problem_of(await keyed.client.post("/api/v1/bots", json={**live, "confirm_live": "two"}), 422, "invalid_spec")
    await keyed.change_user(OWNER, may_trade_live=False)
    problem_of(await keyed.client.post("/api/v1/bots", json={**live, "confirm_live": "one"}), 403, "not_allowed")
    await keyed.change_user(OWNER, may_trade_live=True)
    bot = (await keyed.client.post("/api/v1/bots", json={**live, "confirm_live": "one"})).json()
    assert (bot["dry_run"], bot["trading"]) == (False, "paper_live")
    assert (await keyed.client.get(f"{PATH}/{made['id']}")).json()["bots"] == ["one"]
    problem_of(await keyed.client.delete(f"{PATH}/{made['id']}"), 409, "conflict")


async def test_a_name_that_no_database_takes_is_refused_before_it(keyed: World) -> None:
    problem_of(await keyed.client.get(f"{PATH}/%00"), 422, "invalid_spec")
