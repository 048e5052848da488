from collections.abc import AsyncIterator

import pytest

from orchestrator.db.engine import Database
from tests.integration.wallets.desk import Desk


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """On SQLite, and again on PostgreSQL."""
    database = Database(database_url)
    made = Desk(database)
    await made.add_user()
    yield made
    await database.close()
