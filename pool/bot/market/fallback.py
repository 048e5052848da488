"""Whether the gateway is asked, and how much the exchange is asked without it. Of one bot; no I/O.

A gateway that failed is asked again by one probe, 2 s later and then ever later, up to 30 s. Until one is answered the
bot asks the exchange itself: signed requests as ever, data within a budget, for all bots of a node turn to the
exchange in the same second. Prices of single pairs, on which exits are decided, go at once; the rest, prices for
entries first, waits for a moment of the bot's own within the first ten seconds. A price that is urgent, for its trade's
stop was crossed or its exit is being sent, goes always, and others wait for longer.

The budget is made for fifty bots behind one address of Binance, which takes weights of 6,000 a minute (a book is 5,
candles are 2, what their watcher asks is 480). A bot with one open trade looks at it with each loop. With more of them
it looks fifteen times a minute, and asks for candles half as often. With four and two more at first fifty bots come to
5,500 in the first minute and to 5,000 in each later one; the same bots without a gateway ask 60 to 70 times a minute
each. What is beyond it is told at once, so that a loop goes on with the candles that it has, and is let through in the
order in which it was asked for first.
"""

import random
import threading
import time
from collections.abc import Callable
from typing import Literal

from pool.bot.market.kinds import Need

PROBE_SECONDS, LONGEST_PROBE_SECONDS = 2.0, 30.0
SPREAD_SECONDS = 10.0
PRICE_SECONDS, DATA_SECONDS, DATA_BEHIND_PRICES_SECONDS = 4.0, 5.0, 10.0
PRICES_AT_ONCE, DATA_AT_ONCE = 4, 2
_STEADY_SECONDS = 30.0
"""A gateway that fails sooner after it came back is not asked as soon again."""
_FORGOTTEN_SECONDS = 20.0
"""Who does not ask again for so long gives up its place."""

Use = Literal["ask", "probe", "avoid"]


class Turns:
    """A token bucket that is fair between those who ask: a token is the one's who waits longest. There is one each
    `seconds`."""

    def __init__(self, at_once: int, seconds: float) -> None:
        self.seconds = seconds
        self._most = float(at_once)
        self._tokens = self._most
        self._counted_at: float | None = None
        self._waiting: dict[str, float] = {}
        """When they asked last, in the order in which they asked first."""

    def take(self, key: str, now: float, *, first: bool = False) -> float:
        """0, or the seconds until it is this one's turn; `first` has the next."""
        self._count(now)
        order = list(self._waiting)
        ahead = 0 if first else order.index(key) if key in self._waiting else len(order)
        missing = ahead + 1 - self._tokens
        if missing > 1e-9:
            self._waiting[key] = now
            return missing * self.seconds
        self._spend(key)
        return 0.0

    def take_anyway(self, key: str, now: float) -> None:
        """At the cost of the others, but not for ever."""
        self._count(now)
        self._spend(key)
        self._tokens = max(self._tokens, -self._most)

    def waited_for(self, now: float) -> bool:
        self._count(now)
        return bool(self._waiting)

    def _count(self, now: float) -> None:
        if self._counted_at is not None:
            self._tokens = min(self._most, self._tokens + (now - self._counted_at) / self.seconds)
        self._counted_at = now
        self._waiting = {one: at for one, at in self._waiting.items() if now - at <= _FORGOTTEN_SECONDS}

    def _spend(self, key: str) -> None:
        self._tokens -= 1
        self._waiting.pop(key, None)


class Fallback:
    """Shared by all clients of a bot, whatever thread they are used in. `told` hears why it fell back, again at each
    probe in vain, and None when the gateway is back."""

    def __init__(
        self,
        seed: str,
        told: Callable[[str | None], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._told = told
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311
        self._lock = threading.Lock()
        self._failed = False
        self._known = False
        self._probe_at = 0.0
        self._delay = PROBE_SECONDS
        self._back_at: float | None = None
        self._data_from = 0.0
        self._prices = Turns(PRICES_AT_ONCE, PRICE_SECONDS)
        self._data = Turns(DATA_AT_ONCE, DATA_SECONDS)

    @property
    def away(self) -> bool:
        """The gateway failed, and has not answered since."""
        return self._failed

    def use(self, *, confidential: bool = False) -> Use:
        """What to do with the gateway now. A request that is confidential goes only where the gateway has answered
        before. Who is told to probe has to, and says what came of it."""
        with self._lock:
            if not self._failed:
                return "probe" if confidential and not self._known else "ask"
            if self._clock() < self._probe_at:
                return "avoid"
            self._probe_at = self._clock() + LONGEST_PROBE_SECONDS  # one, unless who makes it is ended
            return "probe"

    def answered(self) -> None:
        """It did, and it is the gateway."""
        with self._lock:
            back = self._failed
            self._failed, self._known = False, True
            if back:
                self._back_at = self._clock()
        if back:
            self._told(None)

    def doubted(self) -> None:
        """Nothing confidential goes there before it has answered again."""
        with self._lock:
            self._known = False

    def failed(self, reason: str, *, probe: bool = False) -> None:
        """It did not answer as the gateway does. `probe`: it was a probe that failed."""
        with self._lock:
            now, first = self._clock(), not self._failed
            self._known = False
            if first:
                steady = self._back_at is None or now - self._back_at >= _STEADY_SECONDS
                self._delay = PROBE_SECONDS if steady else min(self._delay * 2, LONGEST_PROBE_SECONDS)
                self._data_from = now + self._random.uniform(0, SPREAD_SECONDS)
            elif probe:
                self._delay = min(self._delay * 2, LONGEST_PROBE_SECONDS)
            if first or probe:
                self._failed = True
                self._probe_at = now + self._delay * self._random.uniform(1, 1.25)
        if first or probe:
            self._told(reason)

    def wait_for(self, key: str, need: Need) -> float:
        """Seconds until the exchange may be asked for this; 0 where it may be now, which then counts."""
        with self._lock:
            now = self._clock()
            if need == "urgent":
                self._prices.take_anyway(key, now)
                return 0.0
            if need == "price":
                return self._prices.take(key, now)
            if now < self._data_from:
                return self._data_from - now
            self._data.seconds = DATA_BEHIND_PRICES_SECONDS if self._prices.waited_for(now) else DATA_SECONDS
            return self._data.take(key, now, first=need == "entry")
