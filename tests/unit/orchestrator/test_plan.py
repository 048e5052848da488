"""The plan: its rules one by one, and against a model world in which anything may fail at any time."""

from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orchestrator.pools.placement import Capacity
from orchestrator.reconcile.actions import (
    DELETED,
    AskForPool,
    Assign,
    DeleteSlot,
    ForgetRestart,
    Intent,
    MarkDeleted,
    Memory,
    PoolView,
    Put,
    PutSlot,
    RestartSlot,
    SlotView,
)
from orchestrator.reconcile.plan import plan


def intent(**changes: Any) -> Intent:
    values: dict[str, Any] = {
        "bot_id": "bot",
        "pool_id": "pool",
        "epoch": 1,
        "generation": 1,
        "desired": "running",
        "open_trades": "keep",
        "content": "c",
        "owner_id": "one",
    }
    return Intent(**{**values, **changes})


def put_of(wanted: Intent) -> Put:
    assert wanted.pool_id is not None
    return Put(wanted.pool_id, wanted.epoch, wanted.generation, wanted.desired, wanted.open_trades, wanted.content)


def view(slot: SlotView | None = None, *, pool_id: str = "pool", listed_at: float = 1.0, places: int = 5) -> PoolView:
    return PoolView(pool_id, {"bot": slot} if slot else {}, listed_at, Capacity(pool_id, places, "one"))


def settled(wanted: Intent) -> Memory:
    return Memory(acknowledged={wanted.bot_id: put_of(wanted)})


RUNS = SlotView(1, "running", "running")


def test_what_is_acknowledged_and_seen_needs_nothing() -> None:
    assert plan([intent()], [view(RUNS)], {}, settled(intent())) == []


def test_any_difference_is_put() -> None:
    for changed in (
        intent(epoch=2),
        intent(generation=2),
        intent(desired="paused"),
        intent(content="d"),
        intent(desired="stopped", open_trades="flatten"),
    ):
        assert plan([changed], [view(RUNS)], {}, settled(intent())) == [PutSlot("bot", "pool", put_of(changed))]


def test_what_a_dead_control_plane_had_acknowledged_is_put_once_more() -> None:
    assert plan([intent()], [view(RUNS)], {}, Memory()) == [PutSlot("bot", "pool", put_of(intent()))]


def test_a_pool_that_does_not_answer_gets_nothing() -> None:
    assert plan([intent(), intent(bot_id="b2", desired=DELETED)], [PoolView("pool", None)], {}, Memory()) == []


def test_a_listing_older_than_the_last_action_proves_nothing() -> None:
    deleted = intent(desired=DELETED)
    assert plan([deleted], [view(listed_at=1.0)], {}, Memory(settled_at={"bot": 2.0})) == []
    assert plan([deleted], [view(listed_at=3.0)], {}, Memory(settled_at={"bot": 2.0})) == [MarkDeleted("bot")]


def test_busy_and_resting_bots_are_left_alone() -> None:
    assert plan([intent()], [view()], {}, Memory(busy=frozenset({"bot"}))) == []
    assert plan([intent()], [view()], {}, Memory(resting=frozenset({"bot"}))) == []


def test_a_broken_bot_is_not_started_but_can_be_stopped_and_deleted() -> None:
    assert plan([intent(broken=True)], [view()], {}, Memory()) == []
    assert plan([intent(broken=True, pool_id=None)], [view()], {}, Memory()) == []
    stop = intent(broken=True, desired="stopped")
    assert plan([stop], [view(RUNS)], {}, Memory()) == [PutSlot("bot", "pool", put_of(stop))]
    assert plan([intent(broken=True, desired=DELETED)], [view(RUNS)], {}, Memory()) == [DeleteSlot("bot", "pool", 1)]


def test_a_bot_in_a_pool_that_may_not_have_it_is_not_started_there_but_can_be_stopped() -> None:
    assert plan([intent(misplaced=True)], [view()], {}, Memory()) == []
    assert plan([intent(misplaced=True, content="edited")], [view(RUNS)], {}, settled(intent())) == []
    stop = intent(misplaced=True, desired="stopped")
    assert plan([stop], [view(RUNS)], {}, Memory()) == [PutSlot("bot", "pool", put_of(stop))]


def test_a_bot_that_another_pool_still_runs_is_not_started() -> None:
    elsewhere = view(SlotView(1, "running", "running"), pool_id="other")
    moved = intent(epoch=2)
    assert plan([moved], [view(), elsewhere], {}, Memory()) == []
    at_rest = view(SlotView(1, "running", "stopped"), pool_id="other")
    assert plan([moved], [view(), at_rest], {}, Memory()) == [PutSlot("bot", "pool", put_of(moved))]


def test_a_new_bot_that_its_pool_has_no_slot_for_goes_to_another_one() -> None:
    full = replace(view(places=0), full=True)
    room = view(pool_id="other")
    new = intent(fresh=True, epoch=3)
    moved = Assign("bot", "other", above=3, leaves="pool")
    assert plan([new], [full, room], {}, Memory(resting=frozenset({"bot"}))) == [moved]
    assert plan([new], [full], {}, Memory()) == [AskForPool("bot", "one")]
    put = [PutSlot("bot", "pool", put_of(new))]
    assert plan([new], [view(), room], {}, Memory()) == put, "there is room again"
    assert plan([intent(epoch=3)], [full, room], {}, Memory()) == put, "what it traded is in its pool"
    left = view(SlotView(2, "stopped", "stopped"), pool_id="other")
    assert plan([new], [full, left], {}, Memory()) == put, "it is somewhere already"
    assert plan([new], [full, room], {}, Memory(settled_at={"bot": 2.0})) == []


def test_what_an_abandoned_move_left_in_its_source_goes_once_the_bot_has_a_slot_where_it_belongs() -> None:
    moved = intent(epoch=3)
    here = view(SlotView(3, "running", "running"))
    left = SlotView(2, "stopped", "stopped")
    there = view(left, pool_id="source")
    known = settled(moved)
    assert plan([moved], [here, there], {}, known) == [DeleteSlot("bot", "source", 2)]
    assert plan([moved], [view(), there], {}, known) == [PutSlot("bot", "pool", put_of(moved))], "first it has one"
    for other in (SlotView(3, "stopped", "stopped"), replace(left, desired="running"), replace(left, epoch=4)):
        assert plan([moved], [here, view(other, pool_id="source")], {}, known) == []
    stopping = view(replace(left, observed_state="stopping"), pool_id="source")
    assert plan([moved], [here, stopping], {}, known) == []
    assert plan([moved], [here, there], {}, replace(known, settled_at={"bot": 2.0})) == []


def test_a_stopped_bot_without_a_slot_needs_none() -> None:
    assert plan([intent(desired="stopped")], [view()], {}, Memory()) == []
    assert plan([intent(desired="stopped", pool_id=None)], [view()], {}, Memory()) == []


def test_a_restart_comes_after_the_put_and_is_forgotten_by_a_stop() -> None:
    wanted = intent(restart_requested=2, restart_done=1)
    assert plan([wanted], [view(RUNS)], {}, settled(wanted)) == [RestartSlot("bot", "pool", 1, 2)]
    assert plan([wanted], [view(RUNS)], {}, Memory()) == [PutSlot("bot", "pool", put_of(wanted))]
    stopped = replace(wanted, desired="stopped")
    assert plan([stopped], [view(RUNS)], {}, Memory()) == [ForgetRestart("bot", 2)]


def test_flatten_first_then_delete() -> None:
    deleted = intent(desired=DELETED, open_trades="flatten", generation=2)
    flatten = Put("pool", 1, 2, "stopped", "flatten", "c")
    assert plan([deleted], [view(RUNS)], {}, settled(intent())) == [PutSlot("bot", "pool", flatten)]
    acknowledged = Memory(acknowledged={"bot": flatten})
    assert plan([deleted], [view(SlotView(1, "stopped", "stopping"))], {}, acknowledged) == []
    assert plan([deleted], [view(SlotView(1, "stopped", "stopped"))], {}, acknowledged) == [
        DeleteSlot("bot", "pool", 1)
    ]


def test_a_slot_under_a_higher_epoch_is_taken_over_under_a_yet_higher_one() -> None:
    ahead = SlotView(7, "running", "running")
    assert plan([intent()], [view(ahead)], {}, settled(intent())) == [Assign("bot", "pool", above=7)]
    flatten = intent(desired=DELETED, open_trades="flatten")
    assert plan([flatten], [view(ahead)], {}, Memory()) == [Assign("bot", "pool", above=7)]
    assert plan([intent(desired=DELETED)], [view(ahead)], {}, Memory()) == [DeleteSlot("bot", "pool", 7)]


def test_a_bot_that_moved_after_the_backup_is_adopted_where_it_is() -> None:
    there = view(SlotView(3, "running", "running"), pool_id="other", places=0)
    adopted = Assign("bot", "other", above=3, leaves="pool", adopts=True)
    for desired in ("running", "paused", "stopped", DELETED):
        assert plan([intent(desired=desired)], [view(), there], {}, Memory()) == [adopted]
    left = view(SlotView(2, "stopped", "stopped"))
    assert plan([intent()], [left, there], {}, Memory()) == [adopted], "not started from what its move left"
    assert plan([intent()], [PoolView("pool", None), there], {}, Memory()) == [adopted]
    unplaced = intent(pool_id=None, epoch=0)
    assert plan([unplaced], [view(), there], {}, Memory()) == [replace(adopted, leaves=None)]
    newer = intent(pool_id="other", epoch=4)
    assert plan([newer], [view(), there], {}, Memory()) == [PutSlot("bot", "other", put_of(newer))]


def test_of_several_newer_slots_the_newest_is_adopted_and_one_at_rest_only_if_every_pool_tells() -> None:
    left = view(SlotView(4, "stopped", "stopped"), pool_id="b")
    there = view(SlotView(5, "running", "running"), pool_id="c")
    adopted = Assign("bot", "c", above=5, leaves="pool", adopts=True)
    assert plan([intent()], [view(), left, there], {}, Memory()) == [adopted]
    silent = PoolView("c", None)
    for desired in ("running", "stopped"):
        assert plan([intent(desired=desired)], [view(), left, silent], {}, Memory()) == [], "it may run in c"
    gone = [view(), left]
    assert plan([intent(awaits=True)], gone, {}, Memory()) == [], "or in a pool that nobody knows"
    assert plan([intent()], gone, {}, Memory()) == [Assign("bot", "b", above=4, leaves="pool", adopts=True)]


def test_a_slot_of_a_later_generation_is_taken_over_under_a_higher_epoch() -> None:
    """The database was restored from a backup: the agent knows more, and refuses what is older."""
    ahead = SlotView(1, "running", "running", generation=9)
    assert plan([intent()], [view(ahead)], {}, settled(intent())) == [Assign("bot", "pool", above=1)]
    flatten = intent(desired=DELETED, open_trades="flatten")
    assert plan([flatten], [view(ahead)], {}, Memory()) == [Assign("bot", "pool", above=1)]
    assert plan([intent(desired=DELETED)], [view(ahead)], {}, Memory()) == [DeleteSlot("bot", "pool", 1)]
    newer = intent(epoch=2)
    assert plan([newer], [view(ahead)], {}, Memory()) == [PutSlot("bot", "pool", put_of(newer))]


def test_homeless_bots_are_placed_or_told() -> None:
    homeless = [intent(bot_id=f"b{number}", pool_id=None, epoch=0) for number in range(3)]
    assert plan(homeless, [view(places=2)], {}, Memory()) == [
        Assign("b0", "pool"),
        Assign("b1", "pool"),
        AskForPool("b2", "one"),
    ]
    other = replace(homeless[0], owner_id="two")
    assert plan([other], [view(places=2)], {}, Memory()) == [AskForPool("b0", "two")], "another tenant's pool"
    sharing = replace(homeless[0], shareable=True)
    assert plan([sharing], [view(places=0)], {}, Memory()) == [AskForPool("b0", None)]


def test_pools_that_answer_come_first() -> None:
    silent = PoolView("a-silent", None, capacity=Capacity("a-silent", 50, "one"))
    assert plan([intent(pool_id=None)], [silent, view(places=1)], {}, Memory()) == [Assign("bot", "pool")]
    assert plan([intent(pool_id=None)], [silent, view(places=0)], {}, Memory()) == [Assign("bot", "a-silent")]


def test_leftovers_of_deleted_bots_are_deleted_and_strangers_are_not() -> None:
    slots = {"dead": SlotView(3, "running", "running"), "stranger": RUNS}
    assert plan([], [PoolView("pool", slots, 1.0)], {"dead": 2}, Memory()) == [DeleteSlot("dead", "pool", 3)]


POOLS = ("p1", "p2")
BOTS = ("b1", "b2", "b3")


class World(RuleBasedStateMachine):
    """Bots, two pools and a reconciler. Actions may be lost before or after they took effect; pools fall silent; the
    reconciler forgets everything. What must hold at every step: a bot has a process in one pool at most, no stopped bot
    loses its slot, and when things calm down what is wanted is what is."""

    @initialize()
    def begin(self) -> None:
        self.clock = 0.0
        self.intents: dict[str, Intent] = {}
        self.buried: dict[str, int] = {}
        self.pools: dict[str, dict[str, SlotView]] = {pool: {} for pool in POOLS}
        self.places = dict.fromkeys(POOLS, 2)
        self.silent: set[str] = set()
        self.acknowledged: dict[str, Put] = {}
        self.settled_at: dict[str, float] = {}
        self.made = 0
        self.told: dict[str, Put] = {}
        """What each bot's pool was told last."""

    # ---- users

    @precondition(lambda self: len(self.intents) < len(BOTS))
    @rule(desired=st.sampled_from(["running", "paused", "stopped"]))
    def create(self, desired: str) -> None:
        self.made += 1
        bot_id = f"bot-{self.made}"
        self.intents[bot_id] = intent(bot_id=bot_id, pool_id=None, epoch=0, desired=desired)

    @precondition(lambda self: self.intents)
    @rule(
        data=st.data(),
        desired=st.sampled_from(["running", "paused", "stopped", DELETED]),
        open_trades=st.sampled_from(["keep", "flatten"]),
    )
    def want(self, data: st.DataObject, desired: str, open_trades: str) -> None:
        bot = self.intents[data.draw(st.sampled_from(sorted(self.intents)))]
        if bot.desired != DELETED:
            changed = replace(bot, desired=desired, open_trades=open_trades, generation=bot.generation + 1)
            self.intents[bot.bot_id] = changed

    @precondition(lambda self: self.intents)
    @rule(data=st.data())
    def edit_or_restart(self, data: st.DataObject) -> None:
        bot = self.intents[data.draw(st.sampled_from(sorted(self.intents)))]
        if data.draw(st.booleans()):
            changed = replace(bot, generation=bot.generation + 1, content=f"c{bot.generation}")
        else:
            changed = replace(bot, restart_requested=bot.restart_requested + 1)
        if bot.desired != DELETED:
            self.intents[bot.bot_id] = changed

    # ---- the world's whims

    @rule(pool=st.sampled_from(POOLS))
    def toggle_silence(self, pool: str) -> None:
        self.silent ^= {pool}

    @rule()
    def control_plane_dies(self) -> None:
        self.acknowledged.clear()
        self.settled_at.clear()

    @precondition(lambda self: self.intents)
    @rule(data=st.data())
    def database_is_restored(self, data: st.DataObject) -> None:
        """From a backup that knows nothing of a bot's last changes; another one may be made at once."""
        self.control_plane_dies()
        bot = self.intents[data.draw(st.sampled_from(sorted(self.intents)))]
        if bot.desired != DELETED:
            generation = data.draw(st.integers(1, bot.generation))
            self.intents[bot.bot_id] = replace(bot, generation=generation, content=f"restored-{generation}")

    @rule(data=st.data())
    def slot_is_lost(self, data: st.DataObject) -> None:
        """An agent's disk was wiped."""
        pool = data.draw(st.sampled_from(POOLS))
        if self.pools[pool]:
            del self.pools[pool][data.draw(st.sampled_from(sorted(self.pools[pool])))]

    @rule(data=st.data())
    def tick(self, data: st.DataObject) -> None:
        outcome = st.sampled_from(["done", "done", "lost before", "lost after"])
        self._tick(lambda: str(data.draw(outcome)))

    @rule()
    def calm_down(self) -> None:
        """Everything answers and nothing fails: a few ticks later all is as wanted, and there is nothing left to do."""
        self.silent.clear()
        for _ in range(12):
            if not self._tick(lambda: "done"):
                break
        else:
            raise AssertionError(f"no rest: {self._plan()}")
        asking = {action.bot_id for action in self._plan() if isinstance(action, AskForPool)}
        for bot in self.intents.values():
            if bot.desired == DELETED:
                raise AssertionError(f"{bot} was not deleted")
            slot = self.pools[bot.pool_id].get(bot.bot_id) if bot.pool_id else None
            if slot is not None:
                assert slot.desired == bot.desired
                assert slot.epoch == bot.epoch
                assert self.told[bot.bot_id] == put_of(bot)
                assert bot.desired == "stopped" or bot.restart_done == bot.restart_requested
            elif bot.desired != "stopped":
                assert bot.pool_id is None
                assert bot.bot_id in asking
        for slots in self.pools.values():
            assert set(slots) <= set(self.intents)

    # ---- what must hold

    @invariant()
    def a_bot_lives_in_one_pool(self) -> None:
        homes = [bot_id for slots in self.pools.values() for bot_id in slots]
        assert len(homes) == len(set(homes))

    @invariant()
    def planning_is_repeatable_and_acts_once_per_bot(self) -> None:
        actions = self._plan()
        assert actions == self._plan()
        assert len({action.bot_id for action in actions}) == len(actions)

    @invariant()
    def slots_are_deleted_of_deleted_bots_only(self) -> None:
        for action in self._plan():
            if isinstance(action, DeleteSlot):
                bot = self.intents.get(action.bot_id)
                assert action.bot_id in self.buried if bot is None else bot.desired == DELETED
            if isinstance(action, PutSlot):
                assert self.intents[action.bot_id].pool_id == action.pool_id

    # ---- the model

    def _plan(self) -> list[Any]:
        views = []
        for pool in POOLS:
            assigned = sum(1 for bot in self.intents.values() if bot.pool_id == pool)
            capacity = Capacity(pool, max(self.places[pool] - assigned, 0), "one")
            slots = None if pool in self.silent else dict(self.pools[pool])
            views.append(PoolView(pool, slots, self.clock, capacity))
        memory = Memory(acknowledged=dict(self.acknowledged), settled_at=dict(self.settled_at))
        return plan(list(self.intents.values()), views, self.buried, memory)

    def _tick(self, outcome: Any) -> bool:
        self.clock += 1
        actions = self._plan()
        for action in actions:
            self._carry_out(action, outcome())
        return any(not isinstance(action, AskForPool) for action in actions)

    def _carry_out(self, action: Any, outcome: str) -> None:
        if outcome == "lost before":
            return
        bot = self.intents.get(action.bot_id)
        match action:
            case Assign():
                assert bot is not None
                epoch = max(bot.epoch, action.above) + 1
                self.intents[bot.bot_id] = replace(bot, pool_id=action.pool_id, epoch=epoch)
            case ForgetRestart(count=count):
                assert bot is not None
                self.intents[bot.bot_id] = replace(bot, restart_done=count)
            case MarkDeleted():
                assert bot is not None
                assert not any(bot.bot_id in slots for slots in self.pools.values())
                self.buried[bot.bot_id] = self.intents.pop(bot.bot_id).epoch
            case PutSlot(put=put):
                known = self.pools[action.pool_id].get(action.bot_id)
                if known is not None and (known.epoch, known.generation) > (put.epoch, put.generation):
                    return
                state = "stopped" if put.desired == "stopped" else put.desired
                self.pools[action.pool_id][action.bot_id] = SlotView(put.epoch, put.desired, state, put.generation)
                self.told[action.bot_id] = put
                if outcome == "done":
                    self.acknowledged[action.bot_id] = put
                    self.settled_at[action.bot_id] = self.clock
            case DeleteSlot():
                self.pools[action.pool_id].pop(action.bot_id, None)
            case RestartSlot(count=count):
                assert bot is not None
                if outcome == "done":
                    self.intents[bot.bot_id] = replace(bot, restart_done=count)


TestWorld = World.TestCase
TestWorld.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
