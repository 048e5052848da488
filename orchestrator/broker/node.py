"""The machine that Docker runs on. Blocking."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.broker.contract import BROKER_PROTOCOL, Node
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.refusals import translated
from orchestrator.broker.settings import BrokerSettings

_MEMORY = Path("/proc/meminfo")
_LACKING = {
    "MemoryLimit": "Docker cannot limit memory here: a pool can use up the machine's.",
    "SwapLimit": "Docker cannot limit swap here: a pool may swap beyond its memory limit.",
    "PidsLimit": "Docker cannot limit processes here: a pool can start too many.",
    "CpuCfsQuota": "Docker cannot limit CPU here.",
}


def look(docker: DockerApi, settings: BrokerSettings) -> Node:
    """Raises Refused."""
    with translated("be asked about its machine"):
        told: dict[str, Any] = docker.client.info()
    options = " ".join(str(option) for option in told.get("SecurityOptions") or [])
    conditions = [sentence for key, sentence in _LACKING.items() if told.get(key) is False]
    if "name=seccomp" not in options:
        conditions.append(
            "Docker has no seccomp here: pools cannot be kept from dangerous system calls, and may not start."
        )
    return Node(
        protocol=BROKER_PROTOCOL,
        name=settings.node_name,
        place=f"{settings.installation}@{told['ID']}" if told.get("ID") else None,
        docker=str(told.get("ServerVersion")),
        cores=int(told.get("NCPU") or 1),
        memory_bytes=int(told.get("MemTotal") or 0),
        memory_available_bytes=_available_bytes(told),
        disk_free_bytes=_free_bytes(told),
        cgroup=str(told.get("CgroupVersion") or "1"),
        conditions=conditions,
    )


def _available_bytes(told: Mapping[str, Any]) -> int | None:
    """Of this machine, if it is the one that Docker runs on: the same amount of memory tells."""
    try:
        lines = dict(line.split(":", 1) for line in _MEMORY.read_text().splitlines())
        total, available = (int(lines[key].split()[0]) * 1024 for key in ("MemTotal", "MemAvailable"))
    except (OSError, ValueError, KeyError):
        return None
    return available if total == told.get("MemTotal") else None


def _free_bytes(told: Mapping[str, Any]) -> int | None:
    try:
        status = os.statvfs(str(told["DockerRootDir"]))
    except (OSError, KeyError):
        return None
    return status.f_bavail * status.f_frsize
