"""A coin of an account is one live bot's: coins do not say whose they are."""

from decimal import Decimal

import pytest

from orchestrator.bots.live import check_coins
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.errors import InvalidSpec
from orchestrator.findings.kinds import Kind
from orchestrator.templates.spec import BotSpec
from orchestrator.wallets.ledger import Place, PlaceKind
from pool.contract.snapshots import Entering
from tests.fakes.fake_agent import snapshot
from tests.integration.bookkeeping.desk import BOT, PATIENCE, Desk


def spec(pairs: list[str], stake_currency: str = "USDT") -> BotSpec:
    return BotSpec(
        name="new", template="t", parameters={}, exchange="paper", trading_mode="spot", dry_run=False, pairs=pairs,
        timeframe="5m", stake_currency=stake_currency, stake_amount=Decimal(10), max_open_trades=1,
        starting_balance=Decimal(100),
    )  # fmt: skip


async def test_a_coin_of_an_account_is_one_bots(desk: Desk) -> None:
    await desk.set_up(USDT="10000")
    await desk.add_bot("4000")  # it trades BTC and ETH
    async with desk.database.unit_of_work() as session:
        await check_coins(session, desk.wallet_id, spec(["SOL/USDT", "XRP/USDT"]))
        await check_coins(session, desk.wallet_id, spec(["BTC/USDT"]), but=BOT)
        for taken in (spec(["SOL/USDT", "ETH/USDT"]), spec(["SOL/BTC"], "BTC"), spec(["USDT/EUR"], "EUR")):
            with pytest.raises(InvalidSpec) as refused:
                await check_coins(session, desk.wallet_id, taken)
            assert refused.value.params["field"] == "pairs"
            assert BOT in refused.value.message


async def test_a_coin_that_a_bot_has_still_or_enters_is_its_own_whatever_its_pairs_are_now(desk: Desk) -> None:
    await desk.set_up(USDT="10000")
    await desk.add_bot("4000")
    await desk.believe(await desk.trade("ETH/USDT", "buy", 0.5), trade_id=1)
    await desk.look()
    entering = Entering(pair="SOL/USDT", base_currency="SOL", is_short=False, exposure=Decimal(10))
    told = snapshot().model_copy(update={"mode": "live", "entering": [entering]})
    async with desk.database.unit_of_work() as session:
        (await session.get_one(BotModel, BOT)).pairs = ["BTC/USDT"]
        session.add(
            BotStatusModel(bot_id=BOT, observed_state="running", conditions=[], snapshot=told.model_dump(mode="json"))
        )
        await session.flush()
        await check_coins(session, desk.wallet_id, spec(["XRP/USDT"]))
        for taken in (spec(["ETH/USDT"]), spec(["XRP/ETH"], "ETH"), spec(["SOL/USDT"])):
            with pytest.raises(InvalidSpec, match="has some of it still"):
                await check_coins(session, desk.wallet_id, taken)


async def test_a_coin_of_which_a_bot_has_orders_is_its_own_before_they_are_booked(desk: Desk) -> None:
    await desk.set_up(USDT="10000")
    await desk.add_bot("4000")
    desk.intend("fl-mine", "SOL/USDT")
    await desk.trade("SOL/USDT", "buy", 2.5, "fl-mine")
    await desk.look()  # FreqTrade has no row of it: it is in no ledger yet
    waiting = {"symbol": "XRP/USDT", "id": 4711, "filled": 0}
    await desk.believe(waiting, trade_id=2, open=True)
    async with desk.database.unit_of_work() as session:
        for taken in (spec(["SOL/USDT"]), spec(["XRP/USDT"])):
            with pytest.raises(InvalidSpec, match="has some of it still"):
                await check_coins(session, desk.wallet_id, taken)
            await check_coins(session, desk.wallet_id, taken, but=BOT)


async def test_fees_in_a_coin_of_their_own_are_paid_from_what_is_free_and_show_as_the_bots(desk: Desk) -> None:
    await desk.set_up(USDT="10000", BNB="1", pays_in_bnb=True)
    await desk.add_bot("4000")
    await desk.believe(await desk.trade("ETH/USDT", "buy", 0.5), trade_id=1)
    await desk.look()
    await desk.look(PATIENCE + 1)
    paid = await desk.at(Place(PlaceKind.FEES, "BNB", BOT))
    assert paid > 0
    assert await desk.free("BNB") == 1 - paid
    assert await desk.ledger() == await desk.truth()
    assert (await desk.kinds(), await desk.blocked(), await desk.flaws()) == ([], {}, [])
    async with desk.database.unit_of_work() as session:
        await check_coins(session, desk.wallet_id, spec(["SOL/USDT"]))
        for taken in (spec(["BNB/USDT"]), spec(["SOL/BNB"], "BNB")):
            with pytest.raises(InvalidSpec, match="pays its fees in BNB"):
                await check_coins(session, desk.wallet_id, taken)
            await check_coins(session, desk.wallet_id, taken, but=BOT)


async def test_fees_that_came_out_of_a_bots_coins_block_until_there_is_enough_for_both(desk: Desk) -> None:
    await desk.set_up(USDT="10000", pays_in_bnb=True)
    await desk.add_bot("4000")
    await desk.add_bot("4000", "bot-two")
    await desk.believe(await desk.trade("BNB/USDT", "buy", 2), trade_id=1, bot_id="bot-two")
    await desk.believe(await desk.trade("ETH/USDT", "buy", 0.5), trade_id=1)
    await desk.look()
    missing = -(await desk.free("BNB"))
    assert missing > 0
    await desk.look(PATIENCE)
    (finding,) = await desk.open_findings()
    assert (finding.kind, finding.subject) == (Kind.OVERDRAWN, "BNB")
    assert finding.evidence["free"] == f"-{missing.normalize():f}"
    assert set(await desk.blocked()) == {BOT, "bot-two"}
    await desk.paper.control("POST", "deposits", key=desk.key, asset="BNB", amount="1")
    await desk.look(1)
    await desk.look(PATIENCE)
    (deposit,) = [one for one in await desk.open_findings() if one.kind == Kind.DRIFTED_BALANCE]
    await desk.settle(deposit, "adopt")
    await desk.look(1)
    await desk.look(1)
    assert (await desk.kinds(), await desk.blocked(), await desk.flaws()) == ([], {}, [])
    assert await desk.free("BNB") == 1 - missing
