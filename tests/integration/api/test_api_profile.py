"""What somebody prefers, and whether a first set-up is still to be offered."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from orchestrator.users import service
from orchestrator.users.models import UserModel
from orchestrator.users.passwords import Passwords
from tests.integration.api.test_api_pools import admin, audited
from tests.integration.api.world import OTHER, OWNER, World, problem_of

__all__ = ["admin"]
ME = "/api/v1/auth/me"
USUAL = {"theme": "system", "locale": None, "density": "comfortable", "default_range": "24h"}
GENERATED = "what-the-first-start-made"
CHOSEN = "seven grey herons wade"


async def _change(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.patch(ME, json=body)
    assert answer.status_code == 200, answer.text
    me: dict[str, Any] = answer.json()
    assert me == (await client.get(ME)).json()
    return me


async def test_who_never_chose_has_what_is_usual(world: World) -> None:
    me = (await world.client.get(ME)).json()
    assert (me["time_zone"], me["preferences"], me["set_up_at"]) == ("UTC", USUAL, None)
    assert me["password_generated"] is False


async def test_what_is_left_out_stays_and_null_is_as_usual_again(world: World) -> None:
    await _change(world.client, time_zone="Europe/Berlin", preferences={"theme": "dark", "locale": "de-DE"})
    me = await _change(world.client, preferences={"density": "compact", "default_range": "7d"})
    chosen = {"theme": "dark", "locale": "de-DE", "density": "compact", "default_range": "7d"}
    assert (me["time_zone"], me["preferences"]) == ("Europe/Berlin", chosen)
    me = await _change(world.client, preferences={"theme": None, "locale": None}, time_zone=None)
    assert (me["time_zone"], me["preferences"]) == ("Europe/Berlin", {**chosen, "theme": "system", "locale": None})
    async with world.client_of(OTHER) as other:
        assert (await other.get(ME)).json()["preferences"] == USUAL, "it is each user's own"


@pytest.mark.parametrize(
    "body",
    [
        {"time_zone": "Europe/Nowhere"}, {"time_zone": "+02:00"}, {"time_zone": "../etc/passwd"}, {"time_zone": ""},
        {"preferences": {"theme": "pink"}}, {"preferences": {"locale": "de_DE"}}, {"preferences": {"colour": "red"}},
        {"preferences": {"locale": "en-" + "a" * 8 + "-" + "b" * 8 + "-" + "c" * 8 + "-" + "d" * 8}},
        {"preferences": {"default_range": "2y"}}, {"preferences": ["dark"]}, {"set_up": "later"},
        {"set_up_at": "2026-01-01T00:00:00Z"}, {"password_generated": True},
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused_and_changes_nothing(world: World, body: dict[str, Any]) -> None:
    problem_of(await world.client.patch(ME, json={"reporting_currency": "EUR", **body}), 422, "invalid_spec")
    me = (await world.client.get(ME)).json()
    assert (me["reporting_currency"], me["time_zone"], me["preferences"]) == ("USDT", "UTC", USUAL)


async def test_a_set_up_is_over_once_and_may_be_offered_again(world: World, admin: httpx.AsyncClient) -> None:
    first = (await _change(world.client, set_up=True, time_zone="Asia/Tokyo"))["set_up_at"]
    assert first is not None
    assert (await _change(world.client, set_up=True))["set_up_at"] == first
    assert (await _change(world.client, preferences={"theme": "light"}))["set_up_at"] == first
    assert (await _change(world.client, set_up=False))["set_up_at"] is None
    rows = await audited(admin, subject=f"user/{OWNER}")
    assert [(row["action"], row["before"], row["after"]) for row in rows] == [
        ("user.profile", {"set_up": True}, {"set_up": False}),
        ("user.profile", {"time_zone": "UTC", "set_up": False}, {"time_zone": "Asia/Tokyo", "set_up": True}),
    ]


async def _methods(world: World) -> dict[str, Any]:
    async with world.client_of(None) as nobody:
        answer = await nobody.get("/api/v1/auth/methods")
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    assert set(told) == {"password", "passkey", "oidc", "first_run"}
    return told


@contextlib.asynccontextmanager
async def _only_the_first_admin(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """As the first start leaves it, and that admin signed in with what it made."""
    async with world.rig.database.unit_of_work() as session:
        for user in (OWNER, OTHER):
            await session.delete(await session.get_one(UserModel, user))
        await session.flush()
        assert await service.create_first_admin(session, Passwords(), GENERATED) is not None
    async with world.client_of(None) as client:
        body = {"username": "admin", "password": GENERATED}
        signed_in = await client.post("/api/v1/auth/login", json=body)
        client.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"
        yield client


@pytest.mark.parametrize("by", ["password", "set-up", "somebody else"])
async def test_a_first_run_is_told_to_everybody_until_it_is_over(world: World, by: str) -> None:
    assert (await _methods(world))["first_run"] is False, "there are two users"
    async with _only_the_first_admin(world) as client:
        assert (await _methods(world))["first_run"] is True
        assert (await client.get(ME)).json()["password_generated"] is True
        if by == "password":
            change = {"current_password": GENERATED, "new_password": CHOSEN}
            assert (await client.put("/api/v1/auth/password", json=change)).status_code == 204
            me = (await client.get(ME)).json()
            assert (me["password_generated"], me["set_up_at"]) == (False, None), "the set-up is still to be offered"
        elif by == "set-up":
            assert (await _change(client, set_up=True))["password_generated"] is True
        else:
            assert (await client.post("/api/v1/users", json={"username": "ann"})).status_code == 201
        assert (await _methods(world))["first_run"] is False
