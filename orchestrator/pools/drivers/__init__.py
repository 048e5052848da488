"""Drivers start, find and stop pools; what runs in a pool is the agent's business.

A driver is level-triggered: `ensure` is called again and again and does nothing for a pool that lives, whoever started
it. `process` runs pools as local processes; a container driver keeps the same Protocol (`tests/contract`).
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.disks import PoolDisk
from orchestrator.pools.models import PoolModel
from orchestrator.pools.nodes import NodeReport


class CannotStartPool(Exception):
    """Says in one sentence why, for people."""


class CannotUseImage(Exception):
    """No pool can be made of it; says in one sentence why, and what to do."""


class DriverUnavailable(Exception):
    """What runs the pools cannot be reached or failed; says in one sentence what to do. Nothing is known then of pools,
    least of all that they are gone."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a pool that starts is told of what it shares with others; fields of `pool.settings.PoolSettings`."""

    paper_exchange_url: str | None = None
    gateway_url: str | None = None
    signed_requests: Literal["straight", "gateway"] = "straight"

    def settings(self) -> dict[str, Any]:
        """For its `pool.json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PoolObservation:
    """What a driver sees of a pool from outside."""

    alive: bool
    """Its init (or container) runs."""
    endpoint: AgentEndpoint | None
    """Where its agent listens; None while it does not."""
    problem: str | None = None
    """What it said when it ended by itself, or what is wrong with it, in a sentence; None where all is well."""
    image_id: str | None = None
    """What its container is made of; None for one that is none, or was not looked at."""
    known: bool = True
    """False where the driver could not look: the rest is then what it saw last, or `alive` where it saw nothing yet:
    a pool is never taken for dead because nobody could look. `problem` tells why."""


class PoolDriver(Protocol):
    """All but `ensure`, `observe` and `endpoint` raise DriverUnavailable where something cannot be told or done."""

    async def ensure(self, pool: PoolModel) -> None:
        """Starts the pool unless it lives; returns before it is ready. Idempotent. Raises CannotStartPool."""

    async def observe(self, pool_id: str) -> PoolObservation:
        """Never raises for a pool that is not there: that one is not alive."""

    async def endpoint(self, pool_id: str) -> AgentEndpoint | None:
        """Where the agent of a living pool listens; None while it does not."""

    async def stop(self, pool_id: str, *, graceful: bool) -> None:
        """Ends the pool with its bots; returns when it has ended. `graceful` lets bots stop in good order first. What
        the pool keeps on disk stays. Nothing to do for one that does not live."""

    async def restart(self, pool: PoolModel, *, graceful: bool) -> None:
        """As `stop`, then `ensure`: what was changed of its settings takes hold. Raises CannotStartPool."""

    async def remove(self, pool_id: str) -> None:
        """Stops it in good order; what runs it (a container) is gone then. What it keeps on disk stays."""

    async def purge(self, pool_id: str) -> None:
        """`remove`, and everything that the pool kept, trades included, is gone for good."""

    async def node(self) -> NodeReport | None:
        """The machine that its pools run on; None where it cannot tell."""

    async def list(self) -> list[str]:
        """Ids of all pools that this driver knows, alive or not."""


class PoolHint(Protocol):
    """Something happened to a pool: look."""

    @property
    def pool_id(self) -> str:
        """Empty where something may have been missed, of any pool."""


@runtime_checkable
class HintingDriver(Protocol):
    """What a `PoolDriver` has besides where it hears of what happens to its pools."""

    def hints(self) -> AsyncGenerator[PoolHint, None]:
        """Without end. Raises DriverUnavailable."""


@runtime_checkable
class DoubtfulDriver(Protocol):
    """What a `PoolDriver` has besides where its `endpoint` answers by what it saw a moment ago."""

    def doubt(self, pool_id: str) -> None:
        """The pool's agent did not answer as one: `endpoint` looks anew."""


@runtime_checkable
class FencedDriver(Protocol):
    """What a `PoolDriver` has besides where the one that acts for it refuses former leaders."""

    async def lead(self, leads: Callable[[], Awaitable[bool]]) -> None:
        """A leader begins: what a former one still sends is refused from here on. `leads` tells by the database whether
        this control plane leads. Idempotent for the same `leads`. Raises DriverUnavailable; it is done before the first
        act then, unless it is tried again earlier."""


@runtime_checkable
class ImageDriver(Protocol):
    """What a `PoolDriver` has besides where it makes pools of images."""

    async def check_image(self, image: str) -> None:
        """Raises CannotUseImage, or DriverUnavailable where nobody can tell."""


@runtime_checkable
class DiskDriver(Protocol):
    """What a `PoolDriver` has besides where it can tell cheaply what pools keep."""

    async def disks(self) -> Sequence[PoolDisk]:
        """Of all pools that it knows, those that were removed and not purged included. Raises DriverUnavailable."""
