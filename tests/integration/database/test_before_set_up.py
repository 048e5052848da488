"""A database from before there was a guided set-up: only an admin who is alone with the first password is asked."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from orchestrator.audit import service as audit
from orchestrator.db.engine import Database
from orchestrator.users.models import UserModel
from tests.databases import KINDS, PostgresServer, sqlite_url
from tests.integration.wallets.test_before_wallets import go

USER = (
    "INSERT INTO users (id, username, password_hash, role, reporting_currency, created_at) "
    "VALUES (:id, :name, '-', :role, 'USDT', '2026-01-01 00:00:00')"
)
MADE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("present", "changed", "asked"),
    [
        (("admin",), None, {"admin"}),
        (("admin",), "user.set_password", set()),
        (("admin",), "user.reset_password", set()),
        (("admin", "ann"), None, set()),
        (("ann",), None, set()),
    ],
)
async def test_who_found_his_way_is_not_asked(
    kind: str,
    present: tuple[str, ...],
    changed: str | None,
    asked: set[str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    server: PostgresServer | None = request.getfixturevalue("postgres") if kind == "postgresql" else None
    url = server.empty() if server else sqlite_url(tmp_path / "flotilla.db")
    database = Database(url)
    try:
        await go(database, "0022")
        async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
            for name in present:
                role = "admin" if name == "admin" else "trader"
                await connection.execute(text(USER), {"id": f"user-{name}", "name": name, "role": role})
        if changed is not None:
            async with database.unit_of_work() as session:
                audit.record(session, "user-admin", changed, audit.user("user-admin"))
        for _ in range(2):
            await go(database, "0023")
            async with database.read() as session:
                users = (await session.exec(select(UserModel))).all()
            assert {one.username for one in users if one.set_up_at is None} == asked
            assert {one.username for one in users if one.password_generated} == asked
            assert {one.set_up_at for one in users} <= {None, MADE}
            assert {(one.time_zone, str(one.preferences)) for one in users} == {("UTC", "{}")}
            await go(database, "0022")
    finally:
        await database.close()
        if server:
            server.drop(url)
