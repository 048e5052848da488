"""The web application, made of slices. `create_app` is given everything; it starts nothing."""

import time
from typing import TYPE_CHECKING

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import APIRouter, FastAPI

from api import docs, errors, health, outages
from api.actions import endpoints as action_endpoints
from api.audit import endpoints as audit_endpoints
from api.auth import access, factor_endpoints, oidc_endpoints, passkey_endpoints, proof_endpoints
from api.auth import endpoints as auth_endpoints
from api.auth.challenges import Challenges
from api.auth.naming import Naming
from api.auth.principals import Principals
from api.auth.refusals import Refusals
from api.auth.state import AuthState
from api.auth.throttle import CodeThrottle, ElsewhereThrottle, LoginThrottle
from api.auth.tickets import TicketStore
from api.bots import actions as bot_actions
from api.bots import endpoints as bot_endpoints
from api.bots import history as bot_history
from api.bots import logs as bot_logs
from api.bots import previews as bot_previews
from api.deps import Services
from api.exchange_keys import endpoints as exchange_key_endpoints
from api.exchanges import endpoints as exchange_endpoints
from api.findings import endpoints as finding_endpoints
from api.limiting import LimitMiddleware
from api.limits import Limits
from api.logging_levels import endpoints as logging_endpoints
from api.market import endpoints as market_endpoints
from api.market import streaming as market_streaming
from api.metrics import Metrics
from api.middleware import BodyLimitMiddleware, EdgeMiddleware, TimeLimitMiddleware, is_request_id
from api.openapi import FlotillaApi
from api.origins import RelayCorsMiddleware, SameOriginMiddleware
from api.policies import dials as policy_dials
from api.policies import endpoints as policy_endpoints
from api.policies import versions as policy_versions
from api.pools import acts as pool_acts
from api.pools import endpoints as pool_endpoints
from api.pools import moves as pool_moves
from api.pools import rollouts as pool_rollouts
from api.portal import serving as portal
from api.portfolio import endpoints as portfolio_endpoints
from api.proxies import ProxyMiddleware
from api.proxy import endpoints as proxy_endpoints
from api.proxy import importing as proxy_importing
from api.push import endpoints as push_endpoints
from api.quota import Quota
from api.risk import endpoints as risk_endpoints
from api.sessions import endpoints as session_endpoints
from api.settings import ApiSettings
from api.sharing import endpoints as sharing_endpoints
from api.strategies import endpoints as strategy_endpoints
from api.strategies import using as strategy_using
from api.stream import endpoints as stream_endpoints
from api.stream.feed import streams_of
from api.templates import endpoints as template_endpoints
from api.tokens import endpoints as token_endpoints
from api.trades import endpoints as trade_endpoints
from api.users import endpoints as user_endpoints
from api.users import invitations as user_invitations
from api.users import profile as user_profile
from api.wallets import endpoints as wallet_endpoints
from orchestrator.kit.cache import Cache, InProcessCache
from orchestrator.kit.lately import Lately
from orchestrator.users.passwords import Passwords

if TYPE_CHECKING:
    from orchestrator.users.oidc import OidcClient

API_VERSION = "1.0"
_DESCRIPTION = """Self-hosted control plane for fleets of FreqTrade bots.

Sign in with `POST /api/v1/auth/login` and send the access token as `Authorization: Bearer …`. Money and ratios travel
as decimal strings; numbers are accepted too. Lists answer `{"items": […], "next": …}`: ask again with `after=<next>`.
Errors are RFC 9457 problem documents whose `detail` says what to do."""
_TAGS = [
    {"name": "auth", "description": "Sign-in, tokens, tickets for streams."},
    {"name": "templates", "description": "Starter strategies and their parameters."},
    {"name": "strategies", "description": "Strategies of your own: versions, checks, shares, roll-outs."},
    {"name": "bots", "description": "Bots: what you want of them, and what they do."},
    {"name": "freqtrade", "description": "A bot's own FreqTrade API, relayed."},
    {"name": "pools", "description": "Where bots run; what administrators do to that."},
    {"name": "wallets", "description": "Your money: of paper and at exchanges, and what bots have of it."},
    {"name": "exchange-keys", "description": "Keys of your exchange accounts, and how they are kept."},
    {"name": "exchanges", "description": "Where bots can trade, and what is traded there."},
    {"name": "market", "description": "Candles and prices, as exchanges tell them."},
    {"name": "users", "description": "Who there is, what each is and may have; invitations."},
    {"name": "sharing", "description": "Bots and portfolios that others may look at or operate."},
    {"name": "sessions", "description": "Where one is signed in, and ending that."},
    {"name": "tokens", "description": "Personal API tokens, for programs."},
    {"name": "policies", "description": "Universal rules: one document for all your bots, in versions."},
    {"name": "actions", "description": "What universal rules did, and what they refused."},
    {"name": "audit", "description": "Who did what, when and why."},
    {"name": "portfolio", "description": "All bots as one portfolio, also as a live stream."},
    {"name": "risk", "description": "What bots may do now, and the kill switch."},
    {"name": "trades", "description": "Trades of all bots at once."},
    {"name": "findings", "description": "Where exchange accounts and the books differ."},
    {"name": "push", "description": "What your browsers are told while no page of Flotilla is open."},
    {"name": "settings", "description": "What administrators change while it runs."},
    {"name": "health", "description": "For supervisors and monitoring."},
]


def create_app(services: Services, settings: ApiSettings, cache: Cache | None = None) -> FastAPI:
    """The application over these services. The caller closes them; the app owns nothing that outlives it. `cache` is
    what all processes that serve the API share; None where this is the only one."""
    limits = Limits(settings, None if isinstance(cache, InProcessCache) else cache)
    cache = cache if cache is not None else InProcessCache()
    app = FlotillaApi(
        title="Flotilla",
        version=API_VERSION,
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    metrics = Metrics()
    app.state.services = services
    app.state.settings = settings
    app.state.metrics = metrics
    app.state.limits = limits
    app.state.auth = AuthState(
        passwords=Passwords(settings.breached_passwords_file),
        throttle=LoginThrottle(settings.login_attempts, settings.login_wait_limit_seconds, cache, time.monotonic),
        elsewhere=ElsewhereThrottle(cache, time.monotonic),
        refusals=Refusals(cache),
        naming=Naming(cache),
        tickets=TicketStore(settings.ticket_seconds, cache),
        principals=Principals(services.database, time.monotonic),
        recent_bots=Lately(time.monotonic),
        challenges=Challenges(cache),
        codes=CodeThrottle(cache, time.monotonic),
        recovery=LoginThrottle(
            settings.login_attempts, settings.login_wait_limit_seconds, cache, time.monotonic, purpose="recovery"
        ),
        oidc=_oidc_clients(settings),
    )
    app.state.readiness = health.Readiness(time.monotonic)
    app.state.portfolio_streams = Quota(settings.portfolio_streams_per_user, "streams of portfolios")
    app.state.market_streams = Quota(settings.market_streams_per_user, "streams of prices")
    app.state.candle_requests = Quota(market_endpoints.CANDLE_REQUESTS_PER_USER, "requests for candles")
    app.state.log_streams = Quota(settings.log_streams_per_user, "logs")
    app.state.relayed_websockets = Quota(settings.relay_websockets_per_user, "WebSockets to bots")
    app.state.open_counts = {
        "portfolio_streams": lambda: len(streams_of(app).open),
        "market_streams": lambda: app.state.market_streams.open,
        "log_streams": lambda: app.state.log_streams.open,
        "relayed_websockets": lambda: app.state.relayed_websockets.open,
    }
    errors.install(app)
    outages.install(app)
    docs.install(app)
    _wrap(app, settings, metrics, limits)
    app.include_router(_version_1())
    app.include_router(health.router)
    access.check(app.routes)
    portal.install(app)
    return app


def _wrap(app: FastAPI, settings: ApiSettings, metrics: Metrics, limits: Limits) -> None:
    """What each request passes on its way in, innermost first."""
    app.add_middleware(TimeLimitMiddleware, seconds=settings.request_seconds)
    app.add_middleware(BodyLimitMiddleware, settings=settings)
    app.add_middleware(SameOriginMiddleware, public=settings.public_url)
    app.add_middleware(LimitMiddleware, limits=limits)
    app.add_middleware(RelayCorsMiddleware, origins=settings.relay_origins)
    app.add_middleware(EdgeMiddleware, metrics=metrics)
    app.add_middleware(ProxyMiddleware, trusted=settings.trusted_proxies)
    app.add_middleware(CorrelationIdMiddleware, validator=is_request_id)


def _oidc_clients(settings: ApiSettings) -> dict[str, "OidcClient"]:
    if not settings.oidc:
        return {}
    from orchestrator.users.oidc import OidcClient  # with the libraries of the protocol, which nobody else needs

    return {one.id: OidcClient(one) for one in settings.oidc}


def _version_1() -> APIRouter:
    router = APIRouter(prefix="/api/v1")
    for part in (
        proxy_endpoints,  # first: routers are tried one after the other, and what is relayed has the least time
        auth_endpoints,
        proof_endpoints,
        factor_endpoints,
        passkey_endpoints,
        oidc_endpoints,
        template_endpoints,
        strategy_endpoints,
        strategy_using,
        bot_endpoints,
        bot_previews,
        bot_actions,
        bot_logs,
        bot_history,
        proxy_importing,
        pool_endpoints,
        pool_acts,
        pool_moves,
        pool_rollouts,
        user_endpoints,
        user_invitations,
        user_profile,
        sharing_endpoints,
        session_endpoints,
        token_endpoints,
        risk_endpoints,
        trade_endpoints,
        policy_endpoints,
        policy_versions,
        policy_dials,
        audit_endpoints,
        action_endpoints,
        portfolio_endpoints,
        wallet_endpoints,
        finding_endpoints,
        exchange_key_endpoints,
        exchange_endpoints,
        market_endpoints,
        market_streaming,
        push_endpoints,
        logging_endpoints,
        stream_endpoints,
    ):
        router.include_router(part.router)
    return router
