"""Two at once on one bot or one wallet, on PostgreSQL, where they are in transactions of their own: who waited goes by
what he waited for, and who only refers to a row holds up nobody."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from orchestrator.audit.service import By
from orchestrator.bookkeeping.models import AccountOrderModel, BotBooksModel
from orchestrator.bots import allocations, service
from orchestrator.bots import repository as bots
from orchestrator.errors import PreconditionFailed
from orchestrator.kit.clock import utc_now
from orchestrator.wallets import capital, repository
from tests.databases import PostgresServer
from tests.integration.orchestrator.rig import OWNER, Rig, rig_at

BY = By(OWNER)


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    made = postgres.migrated()
    yield made
    postgres.drop(made)


@pytest.fixture
async def shared(tmp_path: Path, url: str) -> AsyncIterator[Rig]:
    async with rig_at(tmp_path, database_url=url) as made:
        yield made


async def allocate(rig: Rig, bot_id: str, amount: int) -> None:
    async with rig.database.unit_of_work() as session:
        await allocations.allocate(session, bot_id, Decimal(amount), by=BY)


async def given(rig: Rig, bot_id: str) -> tuple[Decimal, Decimal]:
    """What the bot has by its row, and by the ledger."""
    async with rig.database.read() as session:
        bot = (await service.get(session, None, bot_id)).bot
        return bot.starting_balance, (await capital.capital_of(session, bot_id))[bot.stake_currency]


async def test_who_gives_more_goes_by_what_another_gave_since_he_looked(shared: Rig) -> None:
    bot = await shared.create(desired_state="stopped")
    before, _ = await given(shared, bot.id)
    async with shared.database.unit_of_work() as session:
        looked = (await service.get(session, None, bot.id)).bot
        await allocate(shared, bot.id, 100)
        await allocations.allocate(session, looked.id, Decimal(500), by=BY)
    assert await given(shared, bot.id) == (before + 600, before + 600)


async def test_who_names_the_version_that_he_saw_is_refused_after_another_changed_it(shared: Rig) -> None:
    bot = await shared.create(desired_state="stopped")
    async with shared.database.unit_of_work() as session:
        looked = (await service.get(session, None, bot.id)).bot
        seen = looked.generation
        await allocate(shared, bot.id, 100)
        with pytest.raises(PreconditionFailed):
            await allocations.allocate(session, looked.id, Decimal(500), seen, by=BY)
    balance, ledger = await given(shared, bot.id)
    assert balance == ledger


@pytest.mark.parametrize("how", ["find", "locked", "statuses"])
async def test_rows_are_read_anew_when_they_are_locked(shared: Rig, how: str) -> None:
    bot = await shared.create(desired_state="stopped")
    async with shared.database.unit_of_work() as session:
        looked = (await service.get(session, None, bot.id)).bot
        await allocate(shared, bot.id, 100)
        match how:
            case "find":
                await bots.find(session, bot.id, None, lock=True)
            case "locked":
                await bots.locked(session, [bot.id])
            case "statuses":
                await bots.statuses(session, [bot.id])
        assert looked.generation == bot.generation + 1


async def test_whoever_refers_to_a_wallet_and_a_bot_does_not_hold_up_who_locks_them(shared: Rig) -> None:
    """Books are kept so: an order first, whose foreign keys hold its wallet, which is locked thereafter."""
    bot = await shared.create(desired_state="stopped")
    wallet_id = (await shared.row(bot.id)).wallet_id
    assert wallet_id is not None
    async with shared.database.unit_of_work() as session:
        session.add(
            AccountOrderModel(
                wallet_id=wallet_id, pair="BTC/USDT", order_id="1", owner_id=OWNER, bot_id=bot.id, open=True,
                filled=Decimal(0), told_at=utc_now(),
            )
        )  # fmt: skip
        session.add(BotBooksModel(bot_id=bot.id, mode="live", owner_id=OWNER, database="d", settled=""))
        await session.flush()
        async with asyncio.timeout(20), shared.database.unit_of_work() as other:
            assert await bots.find(other, bot.id, None, lock=True) is not None
            assert [one.id for one in await bots.locked(other, [bot.id])] == [bot.id]
            assert [one.id for one in await repository.locked(other, [wallet_id])] == [wallet_id]
