"""When an exchange is not asked."""

import pytest

from pool.contract.market import Priority
from pool.exchange.gateway.breaker import CONSECUTIVE, Breaker
from pool.exchange.gateway.standing import Standing

KLINES, DEPTH, ORDER = "GET /klines", "GET /depth", "DELETE /order"


def plain() -> Standing:
    return Standing(lambda: 0.0)


def paused(standing: Standing, priority: Priority, now: float, endpoint: str = KLINES, bot: str = "b") -> float:
    return standing.paused(priority, endpoint, ("p", "t", bot), now)


def fail(standing: Standing, endpoint: str, times: int, now: float = 0.0) -> None:
    for _ in range(times):
        standing.sent(endpoint, now)
        standing.answered(endpoint, False, now, now)


def test_failures_in_a_row_open_it_and_one_request_tries_after_a_while() -> None:
    standing = plain()
    fail(standing, KLINES, CONSECUTIVE - 1)
    assert standing.opened(KLINES, "data", 0.0) == 0.0
    fail(standing, KLINES, 1)
    assert standing.opened(KLINES, "data", 0.0) == pytest.approx(2.0)
    assert standing.opened(KLINES, "data", 2.0) == 0.0
    standing.sent(KLINES, 2.0)
    assert standing.opened(KLINES, "data", 2.1) > 0.0, "a second one must not try beside it"
    standing.answered(KLINES, True, 2.0, 2.2)
    assert standing.opened(KLINES, "data", 2.2) == 0.0
    assert standing.failing(2.2) == ([], 1)


def test_each_failed_try_doubles_the_time_up_to_a_minute() -> None:
    breaker, now, lengths = Breaker(lambda: 0.0), 0.0, []
    for _ in range(CONSECUTIVE):
        breaker.ended(False, now, now)
    for _ in range(7):
        lengths.append(breaker.wait(now))
        now += lengths[-1]
        breaker.trying(now)
        breaker.ended(False, now, now)
    assert lengths == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_after_a_long_outage_a_price_is_tried_every_five_seconds_and_data_each_minute() -> None:
    standing, now = Standing(lambda: 1.0), 0.0
    fail(standing, DEPTH, CONSECUTIVE)
    while now < 200.0:  # data alone, until the breaker is open for as long as it ever is
        now += standing.opened(DEPTH, "data", now) or 0.01
        fail(standing, DEPTH, 1, now)
    assert standing.opened(DEPTH, "data", now) == pytest.approx(60.0)
    for _ in range(3):
        assert standing.opened(DEPTH, "price", now) == pytest.approx(5.0)
        now += standing.opened(DEPTH, "price", now)
        assert standing.opened(DEPTH, "price", now) == 0.0
        standing.sent(DEPTH, now)
        assert standing.opened(DEPTH, "price", now + 0.1) > 0.0, "one try at a time"
        standing.answered(DEPTH, False, now, now + 0.2)
        now += 0.2
    assert standing.opened(DEPTH, "data", now) > 40.0, "what a price tried in vain makes nothing shorter for data"
    now += 5.0
    standing.sent(DEPTH, now)
    standing.answered(DEPTH, True, now, now)
    assert standing.opened(DEPTH, "data", now) == standing.opened(DEPTH, "price", now) == 0.0


def test_jitter_spreads_what_comes_back() -> None:
    breaker = Breaker(lambda: 1.0)
    for _ in range(CONSECUTIVE):
        breaker.ended(False, 0.0, 0.0)
    assert breaker.wait(0.0) == pytest.approx(2.2)


def test_more_than_half_failing_opens_it_too_but_half_does_not() -> None:
    half, more = plain(), plain()
    for number in range(1, 21):
        half.answered(KLINES, number % 2 == 0, number / 10, number / 10)
        assert more.opened(KLINES, "data", number / 10) == 0.0, "before there are twenty"
        more.answered(KLINES, number % 3 == 0, number / 10, number / 10)
    assert half.opened(KLINES, "data", 2.0) == 0.0
    assert more.opened(KLINES, "data", 2.0) > 0.0


def test_what_was_under_way_as_it_opened_does_not_close_it() -> None:
    standing = plain()
    fail(standing, KLINES, CONSECUTIVE, 5.0)
    standing.answered(KLINES, True, 4.0, 5.5)
    assert standing.opened(KLINES, "data", 5.5) > 0.0


def test_few_or_old_failures_are_no_share() -> None:
    standing = plain()
    for number in range(12):
        standing.answered(KLINES, number % 3 == 0, 0.0, 0.0)
    for number in range(12):
        standing.answered(KLINES, number % 3 == 0, 40.0, 40.0)
    assert standing.opened(KLINES, "data", 40.0) == 0.0


def test_where_half_of_the_endpoints_fail_the_others_work_on() -> None:
    standing = plain()
    for second in range(60):
        for endpoint in (KLINES, "GET /trades"):
            fail(standing, endpoint, 1, float(second))
        for endpoint in (DEPTH, "GET /time"):
            standing.answered(endpoint, True, float(second), float(second))
    assert standing.opened(KLINES, "data", 59.0) > 0.0
    assert standing.opened(DEPTH, "data", 59.0) == 0.0
    assert standing.failing(59.0) == (["GET /klines", "GET /trades"], 4)
    assert not standing.gone(59.0)


def test_an_exchange_that_is_gone_is_told_from_one_of_which_parts_fail() -> None:
    standing = plain()
    for endpoint in (KLINES, DEPTH, "GET /time", "GET /trades"):
        standing.answered(endpoint, True, 0.0, 0.0)
    for endpoint in (KLINES, DEPTH, "GET /time"):
        fail(standing, endpoint, CONSECUTIVE, 10.0)
    assert standing.gone(10.0)


def test_exits_and_cancels_are_never_held_back_by_an_open_breaker() -> None:
    standing = plain()
    fail(standing, ORDER, 50)
    assert standing.opened(ORDER, "entry", 0.0) > 0.0
    assert standing.opened(ORDER, "exit", 0.0) == standing.opened(ORDER, "cancel", 0.0) == 0.0


def test_an_exit_that_works_closes_it_for_all() -> None:
    standing = plain()
    fail(standing, ORDER, CONSECUTIVE)
    standing.sent(ORDER, 0.5)
    standing.answered(ORDER, True, 0.5, 0.6)
    assert standing.opened(ORDER, "entry", 0.6) == 0.0


def test_a_failure_of_before_does_not_lengthen_what_is_open() -> None:
    breaker = Breaker(lambda: 0.0)
    for _ in range(CONSECUTIVE):
        breaker.ended(False, 0.0, 1.0)
    breaker.ended(False, 0.5, 2.9)
    assert breaker.wait(3.0) == 0.0


def test_a_try_that_nobody_waited_for_frees_the_next() -> None:
    standing = plain()
    fail(standing, KLINES, CONSECUTIVE)
    standing.sent(KLINES, 2.0)
    assert standing.opened(KLINES, "data", 2.5) > 0.0
    standing.withdrawn(KLINES)
    assert standing.opened(KLINES, "data", 2.5) == 0.0


def test_too_many_requests_pause_all_but_exits_and_cancels() -> None:
    standing = plain()
    standing.refused(429, 7.0, 0.0, 0.0)
    assert paused(standing, "data", 0.0) == paused(standing, "entry", 0.0) == 7.0
    assert paused(standing, "exit", 0.0) == paused(standing, "cancel", 0.0) == 0.0
    assert paused(standing, "data", 7.0) == 0.0
    assert standing.banned(0.0) == 0.0


def test_prices_pause_where_they_themselves_were_too_much_and_nowhere_else() -> None:
    standing = plain()
    standing.refused(429, 7.0, 0.0, 0.0, KLINES, alone=True)
    assert paused(standing, "price", 0.0, DEPTH) == 0.0
    assert paused(standing, "price", 0.0, KLINES) == 7.0
    assert paused(standing, "data", 0.0, DEPTH) == 7.0
    standing.refused(418, 60.0, 1.0, 1.0)
    assert standing.banned(1.0) > 60.0, "a ban is one for prices, too"


def test_one_account_that_is_too_much_pauses_nobody_else() -> None:
    standing = plain()
    standing.refused_account(("p", "t", "b"), 7.0, 0.0, 0.0)
    assert paused(standing, "entry", 0.0) == paused(standing, "order", 0.0) == 7.0
    assert paused(standing, "entry", 0.0, bot="another") == 0.0
    assert paused(standing, "data", 0.0) == paused(standing, "price", 0.0) == paused(standing, "exit", 0.0) == 0.0
    assert standing.paused_until == 0.0


def test_pauses_of_accounts_grow_are_forgotten_and_bounded() -> None:
    standing, now, lengths = plain(), 1_000.0, []
    for _ in range(4):
        standing.refused_account(("p", "t", "b"), None, now, now)
        lengths.append(paused(standing, "entry", now))
        now += lengths[-1]
    assert lengths == [10.0, 20.0, 40.0, 80.0]
    now += 121.0
    standing.refused_account(("p", "t", "b"), None, now, now)
    assert paused(standing, "entry", now) == 10.0
    for number in range(2_000):
        standing.refused_account(("p", "t", str(number)), 60.0, now, now)
    assert len(standing._pauses) <= 500
    assert paused(standing, "entry", now, bot="1999") == 60.0


def test_pauses_without_a_length_grow_until_it_works_again() -> None:
    standing, now, lengths = plain(), 0.0, []
    for _ in range(5):
        standing.refused(429, None, now, now)
        standing.refused(429, None, now - 0.1, now)  # another that was under way: no reason to wait longer
        lengths.append(paused(standing, "data", now))
        now += lengths[-1]
    assert lengths == [10.0, 20.0, 40.0, 80.0, 120.0]
    standing.answered(KLINES, True, now, now)
    standing.refused(429, None, now + 1, now + 1)
    assert paused(standing, "data", now + 1) == 10.0


def test_a_ban_holds_back_everything_and_is_never_shortened() -> None:
    standing = plain()
    standing.refused(418, 300.0, 0.0, 0.0)
    standing.refused(418, 10.0, 0.0, 1.0)
    standing.refused(429, 5.0, 0.0, 2.0)
    standing.answered(KLINES, True, 0.0, 3.0)  # was under way before
    assert 300.0 < standing.banned(0.0) <= 306.0
    assert standing.banned(299.0) > 0.0


def test_a_ban_without_a_length_is_two_minutes_then_longer() -> None:
    standing = plain()
    standing.refused(418, None, 0.0, 0.0)
    assert standing.banned(0.0) == pytest.approx(121.0)
    standing.refused(418, None, 122.0, 122.0)
    assert standing.banned(122.0) == pytest.approx(241.0)


def test_after_a_ban_one_request_tries_before_others_but_exits_go() -> None:
    standing = plain()
    standing.refused(418, 60.0, 0.0, 0.0)
    assert not standing.probing("data", 70.0)
    standing.sent(KLINES, 70.0)
    assert standing.probing("data", 70.1)
    assert standing.probing("entry", 70.1)
    assert not standing.probing("exit", 70.1)
    standing.answered(KLINES, False, 70.0, 70.5)
    assert not standing.probing("data", 70.5), "the next may try"
    assert standing.returning
    standing.sent(KLINES, 71.0)
    standing.answered(KLINES, True, 71.0, 71.1)
    assert not standing.returning


def test_after_a_ban_one_who_asks_himself_tries_and_the_others_when_nothing_was_heard_of_another() -> None:
    standing = plain()
    standing.refused(418, 60.0, 0.0, 0.0)
    assert standing.tried_straight("entry", 70.0) == 0.0
    standing.permitted(70.0)
    assert standing.tried_straight("entry", 71.0) == pytest.approx(9.0)
    assert standing.tried_straight("exit", 71.0) == 0.0
    assert not standing.probing("data", 71.0), "what is forwarded may try beside it: its answer is seen"
    standing.permitted(75.0)  # an exit
    assert standing.tried_straight("entry", 76.0) == pytest.approx(4.0)
    assert standing.tried_straight("entry", 80.0) == 0.0
    standing.permitted(80.0)
    assert not standing.returning
    assert standing.tried_straight("entry", 80.0) == 0.0


def test_who_asks_himself_waits_for_what_a_forwarded_try_brings() -> None:
    standing = plain()
    standing.refused(418, 60.0, 0.0, 0.0)
    standing.sent(KLINES, 70.0)
    assert 0.0 < standing.tried_straight("order", 70.1) <= 1.0
    standing.answered(KLINES, True, 70.0, 70.2)
    assert standing.tried_straight("order", 70.2) == 0.0


def test_the_end_of_a_ban_is_spread() -> None:
    early, late = plain(), Standing(lambda: 1.0)
    for standing in (early, late):
        standing.refused(418, 120.0, 0.0, 0.0)
    assert late.banned(0.0) - early.banned(0.0) == pytest.approx(5.0)


def test_bans_pauses_and_open_breakers_survive() -> None:
    standing, again = plain(), plain()
    fail(standing, KLINES, CONSECUTIVE, 5.0)
    standing.answered(DEPTH, True, 5.0, 5.0)
    standing.refused(429, 50.0, 5.0, 5.0)
    standing.refused(418, 500.0, 5.0, 5.0)
    again.of_json(standing.to_json(), 0.0)
    for seen in (standing, again):
        assert seen.banned(10.0) == pytest.approx(496.0)
        assert paused(seen, "data", 10.0) == 45.0
        assert seen.opened(KLINES, "data", 5.0) == pytest.approx(2.0)
        assert seen.opened(DEPTH, "data", 5.0) == 0.0
        assert seen.returning


def test_breakers_are_bounded() -> None:
    standing = plain()
    for number in range(2_000):
        standing.answered(f"GET /{number}", False, float(number), float(number))
    assert standing.failing(2_000.0)[1] <= 500
