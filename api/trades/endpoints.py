"""Trades of all bots at once."""

from fastapi import APIRouter

from api.auth.access import Trader
from api.deps import ServicesDep
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from api.trades.schemas import CloseRequest, CloseResponse, close_body
from orchestrator.audit import service as audit
from orchestrator.errors import ErrorCode
from orchestrator.risk import closing
from orchestrator.risk.closing import Choice, Closed

router = APIRouter(prefix="/trades", tags=["trades"], route_class=ExactRoute)
_RESPONSES = problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND, EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)


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
