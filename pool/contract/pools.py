"""A pool's account of itself: `GET /v1/pool`."""

from typing import Literal

from pool.contract.model import Instant, Wire
from pool.contract.slots import Memory


class IsolationPart(Wire):
    """One wall between bots, or around them."""

    name: Literal["own_uid", "no_new_privs", "rlimits", "memory_limit", "landlock", "landlock_network", "seccomp"]
    in_force: bool
    detail: str
    """What exactly holds (for Landlock its ABI), or why it cannot, in a sentence."""


class IsolationReport(Wire):
    """What stands between the bots of this pool, found out by the zygote in a child of its own that it isolated."""

    parts: list[IsolationPart]


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
    isolation: IsolationReport | None = None


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
    isolation: IsolationReport | None = None
    """None while the zygote has not found out yet."""
    image_version: str | None = None
    """Version of the code that the pool runs: `FLOTILLA_IMAGE_VERSION` of its image, None outside of one."""
    notes: list[str] = []
    """What this pool does less of than it could, and why, in sentences."""
    token_made_at: Instant | None = None
    """When the agent's bearer token was made; None from an agent that cannot renew it."""


class TokenReport(Wire):
    """Of a bearer token that was made anew: `POST /v1/token`. The token itself is in the pool's file alone."""

    made_at: Instant
