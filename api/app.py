"""The web application, made of slices. `create_app` is given everything; it starts nothing."""

import time

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import APIRouter, FastAPI

from api import errors, health, outages
from api.audit import endpoints as audit_endpoints
from api.auth import endpoints as auth_endpoints
from api.auth.accounts import Accounts
from api.auth.guard import AuthState
from api.auth.throttle import LoginThrottle
from api.auth.tickets import TicketStore
from api.bots import actions as bot_actions
from api.bots import endpoints as bot_endpoints
from api.bots import history as bot_history
from api.bots import logs as bot_logs
from api.deps import Services
from api.metrics import Metrics
from api.middleware import BodyLimitMiddleware, EdgeMiddleware, is_request_id
from api.openapi import FlotillaApi
from api.pools import acts as pool_acts
from api.pools import endpoints as pool_endpoints
from api.pools import moves as pool_moves
from api.pools import rollouts as pool_rollouts
from api.portfolio import endpoints as portfolio_endpoints
from api.proxy import endpoints as proxy_endpoints
from api.quota import Quota
from api.settings import ApiSettings
from api.stream import endpoints as stream_endpoints
from api.stream.feed import streams_of
from api.templates import endpoints as template_endpoints
from orchestrator.kit.cache import Cache, InProcessCache
from orchestrator.users.passwords import Passwords

API_VERSION = "1.0"
_DESCRIPTION = """Self-hosted control plane for fleets of FreqTrade bots.

Sign in with `POST /api/v1/auth/login` and send the access token as `Authorization: Bearer …`. Money and ratios travel
as decimal strings; numbers are accepted too. Lists answer `{"items": […], "next": …}`: ask again with `after=<next>`.
Errors are RFC 9457 problem documents whose `detail` says what to do."""
_TAGS = [
    {"name": "auth", "description": "Sign-in, tokens, tickets for streams."},
    {"name": "templates", "description": "Starter strategies and their parameters."},
    {"name": "bots", "description": "Bots: what you want of them, and what they do."},
    {"name": "freqtrade", "description": "A bot's own FreqTrade API, relayed."},
    {"name": "pools", "description": "Where bots run; what administrators do to that."},
    {"name": "audit", "description": "Who did what, when and why."},
    {"name": "portfolio", "description": "All bots as one portfolio, also as a live stream."},
    {"name": "health", "description": "For supervisors and monitoring."},
]


def create_app(services: Services, settings: ApiSettings, cache: Cache | None = None) -> FastAPI:
    """The application over these services. The caller closes them; the app owns nothing that outlives it. `cache` is
    what all processes that serve the API share; None where this is the only one."""
    cache = cache if cache is not None else InProcessCache()
    app = FlotillaApi(
        title="Flotilla",
        version=API_VERSION,
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        redoc_url=None,
        redirect_slashes=False,
    )
    metrics = Metrics()
    app.state.services = services
    app.state.settings = settings
    app.state.metrics = metrics
    app.state.auth = AuthState(
        passwords=Passwords(),
        throttle=LoginThrottle(settings.login_attempts, settings.login_wait_limit_seconds, cache, time.monotonic),
        tickets=TicketStore(settings.ticket_seconds, cache),
        accounts=Accounts(time.monotonic),
    )
    app.state.log_streams = Quota(settings.log_streams_per_user, "logs")
    app.state.relayed_websockets = Quota(settings.relay_websockets_per_user, "WebSockets to bots")
    app.state.open_counts = {
        "portfolio_streams": lambda: len(streams_of(app).open),
        "log_streams": lambda: app.state.log_streams.open,
        "relayed_websockets": lambda: app.state.relayed_websockets.open,
    }
    errors.install(app)
    outages.install(app)
    app.add_middleware(BodyLimitMiddleware, settings=settings)
    app.add_middleware(EdgeMiddleware, metrics=metrics)
    app.add_middleware(CorrelationIdMiddleware, validator=is_request_id)
    app.include_router(health.router)
    app.include_router(_version_1())
    return app


def _version_1() -> APIRouter:
    router = APIRouter(prefix="/api/v1")
    for part in (
        auth_endpoints,
        template_endpoints,
        bot_endpoints,
        bot_actions,
        bot_logs,
        bot_history,
        proxy_endpoints,
        pool_endpoints,
        pool_acts,
        pool_moves,
        pool_rollouts,
        audit_endpoints,
        portfolio_endpoints,
        stream_endpoints,
    ):
        router.include_router(part.router)
    return router
