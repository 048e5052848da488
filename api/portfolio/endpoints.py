"""The portfolio of the caller, or one that is shared with him, and its past."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth.access import Reader
from api.auth.portfolios import OfUser, owner_of
from api.deps import ServicesDep
from api.errors import problems
from orchestrator.errors import ErrorCode
from orchestrator.portfolio.history import History, Range
from orchestrator.portfolio.service import PortfolioService
from orchestrator.portfolio.sparklines import Sparklines, SparkRange
from orchestrator.portfolio.views import Portfolio

router = APIRouter(prefix="/portfolio", tags=["portfolio"])


@router.get(
    "",
    operation_id="getPortfolio",
    summary="All bots as one portfolio",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND),
)
async def portfolio(caller: Reader, services: ServicesDep, user: OfUser = None) -> Portfolio:
    """Every bot with its last reading, and totals in the reporting currency: of all bots, and of dry and live ones
    apart. A bot that should report and does not is `stale` and keeps its last values; a bot whose stake currency has no
    known rate is listed in `unconverted` and left out of the totals. The stream's `portfolio` event has this body."""
    service: PortfolioService = services.portfolio
    return await service.at_hand(await owner_of(services, caller, user))


@router.get(
    "/history",
    operation_id="getPortfolioHistory",
    summary="Equity over time",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND),
)
async def history(
    caller: Reader,
    services: ServicesDep,
    span: Annotated[Range, Query(alias="range", description="How far back.", examples=["24h"])] = "24h",
    user: OfUser = None,
) -> History:
    """Points oldest first, in buckets as fine as the range allows (`resolution_seconds`), each with the lowest and
    highest equity within it. Times in which nothing was measured have no point; `stale` marks points without any
    reporting bot. After a change of the reporting currency, history begins anew in it."""
    service: PortfolioService = services.portfolio
    return await service.history(await owner_of(services, caller, user), span)


@router.get(
    "/sparklines",
    operation_id="listSparklines",
    summary="A short series of every bot",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND),
)
async def sparklines(
    caller: Reader,
    services: ServicesDep,
    span: Annotated[SparkRange, Query(alias="range", description="How far back.", examples=["24h"])] = "24h",
    user: OfUser = None,
) -> Sparklines:
    """Profit of every bot of the portfolio at some 30 times, the same for all, each in its bot's stake currency; for a
    table of many bots. `/bots/{bot_id}/history` has all of one bot."""
    service: PortfolioService = services.portfolio
    return await service.sparklines(await owner_of(services, caller, user), span)
