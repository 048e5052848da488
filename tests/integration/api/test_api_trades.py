"""Trades over the API: open ones with the levels in force, closed ones as bots told them, within the caller's reach."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from orchestrator.bots.models import BotEventModel, BotModel, BotStatusModel
from orchestrator.kit.clock import utc_now
from orchestrator.portfolio import trades
from pool.contract.snapshots import BotSnapshot, OpenTrade, TradeMarks
from tests.fakes.fake_agent import snapshot
from tests.integration.api.test_api_pools import admin
from tests.integration.api.test_api_sharing import other, share
from tests.integration.api.world import OTHER, World, problem_of
from tests.unit.orchestrator.test_status import slot
from tests.unit.portfolio.builders import trade

__all__ = ["admin", "other"]
TRADES = "/api/v1/trades"
D = Decimal
EXIT = {
    "trade_id": 3, "exchange": "Binance", "pair": "ETH/USDT", "leverage": "1.0", "direction": "Long", "gain": "loss",
    "amount": "0.03", "open_rate": "3330.03", "close_rate": "3305.44", "current_rate": None,
    "profit_amount": "-0.9", "profit_ratio": "-0.009", "enter_tag": "pullback", "exit_reason": "trend_over",
    "open_date": "2026-11-22T06:08:01.782057+00:00", "close_date": "2026-11-22T06:16:01.671000+00:00",
    "stake_amount": "99.9009", "stake_currency": "USDT", "sub_trade": False, "cumulative_profit": "-0.4",
    "final_profit_ratio": "-0.004", "is_final_exit": True,
}  # fmt: skip


async def holds(
    world: World, bot_id: str, *held: OpenTrade, mode: str = "dry", policy: str | None = None, pid: int | None = 1
) -> datetime:
    """The bot told of these trades just now, and that it keeps the policy of this fingerprint; when that was."""
    told: BotSnapshot = snapshot().model_copy(update={"open_trades": list(held), "mode": mode})
    at = utc_now()
    async with world.rig.database.unit_of_work() as session:
        status = await session.get_one(BotStatusModel, bot_id)
        status.snapshot, status.snapshot_at = told.model_dump(mode="json"), at
        status.slot = slot().model_copy(update={"bot_id": bot_id, "policy": policy, "pid": pid}).model_dump(mode="json")
    return at


async def closed(world: World, bot_id: str, *told: dict[str, Any]) -> None:
    async with world.rig.database.unit_of_work() as session:
        session.add_all(
            BotEventModel(
                bot_id=bot_id, run_id=f"run-{number}-{utc_now().timestamp()}", origin="bot", seq=number, at=utc_now(),
                type="trade.exit_fill", data=data,
            )
            for number, data in enumerate(told)
        )  # fmt: skip


async def listed(client: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    """All pages."""
    items: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        answer = await client.get(TRADES, params=params | after)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        items += body["items"]
        assert len(body["items"]) <= int(params.get("limit", 50))
        if body["next"] is None:
            return items
        after = {"after": body["next"]}


def keys(items: Sequence[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return [(one["state"], one["bot"], one["trade_id"]) for one in items]


async def test_an_open_trade_is_told_as_its_bot_told_it_with_its_levels(world: World) -> None:
    bot_id = await world.placed()
    document = {
        "take_profit": {"levels": [{"profit": "0.02", "fraction": "0.5"}, {"profit": "0.04"}]},
        "trailing_stop": {"distance": "0.02", "activation": "0.03"},
        "break_even": {"trigger": "0.01", "offset": "0.002"},
        "hard_stop": {"distance": "0.1"},
        "time_exit": {"after_minutes": 60},
    }
    assert (await world.client.put("/api/v1/policies/default", json=document)).status_code == 200
    wanted = (await world.client.get(f"/api/v1/bots/{bot_id}")).json()["policy"]
    marks = TradeMarks(
        best_rate=D("102.5"), best_open_rate=D(100), stop_rate=D("100.2"), stop_rule="break_even",
        hard_stop_rate=D(90), break_even_rate=D("100.2"),
    )  # fmt: skip
    held = trade(
        trade_id=7, amount="5", rate="101.5", open_rate=D(100), amount_entered=D(10), ladder_closed=D(5), marks=marks,
        stop_rate=D("95.5"), profit_abs=D("7.5"), profit_ratio=D("0.015"), realised_abs=D(10), entry_tag="breakout",
        leverage=D(1), stake_amount=D(500),
    )  # fmt: skip
    at = await holds(world, bot_id, held, policy=wanted["fingerprint"])
    (told,) = await listed(world.client, bot_id=bot_id)
    levels = told.pop("levels")
    assert datetime.fromisoformat(told.pop("reported_at")) == at
    assert datetime.fromisoformat(told.pop("opened_at")) == held.opened_at
    assert told == {
        "state": "open", "bot_id": bot_id, "bot": "one", "trading": "dry", "trade_id": 7, "pair": "BTC/USDT",
        "is_short": False, "leverage": "1", "currency": "USDT", "amount": "5", "stake": "500", "open_rate": "100",
        "current_rate": "101.5", "profit": "7.5", "profit_ratio": "0.015", "realised": "10", "close_rate": None,
        "closed_at": None, "exit_reason": None, "entry_tag": "breakout", "has_open_orders": False,
    }  # fmt: skip
    assert (levels["policy"], levels["in_force"]) == (wanted["label"], True)
    assert levels["own_stop_rate"] == "95.5"
    assert levels["stop"] == levels["universal_stop"]
    assert levels["stop"] == {"rate": "100.2", "rule": "break_even", "profit_ratio": "0.002"}
    assert [(one["level"], one["rate"], one["amount"], one["done"]) for one in levels["ladder"]] == [
        (1, "102", "0", True), (2, "104", "5", False),
    ]  # fmt: skip
    assert levels["trailing"] == {
        "active": False, "activation_profit_ratio": "0.03", "activation_rate": "103", "best_rate": "102.5",
        "stop_rate": None,
    }  # fmt: skip
    assert (levels["break_even"]["trigger_rate"], levels["break_even"]["stop_rate"]) == ("101", "100.2")
    assert levels["hard_stop"] == {"stop_rate": "90"}
    assert datetime.fromisoformat(levels["time_exit"]["at"]) == held.opened_at + timedelta(minutes=60)


async def test_levels_say_whether_the_bot_keeps_their_policy(world: World) -> None:
    bot_id = await world.placed()
    marks = TradeMarks(stop_rate=D(95), stop_rule="hard_stop", hard_stop_rate=D(95))

    async def told() -> tuple[str | None, bool, Any]:
        ((levels),) = [one["levels"] for one in await listed(world.client, bot_id=bot_id)]
        return levels["policy"], levels["in_force"], levels["universal_stop"] and levels["universal_stop"]["rate"]

    await holds(world, bot_id, trade(marks=marks))
    assert await told() == (None, True, None), "nobody wrote any, it keeps none: what is remembered is left over"
    assert (await world.client.put("/api/v1/policies/default", json={"hard_stop": {"distance": "0.1"}})).is_success
    await holds(world, bot_id, trade(marks=marks), policy="of-before")
    assert await told() == ("1.0.0", False, "95"), "it is about to take the new one over, and keeps its stop until then"
    wanted = (await world.client.get(f"/api/v1/bots/{bot_id}")).json()["policy"]["fingerprint"]
    await holds(world, bot_id, trade(marks=marks), policy=wanted)
    assert await told() == ("1.0.0", True, "95")
    await holds(world, bot_id, trade(marks=marks), policy=wanted, pid=None)
    assert await told() == ("1.0.0", False, "95"), "no process is there to keep it"


async def test_a_closed_trade_is_told_by_its_last_exit(world: World) -> None:
    bot_id = await world.placed()
    await closed(world, bot_id, EXIT | {"sub_trade": True, "is_final_exit": False}, EXIT)
    (told,) = await listed(world.client, bot_id=bot_id, state="closed")
    assert datetime.fromisoformat(told.pop("closed_at")) == datetime.fromisoformat(str(EXIT["close_date"]))
    assert datetime.fromisoformat(told.pop("opened_at")) == datetime.fromisoformat(str(EXIT["open_date"]))
    assert told.pop("reported_at")
    assert told == {
        "state": "closed", "bot_id": bot_id, "bot": "one", "trading": "dry", "trade_id": 3, "pair": "ETH/USDT",
        "is_short": False, "leverage": "1.0", "currency": "USDT", "amount": "0.03", "stake": "99.9009",
        "open_rate": "3330.03", "current_rate": None, "profit": "-0.4", "profit_ratio": "-0.004", "realised": "-0.4",
        "close_rate": "3305.44", "exit_reason": "trend_over", "entry_tag": "pullback", "has_open_orders": None,
        "levels": None,
    }  # fmt: skip


async def test_what_a_message_does_not_tell_is_null_and_what_tells_of_no_trade_is_none(world: World) -> None:
    bot_id = await world.placed()
    wanted = ("trade_id", "pair", "open_date", "close_date", "is_final_exit")
    bare = {name: EXIT[name] for name in wanted} | {"direction": "Short"}
    junk: list[dict[str, Any]] = [
        {}, EXIT | {"is_final_exit": "true"}, EXIT | {"close_date": "never"}, EXIT | {"open_rate": "NaN"},
        EXIT | {"trade_id": None},
    ]  # fmt: skip
    await closed(world, bot_id, *junk, bare)
    (told,) = await listed(world.client, state="closed")
    assert told["is_short"] is True
    nulls = ("leverage", "currency", "amount", "stake", "open_rate", "profit", "profit_ratio", "close_rate")
    assert {told[name] for name in nulls} == {None}


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 200])
async def test_pages_hold_every_trade_once_open_ones_first_and_closed_ones_newest_first(
    world: World, limit: int
) -> None:
    first, second, third = [await world.placed(name) for name in ("a", "b", "c")]
    await holds(world, first, trade(trade_id=2), trade(trade_id=1))
    await holds(world, second)
    await holds(world, third, trade(trade_id=9))
    partial = EXIT | {"is_final_exit": False}
    await closed(world, first, EXIT | {"trade_id": 4}, partial, partial)
    await closed(world, third, partial, EXIT | {"trade_id": 5}, partial, EXIT | {"trade_id": 6})
    opened = [("open", "a", 1), ("open", "a", 2), ("open", "c", 9)]
    ended = [("closed", "c", 6), ("closed", "c", 5), ("closed", "a", 4)]
    assert keys(await listed(world.client, state="open", limit=limit)) == opened
    assert keys(await listed(world.client, state="closed", limit=limit)) == ended
    assert keys(await listed(world.client, state="all", limit=limit)) == opened + ended
    assert keys(await listed(world.client, state="all", limit=limit, bot_id=first)) == [*opened[:2], ended[2]]
    assert keys(await listed(world.client, state="all", limit=limit, bot_id=second)) == []


async def test_a_page_looks_at_so_many_events_and_goes_on_behind_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trades, "_MOST_SCANNED", 3)
    bot_id = await world.placed()
    await closed(world, bot_id, EXIT, *[EXIT | {"is_final_exit": False}] * 9)
    first = (await world.client.get(TRADES, params={"state": "closed", "limit": 2})).json()
    assert first["items"] == []
    assert first["next"] is not None
    assert len(await listed(world.client, state="closed", limit=2)) == 1


async def test_readings_that_cannot_be_believed_are_left_out(world: World) -> None:
    bot_id = await world.placed()
    rule = {"break_even": {"trigger": "0.02"}}
    assert (await world.client.put("/api/v1/policies/default", json=rule)).is_success
    await holds(world, bot_id, trade(), mode="live")
    assert await listed(world.client) == [], "a bot is dry for good: that is another's"
    await holds(world, bot_id, trade(amount="1E+30"))
    assert await listed(world.client) == []
    await holds(world, bot_id, trade(fee_close=D(1)))
    (told,) = await listed(world.client)
    assert told["levels"]["break_even"]["trigger_rate"] is None, "no price brings it a profit"
    await holds(world, bot_id, trade(amount=D(0)))
    (told,) = await listed(world.client)
    assert told["levels"] is None, "no figure of it can be computed"
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(BotStatusModel, bot_id)).snapshot = {"open_trades": [{"nonsense": 1}]}
    assert await listed(world.client) == []


async def test_deleted_bots_have_no_trades(world: World) -> None:
    bot_id = await world.placed()
    await holds(world, bot_id, trade())
    await closed(world, bot_id, EXIT)
    assert len(await listed(world.client, state="all")) == 2
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(BotModel, bot_id)).deleted_at = utc_now()
    assert await listed(world.client, state="all") == []
    problem_of(await world.client.get(TRADES, params={"bot_id": bot_id}), 404)


async def test_trades_are_seen_by_whoever_sees_the_bot(
    world: World, other: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    bot_id, second = await world.placed(), await world.placed("two")
    for one in (bot_id, second):
        await holds(world, one, trade())
        await closed(world, one, EXIT)
    assert (await world.client.put("/api/v1/policies/default", json={"hard_stop": {"distance": "0.1"}})).is_success
    for client in (other, admin):
        assert await listed(client, state="all") == []
    problem_of(await other.get(TRADES, params={"bot_id": bot_id}), 404)
    assert len(await listed(admin, state="all", bot_id=bot_id)) == 2, "an administrator reaches every bot"
    await share(world.client, OTHER, "view", bot_id)
    for params in ({}, {"bot_id": bot_id}):
        found = await listed(other, state="all", **params)
        assert keys(found) == [("open", "one", 1), ("closed", "one", 3)]
        assert found[0]["levels"]["hard_stop"] is not None
    problem_of(await other.get(TRADES, params={"bot_id": second}), 404)
    async with world.client_of(None) as nobody:
        problem_of(await nobody.get(TRADES), 401)


async def test_a_token_for_a_single_bot_sees_the_trades_of_that_one(world: World) -> None:
    bot_id, second = await world.placed(), await world.placed("two")
    for one in (bot_id, second):
        await holds(world, one, trade())
        await closed(world, one, EXIT)
    made = await world.client.post("/api/v1/tokens", json={"name": "phone", "scopes": ["read"], "bot_ids": [bot_id]})
    assert made.status_code == 201, made.text
    async with world.client_of(None) as client:
        client.headers["Authorization"] = f"Bearer {made.json()['token']}"
        assert keys(await listed(client, state="all")) == [("open", "one", 1), ("closed", "one", 3)]
        problem_of(await client.get(TRADES, params={"bot_id": second}), 404)


async def test_a_cursor_of_another_list_is_refused(world: World) -> None:
    bot_id = await world.placed()
    await holds(world, bot_id, trade(trade_id=1), trade(trade_id=2))
    await closed(world, bot_id, EXIT, EXIT)
    opened = (await world.client.get(TRADES, params={"state": "open", "limit": 1})).json()["next"]
    ended = (await world.client.get(TRADES, params={"state": "closed", "limit": 1})).json()["next"]
    for state, after in (("closed", opened), ("open", ended), ("all", "nonsense"), ("open", "WyJib3QtMSJd")):
        answer = problem_of(await world.client.get(TRADES, params={"state": state, "after": after}), 422)
        assert answer["params"]["field"] == "after"
