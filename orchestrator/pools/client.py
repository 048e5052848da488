"""HTTP client of one pool's agent.

Every call has a deadline; whatever goes wrong on the way becomes an error of `orchestrator.errors`: no answer is
AgentUnreachable, an `AgentProblem` the error of the same meaning. The bearer token stays inside.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote, urlsplit

import httpx
from pydantic import TypeAdapter, ValidationError

from orchestrator.errors import (
    AgentUnreachable,
    BotNotRunning,
    Conflict,
    Error,
    InvalidSpec,
    NoCapacity,
    NotFound,
    RelayRefused,
    RelayTimeout,
    StaleEpoch,
)
from pool.contract import PROTOCOL_VERSION
from pool.contract.errors import AgentErrorCode, AgentProblem
from pool.contract.events import StreamItem
from pool.contract.model import Wire
from pool.contract.pools import PoolReport
from pool.contract.slots import Command, CommandResult, Slot, SlotSpec
from pool.contract.transfer import DIGEST_HEADER, DirectoryReport

CONNECT_SECONDS = 3.0
CALL_SECONDS = 10.0
COMMAND_SECONDS = 40.0
"""A bot serves commands between two of its loops."""
RELAY_SECONDS = 60.0
STREAM_SILENCE_SECONDS = 15.0
"""The agent beats every 5 s on its event stream; silence for this long means that it is gone."""

PARCEL_SILENCE_SECONDS = 60.0
"""An agent reads a directory before it sends it, and writes it before it answers."""

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "content-length",
        "authorization",
        "cookie",
        "accept-encoding",
    }
)
W = TypeVar("W", bound=Wire)
_STREAM_ITEM: TypeAdapter[StreamItem] = TypeAdapter(StreamItem)


@dataclass(frozen=True, slots=True)
class AgentEndpoint:
    """Where an agent listens, and the token it asks for."""

    url: str
    """For example `http://127.0.0.1:41234`."""
    token: str = field(repr=False)


class AgentHealth(Wire):
    protocol: int
    incarnation: str


@dataclass(frozen=True, slots=True)
class WebSocketTarget:
    """What to dial for the relay of a WebSocket. The headers carry the agent's token: never hand them out."""

    url: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A bot's directory under way, to be read once."""

    digest: str
    """Of what it must be when it has arrived."""
    chunks: AsyncIterator[bytes]


class AgentClient:
    """Talks to the agent at `endpoint`. Close it with `aclose`. `doubt` is called with the pool's id whenever nobody
    answers there, or somebody who is not its agent."""

    def __init__(
        self,
        pool_id: str,
        endpoint: AgentEndpoint,
        transport: httpx.AsyncBaseTransport | None = None,
        doubt: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.pool_id = pool_id
        self._doubt = doubt
        self.endpoint = endpoint
        self._http = httpx.AsyncClient(
            base_url=endpoint.url,
            headers={"Authorization": f"Bearer {endpoint.token}"},
            timeout=httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            transport=transport,
            trust_env=False,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def health(self, seconds: float = CALL_SECONDS) -> AgentHealth:
        """Raises AgentUnreachable, also for an agent of another protocol version."""
        health = self._parse(AgentHealth, await self._call("GET", "/v1/health", seconds=seconds))
        self._check_protocol(health.protocol)
        return health

    async def pool(self, seconds: float = CALL_SECONDS) -> PoolReport:
        """Raises AgentUnreachable, also for an agent of another protocol version."""
        response = await self._call("GET", "/v1/pool", seconds=seconds)
        report = self._parse(PoolReport, response)
        self._check_protocol(report.protocol)
        return report

    async def slots(self, seconds: float = CALL_SECONDS) -> list[Slot]:
        response = await self._call("GET", "/v1/slots", seconds=seconds)
        return list(self._parse(_Slots, response).items)

    async def slot(self, bot_id: str) -> Slot:
        """Raises NotFound."""
        return self._parse(Slot, await self._call("GET", _slot(bot_id)))

    async def put_slot(self, bot_id: str, spec: SlotSpec, seconds: float = CALL_SECONDS) -> Slot:
        """Raises StaleEpoch, NoCapacity, InvalidSpec."""
        content = spec.to_json(reveal_secrets=True)
        headers = {"Content-Type": "application/json"}
        response = await self._call("PUT", _slot(bot_id), content=content, headers=headers, seconds=seconds)
        return self._parse(Slot, response)

    async def delete_slot(self, bot_id: str, epoch: int, seconds: float = CALL_SECONDS) -> bool:
        """True once the slot is gone (or was never there), False while its process is stopping. Raises StaleEpoch."""
        try:
            response = await self._call("DELETE", _slot(bot_id), params={"epoch": str(epoch)}, seconds=seconds)
        except NotFound:
            return True
        return response.status_code == httpx.codes.NO_CONTENT

    async def restart(self, bot_id: str, epoch: int, seconds: float = CALL_SECONDS) -> None:
        """Raises NotFound, StaleEpoch."""
        await self._call("POST", _slot(bot_id) + "/restart", params={"epoch": str(epoch)}, seconds=seconds)

    async def command(self, bot_id: str, command: Command, seconds: float = COMMAND_SECONDS) -> CommandResult:
        """Raises NotFound, BotNotRunning, RelayTimeout."""
        headers = {"Content-Type": "application/json"}
        path = _slot(bot_id) + "/commands"
        response = await self._call("POST", path, content=command.to_json(), headers=headers, seconds=seconds)
        return self._parse(CommandResult, response)

    async def logs(self, bot_id: str, tail: int = 200) -> list[str]:
        """The last lines of the bot's log, oldest first. Raises NotFound."""
        response = await self._call("GET", _slot(bot_id) + "/logs", params={"tail": str(tail)})
        return response.text.splitlines()

    async def follow_logs(self, bot_id: str, tail: int = 200) -> AsyncGenerator[str, None]:
        """The last lines, then new ones as they come, until the caller closes the iterator (`aclose`) or the agent goes
        (AgentUnreachable). A quiet bot is no error. Raises NotFound."""
        params = {"tail": str(tail), "follow": "true"}
        async with self._stream(_slot(bot_id) + "/logs", params, read_seconds=None) as response:
            with self._transport_errors():
                async for line in response.aiter_lines():
                    yield line

    @asynccontextmanager
    async def directory(self, bot_id: str, epoch: int) -> AsyncIterator["Parcel"]:
        """The directory of a bot that is stopped under just this epoch, which fences it there. Raises NotFound,
        StaleEpoch, Conflict where a process or a start is in the way."""
        async with self._stream(_slot(bot_id) + "/directory", {"epoch": str(epoch)}, PARCEL_SILENCE_SECONDS) as told:
            yield Parcel(told.headers.get(DIGEST_HEADER, ""), self._chunks(told))

    async def put_directory(self, bot_id: str, epoch: int, parcel: "Parcel") -> DirectoryReport:
        """Has the target keep a directory under this epoch; returns once it is complete there. Raises StaleEpoch,
        Conflict where the bot has a slot there, InvalidSpec where it did not arrive as it was sent."""
        timeout = httpx.Timeout(PARCEL_SILENCE_SECONDS, connect=CONNECT_SECONDS)
        with self._transport_errors():
            response = await self._http.put(
                _slot(bot_id) + "/directory",
                params={"epoch": str(epoch)},
                content=parcel.chunks,
                headers={"Content-Type": "application/x-tar", DIGEST_HEADER: parcel.digest},
                timeout=timeout,
            )
        if response.is_error:
            raise self._problem(response)
        return self._parse(DirectoryReport, response)

    async def _chunks(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        with self._transport_errors():
            async for chunk in response.aiter_bytes():
                yield chunk

    async def events(self, cursor: str | None = None) -> AsyncGenerator[StreamItem, None]:
        """Items of the pool's stream after the cursor, without end. Raises AgentUnreachable when the agent goes, is
        silent for 15 s or talks nonsense."""
        params = {} if cursor is None else {"cursor": cursor}
        async with self._stream("/v1/events", params, read_seconds=STREAM_SILENCE_SECONDS) as response:
            with self._transport_errors():
                async for line in response.aiter_lines():
                    if line:
                        yield self._stream_item(line)
        raise AgentUnreachable(f"The agent of {self.pool_id} ended its event stream.", pool_id=self.pool_id)

    async def relay(
        self,
        bot_id: str,
        method: str,
        path: str,
        query: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        body: bytes | AsyncIterator[bytes] | None = None,
        seconds: float = RELAY_SECONDS,
    ) -> httpx.Response:
        """The answer of the bot's own REST API to `path` (below `/api/v1/`). The body is not read yet: iterate
        `aiter_bytes()` and always `aclose()`. What concerns one connection, credentials and cookies are not passed on.
        Raises NotFound, BotNotRunning, RelayRefused, RelayTimeout, AgentUnreachable."""
        passed = _passed_on(headers)
        passed.append(("Accept-Encoding", "identity"))
        request = self._http.build_request(
            method,
            f"{_slot(bot_id)}/api/{_clean_path(path)}",
            params=list(query),
            headers=passed,
            content=body,
            timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
        )
        with self._transport_errors():
            async with asyncio.timeout(seconds):
                response = await self._http.send(request, stream=True)
        if response.is_error:
            await self._raise_problem_of_relay(response, seconds)
        return response

    def websocket(self, bot_id: str, path: str = "message/ws") -> WebSocketTarget:
        """Where to dial the relay of the bot's WebSocket."""
        parts = urlsplit(self.endpoint.url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        url = f"{scheme}://{parts.netloc}{_slot(bot_id)}/api/{_clean_path(path)}"
        return WebSocketTarget(url, {"Authorization": f"Bearer {self.endpoint.token}"})

    # ---- below: one request, and what becomes of its failure

    async def _call(
        self,
        method: str,
        path: str,
        *,
        seconds: float = CALL_SECONDS,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        with self._transport_errors():
            async with asyncio.timeout(seconds):
                timeout = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
                response = await self._http.request(
                    method, path, params=params, content=content, headers=headers, timeout=timeout
                )
        if response.is_error:
            raise self._problem(response)
        return response

    @asynccontextmanager
    async def _stream(
        self, path: str, params: Mapping[str, str], read_seconds: float | None
    ) -> AsyncIterator[httpx.Response]:
        timeout = httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS, read=read_seconds)
        request = self._http.build_request("GET", path, params=params, timeout=timeout)
        with self._transport_errors():
            async with asyncio.timeout(CALL_SECONDS):
                response = await self._http.send(request, stream=True)
        try:
            if response.is_error:
                with self._transport_errors():
                    await response.aread()
                raise self._problem(response)
            yield response
        finally:
            await response.aclose()

    def _transport_errors(self) -> "_TransportErrors":
        return _TransportErrors(self.pool_id, self._doubt)

    def _problem(self, response: httpx.Response) -> Error:
        problem = _agent_problem(response)
        return self._nonsense() if problem is None else self._meant(problem)

    def _meant(self, problem: AgentProblem) -> Error:
        error = _mapped(problem, self.pool_id)
        if isinstance(error, AgentUnreachable):
            self._doubt(self.pool_id)
        return error

    async def _raise_problem_of_relay(self, response: httpx.Response, seconds: float) -> None:
        """Raises where the agent, not the bot, refused; the body of the bot's own refusal stays readable."""
        if not response.headers.get("content-type", "").startswith("application/json"):
            return
        try:
            with self._transport_errors():
                async with asyncio.timeout(seconds):
                    await response.aread()
        except Error:
            await response.aclose()
            raise
        problem = _agent_problem(response)
        if problem is not None:
            await response.aclose()
            raise self._meant(problem)

    def _parse(self, model: type[W], response: httpx.Response) -> W:
        try:
            return model.model_validate_json(response.content)
        except ValidationError as error:
            raise self._nonsense() from error

    def _stream_item(self, line: str) -> StreamItem:
        try:
            return _STREAM_ITEM.validate_json(line)
        except ValidationError as error:
            raise self._nonsense() from error

    def _check_protocol(self, protocol: int) -> None:
        if protocol != PROTOCOL_VERSION:
            raise AgentUnreachable(
                f"The agent of {self.pool_id} speaks protocol {protocol}, not {PROTOCOL_VERSION}; restart the pool.",
                pool_id=self.pool_id,
                protocol=protocol,
            )

    def _nonsense(self) -> AgentUnreachable:
        self._doubt(self.pool_id)
        return AgentUnreachable(
            f"What listens at the address of {self.pool_id} does not answer like its agent.", pool_id=self.pool_id
        )


class _Slots(Wire):
    items: list[Slot]


class _TransportErrors:
    """Turns time-outs and broken connections into AgentUnreachable."""

    def __init__(self, pool_id: str, doubt: Callable[[str], None]) -> None:
        self._pool_id = pool_id
        self._doubt = doubt

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, TimeoutError | httpx.TransportError | httpx.StreamError | OSError):
            self._doubt(self._pool_id)
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            raise AgentUnreachable(
                f"The agent of {self._pool_id} did not answer in time.", pool_id=self._pool_id
            ) from error
        if isinstance(error, httpx.TransportError | httpx.StreamError | OSError):
            raise AgentUnreachable(f"The agent of {self._pool_id} cannot be reached.", pool_id=self._pool_id) from error


def _slot(bot_id: str) -> str:
    return f"/v1/slots/{quote(bot_id, safe='')}"


def _clean_path(path: str) -> str:
    segments = path.strip("/").split("/")
    if any(segment in {"", ".", ".."} for segment in segments):
        raise RelayRefused("This path is not one of FreqTrade's API.", path=path[:200])
    return "/".join(quote(segment, safe="") for segment in segments)


def _passed_on(headers: Mapping[str, str] | Iterable[tuple[str, str]] | None) -> list[tuple[str, str]]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
    return [(name, value) for name, value in pairs if name.lower() not in _HOP_BY_HOP]


def _agent_problem(response: httpx.Response) -> AgentProblem | None:
    try:
        return AgentProblem.model_validate(json.loads(response.content))
    except (ValueError, RecursionError):
        return None


def _mapped(problem: AgentProblem, pool_id: str) -> Error:
    params = {**problem.params, "pool_id": pool_id}
    match problem.code:
        case AgentErrorCode.SLOT_NOT_FOUND:
            return NotFound("The bot has no slot in its pool yet; wait until it has started.", **params)
        case AgentErrorCode.STALE_EPOCH:
            return StaleEpoch(problem.message, **params)
        case AgentErrorCode.POOL_FULL:
            return NoCapacity(problem.message, **params)
        case AgentErrorCode.INVALID_SPEC:
            return InvalidSpec(problem.message, **{"field": "spec", **params})
        case AgentErrorCode.BOT_NOT_RUNNING:
            return BotNotRunning(problem.message, **params)
        case AgentErrorCode.BOT_NOT_ANSWERING:
            return RelayTimeout(problem.message, **params)
        case AgentErrorCode.IN_USE:
            return Conflict(problem.message, **params)
        case AgentErrorCode.RELAY_REFUSED:
            return RelayRefused(problem.message, **params)
        case _:
            return AgentUnreachable(f"The agent of {pool_id} refused: {problem.message}", **params)
