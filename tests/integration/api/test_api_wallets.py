"""Wallets through the API: one's own alone, money once, capital to bots and back, statements, returns."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from orchestrator.bots import service as bots
from orchestrator.bots.models import BotStatusModel
from orchestrator.kit.clock import utc_now
from orchestrator.portfolio import bot_history
from orchestrator.wallets.books import book
from pool.contract.snapshots import BotSnapshot
from tests.integration.api.world import OTHER, World, problem_of
from tests.unit.portfolio.builders import snapshot
from tests.unit.wallets.facts import fact

WALLETS = "/api/v1/wallets"


async def make(world: World, name: str = "Savings", money: str = "1000") -> dict[str, Any]:
    answer = await world.client.post(WALLETS, json={"name": name})
    assert answer.status_code == 201, answer.text
    url = f"{WALLETS}/{answer.json()['id']}"
    return await post(world, f"{url}/deposit", {"currency": "USDT", "amount": money})


async def post(world: World, url: str, body: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
    answer = await world.client.post(url, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def see(world: World, bot_id: str, state: str, told: BotSnapshot | None = None) -> None:
    async with world.rig.database.unit_of_work() as session:
        row = await session.get_one(BotStatusModel, bot_id)
        row.observed_state, row.snapshot_at = state, utc_now()
        row.snapshot = None if told is None else told.model_dump(mode="json")


def usdt(wallet: dict[str, Any]) -> tuple[Decimal, Decimal]:
    """What is free, and all."""
    (balance,) = [one for one in wallet["balances"] if one["currency"] == "USDT"]
    return Decimal(balance["free"]), Decimal(balance["total"])


async def test_a_bot_without_a_wallet_gets_its_owners_paper_wallet_topped_up(world: World) -> None:
    bot = await world.create()
    (wallet,) = (await world.client.get(WALLETS)).json()["items"]
    assert (bot["wallet"], wallet["automatic"], wallet["kind"]) == (wallet["id"], "USDT", "paper")
    assert usdt(wallet) == (0, Decimal(bot["starting_balance"]))
    statement = (await world.client.get(f"{WALLETS}/{wallet['id']}/statement")).json()["items"]
    assert [(row["kind"], row["automatic"]) for row in statement] == [("allocate", False), ("deposit", True)]
    assert (await world.create("two"))["wallet"] == wallet["id"]


async def test_capital_comes_from_the_named_wallet_or_not_at_all(world: World) -> None:
    wallet = await make(world)
    bot = await world.create(wallet=wallet["id"], starting_balance="600")
    refused = await world.client.post(
        "/api/v1/bots", json={"name": "two", "template": "trend", "wallet": wallet["id"], "starting_balance": "401"}
    )
    told = problem_of(refused, 409, "insufficient_funds")
    assert (Decimal(told["params"]["available"]), told["params"]["currency"]) == (400, "USDT")
    assert await world.count() == 1
    url = f"{WALLETS}/{wallet['id']}"
    given = await post(world, f"{url}/allocate", {"bot_id": bot["id"], "amount": "400"})
    assert (Decimal(given["starting_balance"]), given["generation"], usdt(given["wallet"])) == (1000, 2, (0, 1000))
    stale = await world.client.post(
        f"{url}/allocate", json={"bot_id": bot["id"], "amount": "1"}, headers={"If-Match": '"1"'}
    )
    problem_of(stale, 412)
    problem_of(await world.client.post(f"{url}/withdraw", json={"currency": "USDT", "amount": 1}), 409)


async def test_only_what_a_quiet_bot_has_in_no_trade_is_taken_back(world: World) -> None:
    wallet = await make(world)
    bot = await world.create(wallet=wallet["id"], starting_balance="600", stake_amount="100", max_open_trades=3)
    url, body = f"{WALLETS}/{wallet['id']}/take-back", {"bot_id": bot["id"], "amount": "500"}
    await see(world, bot["id"], "running")
    problem_of(await world.client.post(url, json=body), 409, "conflict")
    await world.client.post(f"/api/v1/bots/{bot['id']}/pause")
    problem_of(await world.client.post(url, json=body), 409, "conflict")  # it is not seen to be paused yet
    await see(world, bot["id"], "paused", snapshot(free=Decimal("1e300")))
    problem_of(await world.client.post(url, json=body), 409, "insufficient_funds")
    await see(world, bot["id"], "paused", snapshot(free=Decimal(450), in_trades=Decimal(150), equity=Decimal(600)))
    told = problem_of(await world.client.post(url, json=body), 409, "insufficient_funds")
    assert told["params"]["available"] == "450"
    back = await post(world, url, {**body, "amount": "400"})
    assert (Decimal(back["starting_balance"]), usdt(back["wallet"])) == (200, (800, 1000))
    more = problem_of(await world.client.post(url, json={**body, "amount": "201"}), 409, "insufficient_funds")
    assert Decimal(more["params"]["available"]) == 200
    renamed = await world.client.patch(f"/api/v1/bots/{bot['id']}", json={"name": "still changeable"})
    assert (renamed.status_code, Decimal(renamed.json()["starting_balance"])) == (200, 200)


async def test_a_stopped_bots_starting_balance_is_its_capital_and_a_deleted_ones_goes_back_with_its_result(
    world: World,
) -> None:
    wallet = await make(world)
    bot = await world.create(wallet=wallet["id"], starting_balance="600")
    await world.client.post(f"/api/v1/bots/{bot['id']}/stop")
    await see(world, bot["id"], "stopped")
    for balance, free in (("900", 100), ("500", 500)):
        changed = await world.client.patch(f"/api/v1/bots/{bot['id']}", json={"starting_balance": balance})
        assert changed.status_code == 200, changed.text
        assert usdt((await world.client.get(f"{WALLETS}/{wallet['id']}")).json()) == (free, 1000)
    problem_of(await world.client.patch(f"/api/v1/bots/{bot['id']}", json={"starting_balance": "1001"}), 409)
    facts = [fact("1", "buy", "1", "100"), fact("2", "sell", "1", "130", minute=1)]
    async with world.rig.database.unit_of_work() as session:
        await book(session, [one.model_copy(update={"bot_id": bot["id"]}) for one in facts])
    await world.client.delete(f"/api/v1/bots/{bot['id']}")
    async with world.rig.database.unit_of_work() as session:
        await bots.mark_deleted(session, [bot["id"]])
    after = (await world.client.get(f"{WALLETS}/{wallet['id']}")).json()
    assert usdt(after) == (1030, 1030)
    check = (await world.client.get(f"{WALLETS}/{wallet['id']}/check")).json()
    assert check == {"whole": True, "flaws": []}


async def test_money_that_is_sent_twice_moves_once(world: World) -> None:
    wallet = await make(world, money="10")
    for _ in range(2):
        body = {"currency": "USDT", "amount": "5", "note": "again"}
        told = await post(world, f"{WALLETS}/{wallet['id']}/deposit", body, **{"Idempotency-Key": "once"})
        assert usdt(told) == (15, 15)
    other = await world.client.post(
        f"{WALLETS}/{wallet['id']}/deposit", json={**body, "amount": "6"}, headers={"Idempotency-Key": "once"}
    )
    problem_of(other, 422, "idempotency_mismatch")


async def test_capital_that_is_given_or_taken_back_twice_with_one_key_moves_once(world: World) -> None:
    wallet = await make(world)
    bot = await world.create(wallet=wallet["id"], starting_balance="600", stake_amount="100", max_open_trades=3)
    url, body = f"{WALLETS}/{wallet['id']}", {"bot_id": bot["id"], "amount": "100"}
    once = {"Idempotency-Key": "once", "If-Match": '"1"'}
    for amount in ("100", "100.0"):
        given = await post(world, f"{url}/allocate", {**body, "amount": amount}, **once)
        assert (Decimal(given["starting_balance"]), given["generation"], usdt(given["wallet"])) == (700, 2, (300, 1000))
    for path, changed in (("allocate", {"amount": "99"}), ("take-back", {})):
        other = await world.client.post(f"{url}/{path}", json={**body, **changed}, headers=once)
        problem_of(other, 422, "idempotency_mismatch")
    await world.client.post(f"/api/v1/bots/{bot['id']}/pause")
    await see(world, bot["id"], "paused", snapshot(free=Decimal(700), equity=Decimal(700)))
    refused = await world.client.post(
        f"{url}/take-back", json={**body, "amount": "701"}, headers={"Idempotency-Key": "back"}
    )
    problem_of(refused, 409, "insufficient_funds")  # which uses no key up
    for _ in range(2):
        back = await post(world, f"{url}/take-back", body, **{"Idempotency-Key": "back"})
        assert (Decimal(back["starting_balance"]), usdt(back["wallet"])) == (600, (400, 1000))
    again = await post(world, f"{url}/allocate", body)
    assert Decimal(again["starting_balance"]) == 700, "without a key each one counts"


async def test_wallets_are_their_owners_alone(world: World) -> None:
    wallet = await make(world)
    bot = await world.create(wallet=wallet["id"])
    await world.change_user(OTHER, role="admin")
    url = f"{WALLETS}/{wallet['id']}"
    async with world.client_of(OTHER) as other:
        assert (await other.get(WALLETS)).json()["items"] == []
        for path in ("", "/statement", "/check", "/performance"):
            problem_of(await other.get(url + path), 404)
        money, capital = {"currency": "USDT", "amount": 1}, {"bot_id": bot["id"], "amount": 1}
        for path, body in (("/deposit", money), ("/withdraw", money), ("/allocate", capital), ("/take-back", capital)):
            problem_of(await other.post(url + path, json=body), 404)
        problem_of(await other.post(f"{url}/archive"), 404)
        problem_of(await other.patch(url, json={"name": "mine"}), 404)
        theirs = (await other.post(WALLETS, json={"name": "Savings"})).json()
        answer = await other.post(f"{WALLETS}/{theirs['id']}/allocate", json=capital)
        problem_of(answer, 409)  # an administrator sees the bot, and that its capital is from elsewhere
        refused = await other.post("/api/v1/bots", json={"name": "x", "template": "trend", "wallet": wallet["id"]})
        assert problem_of(refused, 422)["params"]["field"] == "wallet"
        await other.post(f"/api/v1/bots/{bot['id']}/stop")
        problem_of(await other.patch(f"/api/v1/bots/{bot['id']}", json={"starting_balance": "1"}), 422)
        problem_of(await other.patch(f"/api/v1/bots/{bot['id']}", json={"starting_balance": "5000"}), 403)


async def test_names_kinds_and_keys_are_checked(world: World) -> None:
    wallet = await make(world)
    for body, status, field in (
        ({"name": "Savings"}, 409, "name"),
        ({"name": " x"}, 422, "name"),
        ({"name": "Account", "kind": "exchange"}, 422, "exchange_key_id"),
        ({"name": "Account", "kind": "exchange", "exchange_key_id": "key-none"}, 422, "exchange_key_id"),
    ):
        assert problem_of(await world.client.post(WALLETS, json=body), status)["params"]["field"] == field
    renamed = await world.client.patch(f"{WALLETS}/{wallet['id']}", json={"name": "Rainy days"})
    assert renamed.json()["name"] == "Rainy days"
    problem_of(await world.client.post(f"{WALLETS}/{wallet['id']}/archive"), 409)
    await post(world, f"{WALLETS}/{wallet['id']}/withdraw", {"currency": "USDT", "amount": "1000"})
    await post(world, f"{WALLETS}/{wallet['id']}/archive")
    assert (await world.client.get(WALLETS)).json()["items"] == []
    assert len((await world.client.get(WALLETS, params={"archived": True})).json()["items"]) == 1


async def test_returns_are_of_what_bots_told_and_each_mode_and_currency_has_its_own(world: World) -> None:
    bot = await world.create(starting_balance="1000")
    told = snapshot(free=Decimal(1100), in_trades=Decimal(0), equity=Decimal(1100), realised=Decimal(100))
    async with world.rig.database.unit_of_work() as session:
        await bot_history.record(session, {bot["id"]: told}, utc_now() + timedelta(seconds=1))
    paths = (
        "/performance", f"/{bot['wallet']}/performance", f"/{bot['wallet']}/performance?bot_id={bot['id']}",
    )  # fmt: skip
    for path in paths:
        (found,) = (await world.client.get(WALLETS + path)).json()["items"]
        assert (found["mode"], found["currency"], Decimal(found["profit"])) == ("dry", "USDT", 100)
        assert (Decimal(found["invested"]), Decimal(found["value"])) == (1000, 1100)
        assert Decimal(found["time_weighted"]) == Decimal("0.1")
        assert found["time_weighted_yearly"] is None
    problem_of(await world.client.get(f"{WALLETS}/{bot['wallet']}/performance?bot_id=bot-none"), 404)
