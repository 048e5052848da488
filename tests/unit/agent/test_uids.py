"""Each slot has a user id of its own and keeps it; one that was given back is not the next to be given."""

from pathlib import Path

from pool.agent import table
from pool.agent.keeper import Keeper
from pool.agent.ring import EventRing
from pool.agent.store import StoredSlot, StoredSlots
from pool.agent.uids import Uids
from pool.contract.frames import Fork
from pool.contract.model import Wire
from pool.settings import PoolSettings
from tests.unit.agent.builders import LIMITS, make_spec, slot

FIRST = 20_000


def uids(slots: int = 3) -> Uids:
    return Uids.of(PoolSettings(pool_id="p", slots_total=slots, bot_uid_first=FIRST))


def test_a_pool_without_ids_gives_none() -> None:
    none = Uids.of(PoolSettings(pool_id="p"))
    assert none.keep(None, []) is None
    assert none.keep(FIRST, []) is None, "kept from a time when the pool had some"


def test_an_id_is_kept_unless_another_has_it_or_it_is_not_the_pools() -> None:
    assert uids().keep(FIRST + 2, [FIRST]) == FIRST + 2
    assert uids().keep(FIRST + 2, [FIRST + 2]) == FIRST
    assert uids().keep(FIRST - 1, []) == FIRST
    assert uids().keep(FIRST + 6, []) == FIRST, "twice as many as slots, and no more"


def test_ids_go_round_before_one_is_given_again() -> None:
    giver = uids()
    assert [giver.keep(None, []) for _ in range(7)] == [*range(FIRST, FIRST + 6), FIRST]
    assert giver.keep(None, range(FIRST, FIRST + 6)) is None


async def test_slots_keep_theirs_over_changes_and_restarts_of_the_agent(tmp_path: Path) -> None:
    sent: list[Wire] = []
    keeper = Keeper(tmp_path, LIMITS, EventRing("now", 100), StoredSlots(), sent.append, uids())
    for bot_id in ("one", "two"):
        keeper.apply(await keeper.change(bot_id, lambda facts, bot_id=bot_id: table.put(facts, bot_id, make_spec())))
    await keeper.change("one", lambda facts: table.put(facts, "one", make_spec(generation=2)))

    given = {bot_id: entry.facts.uid for bot_id, entry in keeper.entries.items()}
    assert given == {"one": FIRST, "two": FIRST + 1}
    assert {frame.bot_id: frame.uid for frame in sent if isinstance(frame, Fork)} == given
    stored = StoredSlots.model_validate_json((tmp_path / "slots.json").read_bytes())
    again = Keeper(tmp_path, LIMITS, EventRing("then", 100), stored, sent.append, uids())
    assert {bot_id: entry.facts.uid for bot_id, entry in again.entries.items()} == given


def test_slots_of_a_pool_that_had_no_ids_get_them(tmp_path: Path) -> None:
    old = StoredSlots(slots=[StoredSlot.of(slot())])
    assert old.slots[0].uid is None
    keeper = Keeper(tmp_path, LIMITS, EventRing("now", 100), old, lambda frame: None, uids())
    assert keeper.entries["bot"].facts.uid == FIRST
