"""FreqTrade's own sign-in, answered by Flotilla: an API token goes in, passes for this one bot come out."""

from datetime import timedelta

from fastapi import APIRouter

from api.auth.subject import Subject
from api.deps import BotId, Services, ServicesDep, SettingsDep
from api.proxy.access import Refreshing, SigningIn
from api.proxy.passes import Kind, Pass, issue
from api.proxy.schemas import AccessTokenResponse, TokensResponse
from api.settings import ApiSettings
from orchestrator.audit import service as audit
from orchestrator.kit.clock import utc_now

router = APIRouter()


@router.post("/token/login", include_in_schema=False)
async def login(bot_id: BotId, caller: SigningIn, services: ServicesDep, settings: SettingsDep) -> TokensResponse:
    """For a user name and an API token by HTTP Basic."""
    async with services.writing(caller) as session:
        told = {"api_token": caller.token_id}
        audit.record(session, caller.user_id, "bot.freqtrade_sign_in", audit.bot(bot_id), after=told)
    return TokensResponse(
        access_token=_issued(caller, bot_id, Kind.ACCESS, services, settings),
        refresh_token=_issued(caller, bot_id, Kind.REFRESH, services, settings),
    )


@router.post("/token/refresh", include_in_schema=False)
async def refresh(
    bot_id: BotId, caller: Refreshing, services: ServicesDep, settings: SettingsDep
) -> AccessTokenResponse:
    """For the refresh token as Bearer. It stays as it is, as FreqTrade's does."""
    return AccessTokenResponse(access_token=_issued(caller, bot_id, Kind.ACCESS, services, settings))


def _issued(caller: Subject, bot_id: str, kind: Kind, services: Services, settings: ApiSettings) -> str:
    assert caller.token_id is not None, "SigningIn and Refreshing are by an API token"
    held = Pass(caller.user_id, caller.token_id, bot_id)
    seconds = timedelta(seconds=settings.access_token_seconds)
    lifetime = seconds if kind is Kind.ACCESS else timedelta(days=settings.refresh_token_days)
    return issue(held, kind, services.secrets.token_signing_key, lifetime, utc_now())
