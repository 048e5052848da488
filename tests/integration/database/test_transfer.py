"""Copy, backup and restore: everything arrives, or nothing does."""

import gzip
import json
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import col, select

from orchestrator.bots.models import BotEventModel, BotModel, BotStatusModel
from orchestrator.db import migrate, schema, transfer
from orchestrator.db.backup import backup, header_of, restore
from orchestrator.db.bulk import insert, plain
from orchestrator.db.copy import copy
from orchestrator.db.engine import Database
from orchestrator.db.portable import Digest, Kind, digest_of, shape_of
from orchestrator.db.transfer import TransferFailed
from orchestrator.errors import Conflict
from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import PoolModel
from orchestrator.portfolio import bot_history
from orchestrator.tables import METADATA, tables
from orchestrator.users.models import UserModel
from tests.databases import PostgresServer, sqlite_url

TABLES = tables()
AWKWARD = "naïve “quotes” 🤖 \\ \t\n ' \" 漢字 \u200f"


@pytest.fixture
def both(postgres: PostgresServer, migrated_sqlite: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A migrated, empty SQLite database and an empty PostgreSQL database without tables."""
    file = tmp_path / "source.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    url = postgres.empty()
    yield sqlite_url(file), url
    postgres.drop(url)


async def populate(url: str, events: int = 30) -> None:
    """Something in most tables, with what is hard to carry."""
    database = Database(url)
    at = datetime(2026, 3, 29, 1, 59, 59, 999_999, UTC)
    async with database.unit_of_work() as session:
        session.add(UserModel(id="user-1", username=AWKWARD[:20], password_hash="x", role="trader", created_at=at))
        session.add(
            PoolModel(
                id="pool-1",
                node="local",
                driver="process",
                slots_total=1,
                desired_state="running",
                observed_state="ready",
                conditions=[{"text": AWKWARD}],
                created_at=at,
                memory_limit_bytes=2**40,
            )
        )
        await session.flush()
        session.add(
            BotModel(
                id="bot-1",
                owner_id="user-1",
                name=AWKWARD,
                template="trend",
                parameters={"b": 1.5e-7, "a": [None]},
                exchange="paper",
                trading_mode="spot",
                dry_run=True,
                pairs=["BTC/USDT"],
                timeframe="1m",
                stake_currency="USDT",
                stake_amount=Decimal("0.000000000000000001"),
                max_open_trades=3,
                starting_balance=Decimal("12345678901234567890.123456789012345678"),
                desired_state="running",
                generation=1,
                created_at=at,
                updated_at=at,
                pool_id="pool-1",
            )
        )
        await session.flush()
        session.add(BotStatusModel(bot_id="bot-1", observed_state="running", conditions=[]))
        for seq in range(events):
            data = {"text": "nul \u0000 within", "seq": seq}
            session.add(BotEventModel(bot_id="bot-1", run_id="r", origin="bot", seq=seq, at=at, type="t", data=data))
        spread = ((10, 1), (10, 2), (60, 1), (60, 5), (900, 1), (900, 27), (21_600, 1))
        rows = [snapshot(seconds, datetime(2026, 1 + day % 12, day, 3, tzinfo=UTC)) for seconds, day in spread]
        await bot_history.store(await session.connection(), rows)
    await database.close()


def snapshot(seconds: int, at: datetime) -> bot_history.Values:
    one = Decimal("1.50")
    return ("bot-1", seconds, at, "USDT", one, one, one, one, one, -one, one, 1, 2)


async def digests(url: str) -> dict[str, tuple[int, str]]:
    database = Database(url)
    async with database.engine.connect() as connection:
        found = [(table.name, await digest_of(connection, shape_of(table))) for table in TABLES]
    await database.close()
    return {name: (digest.rows, digest.checksum) for name, digest in found}


async def execute(url: str, statement: str, **values: Any) -> Any:
    database = Database(url)
    async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
        result = await connection.execute(text(statement), values)
        answer = result.scalar() if result.returns_rows else None
    await database.close()
    return answer


async def tables_in(url: str) -> set[str]:
    database = Database(url)
    async with database.engine.connect() as connection:
        names = await transfer.table_names(connection)
    await database.close()
    return names


async def test_everything_arrives_on_the_other_kind_and_comes_back(both: tuple[str, str], tmp_path: Path) -> None:
    source, target = both
    await populate(source)
    copied = await copy(source, target, TABLES)
    expected = await digests(source)
    assert await digests(target) == expected
    assert {one.table: (one.rows, one.checksum) for one in copied} == expected
    assert expected["bot_snapshots"][0] == 7
    back = sqlite_url(tmp_path / "back.db")
    await copy(target, back, TABLES)
    assert await digests(back) == expected


async def test_values_stay_exact(both: tuple[str, str]) -> None:
    source, target = both
    await populate(source)
    await copy(source, target, TABLES)
    found = []
    for url in both:
        database = Database(url)
        async with database.read() as session:
            bot = await session.get_one(BotModel, "bot-1")
            status = await session.get_one(BotStatusModel, "bot-1")
            event = (await session.exec(select(BotEventModel).order_by(col(BotEventModel.number)))).first()
        await database.close()
        assert event is not None
        found.append((bot.name, bot.starting_balance, bot.created_at, bot.parameters, status.slot, event.data))
    assert found[0] == found[1]
    assert found[1][1] == Decimal("12345678901234567890.123456789012345678")
    assert found[1][5]["text"] == "nul \u0000 within"


async def test_new_rows_are_numbered_after_the_copied_ones(both: tuple[str, str]) -> None:
    source, target = both
    await populate(source, events=30)
    await copy(source, target, TABLES)
    database = Database(target)
    async with database.unit_of_work() as session:
        event = BotEventModel(bot_id="bot-1", run_id="r", origin="bot", seq=99, at=utc_now(), type="t", data={})
        session.add(event)
        await session.flush()
        assert event.number == 31
    await database.close()


async def test_a_target_with_rows_is_refused(both: tuple[str, str]) -> None:
    source, target = both
    await populate(source)
    await copy(source, target, TABLES)
    with pytest.raises(Conflict, match="not empty"):
        await copy(source, target, TABLES)


async def test_a_strangers_database_is_refused(both: tuple[str, str]) -> None:
    source, target = both
    await execute(target, "CREATE TABLE theirs (id integer)")
    with pytest.raises(Conflict, match="not Flotilla's"):
        await copy(source, target, TABLES)


async def test_a_row_that_postgresql_cannot_hold_is_named_and_nothing_stays(both: tuple[str, str]) -> None:
    source, target = both
    await populate(source)
    await execute(source, "UPDATE bots SET name = :name", name="with a \u0000 in it")
    with pytest.raises(TransferFailed, match=r"bots \(id='bot-1'\): name holds the character NUL"):
        await copy(source, target, TABLES)
    assert await tables_in(target) == set()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE bots SET timeframe = 'far too long for it'", "timeframe is longer than 8"),
        ("UPDATE bots SET generation = 4294967296", "generation is beyond 32 bits"),
        ("UPDATE bots SET stake_amount = '0.1234567890123456789'", "stake_amount is no amount"),
        ("UPDATE bots SET parameters = '{\"a\": NaN}'", "parameters holds something that JSON does not have"),
    ],
)
async def test_what_sqlite_took_and_postgresql_does_not_is_told(
    both: tuple[str, str], statement: str, told: str
) -> None:
    source, target = both
    await populate(source)
    await execute(source, statement)
    with pytest.raises(TransferFailed, match=told):
        await copy(source, target, TABLES)


async def test_a_difference_leaves_nothing(both: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = both
    await populate(source)
    honest = insert

    async def losing(connection: Any, table: Any, rows: Any) -> None:
        await honest(connection, table, rows[:-1] if table.name == "bot_events" else rows)

    monkeypatch.setattr("orchestrator.db.bulk.insert", losing)
    with pytest.raises(TransferFailed, match="bot_events: 30 rows were sent and 29 are stored"):
        await copy(source, target, TABLES)
    assert await tables_in(target) == set()


async def test_a_changed_value_is_found(both: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = both
    await populate(source)
    honest = insert

    async def changing(connection: Any, table: Any, rows: Any) -> None:
        if table.name == "users":
            rows = [(row[0], "another", *row[2:]) for row in rows]
        await honest(connection, table, rows)

    monkeypatch.setattr("orchestrator.db.bulk.insert", changing)
    with pytest.raises(TransferFailed, match="users: what is stored differs"):
        await copy(source, target, TABLES)


async def test_a_running_control_plane_on_either_side_is_refused(both: tuple[str, str], tmp_path: Path) -> None:
    source, target = both
    leader = Database(target)
    async with leader.engine.connect() as connection:
        await connection.execute(text("SELECT pg_advisory_lock(42)"))
        with pytest.raises(Conflict, match="runs on the target"):
            await copy(source, target, TABLES)
        await connection.execute(text("SELECT pg_advisory_unlock(42)"))
        await connection.commit()
        await copy(source, target, TABLES)
        await connection.execute(text("SELECT pg_advisory_lock(42)"))
        with pytest.raises(Conflict, match="runs on the source"):
            await copy(target, sqlite_url(tmp_path / "other.db"), TABLES)
    await leader.close()


async def test_an_old_source_must_be_migrated_first(postgres: PostgresServer, tmp_path: Path) -> None:
    old = sqlite_url(tmp_path / "old.db")
    database = Database(old)
    async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
        await migrate.upgrade_within(connection, "0001")
    await database.close()
    with pytest.raises(Conflict, match="flotilla migrate"):
        await copy(old, sqlite_url(tmp_path / "new.db"), TABLES)


async def test_backup_round_trip_over_both_kinds(both: tuple[str, str], tmp_path: Path) -> None:
    source, target = both
    await populate(source)
    expected = await digests(source)
    first, second = tmp_path / "first.backup", tmp_path / "second.backup"
    await backup(source, first, TABLES)
    header, restored = await restore(target, first)
    assert header.database == "sqlite"
    assert {one.table: (one.rows, one.checksum) for one in restored} == expected
    assert await digests(target) == expected
    await backup(target, second, TABLES)
    assert header_of(second).database == "postgresql"
    back = sqlite_url(tmp_path / "back.db")
    await restore(back, second)
    assert await digests(back) == expected
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".*.new"))


async def test_a_backup_sees_one_moment(database_url: str, tmp_path: Path) -> None:
    """A write between the first table and the last is not in it, though it is committed meanwhile."""
    await populate(database_url)
    before = await digests(database_url)
    written = False

    def meanwhile(table: str, rows: int) -> None:
        nonlocal written
        if table == "users" and rows and not written:
            written = True
            write_elsewhere(database_url)

    saved = await backup(database_url, tmp_path / "one", TABLES, progress=meanwhile)
    assert written
    assert {one.table: (one.rows, one.checksum) for one in saved} == before
    assert await digests(database_url) != before


def write_elsewhere(url: str) -> None:
    statement = "UPDATE bots SET generation = generation + 1"
    if url.startswith("sqlite"):
        with sqlite3.connect(url.split("///")[1]) as connection:
            connection.execute(statement)
        connection.close()
    else:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as other:
            other.execute(statement)


async def test_a_backup_replaces_no_file(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text("mine")
    with pytest.raises(Conflict, match="exists already"):
        await backup(database_url, file, TABLES)
    assert file.read_text() == "mine"


def _cut(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def _row_lost(lines: list[bytes]) -> list[bytes]:
    return [line for line in lines if b'"bot-1","r","bot",3,' not in line]


def _row_changed(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"bot-1","r","bot",3,', b'"bot-1","r","bot",77,') for line in lines]


def _more(lines: list[bytes]) -> list[bytes]:
    return [*lines, b"[]\n"]


@pytest.mark.parametrize("damage", [_cut, _row_lost, _row_changed, _more])
async def test_a_damaged_backup_restores_nothing(both: tuple[str, str], tmp_path: Path, damage: Any) -> None:
    source, target = both
    await populate(source)
    await backup(source, tmp_path / "good", TABLES)
    lines = gzip.decompress((tmp_path / "good").read_bytes()).splitlines(keepends=True)
    changed = damage(lines)
    assert changed != lines
    (tmp_path / "bad").write_bytes(gzip.compress(b"".join(changed)))
    with pytest.raises(Conflict, match="no whole backup"):
        await restore(target, tmp_path / "bad")
    assert await tables_in(target) == set()


async def test_half_a_file_or_something_else_is_no_backup(both: tuple[str, str], tmp_path: Path) -> None:
    source, target = both
    await populate(source)
    await backup(source, tmp_path / "good", TABLES)
    whole = (tmp_path / "good").read_bytes()
    for content in (whole[: len(whole) // 2], whole[:-4], b"no gzip", gzip.compress(b"{}\n"), b""):
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(Conflict, match="no whole backup"):
            await restore(target, tmp_path / "bad")
    assert await tables_in(target) == set()


async def test_a_backup_goes_into_an_empty_database_only(both: tuple[str, str], tmp_path: Path) -> None:
    source, _ = both
    await populate(source)
    await backup(source, tmp_path / "good", TABLES)
    with pytest.raises(Conflict, match="not empty"):
        await restore(source, tmp_path / "good")


async def test_a_backup_of_a_newer_version_is_refused(both: tuple[str, str], tmp_path: Path) -> None:
    source, target = both
    await backup(source, tmp_path / "good", TABLES)
    first, _, rest = gzip.decompress((tmp_path / "good").read_bytes()).partition(b"\n")
    header = json.loads(first) | {"schema": "9999"}
    (tmp_path / "newer").write_bytes(gzip.compress(json.dumps(header).encode() + b"\n" + rest))
    with pytest.raises(schema.DatabaseTooNew):
        await restore(target, tmp_path / "newer")


async def test_a_backup_of_an_older_version_is_brought_to_the_newest(
    postgres: PostgresServer, database_url: str, tmp_path: Path
) -> None:
    """As the first version had it: users without quotas, and a table that is gone since."""
    url = postgres.empty() if database_url.startswith("postgresql") else sqlite_url(tmp_path / "restored.db")
    old = sqlite_url(tmp_path / "old.db")
    database = Database(old)
    async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
        await migrate.upgrade_within(connection, "0001")
        names = await transfer.table_names(connection)
    await database.close()
    columns = {
        "id": Kind.TEXT, "username": Kind.TEXT, "password_hash": Kind.TEXT, "role": Kind.TEXT,
        "reporting_currency": Kind.TEXT, "created_at": Kind.INSTANT,
    }  # fmt: skip
    users = {"name": "users", "counted_by": None, "columns": [vars_of(name, kind) for name, kind in columns.items()]}
    empty = [
        {"name": name, "counted_by": None, "columns": [vars_of(first_column(tmp_path / "old.db", name), Kind.TEXT)]}
        for name in sorted(names - {"users"})
    ]
    line = json.dumps(["user-1", "ann", "-", "trader", "USDT", "2026-01-02T03:04:05+00:00"], separators=(",", ":"))
    digest = Digest()
    digest.add(line)
    none = Digest()
    lines = [
        json.dumps({"flotilla_backup": 1, "schema": "0001", "created_at": "then", "database": "sqlite",
                    "tables": [users, *empty]}),
        line, json.dumps({"table": "users", "rows": 1, "checksum": digest.checksum}),
        *[json.dumps({"table": one["name"], "rows": 0, "checksum": none.checksum}) for one in empty],
        json.dumps({"whole": True, "tables": len(names)}),
    ]  # fmt: skip
    (tmp_path / "older").write_bytes(gzip.compress("".join(f"{one}\n" for one in lines).encode()))
    await restore(url, tmp_path / "older")
    database = Database(url)
    async with database.read() as session:
        user = await session.get_one(UserModel, "user-1")
    async with database.engine.connect() as connection:
        assert await schema.current(connection) == schema.head()
    await database.close()
    assert (user.username, user.max_bots, user.created_at) == ("ann", None, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def vars_of(name: str, kind: Kind) -> dict[str, Any]:
    return {"name": name, "kind": kind, "limit": None, "key": False}


def first_column(file: Path, table: str) -> str:
    with sqlite3.connect(file) as connection:
        name = str(connection.execute(f"PRAGMA table_info({table})").fetchone()[1])
    connection.close()
    return name


def test_every_table_can_be_carried() -> None:
    assert {shape_of(table).name for table in TABLES} >= {"users", "bots", "bot_events", "audit", "bot_snapshots"}


text_of_postgresql = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=16)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
money = st.decimals(-(10**19), 10**19, places=18, allow_nan=False, allow_infinity=False)
instants = st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
event_rows = st.lists(
    st.tuples(
        st.integers(1, 2**62),
        text_of_postgresql,
        instants,
        st.dictionaries(st.text(max_size=5), json_values),
    ),
    max_size=12,
    unique_by=lambda row: row[0],
)
peak_rows = st.lists(
    st.tuples(text_of_postgresql, money, st.dictionaries(st.text(max_size=5), json_values), instants),
    max_size=12,
    unique_by=lambda row: row[0],
)


@given(events=event_rows, peaks=peak_rows)
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_whatever_rows_there_are_arrive(
    postgres: PostgresServer, migrated_sqlite: Path, tmp_path: Path, events: list[Any], peaks: list[Any]
) -> None:
    file = tmp_path / "rows.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    source, target, back = sqlite_url(file), postgres.migrated(), tmp_path / "back.db"
    back.write_bytes(migrated_sqlite.read_bytes())
    await populate(source, events=0)
    database = Database(source)
    async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
        await insert(
            connection,
            plain(METADATA.tables["bot_events"]),
            [
                (n, "bot-1", "r", "bot", place, at, kind, json.dumps(data))
                for place, (n, kind, at, data) in enumerate(events)
            ],
        )
        await insert(
            connection,
            plain(METADATA.tables["portfolio_peaks"]),
            [("user-1", "all", currency, peak, json.dumps(members), at) for currency, peak, members, at in peaks],
        )
    await database.close()
    try:
        await copy(source, target, TABLES)
        await copy(target, sqlite_url(back), TABLES)
        expected = await digests(source)
        assert await digests(target) == expected
        assert await digests(sqlite_url(back)) == expected
        assert (expected["bot_events"][0], expected["portfolio_peaks"][0]) == (len(events), len(peaks))
    finally:
        postgres.drop(target)
