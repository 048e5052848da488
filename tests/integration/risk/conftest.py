from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.risk.rig import RiskRig, open_rig


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[RiskRig]:
    """On SQLite, and again on PostgreSQL."""
    async with open_rig(tmp_path, database_url) as made:
        yield made
