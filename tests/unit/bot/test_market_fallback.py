"""When the gateway is asked again, and how much the exchange is asked meanwhile."""

import pytest

from pool.bot.market.fallback import DATA_AT_ONCE, PRICES_AT_ONCE, SPREAD_SECONDS, TURN_SECONDS, Fallback, Turns
from tests.unit.bot.clock import Clock


class Bench:
    def __init__(self, seed: str = "bot-1") -> None:
        self.clock = Clock()
        self.told: list[str | None] = []
        self.fallback = Fallback(seed, self.told.append, clock=self.clock)

    def probes(self, seconds: float) -> list[float]:
        """When, from now on, probes were made, all in vain."""
        began, made = self.clock(), []
        while self.clock() < began + seconds:
            if self.fallback.use() == "probe":
                made.append(self.clock() - began)
                self.fallback.failed("refused", probe=True)
            self.clock.pass_(0.1)
        return made


def test_a_gateway_that_answers_is_asked() -> None:
    bench = Bench()
    assert bench.fallback.use() == "ask"
    bench.fallback.answered()
    assert bench.fallback.use() == "ask"
    assert bench.told == []


def test_what_is_confidential_goes_only_to_a_gateway_that_has_answered() -> None:
    bench = Bench()
    assert bench.fallback.use(confidential=True) == "probe"
    bench.fallback.answered()
    assert bench.fallback.use(confidential=True) == "ask"
    bench.fallback.doubted()
    assert (bench.fallback.use(), bench.fallback.use(confidential=True)) == ("ask", "probe")
    bench.fallback.failed("refused")
    assert bench.fallback.use(confidential=True) == "avoid"


def test_one_that_fails_is_probed_ever_later_and_told_of() -> None:
    bench = Bench()
    bench.fallback.failed("refused")
    bench.fallback.failed("refused")  # another request that was on its way
    assert bench.told == ["refused"]
    made = bench.probes(200)
    between = [later - earlier for earlier, later in zip([0.0, *made], made, strict=False)]
    for gap, least in zip(between, [2, 4, 8, 16, 30, 30, 30], strict=False):
        assert least <= gap <= least * 1.25 + 0.2
    assert bench.told == ["refused"] * (1 + len(made)), "an agent that started meanwhile has to hear it, too"


def test_one_probe_is_made_at_a_time() -> None:
    bench = Bench()
    bench.fallback.failed("refused")
    bench.clock.pass_(5)
    assert [bench.fallback.use() for _ in range(3)] == ["probe", "avoid", "avoid"]


def test_one_that_answers_again_is_asked_and_told_of() -> None:
    bench = Bench()
    bench.fallback.failed("refused")
    assert bench.fallback.away
    bench.clock.pass_(5)
    assert bench.fallback.use() == "probe"
    bench.fallback.answered()
    assert not bench.fallback.away
    assert (bench.fallback.use(), bench.fallback.use(confidential=True)) == ("ask", "ask")
    assert bench.told == ["refused", None]


def test_one_that_comes_and_goes_is_left_alone_for_longer_each_time() -> None:
    bench = Bench()
    waits = []
    for _ in range(4):
        bench.fallback.failed("reset")
        gone_at = bench.clock()
        while bench.fallback.use() != "probe":
            bench.clock.pass_(0.1)
        waits.append(bench.clock() - gone_at)
        bench.fallback.answered()
        bench.clock.pass_(1)
    assert [least <= wait <= least * 1.25 + 0.2 for wait, least in zip(waits, [2, 4, 8, 16], strict=True)] == [True] * 4
    bench.clock.pass_(60)
    bench.fallback.failed("reset")
    bench.clock.pass_(2 * 1.25 + 0.1)
    assert bench.fallback.use() == "probe", "after it stood for a while, as at first"


def test_prices_go_at_once_and_data_when_it_is_the_bots_turn() -> None:
    firsts = []
    for number in range(50):
        bench = Bench(f"bot-{number}")
        bench.fallback.failed("refused")
        assert bench.fallback.wait_for("book", protects=True) == 0
        wait = bench.fallback.wait_for("candles", protects=False)
        assert 0 <= wait <= SPREAD_SECONDS
        bench.clock.pass_(wait)
        assert bench.fallback.wait_for("candles", protects=False) == 0
        firsts.append(wait)
    for second in range(0, 10, 2):
        assert 3 <= sum(second <= first < second + 2 for first in firsts) <= 20, "spread over ten seconds"


def test_a_minute_of_fifty_bots_stays_below_what_an_exchange_bears() -> None:
    """Each with five open trades and twenty pairs, asking for all of them every five seconds."""
    weight = 0
    for number in range(50):
        bench = Bench(f"bot-{number}")
        bench.fallback.failed("refused")
        for _ in range(12):
            weight += 5 * sum(not bench.fallback.wait_for(f"book {pair}", protects=True) for pair in range(5))
            weight += 2 * sum(not bench.fallback.wait_for(f"candles {pair}", protects=False) for pair in range(20))
            bench.clock.pass_(5)
    assert 3000 < weight < 6000


def test_every_trade_has_its_turn() -> None:
    """The loop asks for its trades in the same order each time: the first ones must not take it all."""
    clock, turns, served = Clock(), Turns(PRICES_AT_ONCE, TURN_SECONDS), dict.fromkeys("abcdefgh", 0)
    for _ in range(96):
        for trade in served:
            served[trade] += not turns.take(trade, clock())
        clock.pass_(5)
    assert sum(served.values()) <= PRICES_AT_ONCE + 96
    assert max(served.values()) - min(served.values()) <= 1


def test_who_does_not_come_back_for_its_turn_holds_up_nobody() -> None:
    clock, turns = Clock(), Turns(1, 5.0)
    assert turns.take("a", clock()) == 0
    assert turns.take("gone", clock()) == pytest.approx(5)
    assert turns.take("b", clock()) == pytest.approx(10)
    clock.pass_(4)
    assert turns.take("b", clock()) == pytest.approx(6)
    clock.pass_(17)
    assert turns.take("b", clock()) == 0


def test_what_was_not_used_is_not_saved_up_for_ever() -> None:
    clock, turns = Clock(), Turns(DATA_AT_ONCE, TURN_SECONDS)
    turns.take("x", clock())
    clock.pass_(10_000)
    assert [turns.take(f"{number}", clock()) for number in range(DATA_AT_ONCE)] == [0.0] * DATA_AT_ONCE
    assert turns.take("more", clock()) > 0
