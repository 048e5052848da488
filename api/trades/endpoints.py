"""Trades of all bots at once."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth.access import OwnBotsReader, Trader
from api.deps import PageDep, ServicesDep, Text
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from api.trades.schemas import CloseRequest, CloseResponse, TradePage, close_body, page_body
from orchestrator.audit import service as audit
from orchestrator.errors import ErrorCode
from orchestrator.portfolio import trades
from orchestrator.portfolio.trades import State
from orchestrator.risk import closing
from orchestrator.risk.closing import Choice, Closed

router = APIRouter(prefix="/trades", tags=["trades"], route_class=ExactRoute)
_RESPONSES = problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND, EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)


@router.get(
    "",
    operation_id="listTrades",
    summary="List trades",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND),
)
async def list_trades(
    caller: OwnBotsReader,
    services: ServicesDep,
    page: PageDep,
    state: Annotated[State, Query(description="Which trades.", examples=["open"])] = "open",
    bot_id: Annotated[
        str | None,
        Query(max_length=63, pattern=Text, description="Only of this bot.", examples=["bot-k3v2q7d5mwxz4tha"]),
    ] = None,
) -> TradePage:
    """Of your bots and of those shared with you, or of one. Open trades are those of each bot's last report, a second
    or so old, with every level that is in force: read them anew when the stream tells of the bot. Closed trades are
    those whose last exit the bot told, as long as events are kept; all that FreqTrade itself knows, before that and
    where a bot could not tell, its own API has: `/api/v1/bots/{bot_id}/freqtrade/api/v1/trades`. A portfolio tells how
    many a bot has closed."""
    async with services.reading(caller if bot_id is not None else caller.as_user()) as session:
        found = await trades.list_(session, state=state, bot_id=bot_id, limit=page.limit, after=page.after)
    return page_body(found)


@router.post("/close", operation_id="closeTrades", summary="Close many trades", responses=_RESPONSES)
async def close_trades(body: CloseRequest, caller: Trader, services: ServicesDep) -> CloseResponse:
    """Closes all winners, all losers, one asset, one bot or everything of yours, by each bot's own forced exit, and
    tells of every trade what became of it. With `dry_run` it only lists them. Bots may enter again afterwards: halt
    them first where they shall not."""
    choice = Choice(body.which, body.asset, body.bot_id)
    async with services.reading(caller) as session:
        chosen = await closing.choose(session, caller.user_id, choice)
    if body.dry_run:
        return close_body([Closed(what, None, "It would be closed.") for what in chosen], dry_run=True)
    if chosen:
        async with services.writing(caller) as session:
            after = {
                "which": body.which,
                "asset": body.asset,
                "bot_id": body.bot_id,
                "trades": [f"{what.bot_id}/{what.trade.trade_id}" for what in chosen],
            }
            subject = audit.user(caller.user_id)
            audit.record(session, caller.user_id, "trades.close", subject, body.reason, None, after)
    return close_body(await closing.close(services.agents, chosen), dry_run=False)
