"""Exchanges that bots can trade on, their pairs, and what is asked of them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from api.auth.access import Reader
from api.deps import ServicesDep, Text
from api.errors import problems
from api.exchanges.schemas import ExchangeList, ExchangeResponse, LiveResponse, PairList, PairResponse
from api.exchanges.traffic import TrafficResponse
from orchestrator.bots import live
from orchestrator.errors import ErrorCode, InvalidSpec, NotFound
from orchestrator.exchange_keys import service as keys
from orchestrator.exchange_keys.checks import KNOWN, WITH_PASSPHRASE
from orchestrator.exchanges.markets import search
from orchestrator.templates.exchange_ids import EXCHANGE_IDS, PAPER
from orchestrator.templates.spec import trading_modes

router = APIRouter(prefix="/exchanges", tags=["exchanges"])

_ALL = (PAPER, *sorted(EXCHANGE_IDS))
ExchangeId = Annotated[
    str, Path(max_length=40, pattern=Text, description="`paper`, or an id of ccxt.", examples=["paper"])
]


@router.get(
    "",
    operation_id="listExchanges",
    summary="List exchanges",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED),
)
async def list_exchanges(caller: Reader, services: ServicesDep) -> ExchangeList:
    """What a new bot may name, and what you could do there."""
    async with services.reading(caller) as session:
        permitted = await live.may_trade_live(session, caller.user_id)
        own = await keys.list_(session, caller.user_id)
    items = []
    for exchange in _ALL:
        why_not = live.why_not_at(exchange, permitted, own)
        items.append(
            ExchangeResponse.model_validate(
                {
                    "id": exchange,
                    "trading_modes": trading_modes(exchange),
                    "takes_keys": exchange in KNOWN,
                    "has_passphrase": exchange in WITH_PASSPHRASE,
                    "live": LiveResponse(possible=not why_not, why_not=why_not),
                    "lists_pairs": services.markets.lists(exchange),
                }
            )
        )
    return ExchangeList(items=items, next=None)


@router.get(
    "/traffic",
    operation_id="getExchangeTraffic",
    summary="Get what is asked of exchanges",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED),
)
async def get_traffic(caller: Reader, services: ServicesDep) -> TrafficResponse:
    """Whether exchanges let themselves be asked, as the market-data gateway sees it, some seconds late. Administrators
    are told what it asked, what it kept, and how much of each exchange's limits is used."""
    return TrafficResponse.of(await services.traffic.look(), whole=caller.administrates)


@router.get(
    "/{exchange}/pairs",
    operation_id="listPairs",
    summary="Search an exchange's pairs",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, ErrorCode.NOT_FOUND),
)
async def list_pairs(
    exchange: ExchangeId,
    caller: Reader,
    services: ServicesDep,
    trading_mode: Annotated[
        Literal["spot", "futures"], Query(description="Pairs of which market.", examples=["spot"])
    ] = "spot",
    quote: Annotated[
        str | None, Query(max_length=16, pattern=Text, description="Only with this quote.", examples=["USDT"])
    ] = None,
    search_: Annotated[
        str, Query(alias="search", max_length=50, pattern=Text, description="Part of the name.", examples=["BTC"])
    ] = "",
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.", examples=[50])] = 50,
) -> PairList:
    """What it trades now. The paper exchange tells; of a real one nothing is asked before a bot trades there."""
    if exchange not in _ALL:
        raise NotFound("There is no such exchange; list the exchanges to see which there are.", field="exchange")
    if trading_mode not in trading_modes(exchange):
        raise InvalidSpec(f"Bots trade no {trading_mode} on {exchange}.", field="trading_mode")
    known = await services.markets.pairs(exchange, trading_mode)
    found = search(known or (), search_, quote)
    return PairList(known=known is not None, items=[_body(pair) for pair in found[:limit]], total=len(found), next=None)


def _body(pair: str) -> PairResponse:
    base, _, rest = pair.partition("/")
    return PairResponse(pair=pair, base=base, quote=rest.partition(":")[0])
