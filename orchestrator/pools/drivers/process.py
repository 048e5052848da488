"""Pools as detached local processes, `python -m pool --directory <root>/<pool_id>`, which outlive the control plane.

What is needed to find a pool again is in its directory: `init.lock` and `endpoint.json` name the pid of its init, whose
command line proves it. A second init in the same directory refuses to start, so starting one too many is harmless.
"""

import asyncio
import json
import platform
import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
from loguru import logger

from orchestrator.kit.detached import Detached, last_line, write_private
from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.disks import PoolDisk
from orchestrator.pools.drivers import CannotStartPool, DriverUnavailable, PoolObservation, Surroundings
from orchestrator.pools.models import PoolModel
from orchestrator.pools.nodes import NodeReport

_MODULE = "pool"
_KILL_PATIENCE_SECONDS = 1.0


class ProcessDriver:
    """`root` holds one directory per pool. `surroundings` answers what pools that start are told of what they share."""

    def __init__(
        self,
        root: Path,
        surroundings: Callable[[], Surroundings] = Surroundings,
        stop_seconds: float = 60.0,
        module: str = _MODULE,
    ) -> None:
        self._root = root
        self._surroundings = surroundings
        self._stop_seconds = stop_seconds
        self._module = module
        self._processes: dict[str, Detached] = {}
        self._problems: dict[str, str] = {}

    async def ensure(self, pool: PoolModel) -> None:
        """See `PoolDriver.ensure`."""
        await asyncio.to_thread(self._ensure, pool)

    async def observe(self, pool_id: str) -> PoolObservation:
        """See `PoolDriver.observe`."""
        return await asyncio.to_thread(self._observe, pool_id)

    async def endpoint(self, pool_id: str) -> AgentEndpoint | None:
        """See `PoolDriver.endpoint`."""
        return (await self.observe(pool_id)).endpoint

    async def stop(self, pool_id: str, *, graceful: bool) -> None:
        """See `PoolDriver.stop`."""
        pid = await asyncio.to_thread(self._living_pid, pool_id)
        if pid is not None:
            patience = self._stop_seconds if graceful else _KILL_PATIENCE_SECONDS
            await self._process(pool_id).stop(pid, patience)

    async def restart(self, pool: PoolModel, *, graceful: bool) -> None:
        """See `PoolDriver.restart`."""
        await self.stop(pool.id, graceful=graceful)
        await self.ensure(pool)

    async def remove(self, pool_id: str) -> None:
        """See `PoolDriver.remove`."""
        await self.stop(pool_id, graceful=True)
        self._processes.pop(pool_id, None)

    async def purge(self, pool_id: str) -> None:
        """See `PoolDriver.purge`."""
        await self.remove(pool_id)
        try:
            await asyncio.to_thread(self._delete, pool_id)
        except OSError as error:
            raise DriverUnavailable(
                f"The directory of pool {pool_id} cannot be removed: {error.strerror or error}."
            ) from error

    async def node(self) -> NodeReport | None:
        """See `PoolDriver.node`."""
        return await asyncio.to_thread(self._look_around)

    async def list(self) -> list[str]:
        """See `PoolDriver.list`."""
        return await asyncio.to_thread(lambda: sorted(file.parent.name for file in self._root.glob("*/pool.json")))

    async def disks(self) -> Sequence[PoolDisk]:
        """See `DiskDriver.disks`."""
        return [PoolDisk(pool_id, (await self.observe(pool_id)).alive) for pool_id in await self.list()]

    def _ensure(self, pool: PoolModel) -> None:
        if self._living_pid(pool.id) is not None:
            return
        directory = self._root / pool.id
        try:
            self._prepare(pool, directory)
            (directory / "endpoint.json").unlink(missing_ok=True)  # of an init that is gone
            pid = self._process(pool.id).start(directory / "logs" / "start.log")
        except OSError as error:
            raise CannotStartPool(f"The pool in {directory} cannot start: {error.strerror or error}.") from error
        logger.info("started pool {} as process {}", pool.id, pid)

    def _delete(self, pool_id: str) -> None:
        directory = self._root / pool_id
        if directory.parent == self._root and directory.is_dir() and not directory.is_symlink():
            shutil.rmtree(directory)

    def _look_around(self) -> NodeReport:
        existing = next(path for path in (self._root, *self._root.parents) if path.exists())
        memory = psutil.virtual_memory()
        return NodeReport(
            name="local",
            cores=psutil.cpu_count() or 1,
            memory_bytes=memory.total,
            memory_available_bytes=memory.available,
            disk_free_bytes=shutil.disk_usage(existing).free,
            versions={"kernel": platform.release(), "python": platform.python_version()},
        )

    def _prepare(self, pool: PoolModel, directory: Path) -> None:
        for made in (self._root, directory):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
            made.chmod(0o700)
        token = directory / "agent-token"
        if not token.exists() or not token.read_text().strip():
            write_private(token, secrets.token_urlsafe(32) + "\n")
        settings: dict[str, Any] = {
            "pool_id": pool.id,
            "slots_total": pool.slots_total,
            "memory_limit_bytes": pool.memory_limit_bytes,
            **self._surroundings().settings(),
        }
        write_private(directory / "pool.json", json.dumps(settings, indent=2) + "\n")

    def _observe(self, pool_id: str) -> PoolObservation:
        pid = self._living_pid(pool_id)
        if pid is None:
            return PoolObservation(alive=False, endpoint=None, problem=self._problems.get(pool_id))
        return PoolObservation(alive=True, endpoint=self._read_endpoint(self._root / pool_id, pid))

    def _read_endpoint(self, directory: Path, pid: int) -> AgentEndpoint | None:
        told = _read_json(directory / "endpoint.json")
        if told is None or told.get("pid") != pid:
            return None
        try:
            host, port = str(told["host"]), int(told["port"])
            token = (directory / "agent-token").read_text().strip()
        except (KeyError, TypeError, ValueError, OSError):
            return None
        return AgentEndpoint(url=f"http://{f'[{host}]' if ':' in host else host}:{port}", token=token)

    def _living_pid(self, pool_id: str) -> int | None:
        process = self._process(pool_id)
        status = process.reap()
        if status is not None:
            self._tell_end(pool_id, status)
        directory = self._root / pool_id
        for told in (_read_pid(directory / "init.lock"), (_read_json(directory / "endpoint.json") or {}).get("pid")):
            pid = process.living_pid(told if isinstance(told, int) else None)
            if pid is not None:
                return pid
        return None

    def _tell_end(self, pool_id: str, status: int) -> None:
        why = last_line(self._root / pool_id / "logs" / "start.log") or "it said nothing"
        logger.warning("pool {} ended with status {}: {}", pool_id, status, why)
        self._problems[pool_id] = f"It ended with status {status}: {why}"

    def _process(self, pool_id: str) -> Detached:
        if pool_id not in self._processes:
            self._processes[pool_id] = Detached(self._module, self._root / pool_id)
        return self._processes[pool_id]


def _read_json(file: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _read_pid(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
