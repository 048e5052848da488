"""What a slot looks like from outside: its observed state and its conditions, out of the facts. Pure."""

from pool.agent.facts import Blocked, Exceeded, Limits, Run, SlotFacts
from pool.contract.slots import ConditionType, DesiredState, ObservedState

_SILENT_SECONDS = 5.0
"""A process that has been without a connection for this long is said not to report."""

_BLOCKED_STATES = {
    Blocked.QUARANTINED: ObservedState.QUARANTINED,
    Blocked.BOOT_FAILED: ObservedState.FAILED,
    Blocked.FENCED: ObservedState.FAILED,
}
_REPLACING = ("hung", "exceeded")
"""Ends that another start follows."""
_EXCEEDED = {
    Exceeded.MEMORY: ConditionType.MEMORY_EXCEEDED,
    Exceeded.DISK: ConditionType.DISK_EXCEEDED,
}
_KNOWN_TYPES = {kind.value for kind in ConditionType}


def observed_state(facts: SlotFacts) -> ObservedState:
    """One word for what the bot is seen doing."""
    run = facts.run
    if run is not None:
        return _state_of_run(facts, run)
    if facts.deleting:
        return ObservedState.STOPPED
    if facts.blocked is not None:
        return _BLOCKED_STATES[facts.blocked]
    if facts.spec.desired is not DesiredState.STOPPED:
        return ObservedState.PENDING
    if facts.is_to_flatten and facts.open_trades != 0:
        return ObservedState.STOPPING
    return ObservedState.STOPPED


def _state_of_run(facts: SlotFacts, run: Run) -> ObservedState:
    if (run.ending is not None and run.ending not in _REPLACING) or not facts.is_wanted or facts.is_to_flatten:
        return ObservedState.STOPPING
    if run.pid is None:
        return ObservedState.PENDING
    heartbeat = run.heartbeat
    if heartbeat is None or heartbeat.phase == "booting" or run.ending in _REPLACING:
        return ObservedState.STARTING
    if heartbeat.phase == "stopping":
        return ObservedState.STOPPING
    return ObservedState.PAUSED if heartbeat.trader_state == "paused" else ObservedState.RUNNING


def observed_generation(facts: SlotFacts) -> int:
    """The generation in force: what the process reports, else what would not change by starting it. 0 before the first
    report."""
    run = facts.run
    if run is not None:
        return run.heartbeat.observed_generation if run.heartbeat is not None else facts.last_generation
    settled = facts.blocked is not None or not facts.is_wanted
    return facts.spec.generation if settled else facts.last_generation


def conditions(facts: SlotFacts, limits: Limits, now: float) -> dict[ConditionType, str]:
    """The conditions that hold now, each with its sentence."""
    found = _of_the_past(facts, limits, now)
    if facts.needs_credentials and facts.is_wanted and facts.run is None:
        found[ConditionType.SECRETS_NEEDED] = "needs its exchange key again: send the slot with its credentials"
    if facts.is_to_flatten and (facts.run is not None or facts.open_trades):
        found[ConditionType.FLATTENING] = "its open trades are being closed before it stops"
    if facts.run is not None:
        found |= _of_the_run(facts.run, now)
    return found


def _of_the_past(facts: SlotFacts, limits: Limits, now: float) -> dict[ConditionType, str]:
    reason = facts.last_exit.reason if facts.last_exit is not None else "ended"
    found: dict[ConditionType, str] = {}
    match facts.blocked:
        case Blocked.QUARANTINED:
            found[ConditionType.QUARANTINED] = (
                f"crashed {limits.quarantine_crashes} times within {limits.quarantine_window:g} s; last: {reason}"
            )
        case Blocked.BOOT_FAILED:
            found[ConditionType.BOOT_FAILED] = reason
        case Blocked.FENCED:
            found[ConditionType.FENCED] = f"{reason}: this pool must not run it under epoch {facts.spec.epoch}"
    if not facts.is_wanted:
        return found
    match facts.waiting:
        case "exchange":
            found[ConditionType.EXCHANGE_UNREACHABLE] = f"{reason}; it is tried again"
        case "locked":
            found[ConditionType.LOCKED] = f"{reason}; it is tried again"
        case "crashed":
            found[ConditionType.CRASH_LOOPING] = f"{reason}; it is restarted with growing delay"
    if facts.exceeded is not None:
        what, message = facts.exceeded
        found[_EXCEEDED[what]] = f"{message}; it was ended"
    if facts.hung_at is not None and now - facts.hung_at < limits.quarantine_window:
        found[ConditionType.HUNG] = "its main loop made no progress and it was replaced"
    return found


def _of_the_run(run: Run, now: float) -> dict[ConditionType, str]:
    found: dict[ConditionType, str] = {}
    silent_since = run.connection_changed_at if run.connection_changed_at is not None else run.forked_at
    if run.pid is not None and not run.connected and silent_since is not None and now - silent_since > _SILENT_SECONDS:
        found[ConditionType.NOT_REPORTING] = "its process lives, but is not connected to the agent"
    elif run.connected and run.heartbeat is not None and now - run.heartbeat_at > _SILENT_SECONDS:
        found[ConditionType.NOT_REPORTING] = "its process lives and is connected, but has stopped reporting"
    heartbeat = run.heartbeat
    if heartbeat is not None and heartbeat.phase == "running" and heartbeat.trader_state == "stopped":
        found[ConditionType.TRADER_STOPPED] = "FreqTrade stopped itself: its open trades are not managed"
    if run.gateway is not None:
        found[ConditionType.GATEWAY_UNREACHABLE] = run.gateway
    if run.note is not None and run.note.type in _KNOWN_TYPES:
        found[ConditionType(run.note.type)] = run.note.message
    return found
