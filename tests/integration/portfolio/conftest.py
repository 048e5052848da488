from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orchestrator.events.in_process import InProcessBus
from tests.fakes.portfolio_world import PortfolioWorld, open_world


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[PortfolioWorld]:
    """On SQLite, and again on PostgreSQL."""
    world = await open_world(tmp_path, database_url)
    await world.add_user()
    yield world
    await world.database.close()


@pytest.fixture
def bus() -> InProcessBus:
    return InProcessBus()
