"""ccxt paces its requests by the wall clock: where that is set back, by an hour say, it would sleep until the time is
made up, and with it the bot, deaf and with its trades open. Whoever paces counts by clocks that only go forward.
"""

import time
from functools import partial
from typing import Any

from ccxt.async_support.base import throttler


def keep_pace(client: Any) -> None:
    """Of a client that is not asynchronous; once for all those that are. May be called again."""
    client.throttle = partial(_throttle, client, type(client).throttle.__get__(client))
    throttler.time = time.monotonic  # it takes differences alone


def _throttle(client: Any, throttle: Any, cost: float | None = None) -> None:
    """The last request cannot have been later than now."""
    client.lastRestRequestTimestamp = min(client.lastRestRequestTimestamp, client.milliseconds())
    throttle(cost)
