"""Requests are paced by clocks that only go forward."""

import time

import ccxt
import pytest
from ccxt.async_support.base import throttler

from pool.bot.pace import keep_pace


def test_a_wall_clock_that_is_set_back_holds_up_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    client = ccxt.binance()
    keep_pace(client)
    client.lastRestRequestTimestamp = client.milliseconds() + 3_600_000

    client.throttle(1)
    assert sum(slept) <= client.rateLimit / 1000
    client.throttle(1)
    assert slept, "requests are still paced"
    assert throttler.time is time.monotonic
