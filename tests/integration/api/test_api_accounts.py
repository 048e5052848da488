"""Users and invitations over the API: made, changed, let in no more, and never without an administrator."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from api.auth.throttle import LoginThrottle
from orchestrator.bots.models import BotModel
from orchestrator.kit.cache import InProcessCache
from orchestrator.kit.clock import utc_now
from orchestrator.users.factor_models import PasskeyModel, TotpModel
from orchestrator.users.models import SessionModel
from tests.fakes.signed_in import session_of
from tests.integration.api.test_api_pools import ADMIN, admin, audited
from tests.integration.api.world import OTHER, OWNER, World, problem_of
from tests.support import eventually

__all__ = ["admin"]
USERS, INVITATIONS = "/api/v1/users", "/api/v1/invitations"
PASSWORD = "seven purple walruses sing"


async def sign_in(world: World, username: str, password: str) -> httpx.Response:
    async with world.client_of(None) as client:
        return await client.post("/api/v1/auth/login", json={"username": username, "password": password})


async def invited(admin: httpx.AsyncClient, **body: Any) -> str:
    answer = await admin.post(INVITATIONS, json={"role": "viewer", "note": "Ann", **body})
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["token"]
    return token


def passkey_of(user_id: str, number: int) -> PasskeyModel:
    return PasskeyModel(
        id=f"passkey-{number}",
        user_id=user_id,
        name="phone",
        credential_id=f"credential-{number}",
        public_key="",
        sign_count=0,
        backed_up=False,
        transports=[],
        created_at=utc_now(),
    )


async def accept(world: World, token: str, username: str = "ann", address: str = "10.0.0.9") -> httpx.Response:
    async with world.client_of(None, address=(address, 1)) as client:
        body = {"token": token, "username": username, "password": PASSWORD}
        return await client.post(f"{INVITATIONS}/accept", json=body)


async def test_a_user_is_made_with_a_password_told_once_and_signs_in(world: World, admin: httpx.AsyncClient) -> None:
    made = await admin.post(USERS, json={"username": "ann", "role": "viewer", "reason": "new"})
    assert made.status_code == 201, made.text
    assert made.json()["user"]["role"] == "viewer"
    assert (await sign_in(world, "ann", made.json()["password"])).status_code == 200
    listed = (await admin.get(USERS, params={"limit": 1})).json()
    assert [user["username"] for user in listed["items"]] == ["ann"]
    assert listed["next"]
    rest = (await admin.get(USERS, params={"after": listed["next"]})).json()["items"]
    assert [user["username"] for user in rest] == ["root", OWNER, OTHER]
    assert made.json()["password"] not in (await admin.get(f"{USERS}/ann")).text
    problem_of(await admin.post(USERS, json={"username": "ann"}), 409, "conflict")
    rows = await audited(admin, subject=f"user/{made.json()['user']['id']}")
    assert [(row["action"], row["actor"]) for row in rows][-1] == ("user.create", ADMIN)


async def test_users_are_found_by_a_part_of_their_names(world: World, admin: httpx.AsyncClient) -> None:
    for name in ("ann", "joann", "jo_ann", "bob"):
        await admin.post(USERS, json={"username": name})

    async def found(search: str, **more: Any) -> Any:
        return (await admin.get(USERS, params={"search": search, **more})).json()

    assert [user["username"] for user in (await found(" ANN "))["items"]] == ["ann", "jo_ann", "joann"]
    assert [user["username"] for user in (await found("o_a"))["items"]] == ["jo_ann"]
    assert (await found("%"))["items"] == []
    first = await found("ann", limit=2)
    rest = await found("ann", limit=2, after=first["next"])
    assert [user["username"] for user in rest["items"]] == ["joann"]
    assert rest["next"] is None
    problem_of(await admin.get(USERS, params={"search": "a" * 65}), 422, "invalid_spec")


async def test_administrators_see_who_was_here_how_they_prove_themselves_and_what_they_have(
    world: World, admin: httpx.AsyncClient
) -> None:
    made = (await admin.post(USERS, json={"username": "ann"})).json()
    seen = utc_now() + timedelta(minutes=5)
    await world.create("one")
    gone = await world.create("two")
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(BotModel, gone["id"])).deleted_at = seen
        (await session.get_one(SessionModel, session_of(OWNER).id)).last_used_at = seen
        sealed = {"kek_id": "k", "wrapped_key": "w", "ciphertext": "c", "created_at": seen}
        session.add(TotpModel(user_id=OWNER, confirmed_at=seen, **sealed))
        session.add(TotpModel(user_id=OTHER, **sealed))
        for number in range(2):
            session.add(passkey_of(OWNER, number))
    listed = {user["username"]: user for user in (await admin.get(USERS)).json()["items"]}
    told = {name: (user["second_factors"], user["bots"]) for name, user in listed.items()}
    assert told == {"ann": ([], 0), "root": ([], 0), OWNER: (["totp", "passkey"], 1), OTHER: ([], 0)}
    assert datetime.fromisoformat(listed[OWNER]["last_seen_at"]) == seen
    assert listed["ann"]["last_seen_at"] is None
    assert (await admin.get(f"{USERS}/{OWNER}")).json() == listed[OWNER]
    assert (await sign_in(world, "ann", made["password"])).status_code == 200
    assert (await admin.get(f"{USERS}/ann")).json()["last_seen_at"] is not None


async def test_a_password_that_an_administrator_gave_opens_nothing_but_its_change(
    world: World, admin: httpx.AsyncClient
) -> None:
    token = (await world.client.post("/api/v1/tokens", json={"name": "t", "scopes": ["read"]})).json()["token"]
    given = (await admin.post(f"{USERS}/{OWNER}/password", json={})).json()["password"]
    async with world.client_of(None) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        assert (await client.get("/api/v1/bots")).status_code == 200, "programs go on"
        client.headers["Authorization"] = f"Bearer {(await sign_in(world, OWNER, given)).json()['access_token']}"
        for method, path, body in (
            ("GET", "/api/v1/bots", None), ("GET", "/api/v1/auth/me", None), ("POST", "/api/v1/auth/totp", None),
            ("POST", "/api/v1/tokens", {"name": "t", "scopes": ["read"]}), ("DELETE", "/api/v1/sessions", None),
            ("POST", "/api/v1/auth/tickets", {"purpose": "portfolio"}), ("GET", "/api/v1/portfolio/stream", None),
        ):  # fmt: skip
            problem_of(await client.request(method, path, json=body), 403, "password_change_required")
        change = {"current_password": given, "new_password": given}
        problem = problem_of(await client.put("/api/v1/auth/password", json=change), 422)
        assert problem["params"]["field"] == "new_password"
        change["new_password"] = PASSWORD
        assert (await client.put("/api/v1/auth/password", json=change)).status_code == 204
        assert (await client.get("/api/v1/bots")).status_code == 200
        assert (await client.post("/api/v1/auth/logout")).status_code == 204
    again = (await sign_in(world, OWNER, PASSWORD)).json()["access_token"]
    me = await world.client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {again}"})
    assert me.status_code == 200
    made = (await admin.post(USERS, json={"username": "ann"})).json()
    first = {"Authorization": f"Bearer {(await sign_in(world, 'ann', made['password'])).json()['access_token']}"}
    problem_of(await world.client.get("/api/v1/bots", headers=first), 403, "password_change_required")
    assert (await world.client.post("/api/v1/auth/logout", headers=first)).status_code == 204


@pytest.mark.parametrize("name", ["Ann", "user-k3v2q7d5mwxz4tha", "a b", "ann\n", "-ann", "änn", "a" * 65])
async def test_names_have_one_spelling(admin: httpx.AsyncClient, name: str) -> None:
    problem = problem_of(await admin.post(USERS, json={"username": name}), 422, "invalid_spec")
    assert problem["params"]["field"] == "username"


async def test_only_administrators_who_just_proved_themselves_change_users(
    world: World, admin: httpx.AsyncClient
) -> None:
    for method, path, body in (
        ("GET", USERS, None), ("POST", USERS, {"username": "ann"}), ("GET", f"{USERS}/{OTHER}", None),
        ("PATCH", f"{USERS}/{OWNER}", {"role": "admin"}), ("POST", f"{USERS}/{OTHER}/deactivate", {}),
        ("GET", INVITATIONS, None), ("POST", INVITATIONS, {}), ("GET", f"{USERS}/{OTHER}/sessions", None),
        ("DELETE", f"{USERS}/{OTHER}/sessions", None), ("GET", f"{USERS}/{OTHER}/tokens", None),
    ):  # fmt: skip
        problem_of(await world.client.request(method, path, json=body), 403, "not_allowed")
    await world.age_proof(ADMIN)
    for method, path, body in (
        ("POST", USERS, {"username": "ann"}), ("PATCH", f"{USERS}/{OWNER}", {"role": "admin"}),
        ("POST", f"{USERS}/{OTHER}/deactivate", {}), ("POST", INVITATIONS, {}),
        ("DELETE", f"{USERS}/{OTHER}/sessions", None),
    ):  # fmt: skip
        problem_of(await admin.request(method, path, json=body), 403, "step_up_required")


async def test_a_role_counts_at_once(world: World, admin: httpx.AsyncClient) -> None:
    await world.create()
    assert (await admin.patch(f"{USERS}/{OWNER}", json={"role": "viewer"})).json()["role"] == "viewer"
    refused = await world.client.post("/api/v1/bots", json={"name": "two", "template": "trend"})
    problem_of(refused, 403, "not_allowed")
    assert await world.count() == 1
    changed = await admin.patch(f"{USERS}/{OWNER}", json={"role": "admin", "may_trade_live": True, "reason": "trust"})
    assert changed.json()["may_trade_live"]
    assert (await world.client.get(USERS)).status_code == 200
    rows = await audited(admin, subject=f"user/{OWNER}")
    assert (rows[0]["before"], rows[0]["after"]) == (
        {"role": "viewer", "may_trade_live": False},
        {"role": "admin", "may_trade_live": True},
    )


async def test_deactivation_ends_sign_ins_and_tells_of_bots_that_go_on(world: World, admin: httpx.AsyncClient) -> None:
    await world.create()
    token = (await world.client.post("/api/v1/tokens", json={"name": "t", "scopes": ["read"]})).json()["token"]
    done = (await admin.post(f"{USERS}/{OWNER}/deactivate", json={})).json()
    assert (done["sessions_ended"], done["bots_trading"], done["halted"]) == (1, 1, False)
    problem_of(await world.client.get("/api/v1/bots"), 401)
    async with world.client_of(None) as client:
        problem_of(await client.get("/api/v1/bots", headers={"Authorization": f"Bearer {token}"}), 401)
    bots = (await admin.get("/api/v1/bots", params={"everybody": True})).json()["items"]
    assert [(bot["owner"], bot["access"], bot["desired_state"]) for bot in bots] == [(OWNER, "own", "running")]
    assert (await admin.get("/api/v1/risk", params={"user": OWNER})).json()["halts"] == []
    again = (await admin.post(f"{USERS}/{OWNER}/deactivate", json={"halt": True})).json()
    assert (again["sessions_ended"], again["halted"]) == (0, True)
    assert (await admin.get("/api/v1/risk", params={"user": OWNER})).json()["halts"]
    assert (await admin.post(f"{USERS}/{OWNER}/reactivate", json={})).json()["deactivated_at"] is None
    problem_of(await world.client.get("/api/v1/bots"), 401)
    actions = [row["action"] for row in await audited(admin, subject=f"user/{OWNER}")]
    assert actions.count("user.deactivate") == 1


async def test_who_lost_his_password_gets_another_one(world: World, admin: httpx.AsyncClient) -> None:
    answer = await admin.post(f"{USERS}/{OWNER}/password", json={"reason": "lost"})
    assert answer.json()["sessions_ended"] == 1
    problem_of(await world.client.get("/api/v1/bots"), 401)
    assert (await sign_in(world, OWNER, answer.json()["password"])).status_code == 200
    (reset,) = [row for row in await audited(admin, subject=f"user/{OWNER}") if row["action"] == "user.reset_password"]
    assert (reset["actor"], reset["reason"]) == (ADMIN, "lost")
    assert answer.json()["password"] not in str(reset)


async def test_the_last_administrator_stays(world: World, admin: httpx.AsyncClient) -> None:
    for method, path, body in (
        ("PATCH", f"{USERS}/{ADMIN}", {"role": "trader"}),
        ("POST", f"{USERS}/{ADMIN}/deactivate", {}),
    ):
        problem = problem_of(await admin.request(method, path, json=body), 409, "conflict")
        assert "last active administrator" in problem["detail"]
    await admin.patch(f"{USERS}/{OWNER}", json={"role": "admin"})
    answers = await asyncio.gather(
        admin.patch(f"{USERS}/{OWNER}", json={"role": "trader"}),
        world.client.patch(f"{USERS}/{ADMIN}", json={"role": "trader"}),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 403], [200, 409])


async def test_somebody_makes_himself_an_account_once(world: World, admin: httpx.AsyncClient) -> None:
    token = await invited(admin)
    listed = (await admin.get(INVITATIONS)).json()["items"]
    assert [(one["role"], one["note"], one["created_by"]) for one in listed] == [("viewer", "Ann", ADMIN)]
    assert token not in str(listed)
    answers = await asyncio.gather(*(accept(world, token, name, f"10.0.1.{n}") for n, name in enumerate("abcd")))
    assert sorted(answer.status_code for answer in answers) == [201, 404, 404, 404]
    made = next(answer for answer in answers if answer.status_code == 201).json()
    assert made["role"] == "viewer"
    assert (await sign_in(world, made["username"], PASSWORD)).status_code == 200
    assert (await admin.get(INVITATIONS)).json()["items"] == []


async def test_what_opens_no_account(world: World, admin: httpx.AsyncClient) -> None:
    revoked = await invited(admin)
    (one,) = (await admin.get(INVITATIONS)).json()["items"]
    assert (await admin.delete(f"{INVITATIONS}/{one['id']}")).status_code == 204
    problem_of(await admin.delete(f"{INVITATIONS}/{one['id']}"), 404)
    told = {problem_of(await accept(world, token), 404)["detail"] for token in (revoked, "inv_nonsense", "flt_x")}
    assert len(told) == 1
    for ends in (utc_now() - timedelta(seconds=1), utc_now() + timedelta(days=31)):
        answer = await admin.post(INVITATIONS, json={"expires_at": ends.isoformat()})
        assert problem_of(answer, 422)["params"]["field"] == "expires_at"


async def test_a_refused_name_or_password_leaves_an_invitation_open(world: World, admin: httpx.AsyncClient) -> None:
    token = await invited(admin)
    problem_of(await accept(world, token, "Ann"), 422)
    async with world.client_of(None) as client:
        body = {"token": token, "username": "ann", "password": "password1234"}
        answer = await client.post(f"{INVITATIONS}/accept", json=body)
    assert problem_of(answer, 422)["params"]["field"] == "password"
    assert "password1234" not in answer.text
    await admin.post(USERS, json={"username": "ann"})
    problem_of(await accept(world, token), 409)
    assert (await accept(world, token, "bob")).status_code == 201


async def test_guessing_invitations_slows_down_the_guesser_alone(world: World, admin: httpx.AsyncClient) -> None:
    token = await invited(admin)

    async def refused() -> bool:
        return (await accept(world, "inv_guess", address="10.9.9.9")).status_code == 429

    await eventually(refused, message="guessing is slowed down")
    assert (await accept(world, token, address="10.8.8.8")).status_code == 201


async def test_an_invitation_that_is_good_slows_down_just_so_until_it_is_accepted(
    world: World, admin: httpx.AsyncClient
) -> None:
    token = await invited(admin)
    still = LoginThrottle(2, 60, InProcessCache(lambda: 0.0), lambda: 0.0)  # however slow the machine is
    world.app.state.auth = replace(world.app.state.auth, throttle=still)
    for _ in range(2):
        problem_of(await accept(world, token, "Ann"), 422)
    problem_of(await accept(world, token), 429, "too_many_requests")
    assert (await accept(world, token, address="10.0.0.8")).status_code == 201


async def test_a_profile_is_ones_own(world: World) -> None:
    await world.create()
    assert (await world.client.get("/api/v1/auth/me/quotas")).json()["bots"] == 1
    changed = await world.client.patch("/api/v1/auth/me", json={"reporting_currency": "EUR"})
    assert changed.json()["reporting_currency"] == "EUR"
    assert (await world.client.get("/api/v1/auth/me")).json()["reporting_currency"] == "EUR"
    assert (await world.client.get("/api/v1/portfolio")).json()["currency"] == "EUR"
    problem_of(await world.client.patch("/api/v1/auth/me", json={"reporting_currency": "eur"}), 422)
