"""What a roll-out remembers (`Progress`), what it looks at (`World`) and what it has done (`Act`). Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel


class State(StrEnum):
    RUNNING = "running"
    STOPPING = "stopping"
    """The bot under way goes back, then it is `stopped` or `aborted`."""
    ROLLING_BACK = "rolling_back"
    DONE = "done"
    STOPPED = "stopped"
    """By itself: `problem` says why."""
    ABORTED = "aborted"
    ROLLED_BACK = "rolled_back"


ACTIVE = (State.RUNNING, State.STOPPING, State.ROLLING_BACK)
ABORT, ROLL_BACK = "abort", "roll_back"


class Phase(StrEnum):
    WAITING = "waiting"
    PREPARING = "preparing"
    """The replacement starts."""
    MOVING = "moving"
    DONE = "done"


class Trades(BaseModel):
    """A bot's trades at one time."""

    open_ids: list[int]
    """Without those whose orders are open: FreqTrade may drop an entry that was never filled."""
    closed: int


class Trial(BaseModel):
    """The bot that is under way or looked at."""

    bot_id: str
    since: datetime
    well_before: bool
    """It ran as its user wants: if it does not run afterwards, the image is to blame."""
    trades: Trades | None
    generation: int | None = None
    arrived_at: datetime | None = None


class Leg(BaseModel):
    """One pool and its replacement."""

    source_pool_id: str
    source_image: str | None
    target_image: str | None
    """Of the replacement, where it has to be made."""
    backward: bool = False
    target_pool_id: str | None = None
    phase: Phase = Phase.WAITING
    since: datetime | None = None
    """When the phase began."""
    moved: list[str] = []
    left: dict[str, str] = {}
    """Bots that stay in the source, and why, in a sentence."""
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class PoolFacts:
    alive: bool
    """It shall run, and is not on its way out."""
    ready: bool
    problem: str | None = None
    """Why it does not get ready, in a sentence."""
    hopeless: bool = False
    """Waiting does not help: its image is missing, not allowed or of another protocol."""


@dataclass(frozen=True, slots=True)
class BotFacts:
    pool_id: str | None
    desired: str
    observed: str
    """`unknown` where what was seen is of an earlier assignment."""
    problem: str | None
    """A condition that it cannot get out of by itself, in a sentence."""
    trades: Trades | None
    reported_at: datetime | None
    generation: int = 0
    """Which version of what its user wants."""


@dataclass(frozen=True, slots=True)
class MoveFacts:
    source_pool_id: str
    target_pool_id: str
    final: bool
    """The bot belongs to the target already; what is left is to clear up."""
    problem: str | None = None
    refused: bool = False
    """Its source does not hand the bot over, wherever it is to go."""


@dataclass(frozen=True, slots=True)
class World:
    now: datetime
    pools: Mapping[str, PoolFacts]
    bots: Mapping[str, BotFacts]
    moves: Mapping[str, MoveFacts]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a step may take, in seconds."""

    ready_seconds: float = 600.0
    move_seconds: float = 300.0
    start_seconds: float = 300.0


# ---- what to do


@dataclass(frozen=True, slots=True)
class CreatePool:
    """Like the source, of the target's image; its id becomes the leg's target."""

    leg: int


@dataclass(frozen=True, slots=True)
class Cordon:
    pool_id: str


@dataclass(frozen=True, slots=True)
class Uncordon:
    pool_id: str


@dataclass(frozen=True, slots=True)
class RemovePool:
    pool_id: str


@dataclass(frozen=True, slots=True)
class MoveBot:
    bot_id: str
    target_pool_id: str


@dataclass(frozen=True, slots=True)
class AbandonMove:
    bot_id: str


Act = CreatePool | Cordon | Uncordon | RemovePool | MoveBot | AbandonMove


@dataclass(slots=True)
class Progress:
    """A roll-out as its row has it."""

    state: State
    legs: list[Leg]
    problem: str | None = None
    wish: str | None = None

    def copy(self) -> "Progress":
        return Progress(self.state, [leg.model_copy(deep=True) for leg in self.legs], self.problem, self.wish)


@dataclass(slots=True)
class Step:
    """What comes next: the progress once the acts are done."""

    progress: Progress
    acts: list[Act] = field(default_factory=list)
