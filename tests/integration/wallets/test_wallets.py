"""Wallets and their ledger on both databases."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from orchestrator.errors import Conflict, InsufficientFunds, InvalidSpec, NotAllowed, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.portfolio import bot_history, returns
from orchestrator.wallets import service
from orchestrator.wallets.check import FlawKind
from orchestrator.wallets.ledger import EntryKind
from orchestrator.wallets.performance import Returns
from tests.fakes.fake_agent import snapshot
from tests.integration.wallets.desk import BY, Desk
from tests.unit.wallets.facts import START, fact


async def test_money_is_deposited_given_and_taken_back_and_nobody_gets_what_is_not_there(desk: Desk) -> None:
    wallet = await desk.wallet(money="1000")
    await desk.open("bot-1", "600", wallet)
    with pytest.raises(InsufficientFunds) as refused:
        await desk.open("bot-2", "500", wallet)
    assert refused.value.params["available"] == "400"
    await desk.more("bot-1", "400")
    with pytest.raises(InsufficientFunds):
        await desk.withdraw(wallet, "0.000000000000000001")
    with pytest.raises(InsufficientFunds):
        await desk.less("bot-1", "1000.000000000000000001")
    await desk.less("bot-1", "1000")
    await desk.withdraw(wallet, "1000")
    assert await desk.free(wallet) == await desk.capital("bot-1") == 0
    assert not await desk.flaws()


async def test_the_same_key_moves_money_once(desk: Desk) -> None:
    wallet = await desk.wallet()
    await asyncio.gather(*(desk.deposit(wallet, "100", "once") for _ in range(4)))
    await desk.open("bot-1", "50", wallet)
    for move in (desk.more, desk.less):  # these are told, since they changed a bot before
        moved = await asyncio.gather(*(move("bot-1", "50", "once") for _ in range(4)), return_exceptions=True)
        assert sorted(map(type, moved), key=str) == [type(None), Conflict, Conflict, Conflict]
    await desk.less("bot-1", "50")
    await asyncio.gather(*(desk.withdraw(wallet, "100", "once") for _ in range(4)))
    assert await desk.free(wallet) == 0


async def test_who_allocates_at_once_does_not_overspend_together(desk: Desk) -> None:
    wallet = await desk.wallet(money="1000")
    outcomes = await asyncio.gather(
        *(desk.open(f"bot-{number}", "300", wallet) for number in range(6)),
        *(desk.withdraw(wallet, "300") for _ in range(3)),
        return_exceptions=True,
    )
    refused = [one for one in outcomes if isinstance(one, InsufficientFunds)]
    assert len(refused) == len(outcomes) - 3
    assert await desk.free(wallet) == 100
    assert not await desk.flaws()


async def test_bots_without_a_named_wallet_share_one_that_is_made_and_topped_up_once(desk: Desk) -> None:
    wallets = await asyncio.gather(*(desk.open(f"bot-{number}", "100") for number in range(5)))
    (wallet,) = set(wallets)
    assert await desk.free(wallet) == 0
    await desk.release("bot-0", "bot-1")
    assert await desk.open("bot-9", "150") == wallet
    assert await desk.free(wallet) == 50
    async with desk.database.read() as session:
        page = await service.statement(session, wallet, limit=50, kinds=[EntryKind.DEPOSIT])
        assert all(row.automatic for row, _ in page.items)
        assert sum(amount for _, postings in page.items for _, amount in postings if amount > 0) == 500
    taken = await desk.wallet("Paper USDC")
    async with desk.database.unit_of_work() as session:
        await service.rename(session, taken, "Paper EUR", by=BY)
    assert not await desk.flaws()


async def test_a_wallet_is_its_owners_and_of_the_bots_kind(desk: Desk) -> None:
    mine = await desk.wallet(money="1000")
    account = await desk.wallet("Binance", kind="exchange", exchange="binance", exchange_key_id="key-1")
    with pytest.raises(Conflict) as refused:
        await desk.wallet("Binance again", kind="exchange", exchange="binance", exchange_key_id="key-1")
    assert refused.value.params["field"] == "exchange_key_id"
    with pytest.raises(Conflict):
        await desk.wallet("Paper")
    for options in (
        {"wallet_id": account},
        {"wallet_id": mine, "dry_run": False},
        {"wallet_id": None, "dry_run": False},
        {"wallet_id": account, "dry_run": False, "exchange": "kraken"},
        {"wallet_id": "wallet-unknown"},
    ):
        with pytest.raises(InvalidSpec) as wrong:
            await desk.open("bot-1", "10", **options)  # type: ignore[arg-type]
        assert wrong.value.params["field"] == "wallet"
    with pytest.raises(InvalidSpec):
        await desk.deposit(account, "10")
    await desk.add_user("user-two")
    with pytest.raises(InvalidSpec):
        await desk.open("bot-1", "10", mine)
    with pytest.raises(NotAllowed):
        await desk.more("bot-unknown", "10")


async def test_an_accounts_balance_comes_by_reconciliation_once_per_finding(desk: Desk) -> None:
    account = await desk.wallet("Binance", kind="exchange", exchange="binance", exchange_key_id="key-1")
    for amount, key in (("500", "a"), ("500", "a"), ("-20", "b")):
        async with desk.database.unit_of_work() as session:
            await service.adjust(session, account, "USDT", Decimal(amount), key=key, note="found")
    assert await desk.free(account) == 480
    await desk.open("bot-1", "480", account, dry_run=False, exchange="binance")
    left = await desk.book(fact("1", filled="1", mode="live"), fact("2", filled="1", mode="dry"))
    assert [one.order_id for one, _ in left.left_out] == ["2"]
    assert await desk.capital("bot-1") == 380


async def test_books_are_booked_once_whoever_tells_them_at_once(desk: Desk) -> None:
    wallet = await desk.open("bot-1", "1000")
    told = [fact("1", "buy", "1", "100", fee="0.1", fee_currency="USDT"), fact("2", "sell", "1", "130", minute=1)]
    bookings = await asyncio.gather(*(desk.book(*told, fact("x", bot_id="bot-none")) for _ in range(4)))
    assert sorted(one.transactions for one in bookings) == [0, 0, 0, 4]
    assert all(len(one.left_out) == 1 for one in bookings)
    assert await desk.capital("bot-1") == Decimal("1029.9")
    assert await desk.capital("bot-1", "BTC") == 0
    moved = fact("1", "buy", "1", "100", trade_id=9, fee="0.2", fee_currency="USDT", minute=2)
    await desk.book(moved)  # an order that changed its trade is still the same order
    assert await desk.capital("bot-1") == Decimal("1029.8")
    assert not await desk.flaws(wallet)


async def test_what_no_column_holds_is_left_out_and_spoils_no_other_bots_books(desk: Desk) -> None:
    await desk.open("bot-1", "1000")
    await desk.open("bot-2", "1000")
    huge = [fact(str(number), "sell", "1", "9e19", purpose="exit", trade_id=number) for number in range(2)]
    booking = await desk.book(*huge, fact("1", bot_id="bot-2"))
    assert [one.bot_id for one, _ in booking.left_out] == ["bot-1", "bot-1"]
    endless = Decimal("1" * 200 + "." + "1" * 100)
    for name in ("filled", "cost", "fee"):
        booking = await desk.book(fact("9", trade_id=9, fee_currency="USDT").model_copy(update={name: endless}))
        assert [one.order_id for one, _ in booking.left_out] == ["9"]
    assert (await desk.capital("bot-1"), await desk.capital("bot-2")) == (1000, 900)
    assert not await desk.flaws()


async def test_a_bot_that_is_gone_leaves_all_it_has_and_late_books_go_on_to_the_wallet(desk: Desk) -> None:
    wallet = await desk.open("bot-1", "1000")
    await desk.book(fact("1", "buy", "2", "100"), fact("2", "sell", "1", "150", minute=1))
    await desk.release("bot-1", spare="800")  # it told that it lost 150 which the ledger has not heard of
    assert (await desk.free(wallet), await desk.capital("bot-1")) == (800, 150)
    assert await desk.free(wallet, "BTC") == 1
    (flaw,) = await desk.flaws(wallet)
    assert (flaw.kind, flaw.bot_id, flaw.amount) == (FlawKind.LEFT_BEHIND, "bot-1", 150)
    await desk.book(fact("3", "sell", "1", "40", minute=2))
    assert (await desk.free(wallet), await desk.free(wallet, "BTC"), await desk.capital("bot-1")) == (990, 0, 0)
    assert not await desk.flaws(wallet)
    await desk.release("bot-1")
    assert await desk.free(wallet) == 990


async def test_coins_that_a_bot_left_are_no_loss(desk: Desk) -> None:
    wallet = await desk.open("bot-1", "1000")
    await tell(desk, "bot-1", equity="1030", realised="50", unrealised="-20", in_trades="80")
    await desk.book(fact("1", "buy", "2", "100"), fact("2", "sell", "1", "150", minute=1))
    await desk.release("bot-1")
    assert (await desk.free(wallet), await desk.free(wallet, "BTC")) == (950, 1)
    bot, all_ = await performance(desk, wallet, "bot-1")
    assert (bot.profit, all_.profit) == (30, 30), "50 by the ledger, and 20 lost by the coins as last told"
    assert (bot.value, all_.value) == (0, 950), "the coins are in the wallet, but no money of this currency"
    assert bot.time_weighted == Decimal("0.03")
    await desk.book(fact("3", "sell", "0.9", "40", minute=2))
    bot, all_ = await performance(desk, wallet, "bot-1")
    assert (bot.profit, all_.profit) == (-6, -6), "54 lost of 90, and a tenth of the 20"
    await desk.book(fact("4", "sell", "0.1", "40", minute=3))
    bot, all_ = await performance(desk, wallet, "bot-1")
    assert (bot.profit, all_.profit, all_.value) == (-10, -10, 990), "nothing is left: the ledger knows it all"


async def test_capital_that_waits_for_the_last_books_of_a_bot_is_no_loss(desk: Desk) -> None:
    wallet = await desk.open("bot-1", "1000")
    await desk.book(fact("1", "buy", "1", "100"))
    await desk.release("bot-1", spare="0")
    assert (await desk.free(wallet), await desk.capital("bot-1")) == (0, 900)
    bot, all_ = await performance(desk, wallet, "bot-1")
    assert (bot.profit, all_.profit, all_.value) == (0, 0, 900)


async def test_a_bot_that_gave_all_back_has_the_return_that_it_had(desk: Desk) -> None:
    wallet = await desk.open("bot-1", "1000")
    await tell(desk, "bot-1", equity="1031", realised="31")
    await desk.book(fact("1", "buy", "1", "100"), fact("2", "sell", "1", "130", minute=1))
    await desk.release("bot-1")
    bot, _ = await performance(desk, wallet, "bot-1")
    assert (bot.profit, bot.value, bot.time_weighted) == (30, 0, Decimal("0.03"))


async def test_an_open_contract_that_a_bot_left_is_neither_profit_nor_loss(desk: Desk) -> None:
    wallet = await desk.open("bot-1", "1000")
    await desk.book(fact("1", "buy", "2", "100", pair="BTC/USDT:USDT", fee="1", fee_currency="USDT"))
    await desk.release("bot-1")
    assert [one.profit for one in await performance(desk, wallet, "bot-1")] == [-1, -1]


async def tell(desk: Desk, bot_id: str, equity: str, **money: str) -> None:
    """As the bot's last word."""
    told = snapshot(equity).model_copy(update={name: Decimal(value) for name, value in money.items()})
    async with desk.database.unit_of_work() as session:
        await bot_history.record(session, {bot_id: told}, utc_now())


async def performance(desk: Desk, wallet_id: str, bot_id: str) -> list[Returns]:
    """As told of the bot, and of its wallet."""
    async with desk.database.read() as session:
        wallet = await service.get(session, wallet_id)
        now = utc_now() + timedelta(minutes=1)
        found = [await returns.of_bot(session, wallet, bot_id, now), *await returns.of_wallets(session, [wallet], now)]
    return [one.returns for one in found]


async def test_reading_books_of_a_bot_that_is_gone_settles_what_it_left(desk: Desk) -> None:
    wallet = await desk.open("bot-1", "1000")
    told = [fact("1", "buy", "1", "100"), fact("2", "sell", "1", "150", minute=1)]
    await desk.book(*told)
    await desk.release("bot-1", spare="700")
    assert await desk.free(wallet) == 700
    for _ in range(2):
        await desk.book(*told, read_at={"bot-1": utc_now()})  # with nothing new in them
        assert await desk.free(wallet) == 1050


async def test_an_empty_wallet_is_archived_and_its_name_is_free_again(desk: Desk) -> None:
    wallet = await desk.wallet("Mine", money="10")
    with pytest.raises(Conflict):
        await archive(desk, wallet)
    await desk.withdraw(wallet, "10")
    await archive(desk, wallet)
    await archive(desk, wallet)
    for refused in (desk.deposit(wallet, "1"), rename(desk, wallet, "Other")):
        with pytest.raises(Conflict):
            await refused
    assert await desk.wallet("Mine") != wallet
    with pytest.raises(NotFound):
        await archive(desk, "wallet-none")
    busy = await desk.open("bot-1", "10")
    with pytest.raises(Conflict):
        await archive(desk, busy)


async def test_the_ledger_is_append_only_and_what_is_changed_behind_it_is_found(desk: Desk) -> None:
    wallet = await desk.open("bot-1", "1000")
    await desk.book(fact("1"))
    sqlite = desk.database.engine.dialect.name == "sqlite"
    for statement in (
        "UPDATE ledger_postings SET amount = '1'", "DELETE FROM ledger_transactions",
        "DELETE FROM ledger_postings", "UPDATE ledger_transactions SET note = 'x'",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match="append-only"):
            await execute(desk, statement if sqlite else statement.replace("'1'", "1"))
    await execute(desk, "UPDATE ledger_accounts SET balance = '5' WHERE kind = 'capital' AND currency = 'USDT'")
    kinds = {(flaw.kind, flaw.currency, flaw.amount) for flaw in await desk.flaws(wallet)}
    assert kinds == {(FlawKind.DIFFERS, "USDT", -895), (FlawKind.UNBALANCED, "USDT", -895)}


async def test_who_spends_more_than_he_was_given_is_told(desk: Desk) -> None:
    wallet = await desk.open("bot-1", "50")
    await desk.book(fact("1", "buy", "1", "100"))
    (flaw,) = await desk.flaws(wallet)
    assert (flaw.kind, flaw.bot_id, flaw.amount) == (FlawKind.OVERDRAWN, "bot-1", -50)


@pytest.mark.parametrize("amount", ["0", "-1", "1e16", "1e-19", "NaN", "Infinity"])
async def test_amounts_that_are_none_are_refused(desk: Desk, amount: str) -> None:
    wallet = await desk.wallet()
    with pytest.raises(InvalidSpec) as refused:
        await desk.deposit(wallet, amount)
    assert refused.value.params["field"] == "amount"


async def test_a_statement_pages_through_everything_once(desk: Desk) -> None:
    wallet = await desk.wallet(money="1000")
    await desk.open("bot-1", "100", wallet)
    await desk.book(*(fact(str(number), minute=number, filled="0.01", trade_id=number) for number in range(6)))
    keys, after = [], None
    async with desk.database.read() as session:
        while True:
            page = await service.statement(session, wallet, limit=3, after=after)
            keys += [row.key for row, _ in page.items]
            assert all(sum(amount for _, amount in postings) == 0 for _, postings in page.items)
            after = page.next
            if after is None:
                break
        of_bot = await service.statement(session, wallet, limit=50, bot_id="bot-1", kinds=[EntryKind.FILL])
    assert len(keys) == len(set(keys)) == 8
    assert [row.at for row, _ in of_bot.items][-1] == START
    assert len(of_bot.items) == 6


async def archive(desk: Desk, wallet_id: str) -> None:
    async with desk.database.unit_of_work() as session:
        await service.archive(session, wallet_id, by=BY)


async def rename(desk: Desk, wallet_id: str, name: str) -> None:
    async with desk.database.unit_of_work() as session:
        await service.rename(session, wallet_id, name, by=BY)


async def execute(desk: Desk, statement: str) -> None:
    async with desk.database.unit_of_work() as session:
        await (await session.connection()).execute(text(statement))
