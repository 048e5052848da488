"""A bot's past."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.bots.endpoints import READ_ERRORS, FoundBot
from api.deps import ServicesDep
from api.errors import problems
from api.routing import ExactRoute
from orchestrator.portfolio.bot_history import BotHistory
from orchestrator.portfolio.history import Range
from orchestrator.portfolio.service import PortfolioService

router = APIRouter(prefix="/bots/{bot_id}", tags=["bots"], route_class=ExactRoute)


@router.get(
    "/history", operation_id="getBotHistory", summary="A bot's equity over time", responses=problems(*READ_ERRORS)
)
async def history(
    view: FoundBot,
    services: ServicesDep,
    span: Annotated[Range, Query(alias="range", description="How far back.", examples=["24h"])] = "24h",
) -> BotHistory:
    """Points oldest first, in buckets as fine as the range allows (`resolution_seconds`), in the bot's stake currency.
    Times without any report have no point; after a change of the stake currency history begins anew in it."""
    service: PortfolioService = services.portfolio
    return await service.bot_history(None, view.bot.id, span)
