"""Policies over the API: written whole, in versions, under guardrails, and seen before they hold."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from orchestrator.bots.models import BotStatusModel
from orchestrator.policies import service as policies
from orchestrator.policies.subjects import default_of
from pool.contract.snapshots import BotSnapshot, OpenTrade
from tests.fakes.fake_agent import snapshot
from tests.integration.api.test_api_pools import ADMIN, admin, audited
from tests.integration.api.world import OTHER, OWNER, World, problem_of
from tests.support import eventually

__all__ = ["admin"]
DEFAULT = "/api/v1/policies/default"
HOURS = "limits.trading_hours.0"
GUARDRAILS = "/api/v1/policies/guardrails"
STOP = {"hard_stop": {"distance": "0.1"}}


def with_trade(rate: str, *, is_short: bool = False, hours: int = 1) -> BotSnapshot:
    """A bot with one trade that was opened at 100."""
    trade = OpenTrade(
        trade_id=7,
        pair="BTC/USDT",
        base_currency="BTC",
        is_short=is_short,
        amount=Decimal(10),
        stake_amount=Decimal(1000),
        open_rate=Decimal(100),
        current_rate=Decimal(rate),
        stop_rate=None,
        profit_abs=Decimal(0),
        profit_ratio=Decimal(0),
        realised_abs=Decimal(0),
        value_stake=Decimal(1000),
        opened_at=datetime.now(UTC) - timedelta(hours=hours),
        has_open_orders=False,
        entry_tag=None,
    )
    return snapshot().model_copy(update={"open_trades": [trade]})


async def holds(world: World, bot_id: str, told: BotSnapshot) -> None:
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(BotStatusModel, bot_id)).snapshot = told.model_dump(mode="json")


async def put(client: httpx.AsyncClient, body: Any, path: str = DEFAULT, **params: Any) -> dict[str, Any]:
    answer = await client.put(path, json=body, params=params)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_document_is_kept_in_versions_with_who_and_why(world: World, admin: httpx.AsyncClient) -> None:
    nothing = await world.client.get(DEFAULT)
    assert (nothing.json()["version"], nothing.json()["document"], nothing.headers["etag"]) == (0, {}, '"0"')
    written = await put(world.client, STOP, reason="Calm.")
    assert (written["version"], written["by"], written["reason"]) == (1, OWNER, "Calm.")
    me = (await world.client.get("/api/v1/auth/me")).json()
    assert written["by_name"] == (await world.client.get(DEFAULT)).json()["by_name"] == me["username"]
    assert written["document"] == {"schema_version": 1, **STOP}
    assert (await put(world.client, written["document"]))["version"] == 1, "what was read can be put back"
    other = {"hard_stop": {"distance": 0.05}}
    changed = await world.client.put(DEFAULT, json=other, headers={"If-Match": '"1"'})
    assert changed.headers["etag"] == '"2"'
    stale = await world.client.put(DEFAULT, json=STOP, headers={"If-Match": '"1"'})
    assert problem_of(stale, 412, "precondition_failed")["params"]["version"] == 2
    diff = await world.client.get(f"{DEFAULT}/diff", params={"from": 1, "to": 2})
    assert diff.json()["changes"] == [{"path": "hard_stop.distance", "before": "0.1", "after": "0.05"}]
    back = await world.client.post(f"{DEFAULT}/revert", json={"version": 1, "reason": "Back."})
    assert (back.json()["version"], back.json()["reverted_from"]) == (3, 1)
    assert back.json()["document"] == written["document"]
    listed = (await world.client.get(f"{DEFAULT}/versions", params={"limit": 2})).json()
    assert [one["version"] for one in listed["items"]] == [3, 2]
    assert listed["next"] is not None
    problem_of(await world.client.post(f"{DEFAULT}/revert", json={"version": 9}), 404, "not_found")
    problem_of(await world.client.get(f"{DEFAULT}/diff", params={"from": 1, "to": 9}), 404, "not_found")
    rows = await audited(admin, subject=f"user/{OWNER}")
    assert [row["action"] for row in rows] == ["policy.default_revert", "policy.default_put", "policy.default_put"]


async def test_of_two_who_change_at_once_both_hold_one_after_the_other(world: World) -> None:
    bodies = [{"hard_stop": {"distance": f"0.{number}"}} for number in range(1, 6)]
    answers = await asyncio.gather(*(put(world.client, body) for body in bodies))
    assert sorted(one["version"] for one in answers) == [1, 2, 3, 4, 5]
    raced = await asyncio.gather(
        *(world.client.put(DEFAULT, json={}, headers={"If-Match": '"5"'}, params={"reason": str(n)}) for n in range(3)),
        world.client.put(DEFAULT, json=STOP, headers={"If-Match": '"5"'}),
    )
    assert {answer.status_code for answer in raced} == {200, 412}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"take_profit": {"levels": [{"profit": "0.05"}, {"profit": "0.02"}]}}, "take_profit.levels.1.profit"),
        (
            {"take_profit": {"levels": [{"profit": "0.1", "fraction": "0.7"}, {"profit": "0.2", "fraction": "0.7"}]}},
            "take_profit.levels.1.fraction",
        ),
        ({"take_profit": {"levels": [{"profit": "-1"}]}}, "take_profit.levels.0.profit"),
        ({"take_profit": {"levels": []}}, "take_profit.levels"),
        ({"trailing_stop": {"activation": "0.02", "distance": "0.05"}}, "trailing_stop.distance"),
        ({"stop_everything": True}, "stop_everything"),
        ({"hard_stop": {"distance": "0.1", "typo": 1}}, "hard_stop.typo"),
        ({"schema_version": 2}, "schema_version"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"sizing": {"method": "risk", "ratio": "2"}}, "sizing.ratio"),
        ({"sizing": {"method": "fixed"}}, "sizing.amount"),
        ({"sizing": {"ratio": "0.1"}}, "sizing.method"),
        ({"limits": {"trading_hours": [{"days": ["mon"], "start": "09:00Z", "end": "17:00"}]}}, HOURS + ".start"),
        ({"hard_stop": {"distance": "NaN"}}, "hard_stop.distance"),
        ({"emergency": {"pair": "btc", "ratio": "0.1", "minutes": 5}}, "emergency.pair"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_kept(world: World, body: dict[str, Any], field: str) -> None:
    for refused in (
        await world.client.put(DEFAULT, json=body),
        await world.client.post(f"{DEFAULT}/preview", json=body),
    ):
        told = problem_of(refused, 422, "invalid_spec")["params"]
        assert [one["field"] for one in told["errors"]] == [told["field"]] == [field]
    if "emergency" in body:
        assert "must be a pair such as BTC/USDT" in refused.json()["detail"]
    if "schema_version" in body:
        assert "does not know newer documents" in refused.json()["detail"]
    assert (await world.client.get(DEFAULT)).json()["version"] == 0


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"hard_stop": {"distance": "0.1", "distance": "0.9"}}', "'distance' is given twice"),
        ('{"hard_stop": {"distance": NaN}}', "NaN is no number in JSON"),
        ('{"time_exit": {"after_minutes": %s}}' % ("9" * 5000), "a number has 5000 digits"),
    ],
)
async def test_what_is_no_json_or_says_two_things_is_refused(world: World, body: str, told: str) -> None:
    refused = await world.client.put(DEFAULT, content=body, headers={"Content-Type": "application/json"})
    assert told in problem_of(refused, 400, "malformed_body")["detail"]
    assert (await world.client.get(DEFAULT)).json()["version"] == 0


async def test_a_bot_has_a_policy_of_its_own_until_it_is_deleted(world: World) -> None:
    bot_id = await world.placed()
    path = f"/api/v1/policies/bots/{bot_id}"
    assert (await world.client.get(path)).json()["document"] is None
    await put(world.client, {**STOP, "time_exit": {"after_minutes": 60}})
    own = {"time_exit": None, "limits": {"cool_down": {"after_loss_minutes": 5}}}
    assert (await put(world.client, own, path))["document"] == {"schema_version": 1, **own}
    diff = (await world.client.get(f"{path}/diff", params={"from": 0, "to": 1})).json()["changes"]
    assert {"path": "time_exit", "before": None, "after": "off"} in diff
    found = (await world.client.get(f"{path}/effective")).json()
    assert found["label"] == "1.1.0"
    assert found["document"]["time_exit"] is None
    assert {found["sources"][at] for at in ("time_exit", "limits.cool_down.after_loss_minutes")} == {"override"}
    assert found["sources"]["hard_stop.distance"] == "default"
    assert (found["fingerprint_in_force"], found["in_force"]) == (None, None)
    refused = await world.client.put(path, json={"limits": {"open_trades": 5}})
    assert problem_of(refused, 422)["params"]["field"] == "limits.open_trades"
    gone = await world.client.delete(path, params={"reason": "As the others."})
    assert (gone.json()["version"], gone.json()["document"]) == (2, None)
    assert (await world.client.get(f"{path}/effective")).json()["label"] == "1.2.0"
    for method in ("GET", "PUT", "DELETE"):
        refused = await world.client_of(OTHER).request(method, path, json={} if method == "PUT" else None)
        problem_of(refused, 404, "not_found")


async def test_a_bot_tells_which_policy_it_is_to_keep_and_keeps(world: World) -> None:
    bot_id = (await world.create())["id"]
    bot = f"/api/v1/bots/{bot_id}"
    assert (await world.client.get(bot)).json()["policy"] is None
    await put(world.client, STOP)
    wanted = (await world.client.get(f"/api/v1/policies/bots/{bot_id}/effective")).json()
    async with world.rig.running():

        async def kept() -> bool:
            told = (await world.client.get(bot)).json()["policy"]
            return bool(told["in_force"])

        await eventually(kept)
    told = (await world.client.get(bot)).json()["policy"]
    assert told == {
        "label": "1.0.0",
        "fingerprint": wanted["fingerprint"],
        "fingerprint_in_force": wanted["fingerprint"],
        "in_force": True,
    }
    await put(world.client, {})
    told = (await world.client.get(bot)).json()["policy"]
    assert (told["label"], told["in_force"]) == ("2.0.0", False)
    assert [one["policy"] for one in (await world.client.get("/api/v1/bots")).json()["items"]] == [told]


async def test_guardrails_bind_everybody_at_once(world: World, admin: httpx.AsyncClient) -> None:
    for method in ("GET", "PUT"):
        refused = await world.client.request(method, GUARDRAILS, json={} if method == "PUT" else None)
        problem_of(refused, 403, "not_allowed")
    await put(world.client, STOP)
    set_by = await put(admin, {"hard_stop_at_most": "0.05", "daily_loss_at_most": "0.02"}, GUARDRAILS, reason="Rules.")
    assert (set_by["version"], set_by["by"]) == (1, ADMIN)
    found = (await world.client.get(f"{DEFAULT}/effective")).json()
    assert (found["label"], found["document"]["hard_stop"]["distance"]) == ("1.0.1", "0.05")
    assert found["sources"]["hard_stop.distance"] == found["sources"]["loss_limits.0.ratio"] == "guardrail"
    loose = {"hard_stop": {"distance": "0.2"}, "loss_limits": [{"scope": "user", "window": "daily", "ratio": "0.5"}]}
    told = problem_of(await world.client.put(DEFAULT, json=loose), 422, "invalid_spec")
    assert [one["field"] for one in told["params"]["errors"]] == ["hard_stop.distance", "loss_limits.0.ratio"]
    revert = await world.client.post(f"{DEFAULT}/revert", json={"version": 1})
    problem_of(revert, 422, "invalid_spec")
    dialled = (await world.client.post("/api/v1/policies/dial", json={"dial": 100})).json()
    assert "hard_stop.distance" in [one["field"] for one in dialled["refused"]]


async def test_what_would_close_trades_at_once_must_be_confirmed(world: World, admin: httpx.AsyncClient) -> None:
    bot_id = await world.placed("trend-1")
    await holds(world, bot_id, with_trade("92"))
    near = {"hard_stop": {"distance": "0.05"}}
    seen = (await world.client.post(f"{DEFAULT}/preview", json=near)).json()
    (trade,) = seen["trades"]
    assert (seen["closes_at_once"], trade["bot_id"], trade["pair"]) == (1, bot_id, "BTC/USDT")
    assert (trade["closes_at_once"]["rule"], trade["stop_after"]["rate"]) == ("hard_stop", "95")
    assert (await world.client.get(DEFAULT)).json()["version"] == 0, "a preview changes nothing"
    refused = problem_of(await world.client.put(DEFAULT, json=near), 409, "conflict")
    assert (refused["params"]["field"], refused["params"]["count"]) == ("confirm", 1)
    assert refused["params"]["trades"] == [trade]
    own = f"/api/v1/policies/bots/{bot_id}"
    problem_of(await world.client.put(own, json=near), 409, "conflict")
    problem_of(await admin.put(GUARDRAILS, json={"hard_stop_at_most": "0.05"}), 409, "conflict")
    assert (await put(world.client, near, confirm=True))["version"] == 1
    assert (await put(world.client, {"hard_stop": {"distance": "0.02"}}))["version"] == 2, "it closes anyhow"
    await put(world.client, {}, confirm=True)
    problem_of(await world.client.post(f"{DEFAULT}/revert", json={"version": 1}), 409, "conflict")


async def test_a_stop_by_range_goes_by_what_bots_told_and_is_confirmed_where_nobody_knows(world: World) -> None:
    told = with_trade("92")
    ranged = told.open_trades[0].model_copy(update={"atr": {14: Decimal(2)}})
    await holds(world, await world.placed("trend-1"), told.model_copy(update={"open_trades": [ranged]}))

    wide, near = ({"hard_stop": {"atr_multiple": multiple}} for multiple in ("5", "3"))
    (trade,) = (await world.client.post(f"{DEFAULT}/preview", json=wide)).json()["trades"]
    assert (trade["stop_after"]["rate"], trade["closes_at_once"], trade["unknown"]) == ("90", None, [])
    assert (await put(world.client, wide))["version"] == 1
    problem_of(await world.client.put(DEFAULT, json=near), 409, "conflict")

    unknown = {"trailing_stop": {"atr_multiple": "5", "atr_period": 20}}
    (trade,) = (await world.client.post(f"{DEFAULT}/preview", json=unknown)).json()["trades"]
    assert (trade["closes_at_once"], trade["unknown"]) == (None, ["trailing_stop"])
    refused = problem_of(await world.client.put(DEFAULT, json=unknown), 409, "conflict")
    assert "perhaps by trailing_stop" in refused["detail"]
    assert (await put(world.client, unknown, confirm=True))["version"] == 2


async def test_a_preview_tells_of_shorts_levels_and_limits_that_are_exceeded(world: World) -> None:
    for name, told in (("long", with_trade("102")), ("short", with_trade("98", is_short=True))):
        await holds(world, await world.placed(name), told)
    body = {
        "take_profit": {"levels": [{"profit": "0.04", "fraction": "0.5"}, {"profit": "0.1"}]},
        "hard_stop": {"distance": "0.1"},
        "limits": {"open_trades": 1, "asset_exposure": "0.5"},
    }
    seen = (await world.client.post(f"{DEFAULT}/preview", json=body)).json()
    stops = {one["bot"]: (one["stop_before"]["rate"], one["stop_after"]["rate"]) for one in seen["trades"]}
    assert stops == {"long": (None, "90"), "short": (None, "110")}
    levels = {one["bot"]: (one["next_after"]["level"], one["next_after"]["amount"]) for one in seen["trades"]}
    assert levels == {"long": (1, "5"), "short": (1, "5")}
    assert [(one["mode"], one["limit"], one["subject"], one["used"]) for one in seen["exceeded"]] == [
        ("dry", "limits.open_trades", "", "2"),
        ("dry", "limits.asset_exposure", "BTC", "1.0000"),
    ]
    assert {one["path"] for one in seen["changes"]} >= {"hard_stop.distance", "limits.open_trades"}
    assert await put(world.client, body), "nothing is closed, so nothing is to be confirmed"


async def test_a_dial_is_shown_and_applied_only_by_putting_it(world: World) -> None:
    presets = (await world.client.get("/api/v1/policies/presets")).json()["items"]
    assert {one["name"] for one in presets} >= {"conservative", "balanced", "aggressive"}
    await put(world.client, {"time_zone": "Europe/Berlin"})
    by_name = (await world.client.post("/api/v1/policies/dial", json={"preset": "balanced"})).json()
    by_number = (await world.client.post("/api/v1/policies/dial", json={"dial": 50})).json()
    assert by_name == by_number
    assert by_name["document"]["time_zone"] == "Europe/Berlin"
    assert "hard_stop.distance" in [one["path"] for one in by_name["changes"]]
    assert (await world.client.get(DEFAULT)).json()["version"] == 1
    assert (await put(world.client, by_name["document"]))["version"] == 2
    for body in (
        {},
        {"dial": 101},
        {"dial": 1, "preset": "balanced"},
        {"preset": "yolo"},
        {"dial": 1, "time_zone": "X"},
    ):
        problem_of(await world.client.post("/api/v1/policies/dial", json=body), 422, "invalid_spec")


async def test_administrators_act_for_others_and_nobody_else_does(world: World, admin: httpx.AsyncClient) -> None:
    written = await put(admin, STOP, user=OWNER)
    assert (written["user_id"], written["by"]) == (OWNER, ADMIN)
    assert (await world.client.get(DEFAULT)).json()["version"] == 1
    bot_id = await world.placed()
    await put(admin, {"hard_stop": None}, f"/api/v1/policies/bots/{bot_id}")
    assert (await world.client.get(f"/api/v1/policies/bots/{bot_id}")).json()["by"] == ADMIN
    problem_of(await world.client.get(DEFAULT, params={"user": OTHER}), 403, "not_allowed")
    problem_of(await admin.get(DEFAULT, params={"user": "nobody"}), 404, "not_found")
    assert (await world.client.get(DEFAULT, params={"user": OWNER})).json()["version"] == 1


async def test_what_a_newer_flotilla_wrote_is_told_as_such_and_can_be_replaced(world: World) -> None:
    await put(world.client, STOP)
    async with world.rig.database.unit_of_work() as session:
        (row,) = (await policies.versions(session, default_of(OWNER), limit=1)).items
        row.document = {"schema_version": 99}
        session.add(row)
    refused = problem_of(await world.client.get(f"{DEFAULT}/effective"), 409, "conflict")
    assert "newer Flotilla" in refused["detail"]
    assert (await world.client.get(DEFAULT)).json()["document"] == {"schema_version": 99}
    assert (await put(world.client, STOP, confirm=True))["version"] == 2
