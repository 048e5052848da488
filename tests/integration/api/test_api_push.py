"""Browsers that subscribe to pushes, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select

from orchestrator.audit import service as audit
from orchestrator.push.models import PushDeliveryModel, PushSubscriptionModel
from orchestrator.push.places import Places, PushWays
from orchestrator.push.service import MOST_PER_USER
from orchestrator.push.vapid import Vapid
from tests.fakes.push_service import Browser
from tests.integration.api.world import KEY, OTHER, OWNER, World, open_world, problem_of

PUSH = "/api/v1/push"
SUBSCRIPTIONS = f"{PUSH}/subscriptions"
ADDRESSES = {"push.example": "142.250.1.1", "within.example": "10.0.0.1"}


async def look_up(host: str, port: int) -> list[str]:
    return [ADDRESSES[host]] if host in ADDRESSES else []


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, push=PushWays(Places((), look_up), "mailto:me@example.com")) as world:
        yield world


def browser(name: str = "one") -> Browser:
    return Browser(f"https://push.example/send/{name}")


async def test_the_key_is_told_and_nothing_more(world: World) -> None:
    told = (await world.client.get(f"{PUSH}/key")).json()
    assert told["key"] == Vapid.of(KEY).public
    assert set(told) == {"key", "kinds", "contact"}
    assert told["contact"] == "mailto:me@example.com"
    problem_of(await world.client_of(None).get(f"{PUSH}/key"), 401)


async def test_a_browser_subscribes_changes_its_mind_and_leaves(world: World) -> None:
    one = browser()
    made = await world.client.post(SUBSCRIPTIONS, json=one.told(name="Firefox"))
    assert made.status_code == 201
    assert made.json()["kinds"] == sorted(("alerts", "halts", "entries_refused", "trades_closed", "bot_failed"))
    quiet = {"start": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"}
    again = await world.client.post(SUBSCRIPTIONS, json=one.told(kinds=["halts"], quiet=quiet))
    assert again.json()["id"] == made.json()["id"]
    (shown,) = (await world.client.get(SUBSCRIPTIONS)).json()["items"]
    assert (shown["kinds"], shown["quiet"], shown["problem"]) == (["halts"], quiet, None)
    assert one.endpoint not in str(shown)
    assert one.told()["keys"]["auth"] not in str(shown)
    assert (await world.client.delete(f"{SUBSCRIPTIONS}/{shown['id']}")).status_code == 204
    problem_of(await world.client.delete(f"{SUBSCRIPTIONS}/{shown['id']}"), 404, "not_found")
    async with world.rig.database.read() as session:
        acts = (await audit.list_(session, limit=5, subject=f"user/{OWNER}")).items
    assert [act.action for act in acts] == ["push.unsubscribe", "push.subscribe"]
    assert one.endpoint not in str([(act.before, act.after) for act in acts])


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/1", "https://within.example/1", "https://nowhere.example/1", "https://127.0.0.1/1",
        "https://push.example:22/1", "file:///etc/passwd", "https://push.example@within.example/1",
    ],
)  # fmt: skip
async def test_endpoints_that_lead_within_are_refused_alike(world: World, endpoint: str) -> None:
    told = problem_of(await world.client.post(SUBSCRIPTIONS, json=Browser(endpoint).told()), 422, "invalid_spec")
    assert told["params"]["field"] == "endpoint"
    assert "push service" in told["detail"]
    assert (await world.client.get(SUBSCRIPTIONS)).json()["items"] == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"keys": {"p256dh": "AAAA", "auth": "AAAA"}}, "keys"),
        ({"quiet": {"start": "22:00", "end": "22:00", "time_zone": "UTC"}}, "quiet"),
        ({"quiet": {"start": "22:00", "end": "07:00", "time_zone": "Mars/Base"}}, "quiet"),
        ({"quiet": {"start": "22:00", "end": "07:00", "time_zone": "../../etc/passwd"}}, "quiet"),
        ({"kinds": ["everything"]}, "kinds.0"),
    ],
)
async def test_what_no_browser_says_is_refused(world: World, changed: dict[str, object], field: str) -> None:
    told = problem_of(await world.client.post(SUBSCRIPTIONS, json=browser().told() | changed), 422, "invalid_spec")
    assert told["params"]["field"] == field


async def test_a_browser_belongs_to_who_signed_in_there_last(world: World) -> None:
    one, other = browser(), world.client_of(OTHER)
    first = (await world.client.post(SUBSCRIPTIONS, json=one.told())).json()["id"]
    problem_of(await other.delete(f"{SUBSCRIPTIONS}/{first}"), 404, "not_found")
    assert (await other.get(SUBSCRIPTIONS)).json()["items"] == []
    problem_of(await other.post(f"{PUSH}/test", json={"subscription_id": first}), 404, "not_found")
    assert (await other.post(SUBSCRIPTIONS, json=one.told())).status_code == 201
    assert (await world.client.get(SUBSCRIPTIONS)).json()["items"] == []
    async with world.rig.database.read() as session:
        (row,) = (await session.exec(select(PushSubscriptionModel))).all()
    assert (row.owner_id, row.session_id) == (OTHER, f"session-{OTHER}")


async def test_a_user_has_so_many_browsers_and_no_more(world: World) -> None:
    for number in range(MOST_PER_USER):
        answer = await world.client.post(SUBSCRIPTIONS, json=browser(str(number)).told())
        assert answer.status_code == 201
    problem_of(await world.client.post(SUBSCRIPTIONS, json=browser("more").told()), 403, "quota_exceeded")
    assert (await world.client.post(SUBSCRIPTIONS, json=browser("0").told())).status_code == 201


async def test_a_try_is_queued_once_for_each_browser(world: World) -> None:
    ids = [(await world.client.post(SUBSCRIPTIONS, json=browser(name).told())).json()["id"] for name in ("one", "two")]
    for _ in range(2):
        assert (await world.client.post(f"{PUSH}/test", json={"subscription_id": ids[0]})).json() == {"queued": 1}
    assert (await world.client.post(f"{PUSH}/test", json={})).json() == {"queued": 2}
    async with world.rig.database.read() as session:
        rows = (await session.exec(select(PushDeliveryModel))).all()
    assert sorted(row.subscription_id for row in rows) == sorted(ids)
