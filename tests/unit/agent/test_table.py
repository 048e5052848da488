"""The decision table: what is known × time → actions."""

import signal
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool.agent import exits, reports, table
from pool.agent.facts import (
    Announce,
    Archive,
    Blocked,
    Kill,
    LookUpTrades,
    SlotFacts,
    Start,
    Tell,
    Withdraw,
    WriteFiles,
)
from tests.unit.agent.builders import AT, LIMITS, beat, connected, forked, make_spec, slot, started, up

STOP_THEN = [Tell("stop")]


def decide(facts: SlotFacts, now: float, **more: bool) -> table.Decision:
    return table.decide(facts, LIMITS, now, **more)


def put(facts: SlotFacts, **changes: object) -> SlotFacts:
    return table.put(facts, "bot", make_spec(**changes))


# ---- starting


def test_wanted_bot_is_started_once() -> None:
    facts, actions = decide(slot(), 0)
    assert actions == [Start()]
    assert decide(table.requested(facts, "run", 0), 1)[1] == []


@pytest.mark.parametrize(
    "facts",
    [
        slot(desired="stopped"),
        replace(slot(), blocked=Blocked.QUARANTINED),
        replace(slot(), blocked=Blocked.BOOT_FAILED),
        replace(slot(), blocked=Blocked.FENCED),
        replace(slot(), retry_at=1.0),
        slot(trading="paper_live"),
        slot(trading="live"),
    ],
)
def test_not_started_while_unwanted_blocked_waiting_or_without_its_key(facts: SlotFacts) -> None:
    assert decide(facts, 0)[1] == []


def test_nothing_is_started_while_the_pool_ends() -> None:
    assert decide(slot(), 0, shutting_down=True)[1] == []


def test_credentials_cure_and_stay_with_later_puts() -> None:
    facts = slot(trading="paper_live")
    facts = put(facts, trading="paper_live", credentials={"key": "k", "secret": "s"})
    assert facts.spec.credentials is None
    assert decide(facts, 0)[1] == [Start()]
    assert decide(put(facts, trading="paper_live", generation=2), 0)[1] == [Start()]


def test_fork_not_yet_made_is_withdrawn_once_when_unwanted() -> None:
    facts, actions = decide(put(started(), desired="stopped", generation=2), 1)
    assert actions == [Withdraw()]
    facts, actions = decide(facts, 2)
    assert actions == []
    # it was too late: the fork came, and is ended
    facts = reports.forked(facts, 100, 3)
    facts, actions = decide(facts, 3 + LIMITS.stop_timeout)
    assert actions == [Kill(signal.SIGKILL)]


# ---- a running bot


def test_first_heartbeat_that_runs_is_announced_once() -> None:
    facts, actions = decide(beat(connected(), 1), 1)
    assert actions == [Announce("started", "")]
    assert decide(facts, 1.5)[1] == []


def test_pause_is_told_until_the_heartbeat_agrees() -> None:
    facts, actions = decide(put(up(), desired="paused"), 1)
    assert actions == [Tell("pause")]
    facts, actions = decide(beat(facts, 2), 2)
    assert actions == []
    facts, actions = decide(beat(facts, 7), 7)
    assert actions == [Tell("pause")]
    facts, actions = decide(beat(facts, 13, paused_by_flotilla=True, trader_state="paused"), 13)
    assert actions == []
    assert decide(put(facts, desired="running"), 14)[1] == [Tell("resume")]


def test_new_generation_is_reloaded_and_if_that_does_not_help_restarted() -> None:
    facts, actions = decide(put(up(), generation=2), 1)
    assert actions == [WriteFiles(), Tell("reload_config")]
    facts, actions = decide(beat(facts, 20, observed_generation=1), 20)
    assert actions == []
    late, actions = decide(beat(facts, 32, observed_generation=1), 32)
    assert actions == [Tell("stop")]
    assert late.run is not None
    assert late.run.ending == "restart"
    assert decide(beat(facts, 32, observed_generation=2), 32)[1] == []


def test_generation_while_booting_is_reloaded_once_it_runs() -> None:
    facts = put(beat(connected(), 1, phase="booting", observed_generation=1), generation=2)
    assert decide(facts, 1)[1] == []
    facts = beat(facts, 2, observed_generation=1)
    assert decide(facts, 2)[1] == [Announce("started", ""), WriteFiles(), Tell("reload_config")]


def test_higher_epoch_and_restart_end_the_process_to_start_anew() -> None:
    for facts in (put(up(), epoch=2), table.restart(up())):
        facts, actions = decide(facts, 1)
        assert actions == [Tell("stop")]
        exit_ = exits.describe("run", 0, AT, "restart", "", [])
        facts, _ = exits.exited(facts, exit_, LIMITS, 2)
        assert decide(facts, 2)[1] == [Start()]


# ---- hanging


def test_no_progress_beyond_patience_and_margin_is_a_hang() -> None:
    facts = beat(up(), 1, progress=5)
    facts = beat(facts, 40, progress=5)
    assert decide(facts, 41)[1] == []
    facts, actions = decide(facts, 41.5)
    assert actions == [
        Announce("hung", "its main loop made no progress for 40 s"),
        Kill(signal.SIGKILL),
    ]
    assert decide(facts, 42)[1] == []
    assert decide(facts, 47)[1] == [Kill(signal.SIGKILL)]


def test_silence_is_a_hang_even_while_connected() -> None:
    facts = beat(up(), 1)
    assert decide(facts, 40.9)[1] == []
    _, actions = decide(facts, 41.5)
    assert actions[0] == Announce("hung", "sent no heartbeat for 40 s")


def test_bot_that_never_connects_is_a_hang() -> None:
    assert decide(forked(), 30)[1] == []
    _, actions = decide(forked(), 30.5)
    assert actions == [Announce("hung", "did not connect to the agent within 30 s"), Kill(signal.SIGKILL)]


def test_agent_that_stood_still_excuses_its_bots() -> None:
    facts = reports.excused(beat(up(), 1), 100)
    assert decide(facts, 101)[1] == []


def test_longer_patience_is_respected() -> None:
    facts = beat(up(), 1, patience_seconds=300)
    assert decide(facts, 300)[1] == []
    assert decide(facts, 332)[1] != []


# ---- stopping


def test_stop_command_then_sigterm_then_sigkill() -> None:
    facts, actions = decide(put(up(), desired="stopped", generation=2), 1)
    assert actions == [Tell("stop")]
    seen = []
    for now in range(2, 40):
        facts, actions = decide(facts, now)
        seen += [(now, action.signal) for action in actions if isinstance(action, Kill)]
    assert seen[0] == (17, signal.SIGTERM)
    assert (32, signal.SIGKILL) in seen
    assert all(number == signal.SIGTERM for now, number in seen if now < 32)


def test_bot_without_connection_gets_sigterm_at_once() -> None:
    facts = put(forked(), desired="stopped", generation=2)
    assert decide(facts, 1)[1] == [Kill(signal.SIGTERM)]


def test_pool_that_ends_stops_bots_that_stay_wanted() -> None:
    facts, actions = decide(up(), 1, shutting_down=True)
    assert actions == [Tell("stop")]
    facts, _ = exits.exited(facts, exits.describe("run", 0, AT, "asked", "", []), LIMITS, 2)
    assert decide(facts, 2, shutting_down=True)[1] == []
    assert facts.spec.desired == "running"


def test_delete_stops_then_archives() -> None:
    facts, actions = decide(table.delete(up()), 1)
    assert actions == [Tell("stop")]
    facts, _ = exits.exited(facts, exits.describe("run", 0, AT, "asked", "", []), LIMITS, 2)
    assert decide(facts, 2)[1] == [Archive()]


def test_delete_does_not_wait_for_the_restart_of_a_crashed_bot() -> None:
    crashed, _ = exits.exited(up(), exits.describe("run", 1, AT, None, "", []), LIMITS, 1)
    assert decide(crashed, 1)[1] == [], "its restart is delayed"
    assert decide(table.delete(crashed), 1)[1] == [Archive()]
    later = table.delete(table.later(table.delete(crashed), 1, LIMITS))
    assert decide(later, 1)[1] == [], "asking again does not hurry what failed"


def test_put_under_a_higher_epoch_takes_a_delete_back_and_the_same_epoch_does_not() -> None:
    assert put(table.delete(slot()), generation=2).deleting
    assert not put(table.delete(slot()), epoch=2).deleting


# ---- flattening


def test_flatten_is_told_until_a_later_heartbeat_is_flat() -> None:
    facts = put(up(), desired="stopped", open_trades="flatten", generation=2)
    facts, actions = decide(facts, 1)
    assert actions == [Tell("flatten")]
    # flat, but said before the command was heard
    facts, actions = decide(beat(facts, 1.5, flat=True, paused_by_flotilla=True), 1.5)
    assert actions == []
    facts, actions = decide(beat(facts, 7, flat=False), 7)
    assert actions == [Tell("flatten")], "it did not hear"
    facts, actions = decide(beat(facts, 40, flat=False, paused_by_flotilla=True), 40)
    assert actions == [], "it works on it"
    facts, actions = decide(beat(facts, 68, flat=False, paused_by_flotilla=True), 68)
    assert actions == [Tell("flatten")]
    facts, actions = decide(beat(facts, 70, flat=True, paused_by_flotilla=True), 70)
    assert actions == [Tell("stop")]
    facts, _ = exits.exited(facts, exits.describe("run", 0, AT, "asked", "", []), LIMITS, 71)
    assert decide(facts, 71)[1] == [LookUpTrades()], "its word is checked"


def test_flatten_without_a_process_looks_into_the_database_and_starts_if_need_be() -> None:
    facts, actions = decide(slot(desired="stopped", open_trades="flatten"), 0)
    assert actions == [LookUpTrades()]
    assert decide(facts, 1)[1] == []
    found = replace(facts, looking_up_trades=False, open_trades=2)
    assert decide(found, 1)[1] == [Start()]
    none = replace(facts, looking_up_trades=False, open_trades=0, flattened=True)
    assert decide(none, 1)[1] == []


def test_keep_does_not_look_into_the_database() -> None:
    assert decide(slot(desired="stopped"), 0)[1] == []


def test_flatten_gives_way_to_running_again() -> None:
    facts = put(up(), desired="stopped", open_trades="flatten", generation=2)
    facts, _ = decide(facts, 1)
    facts = put(facts, desired="running", generation=3)
    facts = beat(facts, 2, paused_by_flotilla=True, trader_state="paused")
    assert decide(facts, 2)[1] == [Tell("resume")]


def test_flatten_gives_way_to_a_pause_which_is_told_though_it_is_paused() -> None:
    facts, _ = decide(put(up(), desired="stopped", open_trades="flatten", generation=2), 1)
    facts = put(facts, desired="paused", generation=2)
    facts, actions = decide(beat(facts, 2, paused_by_flotilla=True), 2)
    assert actions == [Tell("pause")], "it would flatten on"
    assert decide(beat(facts, 9, paused_by_flotilla=True), 9)[1] == []


def test_an_adopted_bot_is_told_to_pause_since_it_may_be_flattening() -> None:
    facts, actions = decide(beat(up(desired="paused"), 1, paused_by_flotilla=True), 1)
    assert actions == [Tell("pause")]
    assert decide(beat(facts, 9, paused_by_flotilla=True), 9)[1] == []


# ---- what lifts a block


@pytest.mark.parametrize("blocked", list(Blocked))
def test_repeated_put_lifts_nothing_and_a_new_epoch_lifts_all(blocked: Blocked) -> None:
    facts = replace(slot(), blocked=blocked)
    assert put(facts).blocked is blocked
    assert put(facts, epoch=2).blocked is None


def test_restart_leaves_quarantine_but_not_the_fence() -> None:
    assert table.restart(replace(slot(), blocked=Blocked.QUARANTINED)).blocked is None
    assert table.restart(replace(slot(), blocked=Blocked.FENCED)).blocked is Blocked.FENCED


# ---- whatever happens


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["beat", "exit", "fork", "connect", "lose", "stop", "run", "delete"]), st.floats(0.1, 50)
        )
    )
)
def test_never_two_processes_of_one_slot(steps: list[tuple[str, float]]) -> None:
    """Whatever comes in whatever order: a start is decided on only while no run is known."""
    facts, now = slot(), 0.0
    for what, seconds in steps:
        now += seconds
        facts = happen(facts, what, now)
        facts, actions = decide(facts, now)
        starts = [action for action in actions if isinstance(action, Start)]
        assert len(starts) <= 1
        if starts:
            assert facts.run is None
            facts = table.requested(facts, f"run-{now}", now)
        if any(isinstance(action, Archive) for action in actions):
            assert facts.run is None
            return


def happen(facts: SlotFacts, what: str, now: float) -> SlotFacts:
    match what:
        case "beat" if facts.run is not None and facts.run.connected:
            return beat(facts, now)
        case "exit" if facts.run is not None and facts.run.pid is not None:
            exit_ = exits.describe(facts.run.run_id, 1, AT, facts.run.ending, "", [])
            return exits.exited(facts, exit_, LIMITS, now)[0]
        case "fork" if facts.run is not None and facts.run.pid is None:
            return reports.forked(facts, 100, now)
        case "connect" if facts.run is not None and facts.run.pid is not None:
            return reports.connected(facts, now)
        case "lose":
            return reports.disconnected(facts, now)
        case "stop":
            return put(facts, desired="stopped", generation=facts.spec.generation + 1)
        case "run":
            return put(facts, desired="running", generation=facts.spec.generation + 1)
        case "delete":
            return table.delete(facts)
    return facts
