"""One request to an agent, and what becomes of its failure.

Every call has a deadline; whatever goes wrong on the way becomes an error of `orchestrator.errors`: no answer is
AgentUnreachable, an `AgentProblem` the error of the same meaning. The bearer token stays inside.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import aiohttp
import httpx
from pydantic import ValidationError

from orchestrator.errors import (
    AgentOutdated,
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
from orchestrator.kit.plain_http import TRUST_NOBODY
from pool.contract.errors import AgentErrorCode, AgentProblem
from pool.contract.model import Wire

CONNECT_SECONDS = 3.0
CALL_SECONDS = 10.0
_NO_SUCH_ROUTE = frozenset({httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED})
_BROKEN = (TimeoutError, httpx.TransportError, httpx.StreamError, aiohttp.ClientError, OSError)
W = TypeVar("W", bound=Wire)


@dataclass(frozen=True, slots=True)
class AgentEndpoint:
    """Where an agent listens, and the token it asks for."""

    url: str
    """For example `http://127.0.0.1:41234`."""
    token: str = field(repr=False)


class AgentLink:
    """Asks the agent at `endpoint`. `doubt` is called with the pool's id whenever nobody answers there, or somebody who
    is not its agent. What `http` itself is asked belongs into `errors()`."""

    def __init__(
        self,
        pool_id: str,
        endpoint: AgentEndpoint,
        transport: httpx.AsyncBaseTransport | None,
        doubt: Callable[[str], None],
    ) -> None:
        self.pool_id = pool_id
        self._doubt = doubt
        self.http = httpx.AsyncClient(
            base_url=endpoint.url,
            headers={"Authorization": f"Bearer {endpoint.token}"},
            timeout=httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            transport=transport,
            trust_env=False,
            verify=TRUST_NOBODY,
        )

    async def aclose(self) -> None:
        await self.http.aclose()

    async def tell(
        self, method: str, path: str, body: Wire | None, *, params: Mapping[str, str] | None = None, seconds: float
    ) -> httpx.Response:
        """What a pool of before there were universal rules does not know. Raises AgentOutdated, and as `call`."""
        headers = {"Content-Type": "application/json"} if body is not None else None
        content = body.to_json() if body is not None else None
        response = await self._send(method, path, params, content, headers, seconds)
        if response.status_code in _NO_SUCH_ROUTE and _agent_problem(response.content) is None:
            raise AgentOutdated(
                f"Pool {self.pool_id} is older than the universal rules; roll it out anew.", pool_id=self.pool_id
            )
        if response.is_error:
            raise self.problem(response)
        return response

    async def call(
        self,
        method: str,
        path: str,
        *,
        seconds: float = CALL_SECONDS,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """A whole answer, which is no error. Raises AgentUnreachable, or what the agent's problem means."""
        response = await self._send(method, path, params, content, headers, seconds)
        if response.is_error:
            raise self.problem(response)
        return response

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str], read_seconds: float | None
    ) -> AsyncIterator[httpx.Response]:
        """An answer whose body is read as it comes; None: however long it is silent. Raises as `call`."""
        timeout = httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS, read=read_seconds)
        request = self.http.build_request("GET", path, params=params, timeout=timeout)
        with self.errors():
            async with asyncio.timeout(CALL_SECONDS):
                response = await self.http.send(request, stream=True)
        try:
            if response.is_error:
                with self.errors():
                    await response.aread()
                raise self.problem(response)
            yield response
        finally:
            await response.aclose()

    def raise_agents_own(self, content: bytes) -> None:
        """Raises what it means where the content of an answer is an agent's problem."""
        problem = _agent_problem(content)
        if problem is not None:
            raise self._meant(problem)

    def parse(self, model: type[W], response: httpx.Response) -> W:
        """Raises AgentUnreachable for what no agent would say."""
        try:
            return model.model_validate_json(response.content)
        except ValidationError as error:
            raise self.nonsense() from error

    def errors(self) -> "TransportErrors":
        """A context in which time-outs and broken connections become AgentUnreachable."""
        return TransportErrors(self.pool_id, self._doubt)

    def problem(self, response: httpx.Response) -> Error:
        """What an answer that is an error means."""
        problem = _agent_problem(response.content)
        if problem is not None:
            return self._meant(problem)
        return self.nonsense()

    def nonsense(self) -> AgentUnreachable:
        """For an answer that is none of an agent."""
        self._doubt(self.pool_id)
        return AgentUnreachable(
            f"What listens at the address of {self.pool_id} does not answer like its agent.", pool_id=self.pool_id
        )

    async def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        content: bytes | None,
        headers: Mapping[str, str] | None,
        seconds: float,
    ) -> httpx.Response:
        with self.errors():
            async with asyncio.timeout(seconds):
                timeout = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
                return await self.http.request(
                    method, path, params=params, content=content, headers=headers, timeout=timeout
                )

    def _meant(self, problem: AgentProblem) -> Error:
        error = _mapped(problem, self.pool_id)
        if isinstance(error, AgentUnreachable):
            self._doubt(self.pool_id)
        return error


class TransportErrors:
    """Turns time-outs and broken connections into AgentUnreachable."""

    def __init__(self, pool_id: str, doubt: Callable[[str], None]) -> None:
        self._pool_id = pool_id
        self._doubt = doubt

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, _BROKEN):
            self._doubt(self._pool_id)
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            raise AgentUnreachable(
                f"The agent of {self._pool_id} did not answer in time.", pool_id=self._pool_id
            ) from error
        if isinstance(error, _BROKEN):
            raise AgentUnreachable(f"The agent of {self._pool_id} cannot be reached.", pool_id=self._pool_id) from error


def _agent_problem(content: bytes) -> AgentProblem | None:
    try:
        return AgentProblem.model_validate(json.loads(content))
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
