"""A database from before an exchange account was one user's."""

from pathlib import Path

import pytest
from sqlalchemy import text

from orchestrator.db.engine import Database
from tests.databases import KINDS, PostgresServer, sqlite_url
from tests.integration.wallets.test_before_wallets import USER, go

KEY = """
INSERT INTO exchange_keys (id, owner_id, exchange, name, version, kek_id, wrapped_key, ciphertext, fingerprint, account,
    permissions, state, checked_at, notices, created_at, updated_at, removed_at)
VALUES (:id, :owner, 'binance', :id, 1, '', '', '', :id, :account, '[]', 'active', '2026-11-20 00:00:00', '[]',
    '2026-11-20 00:00:00', '2026-11-20 00:00:00', CAST(:removed AS TIMESTAMP))
"""


@pytest.mark.parametrize("kind", KINDS)
async def test_an_account_of_two_users_is_told_before_anything_is_changed(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: PostgresServer | None = request.getfixturevalue("postgres") if kind == "postgresql" else None
    url = server.empty() if server else sqlite_url(tmp_path / "flotilla.db")
    database = Database(url)
    await go(database, "0016")
    async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
        for user in ("user-one", "user-two"):
            await connection.execute(text(USER), {"user": user})
        for key_id, owner, account, removed in (
            ("key-1", "user-one", "an account", None),
            ("key-2", "user-two", "an account", None),
            ("key-3", "user-one", "another account", "2026-11-21 00:00:00"),
            ("key-4", "user-two", "another account", None),
        ):
            values = {"id": key_id, "owner": owner, "account": account, "removed": removed}
            await connection.execute(text(KEY), values)
    with pytest.raises(Exception, match="key-1 and key-2 are of one account"):
        await go(database, "head")
    async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
        await connection.execute(text("UPDATE exchange_keys SET removed_at = created_at WHERE id = 'key-2'"))
    await go(database, "head")
    await go(database, "0016")
    await database.close()
    if server:
        server.drop(url)
