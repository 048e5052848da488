"""FreqTrade's own `retrier` with waits that hold up no halt."""

from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.exceptions import DDosProtection, RetryableOrderError
from freqtrade.exchange import common

from pool.bot.main import Bot
from pool.bot.universal.retries import Retries
from pool.contract.risk import Mode


@pytest.fixture(autouse=True)
def own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "time", SimpleNamespace())


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
