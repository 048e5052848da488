"""The audit on both databases: chained whoever writes at once, guarded, and found out where somebody changed it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from orchestrator.audit import service as audit
from orchestrator.audit import verify as verifying
from orchestrator.audit.chain import REGISTER
from orchestrator.audit.elsewhere import seal_database, verify_backup, verify_database
from orchestrator.audit.ledger import SEAL_KEY
from orchestrator.audit.seal import Anchor, SealKey
from orchestrator.audit.verify import Chain
from orchestrator.db import migrate
from orchestrator.db.backup import backup
from orchestrator.db.copy import copy
from orchestrator.db.engine import Database
from orchestrator.errors import Conflict
from orchestrator.tables import tables
from tests.databases import KINDS, PostgresServer, sqlite_url

KEY = SealKey.of("k" * 40)
BOT = {"name": "naïve “quotes” 漢字", "stake": 1.5, "pairs": ["A/B", None], "note": "a  b"}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, info={SEAL_KEY: KEY})
    yield opened
    await opened.close()


async def act(database: Database, subject: str = "user/ann", why: str = "because") -> None:
    async with database.unit_of_work() as session:
        audit.record(session, "user-admin", "user.quotas", subject, why, None, BOT)


async def chains(database: Database, tenant: str | None = None) -> dict[str, Chain]:
    async with database.read() as session:
        return {chain.tenant_id: chain for chain in await verifying.verify(session, KEY, tenant)}


async def tamper(database: Database, *statements: str, unguarded: bool = True) -> None:
    """As somebody who may do anything to the database."""
    postgresql = database.engine.dialect.name == "postgresql"
    guards = [] if not unguarded else (
        ["ALTER TABLE audit DISABLE TRIGGER audit_stays"]
        if postgresql
        else ["DROP TRIGGER audit_stays_on_update", "DROP TRIGGER audit_stays_on_delete"]
    )  # fmt: skip
    async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
        for statement in (*guards, *statements):
            await connection.execute(text(statement))


async def broken_at(database: Database, tenant: str = "ann") -> int:
    problem = (await chains(database))[tenant].problem
    assert problem is not None
    return problem.sequence


async def test_each_tenant_has_a_chain_and_writers_at_once_leave_no_hole(database: Database) -> None:
    async def both(number: int) -> None:
        async with database.unit_of_work() as session:
            first, second = ("user/ann", "fleet") if number % 2 else ("fleet", "user/ann")
            audit.record(session, "system", "user.quotas", first, f"act {number}")
            audit.record(session, "system", "pools.sync", second, f"act {number}", None, BOT)

    await asyncio.gather(*(both(number) for number in range(12)))
    found = await chains(database)
    assert {name: (chain.rows, chain.whole, chain.anchor) for name, chain in found.items()} == {
        "ann": (12, True, Anchor.SEALED),
        "fleet": (12, True, Anchor.SEALED),
        REGISTER: (24, True, Anchor.SEALED),
    }
    assert list(await chains(database, "ann")) == ["ann"]
    async with database.read() as session:
        page = await audit.list_(session, limit=50, tenant="ann")
    assert {row.tenant_id for row in page.items} == {"ann"}
    assert sorted(row.sequence for row in page.items) == list(range(1, 13))


async def test_what_is_rolled_back_leaves_no_hole_whole_or_in_part(database: Database) -> None:
    await act(database)
    with contextlib.suppress(RuntimeError):
        async with database.unit_of_work() as session:
            audit.record(session, "system", "user.quotas", "user/ann", "never")
            raise RuntimeError
    async with database.unit_of_work() as session:
        audit.record(session, "system", "user.quotas", "user/ann", "kept")
        with contextlib.suppress(RuntimeError):
            async with session.begin_nested():
                async with session.begin_nested():
                    audit.record(session, "system", "user.quotas", "user/ann", "taken back")
                raise RuntimeError
        async with session.begin_nested():
            audit.record(session, "system", "user.quotas", "user/ann", "kept, too")
    async with database.read() as session:
        page = await audit.list_(session, limit=9)
    assert [(row.sequence, row.why) for row in page.items] == [(3, "kept, too"), (2, "kept"), (1, "because")]
    assert (await chains(database))["ann"].whole


async def test_the_database_refuses_to_change_what_is_there(database: Database) -> None:
    await act(database)
    statements = ["UPDATE audit SET why = 'x'", "DELETE FROM audit"]
    if database.engine.dialect.name == "postgresql":
        statements.append("TRUNCATE audit")
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"):
            await tamper(database, statement, unguarded=False)
    assert (await chains(database))["ann"].rows == 1


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE audit SET why = 'becausE' WHERE sequence = 2", 2),
        ("UPDATE audit SET actor = 'user-other' WHERE sequence = 3", 3),
        ("UPDATE audit SET action = 'user.quota' WHERE sequence = 3", 3),
        ("UPDATE audit SET subject = 'user/bob' WHERE sequence = 3", 3),
        ("UPDATE audit SET number = number + 100 WHERE sequence = 3", 3),
        ("UPDATE audit SET tenant_id = 'bob' WHERE sequence = 2", 2),
        ("UPDATE audit SET hash = prev_hash WHERE sequence = 4", 4),
        ("UPDATE audit SET prev_hash = hash WHERE sequence = 4", 4),
        ("UPDATE audit SET sequence = 9 WHERE sequence = 2", 2),
        ("DELETE FROM audit WHERE sequence = 1", 1),
        ("DELETE FROM audit WHERE sequence = 4", 4),
        ("UPDATE audit_heads SET count = 3", 4),
        ("DELETE FROM audit_heads", 4),
    ],
)
async def test_what_is_changed_by_hand_is_found(database: Database, statement: str, place: int) -> None:
    for _ in range(4):
        await act(database)
    await tamper(database, statement)
    assert await broken_at(database) == place


async def test_a_blank_in_json_and_a_time_written_otherwise_are_found(database: Database) -> None:
    for _ in range(2):
        await act(database)
    postgresql = database.engine.dialect.name == "postgresql"
    cast = "::text" if postgresql else ""
    back = "::json" if postgresql else ""
    await tamper(database, f"UPDATE audit SET after = replace(after{cast}, ': ', ':'){back} WHERE sequence = 2")
    assert await broken_at(database) == 2
    if not postgresql:  # which keeps instants, not texts
        await tamper(database, "UPDATE audit SET at = replace(at, ' ', 'T') WHERE sequence = 1", unguarded=False)
        assert await broken_at(database) == 1


async def test_rows_that_changed_places_and_an_end_that_was_cut_off_are_found(database: Database) -> None:
    for number in range(4):
        await act(database, why=f"act {number}")
    swap = [
        "UPDATE audit SET sequence = -1 WHERE sequence = 2",
        "UPDATE audit SET sequence = 2 WHERE sequence = 3",
        "UPDATE audit SET sequence = 3 WHERE sequence = -1",
    ]
    await tamper(database, *swap)
    assert await broken_at(database) == 2
    undo = [swap[0], swap[1], swap[2]]
    await tamper(database, *undo, unguarded=False)
    assert (await chains(database))["ann"].whole
    cut = [
        "UPDATE audit_heads SET count = 3, hash = (SELECT hash FROM audit WHERE sequence = 3)",
        "DELETE FROM audit WHERE sequence = 4",
    ]
    await tamper(database, *cut, unguarded=False)
    found = await chains(database)
    assert found["ann"].anchor is Anchor.BROKEN, "the seal is not of this end"
    assert not found[REGISTER].whole
    await act(database)
    assert not (await chains(database))["ann"].whole, "and no later act covers that up"


async def test_seals_that_were_taken_off_are_found_and_no_start_puts_them_back(database: Database) -> None:
    for number in range(3):
        await act(database, why=f"act {number}")
    cut = [
        "UPDATE audit_heads SET mac = NULL, key_id = NULL, count = 2, "
        "hash = (SELECT hash FROM audit WHERE sequence = 2) WHERE tenant_id = 'ann'",
        "DELETE FROM audit WHERE sequence = 3",
    ]
    await tamper(database, *cut)
    assert await broken_at(database) == 2
    async with database.unit_of_work() as session:
        assert await verifying.seal(session, KEY) == []
    await act(database)
    assert await broken_at(database) == 3
    assert await broken_at(database, REGISTER) == 4


async def test_a_chain_that_is_gone_with_its_head_is_found_by_the_register(database: Database) -> None:
    await act(database)
    await act(database, "fleet")
    await tamper(database, *(f"DELETE FROM {table} WHERE tenant_id = 'ann'" for table in ("audit", "audit_heads")))
    found = await chains(database)
    assert {name: chain.whole for name, chain in found.items()} == {"fleet": True, REGISTER: False}


async def test_another_key_is_told_and_an_administrator_may_seal_anew(database: Database, database_url: str) -> None:
    await act(database)
    other = SealKey.of("o" * 40)
    for chain in await verify_database(database_url, other):
        assert (chain.whole, chain.anchor) == (False, Anchor.OTHER_KEY)
    assert await seal_database(database_url, other) == [REGISTER, "ann"]
    for chain in await verify_database(database_url, other):
        assert (chain.whole, chain.anchor) == (True, Anchor.SEALED)
    await tamper(database, "UPDATE audit SET why = 'x'")
    with pytest.raises(Conflict, match="not whole"):
        await seal_database(database_url, KEY)


async def test_chains_go_along_to_the_other_database_and_into_backups(
    postgres: PostgresServer, migrated_sqlite: Path, tmp_path: Path
) -> None:
    file = tmp_path / "source.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    source, target, back = sqlite_url(file), postgres.empty(), sqlite_url(tmp_path / "back.db")
    database = Database(source, info={SEAL_KEY: KEY})
    await act(database)
    await copy(source, target, tables())
    moved = Database(target, info={SEAL_KEY: KEY})
    await act(moved, why="On PostgreSQL.")
    await copy(target, back, tables())
    assert [(one.rows, one.whole, one.anchor) for one in await verify_database(back, KEY)] == 2 * [
        (2, True, Anchor.SEALED)
    ]
    await backup(target, tmp_path / "saved", tables())
    assert verify_backup(tmp_path / "saved", KEY) == await verify_database(target, KEY)
    await tamper(moved, "UPDATE audit SET why = 'Elsewhere.' WHERE sequence = 2")
    await backup(target, tmp_path / "tampered", tables())
    problems = [one.problem for one in verify_backup(tmp_path / "tampered", KEY)]
    assert [problem and problem.sequence for problem in problems] == [2, None]
    await database.close()
    await moved.close()
    postgres.drop(target)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_there_before_is_chained(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    server: PostgresServer | None = request.getfixturevalue("postgres") if kind == "postgresql" else None
    url = sqlite_url(tmp_path / "old.db") if server is None else server.empty()
    database = Database(url, info={SEAL_KEY: KEY})
    insert = (
        "INSERT INTO audit (at, actor, action, subject, why, before, after) "
        "VALUES ('2026-11-20 12:00:00.123456', 'system', 'a.b', :subject, 'it''s', 'null', '{\"a\":  1}')"
    )
    async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
        await migrate.upgrade_within(connection, "0009")
        for subject in ("user/ann", "bot/bot-gone", "fleet", "user/ann", "pool/pool-a"):
            await connection.execute(text(insert), {"subject": subject})
    await migrate.upgrade(url)
    found = await chains(database)
    told: dict[str, Any] = {name: (chain.rows, chain.whole, chain.anchor) for name, chain in found.items()}
    assert told == {
        "ann": (2, False, Anchor.UNSEALED),
        "fleet": (3, False, Anchor.UNSEALED),
        REGISTER: (5, False, Anchor.UNSEALED),
    }
    async with database.unit_of_work() as session:
        assert await verifying.seal(session, KEY) == [REGISTER, "ann", "fleet"]
    await act(database)
    assert {chain.anchor for chain in (await chains(database)).values()} == {Anchor.SEALED}
    assert (await chains(database))["ann"].rows == 3
    await database.close()
    if server is not None:
        server.drop(url)
