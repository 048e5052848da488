"""Accounts of futures and the ledger: results, fees in any coin, funding and liquidations are booked as the exchange
has them, and a position that no bot traded is found, blocks, and is settled."""

from decimal import Decimal
from random import Random

import pytest

from orchestrator.bookkeeping.binance_futures import BinanceFutures
from orchestrator.bots import live
from orchestrator.db.engine import Database
from orchestrator.errors import InvalidSpec
from orchestrator.findings.kinds import Kind
from orchestrator.templates.spec import BotSpec
from orchestrator.wallets import repository
from orchestrator.wallets.ledger import PlaceKind
from tests.integration.bookkeeping.desk import BOT, PATIENCE
from tests.integration.bookkeeping.futures_desk import BTC, ETH, FuturesDesk
from tests.integration.simulator.conftest import Rig

TWO = "bot-two"


@pytest.fixture
async def desk(database: Database, rig: Rig) -> FuturesDesk:
    return FuturesDesk(database, rig)


async def agrees(desk: FuturesDesk) -> None:
    """After two looks there is nothing to settle, and the ledger has what the exchange has."""
    await desk.look(1)
    await desk.look(PATIENCE + 1)
    assert await desk.kinds() == []
    assert await desk.ledger() == await desk.truth()
    assert await desk.flaws() == []


async def brought(desk: FuturesDesk, asset: str = "USDT") -> Decimal:
    """What the exchange says that trading brought, deposits aside."""
    changes = [one for one in (await desk.tables())["changes"] if one["asset"] == asset and one["reason"] != "deposit"]
    return sum((Decimal(one[part]) for one in changes for part in ("free", "margin", "locked")), Decimal(0))


async def test_one_fill_and_one_funding_are_in_the_ledger(desk: FuturesDesk) -> None:
    await desk.set_up(USDT="1000.12345678")
    await desk.add_bot("400")
    await desk.do(ETH, "sell", 0.137, 1)
    await desk.look()
    await desk.fund("ETHUSDT", "0.00012345")
    await agrees(desk)
    (funding,) = [one for one in (await desk.tables())["changes"] if one["reason"] == "funding"]
    assert Decimal(funding["margin"]) > 0
    assert await desk.capital() == Decimal(400) + await brought(desk)
    assert await desk.contracts() == {ETH: Decimal("-0.137")}


async def test_a_day_of_two_bots_is_in_the_ledger_to_the_last_digit(desk: FuturesDesk) -> None:
    """Long and short, in parts, with fees in the exchange's own coin while there is some, and funding in between."""
    await desk.set_up(USDT="20000", BNB="0.0007")
    await desk.add_bot("8000", BOT, ETH)
    await desk.add_bot("8000", TWO, BTC)
    dice = Random(11)
    of = {ETH: (BOT, "ETHUSDT", 2000.0), BTC: (TWO, "BTCUSDT", 50000.0)}
    held = {ETH: Decimal(0), BTC: Decimal(0)}
    trade = {ETH: 1, BTC: 1}
    for step in range(24):
        pair = dice.choice([ETH, BTC])
        bot_id, symbol, price = of[pair]
        await desk.paper.price(symbol, round(price * dice.uniform(0.97, 1.03), 2))
        lots = Decimal(dice.randrange(5, 40)) / 1000
        side = 1 if held[pair] > 0 else -1 if held[pair] < 0 else dice.choice([1, -1])
        if held[pair] and dice.random() < 0.5:
            lots, purpose = dice.choice([abs(held[pair]), min(lots, abs(held[pair]))]), "exit"
            side = -side
        else:
            purpose = "entry"
        await desk.do(pair, "buy" if side > 0 else "sell", float(lots), trade[pair], purpose, bot_id)
        held[pair] += side * lots
        if not held[pair]:
            trade[pair] += 1
        if step % 5 == 0:
            await desk.fund(symbol, str(Decimal(dice.randrange(-300, 300)) / 10**6))
        if dice.random() < 0.3:
            await desk.look(1)
    for pair, (bot_id, _, _) in of.items():
        if held[pair]:
            side = "sell" if held[pair] > 0 else "buy"
            await desk.do(pair, side, float(abs(held[pair])), trade[pair], "exit", bot_id)
    await agrees(desk)
    assert await desk.capital(BOT) + await desk.capital(TWO) == Decimal(16000) + await brought(desk)
    assert 0 < -(await brought(desk, "BNB")) <= Decimal("0.0007")
    assert await desk.contracts() == {}
    async with desk.database.read() as session:
        places = await repository.accounts(session, [desk.wallet_id])
    left = {one.kind for one in places if one.balance}
    assert not left & {PlaceKind.POSITION, PlaceKind.TRADING}, "what the exchange rounded is left nowhere"


async def test_a_liquidation_is_its_bots_and_blocks_until_the_bot_knows(desk: FuturesDesk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("500")
    await desk.do(ETH, "buy", 1, 1)
    await desk.look()
    await desk.paper.price("ETHUSDT", 1700)
    desk.paper.pass_seconds(3)
    await desk.look(1)
    await desk.look(PATIENCE + 1)
    assert await desk.kinds() == [(Kind.DIFFERING_POSITION, f"{ETH} {BOT}")]
    assert BOT in await desk.blocked()
    assert await desk.ledger() == await desk.truth()
    assert await desk.capital() == Decimal(500) + await brought(desk), "and what the insurance fund took"
    desk.hold(ETH, Decimal(-1))
    await agrees(desk)


async def test_a_liquidation_that_is_shown_after_its_fill_is_its_bots_all_the_same(
    desk: FuturesDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("500")
    await desk.do(ETH, "buy", 1, 1)
    await desk.look()
    await desk.paper.price("ETHUSDT", 1700)
    desk.paper.pass_seconds(3)
    desk.hold(ETH, Decimal(-1))

    async def not_yet(_api: BinanceFutures, _pair: str, _order_id: str) -> None:
        return None

    with monkeypatch.context() as hidden:
        hidden.setattr(BinanceFutures, "order", not_yet)
        await desk.look(1)
    await agrees(desk)
    assert await desk.capital() == Decimal(500) + await brought(desk)


async def test_a_stop_that_was_triggered_is_booked_under_the_name_that_its_bot_knows(desk: FuturesDesk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("500")
    await desk.do(ETH, "buy", 0.5, 1)
    stop = await desk.client.create_order(
        ETH, "stop_market", "sell", 0.5, None, {"stopPrice": 1950, "reduceOnly": True}
    )
    await desk.believe({**stop, "filled": 0}, 1, "exit", open=True)
    await agrees(desk)
    desk.hold(ETH, Decimal("0.1"))
    await desk.look(1)
    await desk.look(PATIENCE + 1)
    assert await desk.kinds() == [(Kind.DIFFERING_POSITION, f"{ETH} {BOT}")], "a stop that waits hides nothing"
    desk.hold(ETH, Decimal("-0.1"))
    await agrees(desk)
    await desk.paper.price("ETHUSDT", 1940)
    desk.paper.pass_seconds(3)
    await desk.look(1)
    assert await desk.kinds() == []
    await desk.believe({**stop, "filled": 0.5}, 1, "exit")
    desk.hold(ETH, Decimal("-0.5"))
    await agrees(desk)
    assert await desk.capital() == Decimal(500) + await brought(desk)


async def test_a_strangers_position_is_found_blocks_and_is_adopted_as_nobodys(desk: FuturesDesk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("400", BOT, BTC)
    order = await desk.trade(ETH, "buy", 0.25)
    await desk.look()
    assert await desk.kinds() == [], "it may be on its way"
    await desk.look(PATIENCE)
    found = {one.kind: one for one in await desk.open_findings()}
    assert found.keys() == {Kind.UNKNOWN_ORDER, Kind.UNOWNED_POSITION}
    assert found[Kind.UNOWNED_POSITION].subject == ETH
    assert found[Kind.UNOWNED_POSITION].evidence["difference"] == "0.25"
    assert "0.25 long" in (await desk.blocked())[BOT]
    for one in found.values():
        await desk.settle(one, "adopt")
    await desk.look(1)
    await agrees(desk)
    assert await desk.contracts() == {ETH: Decimal("0.25")}
    assert await desk.capital() == 400
    spec = BotSpec.model_construct(pairs=[ETH], trading_mode="futures", stake_currency="USDT")
    async with desk.database.unit_of_work() as session:
        with pytest.raises(InvalidSpec, match="no bot's"):
            await live.check_coins(session, desk.wallet_id, spec)
    await desk.fund("ETHUSDT", "0.001")
    await desk.look(1)
    await desk.look(PATIENCE)
    (drift,) = await desk.open_findings()
    assert (drift.kind, drift.subject) == (Kind.DRIFTED_BALANCE, "USDT"), "nobody's funding is no bot's"
    await desk.settle(drift, "adopt")
    await desk.trade(ETH, "sell", 0.25)
    await desk.look(1)
    await desk.look(PATIENCE)
    assert (Kind.UNOWNED_POSITION, ETH) in await desk.kinds()
    for one in await desk.open_findings():
        await desk.settle(one, "adopt")
    await desk.look(1)
    await agrees(desk)
    assert await desk.contracts() == {}
    assert order["id"]


async def test_funding_of_an_adopted_position_is_not_of_who_traded_the_contract_before(desk: FuturesDesk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("400")
    await desk.do(ETH, "buy", 0.1, 1)
    await desk.do(ETH, "sell", 0.1, 1, "exit")
    await agrees(desk)
    capital = await desk.capital()
    await desk.trade(ETH, "buy", 0.25)
    await desk.look(1)
    await desk.look(PATIENCE)
    for one in await desk.open_findings():
        await desk.settle(one, "adopt")
    await desk.look(1)
    await agrees(desk)
    await desk.fund("ETHUSDT", "0.001")
    await desk.look(1)
    await desk.look(PATIENCE)
    assert (await desk.kinds(), await desk.capital()) == ([(Kind.DRIFTED_BALANCE, "USDT")], capital)


async def test_what_a_killed_bot_sold_short_is_its_own_once_it_is_back(desk: FuturesDesk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("400")
    desk.intend("fl-mine", ETH)
    order = await desk.trade(ETH, "sell", 0.1, "fl-mine")
    await desk.look()
    await desk.look(PATIENCE)
    (finding,) = await desk.open_findings()
    assert (finding.kind, finding.bot_id) == (Kind.UNADOPTED_ORDER, BOT), "which says what the position is, too"
    desk.intents.clear()
    await desk.believe(order, 7, filled=Decimal("0.1"))
    desk.hold(ETH, Decimal("-0.1"))
    await agrees(desk)


async def test_a_position_of_another_size_than_a_bot_traded_or_believes_is_found(desk: FuturesDesk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("400")
    await desk.do(ETH, "buy", 0.3, 1)
    await agrees(desk)
    await desk.trade(ETH, "sell", 0.1)
    desk.held[BOT].clear()
    await desk.look(1)
    await desk.look(PATIENCE)
    kinds = dict(await desk.kinds())
    assert kinds[Kind.UNOWNED_POSITION] == ETH, "smaller than what its bot traded"
    assert Kind.UNKNOWN_ORDER in kinds
    for one in await desk.open_findings():
        if one.kind == Kind.UNKNOWN_ORDER:
            await desk.settle(one, "adopt")
    await desk.trade(ETH, "buy", 0.1)
    await desk.look(1)
    await desk.look(PATIENCE)
    (finding,) = await desk.open_findings()
    assert finding.kind == Kind.UNKNOWN_ORDER, "the position is its bot's again"
    await desk.settle(finding, "adopt")
    for seconds in (1, 1, PATIENCE):
        await desk.look(seconds)
    (finding,) = await desk.open_findings()
    assert (finding.kind, finding.bot_id) == (Kind.DIFFERING_POSITION, BOT)
    assert "believes to hold no position" in finding.message
    with pytest.raises(InvalidSpec):
        await desk.settle(finding, "adopt")
