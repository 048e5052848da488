"""Rolling another version of a strategy out to bots, one after the other. Pure: `advance` takes what is, and answers
what comes next.

Each bot has a leg. First goes the canary, one that runs, with little at stake; it is pinned to the new version and
looked at: it is well once it is in the state that its user wants, with the new version in force, has reported since,
and stays so for a while. Then the others follow, each looked at the same way. A bot that shall not run is pinned and
not looked at. The first one that is not well in time goes back to the version that it had, by itself, and stops
everything: those that are well stay where they are, those that wait keep what they have. So does a version that may not
be given to bots any more, since it failed a new check or is not shared any more. A bot that was in trouble
before is not judged, since the new version may be what mends it; one of which nobody knew is waited for, and then
judged. Nor is one judged that its user gave another version meanwhile, or deleted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel

ABORT = "abort"


class State(StrEnum):
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """By itself: `problem` says why, and which bot went back, if one did."""
    ABORTED = "aborted"


class Phase(StrEnum):
    WAITING = "waiting"
    TRIAL = "trial"
    """It has the new version and is looked at."""
    DONE = "done"
    BACK = "back"
    """It went back to the version that it had."""
    LEFT = "left"
    """Not the roll-out's matter any more: `problem` says why."""


class Leg(BaseModel):
    """One bot."""

    bot_id: str
    from_version_id: str | None = None
    """What it had when its turn came."""
    from_timeframe: str | None = None
    """What it traded on then."""
    phase: Phase = Phase.WAITING
    since: datetime | None = None
    """When the phase began."""
    generation: int = 0
    """Of the bot's specification that names the new version."""
    judged: bool = False
    well_since: datetime | None = None
    away_since: datetime | None = None
    """Nobody knows since then what it does: that time does not count."""
    away_seconds: float = 0.0
    """What of its trial did not count so far."""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class BotFacts:
    version_id: str | None
    desired: str
    observed: str
    generation: int
    observed_generation: int
    problem: str | None
    """What it cannot get out of by itself, or that it crashes, in a sentence."""
    reported_at: datetime | None
    open_trades: int = 0


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """Whether bots may be given the version now, as it was when the roll-out was asked for."""

    is_checked: bool = True
    """False while it is checked anew, which is waited for."""
    refused: str | None = None
    """Why no further bot may get it, in a sentence."""


FIT = VersionFacts()


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds."""

    start_seconds: float = 300.0
    """How long a bot may take to be well."""
    settle_seconds: float = 20.0
    """How long it has to stay so."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Give a bot a version."""

    bot_id: str
    version_id: str
    back: bool = False
    why: str = ""
    timeframe: str | None = None
    """What it traded on before, where it goes back."""


@dataclass(slots=True)
class Progress:
    """A roll-out as its row has it."""

    state: State
    version_id: str
    legs: list[Leg]
    problem: str | None = None
    wish: str | None = None

    def copy(self) -> "Progress":
        legs = [leg.model_copy(deep=True) for leg in self.legs]
        return Progress(self.state, self.version_id, legs, self.problem, self.wish)


@dataclass(slots=True)
class Step:
    """What comes next: the progress once the act is done."""

    progress: Progress
    acts: list[Pin] = field(default_factory=list)


def may_pin(progress: Progress) -> bool:
    """Whether a bot might get the version by the next step."""
    phases = {leg.phase for leg in progress.legs}
    return progress.state == State.RUNNING and Phase.WAITING in phases and Phase.TRIAL not in phases


def advance(
    progress: Progress,
    bots: Mapping[str, BotFacts],
    now: datetime,
    limits: Limits,
    version: VersionFacts = FIT,
) -> Step:
    """One step; `bots` are those of the legs that exist and are not about to be deleted. The progress that is handed in
    is left as it was."""
    step = Step(progress.copy())
    current = step.progress
    if current.state != State.RUNNING:
        return step
    trial = next((leg for leg in current.legs if leg.phase == Phase.TRIAL), None)
    if current.wish == ABORT:
        if trial is not None and _is_ours(trial, bots, current):
            _back(step, trial, now, "Somebody ended the roll-out.")
        current.state, current.wish = State.ABORTED, None
    elif trial is not None:
        _look_at(step, trial, bots, now, limits)
    else:
        _next(step, bots, now, limits, version)
    return step


def _next(step: Step, bots: Mapping[str, BotFacts], now: datetime, limits: Limits, version: VersionFacts) -> None:
    progress = step.progress
    for leg in progress.legs:
        if leg.phase == Phase.WAITING and leg.bot_id not in bots:
            leg.phase, leg.since, leg.problem = Phase.LEFT, now, "It was deleted meanwhile."
        elif leg.phase == Phase.WAITING and bots[leg.bot_id].version_id == progress.version_id:
            leg.phase, leg.since = Phase.DONE, now
    waiting = [leg for leg in progress.legs if leg.phase == Phase.WAITING]
    if not waiting:
        progress.state = State.DONE
        return
    if version.refused is not None:
        progress.state, progress.problem = State.STOPPED, version.refused
        return
    if not version.is_checked:
        return
    first = not any(leg.phase == Phase.DONE for leg in progress.legs)
    ready = [leg for leg in waiting if _is_ready(leg, bots[leg.bot_id], now, limits)]
    if not ready:
        return
    leg = min(ready, key=lambda one: _canary(bots[one.bot_id], one.bot_id)) if first else ready[0]
    bot = bots[leg.bot_id]
    leg.from_version_id, leg.since = bot.version_id, now
    leg.generation, leg.judged = bot.generation + 1, bot.problem is None
    leg.phase = Phase.DONE if bot.desired == "stopped" else Phase.TRIAL
    step.acts.append(Pin(leg.bot_id, progress.version_id))


def _is_ready(leg: Leg, bot: BotFacts, now: datetime, limits: Limits) -> bool:
    """Its turn may come. One that is neither well nor in trouble, as one whose agent starts anew, is waited for."""
    if bot.desired == "stopped" or bot.problem is not None or _runs_well(bot):
        leg.since = None
        return True
    leg.since = leg.since or now
    return (now - leg.since).total_seconds() > limits.start_seconds


def _look_at(step: Step, leg: Leg, bots: Mapping[str, BotFacts], now: datetime, limits: Limits) -> None:
    progress, bot = step.progress, bots.get(leg.bot_id)
    since = leg.since or now
    if bot is None or not _is_ours(leg, bots, progress):
        told = "It was deleted meanwhile." if bot is None else "Its user gave it another version meanwhile."
        leg.phase, leg.since, leg.problem = Phase.LEFT, now, told
        return
    if bot.desired == "stopped":
        leg.phase, leg.since = Phase.DONE, now
        return
    if bot.observed == "unknown":
        leg.away_since, leg.well_since = leg.away_since or now, None
        return
    if leg.away_since is not None:
        leg.away_seconds += (now - leg.away_since).total_seconds()
        leg.away_since = None
    taken_over = bot.observed_generation >= leg.generation
    well = taken_over and _runs_well(bot) and bot.reported_at is not None and bot.reported_at > since
    leg.well_since = (leg.well_since or now) if well else None
    if leg.well_since is not None and (now - leg.well_since).total_seconds() >= limits.settle_seconds:
        leg.phase, leg.since = Phase.DONE, now
    elif taken_over and bot.problem is not None:
        _fail(step, leg, now, bot.problem)
    elif (now - since).total_seconds() - leg.away_seconds > limits.start_seconds and leg.well_since is None:
        _fail(step, leg, now, f"It is {bot.observed}, not {bot.desired}, {limits.start_seconds:g} s after the change.")


def _fail(step: Step, leg: Leg, now: datetime, why: str) -> None:
    """It goes back and stops the roll-out; one that was in trouble before has nothing to go back to."""
    if not leg.judged:
        leg.phase, leg.since, leg.problem = Phase.DONE, now, why
        return
    _back(step, leg, now, why)
    step.progress.state, step.progress.problem = State.STOPPED, f"{leg.bot_id} went back. {why}"


def _back(step: Step, leg: Leg, now: datetime, why: str) -> None:
    leg.phase, leg.since, leg.problem = Phase.BACK, now, why
    if leg.from_version_id is not None:
        step.acts.append(Pin(leg.bot_id, leg.from_version_id, back=True, why=why, timeframe=leg.from_timeframe))


def _is_ours(leg: Leg, bots: Mapping[str, BotFacts], progress: Progress) -> bool:
    bot = bots.get(leg.bot_id)
    return bot is not None and bot.version_id == progress.version_id


def _runs_well(bot: BotFacts) -> bool:
    return bot.problem is None and bot.observed == bot.desired != "stopped"


def _canary(bot: BotFacts, bot_id: str) -> tuple[bool, int, str]:
    """First goes one that runs, so that there is something to see, with little at stake."""
    return (not _runs_well(bot), bot.open_trades, bot_id)
