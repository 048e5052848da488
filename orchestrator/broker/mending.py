"""What somebody changed on a living container by hand, and setting it right while it runs. Blocking.

Its name, network, restart policy, being paused, and its limits (`docker update`): those that it was made with are on a
label, so that a pool which is to get other ones keeps its own until its next start.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.broker import describe
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.hardening import SHARES
from orchestrator.broker.names import LIMITS, TENANT, Names
from orchestrator.broker.networks import Networks
from orchestrator.broker.refusals import translated

_POLICY = "unless-stopped"


@dataclass(frozen=True, slots=True)
class _Machine:
    """What Docker can limit there."""

    cores: int
    lacking: frozenset[str]


class Mender:
    def __init__(self, docker: DockerApi, names: Names, networks: Networks) -> None:
        self._docker = docker
        self._names = names
        self._networks = networks
        self._machine: _Machine | None = None

    def drift(self, pool_id: str, details: Mapping[str, Any]) -> list[str]:
        """What `mend` would set right, in sentences. `details` of a living container that is the pool's. Raises
        Refused."""
        network = self._network(details)
        told = []
        if describe.name(details) != self._names.pool(pool_id):
            told.append(f"The container was renamed to {describe.name(details)}.")
        if describe.state(details) == "paused":
            told.append("The container is paused.")
        elif describe.address(details, network) is None and describe.state(details) == "running":
            told.append("The container is not in its tenant's network.")
        if set(describe.networks(details)) - {network}:
            told.append("The container is in a network that is not its tenant's.")
        if describe.restart_policy(details) != _POLICY:
            told.append("The container's restart policy was changed.")
        changed = self._changed_limits(details)
        if changed:
            told.append(f"The container's limits were changed: {', '.join(sorted(changed))}.")
        return told

    def mend(self, pool_id: str, details: Mapping[str, Any]) -> None:
        """Raises Refused; what could not be done is tried at the next look."""
        client, container, name = self._docker.client, details["Id"], self._names.pool(pool_id)
        network = self._network(details)
        self._networks.ensure(network)
        if describe.name(details) != name:
            with translated(f"give pool {pool_id} its name back"):
                client.rename(container, name)
        if describe.address(details, network) is None and describe.state(details) != "restarting":
            if network in describe.networks(details):
                self._networks.disconnect(container, network)
            self._networks.connect(container, network)
        for other in set(describe.networks(details)) - {network}:
            self._networks.disconnect(container, other)
        if describe.state(details) == "paused":
            with translated(f"resume pool {pool_id}"):
                client.unpause(container)
        if describe.restart_policy(details) != _POLICY:
            with translated(f"set the restart policy of pool {pool_id}"):
                client.update_container(container, restart_policy={"Name": _POLICY})
        changed = self._changed_limits(details)
        if changed:
            with translated(f"set the limits of pool {pool_id}"):
                self._docker.update(container, changed)

    def _network(self, details: Mapping[str, Any]) -> str:
        return self._names.network(describe.labels(details).get(TENANT))

    def _changed_limits(self, details: Mapping[str, Any]) -> dict[str, int]:
        """Those that differ, in Docker's words, with the values that set them right."""
        try:
            made = json.loads(describe.labels(details).get(LIMITS, "{}"))
        except ValueError:
            return {}
        if not isinstance(made, dict) or not made:
            return {}
        machine, now = self._look(), details["HostConfig"]
        changed = {
            key: int(made[key])
            for key in ("Memory", "MemorySwap", "PidsLimit")
            if key not in machine.lacking and key in made and now.get(key) != made[key]
        }
        if "Memory" in changed or "MemorySwap" in changed:
            changed |= {key: int(made[key]) for key in ("Memory", "MemorySwap") if key not in machine.lacking}
        if "NanoCpus" not in machine.lacking:
            # Docker takes 0 for "as it is": no limit is a limit to all cores.
            everything = machine.cores * 10**9
            if (now.get("NanoCpus") or everything) != (made.get("NanoCpus") or everything):
                changed["NanoCpus"] = int(made.get("NanoCpus") or everything)
            if (now.get("CpuQuota") or 0) > 0:
                changed["CpuQuota"] = -1
        if (now.get("CpuShares") or SHARES) != SHARES:
            changed["CpuShares"] = SHARES
        return changed

    def _look(self) -> _Machine:
        """Limits that Docker cannot set here differ for ever, so they do not count."""
        if self._machine is None:
            with translated("be asked about its machine"):
                told: dict[str, Any] = self._docker.client.info()
            able = {
                "Memory": "MemoryLimit",
                "MemorySwap": "SwapLimit",
                "PidsLimit": "PidsLimit",
                "NanoCpus": "CpuCfsQuota",
            }
            lacking = frozenset(key for key, name in able.items() if told.get(name) is False)
            self._machine = _Machine(int(told.get("NCPU") or 1), lacking)
        return self._machine
