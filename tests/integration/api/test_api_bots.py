"""Bots through the API: create and its refusals, idempotency, versions, lists, actions, events."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.bots import service
from orchestrator.bots.models import BotEventModel, BotModel, BotStatusModel
from orchestrator.errors import InvalidSpec
from orchestrator.templates.spec import BotSpec
from pool.contract.slots import DesiredState, ObservedState, Slot
from pool.contract.waking import WakingState
from tests.integration.api.world import OTHER, OWNER, World, problem_of
from tests.support import eventually

PROMISED = {
    "id", "name", "template", "parameters", "exchange", "trading_mode", "dry_run", "trading", "desired_state",
    "observed_state",
    "conditions", "trader_state", "pool", "generation", "observed_generation", "created_at",
}  # fmt: skip


async def test_what_a_create_leaves_out_comes_from_the_template(world: World) -> None:
    template = (await world.client.get("/api/v1/templates/trend")).json()
    answer = await world.client.post("/api/v1/bots", json={"name": "one", "template": "trend"})
    assert answer.status_code == 201
    bot = answer.json()
    assert set(bot) >= PROMISED
    for name, value in template["defaults"].items():
        assert bot[name] == value
    assert bot["parameters"] == {n: s["default"] for n, s in template["parameters"]["properties"].items()}
    assert (bot["desired_state"], bot["observed_state"], bot["generation"]) == ("running", "pending", 1)
    assert answer.headers["location"] == f"/api/v1/bots/{bot['id']}"
    assert answer.headers["etag"] == '"1"'
    assert (await world.client.get(answer.headers["location"])).json() == bot


async def test_every_field_can_be_set_and_money_is_a_plain_string(world: World) -> None:
    bot = await world.create(
        parameters={"stoploss": -0.05}, exchange="paper", trading_mode="spot", dry_run=True,
        pairs=["ETH/USDT"], timeframe="5m", stake_currency="USDT", stake_amount="0.00000001",
        max_open_trades=2, starting_balance=1e3,
    )  # fmt: skip
    assert bot["stake_amount"] == "0.00000001"
    assert isinstance(bot["starting_balance"], str)
    assert Decimal(bot["starting_balance"]) == 1000
    assert "E" not in bot["starting_balance"].upper()
    assert bot["parameters"]["stoploss"] == -0.05
    assert (bot["pairs"], bot["timeframe"], bot["max_open_trades"]) == (["ETH/USDT"], "5m", 2)


async def test_money_does_not_pass_through_a_binary_float(world: World) -> None:
    content = '{"name": "one", "template": "trend", "stake_amount": 12.345678901234567}'
    answer = await world.client.post("/api/v1/bots", content=content, headers={"Content-Type": "application/json"})
    assert answer.json()["stake_amount"] == "12.345678901234567"


@pytest.mark.parametrize(
    ("change", "field", "remedy"),
    [
        ({"template": "no-such"}, "template", "choose one of"),
        ({"template": "../trend"}, "template", "choose one of"),
        ({"parameters": {"stoploss": -5}}, "parameters.stoploss", "between"),
        ({"parameters": {"no_such": 1}}, "parameters.no_such", "it has"),
        ({"parameters": {"api_server": {"enabled": True}}}, "parameters.api_server", "it has"),
        ({"pairs": ["NOPE/USDT"]}, "pairs", "remove"),
        ({"pairs": ["BTC"]}, "pairs", "BASE/QUOTE"),
        ({"pairs": []}, "pairs", "at least one"),
        ({"stake_amount": "5000", "starting_balance": "1000"}, "stake_amount", "lower"),
        ({"stake_amount": "-1"}, "stake_amount", "greater than 0"),
        ({"stake_amount": "1e400"}, "stake_amount", "at most"),
        ({"stake_amount": "NaN"}, "stake_amount", "finite"),
        ({"stake_amount": "much"}, "stake_amount", "decimal"),
        ({"max_open_trades": 0}, "max_open_trades", "between"),
        ({"max_open_trades": 10**30}, "max_open_trades", "between"),
        ({"timeframe": "7m"}, "timeframe", "use one of"),
        ({"exchange": "mtgox-2"}, "exchange", "use"),
        ({"trading_mode": "margin"}, "trading_mode", "must be"),
        ({"trading_mode": "futures", "margin_mode": "cross"}, "margin_mode", "must be"),
        ({"name": "../../etc/passwd"}, "name", "path"),
        ({"name": "a/b"}, "name", "path"),
        ({"name": "..\\b"}, "name", "path"),
        ({"name": ".hidden"}, "name", "path"),
        ({"name": ""}, "name", "1 to 64"),
        ({"name": "x" * 65}, "name", "1 to 64"),
        ({"name": "two\nlines"}, "name", "printable"),
        ({"name": None}, "name", "must be"),
        ({"user_data_dir": "/etc"}, "user_data_dir", "remove it"),
        ({"db_url": "sqlite:///x"}, "db_url", "remove it"),
    ],
)
async def test_a_bad_field_is_named_with_the_remedy_and_nothing_is_created(
    world: World, change: dict[str, Any], field: str, remedy: str
) -> None:
    answer = await world.client.post("/api/v1/bots", json={"name": "one", "template": "trend", **change})
    problem = problem_of(answer, 422, "invalid_spec")
    assert problem["params"]["field"] == field
    assert remedy in problem["detail"]
    assert await world.count() == 0


async def test_a_missing_field_is_named(world: World) -> None:
    problem = problem_of(await world.client.post("/api/v1/bots", json={"name": "one"}), 422)
    assert problem["params"]["field"] == "template"
    assert "Name a template" in problem["detail"]


async def test_a_duplicate_name_is_refused(world: World) -> None:
    await world.create("one")
    problem = problem_of(
        await world.client.post("/api/v1/bots", json={"name": "one", "template": "trend"}), 409, "conflict"
    )
    assert problem["params"]["field"] == "name"
    assert "choose another name" in problem["detail"]
    assert await world.count() == 1


async def test_the_same_name_is_free_for_another_user(world: World) -> None:
    await world.create("one")
    async with world.client_of(OTHER) as other:
        assert (await other.post("/api/v1/bots", json={"name": "one", "template": "trend"})).status_code == 201


async def test_an_idempotency_key_makes_one_bot_however_the_request_is_written(world: World) -> None:
    key = {"Idempotency-Key": "key-1"}
    bodies = [
        '{"name": "one", "template": "trend", "stake_amount": "100", "parameters": {"stoploss": -0.05}}',
        '{"template": "trend", "parameters": {"stoploss": -0.050}, "stake_amount": 100, "name": "one"}',
        '{"template": "trend", "parameters": {"stoploss": -5e-2}, "stake_amount": 1.000e2, "name": "one"}',
    ]
    answers = [
        await world.client.post("/api/v1/bots", content=body, headers=key | {"Content-Type": "application/json"})
        for body in bodies
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await world.count() == 1


async def test_a_replay_answers_the_bot_whatever_changed_since(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The market may have dropped the pair, the bot may be deleted: what was accepted is not refused afterwards."""
    key = {"Idempotency-Key": "key-1"}
    body = {"name": "one", "template": "trend"}
    made = (await world.client.post("/api/v1/bots", json=body, headers=key)).json()

    async def refuses(_spec: BotSpec) -> None:
        raise InvalidSpec("The exchange trades nothing any more.", field="pairs")

    monkeypatch.setattr(world.app.state.services.markets, "check_pairs", refuses)
    async with world.rig.database.unit_of_work() as session:
        await service.set_desired(session, OWNER, made["id"], "deleted")
        await service.mark_deleted(session, [made["id"]])
    again = await world.client.post("/api/v1/bots", json=body, headers=key)
    assert again.status_code == 201
    assert again.json()["id"] == made["id"]
    assert again.json()["desired_state"] == "deleted"


async def test_an_idempotency_key_with_another_body_is_refused(world: World) -> None:
    key = {"Idempotency-Key": "key-1"}
    await world.client.post("/api/v1/bots", json={"name": "one", "template": "trend"}, headers=key)
    answer = await world.client.post("/api/v1/bots", json={"name": "two", "template": "trend"}, headers=key)
    problem_of(answer, 422, "idempotency_mismatch")
    assert await world.count() == 1


async def test_the_same_request_many_times_at_once_makes_one_bot(world: World) -> None:
    key = {"Idempotency-Key": "key-1"}
    answers = await asyncio.gather(
        *(world.client.post("/api/v1/bots", json={"name": "one", "template": "trend"}, headers=key) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_keys_of_users_are_apart(world: World) -> None:
    key = {"Idempotency-Key": "key-1"}
    mine = await world.client.post("/api/v1/bots", json={"name": "one", "template": "trend"}, headers=key)
    async with world.client_of(OTHER) as other:
        theirs = await other.post("/api/v1/bots", json={"name": "two", "template": "trend"}, headers=key)
    assert theirs.status_code == 201
    assert theirs.json()["id"] != mine.json()["id"]


CHANGES = [
    ("PATCH", ""), ("DELETE", ""), ("POST", "/start"), ("POST", "/stop"), ("POST", "/pause"), ("POST", "/resume"),
    ("POST", "/restart"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize("tag", ['"7"', "1", 'W/"1"', '"1", "2"', "nonsense"])
async def test_a_change_of_another_version_is_refused(world: World, method: str, path: str, tag: str) -> None:
    before = await world.create()
    body = {"max_open_trades": 1} if method == "PATCH" else None
    url = f"/api/v1/bots/{before['id']}"
    answer = await world.client.request(method, url + path, json=body, headers={"If-Match": tag})
    problem_of(answer, 412, "precondition_failed")
    assert (await world.client.get(url)).json() == before


@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_a_change_of_the_version_that_was_read_is_made(world: World, method: str, path: str) -> None:
    url = f"/api/v1/bots/{(await world.create())['id']}"
    tag = (await world.client.get(url)).headers["etag"]
    body = {"max_open_trades": 1} if method == "PATCH" else None
    answer = await world.client.request(method, url + path, json=body, headers={"If-Match": tag})
    assert answer.is_success, answer.text
    assert answer.headers["etag"] == f'"{answer.json()["generation"]}"'


async def test_patch_changes_what_is_named(world: World) -> None:
    bot = await world.create(parameters={"stoploss": -0.05})
    url = f"/api/v1/bots/{bot['id']}"
    changed = (await world.client.patch(url, json={"name": "new", "stake_amount": "50.50"})).json()
    assert (changed["name"], changed["stake_amount"], changed["generation"]) == ("new", "50.50", 2)
    assert changed["parameters"] == bot["parameters"]
    again = await world.client.patch(url, json={"name": "new"})
    assert again.json()["generation"] == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"parameters": {"stoploss": -5}}, "parameters.stoploss"),
        ({"pairs": ["NOPE/USDT"]}, "pairs"),
        ({"stake_amount": "999999"}, "stake_amount"),
        ({"exchange": "binance"}, "exchange"),
        ({"name": "a/b"}, "name"),
        ({"starting_balance": "123456"}, "starting_balance"),
    ],
)
async def test_a_bad_patch_changes_nothing(world: World, change: dict[str, Any], field: str) -> None:
    bot = await world.create()
    answer = await world.client.patch(f"/api/v1/bots/{bot['id']}", json=change)
    assert problem_of(answer, 422)["params"]["field"] == field
    assert (await world.client.get(f"/api/v1/bots/{bot['id']}")).json() == bot


async def test_a_patch_to_a_taken_name_is_refused(world: World) -> None:
    await world.create("one")
    bot = await world.create("two")
    answer = await world.client.patch(f"/api/v1/bots/{bot['id']}", json={"name": "one"})
    assert problem_of(answer, 409)["params"]["field"] == "name"


@pytest.mark.parametrize(
    ("action", "desired"), [("start", "running"), ("resume", "running"), ("pause", "paused"), ("stop", "stopped")]
)
async def test_actions_write_down_what_is_wanted_and_wake_the_reconciler(
    world: World, action: str, desired: str
) -> None:
    bot = await world.create()
    async with world.rig.listening("hints") as heard:
        answer = await world.client.post(f"/api/v1/bots/{bot['id']}/{action}")
        assert answer.status_code == 202
        assert answer.json()["desired_state"] == desired
        await eventually(lambda: [message.body for message in heard] == [{"bot_id": bot["id"]}])


async def test_a_stopped_bot_is_not_restarted(world: World) -> None:
    bot = await world.create()
    await world.client.post(f"/api/v1/bots/{bot['id']}/stop")
    problem_of(await world.client.post(f"/api/v1/bots/{bot['id']}/restart"), 409, "bot_not_running")


@pytest.mark.parametrize(("method", "path"), [("POST", "/stop"), ("DELETE", "")])
@pytest.mark.parametrize(
    ("query", "body", "wanted"),
    [
        ({}, None, "keep"),
        ({"open_trades": "flatten"}, None, "flatten"),
        ({}, {"open_trades": "flatten"}, "flatten"),
        ({}, {}, "keep"),
        ({"open_trades": "keep"}, {"open_trades": "flatten"}, "keep"),
    ],
)
async def test_open_trades_stand_in_query_or_body(
    world: World, method: str, path: str, query: dict[str, str], body: Any, wanted: str
) -> None:
    bot = await world.create()
    answer = await world.client.request(method, f"/api/v1/bots/{bot['id']}{path}", params=query, json=body)
    assert answer.status_code == 202
    assert answer.json()["open_trades"] == wanted


@pytest.mark.parametrize(("method", "path"), [("POST", "/stop"), ("DELETE", "")])
async def test_other_words_for_open_trades_are_refused(world: World, method: str, path: str) -> None:
    bot = await world.create()
    for options in ({"params": {"open_trades": "sell"}}, {"json": {"open_trades": "sell"}}):
        answer = await world.client.request(method, f"/api/v1/bots/{bot['id']}{path}", **options)
        assert problem_of(answer, 422)["params"]["field"] == "open_trades"


async def test_a_bot_being_deleted_takes_no_other_wish(world: World) -> None:
    url = f"/api/v1/bots/{(await world.create())['id']}"
    assert (await world.client.delete(url)).json()["desired_state"] == "deleted"
    problem_of(await world.client.post(url + "/start"), 409, "conflict")
    problem_of(await world.client.patch(url, json={"max_open_trades": 1}), 409, "conflict")
    assert (await world.client.delete(url)).status_code == 202


async def test_pages_hold_every_bot_once(world: World) -> None:
    made = [(await world.create(f"bot {number}"))["id"] for number in range(5)]
    seen: list[str] = []
    after: str | None = None
    while True:
        page = (
            await world.client.get("/api/v1/bots", params={"limit": 2} | ({"after": after} if after else {}))
        ).json()
        assert set(page) == {"items", "next"}
        seen += [bot["id"] for bot in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == made


async def test_lists_are_filtered(world: World) -> None:
    await world.placed("Alpha one")
    beta = await world.create("beta", template="breakout") if "breakout" in _templates(world) else None
    other = beta or await world.create("beta")
    await world.client.post(f"/api/v1/bots/{other['id']}/pause")

    async def names(**query: str) -> list[str]:
        return [bot["name"] for bot in (await world.client.get("/api/v1/bots", params=query)).json()["items"]]

    assert await names(name="ALPHA") == ["Alpha one"]
    assert await names(name="%") == []
    assert await names(desired_state="paused") == ["beta"]
    assert await names(observed_state="running") == ["Alpha one"]
    assert await names(pool="pool-a") == ["Alpha one"]
    assert await names(template=other["template"], desired_state="paused") == ["beta"]
    assert await names(template="none") == []


def _templates(world: World) -> list[str]:
    return [template.name for template in world.rig.catalogue.all()]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"after": "nonsense"}, "after"),
        ({"after": "WzFd"}, "after"),
        ({"observed_state": "sleeping"}, "observed_state"),
        ({"name": "\0"}, "name"),
    ],
)
async def test_bad_queries_are_refused_by_field(world: World, query: dict[str, str], field: str) -> None:
    assert problem_of(await world.client.get("/api/v1/bots", params=query), 422)["params"]["field"] == field


async def test_events_newest_first_by_kind_and_page(world: World) -> None:
    bot = await world.create()
    kinds = ["trade.entry_fill", "trade.exit_fill", "trade.entry_fill"]
    async with world.rig.database.unit_of_work() as session:
        for seq, kind in enumerate(kinds):
            session.add(
                BotEventModel(
                    bot_id=bot["id"], run_id="run", origin="bot", seq=seq, epoch=1, at=datetime.now(UTC), type=kind,
                    data={"n": seq},
                )
            )  # fmt: skip
    url = f"/api/v1/bots/{bot['id']}/events"
    first = (await world.client.get(url, params={"limit": 2})).json()
    rest = (await world.client.get(url, params={"limit": 2, "after": first["next"]})).json()
    assert [event["data"]["n"] for event in first["items"] + rest["items"]] == [2, 1, 0]
    assert rest["next"] is None
    only = (await world.client.get(url, params={"type": "trade.exit_fill"})).json()
    assert [event["data"]["n"] for event in only["items"]] == [1]
    assert problem_of(await world.client.get(url, params={"type": "nothing"}), 422)["params"]["field"] == "type.0"


async def test_what_is_seen_of_a_bot_is_told(world: World) -> None:
    bot_id = await world.placed()
    since = datetime.now(UTC).isoformat()
    async with world.rig.database.unit_of_work() as session:
        status = await session.get_one(BotStatusModel, bot_id)
        status.observed_state = "quarantined"
        status.conditions = [{"type": "Quarantined", "message": "Three crashes.", "since": since}]
        status.observed_generation = 1
    bot = (await world.client.get(f"/api/v1/bots/{bot_id}")).json()
    assert (bot["observed_state"], bot["pool"], bot["observed_generation"]) == ("quarantined", "pool-a", 1)
    assert [condition["type"] for condition in bot["conditions"]] == ["Quarantined"]


@pytest.mark.parametrize(("state", "restarts"), [("quarantined", 1), ("failed", 1), ("running", 0)])
async def test_start_gives_a_bot_that_was_given_up_a_fresh_process(world: World, state: str, restarts: int) -> None:
    bot_id = (await world.create())["id"]
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(BotStatusModel, bot_id)).observed_state = state
    assert (await world.client.post(f"/api/v1/bots/{bot_id}/start")).status_code == 202
    async with world.rig.database.read() as session:
        assert (await session.get_one(BotModel, bot_id)).restart_requested == restarts


async def test_waking_on_need_is_a_setting_and_what_the_bot_says_of_it_is_told(world: World) -> None:
    plain, other = await world.create("plain"), await world.create("other", wake_on_need=False)
    assert (plain["wake_on_need"], plain["waking"], other["wake_on_need"]) == (True, None, False)
    url = f"/api/v1/bots/{other['id']}"
    patched = (await world.client.patch(url, json={"wake_on_need": True})).json()
    assert (patched["wake_on_need"], patched["generation"]) == (True, 2)
    left = (await world.client.patch(url, json={"timeframe": "5m"})).json()
    assert left["wake_on_need"] is True

    since = datetime(2026, 11, 20, 12, tzinfo=UTC)
    waking = WakingState(mode="loop", reasons=["open_order", "of_tomorrow"], since=since)
    slot = Slot(
        bot_id=other["id"], epoch=1, observed_generation=2, desired=DesiredState.RUNNING,
        observed_state=ObservedState.RUNNING, trader_state="running", conditions=[], run_id="r", pid=7,
        started_at=since, restarts=0, last_exit=None, memory=None, cpu_percent=None, last_report_at=since,
        snapshot=None, waking=waking,
    )  # fmt: skip
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(BotStatusModel, other["id"])).slot = slot.model_dump(mode="json")
    told = (await world.client.get(url)).json()["waking"]
    assert told == {
        "mode": "loop",
        "reasons": [
            {"code": "open_order", "message": "An order is open."},
            {"code": "of_tomorrow", "message": "of_tomorrow"},
        ],
        "since": "2026-11-20T12:00:00Z",
    }
