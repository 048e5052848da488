"""FreqTrade's waits between two tries of a request, so that they hold up nobody's stops, and no halt.

`freqtrade.exchange.common.retrier` sleeps 1, 2, 5, 10 and 17 s while an order is not found, and up to 10 s after a rate
limit, in the one thread that looks at all trades. An order that several quick looks do not find is looked for again in
the next loop. A rate limit is waited out; where somebody waits for the thread nothing more is tried, since what is
sent all the same turns a limit into a ban, and the next loop tries again. What is held back here, for want of the
gateway or by its word, is not waited for at all.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace

from freqtrade.exceptions import DDosProtection, RetryableOrderError
from freqtrade.exchange import common

from pool.bot.market.refusals import HeldBack

NOT_FOUND_SECONDS = 0.5
_SLICE_SECONDS = 0.125


class Retries:
    """`hurried` says whether somebody waits for the trading thread."""

    def __init__(self, hurried: Callable[[], bool], sleep: Callable[[float], None] = time.sleep) -> None:
        self._hurried = hurried
        self._sleep = sleep

    def install(self) -> None:
        """From now on, in this process; of `time` and `asyncio` that module uses `sleep` alone."""
        common.time = SimpleNamespace(sleep=self.wait)
        common.asyncio = SimpleNamespace(sleep=_wait_async)

    def wait(self, seconds: float) -> None:
        """Called by `retrier` while it handles what the last try raised. Raises that where it is not to try again."""
        error = sys.exception()
        if isinstance(error, RetryableOrderError):
            seconds = min(seconds, NOT_FOUND_SECONDS)
        _give_up_held_back(error)
        waited = 0.0
        while waited < seconds:
            if isinstance(error, DDosProtection) and self._hurried():
                raise error
            self._sleep(_SLICE_SECONDS)
            waited += _SLICE_SECONDS


async def _wait_async(seconds: float) -> None:
    """Called by `retrier_async`, as `Retries.wait` is."""
    _give_up_held_back(sys.exception())
    await asyncio.sleep(seconds)


def _give_up_held_back(error: BaseException | None) -> None:
    if error is not None and isinstance(error.__cause__, HeldBack):
        raise error
