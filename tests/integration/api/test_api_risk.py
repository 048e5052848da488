"""Risk over HTTP: the kill switch, its release in two steps, who may do it to whom, and closing many trades."""

from decimal import Decimal
from typing import Any

from orchestrator.audit import service as audit
from orchestrator.bots.models import BotStatusModel
from orchestrator.kit.clock import utc_now
from orchestrator.risk.models import RiskReadingModel
from pool.contract.slots import Command, CommandResult
from tests.integration.api.world import OTHER, OWNER, World, problem_of
from tests.unit.risk.fleet import holding, reading

RISK = "/api/v1/risk"


async def test_a_halt_is_there_at_once_and_goes_only_with_the_code_that_names_what_follows(world: World) -> None:
    bot_id = (await world.create())["id"]
    done = await world.client.post(f"{RISK}/halt", json={"scope": "user", "flatten": True, "reason": "News."})
    assert done.status_code == 202
    assert done.json()["bots"] == [bot_id]
    again = await world.client.post(f"{RISK}/halt", json={"scope": "user", "flatten": True, "reason": "Once more."})
    assert again.json()["halts"][0]["id"] == done.json()["halts"][0]["id"]
    told = (await world.client.get(RISK)).json()
    assert [(halt["mode"], halt["flatten"], halt["why"]) for halt in told["halts"]] == [("halted", True, "News.")]
    refused = problem_of(await world.client.post(f"{RISK}/release", json={"scope": "user"}), 409, "conflict")
    assert any("may open trades again" in line for line in refused["params"]["consequences"])
    wrong = {"scope": "user", "confirmation": "0-0000000000000000"}
    assert (await world.client.post(f"{RISK}/release", json=wrong)).status_code == 409
    code = refused["params"]["confirmation"]
    await world.client.post(f"{RISK}/reduce", json={"scope": "user", "fraction": "0.5"})
    stale = await world.client.post(f"{RISK}/release", json={"scope": "user", "confirmation": code})
    fresh = problem_of(stale, 409)["params"]["confirmation"]  # it would release more than it was given for
    released = await world.client.post(
        f"{RISK}/release", json={"scope": "user", "confirmation": fresh, "reason": "Over."}
    )
    assert released.status_code == 200, released.text
    assert len(released.json()["halts"]) == 2
    assert (await world.client.get(RISK)).json()["halts"] == []
    async with world.rig.database.read() as session:
        rows = (await audit.list_(session, limit=10, subject=audit.user(OWNER))).items
    assert [row.action for row in rows] == ["risk.release", "risk.reduce", "risk.halt"]


async def test_who_may_halt_whom(world: World) -> None:
    bot_id = (await world.create())["id"]
    stranger = world.client_of(OTHER)
    problem_of(await stranger.post(f"{RISK}/halt", json={"scope": "bot", "bot_id": bot_id}), 404, "not_found")
    problem_of(await stranger.post(f"{RISK}/halt", json={"scope": "user", "user": OWNER}), 403, "not_allowed")
    problem_of(await stranger.post(f"{RISK}/halt", json={"scope": "fleet"}), 403, "not_allowed")
    problem_of(await stranger.get(RISK, params={"user": OWNER}), 403, "not_allowed")
    problem_of(await world.client.post(f"{RISK}/halt", json={"scope": "bot"}), 422, "invalid_spec")
    problem_of(await world.client.post(f"{RISK}/halt", json={"scope": "user", "bot_id": bot_id}), 422, "invalid_spec")
    problem_of(
        await world.client.post(f"{RISK}/reduce", json={"scope": "user", "fraction": "1.5"}), 422, "invalid_spec"
    )


async def test_what_an_administrator_halts_he_alone_releases(world: World) -> None:
    bot_id = (await world.create())["id"]
    await world.change_user(OTHER, role="admin")
    stranger = world.client_of(OTHER)
    done = await stranger.post(f"{RISK}/halt", json={"scope": "bot", "bot_id": bot_id})
    assert done.status_code == 202, done.text
    problem_of(await world.client.post(f"{RISK}/release", json={"scope": "bot", "bot_id": bot_id}), 403, "not_allowed")
    assert (await stranger.post(f"{RISK}/halt", json={"scope": "fleet"})).status_code == 202
    told = (await world.client.get(RISK)).json()["halts"]
    assert [halt["scope"] for halt in told] == ["bot", "fleet"]


async def test_what_the_leader_told_last_is_shown_with_its_age(world: World) -> None:
    bot_id = (await world.create())["id"]
    before = (await world.client.get(RISK)).json()
    assert (before["current"], before["as_of"], before["bots"][0]["leased"]) == (False, None, False)
    body: dict[str, Any] = {
        "warming": True,
        "bots": {bot_id: {"number_taken": 3, "leased": True, "mode": "active", "problem": None}},
        "reservations": [],
        "uses": [
            {"limit": "limits.open_trades", "trading": "dry", "subject": "", "used": "2", "allowed": "5"},
        ],
    }
    async with world.rig.database.unit_of_work() as session:
        session.add(RiskReadingModel(user_id=OWNER, at=utc_now(), body=body))
    told = (await world.client.get(RISK)).json()
    assert (told["current"], told["warming"], told["bots"][0]["leased"]) == (True, True, True)
    assert told["uses"][0]["used"] == "2"


async def test_many_trades_are_closed_each_by_its_bot_and_each_is_told(world: World) -> None:
    first, second = await world.placed("one"), await world.placed("two")
    trades = [
        holding(100, trade_id=1, profit_abs=Decimal(5)),
        holding(100, pair="ETH/USDT", trade_id=2, profit_abs=Decimal(-5)),
    ]
    asked: list[tuple[str, int | str | None]] = []

    async def command(bot_id: str, given: Command, seconds: float = 0) -> CommandResult:
        asked.append((bot_id, given.trade_id))
        return CommandResult(ok=bot_id == first, message="" if bot_id == first else "It is not running.")

    client = await world.rig.agents.agent_for("pool-a")
    client.command = command  # type: ignore[method-assign]
    async with world.rig.database.unit_of_work() as session:
        for bot_id in (first, second):
            status = await session.get_one(BotStatusModel, bot_id)
            status.snapshot = reading(utc_now(), trades).model_dump(mode="json")

    async def close(**body: Any) -> dict[str, Any]:
        answer = await world.client.post("/api/v1/trades/close", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    listed = await close(which="losers", dry_run=True)
    assert {(item["pair"], item["ok"]) for item in listed["items"]} == {("ETH/USDT", None)}
    assert asked == []
    assert len((await close(which="all", asset="btc", dry_run=True))["items"]) == 2
    done = await close(which="winners", reason="Weekend.")
    assert (done["closed"], done["failed"]) == (1, 1)
    assert sorted(asked) == sorted([(first, 1), (second, 1)])
    assert (await close(which="all", bot_id=first))["closed"] == 2
    missing = await world.client.post("/api/v1/trades/close", json={"which": "all", "bot_id": "bot-none"})
    problem_of(missing, 404, "not_found")
    assert (await world.client_of(OTHER).post("/api/v1/trades/close", json={"which": "all"})).json()["items"] == []
