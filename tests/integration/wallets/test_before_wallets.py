"""A database from before there were wallets: each bot that lives has what it had, in its owner's paper wallet."""

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, event, text

from orchestrator.db import migrate, schema
from orchestrator.db.engine import Database
from tests.databases import KINDS, PostgresServer, sqlite_url
from tests.integration.wallets.desk import Desk

BIG = "123456789012345.123456789012345678"


@pytest.mark.parametrize("kind", KINDS)
async def test_bots_from_before_have_their_capital_in_a_wallet(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: PostgresServer | None = request.getfixturevalue("postgres") if kind == "postgresql" else None
    url = server.empty() if server else sqlite_url(tmp_path / "flotilla.db")
    database = Database(url)
    await go(database, "0016")
    async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
        for user in ("user-one", "user-two"):
            await connection.execute(text(USER), {"user": user})
        for bot, owner, currency, balance, gone in (
            ("bot-1", "user-one", "USDT", BIG, None),
            ("bot-2", "user-one", "USDT", "0.000000000000000001", None),
            ("bot-3", "user-one", "BTC", "2", None),
            ("bot-4", "user-two", "USDT", "1000", None),
            ("bot-5", "user-two", "USDC", "1000", "2026-11-01 00:00:00"),
        ):
            values = {"bot": bot, "owner": owner, "currency": currency, "gone": gone}
            await connection.execute(text(BOT.replace(":balance", f"'{balance}'")), values)
        await connection.execute(text(STATUS))
    with statements(database) as sent:
        await go(database, "0017")
    assert len(sent) < 600  # few for each bot: there may be thousands of them
    for _ in range(2):
        await go(database, "head")
        async with database.read() as session:  # what belongs to a bot is still there
            kept = text("SELECT bot_id FROM bot_statuses")
            assert (await (await session.connection()).execute(kept)).scalars().all() == ["bot-1"]
        desk = Desk(database)
        assert await desk.capital("bot-1") == Decimal(BIG)
        assert await desk.capital("bot-2") == Decimal("1e-18")
        assert (await desk.capital("bot-3", "BTC"), await desk.capital("bot-4")) == (2, 1000)
        assert not await desk.flaws()
        async with database.read() as session:
            wallets = "SELECT name, automatic FROM wallets ORDER BY owner_id, name"
            found = (await (await session.connection()).execute(text(wallets))).all()
            assert [tuple(row) for row in found] == [
                ("Paper BTC", "BTC"),
                ("Paper USDT", "USDT"),
                ("Paper USDT", "USDT"),
            ]
            without = text("SELECT id FROM bots WHERE wallet_id IS NULL")
            assert (await (await session.connection()).execute(without)).scalars().all() == ["bot-5"]
        await desk.less("bot-1", "1")
        await go(database, "0016")
    await database.close()
    if server:
        server.drop(url)


@contextlib.contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def go(database: Database, revision: str) -> None:
    """Up or down."""

    def walk(connection: Connection) -> None:
        config = migrate._config()
        config.attributes["connection"] = connection
        now = schema.current_of(connection)
        (command.upgrade if revision == "head" or now is None or now < revision else command.downgrade)(
            config, revision
        )

    async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
        await connection.run_sync(walk)


USER = (
    "INSERT INTO users (id, username, password_hash, role, reporting_currency, created_at) "
    "VALUES (:user, :user, '-', 'trader', 'USDT', '2026-01-01 00:00:00')"
)
STATUS = (
    "INSERT INTO bot_statuses (bot_id, observed_state, observed_generation, restart_done, conditions) "
    "VALUES ('bot-1', 'running', 1, 0, '[]')"
)
BOT = (
    "INSERT INTO bots (id, owner_id, name, template, parameters, exchange, trading_mode, dry_run, pairs, timeframe, "
    "stake_currency, stake_amount, max_open_trades, starting_balance, desired_state, open_trades, generation, "
    "restart_requested, epoch, created_at, updated_at, deleted_at) VALUES (:bot, :owner, :bot, 'trend', '{}', 'paper', "
    "'spot', true, '[]', '1m', :currency, '1', 1, :balance, 'running', 'keep', 1, 0, 0, "
    "'2026-01-01 00:00:00', '2026-01-01 00:00:00', CAST(:gone AS TIMESTAMP))"
)
