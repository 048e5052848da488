"""When the gateway is asked again, and how much the exchange is asked meanwhile."""

import pytest

from pool.bot.market.fallback import (
    DATA_AT_ONCE,
    PRICES_AT_ONCE,
    SPREAD_SECONDS,
    URGENT_AT_ONCE,
    URGENT_SECONDS,
    Fallback,
    Turns,
)
from pool.bot.market.kinds import Need
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
        assert bench.fallback.wait_for("book", "price") == 0
        wait = bench.fallback.wait_for("candles", "data")
        assert 0 <= wait <= SPREAD_SECONDS
        bench.clock.pass_(wait)
        assert bench.fallback.wait_for("candles", "data") == 0
        firsts.append(wait)
    for second in range(0, 10, 2):
        assert 3 <= sum(second <= first < second + 2 for first in firsts) <= 20, "spread over ten seconds"


def minutes(
    trades: int, bots: int = 50, count: int = 2, share: float = 0.0
) -> tuple[list[int], dict[str, list[float]]]:
    """Weights in each minute of bots with so many open trades and twenty pairs, which ask for all of them every
    five seconds, and the watcher's; and when the last bot looked at each of its trades. All were told that `share`."""
    weights, looks = [120 * 4] * count, {}
    for number in range(bots):
        bench = Bench(f"bot-{number}")
        bench.fallback.answered(share)
        bench.fallback.failed("refused")
        looks = {f"book {trade}": [] for trade in range(trades)}
        for turn in range(12 * count):
            for book in looks:
                if not bench.fallback.wait_for(book, "price"):
                    weights[turn // 12] += 5
                    looks[book].append(turn * 5.0)
            weights[turn // 12] += 2 * sum(not bench.fallback.wait_for(f"{pair}", "data") for pair in range(20))
            bench.clock.pass_(5)
    return weights, looks


@pytest.mark.parametrize("trades", [0, 1, 2, 5, 10])
def test_fifty_bots_stay_below_what_an_exchange_bears(trades: int) -> None:
    weights, _ = minutes(trades)
    assert max(weights) < 6000, "in whichever minute of the exchange's own they begin"
    assert min(weights) > 1500, "and are not idle"


@pytest.mark.parametrize("trades", [0, 1, 5])
@pytest.mark.parametrize("bots", [10, 50, 100, 300])
def test_however_many_they_are_they_stay_below_what_the_gateway_lets_through(bots: int, trades: int) -> None:
    """80 % of Binance's 6,000 a minute, whose pace of 20 units is divided among them."""
    weights, _ = minutes(trades, bots, count=3, share=20 / bots)
    assert max(weights) < 4800
    assert weights[-1] > 480 + (200 if bots == 10 else 600), "and are not idle"


def test_many_do_not_ask_for_prices_in_the_same_second() -> None:
    firsts = []
    for number in range(300):
        bench = Bench(f"bot-{number}")
        bench.fallback.answered(20 / 300)
        bench.fallback.failed("refused")
        while bench.fallback.wait_for("book", "price"):
            bench.clock.pass_(1)
        firsts.append(int(bench.clock() - 1000))
    assert max(firsts.count(second) for second in firsts) <= 40
    assert max(firsts) <= 35, "and all of them come to it"


def test_a_gateway_that_just_began_knows_few_bots_and_is_not_believed_that_they_are_few() -> None:
    bench = Bench()
    for share in (0.05, 20.0, 0.0):
        bench.fallback.answered(share)
    bench.fallback.failed("refused")
    while not bench.fallback.wait_for("a", "price"):
        pass
    assert bench.fallback.wait_for("a", "price") > 10 * 0.5
    bench.clock.pass_(601)
    bench.fallback.answered(20.0)
    while not bench.fallback.wait_for("a", "price"):
        pass
    assert bench.fallback.wait_for("a", "price") <= 4.0, "others have ended meanwhile"


@pytest.mark.parametrize(("trades", "seconds"), [(1, 5), (5, 20), (10, 40)])
def test_each_trade_is_looked_at_in_its_turn(trades: int, seconds: float) -> None:
    """The loop asks for its trades in the same order each time: the first ones must not take it all."""
    _, looks = minutes(trades, bots=1, count=10)
    gaps = [later - earlier for at in looks.values() for earlier, later in zip([0.0, *at], at, strict=False)]
    assert max(gaps) <= seconds


def test_a_trade_whose_price_was_crossed_is_looked_at_whatever_was_asked_before() -> None:
    bench = Bench()
    bench.fallback.failed("refused")
    while not bench.fallback.wait_for("a", "price"):
        pass
    crossed = [bench.fallback.wait_for(f"{pair}", "urgent") for pair in range(25) for _ in ("look", "exit")]
    assert crossed == [0.0] * 50
    later = bench.fallback.wait_for("a", "price")
    assert later > 2 * PRICES_AT_ONCE, "others wait for longer"
    bench.clock.pass_(later)
    assert bench.fallback.wait_for("a", "price") == 0, "but not for ever"


def test_one_that_is_not_sold_all_the_same_has_the_next_turn() -> None:
    bench = Bench()
    bench.fallback.failed("refused")
    while not bench.fallback.wait_for("a", "price"):
        pass
    asked = [bench.fallback.wait_for("b", "urgent") for _ in range(50)]
    assert asked[:URGENT_AT_ONCE] == [0.0] * URGENT_AT_ONCE
    assert min(asked[URGENT_AT_ONCE:]) > 0
    assert bench.fallback.wait_for("c", "urgent") == 0, "that takes nothing of another one's"
    bench.clock.pass_(URGENT_SECONDS)
    assert bench.fallback.wait_for("b", "urgent") == 0


def test_prices_for_entries_come_out_of_datas_share_and_first() -> None:
    bench, needs = Bench(), dict[str, Need]()
    bench.fallback.failed("refused")
    assert bench.fallback.wait_for("entry", "entry") > 0, "nor at once"
    bench.clock.pass_(SPREAD_SECONDS)
    while not bench.fallback.wait_for("candles", "data"):
        pass
    needs |= {"candles": "data", "more": "data", "entry": "entry"}
    waits = {key: bench.fallback.wait_for(key, need) for key, need in needs.items()}
    assert waits["entry"] <= waits["candles"] < waits["more"]
    bench.clock.pass_(waits["entry"])
    assert bench.fallback.wait_for("entry", "entry") == 0
    assert bench.fallback.wait_for("book", "price") == 0, "what protects trades has its own"


def test_data_goes_half_as_often_while_prices_wait() -> None:
    def granted(trades: int) -> int:
        bench, count = Bench(), 0
        bench.fallback.failed("refused")
        bench.clock.pass_(SPREAD_SECONDS)
        for _ in range(24):
            for trade in range(trades):
                bench.fallback.wait_for(f"book {trade}", "price")
            count += sum(not bench.fallback.wait_for(f"{pair}", "data") for pair in range(20))
            bench.clock.pass_(5)
        return count

    assert (granted(1), granted(0)) == (25, 25)
    assert 12 <= granted(5) <= 16


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
    clock, turns = Clock(), Turns(DATA_AT_ONCE, 5.0)
    turns.take("x", clock())
    clock.pass_(10_000)
    assert [turns.take(f"{number}", clock()) for number in range(DATA_AT_ONCE)] == [0.0] * DATA_AT_ONCE
    assert turns.take("more", clock()) > 0
