"""A bot's own FreqTrade REST API, relayed: `/bots/{id}/freqtrade/api/v1/…` is what the bot answers under `/api/v1/…`.

Every route of FreqTrade's is a route here, with the policy that `rules` says: FreqTrade's own clients take
`…/bots/{id}/freqtrade` for the bot's address. Answers are streamed unchanged. The caller signs in to Flotilla; the
bot's own credentials never leave its pool.
"""

import contextlib
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request, Response, WebSocket
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import JSONResponse

from api.auth.access import PUBLIC
from api.auth.state import get_auth
from api.auth.subject import Subject
from api.deps import BotId, Services, ServicesDep, get_services
from api.errors import EdgeCode, problems
from api.proxy import intents, sign_in
from api.proxy.access import Listening, Operator, Viewer
from api.proxy.resting import show_config
from api.proxy.rules import OTHER_STRATEGIES, Kind, groups, methods_of, refusal
from api.proxy.sockets import dial, pump_both, refuse
from api.quota import Quota
from api.streaming import ClosingResponse
from orchestrator.bots.service import BotView
from orchestrator.bots.spec import spec_of
from orchestrator.errors import BotNotRunning, Error, ErrorCode, NotFound, RelayRefused, TemplateBroken
from orchestrator.pools.client import AgentClient, BotAnswer
from orchestrator.strategies import repository as strategies
from orchestrator.templates.render import render

router = APIRouter(prefix="/bots/{bot_id}/freqtrade/api/v1", tags=["freqtrade"])

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_EXAMPLE = {"version": "2026.9"}


@router.api_route("/ping", methods=["GET", "HEAD"], dependencies=[PUBLIC], include_in_schema=False)
async def ping() -> Response:
    """Answers everybody and says nothing of the bot, as FreqTrade's does."""
    return JSONResponse({"status": "pong"})


async def look(bot_id: BotId, request: Request, caller: Viewer, services: ServicesDep) -> Response:
    """Relays what only reads."""
    path = _path_of(request)
    if path == "plot_config" and "strategy" in request.query_params:
        raise RelayRefused(f"plot_config is not relayed like this: {OTHER_STRATEGIES}.", path=path)
    view: BotView = request.state.bot
    if path == "show_config":
        return await _show_config(view, request, services, caller)
    answer = await _asked(view, request, services)
    if path.startswith("strategy/") and view.bot.owner_id != caller.user_id:
        return await _without_code(answer)
    return await _passed_on(answer)


async def steer(bot_id: BotId, request: Request, caller: Operator, services: ServicesDep) -> Response:
    """Relays what acts."""
    return await _passed_on(await _asked(request.state.bot, request, services))


async def want(bot_id: BotId, request: Request, caller: Operator, services: ServicesDep) -> Response:
    """Writes down what the bot shall do."""
    return JSONResponse(await intents.carry_out(services, caller, bot_id, _path_of(request)))


async def refuse_it(bot_id: BotId, request: Request, caller: Viewer) -> Response:
    """Says why not."""
    path = _path_of(request)
    raise RelayRefused(refusal(request.method, path), path=path)


_ENDPOINTS: dict[Kind, Callable[..., Awaitable[Response]]] = {
    Kind.READ: look,
    Kind.CONTROL: steer,
    Kind.INTENT: want,
    Kind.REFUSED: refuse_it,
}


class _Paths(Convertor[str]):
    """Some of FreqTrade's paths, for the router."""

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


for (_kind, _method), _regex in groups().items():
    if _kind in _ENDPOINTS:
        register_url_convertor(f"freqtrade_{_kind}_{_method}", type("_", (_Paths,), {"regex": _regex})())
        router.add_api_route(
            f"/{{path:freqtrade_{_kind}_{_method}}}",
            _ENDPOINTS[_kind],
            methods=[_method],
            response_class=Response,
            include_in_schema=False,
        )

router.include_router(sign_in.router)


@router.websocket("/message/ws")
async def relay_websocket(websocket: WebSocket, bot_id: str, caller: Listening) -> None:
    """FreqTrade's message WebSocket, both ways. Sign in with `?token=` (an access JWT of `token/login`), with
    `?ticket=` (`freqtrade`) or with the Authorization header, which takes an API token, too. What is refused is refused
    before the upgrade, with a problem document."""
    if isinstance(caller, Error):
        await refuse(websocket, caller)
        return
    services, principals = get_services(websocket), get_auth(websocket).principals
    quota: Quota = websocket.app.state.relayed_websockets
    try:
        client = await _agent_of(websocket.state.bot, services)
        with quota.taken(caller.user_id):
            async with await dial(client, bot_id) as upstream:
                await websocket.accept()
                await pump_both(websocket, upstream, principals.until_ended(caller, bot_id))
    except Error as error:
        await refuse(websocket, error)


RelayedPath = Annotated[str, Path(description="What follows `/api/v1/` in FreqTrade's own API.", examples=["version"])]


async def relay(bot_id: BotId, path: RelayedPath, request: Request, caller: Viewer) -> Response:
    """FreqTrade's own API of the bot, route by route as FreqTrade documents it; `path` is one of its routes. What reads
    is passed on for who may see the bot, what acts for who may operate it, and the bot's answer comes back unchanged;
    its REST API is started when it is first needed. Start, stop, pause and reload become what the bot shall do from now
    on. What only FreqTrade's webserver mode has is refused with the reason."""
    offered = methods_of(path)
    if offered:
        raise HTTPException(405, headers={"Allow": ", ".join(offered)})
    raise NotFound("FreqTrade's API has no such route; see FreqTrade's documentation of its REST API.", field="path")


for _method in METHODS:
    router.add_api_route(
        "/{path:path}",
        relay,
        methods=[_method],
        operation_id=f"relay{_method.capitalize()}",
        summary=f"{_method} of the bot's own API",
        response_class=Response,
        include_in_schema=_method in ("GET", "POST", "DELETE"),
        responses={
            **problems(
                ErrorCode.UNAUTHENTICATED,
                ErrorCode.NOT_ALLOWED,
                ErrorCode.NOT_FOUND,
                ErrorCode.RELAY_REFUSED,
                ErrorCode.BOT_NOT_RUNNING,
                ErrorCode.AGENT_UNREACHABLE,
                ErrorCode.RELAY_TIMEOUT,
                EdgeCode.BODY_TOO_LARGE,
                EdgeCode.METHOD_NOT_ALLOWED,
            ),
            200: {
                "description": "What FreqTrade answers; other statuses of FreqTrade come through, too.",
                "content": {"application/json": {"schema": {}, "example": _EXAMPLE}},
            },
        },
    )


async def _agent_of(view: BotView, services: Services) -> AgentClient:
    if view.bot.pool_id is None:
        raise BotNotRunning("The bot has no pool yet; wait until it was placed.", bot_id=view.bot.id)
    return await services.agents.agent_lately(view.bot.pool_id)


async def _asked(view: BotView, request: Request, services: Services) -> BotAnswer:
    """The bot's answer, not read yet."""
    client = await _agent_of(view, services)
    content = await request.body() or None
    query, headers = request.query_params.multi_items(), request.headers.items()
    try:
        return await client.relay(view.bot.id, request.method, _path_of(request), query, headers, content)
    except NotFound:
        raise BotNotRunning("The bot has not been started yet; wait until it runs.", bot_id=view.bot.id) from None


def _path_of(request: Request) -> str:
    """What follows `/api/v1/`, decoded; one of FreqTrade's paths matched it."""
    path: str = request.path_params["path"]
    return path


async def _passed_on(answer: BotAnswer) -> Response:
    """As it comes; a short one at once, which takes less time."""
    if answer.is_short:
        try:
            short = Response(await answer.read(), answer.status)
        finally:
            await answer.aclose()
        short.raw_headers = answer.headers
        return short
    held = contextlib.AsyncExitStack()
    held.push_async_callback(answer.aclose)
    response = ClosingResponse(answer.chunks(), held, answer.status)
    response.raw_headers = answer.headers
    return response


async def _show_config(view: BotView, request: Request, services: Services, caller: Subject) -> Response:
    """Where there is no process, what it would say if FreqTrade were there and stopped."""
    try:
        return await _passed_on(await _asked(view, request, services))
    except BotNotRunning as none:
        async with services.reading(caller) as session:
            own = await strategies.source_of(session, view.bot.strategy_version_id)
        try:
            config = render(services.catalogue.get(view.bot.template), spec_of(view.bot), own).config
        except (NotFound, TemplateBroken, ValueError, KeyError):  # nobody can tell how it would start: it would not
            raise none from None
        return JSONResponse(show_config(config, view.bot.id))


async def _without_code(answer: BotAnswer) -> Response:
    """A strategy's source is its owner's, whoever may look at what it does."""
    try:
        content = await answer.read()
    finally:
        await answer.aclose()
    told: Any = json.loads(content) if answer.status == HTTPStatus.OK else None
    if isinstance(told, dict) and "code" in told:
        content = json.dumps({**told, "code": ""}).encode()
    response = Response(content, answer.status)
    own = [(name, value) for name, value in answer.headers if name != b"content-length"]
    response.raw_headers = [*response.raw_headers, *own]
    return response
