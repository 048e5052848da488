"""What ends a sleep: by both clocks, by what was asked, and by what is not watched any more."""

from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.persistence import Trade

from pool.bot.vitals import Vitals
from pool.bot.waking.following import Following
from pool.bot.waking.needs import SAFETY_SECONDS, TradeFacts
from pool.bot.waking.sleeper import Sleeper
from pool.bot.waking.turn import HURRIES_SECONDS, Turn
from pool.contract.frames import TurnFrame
from pool.contract.risk import Mode, Watch

WALL, MONOTONIC = 1_000_000.0, 50.0
CLOSE = WALL + 40
OPEN: list[Any] = []
WATCH = Watch(trade_id=1, symbol="BTCUSDT", is_short=False)


class Asleep:
    """A sleeper whose FreqTrade is told here, after a loop."""

    def __init__(self, *trades: TradeFacts, bot_id: str = "bot-1") -> None:
        self.wall, self.monotonic = WALL, MONOTONIC
        self.trades, self.follows_at = trades, None
        self.vitals = Vitals()
        self.following = Following(lambda: 1, lambda: self.monotonic, lambda: self.monotonic)
        self.following.told(1, until=MONOTONIC + 30)
        self.turns: list[TurnFrame] = []
        self.turn = Turn(self.turns.append, lambda: None, lambda: self.monotonic)
        self.sleeper = Sleeper(
            bot_id,
            self.vitals,
            self.following,
            turn=self.turn,
            clock=lambda: self.wall,
            monotonic=lambda: self.monotonic,
        )
        self.hold = SimpleNamespace(told={1: WATCH})
        self.sleeper._hold = self.hold  # type: ignore[assignment]
        self.takes = 0.0
        reader = SimpleNamespace(facts=self.facts, follows_at=lambda: self.follows_at, renew=lambda: None)
        self.sleeper._reader = reader  # type: ignore[assignment]
        self.loop()
        self.assess()

    def loop(self) -> None:
        OPEN[:] = [SimpleNamespace(id=trade.trade_id) for trade in self.trades]
        self.sleeper.looping()
        self.sleeper.looped()

    def tell_watches(self) -> None:
        self.pass_(self.takes)

    def facts(self, now: float, looped_at: float) -> dict[str, Any]:
        assert looped_at <= now
        return {"trades": self.trades, "closes": (min(one for one in (CLOSE, CLOSE + 60) if one > now),), "timers": ()}

    def assess(self) -> None:
        self.sleeper.assess(self.tell_watches, looped=True, flattening=False, unsettled=False)

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


@pytest.fixture(autouse=True)
def open_trades(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trade, "get_open_trades", staticmethod(lambda: OPEN))
    monkeypatch.setattr(Trade, "rollback", staticmethod(lambda: None))


def test_it_sleeps_until_the_candle_its_offset_and_its_jitter() -> None:
    asleep = Asleep()
    asleep.pass_(40.5)
    assert not asleep.sleeper.due()
    asleep.pass_(4)

    assert asleep.sleeper.due()


def test_bots_wake_spread_over_three_seconds_each_at_its_own() -> None:
    wakes = [wakes_at(f"bot-{number}") for number in [*range(100), *range(100)]]
    assert wakes[:100] == wakes[100:]
    assert CLOSE + 1 <= min(wakes) < CLOSE + 1.2
    assert CLOSE + 3.8 < max(wakes) < CLOSE + 4


def wakes_at(bot_id: str, *pairs: str) -> float:
    asleep = Asleep(*(TradeFacts(number, pair) for number, pair in enumerate(pairs, start=1)), bot_id=bot_id)
    asleep.hold.told = dict.fromkeys(range(1, len(pairs) + 1), WATCH)
    asleep.assess()
    next_at = asleep.sleeper._decision.next_at
    assert next_at is not None
    return next_at


def test_bots_with_trades_of_the_same_pair_wake_together_so_that_a_book_serves_them_all() -> None:
    together = [wakes_at(f"bot-{number}", "BTC/USDT") for number in range(100)]
    assert 0.4 < max(together) - min(together) < 0.5
    assert wakes_at("bot-1", "ETH/USDT", "BTC/USDT") == together[1], "whichever was opened first"
    everybody = [wakes_at(f"bot-{number}", f"P{number}/USDT") for number in range(100)]
    assert CLOSE + 1 <= min(everybody) < CLOSE + 1.3
    assert CLOSE + 3.7 < max(everybody) < CLOSE + 4


def test_a_loop_that_a_candle_made_due_is_told_from_others() -> None:
    asleep = Asleep()
    assert not asleep.sleeper.due_at_close
    asleep.pass_(40.5)
    asleep.loop()
    assert not asleep.sleeper.due_at_close, "somebody asked; FreqTrade waits for a second yet"
    asleep.pass_(30)
    asleep.assess()
    asleep.pass_(35)
    asleep.loop()
    assert asleep.sleeper.due_at_close, "it closed five seconds ago"
    asleep.loop()
    assert not asleep.sleeper.due_at_close, "the next one is another"
    asleep.assess()
    asleep.sleeper._reader = None
    asleep.assess()
    asleep.pass_(60)
    asleep.loop()
    assert not asleep.sleeper.due_at_close, "one at FreqTrade's own pace"


def test_a_minute_is_over_whatever_the_wall_clock_says() -> None:
    asleep = Asleep()
    asleep.wall -= 3600
    asleep.monotonic += SAFETY_SECONDS - 1
    assert not asleep.sleeper.due()
    asleep.monotonic += 1

    assert asleep.sleeper.due()


def test_a_clock_that_is_set_forward_is_seen_within_a_slice() -> None:
    asleep = Asleep()
    assert asleep.sleeper.slice_seconds() <= 5
    asleep.wall += 3600

    assert asleep.sleeper.due()


def test_a_slice_ends_where_something_is_due() -> None:
    asleep = Asleep()
    asleep.pass_(39)
    assert 2 < asleep.sleeper.slice_seconds() <= 5
    asleep.pass_(20.99)
    assert asleep.sleeper.slice_seconds() < 0.1


def test_commands_modes_and_policies_end_it() -> None:
    for ask in (
        lambda one: one.sleeper.ask(),
        lambda one: setattr(one.vitals, "mode", Mode.HALTED),
        lambda one: setattr(one.vitals, "policy", "f"),
    ):
        asleep = Asleep()
        assert not asleep.sleeper.due()
        ask(asleep)
        assert asleep.sleeper.due()


def test_a_price_that_nobody_watches_any_more_ends_it_and_only_with_open_trades() -> None:
    without, asleep = Asleep(), Asleep(TradeFacts(1))
    assert not asleep.sleeper.due()
    for one in (without, asleep):
        one.pass_(30)

    assert asleep.sleeper.due()
    assert not without.sleeper.due()


def test_a_trade_without_a_watch_is_not_watched() -> None:
    asleep = Asleep(TradeFacts(1), TradeFacts(2))

    assert asleep.sleeper.due()
    asleep.hold.told[2] = WATCH
    asleep.assess()
    assert not asleep.sleeper.due()


def test_a_crossing_that_freqtrade_does_not_see_keeps_the_loop_until_the_watch_is_another() -> None:
    asleep = Asleep(TradeFacts(1))
    asleep.sleeper.crossed([1], {1: WATCH})
    assert asleep.sleeper.stale()
    asleep.assess()
    assert asleep.sleeper.due()

    asleep.hold.told[1] = WATCH.model_copy(update={"is_short": True})
    asleep.assess()
    assert not asleep.sleeper.due()


def test_a_crossing_that_was_answered_lets_it_sleep() -> None:
    asleep = Asleep(TradeFacts(1))
    asleep.sleeper.crossed([1], {1: WATCH.model_copy(update={"is_short": True})})
    asleep.assess()

    assert not asleep.sleeper.due()


def test_a_closed_trade_frees_a_slot_that_a_loop_looks_at() -> None:
    asleep = Asleep(TradeFacts(1))
    asleep.trades = ()
    asleep.sleeper.changed()
    assert asleep.sleeper.stale()
    asleep.assess()
    assert asleep.sleeper.due()

    asleep.loop()
    asleep.assess()
    assert not asleep.sleeper.due()


def test_facts_that_cannot_be_read_keep_the_loop() -> None:
    asleep = Asleep()
    asleep.sleeper._reader = SimpleNamespace()  # type: ignore[assignment]
    asleep.assess()

    assert asleep.sleeper.due()


def test_what_is_told_has_stood_for_a_while() -> None:
    asleep = Asleep()
    told = asleep.vitals.waking
    assert told is not None
    assert told.mode == "on_need"

    asleep.sleeper.ask()
    asleep.assess()
    asleep.pass_(10)
    asleep.assess()
    assert asleep.vitals.waking == told
    asleep.pass_(5)
    asleep.assess()
    assert asleep.vitals.waking is not None
    assert (asleep.vitals.waking.mode, asleep.vitals.waking.reasons) == ("loop", ["asked"])


def test_a_new_high_is_followed_again_after_a_while() -> None:
    asleep = Asleep(TradeFacts(1))
    asleep.follows_at = asleep.monotonic + 3
    asleep.assess()
    assert not asleep.sleeper.stale()
    assert asleep.sleeper.slice_seconds() <= 3
    asleep.pass_(3)

    assert asleep.sleeper.stale()


def test_what_begins_while_it_is_looked_at_is_due() -> None:
    asleep = Asleep()
    asleep.pass_(39)
    asleep.takes = 10
    asleep.assess()

    assert asleep.sleeper.due(), "a candle closed meanwhile"


def test_what_comes_up_while_prices_are_told_is_looked_at_again() -> None:
    asleep = Asleep()
    told = asleep.tell_watches
    asleep.tell_watches = lambda: (told(), asleep.sleeper.changed())[0]  # type: ignore[method-assign]
    asleep.assess()

    assert asleep.sleeper.stale()


def test_a_new_high_whose_time_came_within_the_look_is_followed_at_once() -> None:
    asleep = Asleep(TradeFacts(1))
    asleep.follows_at = asleep.monotonic + 3
    asleep.takes = 4
    asleep.assess()

    assert asleep.sleeper.stale()
    assert asleep.sleeper.slice_seconds() < 0.1


def test_a_candle_and_a_minute_that_is_over_wait_for_their_turn() -> None:
    for seconds in (45.0, SAFETY_SECONDS):
        asleep = Asleep(TradeFacts(trade_id=1))
        asleep.following.told(1, until=MONOTONIC + 300)
        asleep.turn.connected(gives_turns=True)
        assert not asleep.sleeper.due()
        assert asleep.turns == [], "nothing is due"
        asleep.pass_(seconds)
        assert not asleep.sleeper.due()
        assert asleep.turns == [TurnFrame(number=1, begin=True, open_trades=True)]
        assert asleep.sleeper.slice_seconds() == 5, "it need not look again and again whether it is its turn"
        asleep.turn.given(1)
        assert asleep.sleeper.due()
        asleep.loop()
        assert asleep.turns[1:] == [TurnFrame(number=1, begin=False)]


def test_what_somebody_asks_for_waits_for_nobody() -> None:
    def ask(asleep: Asleep) -> None:
        asleep.sleeper.ask()

    def halt(asleep: Asleep) -> None:
        asleep.vitals.mode = Mode.HALTED

    for happens in (ask, halt):
        asleep = Asleep(TradeFacts(trade_id=1))
        asleep.turn.connected(gives_turns=True)
        asleep.pass_(45)
        asleep.following.told(1, until=MONOTONIC + 300)
        assert not asleep.sleeper.due()
        happens(asleep)
        assert asleep.sleeper.due()
        asleep.loop()
        assert [one.begin for one in asleep.turns] == [True, False], "it gives up the turn it asked for"


def test_a_price_that_nobody_watches_waits_for_its_turn_as_long_as_between_two_loops() -> None:
    """An agent that is late makes all bots loop at once, which would make it later."""
    asleep = Asleep(TradeFacts(trade_id=1))
    asleep.turn.connected(gives_turns=True)
    asleep.following.told(1, until=MONOTONIC + 300)
    asleep.pass_(45)
    assert not asleep.sleeper.due(), "the candle"
    asleep.following.lost()
    assert not asleep.sleeper.due()
    assert asleep.turns == [TurnFrame(number=1, begin=True, open_trades=True)]
    asleep.pass_(1)
    assert asleep.sleeper.slice_seconds() == pytest.approx(HURRIES_SECONDS - 1)
    asleep.pass_(HURRIES_SECONDS - 1)
    assert asleep.sleeper.due()


def test_a_threshold_that_changes_by_time_waits_no_longer_than_between_two_loops() -> None:
    asleep = Asleep(TradeFacts(trade_id=1, timers=(WALL + 10,)))
    asleep.turn.connected(gives_turns=True)
    asleep.pass_(9)
    assert not asleep.sleeper.due()
    assert asleep.sleeper.slice_seconds() == pytest.approx(1)
    asleep.pass_(1)
    assert not asleep.sleeper.due()
    assert asleep.sleeper.slice_seconds() == pytest.approx(HURRIES_SECONDS)
    asleep.pass_(HURRIES_SECONDS)
    assert asleep.sleeper.due()


def test_a_loop_that_a_trade_needs_waits_for_nobody() -> None:
    asleep = Asleep(TradeFacts(trade_id=1, exit_stands=True))
    asleep.turn.connected(gives_turns=True)
    assert asleep.sleeper.due()
    asleep = Asleep(TradeFacts(trade_id=1, open_order=True))
    asleep.turn.connected(gives_turns=True)
    assert asleep.sleeper.due()
    assert asleep.turns == []
