"""Exchange accounts and the ledger: what bots traded is booked to the last digit, and what nobody stands for is found,
blocks, and is settled."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orchestrator.audit.service import By
from orchestrator.bookkeeping.models import BotBooksModel
from orchestrator.errors import Conflict, InvalidSpec
from orchestrator.findings import service as findings
from orchestrator.findings.kinds import Kind
from orchestrator.kit.clock import utc_now
from orchestrator.wallets import books as ledger_books
from tests.integration.bookkeeping.desk import BOT, OWNER, PATIENCE, Desk


async def test_what_is_on_an_account_is_where_its_ledger_begins(desk: Desk) -> None:
    await desk.set_up(USDT="1000.12345678", BTC="0.5", XRP="0.00000001")
    assert await desk.ledger() == await desk.truth()
    await desk.look(PATIENCE + 1)
    assert await desk.kinds() == []
    assert await desk.flaws() == []


async def test_orders_of_bots_are_booked_as_the_exchange_has_them(desk: Desk) -> None:
    await desk.set_up(USDT="10000")
    await desk.add_bot("4000")
    await desk.add_bot("4000", "bot-two")
    bought = await desk.trade("BTC/USDT", "buy", 0.01237)
    await desk.believe(bought, 1)
    other = await desk.trade("ETH/USDT", "buy", 0.3331)
    await desk.believe(other, 1, bot_id="bot-two")
    await desk.look()
    sold = await desk.trade("BTC/USDT", "sell", 0.01235)
    await desk.believe(sold, 1, "exit")
    await desk.look(1)
    await desk.look(PATIENCE + 1)
    assert await desk.ledger() == await desk.truth()
    assert await desk.kinds() == []
    assert await desk.flaws() == []
    assert desk.paper.exchange.front.counters["GET /api/v3/account"] == 4, "once for both bots"


async def test_an_order_of_a_stranger_is_found_blocks_and_is_adopted(desk: Desk) -> None:
    await desk.set_up(USDT="10000")
    await desk.add_bot("4000")
    order = await desk.trade("SOL/USDT", "buy", 2.5)
    await desk.look()
    assert await desk.kinds() == [], "it may be on its way"
    await desk.look(PATIENCE)
    (finding,) = await desk.open_findings()
    assert (finding.kind, finding.subject) == (Kind.UNKNOWN_ORDER, f"SOL/USDT {order['id']}")
    assert "bought 2.5" in finding.message
    assert "SOL/USDT" in (await desk.blocked())[BOT]
    await desk.settle(finding, "adopt")
    await desk.look(1)
    assert await desk.kinds() == []
    assert await desk.blocked() == {}
    await desk.look(PATIENCE)
    assert await desk.kinds() == []
    assert await desk.ledger() == await desk.truth()
    async with desk.database.read() as session:
        settled = await findings.get(session, finding.id)
    assert (settled.settled_how, settled.settled_by, settled.settled_why) == ("adopted", "user-one", "It was me.")


async def test_a_waiting_order_of_a_stranger_is_found_until_it_is_cancelled(desk: Desk) -> None:
    await desk.set_up(USDT="10000")
    order = await desk.client.create_order("BTC/USDT", "limit", "buy", 0.01, 20000)
    await desk.look()
    await desk.look(PATIENCE)
    assert await desk.kinds() == [(Kind.UNKNOWN_ORDER, f"BTC/USDT {order['id']}")]
    await desk.client.cancel_order(order["id"], "BTC/USDT")
    await desk.look(1)
    assert await desk.kinds() == []


async def test_a_deposit_is_a_drift_that_its_owner_adopts_or_knows_of(desk: Desk) -> None:
    await desk.set_up(USDT="1000")
    await desk.paper.control("POST", "deposits", key=desk.key, asset="USDT", amount="0.00000001")
    await desk.look()
    await desk.look(PATIENCE)
    (finding,) = await desk.open_findings()
    assert (finding.kind, finding.subject, finding.evidence["difference"]) == ("drifted_balance", "USDT", "0.00000001")
    await desk.settle(finding, "acknowledge")
    await desk.look(PATIENCE)
    assert await desk.kinds() == [], "it is known"
    await desk.paper.control("POST", "deposits", key=desk.key, asset="USDT", amount="-5")
    await desk.look(PATIENCE)
    (grown,) = await desk.open_findings()
    assert grown.evidence["difference"] == "-4.99999999"
    await desk.settle(grown, "adopt")
    await desk.look(1)
    assert await desk.kinds() == []
    assert await desk.ledger() == await desk.truth()
    with pytest.raises(Conflict):
        await desk.settle(grown, "adopt")


async def test_what_a_killed_bot_bought_is_its_own_once_it_is_back(desk: Desk) -> None:
    await desk.set_up(USDT="10000")
    await desk.add_bot("4000")
    desk.intend("fl-mine", "BTC/USDT")
    order = await desk.trade("BTC/USDT", "buy", 0.01, "fl-mine")
    await desk.look()
    await desk.look(PATIENCE)
    (finding,) = await desk.open_findings()
    assert (finding.kind, finding.bot_id) == (Kind.UNADOPTED_ORDER, BOT)
    assert BOT in await desk.blocked()
    desk.intents.clear()
    await desk.believe(order, 7)
    await desk.look(1)
    assert await desk.kinds() == []
    assert await desk.ledger() == await desk.truth()


async def test_what_was_adopted_before_its_bot_came_back_is_counted_once(desk: Desk) -> None:
    await desk.set_up(USDT="10000")
    await desk.add_bot("4000")
    desk.intend("fl-mine", "BTC/USDT")
    order = await desk.trade("BTC/USDT", "buy", 0.01, "fl-mine")
    await desk.look()
    await desk.look(PATIENCE)
    (finding,) = await desk.open_findings()
    await desk.settle(finding, "adopt")
    await desk.look(1)
    assert await desk.ledger() == await desk.truth()
    await desk.believe(order, 7)
    await desk.look(1)
    assert await desk.ledger() == await desk.truth()
    assert await desk.flaws() == []
    await desk.look(PATIENCE)
    assert await desk.kinds() == []


async def test_what_bots_believe_of_orders_is_compared(desk: Desk) -> None:
    await desk.set_up(USDT="10000")
    await desk.add_bot("4000")
    order = await desk.trade("BTC/USDT", "buy", 0.01)
    await desk.believe(order, 1, filled=Decimal("0.005"), open=True)
    lost = {"symbol": "BTC/USDT", "id": 999_999, "filled": 0}
    await desk.believe(lost, 2, open=True)
    await desk.look()
    await desk.look(PATIENCE)
    assert await desk.kinds() == [(Kind.LOST_ORDER, "BTC/USDT 999999"), (Kind.MISSING_FILL, f"BTC/USDT {order['id']}")]
    (first, second) = sorted(await desk.open_findings(), key=lambda one: one.kind)
    assert "0.005" in second.message
    async with desk.database.unit_of_work() as session:
        with pytest.raises(InvalidSpec):
            await findings.settle(session, first.id, "adopt", By("user-one"))
    await desk.believe(order, 1)
    await desk.believe(lost, 2)
    await desk.look(1)
    assert await desk.kinds() == []
    assert await desk.ledger() == await desk.truth()


async def test_an_account_that_cannot_be_read_is_told_and_settles_nothing(desk: Desk) -> None:
    await desk.set_up(USDT="10000")
    await desk.paper.control("POST", "deposits", key=desk.key, asset="USDT", amount="1")
    await desk.look()
    await desk.look(PATIENCE)
    await desk.paper.control("POST", "faults", kind="fail", path="/api/v3/account", times=1)
    await desk.look(1)
    assert await desk.kinds() == [("drifted_balance", "USDT")]
    await desk.look(1)
    assert await desk.kinds() == [("drifted_balance", "USDT")]


async def test_an_account_that_cannot_be_read_at_first_begins_later(desk: Desk) -> None:
    await desk.paper.control("POST", "faults", kind="fail", path="/api/v3/account", times=1)
    await desk.set_up(USDT="10000")
    (told,) = await desk.readings()
    assert (told.opened_at, await desk.ledger()) == (None, {})
    assert "503" in (told.problem or "")
    await desk.look()
    (told,) = await desk.readings()
    assert (told.problem, await desk.ledger()) == (None, {"USDT": Decimal(10000)})


async def test_a_pair_or_an_order_that_the_exchange_cannot_know_keeps_nothing_else_from_being_booked(
    desk: Desk,
) -> None:
    await desk.set_up(USDT="10000")
    await desk.add_bot("4000")
    await desk.believe({"symbol": "GONE/USDT", "id": 7, "filled": 1}, 1)
    await desk.believe({"symbol": "BTC/USDT", "id": "not-a-number", "filled": 0}, 2, open=True)
    bought = await desk.trade("ETH/USDT", "buy", 0.5)
    await desk.believe(bought, 3)
    await desk.look()
    assert (await desk.readings())[0].problem is None
    assert await desk.ledger() == await desk.truth()
    await desk.look(PATIENCE)
    assert (Kind.LOST_ORDER, "BTC/USDT not-a-number") in await desk.kinds()


async def test_what_a_deleted_bot_spent_is_given_to_nobody_else(desk: Desk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("1000")
    order = await desk.trade("ETH/USDT", "buy", 0.2)
    spent = Decimal(1000) - (await desk.truth())["USDT"]
    await desk.delete()
    async with desk.database.unit_of_work() as session:  # its account was read before it was gone
        await ledger_books.book(session, [], {BOT: utc_now() - timedelta(minutes=1)})
    assert await desk.free() == 0, "nobody knows yet what it spent"
    await desk.look()
    assert await desk.free() == 0, "a trade of it may stand for what was bought"
    await desk.believe(order, 1)
    await desk.look(1)
    assert await desk.free() == 1000 - spent
    assert await desk.ledger() == await desk.truth()
    assert await desk.flaws() == []
    await desk.look(PATIENCE + 1)
    assert await desk.kinds() == []


async def test_what_an_order_of_a_deleted_bot_waits_with_is_given_to_nobody_else(desk: Desk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("1000")
    order = await desk.client.create_order("BTC/USDT", "limit", "buy", 0.01, 20000)
    await desk.believe(order, 1, open=True, filled=Decimal(0))
    await desk.delete()
    await desk.look()
    assert await desk.free() == 0
    await desk.client.cancel_order(order["id"], "BTC/USDT")
    await desk.look(1)
    assert await desk.free() == 1000


async def test_nothing_is_taken_back_from_a_live_bot_before_its_account_agreed_since_it_is_quiet(desk: Desk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("1000")
    await desk.look()
    await desk.pause()
    order = await desk.trade("ETH/USDT", "buy", 0.2)
    with pytest.raises(Conflict, match="not read"):
        await desk.take_back("100")
    await desk.look()
    with pytest.raises(Conflict, match="not read"):
        await desk.take_back("100")
    await desk.believe(order, 1)
    await desk.look()
    await desk.take_back("100")
    assert await desk.free() == 100
    with pytest.raises(Conflict, match="may enter"):  # paused as it was seen before, not as it is wanted now
        await desk.take_back("100", generations=2)


async def test_only_what_was_seen_is_adopted(desk: Desk) -> None:
    await desk.set_up(USDT="1000")
    await desk.paper.control("POST", "deposits", key=desk.key, asset="USDT", amount="5")
    await desk.look()
    await desk.look(PATIENCE)
    (finding,) = await desk.open_findings()
    await desk.settle(finding, "adopt")
    await desk.paper.control("POST", "deposits", key=desk.key, asset="USDT", amount="-700")
    await desk.look(1)
    assert await desk.ledger() == {"USDT": Decimal(1000)}
    await desk.look(1)
    assert await desk.ledger() == {"USDT": Decimal(1000)}
    (changed,) = await desk.open_findings()
    assert (changed.evidence["difference"], changed.asked_by) == ("-695", None)
    await desk.settle(changed, "adopt")
    await desk.look(1)
    assert await desk.ledger() == await desk.truth()


async def test_what_a_bot_believed_that_is_gone_is_compared_no_more(desk: Desk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("1000")
    await desk.believe({"symbol": "BTC/USDT", "id": 999_999, "filled": 0}, 2, open=True)
    await desk.look()
    await desk.look(PATIENCE)
    assert await desk.kinds() == [(Kind.LOST_ORDER, "BTC/USDT 999999")]
    await desk.delete()
    async with desk.database.unit_of_work() as session:
        session.add(BotBooksModel(bot_id=BOT, mode="live", owner_id=OWNER, database="d", settled="", closed=True))
    await desk.look(1)
    assert await desk.kinds() == []


async def test_what_was_adopted_of_several_orders_is_taken_out_order_by_order(desk: Desk) -> None:
    await desk.set_up(USDT="10000")
    await desk.add_bot("4000")
    orders = []
    for number, pair in enumerate(("BTC/USDT", "ETH/USDT")):
        desk.intend(f"fl-{number}", pair)
        orders.append(await desk.trade(pair, "buy", 0.01, f"fl-{number}"))
    await desk.look()
    await desk.look(PATIENCE)
    for finding in await desk.open_findings():
        await desk.settle(finding, "adopt")
    await desk.look(1)
    assert await desk.ledger() == await desk.truth()
    for number, order in enumerate(orders):
        await desk.believe(order, number + 1)
    await desk.look(1)
    assert await desk.ledger() == await desk.truth()
    await desk.look(PATIENCE)
    assert (await desk.kinds(), await desk.flaws()) == ([], [])


async def test_a_fill_that_shows_up_after_a_later_one_is_booked_all_the_same(desk: Desk) -> None:
    await desk.set_up(USDT="10000")
    await desk.add_bot("4000")
    await desk.believe(await desk.trade("BTC/USDT", "buy", 0.01), 1)
    await desk.look()
    desk.paper.pass_seconds(7200)
    slow = await desk.trade("BTC/USDT", "buy", 0.02)
    desk.late.add(str(slow["id"]))
    await desk.believe(slow, 2)
    await desk.believe(await desk.trade("BTC/USDT", "buy", 0.03), 3)
    await desk.look()
    assert (await desk.ledger())["BTC"] == (await desk.truth())["BTC"] - Decimal("0.02") * Decimal("0.999")
    desk.late.clear()
    desk.asked.clear()
    await desk.look(1)
    assert await desk.ledger() == await desk.truth()
    ((pair, after),) = desk.asked
    assert (pair, after is None) == ("BTC/USDT", False), "what is older than an hour is not asked for again"
    await desk.look(PATIENCE + 1)
    assert (await desk.kinds(), await desk.flaws()) == ([], [])
