"""Slots: what the control plane wants of a bot in a pool (`SlotSpec`) and what the agent sees of it (`Slot`)."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from pool.contract.model import BotId, Instant, Money, Secret, Wire
from pool.contract.policy import PolicyInForce
from pool.contract.risk import Mode
from pool.contract.snapshots import BotSnapshot
from pool.contract.waking import Mode as WakingMode
from pool.contract.waking import WakingState


class DesiredState(StrEnum):
    """What a bot's process should be doing."""

    RUNNING = "running"
    PAUSED = "paused"
    """Process runs and manages open trades; no new entries."""
    STOPPED = "stopped"
    """No process."""


class OpenTrades(StrEnum):
    """What becomes of open trades when a bot stops."""

    KEEP = "keep"
    FLATTEN = "flatten"
    """Pause, cancel entry orders, force-exit trade by trade until flat, then stop."""


class ObservedState(StrEnum):
    """What a bot is seen doing. `unknown` is said only by the control plane, of a bot whose agent it cannot reach."""

    PENDING = "pending"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    UNKNOWN = "unknown"


class ConditionType(StrEnum):
    """Kinds of conditions a bot can be in; each is a sentence a person may have to act on."""

    EXCHANGE_UNREACHABLE = "ExchangeUnreachable"
    """Boot waits for the exchange and tries again by itself."""
    CRASH_LOOPING = "CrashLooping"
    """Died lately; restarts with growing delay."""
    QUARANTINED = "Quarantined"
    """Three crashes within 60 s: not restarted until its spec changes or someone restarts it."""
    BOOT_FAILED = "BootFailed"
    """Its strategy or configuration cannot be loaded: restarting would not help."""
    HUNG = "Hung"
    """Its main loop made no progress and it was replaced."""
    SECRETS_NEEDED = "SecretsNeeded"
    """Must be given its exchange key again before it can start."""
    KEY_UNUSABLE = "KeyUnusable"
    """Its exchange key is not in force, or cannot be opened (control plane)."""
    LOCKED = "Locked"
    """An older process still holds its directory; the agent waits for that one to end."""
    FENCED = "Fenced"
    """Its directory was last used under a higher epoch: this pool must not run it."""
    FLATTENING = "Flattening"
    """Open trades are being closed before the stop."""
    NOT_REPORTING = "NotReporting"
    """Its process lives but has not connected to the agent, or stopped reporting."""
    NO_CAPACITY = "NoCapacity"
    """No pool has room for it (control plane)."""
    AGENT_UNREACHABLE = "AgentUnreachable"
    """The agent of its pool does not answer (control plane)."""
    TEMPLATE_BROKEN = "TemplateBroken"
    """Its template is gone or cannot be rendered (control plane)."""
    MEMORY_EXCEEDED = "MemoryExceeded"
    """It used more memory than a bot may and was ended."""
    DISK_EXCEEDED = "DiskExceeded"
    """Its directory, with files that it removed and still holds, takes more than a bot may and it was ended."""
    MOVING = "Moving"
    """It is being moved to another pool (control plane)."""
    ARRIVING = "Arriving"
    """Its directory comes from another home, and it is not started without (control plane)."""
    REPORT_REFUSED = "ReportRefused"
    """It reports what cannot be stored (control plane)."""
    UNGOVERNED = "Ungoverned"
    """Its pool is older than the universal rules (control plane)."""
    GATEWAY_UNREACHABLE = "GatewayUnreachable"
    """The market-data gateway does not answer: it asks the exchange itself, within a smaller budget."""
    TRADER_STOPPED = "TraderStopped"
    """FreqTrade put itself in STOPPED (for example after an OperationalException): open trades are not managed."""


class Condition(Wire):
    """One condition that holds now. A condition that no longer holds is absent, not false."""

    type: ConditionType
    message: str
    since: Instant


Trading = Literal["dry_run", "paper_live", "live"]
"""Of a bot, for good: `dry_run` sends no orders, `paper_live` signed ones to the paper exchange, `live` to a real
exchange. The latter two need credentials, which must come along."""


class ExchangeCredentials(Wire):
    """Key of an exchange account; only ever on a socket and in memory."""

    key: Secret
    secret: Secret
    password: Secret | None = None


class StrategySource(Wire):
    """A FreqTrade strategy as text."""

    class_name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
    source: str = Field(max_length=262_144)


class SlotSpec(Wire):
    """Body of `PUT /v1/slots/{bot_id}`: everything a pool must know to run one bot.

    `config` is a FreqTrade configuration without what the pool owns (paths, database, API server, logging, and the
    exchange's URLs and keys): the pool adds those. With `exchange == "paper"` the pool points FreqTrade's `binance` at
    the paper exchange.
    """

    epoch: int = Field(ge=1)
    """Fencing epoch of the assignment: a lower one than the agent or the directory has seen is refused."""
    generation: int = Field(ge=1)
    """Generation of the user's spec that this body carries; echoed as `Slot.observed_generation` once in force. Under
    one epoch a lower one than the agent holds is refused."""
    desired: DesiredState
    open_trades: OpenTrades = OpenTrades.KEEP
    exchange: str
    trading: Trading = "dry_run"
    config: dict[str, Any]
    strategy: StrategySource
    reporting_currency: str = "USDT"
    """Snapshots carry the rate from the stake currency to this one."""
    credentials: ExchangeCredentials | None = None
    governed: bool = False
    """It opens risk only under a lease, and each time only after it was granted. A control plane demands it of every
    bot; without, nobody is asked."""
    policy: PolicyInForce | None = None
    """Universal rules to start with. Changed later by `PUT /v1/slots/{bot_id}/policy`, without a new generation; of
    the two the newer one counts."""
    waking: WakingMode = "on_need"
    """When FreqTrade's loop runs."""


class Exit(Wire):
    """How a bot process ended."""

    run_id: str
    code: int | None
    """Exit code, or None where a signal ended it."""
    signal: int | None
    reason: str
    """One sentence for people."""
    at: Instant
    log_tail: list[str] = []


class Memory(Wire):
    """Memory of one process, in bytes. PSS counts shared pages divided among their sharers; USS only private ones."""

    pss_bytes: int
    uss_bytes: int
    rss_bytes: int


class Slot(Wire):
    """What the agent knows of one bot."""

    bot_id: BotId
    epoch: int
    generation: int = 0
    """Of the specification that the agent holds: a PUT of an older one under the same epoch is refused. 0 from an agent
    that does not tell."""
    observed_generation: int
    desired: DesiredState
    observed_state: ObservedState
    trader_state: str | None
    """FreqTrade's own state (`running`, `paused`, `stopped`, `reload_config`), None while no process reports."""
    conditions: list[Condition]
    run_id: str | None
    """Identity of the current (or last) run of the process; a new one at each fork."""
    pid: int | None
    started_at: Instant | None
    restarts: int
    last_exit: Exit | None
    memory: Memory | None
    cpu_percent: Money | None
    """Of one core, over the last sampling interval."""
    last_report_at: Instant | None
    snapshot: BotSnapshot | None
    mode: Mode | None = None
    """In force, as the bot told last; None of one that is not governed, or does not report."""
    policy: str | None = None
    """Fingerprint of the policy that its process keeps; None for none."""
    waking: WakingState | None = None
    """When it runs FreqTrade's loop, and why so; None while it runs none, and of a bot that does not tell."""


class CommandName(StrEnum):
    """Commands to a running bot. Pausing, resuming and stopping for good are desired states, not commands."""

    RELOAD_CONFIG = "reload_config"
    FORCE_EXIT = "force_exit"


class Command(Wire):
    """Body of `POST /v1/slots/{bot_id}/commands`."""

    name: CommandName
    trade_id: int | Literal["all"] | None = None
    """For `force_exit`."""


class CommandResult(Wire):
    """Answer to a command: `ok`, or a message that says why not."""

    ok: bool
    message: str
    data: dict[str, Any] = {}
