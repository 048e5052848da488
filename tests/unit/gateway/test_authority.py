"""Who may ask an exchange, and when: shares, windows, permits, places in the queue. Times are given."""

from pool.exchange.gateway.authority import MOST_FLYING, Authority
from pool.exchange.gateway.tables import Endpoint
from pool.exchange.gateway.tickets import Ticket
from tests.unit.gateway.asker import KLINES, MINUTE, Asker


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
