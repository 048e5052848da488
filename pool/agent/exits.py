"""How a process ended, and what follows from it. Pure.

Only a crash counts towards quarantine: an exit code of its own, a signal that the agent did not send, or having been
ended for using too much. An exchange
that is unreachable, a directory still locked, a hang that was replaced are waited out and tried again.
"""

import signal
from dataclasses import replace

from pool.agent.facts import Blocked, Ending, Limits, SlotFacts, Waiting
from pool.agent.table import delayed
from pool.contract import exit_codes
from pool.contract.model import Instant
from pool.contract.slots import Exit

_EXCHANGE_DELAY_SECONDS = 2.0
_EXCHANGE_DELAY_LIMIT_SECONDS = 30.0
_LOCKED_DELAY_SECONDS = 2.0

_REASONS = {
    exit_codes.OK: "ended by itself",
    exit_codes.BOOT_FAILED: "its strategy or configuration cannot be loaded",
    exit_codes.EXCHANGE_UNREACHABLE: "the exchange did not answer at boot",
    exit_codes.LOCKED: "an older process still holds its directory",
    exit_codes.FENCED: "its directory was last used under a higher epoch",
    exit_codes.ORPHANED: "found neither init nor agent and ended itself",
}


def describe(run_id: str, status: int, at: Instant, ending: Ending | None, note: str, log_tail: list[str]) -> Exit:
    """The exit as told to people; `status` as `os.waitstatus_to_exitcode` gives it, `note` the bot's own last word."""
    code, number = (status, None) if status >= 0 else (None, -status)
    return Exit(run_id=run_id, code=code, signal=number, reason=_reason(status, ending, note), at=at, log_tail=log_tail)


def _reason(status: int, ending: Ending | None, note: str) -> str:
    if ending == "exceeded":
        return f"was ended: {note}"
    if ending == "hung":
        return "made no progress and was replaced"
    if ending is not None:
        how = "was killed, having not stopped in time" if status == -signal.SIGKILL else "stopped as asked"
        return how if ending == "asked" else f"{how}, to start anew"
    if status < 0:
        return f"was ended by {_signal_name(-status)}"
    reason = _REASONS.get(status, f"crashed with exit code {status}")
    return f"{reason}: {note}" if note and status != exit_codes.OK else reason


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def exited(facts: SlotFacts, exit_: Exit, limits: Limits, now: float) -> tuple[SlotFacts, bool]:
    """The slot after its process ended, and whether that brought it into quarantine."""
    run = facts.run
    if run is None:
        return facts, False
    steady = run.running_since is not None and now - run.running_since > limits.quarantine_window
    facts = replace(facts, run=None, last_exit=exit_, note=run.note, open_trades=None, looking_up_trades=False)
    if steady:
        facts = replace(facts, delays=0, waiting=None)
    if run.ending in ("asked", "restart"):
        return replace(facts, waiting=None, delays=0, retry_at=0.0, exceeded=None), False
    if run.ending == "exceeded":
        return _crashed(facts, limits, now)
    if run.ending == "hung":
        return _wait(facts, "again", now, limits.restart_backoff, limits.restart_backoff_limit), False
    match exit_.code:
        case exit_codes.FENCED:
            return replace(facts, blocked=Blocked.FENCED, waiting=None), False
        case exit_codes.BOOT_FAILED:
            return replace(facts, blocked=Blocked.BOOT_FAILED, waiting=None), False
        case exit_codes.EXCHANGE_UNREACHABLE:
            return _wait(facts, "exchange", now, _EXCHANGE_DELAY_SECONDS, _EXCHANGE_DELAY_LIMIT_SECONDS), False
        case exit_codes.LOCKED:
            return _wait(facts, "locked", now, _LOCKED_DELAY_SECONDS, _LOCKED_DELAY_SECONDS), False
        case exit_codes.OK | exit_codes.ORPHANED:
            return _wait(facts, "again", now, limits.restart_backoff, limits.restart_backoff_limit), False
    return _crashed(facts, limits, now)


def fork_failed(facts: SlotFacts, limits: Limits, now: float) -> SlotFacts:
    """There never was a process: the zygote could not fork it, died, or the fork was withdrawn."""
    run = facts.run
    if run is None:
        return facts
    facts = replace(facts, run=None, open_trades=None, looking_up_trades=False)
    if run.ending is not None:
        return facts
    return _wait(facts, "again", now, limits.restart_backoff, limits.restart_backoff_limit)


def _wait(facts: SlotFacts, waiting: Waiting, now: float, first_seconds: float, limit_seconds: float) -> SlotFacts:
    if facts.waiting != waiting:
        facts = replace(facts, waiting=waiting, delays=0)
    return delayed(facts, now, first_seconds, limit_seconds)


def _crashed(facts: SlotFacts, limits: Limits, now: float) -> tuple[SlotFacts, bool]:
    crashes = (*(at for at in facts.crashes if now - at <= limits.quarantine_window), now)
    facts = replace(facts, crashes=crashes)
    if len(crashes) >= limits.quarantine_crashes:
        return replace(facts, blocked=Blocked.QUARANTINED, waiting=None), True
    return _wait(facts, "crashed", now, limits.restart_backoff, limits.restart_backoff_limit), False
