"""A session with a reach gets and changes nobody else's rows, however the query is put, on both databases."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, func, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from orchestrator.bots.models import BotModel
from orchestrator.db import tenancy
from orchestrator.db.engine import Database
from orchestrator.db.tenancy import Reach
from orchestrator.kit.clock import utc_now
from orchestrator.users.models import PORTFOLIO, ShareModel, UserModel

ANN, BOB, CAT = "user-ann", "user-bob", "user-cat"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    async with opened.unit_of_work() as session:
        for user in (ANN, BOB, CAT):
            session.add(UserModel(id=user, username=user, password_hash="-", role="trader", created_at=utc_now()))
        await session.flush()
        for owner, name in ((ANN, "a1"), (ANN, "a2"), (BOB, "b1"), (CAT, "c1")):
            session.add(bot(owner, name))
    yield opened
    await opened.close()


def bot(owner: str, name: str) -> BotModel:
    now = utc_now()
    return BotModel(
        id=f"bot-{name}",
        owner_id=owner,
        name=name,
        template="trend",
        parameters={},
        exchange="paper",
        trading_mode="spot",
        dry_run=True,
        pairs=["BTC/USDT"],
        timeframe="1m",
        stake_currency="USDT",
        stake_amount=Decimal(10),
        max_open_trades=1,
        starting_balance=Decimal(100),
        desired_state="running",
        generation=1,
        created_at=now,
        updated_at=now,
    )


async def share(database: Database, owner: str, grantee: str, what: str, level: str) -> None:
    async with database.unit_of_work() as session:
        at = utc_now()
        identity = f"{owner}/{grantee}/{what}"[-40:]
        row = ShareModel(id=identity, owner_id=owner, grantee_id=grantee, what=what, level=level, created_at=at)
        session.add(row)


async def seen(database: Database, reach: Reach | None) -> set[str]:
    async with database.read() as session:
        if reach is not None:
            tenancy.bind(session, reach)
        return {row.name for row in (await session.exec(select(BotModel))).all()}


@pytest.mark.parametrize(
    ("reach", "names"),
    [
        (None, {"a1", "a2", "b1", "c1"}),
        (Reach(ANN), {"a1", "a2"}),
        (Reach(ANN, "view"), {"a1", "a2", "b1", "c1"}),
        (Reach(ANN, "operate"), {"a1", "a2", "c1"}),
        (Reach(BOB, "view"), {"b1", "a2"}),
        (Reach(BOB, "operate"), {"b1"}),
        (Reach(CAT, everybody=True), {"a1", "a2", "b1", "c1"}),
        (Reach(ANN, "view", bot_ids=frozenset({"bot-a1", "bot-c1"})), {"a1", "c1"}),
        (Reach(ANN, "own", bot_ids=frozenset({"bot-a1", "bot-c1"})), {"a1"}),
        (Reach(BOB, "view", bot_ids=frozenset({"bot-a1"})), set()),
        (Reach(CAT, everybody=True, bot_ids=frozenset({"bot-b1"})), {"b1"}),
    ],
)
async def test_who_sees_what(database: Database, reach: Reach | None, names: set[str]) -> None:
    await share(database, BOB, ANN, "bot-b1", "view")
    await share(database, CAT, ANN, PORTFOLIO, "operate")
    await share(database, ANN, BOB, "bot-a2", "view")
    assert await seen(database, reach) == names


QUERIES: dict[str, Any] = {
    "columns": select(BotModel.name),
    "count": select(func.count()).select_from(BotModel),
    "alias": select(aliased(BotModel)),
    "subquery": select(UserModel.id).where(col(UserModel.id).in_(select(BotModel.owner_id))),
    "exists": select(UserModel.id).where(
        select(BotModel.id).where(col(BotModel.owner_id) == col(UserModel.id)).exists()
    ),
    "join": select(UserModel.id).join(BotModel, col(BotModel.owner_id) == col(UserModel.id)),
}


@pytest.mark.parametrize("form", QUERIES)
async def test_no_form_of_query_gets_around_it(database: Database, form: str) -> None:
    async with database.unit_of_work() as session:
        tenancy.bind(session, Reach("user-nobody"))
        found = (await session.exec(QUERIES[form])).all()
    assert [one for one in found if one] == []
    async with database.read() as session:
        assert [one for one in (await session.exec(QUERIES[form])).all() if one] != []


async def test_rows_are_neither_got_nor_changed_nor_removed(database: Database) -> None:
    async with database.unit_of_work() as session:
        tenancy.bind(session, Reach(BOB))
        assert await session.get(BotModel, "bot-a1") is None
        assert await session.get(BotModel, "bot-a1", with_for_update=True) is None
        assert await session.get(BotModel, "bot-b1") is not None
        await session.exec(update(BotModel).values(timeframe="5m"))
        await session.exec(delete(BotModel).where(col(BotModel.name) == "a1"))
        await session.exec(delete(BotModel).where(col(BotModel.name) == "b1"))
    async with database.read() as session:
        left = {row.name: row.timeframe for row in (await session.exec(select(BotModel))).all()}
    assert left == {"a1": "1m", "a2": "1m", "c1": "1m"}


async def test_a_reach_stays_in_its_session(database: Database) -> None:
    async with database.read() as session:
        tenancy.bind(session, Reach("user-nobody"))
    assert await seen(database, None) == {"a1", "a2", "b1", "c1"}
