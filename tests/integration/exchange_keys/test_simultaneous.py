"""Two at once on one exchange key, on PostgreSQL, where they are in transactions of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.audit.service import By
from orchestrator.errors import Conflict
from orchestrator.exchange_keys import service
from orchestrator.exchange_keys.desk import Offered
from orchestrator.exchange_keys.vault import kek_ids
from tests.databases import PostgresServer
from tests.fakes.exchange_keys import credentials, desk_at
from tests.integration.orchestrator.rig import OWNER, rig_at

BY = By(OWNER)


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    made = postgres.migrated()
    yield made
    postgres.drop(made)


async def test_of_two_that_replace_a_key_at_once_one_is_told(tmp_path: Path, url: str) -> None:
    async with rig_at(tmp_path, database_url=url) as rig:
        desk = desk_at(rig.database, tmp_path)
        async with rig.database.read() as session:
            used = set(await kek_ids(session))
        await desk.vault.prepare(used)
        first, second, third = (
            Offered("binance", "main", credentials("public", secret), None) for secret in ("one", "two", "three")
        )
        facts = await desk.examine(first)
        async with rig.database.unit_of_work() as session:
            key_id = (await desk.enter(session, OWNER, first, facts, BY)).id
        async with rig.database.unit_of_work() as session:
            looked = await service.get(session, key_id)
            async with rig.database.unit_of_work() as other:
                await desk.replace(other, key_id, second, facts, BY)
            with pytest.raises(Conflict, match="meanwhile"):
                await desk.replace(session, looked.id, third, facts, BY)
        async with rig.database.read() as session:
            key = await service.get(session, key_id)
            assert key.version == 2
            assert (await desk.vault.open(key.sealed, key.context)).secret.get_secret_value() == "two"
