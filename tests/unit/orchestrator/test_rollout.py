"""A roll-out, step by step, in a world that does what it is told: who is moved when, what stops it, the way back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.pools.rollout import advance, lost, refused
from orchestrator.pools.rollout_facts import (
    ABORT,
    ACTIVE,
    ROLL_BACK,
    AbandonMove,
    BotFacts,
    Cordon,
    CreatePool,
    Leg,
    Limits,
    MoveBot,
    MoveFacts,
    Phase,
    PoolFacts,
    Progress,
    RemovePool,
    State,
    Step,
    Trades,
    Uncordon,
    World,
)

LIMITS = Limits(ready_seconds=60, move_seconds=30, start_seconds=30)
START = datetime(2026, 11, 20, tzinfo=UTC)
TRADES = Trades(open_ids=[1, 2], closed=5)


def bot(pool: str, **changes: object) -> BotFacts:
    return replace(BotFacts(pool, "running", "running", None, TRADES, START), **changes)  # type: ignore[arg-type]


class Pools:
    """Pools, bots and moves that obey. `arriving` says what becomes of a bot in a new pool."""

    def __init__(self, bots: dict[str, BotFacts], pools: tuple[str, ...] = ("old",)) -> None:
        self.now = START
        self.bots = bots
        self.pools = {pool: PoolFacts(alive=True, ready=True) for pool in pools}
        self.cordoned: set[str] = set()
        self.moves: dict[str, MoveFacts] = {}
        self.log: list[str] = []
        self.arriving: Callable[[str, BotFacts], BotFacts] = lambda _, facts: facts
        self.made_ready = True
        self.unmovable: dict[str, bool] = {}
        """Bots whose moves do not get on, and whether their source refuses for good."""
        self.progress = Progress(
            State.RUNNING, [Leg(source_pool_id=pool, source_image="1", target_image="2") for pool in pools]
        )

    @property
    def world(self) -> World:
        return World(self.now, dict(self.pools), dict(self.bots), dict(self.moves))

    def tick(self) -> Step:
        step = advance(self.progress, self.world, LIMITS)
        self.perform(step)
        return step

    def perform(self, step: Step) -> None:
        for act in step.acts:
            self.log.append(type(act).__name__)
            match act:
                case CreatePool(leg=number):
                    leg = step.progress.legs[number]
                    leg.target_pool_id = f"{leg.source_pool_id}'"
                    self.pools[leg.target_pool_id] = PoolFacts(alive=True, ready=self.made_ready)
                case Cordon():
                    self.cordoned.add(act.pool_id)
                case Uncordon():
                    self.cordoned.discard(act.pool_id)
                case RemovePool():
                    assert not [one for one in self.bots.values() if one.pool_id == act.pool_id]
                    self.pools[act.pool_id] = PoolFacts(alive=False, ready=False)
                case MoveBot():
                    assert act.target_pool_id not in self.cordoned
                    assert self.pools[act.target_pool_id].alive
                    source = self.bots[act.bot_id].pool_id or ""
                    self.moves[act.bot_id] = MoveFacts(source, act.target_pool_id, False)
                case AbandonMove():
                    del self.moves[act.bot_id]
        self.progress = step.progress

    def carry_out_moves(self) -> None:
        for bot_id, move in list(self.moves.items()):
            if bot_id in self.unmovable and bot_id not in self.looked_after() and not move.final:
                del self.moves[bot_id]  # given up, as every move that does not get on
            elif bot_id in self.unmovable:
                self.moves[bot_id] = replace(move, refused=self.unmovable[bot_id], problem="It is too large.")
            if bot_id in self.unmovable:
                continue
            moved = replace(self.bots[bot_id], pool_id=move.target_pool_id, reported_at=self.now + timedelta(seconds=2))
            back = not move.target_pool_id.endswith("'")
            self.bots[bot_id] = moved if back else self.arriving(bot_id, moved)
            del self.moves[bot_id]

    def looked_after(self) -> set[str]:
        active = self.progress.state in ACTIVE
        return {leg.trial.bot_id for leg in self.progress.legs if active and leg.trial is not None}

    def run(self, ticks: int = 80) -> None:
        for _ in range(ticks):
            self.tick()
            self.carry_out_moves()
            # A bot under way never leaves another one under way beside it.
            assert len(self.moves) <= 1
            self.now += timedelta(seconds=3)
            self.bots = {
                bot_id: replace(one, reported_at=self.now) if one.observed == "running" else one
                for bot_id, one in self.bots.items()
            }

    def state(self) -> State:
        return self.progress.state

    def homes(self) -> dict[str, str | None]:
        return {bot_id: one.pool_id for bot_id, one in self.bots.items()}


def test_every_bot_is_moved_one_after_another_and_the_old_pool_goes_last() -> None:
    pools = Pools({"a": bot("old"), "b": bot("old", desired="stopped", observed="stopped"), "c": bot("old")})
    pools.run()
    assert pools.state() == State.DONE
    assert pools.homes() == {"a": "old'", "b": "old'", "c": "old'"}
    assert pools.log == ["CreatePool", "Cordon", "MoveBot", "MoveBot", "MoveBot", "RemovePool"]
    assert not pools.pools["old"].alive


def test_the_canary_runs_and_has_the_fewest_open_trades() -> None:
    few = Trades(open_ids=[], closed=9)
    pools = Pools(
        {"a": bot("old", desired="stopped", observed="stopped"), "b": bot("old"), "c": bot("old", trades=few)}
    )
    pools.run(3)
    assert pools.progress.legs[0].trial is not None
    assert pools.progress.legs[0].trial.bot_id == "c"


def test_pools_come_one_after_another() -> None:
    pools = Pools({"a": bot("old"), "b": bot("other")}, ("old", "other"))
    pools.run()
    assert pools.state() == State.DONE
    assert pools.log.index("RemovePool") < pools.log.index("CreatePool", 1)


def test_a_bot_that_cannot_boot_goes_back_and_nobody_else_is_touched() -> None:
    pools = Pools({"a": bot("old"), "b": bot("old")})
    pools.arriving = lambda _, facts: replace(facts, observed="failed", problem="Its strategy cannot be loaded.")
    pools.run()
    assert pools.state() == State.STOPPED
    assert "cannot be loaded" in (pools.progress.problem or "")
    assert pools.homes() == {"a": "old", "b": "old"}
    assert pools.pools["old"].alive
    assert "old" not in pools.cordoned
    assert not pools.pools["old'"].alive, "nobody is in it"


def test_a_lost_trade_stops_it() -> None:
    pools = Pools({"a": bot("old")})
    pools.arriving = lambda _, facts: replace(facts, trades=Trades(open_ids=[1], closed=5))
    pools.run()
    assert pools.state() == State.STOPPED
    assert "lost open trades on the way: 2" in (pools.progress.problem or "")
    assert pools.homes() == {"a": "old"}


@pytest.mark.parametrize(
    ("after", "missing"),
    [
        (Trades(open_ids=[1, 2, 3], closed=5), []),
        (Trades(open_ids=[2], closed=6), []),
        (Trades(open_ids=[2], closed=5), [1]),
        (Trades(open_ids=[], closed=6), [1, 2]),
        (None, []),
    ],
)
def test_trades_are_kept_open_or_closed(after: Trades | None, missing: list[int]) -> None:
    assert lost(TRADES, after) == missing


def test_a_report_from_before_the_move_counts_for_nothing() -> None:
    pools = Pools({"a": bot("old")})
    pools.arriving = lambda _, facts: replace(facts, observed="unknown", reported_at=START)
    pools.run(8)
    assert pools.progress.legs[0].trial is not None
    pools.run(12)
    assert pools.state() in (State.STOPPING, State.STOPPED)
    assert "unknown, not running" in (pools.progress.problem or "")


def test_what_was_broken_before_is_moved_but_not_judged() -> None:
    pools = Pools({"a": bot("old", observed="failed", problem="broken since ever")})
    pools.run()
    assert pools.state() == State.DONE
    assert pools.homes() == {"a": "old'"}


STOPPED = {"desired": "stopped", "observed": "stopped"}
BROKEN = {"observed": "failed", "problem": "broken since ever"}


@pytest.mark.parametrize("before", [{}, STOPPED, BROKEN], ids=["runs", "stopped", "broken"])
def test_a_bot_that_its_pool_cannot_hand_over_stays_and_the_others_go(before: dict[str, str]) -> None:
    pools = Pools({"a": bot("old", **before), "b": bot("old"), "c": bot("old")})
    pools.unmovable["a"] = True
    pools.run()
    assert pools.state() == State.DONE
    assert pools.homes() == {"a": "old", "b": "old'", "c": "old'"}
    assert pools.pools["old"].alive
    assert "old" in pools.cordoned
    assert pools.progress.legs[0].left == {"a": "It is too large."}
    assert pools.progress.problem == "a stays in old. It is too large."


@pytest.mark.parametrize("before", [STOPPED, BROKEN], ids=["stopped", "broken"])
def test_a_bot_that_did_not_run_before_and_does_not_arrive_stops_nobody(before: dict[str, str]) -> None:
    pools = Pools({"a": bot("old", **before), "b": bot("old")})
    pools.unmovable["a"] = False
    pools.run()
    assert pools.state() == State.DONE
    assert pools.homes() == {"a": "old", "b": "old'"}


def test_a_bot_that_ran_and_does_not_arrive_stops_it() -> None:
    pools = Pools({"a": bot("old"), "b": bot("old")})
    pools.unmovable["a"] = False
    pools.run()
    assert pools.state() == State.STOPPED
    assert pools.homes() == {"a": "old", "b": "old"}


def test_a_new_pool_that_is_not_ready_any_more_is_to_blame_whoever_does_not_arrive() -> None:
    pools = Pools({"a": bot("old", **STOPPED)})
    pools.unmovable["a"] = False
    for _ in range(3):
        pools.tick()
    assert "a" in pools.moves
    pools.pools["old'"] = PoolFacts(alive=True, ready=False)
    pools.run()
    assert pools.state() == State.STOPPED
    assert "cannot be moved" in (pools.progress.problem or "")


def test_a_stopped_bot_that_is_found_broken_in_the_new_pool_stops_nobody() -> None:
    pools = Pools({"a": bot("old", **STOPPED), "b": bot("old")})
    pools.arriving = lambda bot_id, facts: replace(facts, problem="no") if bot_id == "a" else facts
    pools.run()
    assert pools.state() == State.DONE
    assert pools.homes() == {"a": "old'", "b": "old'"}


def test_what_a_user_changed_meanwhile_is_not_put_down_to_the_image() -> None:
    pools = Pools({"a": bot("old"), "b": bot("old")})
    broken = {"observed": "failed", "problem": "His new strategy does not load.", "generation": 1}
    pools.arriving = lambda bot_id, facts: replace(facts, **broken) if bot_id == "a" else facts  # type: ignore[arg-type]
    pools.run()
    assert pools.state() == State.DONE
    assert pools.homes() == {"a": "old'", "b": "old'"}


def test_a_bot_that_may_not_go_into_the_new_pool_stays() -> None:
    pools = Pools({"a": bot("old"), "b": bot("old")})
    for _ in range(2):
        pools.tick()
    step = refused(pools.progress, pools.world, "Its template is not allowed in shared pools.", "a")
    pools.perform(step)
    pools.run()
    assert pools.state() == State.DONE
    assert pools.homes() == {"a": "old", "b": "old'"}


def test_where_the_new_pool_is_gone_no_bot_is_to_blame() -> None:
    pools = Pools({"a": bot("old"), "b": bot("old")})
    for _ in range(2):
        pools.tick()
    del pools.pools["old'"]
    pools.perform(refused(pools.progress, pools.world, "There is no such pool.", "a"))
    pools.run()
    assert pools.state() == State.STOPPED
    assert pools.progress.problem == "There is no such pool."
    assert "old" not in pools.cordoned


def test_what_stayed_is_there_when_the_others_come_back() -> None:
    pools = Pools({"a": bot("old"), "b": bot("old"), "c": bot("old")})
    pools.unmovable["a"] = True
    pools.run()
    pools.unmovable["b"] = True
    pools.progress.wish = ROLL_BACK
    pools.run()
    assert pools.state() == State.ROLLED_BACK
    assert pools.homes() == {"a": "old", "b": "old'", "c": "old"}
    assert pools.pools["old'"].alive
    assert "b stays in old'" in (pools.progress.problem or "")


def test_a_way_back_that_is_blocked_is_not_waited_for() -> None:
    pools = Pools({"a": bot("old"), "b": bot("old")})
    pools.run()
    pools.unmovable["a"] = False
    pools.progress.wish = ROLL_BACK
    pools.run()
    assert pools.state() == State.ROLLED_BACK
    assert pools.moves == {}, "it is given up, so that the bot trades on where it is"
    assert pools.homes() == {"a": "old'", "b": "old''"}
    assert "a stays in old'. It is too large." in (pools.progress.problem or "")


def test_what_stayed_and_came_after_all_is_told_no_more() -> None:
    pools = Pools({"a": bot("old"), "b": bot("old")})
    pools.run()
    pools.progress.wish = ROLL_BACK
    pools.run(3)
    pools.bots = {bot_id: replace(one, pool_id="old'") for bot_id, one in pools.bots.items()}
    (leg,) = pools.progress.legs
    leg.left, leg.moved, leg.trial = {"a": "Its agent does not answer."}, [], None
    pools.moves = {"a": MoveFacts("old'", leg.target_pool_id or "", False)}
    pools.carry_out_moves()
    pools.run()
    assert pools.state() == State.ROLLED_BACK
    assert pools.progress.problem is None
    assert len(set(pools.homes().values())) == 1


def test_a_new_pool_that_does_not_start_leaves_the_old_one_serving() -> None:
    pools = Pools({"a": bot("old")})
    pools.made_ready = False
    pools.run(2)
    pools.pools["old'"] = PoolFacts(alive=True, ready=False, problem="The image is missing.", hopeless=True)
    pools.run(4)
    assert pools.state() == State.STOPPED
    assert "The image is missing." in (pools.progress.problem or "")
    assert pools.homes() == {"a": "old"}
    assert "old" not in pools.cordoned


def test_a_second_bot_that_fails_leaves_the_first_where_it_is_until_it_is_rolled_back() -> None:
    pools = Pools({"a": bot("old"), "b": bot("old")})
    pools.arriving = lambda bot_id, facts: replace(facts, problem="no") if bot_id == "b" else facts
    pools.run()
    assert pools.state() == State.STOPPED
    assert pools.homes() == {"a": "old'", "b": "old"}
    assert "old'" in pools.cordoned
    pools.progress.wish = ROLL_BACK
    pools.run()
    assert pools.state() == State.ROLLED_BACK
    assert pools.homes() == {"a": "old", "b": "old"}
    assert not pools.pools["old'"].alive


def test_rolling_back_what_is_done_makes_a_pool_of_the_former_image() -> None:
    pools = Pools({"a": bot("old")})
    pools.run()
    pools.progress.wish = ROLL_BACK
    pools.run()
    assert pools.state() == State.ROLLED_BACK
    (leg,) = pools.progress.legs
    assert (leg.source_pool_id, leg.target_pool_id, leg.target_image) == ("old'", "old''", "1")
    assert pools.homes() == {"a": "old''"}


def test_abort_brings_the_bot_under_way_back() -> None:
    pools = Pools({"a": bot("old"), "b": bot("old")})
    pools.arriving = lambda _, facts: replace(facts, observed="starting")
    pools.run(4)
    pools.progress.wish = ABORT
    pools.run()
    assert pools.state() == State.ABORTED
    assert pools.progress.problem is None
    assert pools.progress.wish is None
    assert pools.homes() == {"a": "old", "b": "old"}


def test_a_move_that_does_not_get_on_is_abandoned() -> None:
    pools = Pools({"a": bot("old")})
    for _ in range(3):
        pools.tick()
    assert "a" in pools.moves
    pools.moves["a"] = replace(pools.moves["a"], problem="The disk is full.")
    pools.now += timedelta(seconds=31)
    pools.tick()
    assert pools.state() == State.STOPPING
    pools.tick()
    assert pools.log[-1] == "AbandonMove"
    pools.run(3)
    assert pools.state() == State.STOPPED
    assert "The disk is full." in (pools.progress.problem or "")


def test_what_is_refused_for_good_stops_it() -> None:
    pools = Pools({"a": bot("old")})
    pools.tick()
    pools.tick()
    pools.perform(refused(pools.progress, pools.world, "No room."))
    pools.run(3)
    assert pools.state() == State.STOPPED
    assert pools.progress.problem == "No room."
    assert "old" not in pools.cordoned


def test_a_deleted_bot_is_no_reason_to_stop() -> None:
    pools = Pools({"a": bot("old"), "b": bot("old")})
    for _ in range(3):
        pools.tick()
    del pools.bots["a"], pools.moves["a"]
    pools.run()
    assert pools.state() == State.DONE
    assert pools.homes() == {"b": "old'"}


def test_progress_survives_its_row() -> None:
    pools = Pools({"a": bot("old")})
    pools.run(3)
    leg = pools.progress.legs[0]
    assert leg.trial is not None
    assert Leg.model_validate_json(leg.model_dump_json()) == leg
    assert leg.phase == Phase.MOVING


KINDS = ["well", "stopped", "broken", "fails", "loses", "hangs", "unmovable", "stalled"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["well", "stopped", "broken", "fails", "loses", "hangs", "unmovable", "stalled"]),
        min_size=1,
        max_size=6,
    ),
    st.integers(0, 40),
    st.sampled_from([None, ABORT, ROLL_BACK]),
)
def test_it_always_ends_and_no_bot_is_ever_lost(kinds: list[str], when: int, wish: str | None) -> None:
    """Whatever becomes of the bots, and whenever an administrator changes his mind: it ends, every bot is in a pool
    that lives, and if it stopped the old pool takes bots again."""
    before = {
        "stopped": {"desired": "stopped", "observed": "stopped"},
        "broken": {"observed": "failed", "problem": "x"},
    }
    pools = Pools({f"{n}-{kind}": bot("old", **before.get(kind, {})) for n, kind in enumerate(kinds)})
    after = {
        "fails": {"problem": "no"},
        "loses": {"trades": Trades(open_ids=[], closed=5)},
        "hangs": {"observed": "starting"},
    }
    pools.arriving = lambda bot_id, facts: replace(facts, **after.get(bot_id.partition("-")[2], {}))  # type: ignore[arg-type]
    stuck = {"unmovable": True, "stalled": False}
    pools.unmovable = {bot_id: stuck[kind] for bot_id in pools.bots if (kind := bot_id.partition("-")[2]) in stuck}
    pools.run(when)
    if wish == ROLL_BACK or (wish == ABORT and pools.progress.state == State.RUNNING):
        pools.progress.wish = wish
    pools.run(160)
    assert pools.state() in (State.DONE, State.STOPPED, State.ABORTED, State.ROLLED_BACK)
    assert not pools.moves
    assert all(pools.pools[one.pool_id or ""].alive for one in pools.bots.values())
    replaced = all(leg.phase == Phase.DONE for leg in pools.progress.legs)  # just before it was aborted
    if pools.progress.state in (State.STOPPED, State.ABORTED) and not replaced:
        assert "old" not in pools.cordoned
    if pools.progress.state == State.ROLLED_BACK:
        left = {bot_id for leg in pools.progress.legs for bot_id in leg.left}
        assert len({home for bot_id, home in pools.homes().items() if bot_id not in left}) <= 1
        assert left <= pools.unmovable.keys()
