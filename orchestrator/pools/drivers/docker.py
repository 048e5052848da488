"""Pools as containers, through the broker. What Docker shows is the truth: nothing about a pool is kept here but the
last look at it, for a moment (everybody who talks to an agent asks where it is) and for the time when nobody answers.

A pool whose broker or daemon is gone goes on trading, so it stays `alive` at its last address: the control plane talks
to agents directly. The token of an agent is made for its volume and kept there alone.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from loguru import logger
from pydantic import SecretStr

from orchestrator.broker.contract import ContainerEvent, PoolContainer, PoolSpec, RefusalCode, Refused
from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.disks import PoolDisk
from orchestrator.pools.drivers import (
    CannotStartPool,
    CannotUseImage,
    DriverUnavailable,
    PoolObservation,
    Surroundings,
)
from orchestrator.pools.drivers.broker_client import BrokerClient, Leads
from orchestrator.pools.models import PoolModel
from orchestrator.pools.nodes import NodeReport

_ALIVE = frozenset({"running", "paused", "restarting"})
_OF_THE_IMAGE = (RefusalCode.IMAGE_MISSING, RefusalCode.IMAGE_NOT_ALLOWED, RefusalCode.PROTOCOL_MISMATCH)
_KILL_PATIENCE_SECONDS = 1
_CONNECT_SECONDS = 1.0
_FRESH_SECONDS = 1.5
"""How long a look answers where an agent is. A pool that no longer is there is noticed sooner: by a hint, or by whoever
talks to its agent in vain, see `doubt`."""
_ENDPOINT_PATIENCE_SECONDS = 2.0
"""After it what was seen last counts, for a broker that hangs is no reason not to talk to agents."""
_PROBE_SECONDS = 15.0
"""How long it counts that an agent took a connection."""


@dataclass(frozen=True, slots=True)
class _Look:
    observation: PoolObservation
    began_at: float


class DockerDriver:
    """`image` is for pools whose row names none. `surroundings` answers what pools that start are told of what they
    share."""

    def __init__(
        self,
        broker: BrokerClient,
        image: str,
        surroundings: Callable[[], Surroundings] = Surroundings,
        stop_seconds: float = 60.0,
        cpu_limit: float | None = None,
    ) -> None:
        self._broker = broker
        self._image = image
        self._surroundings = surroundings
        self._stop_seconds = stop_seconds
        self._cpu_limit = cpu_limit
        self._seen: dict[str, _Look] = {}
        self._looks: dict[str, asyncio.Task[PoolObservation]] = {}
        self._doubted_at: dict[str, float] = {}
        self._listening: dict[str, tuple[str, datetime | None, float]] = {}
        self._mended_at: dict[str, float] = {}

    async def lead(self, leads: Leads) -> None:
        """See `FencedDriver.lead`. Holds for companions of the same broker, too."""
        try:
            await self._broker.lead(leads)
        except Refused as refused:
            raise _unavailable(refused) from refused

    async def ensure(self, pool: PoolModel) -> None:
        """See `PoolDriver.ensure`."""
        try:
            await self._broker.ensure(pool.id, self._spec(pool))
        except Refused as refused:
            raise CannotStartPool(f"Pool {pool.id} cannot start. {refused.refusal.message}") from refused
        finally:
            self.doubt(pool.id)

    async def observe(self, pool_id: str) -> PoolObservation:
        """See `PoolDriver.observe`. A living container that somebody changed by hand is set right on the way. Where the
        daemon or installation is not that of our pools, nothing is known of one that is not there."""
        began_at = time.monotonic()
        try:
            found = await self._broker.pool(pool_id)
            problem = await self._broker.misplaced() if found is None else None
        except Refused as refused:
            found, problem = None, refused.refusal.message
        if problem is not None:
            last = self._last(pool_id)
            observation = PoolObservation(last.alive, last.endpoint, problem, known=False)
        else:
            observation = await self._mended(found) if found is not None and found.drift else await self._seen_as(found)
        held = self._seen.get(pool_id)
        if held is None or held.began_at <= began_at:
            self._seen[pool_id] = _Look(observation, began_at)
        return observation

    async def endpoint(self, pool_id: str) -> AgentEndpoint | None:
        """See `PoolDriver.endpoint`. By a look of a moment ago, or by one that all who ask at once share."""
        held = self._seen.get(pool_id)
        if held is not None and held.observation.endpoint is not None and self._is_fresh(pool_id, held):
            return held.observation.endpoint
        look = self._looks.get(pool_id)
        if look is None or look.done():
            look = self._looks[pool_id] = asyncio.create_task(self.observe(pool_id), name=f"look-{pool_id}")
        known = self._last(pool_id).endpoint
        await asyncio.wait({look}, timeout=None if known is None else _ENDPOINT_PATIENCE_SECONDS)
        return look.result().endpoint if look.done() else known

    def doubt(self, pool_id: str) -> None:
        """See `DoubtfulDriver.doubt`. A look that is under way does not count either."""
        self._doubted_at[pool_id] = time.monotonic()
        self._looks.pop(pool_id, None)
        self._listening.pop(pool_id, None)

    async def stop(self, pool_id: str, *, graceful: bool) -> None:
        """See `PoolDriver.stop`."""
        try:
            await self._broker.stop(pool_id, self._patience(graceful))
            self._seen[pool_id] = _Look(PoolObservation(alive=False, endpoint=None), time.monotonic())
        except Refused as refused:
            raise _unavailable(refused) from refused
        finally:
            self.doubt(pool_id)

    async def restart(self, pool: PoolModel, *, graceful: bool) -> None:
        """See `PoolDriver.restart`."""
        await self.stop(pool.id, graceful=graceful)
        await self.ensure(pool)

    async def remove(self, pool_id: str) -> None:
        """See `PoolDriver.remove`."""
        await self.stop(pool_id, graceful=True)
        try:
            await self._broker.remove(pool_id)
        except Refused as refused:
            raise _unavailable(refused) from refused
        self._forget(pool_id)

    async def purge(self, pool_id: str) -> None:
        """See `PoolDriver.purge`."""
        await self.remove(pool_id)
        try:
            await self._broker.purge(pool_id)
        except Refused as refused:
            raise _unavailable(refused) from refused

    async def node(self) -> NodeReport | None:
        """See `PoolDriver.node`."""
        try:
            told = await self._broker.node()
        except Refused as refused:
            raise _unavailable(refused) from refused
        return NodeReport(
            name=told.name,
            cores=told.cores,
            memory_bytes=told.memory_bytes,
            memory_available_bytes=told.memory_available_bytes,
            disk_free_bytes=told.disk_free_bytes,
            versions={"docker": told.docker, "cgroup": told.cgroup},
            conditions=told.conditions,
        )

    async def list(self) -> list[str]:
        """See `PoolDriver.list`."""
        try:
            return sorted(container.pool_id for container in await self._broker.pools())
        except Refused as refused:
            raise _unavailable(refused) from refused

    async def disks(self) -> Sequence[PoolDisk]:
        """See `DiskDriver.disks`. Those of another daemon or installation are not ours to tell."""
        try:
            if (problem := await self._broker.misplaced()) is not None:
                raise DriverUnavailable(problem)
            found = await self._broker.volumes()
        except Refused as refused:
            raise _unavailable(refused) from refused
        return [PoolDisk(one.pool_id, one.in_use, one.tenant_id, one.image_id) for one in found]

    async def containers(self) -> Sequence[PoolContainer]:
        """All pools as Docker shows them, with memory, CPU and images. Raises DriverUnavailable."""
        try:
            return await self._broker.pools()
        except Refused as refused:
            raise _unavailable(refused) from refused

    async def hints(self) -> AsyncGenerator[ContainerEvent, None]:
        """What happens to containers, as it happens; `resync` says that something may have been missed. Hints only.
        Ends by DriverUnavailable."""
        try:
            async for event in self._broker.events():
                for pool_id in [event.pool_id] if event.pool_id else list(self._seen):
                    self.doubt(pool_id)
                yield event
        except Refused as refused:
            raise _unavailable(refused) from refused

    async def check_image(self, image: str) -> None:
        """See `ImageDriver.check_image`."""
        try:
            await self._broker.image(image)
        except Refused as refused:
            if refused.refusal.code in _OF_THE_IMAGE:
                raise CannotUseImage(refused.refusal.message) from refused
            raise _unavailable(refused) from refused

    def _spec(self, pool: PoolModel) -> PoolSpec:
        return PoolSpec(
            tenant_id=pool.tenant_id,
            image=pool.image or self._image,
            slots_total=pool.slots_total,
            memory_limit_bytes=pool.memory_limit_bytes,
            cpu_limit=self._cpu_limit,
            settings=self._surroundings().settings(),
            expect_volume=pool.last_seen_at is not None,
            agent_token=SecretStr(secrets.token_urlsafe(32)),  # counts for a new volume only
        )

    def _last(self, pool_id: str) -> PoolObservation:
        held = self._seen.get(pool_id)
        return PoolObservation(alive=True, endpoint=None) if held is None else held.observation

    def _is_fresh(self, pool_id: str, look: _Look) -> bool:
        doubted_at = self._doubted_at.get(pool_id, float("-inf"))
        return look.began_at > doubted_at and time.monotonic() - look.began_at < _FRESH_SECONDS

    async def _mended(self, found: PoolContainer) -> PoolObservation:
        """Set right, or what is wrong with it."""
        drift = " ".join(found.drift)
        logger.warning("pool {}: {}", found.pool_id, drift)
        try:
            return await self._seen_as(await self._broker.mend(found.pool_id))
        except Refused as refused:
            return replace(await self._seen_as(found), problem=f"{drift} {refused.refusal.message}")

    async def _seen_as(self, found: PoolContainer | None) -> PoolObservation:
        if found is None or found.state not in _ALIVE:
            return PoolObservation(alive=False, endpoint=None, problem=found.problem if found is not None else None)
        if not found.labelled:
            return PoolObservation(
                alive=False, endpoint=None, problem="Its container has lost its labels: it is stopped and replaced."
            )
        endpoint = await self._listening_at(found)
        return PoolObservation(alive=True, endpoint=endpoint, problem=found.problem, image_id=found.image_id)

    async def _listening_at(self, found: PoolContainer) -> AgentEndpoint | None:
        if found.state != "running" or found.address is None or found.agent_token is None:
            return None
        if not await self._listens(found, found.address):
            await self._find_a_way(found.pool_id)
            return None
        url = f"http://{found.address}:{found.agent_port}"
        return AgentEndpoint(url=url, token=found.agent_token.get_secret_value())

    async def _listens(self, found: PoolContainer, address: str) -> bool:
        """Whether its agent took a connection since the container started, some seconds ago at most."""
        held = self._listening.get(found.pool_id)
        if held is not None and held[:2] == (address, found.started_at) and time.monotonic() - held[2] < _PROBE_SECONDS:
            return True
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(address, found.agent_port)
        except (TimeoutError, OSError):
            return False
        writer.close()
        self._listening[found.pool_id] = (address, found.started_at, time.monotonic())
        return True

    async def _find_a_way(self, pool_id: str) -> None:
        """An agent that cannot be reached may be one that still starts, or the container of this control plane is new
        and not in its network: the broker sees to that."""
        now = time.monotonic()
        if now - self._mended_at.get(pool_id, float("-inf")) < _PROBE_SECONDS:
            return
        self._mended_at[pool_id] = now
        try:
            await self._broker.mend(pool_id)
        except Refused as refused:
            logger.warning("pool {} cannot be reached: {}", pool_id, refused.refusal.message)

    def _patience(self, graceful: bool) -> int:
        return max(1, round(self._stop_seconds)) if graceful else _KILL_PATIENCE_SECONDS

    def _forget(self, pool_id: str) -> None:
        for kept in (self._seen, self._looks, self._doubted_at, self._listening, self._mended_at):
            kept.pop(pool_id, None)


def _unavailable(refused: Refused) -> DriverUnavailable:
    return DriverUnavailable(refused.refusal.message)
