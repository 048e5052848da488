"""Every test here fails on a request to another host than loopback."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pool.exchange.simulator.server import serve
from tests.integration.gateway.rigs import Rig, Scripted, gateway, scripted
from tests.integration.simulator.conftest import Rig as Paper
from tests.integration.simulator.conftest import stay_on_loopback


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    stay_on_loopback(monkeypatch)


@pytest.fixture
async def exchange() -> AsyncIterator[Scripted]:
    async with scripted() as exchange:
        yield exchange


@pytest.fixture
async def rig(exchange: Scripted, tmp_path: Path) -> AsyncIterator[Rig]:
    async with gateway(tmp_path / "gateway", exchange.url, exchange.clocks) as rig:
        yield rig


@pytest.fixture
async def paper(tmp_path: Path) -> AsyncIterator[Paper]:
    """The real paper exchange, in the test's loop."""
    paper = Paper(tmp_path)
    runner, port = await serve(paper.exchange.front, "127.0.0.1", 0)
    paper.url = f"http://127.0.0.1:{port}"
    yield paper
    await paper.close()
    await runner.cleanup()
    paper.exchange.close()
