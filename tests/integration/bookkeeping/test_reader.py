"""Bots' books on their way into the ledger: page by page, once, from wherever the bot is, and to the end."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, select

from orchestrator.bookkeeping.models import AccountOrderModel, BotBooksModel
from orchestrator.bookkeeping.reader import BooksReader
from orchestrator.bots.models import BotModel
from orchestrator.db.engine import Database
from orchestrator.errors import AgentUnreachable, Error, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import PoolModel
from orchestrator.users.models import UserModel
from orchestrator.wallets import capital
from pool.contract.books import BookMarks, Books, IntentFact, OrderFact

OWNER, BOT = "user-one", "bot-one"
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def fact(number: int, side: Any = "buy", **changes: Any) -> OrderFact:
    values: dict[str, Any] = {
        "bot_id": BOT, "mode": "dry", "trade_id": 1, "order_id": f"order-{number}", "pair": "BTC/USDT", "side": side,
        "purpose": "entry" if side == "buy" else "exit", "status": "closed", "filled": Decimal(1),
        "average": Decimal(100), "cost": Decimal(100), "fee": Decimal("0.1"), "fee_currency": "USDT",
        "at": AT + timedelta(minutes=number), **changes,
    }  # fmt: skip
    return OrderFact(**values)


class Agent:
    """Pages that are told in turn; what it was asked is in `asked`. It is its own directory."""

    def __init__(self) -> None:
        self.pages: list[Books | Exception] = []
        self.asked: list[tuple[str, str]] = []
        self.marks: dict[str, str] | Error = {}
        self.now = utc_now()

    async def agent_for(self, _pool_id: str) -> "Agent":
        return self

    async def book_marks(self, seconds: float = 0) -> BookMarks:
        if isinstance(self.marks, Error):
            raise self.marks
        return BookMarks(as_of=self.now, marks=self.marks)

    async def books(self, _bot_id: str, mode: str, after: str = "", seconds: float = 0) -> Books:
        self.asked.append((mode, after))
        page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        return page

    def tell(self, facts: Sequence[OrderFact] = (), *, mode: Any = "dry", **changes: Any) -> None:
        values = {"database": "first", "cursor": "1.0", "settled": "1.0", **changes}
        self.pages.append(Books(bot_id=BOT, mode=mode, as_of=self.now, orders=list(facts), **values))


class Study:
    """A bot with 1000 USDT, and the reader of its books."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.agent = Agent()
        self.reader = BooksReader(database, self.agent)  # type: ignore[arg-type]

    async def set_up(self) -> None:
        now = utc_now()
        async with self.database.unit_of_work() as session:
            session.add(UserModel(id=OWNER, username=OWNER, password_hash="-", role="trader", created_at=now))
            session.add(
                PoolModel(
                    id="pool-a", node="local", driver="fake", slots_total=5, desired_state="running",
                    observed_state="ready", conditions=[], created_at=now,
                )
            )  # fmt: skip
            await session.flush()
            session.add(
                BotModel(
                    id=BOT, owner_id=OWNER, name=BOT, template="t", parameters={}, exchange="paper",
                    trading_mode="spot", dry_run=True, pairs=["BTC/USDT"], timeframe="5m", stake_currency="USDT",
                    stake_amount=Decimal(100), max_open_trades=3, starting_balance=Decimal(1000),
                    desired_state="running", generation=1, created_at=now, updated_at=now, pool_id="pool-a", epoch=1,
                )
            )  # fmt: skip
            await session.flush()
            await capital.open_(session, OWNER, BOT, "USDT", Decimal(1000), dry_run=True, exchange="paper")

    async def capital(self) -> dict[str, Decimal]:
        async with self.database.read() as session:
            return {name: amount for name, amount in (await capital.capital_of(session, BOT)).items() if amount}

    async def row(self, mode: str = "dry") -> BotBooksModel:
        async with self.database.read() as session:
            return await session.get_one(BotBooksModel, (BOT, mode))

    async def waiting(self) -> list[str]:
        """Orders that the bot is said to have open."""
        query = select(AccountOrderModel.order_id).where(col(AccountOrderModel.open).is_(True))
        async with self.database.read() as session:
            return sorted((await session.exec(query)).all())

    async def change(self, **values: Any) -> None:
        async with self.database.unit_of_work() as session:
            bot = await session.get_one(BotModel, BOT)
            for name, value in values.items():
                setattr(bot, name, value)


@pytest.fixture
async def study(database: Database) -> Study:
    made = Study(database)
    await made.set_up()
    return made


async def test_a_dry_bots_orders_are_booked_once_however_often_they_are_told(study: Study) -> None:
    study.agent.tell([fact(1)], more=True)
    study.agent.tell([fact(2, "sell", cost=Decimal(110), average=Decimal(110))], cursor="2.0", settled="1.0")
    await study.reader.read()
    assert await study.capital() == {"USDT": Decimal("1009.8")}
    study.agent.tell([fact(2, "sell", cost=Decimal(110), average=Decimal(110))], cursor="2.0", settled="2.0")
    again = BooksReader(study.database, study.agent)  # type: ignore[arg-type]
    await again.read([BOT])
    assert await study.capital() == {"USDT": Decimal("1009.8")}
    assert study.agent.asked == [("dry", ""), ("dry", "1.0"), ("dry", "1.0")]
    assert (await study.row()).settled == "2.0"


async def test_a_database_that_was_made_anew_is_read_from_its_beginning(study: Study) -> None:
    study.agent.tell([fact(1)])
    await study.reader.read()
    study.agent.tell(database="second", cursor="1.0")
    study.agent.tell([fact(1, order_id="another", trade_id=2)], database="second")
    await study.reader.read()
    assert study.agent.asked == [("dry", ""), ("dry", "1.0"), ("dry", "")]
    assert await study.capital() == {"BTC": Decimal(2), "USDT": Decimal("799.8")}


async def test_what_cannot_be_read_now_is_told_and_read_later(study: Study) -> None:
    study.agent.pages.append(AgentUnreachable("The agent does not answer."))
    await study.reader.read()
    assert (await study.row()).problem == "The agent does not answer."
    study.agent.tell(problem="The books cannot be read now.")
    await study.reader.read()
    assert (await study.row()).problem == "The books cannot be read now."
    study.agent.tell([fact(1)])
    await study.reader.read()
    assert ((await study.row()).problem, (await study.capital())["BTC"]) == (None, Decimal(1))


async def test_a_deleted_bots_last_books_are_read_and_then_no_more(study: Study) -> None:
    study.agent.tell([fact(1)])
    await study.reader.read()
    await study.change(deleted_at=utc_now(), desired_state="deleted")
    study.agent.tell([fact(2, "sell")], cursor="2.0", settled="2.0")
    await study.reader.read()
    assert (await study.row()).closed
    await study.reader.read()
    assert len(study.agent.asked) == 2
    assert await study.capital() == {"USDT": Decimal("999.8")}


async def test_books_of_a_deleted_bot_that_its_pool_never_had_are_closed(study: Study) -> None:
    await study.change(deleted_at=utc_now(), desired_state="deleted")
    study.agent.pages.append(NotFound("No such bot."))
    await study.reader.read()
    assert (await study.row()).closed


async def test_what_a_live_bot_believes_is_kept_and_not_booked(study: Study) -> None:
    await study.change(dry_run=False)
    intent = IntentFact(
        client_order_id="fl-one", order_id="7", pair="BTC/USDT", side="buy", purpose="entry", state="placed",
        booked=False, trade_id=None, at=AT,
    )  # fmt: skip
    study.agent.tell([fact(1, mode="live")], mode="live", intents=[intent])
    await study.reader.read()
    assert await study.capital() == {"USDT": Decimal(1000)}
    async with study.database.read() as session:
        rows = (await session.exec(select(AccountOrderModel).order_by(AccountOrderModel.order_id))).all()
    assert [(row.order_id, row.trade_id, row.open) for row in rows] == [("7", None, True), ("order-1", 1, False)]
    assert [one.client_order_id for one in study.reader.intents[BOT]] == ["fl-one"]
    study.agent.tell([fact(1, mode="live"), fact(2, mode="live", order_id="7")], mode="live")
    await study.reader.read()
    async with study.database.read() as session:
        row = (await session.exec(select(AccountOrderModel).where(AccountOrderModel.order_id == "7"))).one()
    assert (row.trade_id, row.open) == (1, False)
    assert study.reader.intents[BOT] == ()


async def test_an_order_that_freqtrade_took_away_with_its_trade_waits_no_more(study: Study) -> None:
    """As it does with a first entry that was cancelled unfilled."""
    await study.change(dry_run=False)
    nothing: dict[str, Any] = {"mode": "live", "status": "open", "filled": Decimal(0), "cost": Decimal(0)}
    timed_out, still = fact(1, **nothing), fact(2, **nothing, trade_id=2)
    study.agent.tell([timed_out, still], mode="live")
    await study.reader.read()
    study.agent.tell([still], mode="live", unreadable=1)
    await study.reader.read()
    assert await study.waiting() == ["order-1", "order-2"], "it may be the row that cannot be read"
    study.agent.tell(mode="live", more=True)
    study.agent.tell([still], mode="live")
    await study.reader.read()
    assert await study.waiting() == ["order-2"]
    study.agent.tell([timed_out, still], mode="live")
    await study.reader.read()
    assert await study.waiting() == ["order-1", "order-2"], "it is back, with the file that it is in"


async def test_amounts_that_the_database_cannot_keep_are_told_and_stop_no_round(study: Study) -> None:
    """PostgreSQL; SQLite keeps whatever it is."""
    await study.change(dry_run=False)
    for _ in range(2):
        study.agent.tell([fact(1, mode="live", filled=Decimal("1e25"))], mode="live")
        await study.reader.read()
    if study.database.engine.dialect.name == "postgresql":
        assert "amounts" in ((await study.row("live")).problem or "")
        study.agent.tell([fact(1, mode="live")], mode="live")
        await study.reader.read()
        assert (await study.row("live")).problem is None
