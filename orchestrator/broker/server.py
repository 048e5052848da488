"""The broker's HTTP side: `contract` over a Unix socket. Every operation runs in a worker thread, those that may last
in threads of their own kind, so that many pools that stop at once do not hold up a look at others."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler
from loguru import logger
from pydantic import ValidationError

from orchestrator.broker import disks, images, node
from orchestrator.broker.companions import Companions, Kind, Start
from orchestrator.broker.contract import (
    TERM_HEADER,
    BrokerModel,
    BrokerTerm,
    GatewaySpec,
    PaperSpec,
    PoolContainer,
    PoolImage,
    PoolSpec,
    Refusal,
    RefusalCode,
    Refused,
)
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.events import EventStream
from orchestrator.broker.gateway import GATEWAY, gateway_start
from orchestrator.broker.names import Names
from orchestrator.broker.networks import Networks
from orchestrator.broker.paper import PAPER, paper_start
from orchestrator.broker.pools import Pools
from orchestrator.broker.readings import Readings
from orchestrator.broker.refusals import STATUS
from orchestrator.broker.settings import BrokerSettings
from orchestrator.broker.terms import Terms
from orchestrator.broker.volumes import Volumes

T = TypeVar("T")
_QUICK_THREADS = 12
_LONG_THREADS = 24
_LONGEST_STOP_SECONDS = 600
_LONGEST_TAIL = 10_000
_BEAT_SECONDS = 5.0


class Broker:
    """Wires the parts together. `application` is what is served."""

    def __init__(self, settings: BrokerSettings) -> None:
        self._settings = settings
        self._names = Names(settings.installation)
        self._docker = DockerApi(settings.docker_host, settings.call_seconds)
        networks = Networks(self._docker, settings)
        volumes = Volumes(self._docker, self._names)
        self._pools = Pools(self._docker, settings, networks, volumes)
        self._readings = Readings(self._docker, settings, self._pools, volumes)
        self._paper, self._gateway = (
            Companions(kind, self._docker, settings, networks, volumes) for kind in (PAPER, GATEWAY)
        )
        self._events = EventStream(self._docker, settings.installation)
        self._quick = ThreadPoolExecutor(_QUICK_THREADS, "quick")
        self._long = ThreadPoolExecutor(_LONG_THREADS, "long")
        self._terms = Terms()
        self._locks: dict[str, asyncio.Lock] = {}

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._guarded], client_max_size=2**20)
        app.cleanup_ctx.append(self._running)
        pool = "/v1/pools/{pool_id}"
        app.add_routes(
            [
                web.post("/v1/terms", self._begin_term),
                web.get("/v1/node", self._node),
                web.get("/v1/pools", self._list),
                web.get(pool, self._get),
                web.put(pool, self._ensure),
                web.delete(pool, self._remove),
                web.post(pool + "/stop", self._stop),
                web.post(pool + "/mend", self._mend),
                web.get(pool + "/logs", self._logs),
                web.get("/v1/volumes", self._volumes),
                web.delete("/v1/volumes/{pool_id}", self._purge),
                web.get("/v1/images", self._image),
                *self._routes_of(PAPER, self._paper, lambda body: paper_start(PaperSpec.model_validate_json(body))),
                *self._routes_of(
                    GATEWAY, self._gateway, lambda body: gateway_start(GatewaySpec.model_validate_json(body))
                ),
                web.get("/v1/events", self._stream),
            ]
        )
        return app

    async def _running(self, _: web.Application) -> AsyncIterator[None]:
        self._events.start()
        yield
        self._events.stop()
        self._readings.close()
        self._quick.shutdown(wait=False, cancel_futures=True)
        self._long.shutdown(wait=False, cancel_futures=True)
        self._docker.close()

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Who may speak, and failures as refusals."""
        try:
            self._check_peer(request)
            return await handler(request)
        except Refused as refused:
            if refused.refusal.code is not RefusalCode.NOT_FOUND:
                logger.warning("{} {}: {}", request.method, request.path, refused.refusal.message)
            return _refusal(refused.refusal)
        except ValidationError as error:
            fields = ", ".join(".".join(str(part) for part in told["loc"]) or "body" for told in error.errors())
            return _refusal(Refusal(code=RefusalCode.INVALID, message=f"Not understood: {fields}."))
        except web.HTTPException as error:
            return _refusal(
                Refusal(code=RefusalCode.INVALID, message=f"The broker has no such operation ({error.reason})."),
            )
        except Exception:  # a request's boundary: the broker serves the others
            logger.opt(exception=True).error("{} {} failed", request.method, request.path)
            return _refusal(Refusal(code=RefusalCode.DOCKER_FAILED, message="The broker failed; its log says why."))

    def _check_peer(self, request: web.Request) -> None:
        allowed = self._settings.allowed_uids
        if not allowed:
            return
        peer = request.transport.get_extra_info("socket") if request.transport is not None else None
        uid = -1
        if peer is not None:
            _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid not in allowed:
            raise Refused(
                RefusalCode.NOT_ALLOWED,
                f"User {uid} may not speak to the broker: add it to FLOTILLA_BROKER_ALLOWED_UIDS if it shall.",
            )

    async def _begin_term(self, _: web.Request) -> web.Response:
        return _answer(BrokerTerm(term=self._terms.begin()))

    async def _node(self, _: web.Request) -> web.Response:
        return _answer(await self._look(lambda: node.look(self._docker, self._settings)))

    async def _list(self, _: web.Request) -> web.Response:
        containers = await self._look(self._readings.every)
        items = b",".join(container.to_json(reveal_secrets=True) for container in containers)
        return web.Response(body=b'{"items":[' + items + b"]}", content_type="application/json")

    async def _get(self, request: web.Request) -> web.Response:
        pool_id = self._pool_id(request)
        return _answer(_there(pool_id, await self._look(lambda: self._readings.one(pool_id))))

    async def _ensure(self, request: web.Request) -> web.Response:
        pool_id = self._pool_id(request)
        spec = PoolSpec.model_validate_json(await request.read())
        async with self._acting(request, pool_id):
            await self._act(lambda: self._pools.ensure(pool_id, spec))
            return _answer(_there(pool_id, await self._look(lambda: self._readings.one(pool_id))))

    async def _mend(self, request: web.Request) -> web.Response:
        pool_id = self._pool_id(request)
        async with self._alone(pool_id):
            await self._act(lambda: self._pools.mend(pool_id))
            return _answer(_there(pool_id, await self._look(lambda: self._readings.one(pool_id))))

    async def _stop(self, request: web.Request) -> web.Response:
        pool_id, seconds = self._pool_id(request), _number(request, "seconds", 60, _LONGEST_STOP_SECONDS)
        async with self._acting(request, pool_id):
            await self._act(lambda: self._pools.stop(pool_id, seconds))
        return web.Response(status=204)

    async def _remove(self, request: web.Request) -> web.Response:
        pool_id = self._pool_id(request)
        async with self._acting(request, pool_id):
            await self._act(lambda: self._pools.remove(pool_id))
        return web.Response(status=204)

    async def _volumes(self, _: web.Request) -> web.Response:
        found = await self._look(lambda: disks.look(self._docker, self._names))
        items = b",".join(volume.to_json() for volume in found)
        return web.Response(body=b'{"items":[' + items + b"]}", content_type="application/json")

    async def _purge(self, request: web.Request) -> web.Response:
        pool_id = self._pool_id(request)
        if request.query.get("confirm") != pool_id:
            raise Refused(RefusalCode.INVALID, f"Say confirm={pool_id} to remove the volume of pool {pool_id}.")
        async with self._acting(request, pool_id):
            await self._act(lambda: self._pools.purge(pool_id))
        return web.Response(status=204)

    async def _logs(self, request: web.Request) -> web.Response:
        pool_id, tail = self._pool_id(request), _number(request, "tail", 200, _LONGEST_TAIL)
        return web.Response(body=await self._look(lambda: self._pools.logs(pool_id, tail)), content_type="text/plain")

    async def _image(self, request: web.Request) -> web.Response:
        reference = request.query.get("reference", "")
        found = await self._look(lambda: images.find(self._docker, self._settings, reference))
        return _answer(PoolImage(reference=reference, image_id=found.id, freqtrade=found.freqtrade))

    def _routes_of(self, kind: Kind, one: Companions, read: Callable[[bytes], Start]) -> list[web.RouteDef]:
        """`read` understands the body of `PUT`; raises ValidationError."""

        async def look(_: web.Request) -> web.Response:
            found = await self._look(one.get)
            if found is None:
                raise Refused(RefusalCode.NOT_FOUND, f"There is no {kind.title}.")
            return _answer(found)

        async def ensure(request: web.Request) -> web.Response:
            start = read(await request.read())
            async with self._acting(request, one.name):
                return _answer(await self._act(lambda: one.ensure(start)))

        async def remove(request: web.Request) -> web.Response:
            async with self._acting(request, one.name):
                await self._act(one.remove)
            return web.Response(status=204)

        path = f"/v1/{kind.role}"
        return [web.get(path, look), web.put(path, ensure), web.delete(path, remove)]

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        queue = self._events.listen()
        try:
            while True:
                try:
                    line = (await asyncio.wait_for(queue.get(), _BEAT_SECONDS)).to_json()
                except TimeoutError:
                    line = b""
                await response.write(line + b"\n")
        except ConnectionResetError:
            return response
        finally:
            self._events.forget(queue)

    def _pool_id(self, request: web.Request) -> str:
        pool_id = request.match_info["pool_id"]
        self._names.pool(pool_id)
        return pool_id

    @asynccontextmanager
    async def _acting(self, request: web.Request, what: str) -> AsyncIterator[None]:
        """One act at a time, of who leads alone: one that had to wait is refused if another one leads by then. So what
        a former leader began is over before its successor acts on the same, and nothing more of it begins."""
        term = request.headers.get(TERM_HEADER)
        self._terms.check(term)
        async with self._alone(what):
            self._terms.check(term)
            yield

    @asynccontextmanager
    async def _alone(self, what: str) -> AsyncIterator[None]:
        """One operation on a pool or a companion at a time; one whose caller went is finished before the next
        begins."""
        async with self._locks.setdefault(what, asyncio.Lock()):
            yield

    async def _look(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._quick, work)

    async def _act(self, work: Callable[[], T]) -> T:
        """Finished even where the caller goes away: half an operation helps nobody, and the lock must outlast it."""
        running = asyncio.get_running_loop().run_in_executor(self._long, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise


def _there(pool_id: str, found: PoolContainer | None) -> PoolContainer:
    if found is None:
        raise Refused(RefusalCode.NOT_FOUND, f"There is no pool {pool_id}.")
    return found


def _answer(model: BrokerModel) -> web.Response:
    return web.Response(body=model.to_json(reveal_secrets=True), content_type="application/json")


def _refusal(refusal: Refusal) -> web.Response:
    return web.Response(status=STATUS[refusal.code], body=refusal.to_json(), content_type="application/json")


def _number(request: web.Request, name: str, default: int, most: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise Refused(RefusalCode.INVALID, f"{name} must be a number up to {most}.")
    return int(text)
