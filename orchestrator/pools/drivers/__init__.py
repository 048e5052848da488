"""Drivers start, find and stop pools; what runs in a pool is the agent's business.

A driver is level-triggered: `ensure` is called again and again and does nothing for a pool that lives, whoever started
it. `process` runs pools as local processes; a container driver keeps the same Protocol (`tests/contract`).
"""

from dataclasses import dataclass
from typing import Protocol

from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.models import PoolModel


class CannotStartPool(Exception):
    """Says in one sentence why, for people."""


@dataclass(frozen=True, slots=True)
class PoolObservation:
    """What a driver sees of a pool from outside."""

    alive: bool
    """Its init (or container) runs."""
    endpoint: AgentEndpoint | None
    """Where its agent listens; None while it does not."""
    problem: str | None = None
    """What it said when it ended by itself, in a sentence; None where that is not known."""


class PoolDriver(Protocol):
    async def ensure(self, pool: PoolModel) -> None:
        """Starts the pool unless it lives; returns before it is ready. Idempotent. Raises CannotStartPool."""

    async def observe(self, pool_id: str) -> PoolObservation:
        """Never raises for a pool that is not there: that one is not alive."""

    async def endpoint(self, pool_id: str) -> AgentEndpoint | None:
        """Where the agent of a living pool listens; None while it does not."""

    async def stop(self, pool_id: str, *, graceful: bool) -> None:
        """Ends the pool with its bots; returns when it has ended. `graceful` lets bots stop in good order first. What
        the pool keeps on disk stays. Nothing to do for one that does not live."""

    async def list(self) -> list[str]:
        """Ids of all pools that this driver knows, alive or not."""
