"""The audit and the actions of rules over the API: each user's own, and whether it is whole."""

from datetime import UTC, datetime
from decimal import Decimal

import httpx
from sqlalchemy import text

from orchestrator.actions import service as actions
from pool.contract.events import Event, EventType
from pool.contract.risk import Action, Refusal
from tests.integration.api.test_api_pools import admin
from tests.integration.api.world import OTHER, OWNER, World, problem_of

__all__ = ["admin"]
AT = datetime(2026, 11, 21, 12, 0, 1, tzinfo=UTC)


async def test_a_user_sees_what_concerns_him_whoever_did_it(world: World, admin: httpx.AsyncClient) -> None:
    bot = await world.create()
    await admin.patch(f"/api/v1/users/{OWNER}/quotas", json={"max_bots": 5})
    await admin.post("/api/v1/pools/pool-a/cordon", json={})
    mine = (await world.client.get("/api/v1/audit")).json()["items"]
    assert [(row["action"], row["tenant"], row["sequence"]) for row in mine] == [
        ("user.quotas", OWNER, 3),
        ("bot.create", OWNER, 2),
        ("wallet.create", OWNER, 1),
    ]
    assert (mine[1]["subject"], mine[1]["subject_name"]) == (f"bot/{bot['id']}", bot["name"])
    assert (await world.client.get("/api/v1/audit", params={"tenant": OWNER})).json()["items"] == mine
    async with world.client_of(OTHER) as other:
        assert (await other.get("/api/v1/audit")).json()["items"] == []
        problem_of(await other.get("/api/v1/audit", params={"tenant": OWNER}), 403, "not_allowed")
        problem_of(await other.get("/api/v1/audit/verify", params={"tenant": OWNER}), 403, "not_allowed")
    problem_of(await admin.get("/api/v1/audit/verify", params={"tenant": "user-gone"}), 404, "not_found")
    everything = (await admin.get("/api/v1/audit")).json()["items"]
    assert {row["tenant"] for row in everything} == {OWNER, "fleet"}
    of_fleet = (await admin.get("/api/v1/audit", params={"tenant": "fleet"})).json()["items"]
    assert [row["action"] for row in of_fleet] == ["pool.cordon"]


async def test_the_audit_is_narrowed_by_act_and_time(world: World, admin: httpx.AsyncClient) -> None:
    await world.create()
    await admin.patch(f"/api/v1/users/{OWNER}/quotas", json={"max_bots": 5})
    rows = (await world.client.get("/api/v1/audit")).json()["items"]
    assert [row["action"] for row in rows] == ["user.quotas", "bot.create", "wallet.create"]

    async def acts(**params: str) -> list[str]:
        return [row["action"] for row in (await world.client.get("/api/v1/audit", params=params)).json()["items"]]

    assert await acts(action="bot.create") == ["bot.create"]
    assert await acts(action="bot") == ["bot.create"]
    assert await acts(action="bo") == await acts(action="b%") == await acts(action="create") == []
    latest = rows[0]["at"]
    before = [row["action"] for row in rows if row["at"] < latest]
    assert await acts(until=latest) == before
    assert await acts(since=latest) == [row["action"] for row in rows if row["at"] == latest]
    problem_of(await world.client.get("/api/v1/audit", params={"since": "2026-11-21T00:00:00"}), 422, "invalid_spec")


async def test_whether_it_is_whole_is_told_to_each_of_his_own(world: World, admin: httpx.AsyncClient) -> None:
    await world.create()
    await admin.post("/api/v1/pools/pool-a/cordon", json={})
    told = (await admin.get("/api/v1/audit/verify")).json()
    assert told["whole"] is True
    assert [(chain["tenant"], chain["rows"], chain["problem"]) for chain in told["chains"]] == [
        ("fleet", 1, None),
        (OWNER, 2, None),
        ("all", 3, None),
    ]
    last, _ = (await world.client.get("/api/v1/audit")).json()["items"]  # the bot's wallet was made before it
    (own,) = (await world.client.get("/api/v1/audit/verify")).json()["chains"]
    assert (own["tenant"], own["hash"], own["seal"]) == (OWNER, last["hash"], "sealed")
    engine = world.rig.database.engine.execution_options(flotilla_writes=True)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE audit SET action = 'bot.delete' WHERE action = 'bot.create'"))
    told = (await world.client.get("/api/v1/audit/verify")).json()
    assert told["whole"] is False
    problem = told["chains"][0]["problem"]
    assert (problem["sequence"], problem["id"]) == (2, last["id"])
    assert "was changed" in problem["message"]


async def test_actions_and_refusals_are_listed_to_their_owner_and_counted(
    world: World, admin: httpx.AsyncClient
) -> None:
    bot_id = await world.placed()
    action = Action(
        action_id="7-hard_stop", kind="close", stage="filled", rule="hard_stop", trade_id=7, pair="BTC/USDT",
        price_seen=Decimal("100"), fill_price=Decimal("99.5"), slippage_ratio=Decimal("0.005"), delay_seconds=0.3,
    )  # fmt: skip
    refusal = Refusal(pair="ETH/USDT", is_short=False, purpose="entry", limit="limits.open_trades", message="Full.")
    told = [(EventType.RISK_ACTION, action), (EventType.RISK_REFUSED, refusal)]
    events = [
        Event(
            bot_id=bot_id, run_id="r", origin="bot", seq=seq, epoch=1, at=AT, type=kind,
            data=one.model_dump(mode="json"),
        )
        for seq, (kind, one) in enumerate(told)
    ]  # fmt: skip
    async with world.rig.database.unit_of_work() as session:
        taken = await actions.take(session, events, {bot_id: OWNER})
    world.app.state.services.tally.count(taken)

    items = (await world.client.get("/api/v1/actions")).json()["items"]
    assert [(one["kind"], one["rule"], one["bot_id"]) for one in items] == [
        ("refused", "limits.open_trades", bot_id),
        ("close", "hard_stop", bot_id),
    ]
    bot = (await world.client.get(f"/api/v1/bots/{bot_id}")).json()
    assert {one["bot_name"] for one in items} == {bot["name"]}
    assert (items[1]["price_seen"], items[1]["fill_price"], items[1]["delay_seconds"]) == ("100", "99.5", "0.3")
    assert items[1]["stages"] == [
        {"stage": "filled", "at": "2026-11-21T12:00:01Z", "message": "", "client_order_id": None}
    ]
    for params, count in (
        ({"kind": "refused"}, 1), ({"rule": "hard_stop"}, 1), ({"trade": 7}, 1), ({"bot": "bot-none"}, 0),
        ({"since": "2026-11-21T13:00:00Z"}, 0), ({"limit": 1}, 1),
    ):  # fmt: skip
        assert len((await world.client.get("/api/v1/actions", params=params)).json()["items"]) == count, params
    page = (await world.client.get("/api/v1/actions", params={"limit": 1})).json()
    second = (await world.client.get("/api/v1/actions", params={"limit": 1, "after": page["next"]})).json()
    assert (second["items"], second["next"]) == ([items[1]], None)
    async with world.client_of(OTHER) as other:
        assert (await other.get("/api/v1/actions")).json()["items"] == []
    assert len((await admin.get("/api/v1/actions")).json()["items"]) == 2
    problem_of(await world.client.get("/api/v1/actions", params={"since": "yesterday"}), 422)
    problem_of(await world.client.get("/api/v1/actions", params={"kind": "anything"}), 422)

    figures = (await admin.get("/metrics")).text
    assert 'flotilla_rule_actions_total{rule="hard_stop",stage="filled"} 1.0' in figures
    assert 'flotilla_entries_refused_total{limit="limits.open_trades"} 1.0' in figures
    assert 'flotilla_action_delay_seconds_bucket{le="0.5",stage="filled"} 1.0' in figures
    assert 'flotilla_action_slippage_ratio_bucket{le="0.0025"} 0.0' in figures
    assert 'flotilla_action_slippage_ratio_bucket{le="0.005"} 1.0' in figures
