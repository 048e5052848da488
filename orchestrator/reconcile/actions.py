"""What the plan goes by, and what it answers. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.pools.placement import Capacity

DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Moving:
    """A bot's move, as its row has it; see `pools.moves`."""

    source_pool_id: str
    target_pool_id: str
    epoch: int
    """The bot's in the source when the move began."""
    started_at: datetime
    phase: str
    problem: str | None = None

    @property
    def source_epoch(self) -> int:
        """What the source is fenced with."""
        return self.epoch + 1

    @property
    def arrived(self) -> bool:
        """The bot belongs to the target."""
        return self.phase == "cleaning"

    @property
    def refused(self) -> bool:
        """The source does not hand the bot over; whoever asked for the move is about to end it."""
        return self.phase == "refused"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A parcel that waits in this home, see `reconcile.arrivals`."""

    file: str
    epoch: int
    """What the directory that it was packed from is fenced with."""
    problem: str | None = None
    """Why it cannot be used, in a sentence."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What there is of parcels in this home."""

    waiting: Mapping[str, Arrival] = field(default_factory=dict)
    """By bot."""
    placed: frozenset[tuple[str, int]] = frozenset()
    """Bots whose parcel was put into their pool, and under which epoch."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What is wanted of one bot."""

    bot_id: str
    pool_id: str | None
    epoch: int
    generation: int
    desired: str
    """A `DesiredState`, or `deleted`."""
    open_trades: str
    content: str
    """Hash of everything else that its pool is told."""
    broken: bool = False
    """It cannot be rendered, or its pool refused it as it is now: it can be stopped and deleted, not started."""
    misplaced: bool = False
    """Its pool may not have it: it is not started there, nor told anything new, until it is moved."""
    fresh: bool = False
    """It never ran: nothing is lost where it starts in another pool."""
    restart_requested: int = 0
    restart_done: int = 0
    has_key: bool = False
    """It trades live, with an exchange key that can be used now."""
    owner_id: str = ""
    shareable: bool = False
    """Its template may run beside other tenants' bots."""
    moving: Moving | None = None
    arrival: Arrival | None = None
    awaits: bool = False
    """It must not be started before its parcel is here, whole, or while it may run where nobody knows."""


@dataclass(frozen=True, slots=True)
class SlotView:
    """What an agent lists of one bot."""

    epoch: int
    desired: str
    observed_state: str
    generation: int = 0
    """Of the specification that the agent holds."""
    needs_key: bool = False
    """It does not start before its agent is given its exchange key again."""


@dataclass(frozen=True, slots=True)
class PoolView:
    """What is known of one pool."""

    pool_id: str
    slots: Mapping[str, SlotView] | None
    """By bot; None while its agent does not answer."""
    listed_at: float = 0.0
    """When the listing was asked for, on the clock of `Memory`."""
    capacity: Capacity | None = None
    """None where no new bot shall go there."""
    ready: bool = True
    """Its zygote is warm: a bot that comes starts at once."""
    full: bool = False
    """Its agent has a slot for none that has none there yet."""


@dataclass(frozen=True, slots=True)
class Put:
    """Everything that a PUT depends on; equal ones say the same."""

    pool_id: str
    epoch: int
    generation: int
    desired: str
    open_trades: str
    content: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What the reconciler remembers of its own doings; all of it may be lost, at the price of repeating an action."""

    acknowledged: Mapping[str, Put] = field(default_factory=dict)
    """The last PUT that each bot's agent accepted."""
    dismissed: Mapping[str, str] = field(default_factory=dict)
    """By bot the pool whose agent said last that its slot is gone."""
    busy: frozenset[str] = frozenset()
    """Bots with an action under way."""
    settled_at: Mapping[str, float] = field(default_factory=dict)
    """When each bot's last action ended."""
    resting: frozenset[str] = frozenset()
    """Bots whose last action failed so lately that it is not tried again yet."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """Why each bot's last action failed, in a sentence; absent once one succeeded."""


# ---- carried out on agents


@dataclass(frozen=True, slots=True)
class PutSlot:
    bot_id: str
    pool_id: str
    put: Put
    needs_key: bool = False
    """Its agent asks for the exchange key, whatever it was given before."""


@dataclass(frozen=True, slots=True)
class DeleteSlot:
    bot_id: str
    pool_id: str
    epoch: int


@dataclass(frozen=True, slots=True)
class RestartSlot:
    bot_id: str
    pool_id: str
    epoch: int
    count: int


@dataclass(frozen=True, slots=True)
class CopyBot:
    """Copy the directory of a bot at rest from `pool_id` to the move's target, and assign the bot there."""

    bot_id: str
    pool_id: str
    moving: Moving


@dataclass(frozen=True, slots=True)
class TakeIn:
    """Put the directory that waits in the bot's parcel into its pool, under this epoch."""

    bot_id: str
    pool_id: str
    epoch: int


# ---- carried out on rows


@dataclass(frozen=True, slots=True)
class Assign:
    bot_id: str
    pool_id: str
    above: int = 0
    """The new epoch must be above this one."""
    leaves: str | None = None
    """The pool that it is taken from; None for a bot without one, or one that stays."""
    adopts: bool = False
    """It has a slot there already, of which a database restored from a backup knows nothing."""


@dataclass(frozen=True, slots=True)
class AskForPool:
    """The bot fits nowhere: this tenant (None: those who share) needs a new pool."""

    bot_id: str
    tenant_id: str | None


@dataclass(frozen=True, slots=True)
class ForgetRestart:
    """A restart was asked for, then a stop: it must not happen at the next start."""

    bot_id: str
    count: int


@dataclass(frozen=True, slots=True)
class MarkDeleted:
    bot_id: str


@dataclass(frozen=True, slots=True)
class TellMove:
    """Why a move does not get on; None where it does again."""

    bot_id: str
    moving: Moving
    problem: str | None


@dataclass(frozen=True, slots=True)
class EndMove:
    """The move is over, or abandoned: its bot is deleted, its target is gone, or its bot has long been elsewhere."""

    bot_id: str
    moving: Moving
    why: str = field(default="", compare=False)
    """In a sentence, for the audit."""


AgentAction = PutSlot | DeleteSlot | RestartSlot | CopyBot | TakeIn
RowAction = Assign | AskForPool | ForgetRestart | MarkDeleted | TellMove | EndMove
Action = AgentAction | RowAction
