"""HTTP around the endpoints.

Each request is counted, suffers what faults stand, is charged its weight, and is answered from the table. Answers that
depend on the URL and the second alone are rendered once a second and shared: fifty bots asking for the same candles
cost one rendering. There is no router and no middleware, since this is most of what a request costs.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import isawaitable
from ipaddress import ip_address

from aiohttp import web
from loguru import logger

from pool.exchange.simulator.calls import Call, Endpoint, Endpoints
from pool.exchange.simulator.faults import Fault, Faults, Kind
from pool.exchange.simulator.limits import WeightLimit, family_of, told
from pool.exchange.simulator.problems import Problem, unknown_path
from pool.exchange.simulator.streams import Address, Streams

CONTROL_PREFIX = "/control/"
_JSON = "application/json"
_MOST_COUNTERS = 1_000


def wall_clock_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass
class Front:
    """What every request passes. `answer` is the handler for `aiohttp.web.Server`."""

    endpoints: Endpoints
    weights: WeightLimit
    faults: Faults
    clock_ms: Callable[[], int] = wall_clock_ms
    control: Endpoints = field(default_factory=dict)
    from_afar: frozenset[tuple[str, str]] = frozenset()
    """Calls of control that are answered to other machines, too, if they know the token."""
    counters: Counter[str] = field(default_factory=Counter)
    streams: Streams | None = None
    _second: int = 0
    _shared: dict[str, "asyncio.Future[bytes]"] = field(default_factory=dict)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        if path.startswith(CONTROL_PREFIX):
            return await self._control(request, path, query)
        known = (request.method, path) in self.endpoints or len(self.counters) < _MOST_COUNTERS
        self.counters[f"{request.method} {path}" if known else "other"] += 1
        headers: dict[str, str] = {}
        fault: Fault | None = None
        failure: Problem | None = None
        body = b""
        try:
            if self.faults:
                wait_ms, fault = self.faults.take(request.method, path, self.clock_ms() / 1000)
                if wait_ms:
                    await request.read()  # it is here, even if its sender goes meanwhile
                    await asyncio.sleep(wait_ms / 1000)
                if fault and fault.kind is Kind.FAIL:
                    raise fault.problem(self.clock_ms() / 1000)
                if fault and fault.kind is Kind.DROP:
                    return _dropped(request)
            address = Address.of(path, query) if _upgrades(request) else None
            if self.streams is not None and address is not None:
                return await self.streams.serve(request, address)
            call = await self._call(request, path, query)
            body = await self._body(call, request.remote or "", headers)
        except Problem as problem:
            failure = problem
        except web.HTTPRequestEntityTooLarge:
            failure = Problem(413, -1000, "The request is too large.")
        except Exception:  # the boundary of a request: the exchange goes on, its log tells
            logger.exception("{} {} failed", request.method, path)
            failure = Problem(500, -1000, "An unknown error occurred while processing the request.")
        if fault and fault.kind is Kind.LATENCY_AFTER:
            await asyncio.sleep(fault.milliseconds / 1000)
        if fault and fault.kind is Kind.DROP_AFTER:
            return _dropped(request)
        if fault and fault.kind is Kind.FAIL_AFTER:
            failure = fault.problem(self.clock_ms() / 1000)
        if failure is None:
            return web.Response(body=body, content_type=_JSON, headers=headers)
        return _refusal(failure, headers)

    def forget_shared(self) -> None:
        """The next answers are rendered anew: prices were scripted within this second."""
        self._shared.clear()
        if self.streams is not None:
            self.streams.reprice()

    async def _call(self, request: web.BaseRequest, path: str, query: str) -> Call:
        body = b"" if request.method == "GET" else await request.read()
        return Call(request.method, path, query, body, request.headers, self.clock_ms(), request.remote or "")

    async def _body(self, call: Call, address: str, headers: dict[str, str]) -> bytes:
        endpoint = self.endpoints.get((call.method, call.path))
        if endpoint is None:
            raise unknown_path(call.method, call.path)
        family = family_of(call.path)
        used = self.weights.charge(address, endpoint.weight(call.parameters), call.second, family)
        headers.update(told(family, used))
        if endpoint.shared:
            return await self._shared_body(endpoint, call)
        return await _answer(endpoint, call)

    async def _shared_body(self, endpoint: Endpoint, call: Call) -> bytes:
        if call.second != self._second:
            self._second = call.second
            self._shared = {}
        key = f"{call.path}?{call.query}"
        known = self._shared.get(key)
        if known is None:
            known = self._shared[key] = asyncio.ensure_future(_answer(endpoint, call))
        return await asyncio.shield(known)

    async def _control(self, request: web.BaseRequest, path: str, query: str) -> web.Response:
        try:
            near = ip_address(request.remote or "0.0.0.0").is_loopback  # noqa: S104 (not bound to, only compared)
            if not near and (request.method, path) not in self.from_afar:
                raise Problem(403, -2015, "Control is for this machine alone.")
            call = await self._call(request, path, query)
            endpoint = self.control.get((call.method, path))
            if endpoint is None:
                raise unknown_path(call.method, path)
            return web.Response(body=await _answer(endpoint, call), content_type=_JSON)
        except Problem as problem:
            return _refusal(problem, {})
        except web.HTTPRequestEntityTooLarge:
            return _refusal(Problem(413, -1000, "The request is too large."), {})


async def serve(front: Front, host: str, port: int) -> tuple[web.ServerRunner, int]:
    """Listen; the port that was bound. Raises OSError where the address cannot be had."""
    server = web.Server(front.answer, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=512).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, int(runner.addresses[0][1])


async def _answer(endpoint: Endpoint, call: Call) -> bytes:
    result = endpoint.answer(call)
    return await result if isawaitable(result) else result


def _refusal(problem: Problem, headers: dict[str, str]) -> web.Response:
    return web.Response(
        body=problem.body(),
        status=problem.status,
        content_type=problem.content_type,
        headers=headers | problem.headers,
    )


def _upgrades(request: web.BaseRequest) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


def _dropped(request: web.BaseRequest) -> web.Response:
    """Closes the connection; the response never leaves."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
