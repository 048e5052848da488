"""Rebalancing: short plans, never across tenants, never over a limit, and nothing left to plan afterwards."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.pools.rebalance import BotLoad, Goal, Plan, PoolLoad, applied, plan

MB = 2**20
HEADROOM = 0.1


def pool(
    pool_id: str, slots: int = 10, *, tenant: str | None = "ann", limit_mb: int | None = None, **more: Any
) -> PoolLoad:
    return PoolLoad(
        pool_id,
        tenant,
        slots,
        None if limit_mb is None else limit_mb * MB,
        more.get("overhead_mb", 100) * MB,
        more.get("accepts", True),
    )


def bots(pool_id: str, number: int, memory_mb: int = 30, **more: Any) -> list[BotLoad]:
    return [
        BotLoad(
            f"bot-{pool_id}-{index}",
            pool_id,
            memory_mb * MB,
            more.get("running", True),
            more.get("open_trades", 0),
            more.get("movable", True),
        )
        for index in range(number)
    ]


def counted(found: Sequence[BotLoad]) -> dict[str, int]:
    return dict(Counter(bot.pool_id for bot in found))


def balanced(pools: Sequence[PoolLoad], held: Sequence[BotLoad], goal: Goal = "spread") -> tuple[Plan, dict[str, int]]:
    made = plan(pools, held, goal, HEADROOM)
    return made, counted(applied(held, made.moves))


def test_spread_evens_out_with_as_few_moves_as_possible() -> None:
    made, after = balanced([pool("a"), pool("b"), pool("c")], bots("a", 9))
    assert after == {"a": 3, "b": 3, "c": 3}
    assert len(made.moves) == 6
    assert "a uses 9 of 10 slots" in made.moves[0].why
    assert [(use.bots_before, use.bots_after) for use in made.pools] == [(9, 3), (0, 3), (0, 3)]
    assert made.pools[1].memory_after_bytes == (100 + 3 * 30) * MB


def test_a_small_difference_is_not_worth_a_move() -> None:
    made, _ = balanced([pool("a", 50), pool("b", 50)], [*bots("a", 6), *bots("b", 4)])
    assert made.moves == ()


def test_pack_empties_the_emptiest_into_the_fullest() -> None:
    held = [*bots("a", 6), *bots("b", 3), *bots("c", 2)]
    made, after = balanced([pool("a"), pool("b"), pool("c")], held, "pack")
    assert after == {"a": 8, "b": 3}
    assert {move.source_pool_id for move in made.moves} == {"c"}


def test_pack_moves_nobody_where_no_pool_would_be_emptied() -> None:
    made, _ = balanced([pool("a"), pool("b")], [*bots("a", 8), *bots("b", 7)], "pack")
    assert made.moves == ()


@pytest.mark.parametrize("goal", ["spread", "pack"])
def test_tenants_never_mix(goal: Goal) -> None:
    pools = [pool("a", tenant="ann"), pool("b", tenant="bob"), pool("s", tenant=None)]
    made, _ = balanced(pools, [*bots("a", 9), *bots("b", 1), *bots("s", 1)], goal)
    assert made.moves == ()


@pytest.mark.parametrize("goal", ["spread", "pack"])
def test_a_cordoned_pool_neither_takes_nor_gives(goal: Goal) -> None:
    pools = [pool("a"), pool("b", accepts=False), pool("c", accepts=False)]
    made, _ = balanced(pools, [*bots("a", 9), *bots("c", 5)], goal)
    assert made.moves == ()


@pytest.mark.parametrize("goal", ["spread", "pack"])
def test_a_pool_over_its_memory_is_relieved_of_its_largest(goal: Goal) -> None:
    small, large = bots("a", 3), bots("big", 1, 120)
    held = [*small, *(BotLoad(one.bot_id, "a", one.memory_bytes, True, 0, True) for one in large)]
    made, after = balanced([pool("a", limit_mb=300), pool("b", limit_mb=600)], held, goal)
    assert made.moves[0].bot_id == "bot-big-0"
    assert "limits" in made.moves[0].why
    assert after["b"] >= 1


def test_stopped_bots_go_first_then_those_without_trades() -> None:
    held = [
        *bots("a", 7, open_trades=2),
        BotLoad("bot-idle", "a", 30 * MB, True, 0, True),
        BotLoad("bot-stopped", "a", 0, False, 0, True),
    ]
    made, _ = balanced([pool("a"), pool("b")], held)
    assert [move.bot_id for move in made.moves[:2]] == ["bot-stopped", "bot-idle"]


def test_the_plan_is_named_by_its_moves() -> None:
    pools = [pool("a"), pool("b")]
    first = plan(pools, bots("a", 8), "spread", HEADROOM)
    jittered = plan(pools, bots("a", 8, 31), "spread", HEADROOM)
    other = plan(pools, bots("a", 10), "spread", HEADROOM)
    assert first.plan_id == jittered.plan_id != other.plan_id
    assert first.plan_id != plan(pools, bots("a", 8), "pack", HEADROOM).plan_id


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[PoolLoad], list[BotLoad]]:
    numbers = count()
    pools, held = [], []
    for index in range(draw(st.integers(1, 6))):
        limit = draw(st.none() | st.integers(150, 1500))
        made = pool(
            f"pool-{index}",
            draw(st.integers(1, 12)),
            tenant=draw(st.sampled_from(["ann", "bob", None])),
            limit_mb=limit,
            overhead_mb=draw(st.integers(0, 200)),
            accepts=draw(st.integers(0, 4)) > 0,
        )
        pools.append(made)
        for _ in range(draw(st.integers(0, 14))):
            held.append(
                BotLoad(
                    f"bot-{next(numbers)}",
                    made.pool_id,
                    draw(st.integers(0, 200)) * MB,
                    draw(st.booleans()),
                    draw(st.integers(0, 3)),
                    draw(st.integers(0, 9)) > 0,
                )
            )
    return pools, held


@given(worlds(), st.sampled_from(["spread", "pack"]))
def test_plans_keep_to_tenants_and_limits_in_any_order_and_converge(
    world: tuple[list[PoolLoad], list[BotLoad]], goal: Goal
) -> None:
    pools, held = world
    by_id = {one.pool_id: one for one in pools}
    made = plan(pools, held, goal, HEADROOM)
    origin = {bot.bot_id: bot for bot in held}
    assert len({move.bot_id for move in made.moves}) == len(made.moves)
    arrivals: dict[str, list[BotLoad]] = defaultdict(list)
    for move in made.moves:
        bot, source, target = origin[move.bot_id], by_id[move.source_pool_id], by_id[move.target_pool_id]
        assert bot.movable
        assert bot.pool_id == source.pool_id != target.pool_id
        assert source.tenant_id == target.tenant_id
        assert target.accepts
        arrivals[target.pool_id].append(bot)
    for pool_id, arriving in arrivals.items():
        # Whoever leaves is not counted: it may leave last.
        target, there = by_id[pool_id], [bot for bot in held if bot.pool_id == pool_id]
        assert len(there) + len(arriving) <= target.slots_total
        if target.memory_limit_bytes is not None:
            memory = target.overhead_bytes + sum(bot.memory_bytes for bot in [*there, *arriving])
            assert memory <= target.memory_limit_bytes * (1 - HEADROOM)
    assert plan(pools, applied(held, made.moves), goal, HEADROOM).moves == ()
