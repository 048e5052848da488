"""A pool's account of itself: `GET /v1/pool`."""

from typing import Literal

from pool.contract.model import Instant, Wire
from pool.contract.slots import Memory


class ZygoteReport(Wire):
    """State of the warmed process that bots are forked from."""

    state: Literal["warming", "ready", "down"]
    pid: int | None
    python: str | None
    freqtrade: str | None
    warm_seconds: float | None
    immortal_objects: int | None
    """How many objects were made immortal; None where that was not possible (see `notes`)."""
    shared_markets: int | None
    """Markets loaded once and shared by all bots; None where the exchange was unreachable during the warm-up."""
    notes: list[str] = []
    """What was fallen back on, and why, in sentences."""
    memory: Memory | None = None
    restarts: int = 0


class PoolReport(Wire):
    """The pool as its agent sees it."""

    protocol: int
    pool_id: str
    incarnation: str
    """New at each start of the agent."""
    started_at: Instant
    slots_total: int
    slots_used: int
    """Stopped bots keep their slot."""
    bots_alive: int | None = None
    """Slots with a process; None from an agent that does not tell."""
    zygote: ZygoteReport
    init_memory: Memory | None
    agent_memory: Memory | None
    bots_memory: Memory | None
    """Sum over the bot processes."""
    memory_limit_bytes: int | None
    paper_exchange: bool
    """True where the pool knows a paper exchange."""
    recent_fork_milliseconds: list[float]
