"""What a bot and init say, taken into the facts. Pure."""

from dataclasses import replace

from pool.agent.facts import Exceeded, SlotFacts
from pool.contract.frames import ConditionFrame, Heartbeat
from pool.contract.slots import ConditionType


def forked(facts: SlotFacts, pid: int, now: float) -> SlotFacts:
    """The zygote forked the run as process `pid`; also how a living run of init's table is taken over."""
    if facts.run is None:
        return facts
    return facts.with_run(replace(facts.run, pid=pid, forked_at=now))


def connected(facts: SlotFacts, now: float) -> SlotFacts:
    """Its `Hello` was accepted."""
    if facts.run is None:
        return facts
    run = replace(facts.run, connected=True, connection_changed_at=now, heartbeat_at=now, progress_at=now)
    return facts.with_run(run)


def disconnected(facts: SlotFacts, now: float) -> SlotFacts:
    if facts.run is None:
        return facts
    return facts.with_run(replace(facts.run, connected=False, connection_changed_at=now))


def heartbeat(facts: SlotFacts, frame: Heartbeat, now: float, stable_seconds: float) -> SlotFacts:
    """A heartbeat. One that runs has reached its exchange and opened its directory; one that has run for
    `stable_seconds` has left its crashes behind."""
    run = facts.run
    if run is None:
        return facts
    before = run.heartbeat
    moved = before is None or before.progress != frame.progress or before.phase != frame.phase
    running_since = run.running_since
    if frame.phase == "running" and running_since is None:
        running_since = now
    run = replace(
        run,
        heartbeat=frame,
        heartbeat_at=now,
        progress_at=now if moved else run.progress_at,
        running_since=running_since,
        note=run.note if frame.phase != "running" or _runs_on_what_worked(run.note) else None,
    )
    facts = replace(facts, run=run, last_generation=frame.observed_generation)
    if running_since is None:
        return facts
    if facts.waiting in ("exchange", "locked", "again"):
        facts = replace(facts, waiting=None, delays=0)
    if now - running_since > stable_seconds and (
        facts.waiting is not None or facts.hung_at is not None or facts.exceeded is not None
    ):
        facts = replace(facts, waiting=None, delays=0, hung_at=None, exceeded=None)
    return facts


_LIVENESS: dict[str, object] = {"at": None, "progress": None, "patience_seconds": None}


def is_steady(before: SlotFacts, after: SlotFacts) -> bool:
    """Whether a heartbeat told only that a bot which shall run, and does, still lives: what there is to do about that
    is a matter of time, and found out by the next tick."""
    was, run = before.run, after.run
    if was is None or run is None or was.heartbeat is None or run.heartbeat is None:
        return False
    if run.ending is not None or not run.is_up or not after.is_wanted or after.is_to_flatten:
        return False
    untouched = all(getattr(before, name) == getattr(after, name) for name in _LEFT_BEHIND)
    same = {**was.heartbeat.__dict__, **_LIVENESS} == {**run.heartbeat.__dict__, **_LIVENESS}
    return untouched and same and was.note is run.note and was.running_since == run.running_since


_LEFT_BEHIND = ("waiting", "delays", "hung_at", "exceeded", "last_generation")


def _runs_on_what_worked(note: ConditionFrame | None) -> bool:
    """It could not be built from what is wanted and manages its open trades with what worked last, until it says that
    it stands on what is wanted again."""
    return note is not None and note.type == ConditionType.BOOT_FAILED


def noted(facts: SlotFacts, frame: ConditionFrame) -> SlotFacts:
    """The bot's own word on why it does not trade, or on how it trades without the gateway."""
    if facts.run is None:
        return facts
    if frame.type == ConditionType.GATEWAY_UNREACHABLE:
        return facts.with_run(replace(facts.run, gateway=frame.message or None))
    return facts.with_run(replace(facts.run, note=frame))


def exceeded(facts: SlotFacts, what: Exceeded, message: str, now: float) -> SlotFacts:
    """It uses more than a bot may: its process ends, whatever it was doing."""
    run = facts.run
    if run is None or run.ending in ("hung", "exceeded"):
        return facts
    run = replace(run, ending="exceeded", ending_since=now)
    return replace(facts, run=run, exceeded=(what, message))


def excused(facts: SlotFacts, seconds: float) -> SlotFacts:
    """The agent itself was held up for so long: nobody's silence in that time counts."""
    run = facts.run
    if run is None:
        return facts
    return facts.with_run(
        replace(
            run,
            forked_at=None if run.forked_at is None else run.forked_at + seconds,
            connection_changed_at=None if run.connection_changed_at is None else run.connection_changed_at + seconds,
            heartbeat_at=run.heartbeat_at + seconds,
            progress_at=run.progress_at + seconds,
        )
    )
