from collections.abc import AsyncIterator

import pytest

from orchestrator.audit.ledger import SEAL_KEY
from orchestrator.audit.seal import SealKey
from orchestrator.db.engine import Database
from tests.integration.bookkeeping.desk import Desk
from tests.integration.simulator.conftest import Rig, rig  # noqa: F401 - a fixture

KEY = "k" * 64


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """SQLite, and again PostgreSQL."""
    made = Database(database_url, info={SEAL_KEY: SealKey.of(KEY)})
    yield made
    await made.close()


@pytest.fixture
def desk(database: Database, rig: Rig) -> Desk:  # noqa: F811 - the fixture
    return Desk(database, rig)
