"""One address that lists a user's bots, for whoever sets up FreqTrade's clients.

FreqUI keeps the bots that it knows in its browser's local storage, under `ftAuthLoginInfo`; `frequi` of the answer is
such a value. No token is in it: FreqUI then asks for one, bot by bot, with address and user name filled in.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.deps import ServicesDep, SettingsDep
from api.errors import problems
from api.proxy.access import Importing
from api.proxy.schemas import FreqtradeBotList, FreqtradeBotResponse, FreqUiBotResponse
from orchestrator.bots import service
from orchestrator.bots.service import BotView
from orchestrator.errors import ErrorCode

router = APIRouter(prefix="/freqtrade", tags=["freqtrade"])

_PAGE = 200


@router.get(
    "/bots",
    operation_id="listFreqtradeBots",
    summary="List bots for FreqTrade's clients",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED),
)
async def list_freqtrade_bots(
    caller: Importing,
    services: ServicesDep,
    settings: SettingsDep,
    request: Request,
    shared: Annotated[bool, Query(description="Also bots that others share with you.", examples=[False])] = False,
) -> FreqtradeBotList:
    """Addresses of your bots' own FreqTrade APIs. HTTP Basic with an API token works here, too."""
    views: list[BotView] = []
    after = None
    async with services.reading(caller) as session:
        while True:
            page = await service.list_(session, None if shared else caller.user_id, limit=_PAGE, after=after)
            views += page.items
            after = page.next
            if after is None:
                break
    origin = settings.public_url[0] if settings.public_url else str(request.base_url).rstrip("/")
    items = [_told(view, caller.username, origin) for view in views]
    return FreqtradeBotList(
        items=items,
        frequi={f"ftbot.{number}": _as_frequi_keeps(bot, number) for number, bot in enumerate(items)},
        frequi_url=settings.frequi_url,
    )


def _told(view: BotView, username: str, origin: str) -> FreqtradeBotResponse:
    bot = view.bot
    url = f"{origin}/api/v1/bots/{bot.id}/freqtrade"
    return FreqtradeBotResponse(id=bot.id, name=bot.name, url=url, username=username, dry_run=bot.dry_run)


def _as_frequi_keeps(bot: FreqtradeBotResponse, number: int) -> FreqUiBotResponse:
    return FreqUiBotResponse(
        botName=bot.name,
        apiUrl=bot.url,
        username=bot.username,
        accessToken="",
        refreshToken="",
        autoRefresh=True,
        sortId=number,
    )
