"""The decision table: what is known of a slot × time → what to do about it. Pure.

`decide` is asked again and again (twice a second, and on every fact): it compares, it does not remember, except for
what it has just done, which it writes into the facts it returns. Facts change through `put`, `restart`, `delete`
(requests), `pool.agent.reports` (what the bot says) and `pool.agent.exits` (how it ended).
"""

import signal
from dataclasses import replace

from pool.agent.facts import (
    Action,
    Announce,
    Archive,
    Blocked,
    CommandToBot,
    Ending,
    Kill,
    Limits,
    LookUpTrades,
    Run,
    SlotFacts,
    Start,
    Tell,
    Withdraw,
    WriteFiles,
)
from pool.contract.frames import Heartbeat
from pool.contract.policy import PolicyInForce
from pool.contract.slots import DesiredState, SlotSpec

TELL_AGAIN_SECONDS = 5.0
_FLATTEN_AGAIN_SECONDS = 60.0
"""A bot that was told flattens on by itself; telling it again starts its attempts anew."""
_KILL_AGAIN_SECONDS = 5.0
STARTING_SECONDS = 20.0
"""A start that takes longer, of an exchange that does not answer say, holds up no other."""
_FIRST_LOOP_SECONDS = 1.0

Decision = tuple[SlotFacts, list[Action]]


# ---- requests


def put(facts: SlotFacts | None, bot_id: str, spec: SlotSpec) -> SlotFacts:
    """The slot after a PUT that carries no stale epoch. A new generation lifts what blocked the old
    one, but for a fence: that takes a new epoch."""
    public = spec.model_copy(update={"credentials": None})
    if facts is None:
        return SlotFacts(bot_id=bot_id, spec=public, has_credentials=spec.credentials is not None)
    old = facts.spec
    changed = public.model_copy(update={"policy": old.policy}) != old
    if public.policy is None:
        public = public.model_copy(update={"policy": old.policy})
    facts = replace(
        facts,
        spec=public,
        has_credentials=facts.has_credentials or spec.credentials is not None,
        deleting=facts.deleting and spec.epoch == old.epoch,
        flattened=facts.flattened and not changed,
        open_trades=None if changed else facts.open_trades,
    )
    if spec.epoch != old.epoch or (spec.generation != old.generation and facts.blocked is not Blocked.FENCED):
        return _unblocked(facts)
    if changed and spec.desired is DesiredState.STOPPED and facts.blocked is not Blocked.FENCED:
        return replace(facts, blocked=None, crashes=())
    return facts


def keep_policy(facts: SlotFacts, policy: PolicyInForce) -> SlotFacts:
    """Other universal rules; nothing else changes, and nothing is started anew."""
    return replace(facts, spec=facts.spec.model_copy(update={"policy": policy}))


def restart(facts: SlotFacts) -> SlotFacts:
    """Someone asked for a fresh process; leaves quarantine too."""
    facts = _unblocked(facts) if facts.blocked is not Blocked.FENCED else facts
    return replace(facts, restart_asked=facts.run is not None)


def delete(facts: SlotFacts) -> SlotFacts:
    """Does not wait for the time at which a bot that crashed would have been started again."""
    return replace(facts, deleting=True, retry_at=facts.retry_at if facts.deleting else 0.0)


def requested(facts: SlotFacts, run_id: str, now: float) -> SlotFacts:
    """A fork was asked for as `run_id`."""
    run = Run(run_id=run_id, epoch=facts.spec.epoch, requested_at=now)
    return replace(
        facts,
        run=run,
        last_run_id=run_id,
        starts=facts.starts + 1,
        restart_asked=False,
        open_trades=None,
        looking_up_trades=False,
    )


def later(facts: SlotFacts, now: float, limits: Limits) -> SlotFacts:
    """An action failed on our side (disk full, no fork): try again with growing delay, no fault of the bot."""
    return delayed(facts, now, limits.restart_backoff, limits.restart_backoff_limit)


def delayed(facts: SlotFacts, now: float, first_seconds: float, limit_seconds: float) -> SlotFacts:
    """The next start waits, twice as long as the last time."""
    seconds = min(first_seconds * 2.0 ** min(facts.delays, 20), limit_seconds)
    return replace(facts, retry_at=now + seconds, delays=facts.delays + 1)


def _unblocked(facts: SlotFacts) -> SlotFacts:
    return replace(facts, blocked=None, crashes=(), waiting=None, delays=0, retry_at=0.0, hung_at=None, exceeded=None)


# ---- decisions


def decide(facts: SlotFacts, limits: Limits, now: float, *, shutting_down: bool = False) -> Decision:
    """Facts and actions, to be carried out in order."""
    if facts.run is None:
        return (facts, []) if shutting_down else _without_process(facts, now)
    if facts.run.pid is None:
        return _before_the_fork(facts, facts.run, now, shutting_down=shutting_down)
    return _with_process(facts, facts.run, limits, now, shutting_down=shutting_down)


def _without_process(facts: SlotFacts, now: float) -> Decision:
    if now < facts.retry_at:
        return facts, []
    if facts.deleting:
        return facts, [Archive()]
    if facts.is_to_flatten and facts.blocked is None and facts.open_trades is None:
        if facts.looking_up_trades:
            return facts, []
        return replace(facts, looking_up_trades=True), [LookUpTrades()]
    if not facts.is_wanted or facts.blocked is not None or facts.needs_credentials:
        return facts, []
    return facts, [Start()]


def _before_the_fork(facts: SlotFacts, run: Run, now: float, *, shutting_down: bool) -> Decision:
    if (facts.is_wanted and not shutting_down and facts.spec.epoch == run.epoch) or run.ending is not None:
        return facts, []
    return facts.with_run(replace(run, ending="asked", ending_since=now)), [Withdraw()]


def _with_process(facts: SlotFacts, run: Run, limits: Limits, now: float, *, shutting_down: bool) -> Decision:
    if run.ending is not None:
        return _escalate(facts, run, limits, now)
    silence = hang_reason(run, limits, now)
    if silence is not None:
        hung = replace(run, ending="hung", ending_since=now, signals_sent={signal.SIGKILL: now})
        return replace(facts, run=hung, hung_at=now), [Announce("hung", silence), Kill(signal.SIGKILL)]
    if shutting_down or facts.deleting:
        return _end(facts, run, "asked", limits, now)
    if facts.is_to_flatten:
        return _flatten(facts, run, limits, now)
    if not facts.is_wanted:
        return _end(facts, run, "asked", limits, now)
    if facts.restart_asked or facts.spec.epoch != run.epoch:
        return _end(facts, run, "restart", limits, now)
    return _steer(facts, run, limits, now)


def starting(facts: SlotFacts, now: float) -> bool:
    """It takes what a start takes: its FreqTrade is being built, or has not looped once yet."""
    run = facts.run
    if run is None or now - run.requested_at >= STARTING_SECONDS:
        return False
    if run.running_since is None:
        return True
    looped = run.heartbeat is not None and run.heartbeat.waking is not None
    return not looped and now - run.running_since < _FIRST_LOOP_SECONDS


def hang_reason(run: Run, limits: Limits, now: float) -> str | None:
    """Why the process counts as hung, in a sentence; None while it does not."""
    heartbeat = run.heartbeat
    if heartbeat is None:
        since = run.connection_changed_at if run.connection_changed_at is not None else run.forked_at
        if since is None or now - since <= limits.connect_timeout:
            return None
        if run.connection_changed_at is None:
            return f"did not connect to the agent within {limits.connect_timeout:g} s"
        return f"connected, but sent no heartbeat within {limits.connect_timeout:g} s"
    patience = max(heartbeat.patience_seconds, 0.0) + limits.hang_margin
    if now - run.heartbeat_at > patience:
        return f"sent no heartbeat for {patience:g} s"
    if now - run.progress_at > patience:
        return f"its main loop made no progress for {patience:g} s"
    return None


def _steer(facts: SlotFacts, run: Run, limits: Limits, now: float) -> Decision:
    """A bot that shall run and does: bring generation and pause into line."""
    heartbeat = run.heartbeat
    actions: list[Action] = []
    if heartbeat is None or not run.is_up:
        return facts, actions
    if not run.announced:
        run = replace(run, announced=True)
        actions.append(Announce("started", ""))
    if heartbeat.observed_generation != facts.spec.generation:
        run, more = _reload(facts, run, limits, now)
        return facts.with_run(run), actions + more
    if run.reload_generation:
        run = replace(run, reload_generation=0)
    want_paused = facts.spec.desired is DesiredState.PAUSED
    # A bot that flattens is paused too, and would flatten on: a pause is told once in any case.
    if want_paused != heartbeat.paused_by_flotilla or (want_paused and "pause" not in run.told):
        run, more = _tell(run, "pause" if want_paused else "resume", now, TELL_AGAIN_SECONDS)
        actions += more
    return facts.with_run(run), actions


def _reload(facts: SlotFacts, run: Run, limits: Limits, now: float) -> tuple[Run, list[Action]]:
    if run.reload_generation != facts.spec.generation:
        run = replace(run, reload_generation=facts.spec.generation, reload_since=now)
        return replace(run, told={**run.told, "reload_config": now}), [WriteFiles(), Tell("reload_config")]
    if now - run.reload_since <= limits.connect_timeout:
        return run, []
    return _begin_end(run, "restart", limits, now)


def _flatten(facts: SlotFacts, run: Run, limits: Limits, now: float) -> Decision:
    """Flatten until a heartbeat sent after the command says flat; then stop. Whether it left nothing open is looked up
    in its database afterwards."""
    heartbeat = run.heartbeat
    if heartbeat is None or not run.is_up:
        return facts, []
    told_at = run.told.get("flatten")
    if told_at is not None and _is_flat(heartbeat) and run.heartbeat_at > told_at + 1:
        return _end(facts, run, "asked", limits, now)
    interval = _FLATTEN_AGAIN_SECONDS if heartbeat.paused_by_flotilla else TELL_AGAIN_SECONDS
    run, actions = _tell(run, "flatten", now, interval)
    told = {name: at for name, at in run.told.items() if name != "pause"}
    return facts.with_run(replace(run, told=told)), actions


def _is_flat(heartbeat: Heartbeat) -> bool:
    return heartbeat.flat is True and heartbeat.paused_by_flotilla


# ---- ending a process: stop command, SIGTERM, SIGKILL


def _end(facts: SlotFacts, run: Run, why: Ending, limits: Limits, now: float) -> Decision:
    run, actions = _begin_end(run, why, limits, now)
    return facts.with_run(run), actions


def _begin_end(run: Run, why: Ending, limits: Limits, now: float) -> tuple[Run, list[Action]]:
    run = replace(run, ending=why, ending_since=now)
    if run.connected:
        return replace(run, told={**run.told, "stop": now}), [Tell("stop")]
    return replace(run, signals_sent={signal.SIGTERM: now}), [Kill(signal.SIGTERM)]


def _escalate(facts: SlotFacts, run: Run, limits: Limits, now: float) -> Decision:
    age = now - run.ending_since
    if age > limits.stop_timeout or run.ending in ("hung", "exceeded"):
        return _signal_again(facts, run, signal.SIGKILL, _KILL_AGAIN_SECONDS, now)
    if age > limits.stop_timeout / 2:
        return _signal_again(facts, run, signal.SIGTERM, max(limits.stop_timeout / 4, 1.0), now)
    if run.connected and "stop" not in run.told:
        return facts.with_run(replace(run, told={**run.told, "stop": now})), [Tell("stop")]
    return facts, []


def _signal_again(facts: SlotFacts, run: Run, number: int, interval_seconds: float, now: float) -> Decision:
    sent_at = run.signals_sent.get(number)
    if sent_at is not None and now - sent_at < interval_seconds:
        return facts, []
    return facts.with_run(replace(run, signals_sent={**run.signals_sent, number: now})), [Kill(number)]


def _tell(run: Run, name: CommandToBot, now: float, interval_seconds: float) -> tuple[Run, list[Action]]:
    sent_at = run.told.get(name)
    if sent_at is not None and now - sent_at < interval_seconds:
        return run, []
    return replace(run, told={**run.told, name: now}), [Tell(name)]
