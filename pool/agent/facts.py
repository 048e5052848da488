"""What the agent knows of one slot, as values: `table` turns them into actions, `exits` and `conditions` read them.

All times are seconds of the monotonic clock, given by the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from pool.contract.frames import ConditionFrame, Heartbeat
from pool.contract.model import BotId
from pool.contract.slots import DesiredState, Exit, OpenTrades, SlotSpec


class Blocked(StrEnum):
    """Why a bot is not started though it is wanted, until something changes."""

    QUARANTINED = "quarantined"
    BOOT_FAILED = "boot_failed"
    FENCED = "fenced"


class Exceeded(StrEnum):
    """What a bot used more of than it may."""

    MEMORY = "memory"
    DISK = "disk"


Ending = Literal["asked", "restart", "hung", "exceeded"]
"""Why the agent ends a process: it is not wanted, wanted anew, makes no progress, or uses too much."""

Waiting = Literal["exchange", "locked", "crashed", "again"]
"""What the delay before the next start is for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The pool's settings that decisions depend on; seconds unless named otherwise."""

    restart_backoff: float
    restart_backoff_limit: float
    quarantine_crashes: int
    quarantine_window: float
    hang_margin: float
    connect_timeout: float
    stop_timeout: float
    starts_at_once: int
    """Bots, not seconds."""


@dataclass(frozen=True, slots=True)
class Run:
    """One fork, from its request to its exit."""

    run_id: str
    epoch: int
    requested_at: float
    pid: int | None = None
    forked_at: float | None = None
    connected: bool = False
    connection_changed_at: float | None = None
    """When it last connected or lost its connection; None while it never connected."""
    heartbeat: Heartbeat | None = None
    heartbeat_at: float = 0.0
    progress_at: float = 0.0
    running_since: float | None = None
    """First heartbeat that said `running`."""
    announced: bool = False
    note: ConditionFrame | None = None
    """The bot's own last word on why it does not trade."""
    gateway: str | None = None
    """Why it asks the exchange itself, in its own words; None while its gateway answers."""
    ending: Ending | None = None
    ending_since: float = 0.0
    signals_sent: Mapping[int, float] = field(default_factory=dict)
    told: Mapping[str, float] = field(default_factory=dict)
    """When each command was last sent."""
    reload_generation: int = 0
    reload_since: float = 0.0

    @property
    def is_up(self) -> bool:
        """Its FreqTrade trades and it can be told something."""
        return self.connected and self.heartbeat is not None and self.heartbeat.phase == "running"


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """One slot: what is wanted, what runs, and what happened before."""

    bot_id: BotId
    spec: SlotSpec
    """Without credentials."""
    has_credentials: bool = False
    deleting: bool = False
    restart_asked: bool = False
    run: Run | None = None
    blocked: Blocked | None = None
    waiting: Waiting | None = None
    retry_at: float = 0.0
    delays: int = 0
    """Delays in a row of the kind of `waiting`; sets the length of the next one."""
    crashes: tuple[float, ...] = ()
    hung_at: float | None = None
    exceeded: tuple[Exceeded, str] | None = None
    """What it was ended for using too much of, and how much, as a clause; None once it has run well for a while."""
    note: ConditionFrame | None = None
    """Last word of the last run."""
    open_trades: int | None = None
    """Open trades in the database of a bot that does not run; None while not looked up."""
    looking_up_trades: bool = False
    flattened: bool = False
    """Its database was looked into since flattening was asked for, and held no open trade."""
    starts: int = 0
    last_generation: int = 0
    """Generation that a process last reported."""
    last_run_id: str | None = None
    last_exit: Exit | None = None
    uid: int | None = None
    """User and group id of its processes; None where the pool has none to give."""

    @property
    def needs_credentials(self) -> bool:
        return self.spec.trading != "dry_run" and not self.has_credentials

    @property
    def is_to_flatten(self) -> bool:
        """Stopped is wanted, flat first, and it is not known to be flat."""
        wants = self.spec.desired is DesiredState.STOPPED and self.spec.open_trades is OpenTrades.FLATTEN
        return wants and not self.flattened and not self.deleting

    @property
    def is_wanted(self) -> bool:
        """A process should run: to trade, or to close what is open."""
        if self.deleting:
            return False
        if self.spec.desired is not DesiredState.STOPPED:
            return True
        return self.is_to_flatten and (self.run is not None or bool(self.open_trades))

    def with_run(self, run: Run | None) -> "SlotFacts":
        return self if run is self.run else replace(self, run=run)


# ---- actions

CommandToBot = Literal["pause", "resume", "stop", "flatten", "reload_config"]


@dataclass(frozen=True, slots=True)
class Start:
    """Write the slot's files and ask for a fork."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take back a fork that the zygote has not been told of."""


@dataclass(frozen=True, slots=True)
class WriteFiles:
    """Write the slot's files anew, for a reload."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a command to the bot."""

    name: CommandToBot


@dataclass(frozen=True, slots=True)
class Kill:
    """Signal the process, through init."""

    signal: int


@dataclass(frozen=True, slots=True)
class LookUpTrades:
    """Count the open trades in the bot's database."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Move the directory into the archive and forget the slot."""


@dataclass(frozen=True, slots=True)
class Announce:
    """Put an agent event into the ring."""

    event: Literal["started", "hung", "quarantined"]
    message: str


Action = Start | Withdraw | WriteFiles | Tell | Kill | LookUpTrades | Archive | Announce
