"""Queries on what grows find an index: shown by EXPLAIN on both databases, with enough rows for scans to be dear.

The statements are those that the program itself sends, caught on their way and explained.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.actions import service as actions
from orchestrator.actions.service import ActionFilters
from orchestrator.audit import service as audit
from orchestrator.audit.verify import verify
from orchestrator.bots import repository as bots
from orchestrator.bots.desired import DesiredBook
from orchestrator.bots.retention import forget_events
from orchestrator.bots.service import BotFilters, Idempotency
from orchestrator.bots.service import create as create_bot
from orchestrator.db.bulk import insert, plain
from orchestrator.db.engine import Database
from orchestrator.db.tenancy import Reach, bind
from orchestrator.kit.clock import utc_now
from orchestrator.kit.pages import encode_cursor
from orchestrator.pools import assignments
from orchestrator.portfolio import bot_history, history, sparklines, trades
from orchestrator.retention import forget_tokens
from orchestrator.settings import OrchestratorSettings
from orchestrator.tables import METADATA
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.spec import BotRequest, resolve
from orchestrator.users import repository as users
from pool.contract.events import Event, EventType
from pool.contract.risk import Action, Refusal

NOW = datetime(2026, 11, 21, 12, 40, tzinfo=UTC)
GROWING = {
    *("actions", "audit", "bots", "bot_events", "equity_points", "bot_snapshots", "idempotency_keys", "refresh_tokens"),
}
USERS, BOTS, LIVING = 60, 1500, 150
_OLD = 1_000_000
"""Numbers of acts, above those that the database gives out in the test."""
Question = Callable[[Database, AsyncSession], Awaitable[Any]]


@pytest.fixture
async def database(database_url: str) -> Any:
    """Filled and analysed."""
    opened = Database(database_url)
    await fill(opened)
    yield opened
    await opened.close()


async def fill(database: Database) -> None:
    one, ids = Decimal(1), [f"bot-{number:04d}" for number in range(BOTS)]
    owners = [f"user-{number:02d}" for number in range(USERS)]
    ages = [NOW - timedelta(minutes=number) for number in range(20_000)]
    rows: dict[str, list[tuple[Any, ...]]] = {
        "users": [user_row(user) for user in owners],
        "bots": [bot_row(bot_id, owners[n % USERS], ages[n], n < LIVING) for n, bot_id in enumerate(ids)],
        "bot_statuses": [(bot_id, "running", 1, 0, None, "[]", None, None, None, None) for bot_id in ids],
        "bot_events": [
            (number + 1, ids[number % BOTS], "r", "bot", number, at, "t" if number % 8 else "trade.exit_fill", "{}")
            for number, at in enumerate(ages)
        ],
        "equity_points": [
            (user, "all", seconds, NOW - timedelta(seconds=seconds * step), "USDT", *[one] * 6, 1, 0)
            for user in owners for seconds in (10, 60, 900) for step in range(200)
        ],
        "idempotency_keys": [
            (owners[n % USERS], str(n), "h", "b", utc_now() - timedelta(seconds=11 * n)) for n in range(8000)
        ],
        "audit": [
            (_OLD + number, at, owners[number % USERS], "bot.start", f"bot/{ids[number % BOTS]}", "", None, None,
             owners[number % USERS], number + 1, "-", "-")
            for number, at in enumerate(ages)
        ],
        "actions": [action_row(_OLD + number, ids[number % BOTS], owners[number % USERS], at)
                    for number, at in enumerate(ages)],
        "refresh_tokens": [
            (str(n), owners[n % USERS], str(n), str(n), at, at, None, None) for n, at in enumerate(ages[:8000])
        ],
    }  # fmt: skip
    snapshots = [
        (bot_id, seconds, NOW - timedelta(seconds=seconds * step), "USDT", *[one] * 7, 1, 1)
        for bot_id in ids[:200] for seconds in (10, 60, 900, 21_600) for step in range(40)
    ]  # fmt: skip
    async with database.unit_of_work() as session:
        connection = await session.connection()
        for name, values in rows.items():
            table = plain(METADATA.tables[name])
            assert len(table.columns) == len(values[0]), f"{name} has other columns now: {table.columns.keys()}"
            await insert(connection, table, values)
        await bot_history.store(connection, snapshots)
        await connection.exec_driver_sql("ANALYZE")


def user_row(user: str) -> tuple[Any, ...]:
    values: dict[str, Any] = {
        "id": user, "username": user, "password_hash": "-", "password_given": False, "password_generated": False,
        "role": "trader", "reporting_currency": "USDT", "time_zone": "UTC", "preferences": "{}",
        "may_trade_live": False, "created_at": NOW,
    }  # fmt: skip
    return tuple(values.get(column.name) for column in METADATA.tables["users"].columns)


def bot_row(bot_id: str, owner: str, at: datetime, living: bool) -> tuple[Any, ...]:
    values: dict[str, Any] = {
        "id": bot_id, "owner_id": owner, "name": bot_id, "template": "t", "parameters": "{}", "exchange": "paper",
        "trading_mode": "spot", "dry_run": True, "pairs": "[]", "timeframe": "1m", "stake_currency": "USDT",
        "stake_amount": Decimal(1), "max_open_trades": 1, "starting_balance": Decimal(1), "desired_state": "running",
        "open_trades": "keep", "wake_on_need": True, "generation": 1, "restart_requested": 0, "pool_id": None,
        "epoch": 0, "created_at": at, "updated_at": at, "deleted_at": None if living else at,
    }  # fmt: skip
    return tuple(values.get(column.name) for column in METADATA.tables["bots"].columns)


def action_row(number: int, bot_id: str, owner: str, at: datetime) -> tuple[Any, ...]:
    values: dict[str, Any] = {
        "number": number, "bot_id": bot_id, "action_id": f"a-{number}", "owner_id": owner, "kind": "close",
        "stage": "filled", "rule": "time_exit", "policy": "", "pair": "A/B", "is_short": False, "message": "",
        "stages": "[]", "times": 1, "at": at, "updated_at": at,
    }  # fmt: skip
    return tuple(values.get(column.name) for column in METADATA.tables["actions"].columns)


async def bot_list(_: Database, session: AsyncSession) -> None:
    cursor = encode_cursor(((NOW - timedelta(minutes=700)).isoformat(), "bot-0700"))
    await bots.page(session, "user-07", 20, cursor, BotFilters())


async def bot_list_of_all(_: Database, session: AsyncSession) -> None:
    cursor = encode_cursor(((NOW - timedelta(minutes=700)).isoformat(), "bot-0700"))
    await bots.page(session, None, 20, cursor, BotFilters())


async def events_of_a_bot(_: Database, session: AsyncSession) -> None:
    await bots.events_page(session, "bot-0007", 20, encode_cursor((15_000,)), None)


async def trade_lists(_: Database, session: AsyncSession) -> None:
    """As a user asks, of a bot and of all."""
    bind(session, Reach("user-07", "view"))
    for bot_id in (None, "bot-0007"):
        for cursor in (None, encode_cursor(("", "", 9000))):
            await trades.list_(session, state="closed", bot_id=bot_id, limit=20, after=cursor)


async def sparkline_lists(_: Database, session: AsyncSession) -> None:
    for span in sparklines.SPARK_RANGES:
        await sparklines.read(session, "user-07", span, NOW)


async def events_known(_: Database, session: AsyncSession) -> None:
    await bots.known_events(session, [("bot-0007", "r", "bot", number) for number in range(50)])


async def retention_of_events(database: Database, _: AsyncSession) -> None:
    await forget_events(database, NOW - timedelta(minutes=19_900))


async def equity_window(_: Database, session: AsyncSession) -> None:
    await history.read(session, "user-07", "USDT", "1h", NOW)


async def equity_upkeep(database: Database, _: AsyncSession) -> None:
    async with database.unit_of_work() as session:
        await history.maintain(session, NOW)


async def snapshot_window(_: Database, session: AsyncSession) -> None:
    await bot_history.read(session, "bot-0007", "USDT", "1h", NOW)


async def snapshot_upkeep(database: Database, _: AsyncSession) -> None:
    await bot_history.maintain(database, NOW)


async def idempotency(database: Database, _: AsyncSession) -> None:
    """What a create with a key does: looks the key up, and forgets those that are a day old."""
    catalogue = Catalogue.load(OrchestratorSettings.model_fields["templates_directory"].default)
    template = catalogue.all()[0]
    async with database.unit_of_work() as session:
        spec = resolve(template, BotRequest(name="new", template=template.name))
        await create_bot(session, "user-07", spec, idempotency=Idempotency("key", "hash"))


async def expired_tokens(database: Database, _: AsyncSession) -> None:
    async with database.unit_of_work() as session:
        await users.delete_expired(session, "user-07", NOW - timedelta(minutes=7900))


async def expired_tokens_of_all(database: Database, _: AsyncSession) -> None:
    await forget_tokens(database, utc_now() - timedelta(days=400))


async def bots_to_run(_: Database, session: AsyncSession) -> None:
    """What the reconciler asks each second."""
    assert len(await DesiredBook().read(session)) == LIVING
    assert len(await assignments.every(session)) == LIVING


async def audit_pages(_: Database, session: AsyncSession) -> None:
    after = encode_cursor((_OLD + 15_000,))
    await audit.list_(session, limit=20, after=after)
    for cursor in (None, after):
        await audit.list_(session, limit=20, after=cursor, actor="user-07")
        await audit.list_(session, limit=20, after=cursor, subject="bot/bot-0007")
        await audit.list_(session, limit=20, after=cursor, tenant="user-07")
    await verify(session, None, "user-07")


async def acts(database: Database, _: AsyncSession) -> None:
    async with database.unit_of_work() as session:
        audit.record(session, "user-07", "bot.start", "bot/bot-0007")


async def action_lists(_: Database, session: AsyncSession) -> None:
    for filters in (ActionFilters(), ActionFilters(bot_id="bot-0007"), ActionFilters(rule="time_exit")):
        for cursor in (None, encode_cursor((_OLD + 9000,))):
            await actions.list_(session, "user-07", limit=20, after=cursor, filters=filters)


async def actions_told(database: Database, _: AsyncSession) -> None:
    refusal = Refusal(pair="A/B", is_short=False, purpose="entry", limit="limits.open_trades", message="")
    action = Action(action_id="a-8", kind="close", stage="sent", rule="time_exit")
    told = ((EventType.RISK_REFUSED, refusal), (EventType.RISK_ACTION, action))
    events = [
        Event(bot_id="bot-0007", run_id="r", origin="bot", seq=1, epoch=1, at=NOW, type=kind, data=one.model_dump())
        for kind, one in told
    ]
    async with database.unit_of_work() as session:
        await actions.take(session, events, {"bot-0007": "user-07"})


async def retention_of_actions(database: Database, _: AsyncSession) -> None:
    await actions.forget(database, NOW - timedelta(minutes=19_900))


QUESTIONS: list[Question] = [
    bots_to_run, bot_list, bot_list_of_all, events_of_a_bot, trade_lists, events_known, retention_of_events,
    equity_window, equity_upkeep, snapshot_window, sparkline_lists, snapshot_upkeep, idempotency, expired_tokens,
    expired_tokens_of_all, audit_pages, acts, action_lists, actions_told, retention_of_actions,
]  # fmt: skip


async def test_no_query_scans_what_grows(database: Database) -> None:
    problems: list[str] = []
    for question in QUESTIONS:
        with caught(database) as statements:
            async with database.read() as session:
                await question(database, session)
        assert statements, question.__name__
        for statement, parameters in statements:
            plan = await explained(database, statement, parameters)
            problems += [f"{question.__name__}: {scan}\n  {statement}" for scan in scans(plan)]
    assert not problems, "\n\n".join(problems)


async def test_a_scan_would_be_noticed(database: Database) -> None:
    plan = await explained(database, "SELECT * FROM bot_events WHERE type = 'x'", ())
    assert scans(plan)


@contextmanager
def caught(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that touch what grows; of executemany the first set of parameters."""
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        reads_or_deletes = statement.lstrip().upper().startswith(("SELECT", "DELETE", "UPDATE"))
        if reads_or_deletes and any(name in statement for name in GROWING):
            statements.append((statement, parameters[0] if many else parameters))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def explained(database: Database, statement: str, parameters: Any) -> list[str]:
    prefix = "EXPLAIN QUERY PLAN" if database.engine.dialect.name == "sqlite" else "EXPLAIN"
    async with database.engine.connect() as connection:
        rows = (await connection.exec_driver_sql(f"{prefix} {statement}", parameters)).all()
    return [str(row[-1]) for row in rows]


def scans(plan: list[str]) -> list[str]:
    """Lines that read a growing table from end to end. SQLite's `SCAN … USING INDEX` in the order of the result, ended
    by a LIMIT, reads what it needs; PostgreSQL tells tables of partitions by the partition's name."""
    found = []
    for line in plan:
        words = line.replace("->", " ").split()
        sqlite = words[:1] == ["SCAN"] and "INDEX" not in words
        postgresql = "Seq Scan on" in line
        name = words[1] if sqlite else words[words.index("on") + 1] if postgresql else ""
        partitions = tuple(f"{table}_{digit}" for table in GROWING for digit in "1269")
        if name in GROWING or name.startswith(partitions):
            found.append(line)
    return found


async def test_the_plans_are_of_filled_tables(database: Database) -> None:
    async with database.read() as session:
        for table in sorted(GROWING):
            count = (await session.exec(text(f"SELECT count(*) FROM {table}"))).scalar()  # type: ignore[call-overload]
            assert count >= 1500, table
