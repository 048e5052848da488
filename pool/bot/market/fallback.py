"""Whether the gateway is asked, and how much the exchange is asked without it. Of one bot; no I/O.

A gateway that failed is asked again by one probe, 2 s later and then ever later, up to 30 s. Until one is answered the
bot asks the exchange itself: signed requests as ever, data within a budget, for all bots of a node turn to the
exchange in the same second. Prices of single pairs, on which exits are decided, go first; the rest, prices for
entries first, waits for a moment of the bot's own within the first ten seconds. A price that is urgent, for its trade's
stop was crossed or its exit is being sent, goes at once, and others wait for longer; only a trade that is asked for
again and again without an exit has the next turn.

The budget of a bot alone: it looks at prices fifteen times a minute, and asks for candles twelve times, half as often
while prices wait; four and two more at first. While it lives the gateway tells what would be the bot's own share of
what the exchange bears. Where that is less, for the node has many bots or the exchange bears little, all of this is
stretched, and the first ones are spread, too: any number of bots stays below what the gateway itself would let through.
One that was never told, since it began without the gateway, goes by the budget of a bot alone, which fifty on Binance
do not get banned by. What is beyond it is told at once, so that a loop goes on with the candles that it has, and is let
through in the order in which it was asked for first.
"""

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from pool.bot.market.kinds import Need

PROBE_SECONDS, LONGEST_PROBE_SECONDS = 2.0, 30.0
SPREAD_SECONDS = 10.0
PRICE_SECONDS, DATA_SECONDS, DATA_BEHIND_PRICES_SECONDS = 4.0, 5.0, 10.0
PRICES_AT_ONCE, DATA_AT_ONCE = 4, 2
URGENT_AT_ONCE, URGENT_SECONDS = 4, 2.0
"""Of one pair: an exit asks for its price twice."""
WANTED_SHARE = 0.5
"""Of ccxt's cost units a second: a bot for which the gateway tells as much is not stretched. Prices cost one such unit
with Binance, candles less."""
_MOST_STRETCHED = 100.0
_SHARE_SECONDS = 600.0
"""A share that is greater than one of before is believed after so long: a gateway that just began knows few bots."""
_MOST_URGENT = 200
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
        self._at_once = self._most = self._tokens = float(at_once)
        self._counted_at: float | None = None
        self._waiting: dict[str, float] = {}
        """When they asked last, in the order in which they asked first."""

    def stretch(self, times: float) -> None:
        """There are so many times fewer at once."""
        self._most = max(1.0, self._at_once / times)

    def begin(self, tokens: float) -> None:
        """With no more than that."""
        self._tokens = min(self._tokens, tokens)

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
        self._urgent: OrderedDict[str, Turns] = OrderedDict()
        self._share = WANTED_SHARE
        self._share_at = float("-inf")

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

    def answered(self, share: float = 0.0) -> None:
        """It did, and it is the gateway. `share` is what it told of that, 0 for nothing."""
        with self._lock:
            back, now = self._failed, self._clock()
            if 0 < share <= self._share or (share > 0 and now - self._share_at >= _SHARE_SECONDS):
                self._share, self._share_at = share, now
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
                self._spread()
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
            stretched, self._prices.seconds = self._stretched, PRICE_SECONDS * self._stretched
            if need == "urgent" and self._urgent_of(key).take(key, now) == 0:
                self._prices.take_anyway(key, now)
                return 0.0
            if need in ("urgent", "price"):
                return self._prices.take(key, now, first=need == "urgent")
            if now < self._data_from:
                return self._data_from - now
            seconds = DATA_BEHIND_PRICES_SECONDS if self._prices.waited_for(now) else DATA_SECONDS
            self._data.seconds = seconds * stretched
            return self._data.take(key, now, first=need == "entry")

    @property
    def _stretched(self) -> float:
        return min(max(1.0, WANTED_SHARE / self._share), _MOST_STRETCHED)

    def _spread(self) -> None:
        """All bots fall back in the same second: of many, some ask at once, and the others one after the other."""
        stretched = self._stretched
        for turns, at_once in ((self._prices, PRICES_AT_ONCE), (self._data, DATA_AT_ONCE)):
            turns.stretch(stretched)
            if stretched > 1:
                turns.begin(self._random.uniform(0, at_once / stretched))
        self._urgent.clear()

    def _urgent_of(self, key: str) -> Turns:
        turns = self._urgent.setdefault(key, Turns(URGENT_AT_ONCE, URGENT_SECONDS))
        turns.seconds = URGENT_SECONDS * self._stretched
        self._urgent.move_to_end(key)
        if len(self._urgent) > _MOST_URGENT:
            self._urgent.popitem(last=False)
        return turns
