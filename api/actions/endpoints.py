"""What universal rules did, and what they refused."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from api.actions.schemas import ActionPage, ActionResponse, Kind, StageResponse
from api.auth.access import OwnBotsReader
from api.deps import PageDep, ServicesDep, Text
from api.errors import problems
from orchestrator.actions import service as actions
from orchestrator.actions.models import ActionModel
from orchestrator.actions.service import ActionFilters
from orchestrator.bots import repository as bots
from orchestrator.errors import ErrorCode

router = APIRouter(prefix="/actions", tags=["actions"])


@router.get(
    "",
    operation_id="listActions",
    summary="What universal rules did and refused",
    responses=problems(ErrorCode.UNAUTHENTICATED),
)
async def list_actions(
    caller: OwnBotsReader,
    services: ServicesDep,
    page: PageDep,
    bot: Annotated[
        str | None,
        Query(max_length=63, pattern=Text, description="Only of this bot.", examples=["bot-k3v2q7d5mwxz4tha"]),
    ] = None,
    rule: Annotated[
        str | None,
        Query(
            max_length=80,
            pattern=Text,
            description="Only what this rule did; of refused entries the limit.",
            examples=["take_profit"],
        ),
    ] = None,
    kind: Annotated[Kind | None, Query(description="Only what is of this kind.", examples=["refused"])] = None,
    trade: Annotated[
        int | None, Query(ge=0, le=2**31 - 1, description="Only what concerns this trade of the bot.", examples=[7])
    ] = None,
    since: Annotated[
        AwareDatetime | None,
        Query(description="Only what reached a stage since then.", examples=["2026-11-21T00:00:00Z"]),
    ] = None,
) -> ActionPage:
    """Newest first. Of your bots and of those shared with you; administrators see everybody's."""
    filters = ActionFilters(bot_id=bot, rule=rule, kind=kind, trade_id=trade, since=since)
    async with services.reading(caller) as session:
        found = await actions.list_(session, None, limit=page.limit, after=page.after, filters=filters)
        known = await bots.owners(session, {row.bot_id for row in found.items})
    items = [_body(row, known[row.bot_id].name if row.bot_id in known else None) for row in found.items]
    return ActionPage(items=items, next=found.next)


def _body(row: ActionModel, name: str | None) -> ActionResponse:
    values = {name: _short(value) for name, value in row.model_dump(exclude={"number", "stages"}).items()}
    stages = [StageResponse.model_validate(stage) for stage in row.stages]
    return ActionResponse.model_validate({**values, "id": str(row.number), "bot_name": name, "stages": stages})


def _short(value: Any) -> Any:
    """Decimals without the zeros that a database puts behind them."""
    if not isinstance(value, Decimal) or not value:
        return Decimal(0) if isinstance(value, Decimal) else value
    told = format(value, "f")
    return Decimal(told.rstrip("0").rstrip(".") if "." in told else told)
