"""FreqTrade's waits between two tries of a request, so that they hold up nobody's stops, and no halt.

`freqtrade.exchange.common.retrier` sleeps 1, 2, 5, 10 and 17 s while an order is not found, and up to 10 s after a rate
limit, in the one thread that looks at all trades. An order that several quick looks do not find is looked for again in
the next loop. A rate limit is waited out; where somebody waits for the thread nothing more is tried, since what is
sent all the same turns a limit into a ban, and the next loop tries again.
"""

import sys
import time
from collections.abc import Callable
from types import SimpleNamespace

from freqtrade.exceptions import DDosProtection, RetryableOrderError
from freqtrade.exchange import common

NOT_FOUND_SECONDS = 0.5
_SLICE_SECONDS = 0.125


class Retries:
    """`hurried` says whether somebody waits for the trading thread."""

    def __init__(self, hurried: Callable[[], bool], sleep: Callable[[float], None] = time.sleep) -> None:
        self._hurried = hurried
        self._sleep = sleep

    def install(self) -> None:
        """From now on, in this process; of `time` that module uses `sleep` alone."""
        common.time = SimpleNamespace(sleep=self.wait)

    def wait(self, seconds: float) -> None:
        """Called by `retrier` while it handles what the last try raised. Raises that where it is not to try again."""
        error = sys.exception()
        if isinstance(error, RetryableOrderError):
            seconds = min(seconds, NOT_FOUND_SECONDS)
        waited = 0.0
        while waited < seconds:
            if isinstance(error, DDosProtection) and self._hurried():
                raise error
            self._sleep(_SLICE_SECONDS)
            waited += _SLICE_SECONDS
