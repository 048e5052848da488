"""FreqTrade's waits end when something is asked of the bot."""

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.enums import State
from freqtrade.exceptions import OperationalException, TemporaryError

from pool.bot.control import Control
from pool.bot.market.kinds import candles
from pool.bot.trader import Trader
from pool.bot.vitals import PATIENCE_SECONDS, Vitals
from pool.contract.frames import CommandFrame


class FakeDesk:
    def __init__(self) -> None:
        self.flattening = False
        self.served: list[str] = []
        self.reports = self.looped = 0
        self.on_serve: Any = None
        self.open_trades = False
        self.looks: list[Any] = []
        self.begun = True

    def begin_loop(self) -> None:
        self.looped += 1

    def after_loop(self) -> None:
        pass

    def report(self) -> None:
        self.reports += 1

    def keep(self) -> None:
        pass

    def look(self, trade_ids: Any = None) -> None:
        self.looks.append(trade_ids)

    def start_up(self, startup: Any) -> bool:
        startup()
        return self.begun

    def survives(self, _error: BaseException) -> bool:
        return self.open_trades

    def serve(self, command: CommandFrame) -> None:
        self.served.append(command.name)
        if self.on_serve is not None:
            self.on_serve()


class Waiting:
    """A Trader without FreqTrade, about to wait."""

    def __init__(self) -> None:
        self.trader = Trader.__new__(Trader)
        self.control = self.trader._control = Control()
        self.vitals = self.trader._vitals = Vitals()
        self.desk = FakeDesk()
        self.trader._desk = self.desk  # type: ignore[assignment]
        self.trader.freqtrade = SimpleNamespace(state=State.RUNNING)
        self.trader._loop_state = State.RUNNING
        self.trader._failures = 0
        self.trader._orders = None
        self.trader._sleeper = None
        self.trader._start_again_at = None
        self.trader._throttle_secs = 60.0

    def slept(self, seconds: float) -> float:
        started = time.monotonic()
        self.trader._sleep(seconds)
        return time.monotonic() - started


def test_a_wait_ends_when_it_came_to_be_known_what_became_of_an_order() -> None:
    waiting = Waiting()
    answers = [False, True]
    waiting.trader._orders = SimpleNamespace(look_again=lambda: answers.pop(0))  # type: ignore[assignment]

    assert waiting.slept(60) < 30


def test_a_wait_is_as_long_as_asked_and_counts_progress() -> None:
    waiting = Waiting()

    assert 0.2 <= waiting.slept(0.2) < 20
    assert waiting.vitals.progress >= 1
    assert waiting.desk.reports >= 1


@pytest.mark.parametrize("due", [True, False])
def test_a_loop_asks_for_candles_as_what_it_is(due: bool) -> None:
    waiting, asked = Waiting(), list[bool | None]()
    nothing = SimpleNamespace(looping=lambda: None, looped=lambda: None, rests=lambda: None, due_at_close=due)
    waiting.trader._sleeper = nothing  # type: ignore[assignment]

    def ask() -> None:
        asked.append(candles(lambda _: 60, ("BTC/USDT", "1m"), {}).at_close)

    waiting.trader._process(ask)
    ask()
    assert asked == [due or None, None]


def test_a_stop_ends_the_wait_after_a_temporary_error() -> None:
    waiting, started = Waiting(), time.monotonic()
    threading.Timer(0.1, waiting.control.stop_from_thread).start()

    def unreachable() -> None:
        raise TemporaryError("503")

    waiting.trader._process(unreachable)
    assert 0.05 < time.monotonic() - started < 20


def test_an_operational_error_is_left_to_freqtrade() -> None:
    def stops() -> None:
        raise OperationalException("stop")

    with pytest.raises(OperationalException):
        Waiting().trader._process(stops)


def test_a_start_that_failed_is_tried_again_before_a_later_loop() -> None:
    waiting = Waiting()
    waiting.desk.begun = False
    did: list[str] = []
    waiting.trader.freqtrade.startup = lambda: waiting.trader._start_up(lambda: did.append("start"))
    waiting.trader.freqtrade.startup()

    waiting.trader._process(lambda: did.append("loop"))
    assert did == ["start", "loop"]
    assert waiting.desk.looped == 1
    waiting.trader._start_again_at = time.monotonic()
    waiting.desk.begun = True
    waiting.trader._process(lambda: did.append("loop"))
    waiting.trader._process(lambda: did.append("loop"))
    assert did == ["start", "loop", "start", "loop", "loop"]


@pytest.mark.parametrize("error", [RuntimeError("version"), SystemExit(0)])
def test_what_fails_around_a_loop_ends_nothing_with_open_trades(error: BaseException) -> None:
    waiting = Waiting()
    states: list[Any] = []

    def loop(state: Any) -> State:
        states.append(state)
        if len(states) == 1:
            waiting.trader._loop_state = None  # as if something was asked: the wait ends
            raise error
        waiting.control.stop()
        return State.RUNNING

    waiting.trader._worker = loop
    with pytest.raises(type(error)):
        waiting.trader.run()
    states.clear()
    waiting.desk.open_trades = True
    waiting.trader.run()
    assert states == [None, None], "FreqTrade begins anew"


def test_a_command_is_served_within_the_wait_and_a_changed_state_ends_it() -> None:
    waiting = Waiting()
    waiting.desk.on_serve = lambda: setattr(waiting.trader.freqtrade, "state", State.PAUSED)
    threading.Timer(0.1, lambda: waiting.control.submit(CommandFrame(command_id="1", name="pause"))).start()

    assert waiting.slept(60) < 30
    assert waiting.desk.served == ["pause"]


def test_a_command_that_changes_no_state_does_not_end_the_wait() -> None:
    waiting = Waiting()
    waiting.control.submit(CommandFrame(command_id="1", name="serve_api"))

    assert waiting.slept(0.3) >= 0.3
    assert waiting.desk.served == ["serve_api"]


def test_patience_grows_with_the_longest_loop_seen() -> None:
    vitals = Vitals()
    vitals.begin(180)
    assert vitals.patience_seconds == 180
    vitals.step()
    vitals.looped()
    assert vitals.patience_seconds == PATIENCE_SECONDS

    vitals._stepped_at -= 40
    vitals.step()
    vitals.looped()
    assert 120 <= vitals.patience_seconds < 180


def test_a_loop_that_waits_out_an_error_gives_its_turn_back() -> None:
    waiting = Waiting()
    said: list[str] = []
    waiting.trader._sleeper = SimpleNamespace(  # type: ignore[assignment]
        looping=lambda: said.append("looping"),
        rests=lambda: said.append("rests"),
        looped=lambda: said.append("looped"),
        due_at_close=False,
    )
    waiting.desk.look = lambda trade_ids=None: waiting.control.stop()  # type: ignore[method-assign]

    def fail() -> None:
        raise TemporaryError("the exchange does not answer")

    waiting.trader._process(fail)
    assert said == ["looping", "rests", "looped"]
