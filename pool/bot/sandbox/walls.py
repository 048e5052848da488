"""The walls in their order, and an account of which stand. ADR 0004 says why so.

`lower` ends what the process may do as its user: directory given away, limits, own user id, no capabilities. `close`
ends what it may do as a process: files, ports, signals, system calls. Between the two the bot opens its log, its lock
and the socket of its API, as itself. Both run in a process with one thread.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pool.bot.sandbox import landlock, limits, reach, seccomp, uids
from pool.bot.sandbox.kernel import PR_SET_NO_NEW_PRIVS, prctl
from pool.bot.sandbox.syscalls import MACHINES
from pool.contract.pools import IsolationPart, IsolationReport
from pool.settings import PoolSettings

PartName = Literal["own_uid", "no_new_privs", "rlimits", "memory_limit", "landlock", "landlock_network", "seccomp"]
REQUIRED: tuple[PartName, ...] = ("own_uid", "no_new_privs", "rlimits", "seccomp")
"""What `PoolSettings.isolation == "required"` insists on."""
_SHARED_MASK, _PRIVATE_MASK = 0o007, 0o077


class NotIsolated(Exception):
    """A wall is missing that the pool's settings require; the message is a sentence for people."""


def prepare_walls() -> None:
    """Finds out what is the same for all bots, so that those forked from this process share it."""
    reach.common_paths()
    if os.uname().machine in MACHINES:
        seccomp.template(os.uname().machine)


@dataclass
class Walls:
    """Around the bot in `directory`; `uid` is the id of its own, None where the pool has none to give."""

    directory: Path
    uid: int | None
    settings: PoolSettings
    shared: Path | None = None
    """What all bots of the pool may read."""
    offline: bool = False
    """No network at all, and no directories made: for checks of strategies."""
    parts: list[IsolationPart] = field(default_factory=list)
    _held: list[int] = field(default_factory=list)

    def lower(self) -> None:
        """First half. Raises OSError where an id of its own can be had, but the change to it fails half-way."""
        lacking = self._own_id_lacking()
        owned = lacking is None and self.uid is not None
        if owned and self.uid is not None:
            uids.give_directory(self.directory, self.uid, self._agent_gid())
        self._try("rlimits", lambda: limits.limit_resources(self.settings, own_uid=owned, check=self.offline))
        self._try("memory_limit", lambda: limits.limit_memory(self.settings))
        bounded = uids.empty_bounding_set()
        if owned and self.uid is not None:
            uids.become(self.uid)
        uids.drop_capabilities()
        os.umask(_SHARED_MASK if owned else _PRIVATE_MASK)
        bounding = "the bounding set is empty" if bounded else "the bounding set stays, but no program can be executed"
        self._note("own_uid", lacking or f"User and group {self.uid}, no capabilities; {bounding}.", owned)
        self._try("no_new_privs", _forbid_new_privileges)

    def close(self) -> None:
        """Second half: afterwards nothing new can be listened on, executed or forked."""
        first, threads = len(self.parts), len(os.listdir("/proc/self/task"))
        self._close()
        if threads > 1:
            excuse = f"{threads - 1} other threads ran before and are not held. "
            self.parts[first:] = [
                part.model_copy(update={"in_force": False, "detail": excuse + part.detail})
                for part in self.parts[first:]
            ]

    def report(self) -> IsolationReport:
        return IsolationReport(parts=self.parts)

    def check(self) -> None:
        """Raises NotIsolated where the settings require more than stands."""
        if self.settings.isolation == "required":
            missing = [part for part in self.parts if part.name in REQUIRED and not part.in_force]
            if missing:
                details = " ".join(f"{part.name}: {part.detail}" for part in missing)
                raise NotIsolated(f"This pool starts bots only behind all walls, and some cannot be had. {details}")

    def _close(self) -> None:
        abi = 0
        try:
            abi = landlock.supported_abi()
        except OSError as problem:
            refusal = f"Landlock is refused here ({problem.strerror}); a container's seccomp profile may do that."
        else:
            refusal = "The kernel has no Landlock, or it is not switched on."
        if abi:
            self._restrict(abi)
        else:
            self._note("landlock", refusal, False)
            self._note("landlock_network", refusal, False)
        self._try("seccomp", lambda: seccomp.install(offline=self.offline))

    def _own_id_lacking(self) -> str | None:
        if self.uid is None:
            return "The pool has no user ids to give: bots run as the user that the pool runs as."
        return uids.lacking()

    def _agent_gid(self) -> int:
        return self.settings.agent_uid if self.settings.agent_uid is not None else os.getegid()

    def _restrict(self, abi: int) -> None:
        ports = [] if self.offline else reach.connect_ports(self.settings)
        try:
            self._held += landlock.restrict(abi, reach.paths(self.directory, self.shared), ports)
        except OSError as problem:
            for name in ("landlock", "landlock_network"):
                self._note(name, f"{problem}.", False)
            return
        scope = " and signals" if abi >= landlock.SCOPE_ABI else "; signals only by seccomp, the kernel is older"
        self._note("landlock", f"ABI {abi}: files{scope}.", True)
        network = abi >= landlock.NETWORK_ABI
        allowed = f"ABI {abi}: no TCP port to listen on, {', '.join(map(str, ports)) or 'none'} to connect to."
        self._note("landlock_network", allowed if network else f"ABI {abi} has no rules for ports.", network)

    def _try(self, name: PartName, put_up: Callable[[], str]) -> None:
        try:
            self._note(name, put_up(), True)
        except (OSError, ValueError) as problem:
            self._note(name, f"{problem}.", False)

    def _note(self, name: PartName, detail: str, in_force: bool) -> None:
        self.parts.append(IsolationPart(name=name, in_force=in_force, detail=detail))


def _forbid_new_privileges() -> str:
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    return "No program can gain rights."
