"""FreqTrade's waits end when something is asked of the bot."""

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.enums import State
from freqtrade.exceptions import OperationalException, TemporaryError

from pool.bot.control import Control
from pool.bot.trader import Trader
from pool.bot.vitals import PATIENCE_SECONDS, Vitals
from pool.contract.frames import CommandFrame


class FakeDesk:
    def __init__(self) -> None:
        self.flattening = False
        self.served: list[str] = []
        self.reports = 0
        self.on_serve: Any = None

    def after_loop(self) -> None:
        pass

    def report(self) -> None:
        self.reports += 1

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

    def slept(self, seconds: float) -> float:
        started = time.monotonic()
        self.trader._sleep(seconds)
        return time.monotonic() - started


def test_a_wait_is_as_long_as_asked_and_counts_progress() -> None:
    waiting = Waiting()

    assert 0.2 <= waiting.slept(0.2) < 1
    assert waiting.vitals.progress >= 1
    assert waiting.desk.reports >= 1


def test_a_stop_ends_the_wait_after_a_temporary_error() -> None:
    waiting = Waiting()
    threading.Timer(0.1, waiting.control.stop_from_thread).start()

    def unreachable() -> None:
        raise TemporaryError("503")

    started = time.monotonic()
    waiting.trader._process(unreachable)
    assert 0.05 < time.monotonic() - started < 5


def test_an_operational_error_is_left_to_freqtrade() -> None:
    def stops() -> None:
        raise OperationalException("stop")

    with pytest.raises(OperationalException):
        Waiting().trader._process(stops)


def test_a_command_is_served_within_the_wait_and_a_changed_state_ends_it() -> None:
    waiting = Waiting()
    waiting.desk.on_serve = lambda: setattr(waiting.trader.freqtrade, "state", State.PAUSED)
    threading.Timer(0.1, lambda: waiting.control.submit(CommandFrame(command_id="1", name="pause"))).start()

    assert waiting.slept(30) < 5
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
    assert 120 <= vitals.patience_seconds < 130
