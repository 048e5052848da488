"""Books in which nothing happened are not read again, and nothing that happened is missed for it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import Mock

import pytest

from orchestrator.bookkeeping.reader import BooksReader
from orchestrator.bookkeeping.shelves import ReadMarks
from orchestrator.db.engine import Database
from orchestrator.errors import AgentOutdated, AgentUnreachable, Error
from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import PoolModel
from orchestrator.wallets.models import WalletBotModel
from pool.contract.books import HeldFact, IntentFact
from tests.integration.bookkeeping.test_reader import AT, BOT, Study, fact

A_MINUTE = timedelta(seconds=61)


class Quiet(Study):
    """Its books were read, and have a mark. `moment` is the reader's clock."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.moment = 0.0
        self.reader = self.another()

    def another(self) -> BooksReader:
        return BooksReader(self.database, self.agent, ReadMarks(lambda: self.moment))  # type: ignore[arg-type]

    async def begin(self, mode: Any = "dry", **told: Any) -> None:
        self.agent.marks = {BOT: "first"}
        self.agent.tell([fact(1, mode=mode)], mode=mode, **told)
        await self.reader.read()
        assert self.reads() == 1

    def reads(self) -> int:
        """How many times its books were asked for."""
        return len(self.agent.asked)

    async def is_read(self) -> bool:
        """Whether a round asks for them."""
        before = self.reads()
        self.agent.tell()
        await self.reader.read()
        self.agent.pages.clear()
        return self.reads() > before

    async def books_at(self) -> datetime | None:
        async with self.database.read() as session:
            return (await session.get_one(WalletBotModel, BOT)).books_at


@pytest.fixture
async def quiet(database: Database) -> Quiet:
    made = Quiet(database)
    await made.set_up()
    return made


async def test_books_whose_mark_is_the_same_are_not_read_again(quiet: Quiet) -> None:
    await quiet.begin()
    assert not await quiet.is_read()
    quiet.agent.marks = {BOT: "second"}
    quiet.agent.tell([fact(1), fact(2, "sell")], cursor="2.0", settled="2.0")
    await quiet.reader.read()
    assert await quiet.capital() == {"USDT": Decimal("999.8")}
    assert not await quiet.is_read()


async def test_after_a_start_all_is_read_once(quiet: Quiet) -> None:
    await quiet.begin()
    quiet.reader = quiet.another()
    assert await quiet.is_read()
    assert not await quiet.is_read()
    quiet.reader.rest()
    assert await quiet.is_read(), "another one led meanwhile"


async def test_without_a_mark_books_are_read_each_time(quiet: Quiet) -> None:
    await quiet.begin()
    for told in ({}, {"another-bot": "first"}, AgentOutdated("Of before."), AgentUnreachable("Too slow.")):
        quiet.agent.marks = told
        assert await quiet.is_read(), told
        assert await quiet.is_read(), told


@pytest.mark.parametrize(
    "failed",
    [
        lambda agent: agent.pages.append(AgentUnreachable("It does not answer.")),
        lambda agent: agent.tell(problem="They cannot be read now."),
        lambda agent: (agent.tell(more=True), agent.pages.append(AgentUnreachable("It broke off."))),
    ],
)
async def test_a_read_that_failed_is_repeated_though_the_mark_is_the_same(
    quiet: Quiet, failed: Callable[[Any], None]
) -> None:
    await quiet.begin()
    failed(quiet.agent)
    await quiet.reader.read([BOT])
    for mark in ("first", "second", "second"):
        assert (await quiet.row()).problem is not None
        quiet.agent.marks = {BOT: mark}
        failed(quiet.agent)
        before = quiet.reads()
        await quiet.reader.read()
        assert quiet.reads() > before
    assert await quiet.is_read()
    assert (await quiet.row()).problem is None
    assert not await quiet.is_read()


async def test_what_bots_told_of_is_read_whatever_the_mark_says(quiet: Quiet) -> None:
    await quiet.begin()
    quiet.agent.tell([fact(1), fact(2, "sell")], cursor="2.0", settled="2.0")
    await quiet.reader.read([BOT])
    assert quiet.reads() == 2
    assert await quiet.is_read(), "what it did may have been on its way still"
    assert not await quiet.is_read()


async def test_a_mark_counts_only_where_it_was_told(quiet: Quiet) -> None:
    """Whatever two pools call alike."""
    await quiet.begin()
    async with quiet.database.unit_of_work() as session:
        session.add(
            PoolModel(
                id="pool-b", node="local", driver="fake", slots_total=5, desired_state="running",
                observed_state="ready", conditions=[], created_at=utc_now(),
            )
        )  # fmt: skip
    for changes in ({"epoch": 2}, {"pool_id": "pool-b"}, {"pool_id": "pool-a"}):
        await quiet.change(**changes)
        assert await quiet.is_read(), changes
        assert not await quiet.is_read(), changes


async def test_the_last_books_of_a_deleted_bot_are_read(quiet: Quiet) -> None:
    await quiet.begin()
    await quiet.change(deleted_at=utc_now(), desired_state="deleted")
    assert await quiet.is_read()
    assert (await quiet.row()).closed


async def test_no_mark_is_trusted_for_ever(quiet: Quiet) -> None:
    await quiet.begin()
    quiet.moment = 449
    assert not await quiet.is_read()
    quiet.moment = 900
    assert await quiet.is_read()
    assert not await quiet.is_read()


async def test_books_that_are_the_same_are_in_the_ledger_up_to_now(quiet: Quiet) -> None:
    """Once a minute: what a bot that is deleted gives back goes by it."""
    await quiet.begin()
    began = quiet.agent.now
    assert await quiet.books_at() == began
    quiet.agent.now += A_MINUTE / 2
    assert not await quiet.is_read()
    assert await quiet.books_at() == began
    quiet.agent.now = began + A_MINUTE
    assert not await quiet.is_read()
    assert await quiet.books_at() == (await quiet.row()).read_at == began + A_MINUTE
    quiet.agent.marks = {BOT: "second"}
    quiet.agent.pages.append(AgentUnreachable("It does not answer."))
    quiet.agent.now += A_MINUTE
    await quiet.reader.read()
    assert await quiet.books_at() == began + A_MINUTE


async def test_what_a_live_bot_told_holds_while_its_mark_does(quiet: Quiet) -> None:
    await quiet.change(dry_run=False)
    intent = IntentFact(
        client_order_id="fl-one", order_id=None, pair="BTC/USDT", side="buy", purpose="entry", state="planned",
        booked=False, trade_id=None, at=AT,
    )  # fmt: skip
    held = HeldFact(
        trade_id=1, pair="BTC/USDT:USDT", is_short=True, amount=Decimal(2), contract_size=Decimal(1),
        leverage=Decimal(1), stake=Decimal(100), funding=Decimal(0),
    )  # fmt: skip
    await quiet.begin("live", intents=[intent], held=[held])
    quiet.agent.now += A_MINUTE
    assert not await quiet.is_read()
    assert [one.client_order_id for one in quiet.reader.intents[BOT]] == ["fl-one"]
    assert quiet.reader.held[BOT] == {"BTC/USDT:USDT": Decimal(-2)}
    assert (await quiet.row("live")).read_at == quiet.agent.now
    assert await quiet.books_at() is None, "of a live bot its account says up to when"


async def test_a_quiet_round_and_one_that_fails_again_write_nothing(
    quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    await quiet.begin()
    units = Mock(wraps=quiet.database.unit_of_work)
    monkeypatch.setattr(quiet.database, "unit_of_work", units)
    assert not await quiet.is_read()
    assert not units.called
    gone: Error = AgentUnreachable("It does not answer.")
    quiet.agent.marks = gone
    for _ in range(3):
        quiet.agent.pages.append(gone)
        await quiet.reader.read()
    assert units.call_count == 1
