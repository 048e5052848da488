"""An exchange that is down for ten minutes, or slow, and what is asked of it meanwhile. Times are given."""

from pool.contract.market import Priority
from pool.exchange.gateway.authority import MOST_FLYING
from pool.exchange.gateway.tickets import Ticket
from pool.exchange.gateway.upstream import TOTAL_SECONDS
from tests.unit.gateway.asker import KLINES, ORDER, Asker

SECONDS = 600


def test_little_is_tried_exits_always_go_and_nothing_storms_when_it_is_back() -> None:
    asker, tried, began = Asker(limit=6000), {"exit": 0, "price": 0, "data": 0}, 0.0
    began = asker.now
    for second in range(SECONDS):
        asker.now = began + second
        asked: list[Priority] = ["data", "price"] * 20
        for priority in [*asked, "exit"] if second % 60 == 0 else asked:
            ticket = asker.ask(priority, ORDER if priority == "exit" else KLINES)
            if ticket in asker.under_way:
                asker.under_way.remove(ticket)
                asker.one.failed(ticket, False, asker.now)
                tried[priority] += 1
            else:
                asker.one.leave(ticket)
    assert tried["exit"] == SECONDS // 60, "each of them was sent"
    assert 0 < tried["price"] <= 10 + SECONDS / 5
    assert tried["data"] <= 40, "of 12,000"
    asker.now += 60.0
    asker.under_way.clear()
    for number in range(100):
        asker.ask("data", KLINES, tenant=f"t{number}")
    exits = [asker.ask("exit", ORDER, bot=f"b{number}") for number in range(5)]
    assert all(ticket in asker.under_way for ticket in exits)
    data = [ticket for ticket in asker.under_way if ticket.priority == "data"]
    assert len(data) == 1, "one tries whether it is back"
    asker.answer(data[0])
    assert all(ticket in asker.under_way for ticket in exits), "the exits are under way still"
    again = [asker.ask("data", KLINES, tenant=f"t{number}") for number in range(100)]
    while asker.under_way:
        assert len(asker.under_way) <= MOST_FLYING
        asker.answer()
    assert all(ticket.number > 0 for ticket in again), "and all of them come to it"
    assert asker.exchange.used < 6000


PATIENCE = 5.0


def test_of_an_exchange_that_takes_twenty_seconds_exits_go_at_once_and_the_rest_hears_no_in_time() -> None:
    """Nobody waits for that: after ten the gateway has given up each of its requests."""
    asker, asked, ended = Asker(limit=6000), list[Ticket](), dict[Ticket, float]()
    began = asker.now
    for tick in range(4 * SECONDS):
        asker.now = began + tick / 4
        for ticket in [one for one in asker.under_way if asker.now - one.sent_at >= TOTAL_SECONDS]:
            asker.under_way.remove(ticket)
            asker.one.failed(ticket, False, asker.now)
        asker.look()
        if tick % 4 == 0:
            priorities: list[Priority] = ["data", "price", "order"] * 10 + ["urgent"]
            asked += [asker.ask(priority, KLINES, patience=PATIENCE) for priority in priorities]
        exits = [asker.ask("exit", ORDER, bot=f"b{number}") for number in range(2 if tick % 20 == 0 else 0)]
        assert all(ticket in asker.under_way for ticket in exits), "whatever else hangs"
        assert len(asker.under_way) <= MOST_FLYING
        ended |= {ticket: asker.now for ticket, _ in asker.denied}
        asker.denied.clear()
    first = [ticket for ticket in asked if ticket.deadline < asker.now]
    late = [ended.get(one, one.sent_at) - (one.deadline - PATIENCE) for one in first]
    assert all(one.number or one in ended for one in first), "each has gone or was refused"
    assert max(late) <= PATIENCE + 0.25
    went = [one for one in asked if one.number]
    assert len(went) < MOST_FLYING + 2 * SECONDS / TOTAL_SECONDS * 4, "little is tried"
    assert any(one.priority in ("price", "urgent") and one.sent_at > began + SECONDS / 2 for one in went), "yet it is"
