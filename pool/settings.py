"""Settings of a pool: `pool.json` in its directory, written by the driver that starts it; `FLOTILLA_POOL_*` overrides.

Init, zygote, agent and bots all read the same file; none of it is secret.
"""

import json
import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict


def _processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))


class PoolSettings(BaseSettings):
    """Built once in each `__main__` by `load` and passed down."""

    model_config = SettingsConfigDict(env_prefix="FLOTILLA_POOL_", extra="forbid", frozen=True)

    pool_id: str
    """Identity of the pool, also in the agent's reports."""
    slots_total: int = Field(default=50, ge=1, le=1000)
    """How many bots the pool takes."""
    memory_limit_bytes: int | None = Field(default=None, ge=1)
    """What the pool may use in all; reported, and enforced by the driver where it can."""
    agent_host: str = "127.0.0.1"
    """Address the agent listens on."""
    agent_port: int = Field(default=0, ge=0, le=65535)
    """Port of the agent; 0 lets the kernel choose. `endpoint.json` tells which."""
    paper_exchange_url: str | None = None
    """Root of the paper exchange, for example `http://127.0.0.1:9000`; None where the pool has none."""
    gateway_url: str | None = None
    """Root of the node's market-data gateway; None where there is none, and bots ask exchanges themselves."""
    signed_requests: Literal["straight", "gateway"] = "straight"
    """How bots' signed requests go: `straight` to the exchange with a permit of the gateway's, which sees no
    credentials then, or through it."""
    warm_candle_limit: int = Field(default=260, ge=100, le=1500)
    """Candles per request and pair on the paper exchange; fewer cost less memory per bot."""
    warm_timeout_seconds: float = Field(default=20, gt=0)
    """How long the zygote waits for the exchange's markets before it warms up without them."""
    restart_backoff_seconds: float = Field(default=1, gt=0)
    """Delay before the first restart of a crashed bot; doubles each time."""
    restart_backoff_limit_seconds: float = Field(default=60, gt=0)
    """Longest delay before a restart."""
    quarantine_crashes: int = Field(default=3, ge=1)
    """This many crashes …"""
    quarantine_window_seconds: float = Field(default=60, gt=0)
    """… within this time quarantine a bot."""
    starts_at_once: int = Field(default_factory=lambda: 2 * _processors(), ge=1)
    """How many bots start at a time; the next one begins when one of them has looped once, or takes long."""
    loops_at_once: int = Field(default_factory=lambda: max(_processors(), 2), ge=1)
    """How many bots that wake on need run a loop that is in no hurry, such as that of a new candle, at a time."""
    hang_margin_seconds: float = Field(default=30, gt=0)
    """Added to a bot's own patience before it counts as hung."""
    connect_timeout_seconds: float = Field(default=30, gt=0)
    """How long a forked bot may take to dial the agent."""
    stop_timeout_seconds: float = Field(default=30, gt=0)
    """How long a bot may take to stop in good order before SIGKILL."""
    orphan_timeout_seconds: float = Field(default=10, gt=0)
    """How long a bot whose init is gone looks for an agent before it ends itself."""
    snapshot_interval_seconds: float = Field(default=5, gt=0)
    """Longest time between two snapshots of a bot."""
    rest_idle_seconds: float = Field(default=300, gt=0)
    """A bot's REST server that was used for so long by nobody ends, until somebody comes."""
    sample_interval_seconds: float = Field(default=10, gt=0)
    """Time between two memory and CPU samples."""
    agent_patience_seconds: float = Field(default=60, ge=5)
    """How long the agent may tell init nothing before it counts as hung, is killed and started anew; it says every
    2 s that it lives."""
    agent_uid: int | None = Field(default=None, ge=1)
    """User and group id that init gives the agent; None leaves it init's own. Needs a privileged
    init, as in the image."""
    bot_uid_first: int | None = Field(default=None, ge=1)
    """First of `2 * slots_total` user ids, one per slot; None runs every bot under the pool's own id."""
    isolation: Literal["best_effort", "required"] = "best_effort"
    """`required` refuses to start bots where their own uid, no_new_privs, rlimits or seccomp cannot be had."""
    connect_ports: list[int] = Field(default_factory=list)
    """TCP ports that bots may connect to beside 443 and the paper exchange's, where the kernel can restrict that."""
    bot_memory_limit_bytes: int = Field(default=256 * 2**20, ge=32 * 2**20)
    """What one bot may use beyond what it shares with the zygote."""
    bot_disk_limit_bytes: int = Field(default=2**30, ge=2**20)
    """What one bot's directory may hold, files that it removed but has open included."""
    check_seconds: float = Field(default=30, gt=0)
    """How long the check of a strategy may run before it is killed."""
    event_ring_size: int = Field(default=10_000, ge=100)
    """Events that the agent keeps for consumers that resume."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file, whose values come as keyword arguments; nothing else is read."""
        return env_settings, init_settings

    @classmethod
    def load(cls, file: Path) -> "PoolSettings":
        """From `pool.json`, `FLOTILLA_POOL_*` first. Raises OSError, ValueError where it is not a JSON object, or
        pydantic.ValidationError (a ValueError too) naming the bad field."""
        try:
            content = json.loads(file.read_text())
        except json.JSONDecodeError as problem:
            raise ValueError(f"{file.name} is not valid JSON: {problem}") from problem
        if not isinstance(content, dict):
            raise ValueError(f"{file.name} must hold a JSON object")
        return cls(**content)
