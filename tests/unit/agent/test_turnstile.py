"""A few connections for each, and in all."""

from pool.agent.turnstile import MOST_OF_ONE, Turnstile, caller

ALICE, BOB = caller(20_000, 7, (0, 10_000)), caller(20_001, 8, (0, 10_000))


def test_who_has_too_many_keeps_nobody_else_out() -> None:
    gate = Turnstile(slots_total=5)
    assert [gate.enter(ALICE) for _ in range(MOST_OF_ONE + 1)] == [True] * MOST_OF_ONE + [False]
    assert gate.enter(BOB)
    gate.leave(ALICE)
    assert gate.enter(ALICE), "a restarted bot comes in once its old connections have ended"


def test_a_bot_is_its_user_id_and_where_bots_share_one_its_process() -> None:
    assert caller(20_000, 7, (0, 10_000)) == caller(20_000, 9, (0, 10_000))
    assert caller(10_000, 7, (0, 10_000)) != caller(10_000, 9, (0, 10_000))


def test_all_slots_may_have_theirs_and_then_there_is_an_end() -> None:
    gate = Turnstile(slots_total=5)
    for process in range(5):
        assert all(gate.enter((1000, process)) for _ in range(MOST_OF_ONE))
    entered = sum(gate.enter((1000, process)) for process in range(100, 1000))
    assert 0 < entered < 50
    gate.leave((1000, 0))
    assert gate.enter((1000, 0))


def test_refusals_are_told_of_each_in_turn_but_not_without_end() -> None:
    gate = Turnstile(slots_total=5)
    assert sum(gate.is_told(ALICE, now=1.0) for _ in range(1000)) == 10
    assert gate.is_told(BOB, now=1.0)
    assert gate.is_told(ALICE, now=62.0)
    for process in range(5000):
        gate.is_told((1000, process), now=70.0)
    assert len(gate._told) <= 1000
