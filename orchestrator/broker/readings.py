"""What is told of a pool: inspection, memory and CPU, last words, and its agent's token. Blocking.

Docker takes up to a second for memory and CPU, so they are read in the background, every few seconds while somebody
looks. The token of a container is read once per start.
"""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from loguru import logger
from pydantic import SecretStr

from orchestrator.broker import describe
from orchestrator.broker.contract import PoolContainer, Refused
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.names import FREQTRADE, IMAGE, PROTOCOL, TENANT, Names
from orchestrator.broker.pools import Pools
from orchestrator.broker.refusals import translated
from orchestrator.broker.settings import BrokerSettings
from orchestrator.broker.volumes import MOUNTED_AT, Volumes

_FRESH_SECONDS = 5.0
_TOKEN_SECONDS = 20.0
_WORKERS = 8


@dataclass(frozen=True, slots=True)
class _Usage:
    memory_bytes: int | None = None
    cpu_percent: float | None = None
    """Of one core, between the last two readings."""
    cpu_seconds: float | None = None
    read_at: float = float("-inf")
    asked_at: float = float("-inf")


@dataclass(frozen=True, slots=True)
class _Token:
    started: str
    """Of the container, since a new one may have another token."""
    read_at: float
    token: str = field(repr=False)


class Readings:
    """Close it with `close`."""

    def __init__(self, docker: DockerApi, settings: BrokerSettings, pools: Pools, volumes: Volumes) -> None:
        self._docker = docker
        self._settings = settings
        self._names = Names(settings.installation)
        self._pools = pools
        self._volumes = volumes
        self._lock = threading.Lock()
        self._used: dict[str, _Usage] = {}
        self._tokens: dict[str, _Token] = {}
        self._workers = ThreadPoolExecutor(_WORKERS, "usage")

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)

    def every(self) -> list[PoolContainer]:
        """All pools of this installation. Raises Refused."""
        found = [self.one(pool_id) for pool_id in self._pools.ids()]
        containers = [container for container in found if container is not None]
        with self._lock:
            ids = {container.container_id for container in containers}
            self._used = {key: value for key, value in self._used.items() if key in ids}
            self._tokens = {key: value for key, value in self._tokens.items() if key in ids}
        return containers

    def one(self, pool_id: str) -> PoolContainer | None:
        """None where there is neither container nor volume. Raises Refused."""
        details = self._pools.find(pool_id)
        if details is None:
            return self._removed(pool_id) if self._pools.has_volume(pool_id) else None
        labels = describe.labels(details)
        state = describe.state(details)
        usage = self._usage(details["Id"]) if state in ("running", "paused") else _Usage()
        told = details["State"]
        ended = state in ("exited", "dead")
        protocol = labels.get(PROTOCOL, "")
        return PoolContainer(
            pool_id=pool_id,
            container_id=details["Id"],
            tenant_id=labels.get(TENANT),
            image=labels.get(IMAGE),
            image_id=details["Image"],
            state=state,
            exit_code=int(told.get("ExitCode") or 0) if ended else None,
            oom_killed=bool(told.get("OOMKilled")),
            health=describe.health(details),
            started_at=describe.started_at(details),
            address=describe.address(details, self._names.network(labels.get(TENANT))) if state == "running" else None,
            agent_port=self._settings.agent_port,
            memory_bytes=usage.memory_bytes,
            memory_limit_bytes=details["HostConfig"].get("Memory") or None,
            cpu_percent=usage.cpu_percent,
            protocol=int(protocol) if protocol.isdigit() else None,
            freqtrade=labels.get(FREQTRADE),
            problem=describe.problem(details, self._last_words(details["Id"])) if state != "running" else None,
            labelled=self._names.is_pool(labels, pool_id),
            drift=self._pools.drift(pool_id, details),
            agent_token=self._token(details),
        )

    def _removed(self, pool_id: str) -> PoolContainer:
        return PoolContainer(
            pool_id=pool_id, container_id=None, tenant_id=None, image=None, image_id=None, state="removed",
            exit_code=None, oom_killed=False, health=None, started_at=None, address=None,
            agent_port=self._settings.agent_port, memory_bytes=None, memory_limit_bytes=None, cpu_percent=None,
            protocol=None, freqtrade=None, problem=None,
        )  # fmt: skip

    def _usage(self, container_id: str) -> _Usage:
        """What was read last; asks for more in the background where that is old."""
        now = time.monotonic()
        with self._lock:
            held = self._used.get(container_id, _Usage())
            if now - held.asked_at < _FRESH_SECONDS:
                return held
            self._used[container_id] = replace(held, asked_at=now)
        self._workers.submit(self._read_usage, container_id, held)
        return held

    def _read_usage(self, container_id: str, before: _Usage) -> None:
        try:
            with translated("read what a container uses"):
                stats = self._docker.client.stats(container_id, stream=False, one_shot=True)
        except Refused as refused:  # it ended meanwhile, or nobody answers, which other questions tell
            logger.debug("{}", refused.refusal.message)
            return
        now, cpu = time.monotonic(), describe.cpu_seconds(stats)
        percent = None
        if cpu is not None and before.cpu_seconds is not None and cpu >= before.cpu_seconds:
            percent = round(100 * (cpu - before.cpu_seconds) / (now - before.read_at), 2)
        with self._lock:
            self._used[container_id] = _Usage(describe.memory_bytes(stats), percent, cpu, now, now)

    def _token(self, details: Mapping[str, Any]) -> SecretStr | None:
        """Read anew some times a minute: an agent may change its token, and takes the one before for minutes."""
        started, now = str(details["State"].get("StartedAt")), time.monotonic()
        with self._lock:
            held = self._tokens.get(details["Id"])
        if held is not None and held.started == started and now - held.read_at < _TOKEN_SECONDS:
            return SecretStr(held.token)
        content = self._volumes.read(details["Id"], f"{MOUNTED_AT}/agent-token")
        token = "" if content is None else content.decode(errors="replace").strip()
        if not token:
            return None
        with self._lock:
            self._tokens[details["Id"]] = _Token(started, now, token)
        return SecretStr(token)

    def _last_words(self, container_id: str) -> str:
        try:
            with translated("read a container's log"):
                told = bytes(self._docker.client.logs(container_id, tail=10))
        except Refused:
            return ""
        lines = told.decode(errors="replace").splitlines()
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
