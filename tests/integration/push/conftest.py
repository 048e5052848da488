from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.push_service import PushService, push_service
from tests.integration.orchestrator.rig import Rig, rig_at


@pytest.fixture
async def rig(tmp_path: Path, database_url: str) -> AsyncIterator[Rig]:
    """On SQLite, and again on PostgreSQL."""
    async with rig_at(tmp_path, database_url=database_url) as made:
        yield made


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as made:
        yield made
