"""Passkeys, with a device in software: registered, used to sign in, as a second factor and for a step-up."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from orchestrator.audit.models import AuditModel
from orchestrator.kit.clock import utc_now
from orchestrator.users.models import SessionModel
from orchestrator.users.passwords import Passwords
from tests.fakes.authenticator import Authenticator
from tests.integration.api.world import OTHER, OWNER, World, open_world, problem_of

AUTH = "/api/v1/auth"
ORIGIN = "https://flotilla"
PASSWORD = "correct horse battery staple"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, public_url=ORIGIN) as world:
        await world.change_user(OWNER, password_hash=await Passwords().hash(PASSWORD))
        yield world


async def _register(client: httpx.AsyncClient, device: Authenticator, name: str = "Laptop") -> httpx.Response:
    asked = (await client.post(f"{AUTH}/passkeys/options")).json()
    assert asked["options"]["authenticatorSelection"]["userVerification"] == "required"
    body = {"challenge": asked["challenge"], "name": name, "passkey": device.create(asked["options"])}
    return await client.post(f"{AUTH}/passkeys", json=body)


async def _sign_in(client: httpx.AsyncClient, device: Authenticator) -> httpx.Response:
    asked = (await client.post(f"{AUTH}/login/passkey/options")).json()
    assert asked["options"]["rpId"] == "flotilla"
    assert not asked["options"].get("allowCredentials")
    body = {"challenge": asked["challenge"], "passkey": device.get(asked["options"])}
    return await client.post(f"{AUTH}/login/passkey", json=body)


async def test_a_passkey_signs_in_without_a_name_until_it_is_removed(world: World) -> None:
    device = Authenticator(ORIGIN)
    made = await _register(world.client, device)
    assert made.status_code == 201, made.text
    assert len(made.json()["recovery_codes"]) == 10
    passkey = made.json()["passkey"]
    problem_of(await _register(world.client, device), 409)
    second = (await _register(world.client, Authenticator(ORIGIN), "Key")).json()
    methods = (await world.client.get(f"{AUTH}/methods")).json()
    assert methods == {"password": True, "passkey": True, "oidc": [], "first_run": False}
    assert second["recovery_codes"] is None
    async with world.client_of(None) as browser, world.client_of(OTHER) as other:
        signed_in = await _sign_in(browser, device)
        assert signed_in.status_code == 200, signed_in.text
        headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
        assert (await browser.get(f"{AUTH}/me", headers=headers)).json()["id"] == OWNER
        path = f"{AUTH}/passkeys/{passkey['id']}"
        problem_of(await other.patch(path, json={"name": "Mine"}), 404)
        problem_of(await other.delete(path), 404)
        assert (await other.get(f"{AUTH}/passkeys")).json()["items"] == []
        assert (await world.client.patch(path, json={"name": " Telephone "})).json()["name"] == "Telephone"
        listed = (await world.client.get(f"{AUTH}/passkeys")).json()["items"]
        assert [one["name"] for one in listed] == ["Telephone", "Key"]
        assert listed[0]["last_used_at"] is not None
        assert (await world.client.delete(path)).status_code == 204
        problem_of(await _sign_in(browser, device), 401)
    async with world.rig.database.read() as session:
        methods = (await session.exec(select(SessionModel.method))).all()
        actions = (await session.exec(select(AuditModel.action).order_by(col(AuditModel.number)))).all()
    assert "passkey" in methods
    assert [one for one in actions if one.startswith("passkey")] == [
        "passkey.add", "passkey.add", "passkey.rename", "passkey.remove",
    ]  # fmt: skip


async def test_what_is_not_an_answer_of_that_device_to_that_challenge_is_refused(world: World) -> None:
    device = Authenticator(ORIGIN)
    await _register(world.client, device)
    async with world.client_of(None) as browser:
        asked = (await browser.post(f"{AUTH}/login/passkey/options")).json()
        body = {"challenge": asked["challenge"], "passkey": device.get(asked["options"])}
        assert (await browser.post(f"{AUTH}/login/passkey", json=body)).status_code == 200
        problem_of(await browser.post(f"{AUTH}/login/passkey", json=body), 401)  # once
        fresh = (await browser.post(f"{AUTH}/login/passkey/options")).json()
        problem_of(await browser.post(f"{AUTH}/login/passkey", json={**body, "challenge": fresh["challenge"]}), 401)

        for change in (
            {"origin": "https://elsewhere"},
            {"verifies": False},
            {"party": "elsewhere"},
            {"user_handle": OTHER.encode()},
        ):
            before = {name: getattr(device, name) for name in change}
            for name, value in change.items():
                setattr(device, name, value)
            problem_of(await _sign_in(browser, device), 401, "unauthenticated")
            for name, value in before.items():
                setattr(device, name, value)
        problem_of(await _sign_in(browser, _copied(device, origin=ORIGIN)), 401)
        for broken in ({}, {"clientDataJSON": "?", "authenticatorData": "AA", "signature": "AA", "userHandle": "A"}):
            asked = (await browser.post(f"{AUTH}/login/passkey/options")).json()
            passkey = {**device.get(asked["options"]), "response": broken}
            told = {"challenge": asked["challenge"], "passkey": passkey}
            problem_of(await browser.post(f"{AUTH}/login/passkey", json=told), 401)
        assert (await _sign_in(browser, device)).status_code == 200
        await world.change_user(OWNER, deactivated_at=utc_now())
        problem_of(await _sign_in(browser, device), 401)


def _copied(device: Authenticator, **values: Any) -> Authenticator:
    """Of the same name, with another key."""
    other = Authenticator(**values)
    other._id, other.user_handle, other.party, other.sign_count = device._id, device.user_handle, device.party, 90
    return other


async def test_a_copy_is_found_by_its_count_and_told(world: World) -> None:
    device = Authenticator(ORIGIN)
    await _register(world.client, device)
    async with world.client_of(None) as browser:
        for _ in range(2):
            assert (await _sign_in(browser, device)).status_code == 200
        device.sign_count -= 1
        problem_of(await _sign_in(browser, device), 401)
    async with world.rig.database.read() as session:
        (row,) = (await session.exec(select(AuditModel).where(col(AuditModel.action) == "passkey.copied"))).all()
        (refused,) = (await session.exec(select(AuditModel).where(col(AuditModel.action) == "sign_in.refused"))).all()
    assert row.tenant_id == OWNER
    assert refused.after == {"method": "passkey", "address": "10.0.0.1", "today": 1}


async def test_a_new_passkey_must_answer_its_own_challenge_from_our_page_with_a_finger(world: World) -> None:
    for device in (Authenticator("https://elsewhere"), Authenticator(ORIGIN, verifies=False)):
        refused = problem_of(await _register(world.client, device), 422)
        assert refused["params"]["field"] == "passkey"
    device = Authenticator(ORIGIN)
    asked = (await world.client.post(f"{AUTH}/passkeys/options")).json()
    body = {"challenge": asked["challenge"], "name": "x", "passkey": device.create(asked["options"])}
    async with world.client_of(OTHER) as other:
        problem_of(await other.post(f"{AUTH}/passkeys", json=body), 422)
    problem_of(await world.client.post(f"{AUTH}/passkeys", json=body), 422)  # it is spent
    problem_of(
        await world.client.post(f"{AUTH}/passkeys", json={**body, "passkey": {**body["passkey"], "response": {}}}), 422
    )
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(SessionModel, f"session-{OWNER}")).proved_at = utc_now() - timedelta(minutes=6)
    world.app.state.auth.principals.forget_user(OWNER)
    problem_of(await world.client.post(f"{AUTH}/passkeys/options"), 403, "step_up_required")
    asked = await world.client.post(f"{AUTH}/step-up/options")
    assert asked.status_code == 200


async def test_a_passkey_is_a_second_factor_and_a_proof(world: World) -> None:
    device, foreign = Authenticator(ORIGIN), Authenticator(ORIGIN)
    await _register(world.client, device)
    async with world.client_of(None) as browser, world.client_of(OTHER) as other:
        await _register(other, foreign)
        challenge = (await browser.post(f"{AUTH}/login", json={"username": OWNER, "password": PASSWORD})).json()
        assert challenge["ways"] == ["passkey", "recovery"]
        assert [one["id"] for one in challenge["passkey_options"]["allowCredentials"]] == [
            device.create({"user": {"id": ""}, "rp": {"id": "flotilla"}, "challenge": ""})["id"]
        ]
        device.user_handle = OWNER.encode()
        for one, status in ((foreign, 401), (device, 200)):
            told = {"challenge": challenge["challenge"], "passkey": one.get(challenge["passkey_options"])}
            answer = await browser.post(f"{AUTH}/login/second-factor", json=told)
            assert answer.status_code == status, answer.text
        asked = (await world.client.post(f"{AUTH}/step-up/options")).json()
        told = {"challenge": asked["challenge"], "passkey": device.get(asked["options"])}
        problem_of(await other.post(f"{AUTH}/step-up", json=told), 422)
        asked = (await world.client.post(f"{AUTH}/step-up/options")).json()
        told = {"challenge": asked["challenge"], "passkey": device.get(asked["options"])}
        assert (await world.client.post(f"{AUTH}/step-up", json=told)).status_code == 200


async def test_the_only_way_in_is_not_removed(world: World) -> None:
    await world.change_user(OWNER, password_hash="")
    made = (await _register(world.client, Authenticator(ORIGIN))).json()
    path = f"{AUTH}/passkeys/{made['passkey']['id']}"
    problem_of(await world.client.delete(path), 409)
    first = {"new_password": "seven grey herons wade"}
    assert (await world.client.put(f"{AUTH}/password", json=first)).status_code == 204
    assert (await world.client.delete(path)).status_code == 204
