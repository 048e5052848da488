"""FreqTrade's own `retrier` with waits that hold up no halt."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.exceptions import DDosProtection, RetryableOrderError
from freqtrade.exchange import common

from pool.bot.main import Bot
from pool.bot.market.refusals import HeldBack
from pool.bot.universal.retries import Retries
from pool.contract.risk import Mode


@pytest.fixture(autouse=True)
def own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "time", SimpleNamespace())
    monkeypatch.setattr(common, "asyncio", SimpleNamespace())


class Waiting:
    """`tries` fail; somebody is in a hurry from `hurried_from` seconds on."""

    def __init__(self, error: Exception, hurried_from: float = float("inf")) -> None:
        self.waited = 0.0
        self.tries = 0
        self._error = error
        Retries(lambda: self.waited >= hurried_from, self._sleep).install()

    def _sleep(self, seconds: float) -> None:
        self.waited += seconds

    @common.retrier
    def ask(self) -> None:
        self.tries += 1
        raise self._error


def test_an_order_that_is_not_found_is_looked_for_quickly() -> None:
    waiting = Waiting(RetryableOrderError("unknown"))
    with pytest.raises(RetryableOrderError):
        waiting.ask()
    assert (waiting.tries, waiting.waited) == (5, 2.0), "of FreqTrade's 18 s"


def test_a_rate_limit_is_waited_out_and_where_somebody_waits_not_asked_again() -> None:
    for hurried_from, tries, waited in ((float("inf"), 5, 18.0), (0.0, 1, 0.0), (2.5, 2, 2.5)):
        waiting = Waiting(DDosProtection("429"), hurried_from)
        with pytest.raises(DDosProtection, match="429"):
            waiting.ask()
        assert (waiting.tries, waiting.waited) == (tries, waited)


@pytest.mark.parametrize(("asked", "flattening"), [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("building", [False, True])
def test_a_halt_lasts_and_hurries_nobody_but_what_is_asked_of_a_bot_that_is_built_does(
    asked: bool, flattening: bool, building: bool
) -> None:
    bot: Any = SimpleNamespace(
        _control=SimpleNamespace(asked=asked, building=building, stopping=False),
        _desk=SimpleNamespace(flattening=flattening),
        _standing=SimpleNamespace(mode=lambda: Mode.HALTED),
    )
    assert Bot._hurries(bot) is ((asked or flattening) and not building)


class HeldBackData:
    """FreqTrade's own translation of what the bot holds back for want of its gateway."""

    def __init__(self) -> None:
        self.tries = 0
        Retries(lambda: False, self._sleep).install()

    def _sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits for it")

    name = "Binance"

    def _fail(self) -> None:
        self.tries += 1
        try:
            raise HeldBack("wait")
        except HeldBack as error:
            raise DDosProtection(error) from error

    @common.retrier
    def ask(self) -> None:
        self._fail()

    @common.retrier_async
    async def ask_async(self) -> None:
        self._fail()


def test_what_is_held_back_is_given_up_at_once() -> None:
    held = HeldBackData()
    with pytest.raises(DDosProtection):
        held.ask()
    with pytest.raises(DDosProtection):
        asyncio.run(held.ask_async())
    assert held.tries == 2


def test_other_rate_limits_are_waited_out_asynchronously_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    waiting = WaitingAsync()
    with pytest.raises(DDosProtection):
        asyncio.run(waiting.ask())
    assert waited == [1, 2, 5, 10]


class WaitingAsync:
    name = "Binance"

    def __init__(self) -> None:
        Retries(lambda: True).install()

    @common.retrier_async
    async def ask(self) -> None:
        raise DDosProtection("429")
