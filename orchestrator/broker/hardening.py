"""What makes a container safe. Pure: no client of the broker can ask for anything else.

- The root file system is read-only; /tmp and /run are small, in memory, and nothing in them can be executed.
- All capabilities are dropped but, for pools, those that init and zygote need to give every bot its own user id
  (SETUID, SETGID, CHOWN), to end them (KILL) and to read how much memory they use (SYS_PTRACE: /proc/<pid>/smaps_rollup
  asks for it; the system calls that look into other processes are refused by the seccomp profile all the same).
- No new privileges; system calls by `seccomp.json`, an allow-list: no mount, no namespaces, no ptrace, bpf, keyrings,
  io_uring, userfaultfd, perf, kernel modules, devices or raw sockets; Landlock, seccomp, prctl and set*id stay.
- Memory (without swap), CPU, processes, descriptors and logs are bounded; no port is published.
- `unless-stopped`: pools come back with the daemon although no control plane runs, and what the broker stopped stays
  stopped, which Docker remembers across its own restarts.
"""

from dataclasses import dataclass
from typing import Any

from docker.types import LogConfig, Mount, Ulimit

POOL_CAPABILITIES = ("CHOWN", "KILL", "SETGID", "SETUID", "SYS_PTRACE")
_RUN_BYTES = 16 * 2**20
_SHM_BYTES = 16 * 2**20
_NOWHERE = "127.0.0.1"
_DESCRIPTORS = 8192
SHARES = 1024
"""Docker's and the kernel's weight of a container against others where CPU is scarce."""


@dataclass(frozen=True, slots=True)
class Limits:
    memory_bytes: int
    cpus: float | None
    processes: int
    tmp_bytes: int


def limit_fields(limits: Limits) -> dict[str, int]:
    """As Docker shows them of a container that was made with them; NanoCpus 0 for no limit."""
    return {
        "Memory": limits.memory_bytes,
        "MemorySwap": limits.memory_bytes,
        "NanoCpus": 0 if limits.cpus is None else int(limits.cpus * 1e9),
        "PidsLimit": limits.processes,
    }


def host_options(
    *,
    volume: str,
    mounted_at: str,
    network: str,
    limits: Limits,
    seccomp: str,
    capabilities: tuple[str, ...],
    egress: bool,
) -> dict[str, Any]:
    """Arguments of `APIClient.create_host_config`. `seccomp` is the profile itself, as JSON."""
    options: dict[str, Any] = {
        "mounts": [Mount(target=mounted_at, source=volume, type="volume", no_copy=True)],
        "network_mode": network,
        "read_only": True,
        "tmpfs": {
            "/tmp": f"rw,noexec,nosuid,nodev,mode=1777,size={limits.tmp_bytes}",  # noqa: S108
            "/run": f"rw,noexec,nosuid,nodev,mode=0755,size={_RUN_BYTES}",
        },
        "shm_size": _SHM_BYTES,
        "cap_drop": ["ALL"],
        "cap_add": list(capabilities),
        "security_opt": ["no-new-privileges:true", f"seccomp={seccomp}"],
        "mem_limit": limits.memory_bytes,
        "memswap_limit": limits.memory_bytes,
        "pids_limit": limits.processes,
        "ulimits": [Ulimit(name="nofile", soft=_DESCRIPTORS, hard=_DESCRIPTORS), Ulimit(name="core", soft=0, hard=0)],
        "log_config": LogConfig(type="json-file", config={"max-size": "10m", "max-file": "3"}),
        "restart_policy": {"Name": "unless-stopped"},
        "ipc_mode": "private",
        "init": False,
    }
    if limits.cpus is not None:
        options["nano_cpus"] = int(limits.cpus * 1e9)
    if not egress:
        # Docker's resolver would pass questions about other names on to the world even from an internal network.
        options["dns"] = [_NOWHERE]
    return options
