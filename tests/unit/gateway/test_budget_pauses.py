"""What an exchange that refuses holds back, for whom and for how long, and what of it survives. Times are given."""

from typing import get_args

import pytest

from pool.contract.market import Priority
from pool.exchange.gateway.authority import Authority
from tests.unit.gateway.asker import KLINES, MINUTE, ONE, ORDER, Asker, restarted, state_of


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
