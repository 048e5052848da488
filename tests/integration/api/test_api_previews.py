"""Previews of bots: what they tell is what creating makes of the same body, or why it would not."""

import itertools
import random
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import func, select

from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.bots.previews import TYPICAL_BYTES
from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import PoolModel
from orchestrator.pools.placement import MEMORY_OF_A_BOT_BYTES, MEMORY_OF_A_POOL_BYTES
from orchestrator.templates.shown import DIRECTORY, HIDDEN
from tests.fakes.composed import composed
from tests.integration.api.test_api_strategies import kept, passing
from tests.integration.api.test_api_wallets import WALLETS, make
from tests.integration.api.world import OTHER, OWNER, POOL, World, problem_of
from tests.support import eventually

PREVIEW = "/api/v1/bots/preview"
CHANGES: list[dict[str, Any]] = [
    {"timeframe": "1h", "pairs": ["ETH/USDT", "SOL/USDT"], "parameters": {"ema_fast": 5.0, "stoploss": -0.04}},
    {"stake_amount": "12.345678901234567", "max_open_trades": 2},
    {"trading_mode": "futures", "margin_mode": "isolated"},
    {"exchange": "kraken"},
    {"template": "breakout"},
    {"template": None},
    {"template": "no-such"},
    {"name": "a/b"},
    {"name": "taken"},
    {"timeframe": "7m"},
    {"pairs": ["NOPE/USDT"]},
    {"pairs": ["BTC", "BTC/EUR"]},
    {"parameters": {"ema_fast": 99, "no_such": 1}},
    {"stake_amount": "-1"},
    {"stake_amount": "0", "stake_currency": "usdt"},
    {"starting_balance": "10"},
    {"wallet": "wallet-of-nobody"},
    {"wallet": "SAVINGS", "starting_balance": "400"},
    {"wallet": "SAVINGS", "starting_balance": "5000"},
    {"dry_run": False},
    {"dry_run": False, "confirm_live": "one", "wallet": "SAVINGS"},
    {"strategy": {"id": "strategy-none"}, "template": None},
    {"strategy": {"id": "strategy-none"}},
    {"exchange": "mtgox-2", "margin_mode": "cross"},
]


async def preview(world: World, **body: Any) -> dict[str, Any]:
    answer = await world.client.post(PREVIEW, json={"name": "one", "template": "trend", **body})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def fields(told: dict[str, Any]) -> list[str | None]:
    return [problem["field"] for problem in told["problems"]]


async def bots_ever(world: World) -> int:
    async with world.rig.database.read() as session:
        return (await session.exec(select(func.count()).select_from(BotModel))).one()


async def test_creating_does_what_was_previewed_or_refuses_with_the_first_of_its_problems(world: World) -> None:
    await world.create("taken")
    savings = (await make(world))["id"]
    made = 0
    several = random.Random(5).sample([*itertools.combinations(CHANGES, 2), *itertools.combinations(CHANGES, 3)], 40)
    for number, changes in enumerate([*((one,) for one in [{}, *CHANGES]), *several]):
        body: dict[str, Any] = {"name": f"one-{number}", "template": "trend"}
        for change in changes:
            body |= change
        if body.get("wallet") == "SAVINGS":
            body["wallet"] = savings
        told = await preview(world, **body)
        answer = await world.client.post("/api/v1/bots", json=body)
        if told["problems"]:
            first, refused = told["problems"][0], answer.json()
            assert answer.status_code >= 400, body
            assert {**first, "field": first["params"].get("field")} == {
                "field": refused["params"].get("field"), **{key: refused[key] for key in first if key != "field"}
            }, body  # fmt: skip
            continue
        assert answer.status_code == 201, (body, answer.text)
        made += 1
        bot = answer.json()
        spec = told["specification"]
        assert {name: bot[name] for name in spec if name != "margin_mode"} == {
            name: value for name, value in spec.items() if name != "margin_mode"
        }
        now = (await world.client.get(f"/api/v1/bots/{bot['id']}/configuration")).json()
        assert now["specification"] == spec
        assert now["configuration"] == {**told["configuration"], "bot_name": bot["id"]}
        assert [one["path"] for one in now["sources"]] == [one["path"] for one in told["sources"]]
        await world.client.delete(f"/api/v1/bots/{bot['id']}")
    assert made >= 5
    assert await bots_ever(world) == 1 + made


async def test_a_running_bot_has_the_configuration_that_was_previewed(world: World) -> None:
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(PoolModel, POOL)).tenant_id = OWNER
    wanted = {"pairs": ["ETH/USDT"], "timeframe": "5m", "parameters": {"ema_fast": 5}}
    told = await preview(world, **wanted)
    assert told["placement"] == {
        "pool": POOL, "new_pool": False, "new_pool_bytes": None, "new_pool_measured_on": 0, "waits_for": None
    }  # fmt: skip
    async with world.rig.running():
        bot = await world.create(**wanted)

        async def runs() -> bool:
            return (await world.client.get(f"/api/v1/bots/{bot['id']}")).json()["observed_state"] == "running"

        await eventually(runs)
        slot = world.agent.specs[bot["id"]]
        now = (await world.client.get(f"/api/v1/bots/{bot['id']}/configuration")).json()
    assert composed(slot, bot["id"]) == now["configuration"] == {**told["configuration"], "bot_name": bot["id"]}
    assert told["configuration"]["bot_name"] == DIRECTORY
    assert (now["generation"], now["in_force"]) == (1, True)
    sources = {one["path"]: (one["origin"], one["field"]) for one in now["sources"]}
    assert sources["timeframe"] == ("request", "timeframe")
    assert sources["stake_amount"] == ("template", "stake_amount")
    assert sources["db_url"] == ("pool", None)


async def test_a_change_is_in_force_once_it_is_taken_over(world: World) -> None:
    bot_id = await world.placed()
    url = f"/api/v1/bots/{bot_id}"
    assert not (await world.client.get(f"{url}/configuration")).json()["in_force"]
    async with world.rig.database.unit_of_work() as session:
        status = await session.get_one(BotStatusModel, bot_id)
        status.slot, status.observed_generation = {"pid": 7}, 1
    assert (await world.client.get(f"{url}/configuration")).json()["in_force"]
    async with world.rig.database.unit_of_work() as session:
        bot = await session.get_one(BotModel, bot_id)
        bot.timeframe, bot.generation = "1h", 2
    told = (await world.client.get(f"{url}/configuration")).json()
    assert (told["configuration"]["timeframe"], told["generation"], told["in_force"]) == ("1h", 2, False)


async def test_a_bot_whose_template_is_gone_says_so(world: World) -> None:
    bot_id = await world.placed()
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(BotModel, bot_id)).template = "gone"
    told = (await world.client.get(f"/api/v1/bots/{bot_id}/configuration")).json()
    assert (told["configuration"], told["sources"], told["in_force"]) == (None, [], False)
    assert "There is no template 'gone'" in told["unrendered"]


async def test_configurations_are_for_who_sees_the_bot(world: World) -> None:
    bot_id = await world.placed()
    async with world.client_of(OTHER) as other:
        problem_of(await other.get(f"/api/v1/bots/{bot_id}/configuration"), 404)


async def test_what_is_wrong_is_told_all_at_once(world: World) -> None:
    savings = (await make(world))["id"]
    await world.create("taken")
    await world.change_user(OWNER, max_bots=1, max_memory_bytes=MEMORY_OF_A_BOT_BYTES)
    told = await preview(world, name="taken", wallet=savings, starting_balance="5000", pairs=["NOPE/USDT"])
    assert fields(told) == ["pairs", "name", None, None, "starting_balance"]
    assert [one["code"] for one in told["problems"]] == [
        "invalid_spec", "conflict", "quota_exceeded", "quota_exceeded", "insufficient_funds",
    ]  # fmt: skip
    assert all(one["detail"].endswith(".") for one in told["problems"])
    assert told["configuration"]["exchange"]["pair_whitelist"] == ["NOPE/USDT"]
    assert told["quota"] == {
        "bots": 1, "max_bots": 1, "bots_left": 0, "memory_bytes": MEMORY_OF_A_BOT_BYTES,
        "max_memory_bytes": MEMORY_OF_A_BOT_BYTES, "memory_bytes_left": 0,
    }  # fmt: skip
    wallet = told["wallet"]
    assert (wallet["id"], wallet["suffices"], wallet["tops_up"]) == (savings, False, False)
    assert [Decimal(wallet[one]) for one in ("free", "needed")] == [1000, 5000]
    unusable = await preview(world, timeframe="7m", pairs=[], stake_amount="0")
    assert fields(unusable) == ["stake_amount", "timeframe", "pairs", None, None]
    assert (unusable["specification"], unusable["configuration"], unusable["wallet"]) == (None, None, None)


async def test_a_live_bot_is_told_all_that_it_takes_and_no_secret(world: World) -> None:
    await world.age_proof(OWNER)
    told = await preview(world, dry_run=False)
    assert [(one["code"], one["field"]) for one in told["problems"]] == [
        ("step_up_required", None), ("not_allowed", "dry_run"), ("invalid_spec", "confirm_live"),
        ("invalid_spec", "wallet"),
    ]  # fmt: skip
    assert told["wallet"] is None
    exchange = told["configuration"]["exchange"]
    assert (exchange["key"], exchange["secret"]) == (HIDDEN, HIDDEN)
    problem_of(
        await world.client.post("/api/v1/bots", json={"name": "one", "template": "trend", "dry_run": False}), 403
    )


async def test_who_has_no_wallet_yet_is_shown_the_one_that_would_be_made(world: World) -> None:
    told = await preview(world)
    assert told["problems"] == []
    assert (told["wallet"]["id"], told["wallet"]["tops_up"], told["wallet"]["suffices"]) == (None, True, True)
    assert (await world.client.get(WALLETS)).json()["items"] == []


async def measured(world: World, bot_id: str, uss_bytes: int, state: str = "running") -> None:
    async with world.rig.database.unit_of_work() as session:
        status = await session.get_one(BotStatusModel, bot_id)
        status.observed_state, status.slot = state, {"memory": {"pss_bytes": 4 * uss_bytes, "uss_bytes": uss_bytes}}


async def test_memory_is_what_bots_like_it_take_or_all_or_what_is_typical(world: World) -> None:
    def of(told: dict[str, Any]) -> tuple[str, int, int]:
        return told["memory"]["basis"], told["memory"]["bots"], told["memory"]["memory_bytes"]

    bots = [(await world.create(name))["id"] for name in ("a", "b", "c")]
    assert of(await preview(world)) == ("typical", 0, TYPICAL_BYTES)
    await measured(world, bots[0], 30_000_000)
    await measured(world, bots[1], 20_000_000)
    await measured(world, bots[2], 90_000_000, "stopped")
    assert of(await preview(world)) == ("alike", 2, 25_000_000)
    assert of(await preview(world, template="breakout")) == ("all", 2, 25_000_000)
    async with world.client_of(OTHER) as other:
        told = (await other.post(PREVIEW, json={"name": "one", "template": "trend"})).json()
    assert of(told) == ("all", 2, 25_000_000)
    assert told["memory"]["reckoned_bytes"] == MEMORY_OF_A_BOT_BYTES


async def test_without_room_a_new_pool_is_told_or_why_there_is_none(world: World) -> None:
    async with world.client_of(OTHER) as other:
        told = (await other.post(PREVIEW, json={"name": "one", "template": "trend"})).json()
        assert told["placement"] == {
            "pool": None, "new_pool": True, "new_pool_bytes": MEMORY_OF_A_POOL_BYTES, "new_pool_measured_on": 0,
            "waits_for": None,
        }  # fmt: skip
    async with world.rig.database.unit_of_work() as session:
        for number in range(10):
            session.add(
                PoolModel(
                    id=f"pool-{number}",
                    node="local",
                    driver="process",
                    tenant_id=OTHER,
                    slots_total=0,
                    desired_state="running",
                    observed_state="ready",
                    conditions=[],
                    created_at=utc_now(),
                )
            )
    async with world.client_of(OTHER) as other:
        told = (await other.post(PREVIEW, json={"name": "one", "template": "trend"})).json()
    assert (told["placement"]["pool"], told["placement"]["new_pool"], told["problems"]) == (None, False, [])
    assert "no more than 10 pools of one user" in told["placement"]["waits_for"]


async def test_a_strategy_of_ones_own_says_its_timeframe_and_waits_for_its_check(world: World) -> None:
    strategy = await passing(world)
    body: dict[str, Any] = {"template": None, "strategy": {"id": strategy}}
    told = await preview(world, **body)
    assert told["problems"] == []
    assert told["specification"]["strategy"] == {"id": strategy, "version": 1}
    assert told["fields"]["timeframe"] == "strategy"
    assert told["configuration"]["strategy"] == "Mine"
    bot = await world.create(**body)
    now = (await world.client.get(f"/api/v1/bots/{bot['id']}/configuration")).json()
    assert now["configuration"] == {**told["configuration"], "bot_name": bot["id"]}
    assert (now["specification"], now["fields"]) == (told["specification"], told["fields"])
    waiting = await kept(world, name="second")
    told = await preview(world, template=None, strategy={"id": waiting["id"]}, timeframe="7m")
    assert next((one["code"], one["field"]) for one in told["problems"]) == ("strategy_not_ready", "strategy")
    assert fields(told)[1:] == ["timeframe"]


@pytest.mark.parametrize("body", ['{"name": 5}', '{"name": "one", "template": "trend", "user_data_dir": "/etc"}', "{"])
async def test_a_body_that_create_does_not_read_is_refused_alike(world: World, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    one, other = [
        (await world.client.post(path, content=body, headers=headers)).json() for path in ("/api/v1/bots", PREVIEW)
    ]
    assert [one[key] for key in ("code", "detail")] == [other[key] for key in ("code", "detail")]
