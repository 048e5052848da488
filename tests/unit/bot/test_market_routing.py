"""The way of one request: steps, and what follows from how each of them ends."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import ccxt
import pytest

from pool.bot.market.fallback import Fallback
from pool.bot.market.kinds import Purpose
from pool.bot.market.mapped import Mapped
from pool.bot.market.refusals import HeldBack
from pool.bot.market.routing import Asked, Call, Outcome, Pause, Router, Step, Straight, Through
from pool.bot.universal import orders_sending
from pool.contract.mapped import LatestCandles
from pool.contract.market import (
    CACHE_HEADER,
    INCARNATION_HEADER,
    REFUSED_HEADER,
    SHARE_HEADER,
    UNSENT_HEADER,
    Kind,
    PermitRequest,
)
from tests.unit.bot.clock import Clock

GATEWAY, URL = "http://gateway:9100", "https://api.binance.com/api/v3/klines?symbol=A"
BEHIND = f"{GATEWAY}/x/binance/https/api.binance.com/api/v3/klines?symbol=A"
CANDLES = Purpose(Kind(name="candles", timeframe=60, limit=5))
LOOK = Asked("GET", URL, 10.0, public=True, signed=False, purpose=CANDLES, priority="data", told_url=URL)
ORDER = replace(
    LOOK, method="POST", public=False, signed=True, priority="order", told_url="https://api.binance.com/api/v3/order"
)

GOOD = Outcome(200, {INCARNATION_HEADER: "i", CACHE_HEADER: "miss"})
STRANGER = Outcome(200, {"Server": "other"})
REFUSED = Outcome(error=ConnectionRefusedError("nobody"), failure="unconnected")
BROKEN = Outcome(error=ConnectionResetError("reset"), failure="broken")
SLOW = Outcome(error=TimeoutError("slow"), failure="timeout")


def no(refusal: str, status: int = 429, **headers: str) -> Outcome:
    return Outcome(status, {INCARNATION_HEADER: "i", REFUSED_HEADER: refusal, **headers})


class Bench:
    def __init__(self, *, signed_through: bool = False, building: bool = False, mapped: Mapped | None = None) -> None:
        self.clock = Clock()
        self.told: list[str | None] = []
        self.fallback = Fallback("bot-1", self.told.append, clock=self.clock)
        self.router = Router(
            GATEWAY,
            self.fallback,
            bot_id="bot-1",
            tenant="pool-1",
            exchange=lambda: "binance",
            signed_through=signed_through,
            building=lambda: building,
            clock=self.clock,
            mapped=mapped,
        )

    def walk(self, asked: Asked, *outcomes: Outcome) -> list[Step]:
        """The steps, each of which ends as told; a wait that times out takes its time."""
        way, left, steps = self.router.way(asked), list(outcomes), []
        try:
            step = next(way)
            while True:
                steps.append(step)
                if isinstance(step, Straight):
                    return steps
                if isinstance(step, Pause):
                    self.clock.pass_(step.seconds)
                    step = way.send(Outcome())
                    continue
                outcome = left.pop(0)
                if outcome.failure == "timeout" and isinstance(step, Through | Call):
                    self.clock.pass_(step.timeout)
                step = way.send(outcome)
        except StopIteration:
            return steps
        finally:
            self.steps = steps
            assert not left, "not all of what was to happen did"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_public_look_goes_through_the_gateway_and_says_what_for(bench: Bench) -> None:
    (step,) = bench.walk(LOOK, GOOD)
    assert isinstance(step, Through)
    assert step.url == BEHIND
    assert step.headers == {
        "X-Flotilla-Bot": "bot-1",
        "X-Flotilla-Tenant": "pool-1",
        "X-Flotilla-Kind": "candles;timeframe=60;limit=5",
        "X-Flotilla-Priority": "data",
    }


def test_of_the_latest_candles_the_gateway_hears_what_of_ccxt_they_are(tmp_path: Path) -> None:
    bench = Bench(mapped=Mapped(tmp_path, lambda: "binance"))
    series = LatestCandles(symbol="A/USDT", timeframe="1m", limit=5).header()
    latest = replace(LOOK, purpose=replace(CANDLES, series=series))
    plain, told = (bench.walk(asked, GOOD)[0] for asked in (LOOK, latest))
    assert isinstance(plain, Through)
    assert isinstance(told, Through)
    assert told.headers == {**plain.headers, "X-Flotilla-Series": series}
    assert Bench().walk(latest, GOOD) == [plain], "who maps none wants none made"


@pytest.mark.parametrize("failed", [REFUSED, BROKEN, STRANGER])
def test_where_the_gateway_fails_prices_are_asked_straight_at_once(bench: Bench, failed: Outcome) -> None:
    book = replace(LOOK, purpose=Purpose(Kind(name="book"), need="price"))
    assert bench.walk(book, failed)[1:] == [Straight()]
    assert bench.walk(book) == [Straight()], "the next one does not try the gateway again"
    assert len(bench.told) == 1


def test_and_the_rest_is_held_back_until_it_is_its_turn(bench: Bench) -> None:
    with pytest.raises(HeldBack, match="api/v3/klines: without the market-data gateway"):
        bench.walk(LOOK, REFUSED)
    bench.clock.pass_(10)
    assert bench.walk(LOOK, REFUSED)[0] == Call(f"{GATEWAY}/v1/ping", 1.0)
    assert bench.steps[1:] == [Straight()]


def test_while_freqtrade_is_built_its_turn_is_waited_for() -> None:
    bench = Bench(building=True)
    steps = bench.walk(LOOK, REFUSED)
    assert [type(step) for step in steps] == [Through, Pause, Straight]
    assert steps[-1] == Straight(), "what was waited is not taken off the request's own time"


def test_what_the_gateway_tells_of_the_bots_share_bounds_it_without_the_gateway(bench: Bench) -> None:
    book = replace(LOOK, purpose=Purpose(Kind(name="book"), need="price"))

    def granted() -> int:
        """Of looks for ten minutes without the gateway."""
        count = 0
        bench.fallback.failed("refused")
        for _ in range(120):
            with suppress(HeldBack):
                count += bench.walk(book) == [Straight()]
            bench.clock.pass_(5)
            bench.fallback.failed("refused", probe=True)
        return count

    for share in ("0.05", "nan", "inf", "-1", "much"):
        told = Outcome(200, {**(GOOD.headers or {}), SHARE_HEADER: share})
        bench.walk(book, told)
    assert 12 <= granted() <= 18, "ten times fewer than the 150 of one that was told nothing"


def test_it_comes_back_with_the_probe(bench: Bench) -> None:
    with pytest.raises(HeldBack):
        bench.walk(LOOK, REFUSED)
    bench.clock.pass_(3)
    steps = bench.walk(LOOK, GOOD, GOOD)
    assert [type(step) for step in steps] == [Call, Through]
    assert bench.told == ["unconnected: ConnectionRefusedError", None]


def test_a_gateway_that_hangs_is_told_from_an_exchange_that_is_slow(bench: Bench) -> None:
    book = replace(LOOK, purpose=Purpose(Kind(name="book"), need="price"))
    steps = bench.walk(book, SLOW, SLOW)
    assert [type(step) for step in steps] == [Through, Call, Straight]
    assert steps[-1] == Straight(5.0), "ten seconds in all, as without a gateway"
    bench = Bench()
    steps = bench.walk(book, SLOW, GOOD, GOOD)
    assert [type(step) for step in steps] == [Through, Call, Through]
    assert bench.told == []


def test_who_asks_again_tells_how_long_he_has_waited(bench: Bench) -> None:
    """Else the answer that is under way would be too old for him, and an exchange that takes six seconds unreadable."""
    book = replace(LOOK, purpose=Purpose(Kind(name="book", within_ms=400), need="urgent"), priority="price")
    first, _, second = bench.walk(book, SLOW, GOOD, GOOD)
    assert isinstance(first, Through)
    assert isinstance(second, Through)
    assert (first.headers["X-Flotilla-Kind"], first.timeout) == ("book;within_ms=400", 4.0)
    assert (second.headers["X-Flotilla-Kind"], second.timeout) == ("book;within_ms=400;waited_ms=4000", 6.0)
    assert second.headers["X-Flotilla-Priority"] == "price"


def test_an_exchange_that_stays_slow_is_a_time_out_as_without_a_gateway(bench: Bench) -> None:
    with pytest.raises(TimeoutError):
        bench.walk(LOOK, SLOW, GOOD, SLOW)
    assert bench.clock() == 1010.0
    assert bench.told == []


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (no("budget"), ccxt.DDoSProtection),
        (no("banned"), ccxt.DDoSProtection),
        (no("open", 503), ccxt.ExchangeNotAvailable),
        (no("unreachable", 502), ccxt.ExchangeNotAvailable),
        (no("unreachable", 504), ccxt.RequestTimeout),
    ],
)
def test_what_the_gateway_refuses_is_what_the_exchange_would_be(
    bench: Bench, refusal: Outcome, error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"https://api.binance.com/api/v3/klines \d+"):
        bench.walk(LOOK, refusal)
    assert bench.told == [], "it lives"


def test_an_address_that_the_gateway_does_not_know_is_asked_straight(bench: Bench) -> None:
    assert [type(step) for step in bench.walk(LOOK, no("host", 403))] == [Through, Straight]
    assert bench.walk(LOOK) == [Straight()]
    elsewhere = replace(LOOK, url="https://fapi.binance.com/fapi/v1/klines")
    assert [type(step) for step in bench.walk(elsewhere, GOOD)] == [Through]
    bench.clock.pass_(61)
    assert [type(step) for step in bench.walk(LOOK, GOOD)] == [Through]


def test_where_the_gateway_itself_has_a_fault_the_exchange_is_asked_within_the_budget(bench: Bench) -> None:
    """One that every bot meets must not send all of them to the exchange."""
    fault, ends = Outcome(500, {INCARNATION_HEADER: "i"}), []
    for _ in range(10):
        try:
            ends.append(type(bench.walk(LOOK, fault)[-1]))
        except HeldBack:
            ends.append(HeldBack)
    assert ends == [Straight] * 2 + [HeldBack] * 8
    assert bench.told == [], "it lives"


def test_through_a_proxy_of_its_own_a_bot_asks_straight(bench: Bench) -> None:
    assert bench.walk(replace(LOOK, elsewhere=True)) == [Straight()]
    assert bench.walk(replace(ORDER, elsewhere=True)) == [Straight()]


# ---- signed


def permit(step: Step) -> PermitRequest:
    assert isinstance(step, Call)
    assert step.url == f"{GATEWAY}/v1/permits"
    assert step.body is not None
    return PermitRequest.model_validate_json(step.body)


def test_a_signed_request_goes_straight_with_leave(bench: Bench) -> None:
    first, second = bench.walk(replace(ORDER, priority="exit"), Outcome(204, GOOD.headers))
    assert second == Straight()
    assert permit(first) == PermitRequest(
        exchange="binance",
        url="https://api.binance.com/api/v3/order",
        method="POST",
        bot="bot-1",
        tenant="pool-1",
        priority="exit",
    )


@pytest.mark.parametrize("failed", [SLOW, REFUSED, BROKEN, STRANGER])
def test_no_answer_is_leave(bench: Bench, failed: Outcome) -> None:
    assert bench.walk(ORDER, failed)[1:] == [Straight()]
    assert bench.clock() <= 1000.3 + 1e-9
    assert bool(bench.told) is (failed is not SLOW), "one that is slow just has much to do"


@pytest.mark.parametrize("priority", ["entry", "order"])
def test_entries_and_looks_are_refused_where_there_is_no_leave(bench: Bench, priority: Any) -> None:
    asked = replace(ORDER, priority=priority)
    with pytest.raises(ccxt.DDoSProtection, match="again in 1 s") as raised:
        bench.walk(asked, no("budget", **{"Retry-After": "1"}))
    assert not isinstance(raised.value, HeldBack), "FreqTrade waits and tries again"
    with pytest.raises(HeldBack, match="again in 7 s"):
        bench.walk(asked, no("budget", **{"Retry-After": "7"}))


@pytest.mark.parametrize("refusal", ["budget", "banned", "open"])
def test_nobody_waits_for_what_is_refused_for_longer_than_a_moment(bench: Bench, refusal: str) -> None:
    """FreqTrade would, for 18 s, in the thread that looks at all trades."""
    for after, given_up in (("2", False), ("3", True), ("59", True), ("soon", False)):
        with pytest.raises(ccxt.NetworkError) as raised:
            bench.walk(LOOK, no(refusal, 503 if refusal == "open" else 429, **{"Retry-After": after}))
        assert isinstance(raised.value, HeldBack) is given_up, after


@pytest.mark.parametrize("after", ["1", "2", "59", "soon"])
@pytest.mark.parametrize("refusal", ["budget", "banned", "open"])
@pytest.mark.parametrize("building", [False, True])
def test_what_is_refused_of_an_order_is_that_it_does_not_exist(refusal: str, after: str, building: bool) -> None:
    """Else it would be looked up, and its pair be closed until then."""
    bench = Bench(signed_through=True, building=building)
    with pytest.raises(ccxt.BaseError) as raised:
        bench.walk(ORDER, GOOD, no(refusal, 503 if refusal == "open" else 429, **{"Retry-After": after}))
    assert orders_sending._is_refusal(raised.value)


@pytest.mark.parametrize("refusal", ["budget", "banned", "open", "unreachable"])
def test_what_is_refused_is_told_without_what_names_the_account(refusal: str) -> None:
    asked = replace(ORDER, url="https://api.example/accounts/0xMine/orders?key=mine", told_url="https://api.example")
    with pytest.raises(ccxt.BaseError, match="gateway says") as raised:
        Bench(signed_through=True).walk(asked, GOOD, no(refusal, 503))
    assert "mine" not in str(raised.value).lower()


@pytest.mark.parametrize("status", [502, 504])
def test_an_order_of_which_no_answer_came_may_exist(status: int) -> None:
    with pytest.raises(ccxt.BaseError) as raised:
        Bench(signed_through=True).walk(ORDER, GOOD, no("unreachable", status))
    assert not orders_sending._is_refusal(raised.value)


@pytest.mark.parametrize("need", ["urgent", "price", "look"])
@pytest.mark.parametrize("after", ["1", "2", "59"])
def test_nobody_waits_for_a_price_while_other_trades_wait_for_theirs(bench: Bench, need: Any, after: str) -> None:
    book = replace(LOOK, purpose=Purpose(Kind(name="book"), need=need))
    with pytest.raises(HeldBack):
        bench.walk(book, no("budget", **{"Retry-After": after}))


def test_but_while_freqtrade_is_built_it_is_waited_for() -> None:
    with pytest.raises(ccxt.DDoSProtection, match="again in 59 s") as raised:
        Bench(building=True).walk(LOOK, no("budget", **{"Retry-After": "59"}))
    assert not isinstance(raised.value, HeldBack), "giving up would end the bot"


@pytest.mark.parametrize("priority", ["exit", "cancel"])
def test_exits_and_cancels_go_all_the_same_but_into_a_ban(bench: Bench, priority: Any) -> None:
    asked = replace(ORDER, priority=priority)
    steps = bench.walk(asked, no("budget", **{"Retry-After": "7"}))
    assert steps[1:] == [Pause(0.5), Straight()]
    with pytest.raises(ccxt.DDoSProtection):
        bench.walk(asked, no("banned"))


def test_what_is_neither_public_nor_signed_counts_as_data(bench: Bench) -> None:
    first, second = bench.walk(replace(LOOK, method="POST", public=False), GOOD)
    assert (permit(first).priority, second) == ("data", Straight())
    with pytest.raises(ccxt.DDoSProtection):
        bench.walk(replace(LOOK, method="POST", public=False), no("budget"))


def test_without_the_gateway_signed_requests_go_as_ever(bench: Bench) -> None:
    bench.fallback.failed("refused")
    for _ in range(100):
        assert bench.walk(ORDER) == [Straight()]


def test_through_the_gateway_goes_a_signature_only_once_it_has_proven_to_be_one() -> None:
    bench = Bench(signed_through=True)
    ping, through = bench.walk(replace(ORDER, priority="entry"), GOOD, GOOD)
    assert ping == Call(f"{GATEWAY}/v1/ping", 1.0)
    assert isinstance(through, Through)
    assert through.headers["X-Flotilla-Priority"] == "entry"
    assert through.timeout == 10.0
    assert [type(step) for step in bench.walk(ORDER, GOOD)] == [Through]
    bench = Bench(signed_through=True)
    assert bench.walk(ORDER, STRANGER)[1:] == [Straight()]


@pytest.mark.parametrize("failed", [SLOW, BROKEN])
def test_an_order_that_may_have_arrived_is_not_sent_again(failed: Outcome) -> None:
    bench = Bench(signed_through=True)
    bench.fallback.answered()
    with pytest.raises(type(failed.error)):  # type: ignore[arg-type]
        bench.walk(ORDER, failed)
    assert [type(step) for step in bench.steps] == [Through]


@pytest.mark.parametrize(
    "answer",
    [
        Outcome(500, {INCARNATION_HEADER: "i"}),
        STRANGER,
        Outcome(503, {UNSENT_HEADER: "1"}),
        Outcome(403, {REFUSED_HEADER: "host"}),
    ],
    ids=["fault", "stranger", "a stranger that says it was not sent", "a stranger that says it refused"],
)
def test_nor_is_one_that_the_exchange_may_have_had_when_somebody_else_answered(answer: Outcome) -> None:
    """The journal looks it up: a gateway may fail after the exchange was asked."""
    bench = Bench(signed_through=True)
    bench.fallback.answered()
    with pytest.raises(ccxt.ExchangeNotAvailable, match=f"POST {ORDER.told_url} {answer.status}") as raised:
        bench.walk(ORDER, answer)
    assert not isinstance(raised.value, ccxt.DDoSProtection), "that would be a refusal: the order would not exist"
    assert [type(step) for step in bench.steps] == [Through]
    assert bench.fallback.use(confidential=True) != "ask", "no signature goes there before it has proven itself again"


def test_one_that_reached_nobody_goes_straight() -> None:
    bench = Bench(signed_through=True)
    bench.fallback.answered()
    assert [type(step) for step in bench.walk(ORDER, no("host", 403))] == [Through, Straight]
    unready = Outcome(503, {INCARNATION_HEADER: "i", UNSENT_HEADER: "1"})
    assert [type(step) for step in bench.walk(ORDER, unready)] == [Through, Straight]
    assert [type(step) for step in bench.walk(ORDER, REFUSED)] == [Through, Straight]
    assert bench.walk(ORDER) == [Straight()]
