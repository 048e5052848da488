"""How much of one limit is used: by what the exchange tells (`Window`), or by what it is asked (`Bucket`). Pure.

A class of requests has a share of the limit, and room as long as all that is used, by whomever, leaves that share open.
Of a bucket, data has a part that nothing else can take; of a window looks at orders have one.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from pool.contract.market import Priority
from pool.exchange.gateway.limits_told import Reading
from pool.exchange.gateway.standing import ALWAYS

SHARES: dict[Priority, float] = {
    "exit": 0.95,
    "cancel": 0.95,
    "urgent": 0.90,
    "entry": 0.80,
    "order": 0.70,
    "price": 0.80,
    "data": 0.60,
}
"""Looks at orders leave prices a room of their own, however many there are, and both leave one to crossed stops."""
GUARANTEED = 0.20
"""Of a bucket's pace: data's, however much is asked of higher classes."""
ORDERS_GUARANTEED, ORDERS_LIMIT = 0.05, 0.85
"""Of a window: looks at orders have the former, however many prices are asked for, while no more than the latter is
used. Prices have no bound for each tenant, and fills and time-outs of exits are others' as well."""
_LEVELS = (1.0, SHARES["urgent"], SHARES["price"], SHARES["data"])
_UNCONFIRMED_SHARE = 0.10
"""Of the limit, in a new window until the exchange has told that it is one; exits and cancels do not wait for that."""
_STRAIGHT_SECONDS = 10.0
"""What was permitted has been asked by then, so later answers count it."""
_LATEST_SECONDS = 1.0
"""An exchange's clock may be so far behind ours where it does not tell it."""
_BURST_SECONDS = 2.0
_TOGETHER_SECONDS = 0.5
_LEARNED_OF = 5
_BELIEVED = 3


@dataclass
class Bucket:
    """What is public, where an exchange tells nothing: as ccxt paces it. Each share has its own level, which drains at
    its own rate; in that of what is guaranteed there is data alone."""

    per_second: float
    """In ccxt's cost units."""
    _levels: dict[float, float] = field(default_factory=dict)
    _at: float = 0.0

    @property
    def capacity(self) -> float:
        return max(self.per_second * _BURST_SECONDS, 1.0)

    def level(self, share: float, now: float) -> float:
        passed = max(0.0, now - self._at)
        return max(0.0, self._levels.get(share, 0.0) - passed * self.per_second * share)

    def wait(self, priority: Priority, cost: float, now: float) -> float:
        """Seconds until there is room; a request that is greater than the whole share has it when nothing is used."""
        wait = self._wait(SHARES[priority], cost, now)
        return min(wait, self._wait(GUARANTEED, cost, now)) if priority == "data" else wait

    def guarantees(self, priority: Priority, cost: float, now: float) -> bool:
        """Whether there is room that no other class has a claim to."""
        return priority == "data" and self._wait(GUARANTEED, cost, now) == 0.0

    def _wait(self, share: float, cost: float, now: float) -> float:
        over = self.level(share, now) + cost - share * self.capacity
        over = min(over, self.level(share, now))
        return 0.0 if over <= 1e-9 else over / (self.per_second * share)

    def charge(self, priority: Priority, cost: float, now: float) -> None:
        most = self.capacity + cost
        levels = {share: min(self.level(share, now) + cost, most) for share in _LEVELS}
        levels[GUARANTEED] = self.level(GUARANTEED, now)
        if priority == "data":
            levels[GUARANTEED] = min(levels[GUARANTEED] + cost, most)
        self._levels, self._at = levels, max(self._at, now)

    def fill(self, now: float) -> None:
        """The exchange said that it is too much."""
        self._levels, self._at = dict.fromkeys((*_LEVELS, GUARANTEED), self.capacity), now

    def to_json(self) -> list[Any]:
        return [self._at, sorted(self._levels.items())]

    def of_json(self, value: Any, shift: float) -> None:
        at, levels = value
        self._at = float(at) + shift
        self._levels = {float(share): min(float(level), self.capacity) for share, level in levels}


@dataclass(slots=True)
class _Unseen:
    at: float
    weight: float


@dataclass
class Window:
    """A limit whose use the exchange tells. Requests under way count by their estimate, those whose answer told nothing
    until a later one must have counted them, at the latest until the window rolls."""

    name: str
    seconds: float
    limit: float
    aligned: bool
    """It rolls at multiples of its length by the exchange's clock; else where the exchange said."""
    used: float = 0.0
    ends_at: float = 0.0
    began_at: float = 0.0
    confirmed: bool = False
    """The exchange has told of this window."""
    behind: float = -_LATEST_SECONDS
    """The exchange's clock minus ours is at least that."""
    _pending: dict[int, float] = field(default_factory=dict)
    _unseen: list[_Unseen] = field(default_factory=list)
    _before: float = 0.0
    _orders: float = 0.0
    """Of this window, asked by looks at orders."""

    def roll(self, now: float) -> None:
        if now >= self.ends_at:
            self._begin(now, self._index(now + self.behind) if self.aligned else 0)

    def _index(self, exchange_time: float) -> int:
        return int(exchange_time // self.seconds)

    def _begin(self, now: float, index: int) -> None:
        self._before, self.used, self.began_at = self.used, 0.0, now
        self.confirmed, self._unseen, self._orders = False, [], 0.0
        self.ends_at = (index + 1) * self.seconds - self.behind if self.aligned else now + self.seconds

    @property
    def held(self) -> float:
        """Of requests whose weight is not in `used`."""
        return sum(self._pending.values()) + sum(one.weight for one in self._unseen)

    def wait(self, priority: Priority, weight: float, now: float) -> float | None:
        """Seconds until there is room for certain; None: when an answer under way comes, at the latest as the window
        rolls. A request that is greater than the whole share has room when nothing is used."""
        self.roll(now)
        share = ORDERS_LIMIT if self._has_guaranteed(priority, weight) else SHARES[priority]
        held, room = self.held, share * self.limit - self.used
        certain = priority in ALWAYS or self._may(held + weight)
        if self.used + held <= 0 or (held + weight <= room and certain):
            return 0.0
        if self._pending and (self.used <= 0 or weight <= room):
            return None
        return max(self.ends_at - now, 0.001)

    def guarantees(self, priority: Priority, weight: float, now: float) -> bool:
        """Whether there is room that no other class has a claim to, when its share is used."""
        wait = self.wait(priority, weight, now)
        over = self.used + self.held + weight > SHARES[priority] * self.limit
        return over and wait == 0.0 and self._has_guaranteed(priority, weight)

    def _has_guaranteed(self, priority: Priority, weight: float) -> bool:
        return priority == "order" and self._orders + weight <= ORDERS_GUARANTEED * self.limit

    def _may(self, held: float) -> bool:
        return self.confirmed or not self._pending or held <= _UNCONFIRMED_SHARE * self.limit

    def sent(self, number: int, priority: Priority, weight: float) -> None:
        self._pending[number] = weight
        self._orders += weight if priority == "order" else 0.0

    def permitted(self, priority: Priority, weight: float, now: float) -> None:
        """Somebody will ask straight, and its answer is not seen."""
        self._orders += weight if priority == "order" else 0.0
        self._miss(weight, now + _STRAIGHT_SECONDS)

    def silent(self, number: int, now: float) -> None:
        """A request ended and told nothing of this limit; it may have counted."""
        self._miss(self._pending.pop(number, 0.0), now)

    def _miss(self, weight: float, at: float) -> None:
        if self._unseen and abs(at - self._unseen[-1].at) < _TOGETHER_SECONDS:
            self._unseen[-1].weight += weight
            self._unseen[-1].at = max(at, self._unseen[-1].at)
        elif weight > 0:
            self._unseen.append(_Unseen(at, weight))

    def withdrawn(self, number: int) -> None:
        """It was not sent."""
        self._pending.pop(number, None)

    def told(self, number: int, reading: Reading, at: float | None, sent_at: float, now: float) -> float | None:
        """What this request weighed at the most, where that shows: None where others were under way as well. `at` is
        the exchange's time of the answer, in whole seconds."""
        self.roll(now)
        weight, used = self._pending.pop(number, 0.0), self._used(reading)
        if self.aligned and at is not None and self._index(at) > self._index(self.ends_at + self.behind - 0.5):
            self._begin(now, self._index(at))
        elif self._of_before(used, at, sent_at):
            self._miss(weight, now)
            return None
        alone = self.confirmed and not self._pending and not self._unseen and sent_at >= self.began_at
        delta = used - self.used
        self._unseen = [one for one in self._unseen if one.at >= sent_at]
        self.used, self.confirmed = max(self.used, used), True
        if reading.resets_in is not None:
            self.ends_at = now + max(reading.resets_in, 0.05)
        return delta if alone and delta > 0 else None

    def _used(self, reading: Reading) -> float:
        if reading.limit is not None:
            self.limit = reading.limit
        if reading.used is not None:
            return reading.used
        left = reading.remaining or 0.0
        self.limit = max(self.limit, left + 1)
        return self.limit - left

    def _of_before(self, used: float, at: float | None, sent_at: float) -> bool:
        """Whether an answer tells of the window before."""
        if self.aligned and at is not None:
            return self._index(at) < self._index(self.ends_at + self.behind - 0.5)
        return sent_at < self.began_at and used >= self._before > 0

    def doubt(self) -> None:
        """The exchange refused what should have had room: what it told is no longer believed."""
        self.confirmed = False

    def hear_clock(self, ahead: float) -> None:
        """The exchange's clock is at least `ahead` of ours; the window ends by it."""
        if self.aligned and self.ends_at > 0:
            self.ends_at += self.behind - ahead
        self.behind = ahead

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "seconds": self.seconds,
            "limit": self.limit,
            "aligned": self.aligned,
            "used": self.used + self.held,
            "ends_at": self.ends_at,
            "behind": self.behind,
        }

    @classmethod
    def of_json(cls, value: dict[str, Any], shift: float) -> "Window":
        """Times are `shift`ed. Raises ValueError for what cannot be."""
        window = cls(str(value["name"]), float(value["seconds"]), float(value["limit"]), bool(value["aligned"]))
        window.used, window.ends_at = float(value["used"]), float(value["ends_at"]) + shift
        window.behind = float(value["behind"]) - shift
        if window.seconds <= 0 or window.limit <= 0:
            raise ValueError("a window without length or limit")
        return window


@dataclass
class Weights:
    """What requests weigh in an exchange's own units, by what its answers showed where a request was alone."""

    _seen: dict[tuple[str, float], deque[float]] = field(default_factory=dict)

    def of(self, endpoint: str, cost: float, guess: float) -> float:
        """Others' traffic makes what was seen greater, never smaller: more than the guess is believed when it was seen
        several times."""
        seen = self._seen.get((endpoint, cost))
        if not seen:
            return guess
        return min(seen) if len(seen) >= _BELIEVED else min(guess, *seen)

    def learn(self, endpoint: str, cost: float, weight: float) -> None:
        if len(self._seen) >= 2_000 and (endpoint, cost) not in self._seen:
            self._seen.clear()
        self._seen.setdefault((endpoint, cost), deque(maxlen=_LEARNED_OF)).append(weight)
