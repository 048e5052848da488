from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.outages.postgres import Postgres, own_postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """PostgreSQL, for tests that stop it; each leaves it running."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not programs:
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    with own_postgres(programs[-1].parent) as made:
        yield made
