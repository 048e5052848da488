"""The agent's HTTP API: a bearer token on everything but `/v1/health`, errors as `AgentProblem`, bounded bodies."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from loguru import logger
from pydantic import TypeAdapter, ValidationError

from pool.agent import transfer
from pool.agent.books import cursor_of, read_books
from pool.agent.bot_link import NotConnected, command_frame
from pool.agent.checks import Checks
from pool.agent.entry import Entry
from pool.agent.files import bot_directory
from pool.agent.keeper import Keeper
from pool.agent.logs import follow, last_lines
from pool.agent.marks import book_marks
from pool.agent.problems import Refused, bot_not_answering, bot_not_running, slot_not_found
from pool.agent.relay import Relay
from pool.agent.requests import delete_slot, put_policy, put_slot, restart_slot
from pool.agent.ring import EventRing, Overtaken
from pool.agent.risk import Risk
from pool.agent.sampler import Sampler, total
from pool.agent.tokens import Tokens
from pool.agent.watcher import Watcher
from pool.contract import PROTOCOL_VERSION
from pool.contract.checks import CheckRequest
from pool.contract.errors import AGENT_ERROR_STATUS, AgentErrorCode, AgentProblem
from pool.contract.model import BotId, Wire
from pool.contract.policy import PolicyInForce
from pool.contract.pools import PoolReport, TokenReport
from pool.contract.risk import Grants, RiskOrders
from pool.contract.slots import Command, CommandName, CommandResult, SlotSpec
from pool.settings import PoolSettings

MAX_BODY_BYTES = 1024 * 1024
_COMMAND_SECONDS = 20.0
_HEARTBEAT_SECONDS = 4.0
_WRITE_SECONDS = 10.0
_TAIL_LIMIT_LINES = 5000
_LOG_BYTES_AT_ONCE = 256 * 1024
_BOT_ID: TypeAdapter[str] = TypeAdapter(BotId)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
M = TypeVar("M", bound=Wire)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the handlers work with."""

    settings: PoolSettings
    tokens: Tokens
    started_at: datetime
    keeper: Keeper
    ring: EventRing
    sampler: Sampler
    relay: Relay
    risk: Risk
    watcher: Watcher
    checks: Checks
    image_version: str | None = None


def build(desk: Desk) -> web.Application:
    """The application; see the table in ARCHITECTURE.md."""
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_errors, _authentication(desk.tokens)])
    api = _Endpoints(desk)
    slot = "/v1/slots/{bot_id}"
    app.add_routes(
        [
            web.get("/v1/health", api.health),
            web.get("/v1/pool", api.pool),
            web.get("/v1/books", api.book_marks),
            web.get("/v1/slots", api.slots),
            web.get(slot, api.slot),
            web.put(slot, api.put),
            web.delete(slot, api.delete),
            web.put(f"{slot}/policy", api.policy),
            web.post("/v1/risk", api.risk),
            web.post("/v1/grants", api.grants),
            web.post("/v1/checks", api.check),
            web.post("/v1/token", api.renew_token),
            web.post(f"{slot}/restart", api.restart),
            web.post(f"{slot}/commands", api.command),
            web.get(f"{slot}/logs", api.logs),
            web.get(f"{slot}/books", api.books),
            web.get(f"{slot}/directory", api.send_directory, allow_head=False),
            web.put(f"{slot}/directory", api.receive_directory),
            web.get("/v1/events", api.events),
            web.route(hdrs.METH_ANY, slot + "/api/{path:.*}", api.relay),
        ]
    )
    return app


def _authentication(tokens: Tokens) -> Middleware:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get(hdrs.AUTHORIZATION, "").encode("utf-8", "surrogateescape")
        if request.path != "/v1/health" and not tokens.accepts(given):
            raise Refused(AgentErrorCode.UNAUTHORISED, "the agent's bearer token is missing or wrong")
        return await handler(request)

    return check


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refusal:
        return _problem(refusal)
    except web.HTTPRequestEntityTooLarge:
        return _problem(Refused(AgentErrorCode.INVALID_SPEC, f"the body is over the limit of {MAX_BODY_BYTES} bytes"))
    except web.HTTPException:
        raise
    except OSError as problem:
        if isinstance(problem, ConnectionError):
            raise
        logger.error("{} {} failed: {}", request.method, request.path, problem)
        return _problem(Refused(AgentErrorCode.INTERNAL, f"the pool's disk or system refused: {problem.strerror}"))
    except Exception as problem:
        # The boundary of a request: whatever went wrong is logged and told without its details.
        logger.exception("{} {} failed", request.method, request.path)
        return _problem(Refused(AgentErrorCode.INTERNAL, f"the agent failed ({type(problem).__name__}); see its log"))


def _problem(refusal: Refused) -> web.Response:
    body = AgentProblem(code=refusal.code, message=refusal.message, params=refusal.params)
    return _json(body, AGENT_ERROR_STATUS[refusal.code])


def _json(body: Wire, status: int = 200) -> web.Response:
    return web.Response(body=body.to_json(), status=status, content_type="application/json")


class _Endpoints:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._keeper = desk.keeper

    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"protocol": PROTOCOL_VERSION, "incarnation": self._keeper.incarnation})

    async def pool(self, request: web.Request) -> web.Response:
        desk, keeper = self._desk, self._keeper
        if keeper.zygote is None:
            raise Refused(AgentErrorCode.INTERNAL, "init has not reported yet")
        living = keeper.living
        memories = [entry.memory for entry in living if entry.memory is not None]
        report = PoolReport(
            protocol=PROTOCOL_VERSION,
            pool_id=desk.settings.pool_id,
            incarnation=keeper.incarnation,
            started_at=desk.started_at,
            slots_total=desk.settings.slots_total,
            slots_used=len(keeper.entries),
            bots_alive=len(living),
            zygote=keeper.zygote.model_copy(update={"memory": desk.sampler.zygote_memory}),
            init_memory=desk.sampler.init_memory,
            agent_memory=desk.sampler.agent_memory,
            bots_memory=total(memories),
            memory_limit_bytes=desk.settings.memory_limit_bytes,
            paper_exchange=desk.settings.paper_exchange_url is not None,
            recent_fork_milliseconds=list(keeper.fork_milliseconds),
            isolation=keeper.zygote.isolation,
            image_version=desk.image_version,
            notes=desk.watcher.notes,
            token_made_at=desk.tokens.made_at,
        )
        return _json(report)

    async def slots(self, request: web.Request) -> web.Response:
        snapshots = _yes(request, "snapshots", default=True)
        items = b",".join(entry.view(snapshot=snapshots).to_json() for entry in self._keeper.entries.values())
        return web.Response(body=b'{"items":[' + items + b"]}", content_type="application/json")

    async def slot(self, request: web.Request) -> web.Response:
        return _json(self._entry(request).view())

    async def put(self, request: web.Request) -> web.Response:
        spec = await _body(request, SlotSpec)
        entry, created = await put_slot(self._keeper, self._desk.settings, _bot_id(request), spec)
        return _json(entry.view(), 201 if created else 200)

    async def delete(self, request: web.Request) -> web.Response:
        gone = await delete_slot(self._keeper, _bot_id(request), _epoch(request))
        return web.Response(status=204 if gone else 202)

    async def restart(self, request: web.Request) -> web.Response:
        await restart_slot(self._keeper, _bot_id(request), _epoch(request))
        return web.Response(status=202)

    async def policy(self, request: web.Request) -> web.Response:
        bot_id, epoch = _bot_id(request), _epoch(request)
        await put_policy(self._keeper, bot_id, epoch, await _body(request, PolicyInForce))
        return web.Response(status=204)

    async def risk(self, request: web.Request) -> web.Response:
        return _json(await self._desk.risk.take(await _body(request, RiskOrders)))

    async def grants(self, request: web.Request) -> web.Response:
        self._desk.risk.give((await _body(request, Grants)).grants)
        return web.Response(status=204)

    async def check(self, request: web.Request) -> web.Response:
        return _json(await self._desk.checks.run(await _body(request, CheckRequest)))

    async def renew_token(self, request: web.Request) -> web.Response:
        self._desk.tokens.renew()
        logger.info("the agent has a new token")
        return _json(TokenReport(made_at=self._desk.tokens.made_at))

    async def command(self, request: web.Request) -> web.Response:
        entry = self._entry(request)
        command = await _body(request, Command)
        arguments: dict[str, object] = {}
        if command.name is CommandName.FORCE_EXIT:
            if command.trade_id is None:
                raise Refused(
                    AgentErrorCode.INVALID_SPEC, "force_exit needs trade_id: a number, or all", field="trade_id"
                )
            arguments["trade_id"] = command.trade_id
        if entry.connection is None:
            raise bot_not_running(entry.bot_id)
        try:
            result = await entry.connection.command(command_frame(command.name.value, arguments), _COMMAND_SECONDS)
        except NotConnected as problem:
            raise bot_not_running(entry.bot_id) from problem
        except TimeoutError as problem:
            raise bot_not_answering(entry.bot_id) from problem
        return _json(CommandResult(ok=result.ok, message=result.message, data=result.data))

    async def logs(self, request: web.Request) -> web.StreamResponse:
        entry = self._entry(request)
        tail = _whole_number(request, "tail", 200, _TAIL_LIMIT_LINES)
        file = bot_directory(self._keeper.directory, entry.bot_id) / "bot.log"
        if not _yes(request, "follow", default=False):
            lines = await asyncio.to_thread(last_lines, file, tail)
            return web.Response(text="".join(f"{line}\n" for line in lines), content_type="text/plain", charset="utf-8")
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "text/plain; charset=utf-8"})
        await response.prepare(request)
        async for chunk in follow(file, tail):
            if request.transport is None or request.transport.is_closing():
                break
            if chunk and not await _write(response, chunk):
                break
        return response

    async def books(self, request: web.Request) -> web.Response:
        bot_id, mode = _bot_id(request), request.query.get("mode", "dry")
        if mode not in ("dry", "live"):
            raise Refused(AgentErrorCode.INVALID_SPEC, "mode must be dry or live", field="mode")
        try:
            after = cursor_of(request.query.get("after", ""))
        except ValueError as problem:
            raise Refused(AgentErrorCode.INVALID_SPEC, f"after {problem}", field="after") from None
        found = await read_books(self._keeper.directory, bot_id, "live" if mode == "live" else "dry", after)
        if found is None:
            raise slot_not_found(bot_id)
        return _json(found)

    async def book_marks(self, request: web.Request) -> web.Response:
        return _json(await book_marks(self._keeper.directory))

    async def events(self, request: web.Request) -> web.StreamResponse:
        reader = self._desk.ring.read(request.query.get("cursor"))
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "application/x-ndjson"})
        try:
            await response.prepare(request)
            # At once, so that a new reader of a quiet pool knows that it is connected, and where.
            await _write(response, reader.greeting())
            while await _write(response, await reader.take(_HEARTBEAT_SECONDS)):
                pass
        except Overtaken:
            logger.warning("a reader of the event stream is too slow and is dropped")
        finally:
            reader.close()
        if request.transport is not None:
            request.transport.abort()
        return response

    async def send_directory(self, request: web.Request) -> web.StreamResponse:
        limit = self._desk.settings.bot_disk_limit_bytes
        return await transfer.send(self._keeper, _bot_id(request), _epoch(request), limit, request)

    async def receive_directory(self, request: web.Request) -> web.Response:
        limit = self._desk.settings.bot_disk_limit_bytes
        return _json(await transfer.receive(self._keeper, _bot_id(request), _epoch(request), limit, request))

    async def relay(self, request: web.Request) -> web.StreamResponse:
        entry = self._entry(request)
        raw_path = request.rel_url.raw_path.split("/api/", 1)[1]
        return await self._desk.relay.handle(request, entry, raw_path)

    def _entry(self, request: web.Request) -> Entry:
        bot_id = _bot_id(request)
        entry = self._keeper.entries.get(bot_id)
        if entry is None:
            raise slot_not_found(bot_id)
        return entry


async def _write(response: web.StreamResponse, data: bytes) -> bool:
    """Whether the peer took it in time; one that does not is dropped."""
    try:
        async with asyncio.timeout(_WRITE_SECONDS):
            await response.write(data)
    except ConnectionError:
        return False
    except TimeoutError:
        logger.warning("a reader took nothing for {} s and is dropped", _WRITE_SECONDS)
        return False
    return True


async def _body(request: web.Request, model: type[M]) -> M:
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as problem:
        # Neither the values nor their context: they may be secrets.
        errors = [
            {"field": ".".join(map(str, error["loc"])), "message": error["msg"]} for error in problem.errors()[:20]
        ]
        first = errors[0]
        message = f"{first['field'] or 'body'}: {first['message']}"
        raise Refused(AgentErrorCode.INVALID_SPEC, message, errors=errors) from None


def _bot_id(request: web.Request) -> str:
    try:
        return _BOT_ID.validate_python(request.match_info["bot_id"])
    except ValidationError:
        message = "a bot id is 1 to 63 lower-case letters, digits and hyphens, and starts with no hyphen"
        raise Refused(AgentErrorCode.INVALID_SPEC, message, field="bot_id") from None


def _epoch(request: web.Request) -> int:
    given = request.query.get("epoch", "")
    if not (given.isascii() and given.isdigit() and 1 <= len(given) <= 18 and int(given) >= 1):
        raise Refused(AgentErrorCode.INVALID_SPEC, "epoch must be given, a whole number from 1", field="epoch")
    return int(given)


def _yes(request: web.Request, name: str, *, default: bool) -> bool:
    given = request.query.get(name)
    return default if given is None else given.lower() in ("1", "true", "yes")


def _whole_number(request: web.Request, name: str, default: int, limit: int) -> int:
    given = request.query.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= 9):
        raise Refused(AgentErrorCode.INVALID_SPEC, f"{name} must be a whole number", field=name)
    return min(int(given), limit)
