"""What holds of budgets whatever is asked and answered."""

from collections.abc import Callable
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from pool.contract.market import Priority
from pool.exchange.gateway.authority import MOST_FLYING, Authority
from pool.exchange.gateway.meters import SHARES, Bucket
from pool.exchange.gateway.queueing import rank
from pool.exchange.gateway.tables import Endpoint
from pool.exchange.gateway.tickets import Ticket
from tests.unit.gateway.asker import Asker, state_of

moves = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(get_args(Priority)), st.integers(0, 3)),
        st.tuples(st.just("answer"), st.integers(0, 60), st.integers(0, 9)),
        st.tuples(st.just("time"), st.integers(1, 25), st.just(0)),
        st.tuples(st.just("others"), st.integers(1, 10), st.just(0)),
    ),
    max_size=120,
)
ENDPOINTS = [Endpoint(f"GET /{weight}", weight / 5, 0.2) for weight in (1, 2, 10, 30)]


def play(asker: Asker, steps: list[Any], check: Callable[[Ticket], None], answers: bool = True) -> None:
    """`check` sees each request at the moment it goes."""
    seen: set[int] = set()
    for move, first, second in steps:
        if move == "ask":
            asker.ask(first, ENDPOINTS[second], patience=8.0, tenant=f"t{second}")
        elif move == "answer" and asker.under_way:
            asker.answer(asker.under_way[first % len(asker.under_way)])
        elif move == "time":
            asker.now += first
            asker.look()
        elif move == "others":
            asker.exchange.used += first
        for ticket in asker.under_way:
            if ticket.number not in seen:
                seen.add(ticket.number)
                check(ticket)


@settings(max_examples=150, deadline=None)
@given(moves)
def test_nothing_goes_past_its_share_as_far_as_is_known(steps: list[Any]) -> None:
    asker = Asker(limit=60)
    asker.served()

    def check(ticket: Ticket) -> None:
        used, limit, _ = asker.one.use(asker.now)
        alone = used <= ticket.endpoint.weight + 1e-9
        assert alone or used <= max(SHARES.values()) * limit + 1e-9
        if ticket.priority == "data" and not any(one.priority != "data" for one in asker.under_way):
            assert alone or used <= SHARES["data"] * limit + 1e-9

    play(asker, steps, check)


@settings(max_examples=150, deadline=None)
@given(moves)
def test_nobody_waits_who_has_room_and_nobody_goes_past_a_higher_class(steps: list[Any]) -> None:
    asker = Asker(limit=60)
    asker.served()

    def check(sent: Ticket) -> None:
        for waiting in asker.one.queue:
            held = asker.one.standing.paused(waiting.priority, waiting.endpoint.name, waiting.account, asker.now)
            used, limit, _ = asker.one.use(asker.now)
            guaranteed = sent.priority == "order" and used > SHARES["order"] * limit
            if rank(waiting.priority) < rank(sent.priority) and not held and not guaranteed:
                raise AssertionError(f"{sent.priority} went while {waiting.priority} waited")

    play(asker, steps, check)
    used, limit, _ = asker.one.use(asker.now)
    waiting = next(iter(asker.one.queue), None)
    pauses = waiting is not None and asker.one.standing.paused(
        waiting.priority, waiting.endpoint.name, waiting.account, asker.now
    )
    window = next(iter(asker.one.windows.values()))
    if waiting is not None and not pauses and window.confirmed and len(asker.under_way) < 0.6 * MOST_FLYING:
        assert used + waiting.endpoint.weight > SHARES[waiting.priority] * limit - 1e-9


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from(["price", "data"]), st.floats(0.1, 3))))
def test_a_bucket_never_gives_a_class_more_than_its_share_of_the_pace(
    asked: list[tuple[float, Priority, float]],
) -> None:
    bucket, now = Bucket(5.0), 0.0
    given_: dict[Priority, float] = {"price": 0.0, "data": 0.0}
    for passed, priority, cost in asked:
        now += passed
        if bucket.wait(priority, cost, now) == 0.0:
            bucket.charge(priority, cost, now)
            given_[priority] += cost
        most = 5.0 * now + bucket.capacity
        assert given_["data"] <= SHARES["data"] * most + 3.0 + 1e-6
        assert given_["price"] <= SHARES["price"] * most + 1e-6
        assert given_["price"] + given_["data"] <= most + 3.0 + 1e-6, (
            "but for one dear one that goes when nothing else does"
        )


def test_a_price_that_waits_holds_back_no_signed_request() -> None:
    asker = Asker(units=1.0)
    asker.one.windows.clear()
    for _ in range(10):
        asker.ask("price", Endpoint("GET /Depth", 1.0, 1.0, "0"))
    for straight in (True, False):
        order = asker.ask("order", Endpoint("POST /OpenOrders", 3.0, 1.0, "0"), straight=straight)
        assert order.number > 0


@settings(max_examples=60, deadline=None)
@given(moves)
def test_state_makes_the_way_to_disk_and_back(steps: list[Any]) -> None:
    asker = Asker(limit=60)
    play(asker, steps, lambda _: None)
    again = Authority("api.example", asker.units, lambda: 0.0)
    again.of_json(state_of(asker.one), 0.0)
    assert state_of(again) == state_of(asker.one)
