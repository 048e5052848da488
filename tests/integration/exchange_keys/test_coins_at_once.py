"""Two bots of one account do not take the same coin at once, by whomever they are changed. On PostgreSQL, where
transactions go on beside each other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from orchestrator.bots import live
from orchestrator.db import tenancy
from orchestrator.db.tenancy import Reach
from tests.databases import PostgresServer
from tests.integration.orchestrator.rig import OWNER, rig_at


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    made = postgres.migrated()
    yield made
    postgres.drop(made)


@pytest.mark.parametrize(
    "reach",
    [Reach(OWNER), Reach(OWNER, bot_ids=frozenset({"bot-one"})), Reach("user-root", everybody=True)],
    ids=["owner", "a token for one bot", "an administrator"],
)
async def test_coins_are_looked_at_under_the_accounts_lock_whoever_asks(tmp_path: Path, url: str, reach: Reach) -> None:
    async with rig_at(tmp_path, database_url=url) as rig:
        wallet_id = (await rig.create()).wallet_id
        assert wallet_id is not None
        async with rig.database.unit_of_work() as session:
            await live.check_coins(session, wallet_id, rig.spec())
            async with rig.database.unit_of_work() as other:
                tenancy.bind(other, reach)
                await (await other.connection()).execute(text("SET LOCAL lock_timeout = '100ms'"))
                with pytest.raises(OperationalError, match="lock timeout"):
                    await live.check_coins(other, wallet_id, rig.spec())
