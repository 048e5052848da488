"""Who goes next where not all can."""

from collections import Counter
from dataclasses import dataclass
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from pool.contract.market import Priority
from pool.exchange.gateway.queueing import Queue, rank


@dataclass(eq=False)
class Item:
    priority: Priority = "data"
    peer: str = "10.0.0.1"
    tenant: str = "a"
    cost: float = 1.0
    name: str = ""


def drained(queue: Queue[Item], most: int = 1_000_000) -> list[Item]:
    """Served one after another."""
    gone: list[Item] = []
    while len(gone) < most and (item := next(iter(queue), None)) is not None:
        queue.served(item)
        gone.append(item)
    return gone


def test_exits_and_cancels_before_crossed_stops_before_entries_before_prices_before_looks_before_data() -> None:
    queue: Queue[Item] = Queue()
    for priority in ("data", "order", "price", "entry", "urgent", "cancel", "exit"):
        queue.put(Item(priority))
    assert [item.priority for item in drained(queue)] == ["cancel", "exit", "urgent", "entry", "price", "order", "data"]
    assert [item.priority for item in [*queue]] == []


def test_the_oldest_of_a_tenant_goes_first() -> None:
    queue: Queue[Item] = Queue()
    for name in "abc":
        queue.put(Item(name=name))
    assert [item.name for item in drained(queue)] == ["a", "b", "c"]


def test_tenants_take_turns_by_cost_not_by_number() -> None:
    queue: Queue[Item] = Queue()
    for _ in range(20):
        queue.put(Item(tenant="dear", cost=4.0))
        queue.put(Item(tenant="cheap", cost=1.0))
        queue.put(Item(tenant="cheap", cost=1.0))
    served = Counter[str]()
    for item in drained(queue, 25):
        served[item.tenant] += int(item.cost)
    assert abs(served["dear"] - served["cheap"]) <= 4


def test_a_peer_that_invents_tenants_gets_no_more() -> None:
    queue: Queue[Item] = Queue()
    for number in range(40):
        queue.put(Item(peer="liar", tenant=f"t{number}"))
        queue.put(Item(peer="honest", tenant="one"))
    peers = Counter(item.peer for item in drained(queue, 40))
    assert abs(peers["liar"] - peers["honest"]) <= 1


def test_tenants_of_one_peer_take_turns_beside_another_peer_with_one() -> None:
    queue: Queue[Item] = Queue()
    for number in range(90):
        queue.put(Item(peer="many", tenant=f"t{number % 3}"))
        queue.put(Item(peer="single", tenant="one"))
    gone = drained(queue, 60)
    many = Counter(item.tenant for item in gone if item.peer == "many")
    assert set(many.values()) == {10}


def test_who_comes_back_has_nothing_saved_up() -> None:
    queue: Queue[Item] = Queue()
    for _ in range(50):
        queue.put(Item(tenant="busy"))
    drained(queue)
    for _ in range(20):
        queue.put(Item(tenant="busy"))
        queue.put(Item(tenant="idle"))
    tenants = Counter(item.tenant for item in drained(queue, 20))
    assert abs(tenants["busy"] - tenants["idle"]) <= 1


def test_what_was_not_served_costs_nothing() -> None:
    queue: Queue[Item] = Queue()
    left = [Item(tenant="gone") for _ in range(100)]
    for item in left:
        queue.put(item)
    for item in left:
        queue.remove(item)
    for _ in range(10):
        queue.put(Item(tenant="other"))
        queue.put(Item(tenant="gone"))
    assert Counter(item.tenant for item in drained(queue, 10)) == {"other": 5, "gone": 5}


def test_a_full_queue_gives_the_place_of_the_greediest_in_the_lowest_class() -> None:
    queue: Queue[Item] = Queue(most=4)
    flood = [Item(tenant="flood", name=str(number)) for number in range(3)]
    for item in flood:
        assert queue.put(item) is None
    assert queue.put(Item(tenant="other")) is None
    greedy = Item(tenant="flood")
    assert queue.put(greedy) is greedy
    assert queue.put(Item(tenant="third")) is flood[-1]
    assert queue.put(Item("exit")) is not None
    assert len(queue) == 4
    assert next(iter(queue)).priority == "exit"


def test_of_what_is_worth_more_nothing_gives_way() -> None:
    queue: Queue[Item] = Queue(most=2)
    queue.put(Item("exit"))
    queue.put(Item("cancel"))
    late = Item("data")
    assert queue.put(late) is late


items = st.builds(
    Item,
    priority=st.sampled_from(get_args(Priority)),
    peer=st.sampled_from(["p", "q", "r"]),
    tenant=st.sampled_from(["a", "b"]),
    cost=st.sampled_from([0.2, 1.0, 4.0]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(items, max_size=40))
def test_all_are_served_once_and_no_class_before_a_higher_one(put: list[Item]) -> None:
    queue: Queue[Item] = Queue()
    for item in put:
        assert queue.put(item) is None
    looked = [id(item) for item in queue]
    gone = drained(queue)
    assert [id(item) for item in gone] == looked, "a look tells another order than serving one by one"
    assert Counter(map(id, gone)) == Counter(map(id, put))
    ranks = [rank(item.priority) for item in gone]
    assert ranks == sorted(ranks)
    assert len(queue) == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.2, 1.0, 4.0])), min_size=1, max_size=150))
def test_no_tenant_with_work_falls_behind_another(moves: list[tuple[int, float]]) -> None:
    """Whoever has waited throughout was served as much as anybody, but for two requests' worth."""
    queue: Queue[Item] = Queue()
    tenants = ["a", "b", "c", "d"]
    for tenant in tenants:  # each always has one waiting
        queue.put(Item(tenant=tenant, cost=4.0))
    served = dict.fromkeys(tenants, 0.0)
    for which, cost in moves:
        queue.put(Item(tenant=tenants[which], cost=cost))
        item = next(iter(queue))
        queue.served(item)
        served[item.tenant] += item.cost
        if not any(one.tenant == item.tenant for one in queue):
            queue.put(Item(tenant=item.tenant, cost=4.0))
        assert max(served.values()) - min(served.values()) <= 8.0 + 1e-9
