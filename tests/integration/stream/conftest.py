from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI

from api.app import create_app
from api.deps import Services
from api.portfolio.endpoints import router as portfolio_router
from api.settings import ApiSettings
from api.stream.endpoints import router as stream_router
from orchestrator.events.bus import Bus
from orchestrator.events.in_process import InProcessBus
from orchestrator.kit.cache import Cache
from orchestrator.portfolio.service import PortfolioService
from tests.fakes.portfolio_world import PortfolioWorld, open_world
from tests.fakes.signed_in import token_of
from tests.integration.stream.sse import Served, serve

KEY = "k" * 64


@dataclass(frozen=True)
class FixedSecrets:
    token_signing_key: str = KEY


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[PortfolioWorld]:
    world = await open_world(tmp_path)
    await world.add_user()
    await world.add_bot("bot-a")
    await world.report("bot-a", "1100")
    yield world
    await world.database.close()


@pytest.fixture
async def served(world: PortfolioWorld) -> AsyncIterator[Served]:
    bus = InProcessBus(ring_messages=50)
    app = build_app(world, bus, PortfolioService(world.database, bus))
    async with serve(app, bus, token_of("user-1")) as served:
        yield served


def build_app(world: PortfolioWorld, bus: Bus, service: PortfolioService, cache: Cache | None = None) -> FastAPI:
    services = Services(
        database=world.database,
        bus=bus,
        agents=None,
        catalogue=None,  # type: ignore[arg-type]
        markets=None,  # type: ignore[arg-type]
        secrets=FixedSecrets(),
        readiness=lambda: None,  # type: ignore[arg-type, return-value]
        portfolio=service,
    )
    app = create_app(services, ApiSettings(), cache)
    if "/api/v1/portfolio" not in app.openapi()["paths"]:
        router = APIRouter(prefix="/api/v1")
        router.include_router(portfolio_router)
        router.include_router(stream_router)
        app.include_router(router)
        app.openapi_schema = None
    return app
