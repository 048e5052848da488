"""Market data for people: candles of any pair."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AwareDatetime

from api.auth.access import Reader
from api.deps import Services, ServicesDep, Text
from api.errors import problems
from api.market.schemas import CandlePage, cursor, page_body
from api.quota import Quota
from api.routing import ExactRoute
from orchestrator.errors import ErrorCode, ExchangeUnreachable, InvalidSpec
from orchestrator.kit.pages import decode_cursor
from orchestrator.market.service import ARROW, MarketData, Wanted

router = APIRouter(prefix="/market", tags=["market"], route_class=ExactRoute)
NEXT_HEADER = "X-Flotilla-Next"
CANDLE_REQUESTS_PER_USER = 2
"""At a time: one may last as long as an exchange takes to tell a year."""
Exchange = Annotated[
    str, Query(max_length=40, pattern=Text, description="`paper`, or an id of ccxt.", examples=["paper"])
]
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {ARROW: {"schema": {"type": "string", "format": "binary"}, "example": "ARROW1…"}},
        "headers": {
            NEXT_HEADER: {
                "description": "With a file: `next` of the page.",
                "schema": {"type": "string"},
            }
        },
    }
}


def market_of(services: Services) -> MarketData:
    """Raises ExchangeUnreachable where there is none."""
    if services.market is None:
        raise ExchangeUnreachable("There is no market-data gateway here; an administrator can have one started.")
    return services.market


@router.get(
    "/candles",
    operation_id="listCandles",
    summary="List candles",
    response_model=CandlePage,
    responses={
        **_CONTENT,
        **problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, ErrorCode.EXCHANGE_UNREACHABLE),
    },
)
async def list_candles(
    request: Request,
    caller: Reader,
    services: ServicesDep,
    exchange: Exchange,
    pair: Annotated[str, Query(max_length=100, pattern=Text, description="As bots name it.", examples=["BTC/USDT"])],
    timeframe: Annotated[
        str, Query(max_length=5, pattern=Text, description="Length of a candle.", examples=["5m"])
    ] = "5m",
    kind: Annotated[
        Literal["spot", "futures", "mark", "funding_rate"],
        Query(
            alias="type", description="Of which market; of futures also of mark prices and funding.", examples=["spot"]
        ),
    ] = "spot",
    since: Annotated[
        AwareDatetime | None,
        Query(
            description="Candles that open from then on: ISO 8601, or Unix milliseconds. Without it the last ones.",
            examples=["2026-11-20T12:00:00Z"],
        ),
    ] = None,
    until: Annotated[
        AwareDatetime | None,
        Query(description="Candles that open before then; without it up to now.", examples=["2026-11-21T12:00:00Z"]),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.", examples=[500])] = 500,
    after: Annotated[
        str | None, Query(max_length=500, description="The `next` of the page before.", examples=["WzE3OTUzNzI1XQ"])
    ] = None,
    accept: Annotated[str | None, Header(max_length=1000, include_in_schema=False)] = None,
) -> CandlePage | Response:
    """The exchange's own, by the market-data gateway: kept where it has them already, asked for where not. Nothing is
    filled in: where nobody traded, many exchanges have no candle. What is asked for first may take a while; where the
    exchange needs longer, the answer is 503 with `Retry-After`, and the next try goes on from there.

    With `Accept: application/vnd.apache.arrow.file` the closed candles come as a feather file as FreqTrade keeps
    them, and `next` as the header `X-Flotilla-Next`.
    """
    begin = _milliseconds(since) if after is None else int(decode_cursor(after, [int])[0])
    end = _milliseconds(until)
    if begin is not None and end is not None and begin > end:
        raise InvalidSpec("until lies before since; ask for a stretch that begins first.", field="until")
    wanted = Wanted(exchange, pair, timeframe, kind, begin, end, limit)
    market = market_of(services)
    quota: Quota = request.app.state.candle_requests
    with quota.taken(caller.user_id):
        if accept is not None and ARROW in accept:
            content, following = await market.feather(wanted)
            headers = {} if following is None else {NEXT_HEADER: cursor(following) or ""}
            return Response(content, media_type=ARROW, headers=headers)
        return page_body(await market.candles(wanted))


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else max(0, round(moment.timestamp() * 1000))
