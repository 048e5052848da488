"""Who may ask an exchange, and when: shares, windows, pauses, bans, and what survives. Times are given."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.contract.market import Priority
from pool.exchange.gateway import authority as authority_module
from pool.exchange.gateway.authority import MOST_FLYING, Authority
from pool.exchange.gateway.budget import Budgets
from pool.exchange.gateway.meters import SHARES, Bucket
from pool.exchange.gateway.queueing import rank
from pool.exchange.gateway.seams import Refused
from pool.exchange.gateway.tables import Endpoint, Table, Tables
from pool.exchange.gateway.tickets import Denied, Ticket

MINUTE = 1_795_000_020.0
"""A full minute of the exchange's clock."""
ONE = Endpoint("GET /one", 0.2, 0.2)
KLINES = Endpoint("GET /klines", 0.4, 0.2)
ORDER = Endpoint("DELETE /order", 0.2, 0.2)


@dataclass
class Exchange:
    """Counts weights as Binance does, and says so."""

    limit: float
    used: float = 0.0
    minute: float = MINUTE // 60

    def answer(self, weight: float, now: float) -> tuple[int, dict[str, str]]:
        if now // 60 != self.minute:
            self.minute, self.used = now // 60, 0.0
        self.used += weight
        told = {"x-mbx-used-weight-1m": f"{self.used:g}", "date": formatdate(now, usegmt=True)}
        return (429, {**told, "retry-after": "10"}) if self.used > self.limit else (200, told)


@dataclass
class Asker:
    """An authority with an exchange behind it that answers when it is told to."""

    limit: float = 100.0
    units: float = 20.0
    now: float = MINUTE
    one: Authority = field(init=False)
    exchange: Exchange = field(init=False)
    under_way: list[Ticket] = field(default_factory=list)
    denied: list[tuple[Ticket, Denied]] = field(default_factory=list)
    again_at: float | None = None

    def __post_init__(self) -> None:
        self.one, self.exchange = Authority("api.example", self.units, lambda: 0.0), Exchange(self.limit)
        rows = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": int(self.limit)}]
        self.one.hear_limits("api", json.dumps({"rateLimits": rows}).encode())

    def ask(self, priority: Priority = "data", endpoint: Endpoint = ONE, patience: float = 5.0, **more: Any) -> Ticket:
        ticket = Ticket(endpoint, priority, more.pop("tenant", "t"), "p", self.now + patience, **more)
        self.denied += self.one.ask(ticket)
        self.look()
        return ticket

    def look(self) -> None:
        turn = self.one.turn(self.now)
        self.under_way += [ticket for ticket in turn.granted if not ticket.straight]
        self.denied += turn.denied
        self.again_at = turn.again_at

    def answer(self, ticket: Ticket | None = None, status: int | None = None) -> None:
        """The one that went first, or another."""
        ticket = ticket or self.under_way[0]
        self.under_way.remove(ticket)
        code, headers = self.exchange.answer(ticket.endpoint.weight, self.now)
        self.one.told(ticket, status or code, headers, self.now)
        self.look()

    def served(self, priority: Priority = "data", endpoint: Endpoint = ONE) -> bool:
        """Asked and answered, or refused at once."""
        ticket = self.ask(priority, endpoint)
        if ticket in self.under_way:
            self.answer(ticket)
            return True
        self.one.leave(ticket)
        return False

    def fill(self, priority: Priority, endpoint: Endpoint = ONE) -> None:
        """Until nothing of that class goes any more."""
        for _ in range(10_000):
            if not self.served(priority, endpoint):
                return
        raise AssertionError("nothing stops it")

    def refusals(self) -> list[str]:
        return [denied.refusal for _, denied in self.denied]


def test_each_class_has_its_share_and_the_higher_goes_on() -> None:
    asker = Asker(limit=100)
    asker.fill("data")
    assert asker.exchange.used == 60
    assert not asker.served("data")
    asker.fill("order")
    assert asker.exchange.used == 70
    asker.fill("price")
    assert asker.exchange.used == 80
    assert not asker.served("entry")
    asker.fill("urgent")
    assert asker.exchange.used == 90
    asker.fill("exit")
    assert asker.exchange.used == 95
    assert not asker.served("cancel")
    assert set(asker.refusals()) == {"budget"}


def test_a_refusal_tells_when_the_window_rolls_and_is_counted_by_class() -> None:
    asker = Asker(limit=100, now=MINUTE + 20)
    asker.fill("data")
    _, denied = asker.denied[-1]
    assert (denied.status, denied.refusal) == (429, "budget")
    assert 40.0 <= denied.retry_after <= 41.5
    assert asker.one.refused == {"data": 1}


def test_who_can_wait_for_the_window_does_and_goes_when_it_has_rolled() -> None:
    asker = Asker(limit=100, now=MINUTE + 57)
    asker.fill("data")
    waiting = asker.ask("data", patience=10.0)
    assert waiting not in asker.under_way
    assert asker.again_at is not None
    assert MINUTE + 60 <= asker.again_at <= MINUTE + 61.1
    asker.now = asker.again_at
    asker.look()
    assert waiting in asker.under_way


def test_a_new_window_is_believed_only_when_the_exchange_says_so() -> None:
    """Its clock may be another: until it has told, only a tenth of the limit goes at once."""
    asker = Asker(limit=100)
    asker.fill("data")
    asker.now = MINUTE + 62
    asker.exchange.minute = asker.now // 60  # and it has not rolled: the limit is a sliding one
    first = [asker.ask() for _ in range(40)]
    assert sum(ticket in asker.under_way for ticket in first) == 10
    asker.answer()
    assert len(asker.under_way) == 9, "what it told is above the share: no more goes"
    assert asker.exchange.used < 100


def test_what_others_use_of_the_same_address_counts() -> None:
    asker = Asker(limit=100)
    asker.served()
    asker.exchange.used += 50
    asker.served()
    assert asker.one.use(asker.now)[0] == 52
    asker.fill("data")
    assert asker.exchange.used == 60


def test_what_is_under_way_counts_before_it_is_answered() -> None:
    asker = Asker(limit=50)
    asker.served()
    asked = [asker.ask(endpoint=KLINES) for _ in range(40)]
    assert len(asker.under_way) == 14  # 1 + 14 * 2 of 30
    while asker.under_way:
        asker.answer()
    assert asker.exchange.used <= 30
    assert sum(ticket.number > 0 for ticket in asked) == 14


def test_weights_are_learned_where_ccxt_reckons_otherwise() -> None:
    asker = Asker(limit=600)
    heavy = Endpoint("GET /heavy", 0.2, 0.2)
    asker.served()
    for _ in range(3):
        ticket = asker.ask(endpoint=heavy)
        asker.exchange.used += 39  # it weighs 40
        asker.answer(ticket)
    asker.under_way.clear()
    for _ in range(40):
        asker.ask(endpoint=heavy)
    assert len(asker.under_way) == 5  # 121 + 5 * 40 of 360, not as many as would weigh 1


def test_traffic_of_others_does_not_teach_a_wrong_weight_for_long() -> None:
    asker = Asker(limit=600)
    asker.served()
    ticket = asker.ask()
    asker.exchange.used += 100
    asker.answer(ticket)
    asker.served()
    before = len(asker.under_way)
    for _ in range(20):
        asker.ask()
    assert len(asker.under_way) - before == 20


def test_permits_count_until_the_exchange_must_have_counted_them() -> None:
    asker = Asker(limit=100)
    asker.served()
    for _ in range(50):
        asker.ask("order", straight=True)
    assert asker.one.use(asker.now)[0] == 51
    asker.fill("data")
    assert asker.exchange.used == 10, "59 of 60 are taken by then"
    asker.now += 12
    asker.exchange.used += 50  # the straight ones
    asker.served("exit")
    asker.served("exit")
    assert asker.one.use(asker.now)[0] == asker.exchange.used


def test_permits_where_the_exchange_counts_this_address_leave_less_for_all() -> None:
    asker = Asker(limit=100)
    asker.served()
    for number in range(200):
        asker.ask("order", straight=True, bot=f"b{number}", patience=0.0)
    assert asker.one.use(asker.now)[0] == 70
    asker.fill("price")
    assert asker.one.use(asker.now)[0] == 80


def test_prices_without_end_leave_looks_at_orders_a_part_that_is_theirs() -> None:
    asker = Asker(limit=1_000, now=MINUTE + 57)
    asker.fill("price")
    assert asker.exchange.used == 800
    price = asker.ask("price", patience=30.0)
    assert price not in asker.under_way
    asker.fill("order")
    assert asker.exchange.used == 850, "past the price that waits"
    for number in range(100):
        asker.ask("order", straight=True, bot=f"b{number}", patience=0.0)
    assert asker.one.use(asker.now)[0] == 850, "one part for those who ask themselves, too"
    asker.fill("urgent")
    assert asker.exchange.used == 900
    asker.now = MINUTE + 62
    asker.look()
    assert price in asker.under_way
    asker.answer()
    asker.fill("price")
    assert asker.served("order"), "anew in each window"


def test_looks_at_orders_that_hang_leave_prices_a_way_out_and_both_leave_one_to_crossed_stops() -> None:
    asker = Asker(limit=100_000)
    asker.served()
    for _ in range(200):
        asker.ask("order", patience=0.0)
    hang = len(asker.under_way)
    price = asker.ask("price")
    assert price in asker.under_way
    for _ in range(200):
        asker.ask("price", patience=0.0)
    assert asker.ask("urgent") in asker.under_way
    assert hang < len(asker.under_way)


def test_permits_are_refused_as_requests_are() -> None:
    asker = Asker(limit=100)
    asker.fill("data")
    asker.ask("data", straight=True)
    assert asker.denied[-1][1].refusal == "budget"


def test_what_was_not_answered_counts_as_used() -> None:
    asker = Asker(limit=100)
    asker.served()
    for _ in range(20):
        ticket = asker.ask("exit")
        asker.under_way.remove(ticket)
        asker.one.failed(ticket, False, asker.now)
    assert asker.one.use(asker.now)[0] == 21


def test_an_answer_of_the_window_before_does_not_fill_the_new_one() -> None:
    asker = Asker(limit=100)
    asker.fill("data")
    asker.now = MINUTE + 59
    late = asker.ask("exit")
    status, headers = asker.exchange.answer(1.0, asker.now)
    asker.now = MINUTE + 61.5
    assert asker.served("data")
    asker.one.told(late, status, headers, asker.now)
    assert asker.one.use(asker.now)[0] == 2, "its own weight, in doubt, beside that of the new window"


def test_the_exchanges_clock_rolls_the_window_not_ours() -> None:
    asker = Asker(limit=100, now=MINUTE + 30)
    exchange = asker.exchange

    def answer(ticket: Ticket) -> None:
        status, headers = exchange.answer(ticket.endpoint.weight, asker.now + 20)  # its clock is ahead
        asker.one.told(ticket, status, headers, asker.now)

    for _ in range(60):
        asker.under_way.clear()
        asker.ask()
        for ticket in asker.under_way:
            answer(ticket)
    ticket = asker.ask(patience=20.0)
    assert asker.again_at is not None
    assert asker.again_at <= MINUTE + 41.1
    asker.now = MINUTE + 42
    asker.look()
    assert ticket in asker.under_way


def test_where_no_limit_is_listed_it_is_ccxts_pace_in_the_exchanges_units() -> None:
    one = Authority("api.example", 20.0, lambda: 0.0)
    ticket = Ticket(KLINES, "data", "", "p", MINUTE + 5)
    one.ask(ticket)
    one.turn(MINUTE)
    one.told(ticket, 200, {"x-mbx-used-weight-1m": "2"}, MINUTE)
    assert one.use(MINUTE) == (2.0, 6000.0, 60.0)


def test_where_nothing_is_told_it_is_ccxts_pace_with_shares() -> None:
    asker = Asker(units=10.0)
    for _ in range(30):
        asker.ask("data", Endpoint("GET /x", 1.0), patience=100)
    assert len(asker.under_way) == 12  # 60 % of two seconds' worth
    asker.ask("exit", Endpoint("GET /x", 1.0))
    assert asker.under_way[-1].priority == "exit"
    for ticket in [*asker.under_way]:
        asker.under_way.remove(ticket)
        asker.one.told(ticket, 200, {}, asker.now)
    asker.now += 1.0
    asker.look()
    assert len(asker.under_way) == 6, "six a second: what an account does is its own affair"


def test_limits_of_one_endpoint_hold_back_that_endpoint_alone() -> None:
    asker = Asker(units=1_000.0)
    ticket = asker.ask()
    asker.under_way.remove(ticket)
    told = {"x-bapi-limit": "10", "x-bapi-limit-status": "4", "x-bapi-limit-reset-timestamp": "900"}
    asker.one.told(ticket, 200, told, asker.now)
    held = asker.ask()
    other = asker.ask(endpoint=KLINES)
    assert held not in asker.under_way
    assert other in asker.under_way
    asker.now += 1.0
    asker.look()
    assert held in asker.under_way


def test_used_weights_are_counted_by_family_and_one_that_is_full_holds_back_no_other() -> None:
    """As at the paper exchange, where all of Binance's hosts are one."""
    asker, perpetuals = Asker(limit=100), Endpoint("GET /fapi/v1/klines", 1.0, 1.0, "fapi")
    asker.fill("data")
    asker.ask("data", patience=100.0)
    for used_ in (1, 2, 3):
        ticket = asker.ask(endpoint=perpetuals)
        assert ticket in asker.under_way
        asker.under_way.remove(ticket)
        asker.one.told(ticket, 200, {"x-mbx-used-weight-1m": str(used_)}, asker.now)
    assert [window.used for window in asker.one.windows.values()] == [60.0, 3.0]
    assert asker.one.use(asker.now)[0] == 60.0


def test_what_is_told_of_an_account_is_no_limit_of_the_address() -> None:
    asker = Asker(units=1_000.0)
    ticket = asker.ask("order")
    asker.one.told(ticket, 200, {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0"}, asker.now)
    assert asker.ask("data") in asker.under_way


def test_remaining_without_a_limit_is_kept_to() -> None:
    asker = Asker(units=1_000.0)
    for left in (19, 8):
        ticket = asker.ask()
        asker.one.told(ticket, 200, {"x-mbx-used-remain-limit": str(left)}, asker.now)
    assert asker.ask() not in asker.under_way, "12 of 20 are used"
    assert asker.ask("exit") in asker.under_way


def test_data_that_hangs_leaves_connections_to_others() -> None:
    asker = Asker(limit=1_000_000, units=1e6)
    asker.served()
    for _ in range(200):
        asker.ask("data")
    assert len(asker.under_way) == 0.6 * MOST_FLYING
    assert asker.ask("entry") in asker.under_way
    assert asker.ask("exit") in asker.under_way


def test_waiting_is_bounded_and_what_is_worth_more_takes_a_place() -> None:
    asker = Asker(limit=100, now=MINUTE + 59)
    asker.fill("exit")
    asker.denied.clear()
    for number in range(400):
        asker.ask("data", tenant=f"t{number % 7}")
    assert len(asker.one.queue) == 300
    exit_ = asker.ask("exit")
    assert len(asker.one.queue) == 300
    assert exit_ in [*asker.one.queue]
    assert len(asker.denied) == 101


def test_too_many_requests_hold_back_all_but_exits_and_what_was_told_is_doubted() -> None:
    asker = Asker(limit=1_000)
    asker.served()
    asker.answer(asker.ask(), status=429)
    assert asker.ask("entry", patience=5.0) not in asker.under_way
    assert asker.denied[-1][1].refusal == "budget"
    assert asker.denied[-1][1].retry_after == pytest.approx(10.0)
    assert asker.served("exit")
    waiting = [asker.ask("data", patience=30.0) for _ in range(5)]
    asker.now += 10.5
    asker.look()
    assert all(ticket in asker.under_way for ticket in waiting)


def test_too_many_of_another_endpoint_do_not_hold_back_a_price() -> None:
    asker = Asker(limit=1_000)
    asker.served()
    asker.answer(asker.ask(endpoint=KLINES), status=429)
    assert not asker.served("data", ONE)
    entry = asker.ask("entry", patience=30.0)
    assert asker.served("price", ONE), "though an entry waits that is worth more"
    assert entry not in asker.under_way
    assert not asker.served("price", KLINES)


BYBIT = {"x-bapi-limit": "10", "x-bapi-limit-status": "4", "x-bapi-limit-reset-timestamp": "900"}


@pytest.mark.parametrize(("told", "held"), [({}, True), (BYBIT, False)], ids=["the address", "one endpoint"])
def test_for_as_long_as_the_exchange_says_prices_wait_that_are_not_of_crossed_stops(
    told: dict[str, str], held: bool
) -> None:
    asker = Asker(limit=1_000)
    ticket = asker.ask(endpoint=KLINES)
    asker.under_way.clear()
    asker.one.told(ticket, 429, {**told, "retry-after": "60"}, asker.now)
    asker.now += 5.0
    assert asker.served("price", ONE) is not held
    assert asker.served("urgent", ONE)
    assert asker.served("exit", ONE)
    assert asker.served("exit", KLINES)
    asker.one = restarted(asker.one, 0.0)
    asker.now += 50.0
    assert asker.served("price", ONE) is not held
    asker.now += 5.1
    assert asker.served("price", ONE)


def test_too_many_of_one_account_hold_back_that_account_alone() -> None:
    asker = Asker(limit=1_000)
    asker.served()
    asker.answer(asker.ask("entry", ORDER, bot="busy"), status=429)
    assert asker.ask("entry", ORDER, bot="busy") not in asker.under_way
    assert asker.denied[-1][1].refusal == "budget"
    assert asker.ask("exit", ORDER, bot="busy") in asker.under_way
    waiting = asker.ask("order", ORDER, bot="busy", patience=60.0)
    assert waiting not in asker.under_way
    for priority in get_args(Priority):
        assert asker.served(priority), "another bot's, or nobody's in particular"


def test_too_many_of_several_accounts_of_one_tenant_hold_back_that_tenant_alone() -> None:
    asker = Asker(limit=1_000)
    asker.served()
    for bot in ("one", "two"):
        asker.answer(asker.ask("entry", ORDER, bot=bot), status=429)
    for straight in (True, False):
        third = asker.ask("entry", ORDER, bot="three", straight=straight)
        assert third.number == 0
        assert asker.ask("entry", ORDER, bot="three", tenant="another", straight=straight).number > 0
    assert asker.ask("exit", ORDER, bot="three").number > 0
    assert asker.ask("price", bot="three").number > 0


@pytest.mark.parametrize(("apart", "all_paused"), [(1.0, True), (11.0, False)])
def test_too_many_of_several_tenants_at_a_time_hold_back_all_but_exits_and_prices(
    apart: float, all_paused: bool
) -> None:
    asker = Asker(limit=1_000)
    asker.served()
    for tenant in ("one", "two"):
        ticket = asker.ask("entry", ORDER, tenant=tenant, bot=tenant)
        asker.now += apart
        asker.answer(ticket, status=429)
    assert (asker.one.standing.paused_until > asker.now) is all_paused
    assert (asker.ask("entry", ORDER, tenant="three", bot="three").number == 0) is all_paused
    for priority in ("exit", "cancel", "price", "urgent"):
        assert asker.ask(priority, tenant="three").number > 0


def test_too_many_of_one_account_are_everybodys_where_the_address_is_full() -> None:
    asker = Asker(limit=100)
    asker.served()
    ticket = asker.ask("entry", ORDER, bot="busy")
    asker.exchange.used += 200
    asker.answer(ticket)
    assert asker.one.standing.paused_until > asker.now


def test_exits_do_not_wait_until_a_new_window_is_confirmed() -> None:
    asker = Asker(limit=100)
    asker.fill("data")
    asker.now = MINUTE + 62
    tries = [asker.ask("data") for _ in range(10)]
    assert all(ticket in asker.under_way for ticket in tries)
    assert asker.ask("price") not in asker.under_way
    assert asker.ask("exit") in asker.under_way
    assert asker.ask("cancel") in asker.under_way


def test_when_a_ban_ends_one_who_asks_himself_tries_and_others_are_refused_until_it_is_known() -> None:
    asker = Asker(limit=1_000)
    asker.served()
    asker.answer(asker.ask(), status=418)
    asker.now += 121.5
    permits = [asker.ask("order", straight=True, bot=f"b{number}") for number in range(20)]
    assert [ticket.number > 0 for ticket in permits] == [True] + [False] * 19
    assert asker.denied[-1][1].refusal == "banned"
    assert asker.denied[-1][1].retry_after == pytest.approx(10.0)
    assert asker.ask("exit", straight=True).number > 0
    assert asker.served("data"), "its answer is seen, and it worked"
    assert asker.ask("order", straight=True).number > 0


def test_a_ban_refuses_everything_then_one_request_tries() -> None:
    asker = Asker(limit=1_000)
    asker.served()
    waiting = asker.ask("data")
    asker.answer(waiting, status=418)
    for priority in get_args(Priority):
        ticket = asker.ask(priority)
        assert ticket not in asker.under_way
        assert asker.denied[-1][1].refusal == "banned"
        assert asker.denied[-1][1].status == 429
        assert asker.denied[-1][1].retry_after >= 120.0
    asker.now += 121.5
    tries = [asker.ask() for _ in range(6)]
    assert asker.under_way == tries[:1]
    assert asker.ask("exit") in asker.under_way
    asker.answer(tries[0])
    assert all(ticket in asker.under_way for ticket in tries[1:])


def test_who_waits_as_a_ban_comes_is_refused_at_once() -> None:
    asker = Asker(limit=100, now=MINUTE + 57)
    asker.fill("data")
    asker.ask("data", patience=10.0)
    asker.answer(asker.ask("exit"), status=418)
    assert len(asker.one.queue) == 0
    assert asker.refusals()[-1] == "banned"


def test_an_open_breaker_refuses_its_endpoint_and_lets_one_try() -> None:
    asker = Asker(limit=1_000)
    asker.served()
    for _ in range(5):
        asker.answer(asker.ask(endpoint=KLINES), status=503)
    asker.ask(endpoint=KLINES)
    _, denied = asker.denied[-1]
    assert (denied.refusal, denied.status) == ("open", 503)
    assert asker.served("data", ONE)
    asker.now += 2.5
    first, second = asker.ask(endpoint=KLINES), asker.ask(endpoint=KLINES)
    assert first in asker.under_way
    assert second not in asker.under_way
    asker.answer(first)
    assert asker.served("data", KLINES)


def test_who_left_is_not_sent_and_what_was_not_sent_is_not_used() -> None:
    asker = Asker(limit=100, now=MINUTE + 57)
    asker.fill("data")
    gone = asker.ask("data", patience=10.0)
    asker.one.leave(gone)
    asker.now += 5
    asker.look()
    assert gone not in asker.under_way
    sent = asker.ask("exit")
    before = asker.one.use(asker.now)[0]
    asker.one.withdraw(sent)
    assert asker.one.use(asker.now)[0] == before - 1


def test_what_is_dear_is_not_passed_for_ever_by_what_is_cheap() -> None:
    asker = Asker(limit=100, now=MINUTE + 57)
    for _ in range(40):
        asker.served()
    dear = asker.ask("exit", Endpoint("GET /dear", 12.0, 0.2), patience=10.0)
    cheap = asker.ask("data", patience=10.0)
    assert asker.under_way == [], "there is room for one, but it is not its turn"
    asker.now += 5
    asker.look()
    assert asker.under_way[0] is dear
    asker.answer(dear)
    assert [ticket for ticket, _ in asker.denied] == [cheap], "60 of 100 are used then, until a minute later"


def test_one_that_gives_up_makes_room_for_the_next_within_the_same_look() -> None:
    asker = Asker(limit=100, now=MINUTE + 58)
    asker.fill("exit")
    dear = Endpoint("GET /dear", 10.0, 0.2)
    asker.ask("exit", dear, patience=1.0)
    asker.exchange.used = 0.0
    asker.now += 1.0
    asker.look()
    assert asker.denied[-1][0].endpoint is dear


def state_of(one: Authority) -> Any:
    return json.loads(json.dumps(one.to_json()))


def test_what_was_used_and_bans_survive_a_restart() -> None:
    asker = Asker(limit=100)
    asker.fill("data")
    asker.answer(asker.ask("price"), status=429)
    again = Authority("api.example", asker.units, lambda: 0.0)
    again.of_json(state_of(asker.one), 0.0)
    assert again.use(asker.now) == asker.one.use(asker.now)
    assert again.standing.paused_until == asker.one.standing.paused_until > asker.now
    asker.one, asker.under_way = again, []
    asker.now += 15
    assert not asker.served("data")
    assert asker.served("exit")


def test_pauses_of_an_endpoint_and_of_an_account_survive_a_restart() -> None:
    asker = Asker(limit=1_000)
    asker.served()
    asker.answer(asker.ask("entry", ORDER, bot="busy"), status=429)
    asker.one, asker.now = restarted(asker.one, -1.0), asker.now + 8.0
    busy, other = (asker.one.standing.paused("entry", "", ("p", "t", bot), asker.now) for bot in ("busy", "other"))
    assert (busy, other) == (pytest.approx(1.0), 0.0), "a clock that was set back makes nothing longer"
    asker.answer(asker.ask("price", KLINES), status=429)
    asker.one, asker.now = restarted(asker.one, 0.0), asker.now + 8.0
    assert asker.served("price", ONE)
    assert not asker.served("price", KLINES)


def restarted(one: Authority, shift: float) -> Authority:
    again = Authority(one.name, one.units, lambda: 0.0)
    again.of_json(state_of(one), shift)
    return again


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


# --- the shell that waits


@dataclass
class Shell:
    """Budgets with a clock of its own, of one exchange."""

    tables: Tables
    monotonic: float = 1_000.0
    wall: float = MINUTE

    def __post_init__(self) -> None:
        self.budgets = Budgets(self.tables, lambda: self.monotonic, lambda: self.wall, lambda: 0.0)

    def admit(self, priority: Priority = "data", patience: float = 5.0, authority: str = "api.example") -> Any:
        return self.budgets.admit(
            "one", authority, "GET", "/api/one", "", priority, None, "127.0.0.1", self.monotonic + patience
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    endpoints = [{"method": "GET", "url": "https://api.example/api/one", "cost": 0.2}]
    told = {"rate_limit_ms": 50, "window_ms": 0, "origins": ["https://api.example"], "endpoints": endpoints}
    tables = Tables(tmp_path)
    tables._tables["one"] = Table(told)
    return Shell(tables)


def used(weight: int, shell: Shell) -> dict[str, str]:
    at = shell.wall + shell.monotonic - 1_000.0
    return {"X-MBX-USED-WEIGHT-1M": str(weight), "Date": formatdate(at, usegmt=True)}


async def test_leave_is_given_told_and_shown(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(200, used(7, shell), shell.monotonic)
    [budget] = shell.budgets.budgets("one")
    assert (budget.authority, budget.used, budget.limit, budget.window_seconds) == ("api.example", 7.0, 6000.0, 60.0)
    assert shell.budgets.breaking("one").state == "closed"
    assert shell.budgets.budgets("other") == []


@pytest.mark.parametrize("authority", ["elsewhere.example", "api.example.evil.example", "API.EXAMPLE:81"])
async def test_another_host_is_refused(shell: Shell, authority: str) -> None:
    with pytest.raises(Refused) as refused:
        await shell.admit(authority=authority)
    assert (refused.value.refusal, refused.value.status) == ("host", 403)


async def test_who_waits_goes_as_soon_as_an_answer_makes_room(shell: Shell) -> None:
    first = await shell.admit()
    first.told(200, used(3_599, shell), shell.monotonic)
    under_way = await shell.admit()
    waiting = asyncio.ensure_future(shell.admit())
    await asyncio.sleep(0)
    assert not waiting.done()
    higher = await shell.admit("exit")
    assert not waiting.done()
    higher.told(200, used(3_500, shell), shell.monotonic)
    await asyncio.sleep(0)
    assert not waiting.done(), "what is used does not become less within a window"
    under_way.told(200, used(3_599, shell), shell.monotonic)  # it cost nothing
    await waiting


async def test_a_refused_one_hears_it_with_the_time_to_come_back(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(200, used(5_000, shell), shell.monotonic)
    with pytest.raises(Refused) as refused:
        await shell.admit()
    assert (refused.value.refusal, refused.value.status) == ("budget", 429)
    assert refused.value.retry_after_seconds == pytest.approx(60, abs=2)
    await shell.admit("exit")
    assert shell.budgets.refused("one") == {"data": 1}


async def test_a_cancelled_asker_leaves_nothing_behind(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(200, used(3_599, shell), shell.monotonic)
    under_way = await shell.admit()
    waiting = asyncio.ensure_future(shell.admit())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert shell.budgets.budgets("one")[0].waiting == 0
    under_way.told(200, used(3_600, shell), shell.monotonic)


async def test_one_cancelled_in_the_moment_it_has_leave_gives_it_back(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(200, used(3_599, shell), shell.monotonic)
    under_way = await shell.admit()
    waiting = asyncio.ensure_future(shell.admit())
    await asyncio.sleep(0)
    under_way.told(200, used(3_599, shell), shell.monotonic)
    assert shell.budgets.budgets("one")[0].used == 3_600, "it has leave"
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert shell.budgets.budgets("one")[0].used == 3_599


async def test_bans_are_shown_with_their_end_and_survive(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(418, {"Retry-After": "300"}, shell.monotonic)
    breaking = shell.budgets.breaking("one")
    assert breaking.state == "banned"
    assert "api.example bans" in (breaking.reason or "")
    assert breaking.retry_at is not None
    assert breaking.retry_at.timestamp() >= MINUTE + 300
    later = Shell(shell.tables, monotonic=5.0, wall=MINUTE + 100)  # another process, after a reboot
    later.budgets.of_json(shell.budgets.to_json())
    assert later.budgets.breaking("one") == breaking
    with pytest.raises(Refused) as refused:
        await later.admit("exit")
    assert refused.value.refusal == "banned"
    assert refused.value.retry_after_seconds == pytest.approx(201, abs=1)


async def test_a_clock_that_was_set_back_makes_no_ban_longer(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(418, {"Retry-After": "300"}, shell.monotonic)
    later = Shell(shell.tables, wall=MINUTE - 86_400)
    later.budgets.of_json(shell.budgets.to_json())
    retry_at = later.budgets.breaking("one").retry_at
    assert retry_at is not None
    assert retry_at.timestamp() <= MINUTE - 86_400 + 310


async def test_the_wall_clock_may_jump_while_it_runs(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(418, {"Retry-After": "300"}, shell.monotonic)
    shell.wall += 86_400
    with pytest.raises(Refused):
        await shell.admit("exit")
    shell.monotonic += 302
    await shell.admit("exit")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "at": 1, "of": {}, "authorities": {"a": 1}}']
)
async def test_what_no_gateway_wrote_is_refused_and_changes_nothing(shell: Shell, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        shell.budgets.of_json(text)
    assert (await shell.admit()) is not None


async def test_half_of_the_endpoints_failing_is_told_and_closes_no_door(shell: Shell) -> None:
    table = shell.tables._tables["one"]
    assert table is not None
    for number in range(30):
        leave = await shell.admit()
        leave.told(200, {}, shell.monotonic)
        if number < 5:
            other = await shell.budgets.admit(
                "one", "api.example", "GET", "/else", "", "data", None, "p", shell.monotonic + 5
            )
            other.told(502, {}, shell.monotonic)
        shell.monotonic += 0.3
    breaking = shell.budgets.breaking("one")
    assert breaking.state == "closed"
    assert breaking.reason == "1 of 2 endpoints of api.example fail: GET *."


async def test_an_exchange_that_is_gone_is_open_and_says_so(shell: Shell) -> None:
    for _ in range(5):
        leave = await shell.admit()
        leave.failed(OSError("no way"))
    breaking = shell.budgets.breaking("one")
    assert (breaking.state, breaking.reason) == ("open", "api.example does not answer, or fails.")
    with pytest.raises(Refused) as refused:
        await shell.admit("entry")
    assert (refused.value.refusal, refused.value.status) == ("open", 503)
    await shell.admit("exit")


async def test_permits_hold_what_they_will_use(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(200, used(10, shell), shell.monotonic)
    deadline = shell.monotonic + 1
    await shell.budgets.permit("one", "api.example", "GET", "/api/one", "order", None, "127.0.0.1", deadline)
    assert shell.budgets.budgets("one")[0].used == 11


async def test_an_answer_that_is_not_understood_is_under_way_no_more(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave = await shell.admit()
    leave.told(200, used(3_599, shell), shell.monotonic)
    last = await shell.admit()
    waiting = asyncio.ensure_future(shell.admit("price"))
    await waiting
    [one] = shell.budgets._authorities.values()
    assert len(one._flying) == 2

    def fail(*_: Any) -> None:
        raise RuntimeError("a header that nobody thought of")

    monkeypatch.setattr(authority_module, "readings", fail)
    with pytest.raises(RuntimeError):
        last.told(200, used(3_600, shell), shell.monotonic)
    with pytest.raises(RuntimeError):
        waiting.result().told(200, used(3_600, shell), shell.monotonic)
    assert one._flying == {}
    assert shell.budgets.budgets("one")[0].used == 3_601, "both may have counted"


async def test_listed_limits_are_taken_from_a_body(shell: Shell) -> None:
    leave = await shell.admit()
    leave.body(b'{"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":400}]}')
    leave.told(200, used(1, shell), shell.monotonic)
    assert shell.budgets.budgets("one")[0].limit == 400


async def test_who_waits_for_a_moment_to_come_is_woken_by_time(shell: Shell, tmp_path: Path) -> None:
    """The one test with a real clock: a bucket drains by itself."""
    budgets = Budgets(shell.tables)
    for _ in range(130):
        leave = await budgets.admit(
            "one", "api.example", "GET", "/api/one", "", "data", None, "p", budgets.clock() + 60
        )
        leave.told(200, {}, budgets.clock())
    assert sum(budgets.refused("one").values()) == 0
