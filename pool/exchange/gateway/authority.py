"""One authority of an exchange, as it counts for this machine's address: who may ask it, and when. Pure.

`now` is Unix time that does not jump. A request waits as long as it may still go before its deadline; where that is
certain not to come it is refused at once.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pool.contract.market import Priority, Refusal
from pool.exchange.gateway.breaker import Standing
from pool.exchange.gateway.limits_told import Reading, date, limits_in, readings, retry_after
from pool.exchange.gateway.meters import SHARES, Bucket, Weights, Window
from pool.exchange.gateway.queueing import Queue
from pool.exchange.gateway.tables import Endpoint

MOST_FLYING = 50
"""Requests under way: as many as the server has connections. Shares hold for these, too: data that hangs leaves others
theirs."""
_MOST_ENDPOINT_WINDOWS = 500
_LEAST_AGAIN = 0.05


@dataclass(eq=False, slots=True)
class Ticket:
    """A request that waits, then is under way. `straight`: somebody else sends it, and tells no answer."""

    endpoint: Endpoint
    priority: Priority
    tenant: str
    peer: str
    deadline: float
    straight: bool = False
    number: int = 0
    sent_at: float = 0.0

    @property
    def cost(self) -> float:
        return self.endpoint.cost


@dataclass(frozen=True, slots=True)
class Denied:
    refusal: Refusal
    status: int
    retry_after: float


@dataclass(slots=True)
class Turn:
    """What a look at those who wait gave, and when to look again if nothing happens before."""

    granted: list[Ticket] = field(default_factory=list)
    denied: list[tuple[Ticket, Denied]] = field(default_factory=list)
    again_at: float | None = None

    def look_at(self, at: float) -> None:
        self.again_at = at if self.again_at is None else min(self.again_at, at)


class Authority:
    """`units` are ccxt's cost units per second."""

    def __init__(self, name: str, units: float, jitter: Callable[[], float]) -> None:
        self.name = name
        self.units = units
        self.bucket = Bucket(units)
        self.standing = Standing(jitter)
        self.queue: Queue[Ticket] = Queue()
        self.weights = Weights()
        self.refused: Counter[str] = Counter()
        self.windows: dict[str, Window] = {}
        self._of_endpoints: dict[tuple[str, str], Window] = {}
        self._limits: dict[float, float] = {}
        self._flying: dict[int, Ticket] = {}
        self._numbers = 0
        self._behind: float | None = None

    # --- who may go

    def ask(self, ticket: Ticket) -> list[tuple[Ticket, Denied]]:
        """It waits; who has no place any more does not. A `turn` is due."""
        loser = self.queue.put(ticket)
        return [] if loser is None else [self._deny(loser, Denied("budget", 429, 1.0))]

    def leave(self, ticket: Ticket) -> None:
        """Nobody waits for it any more."""
        self.queue.remove(ticket)

    def turn(self, now: float) -> Turn:
        """Who goes now, who will not, and who waits on. Nobody goes past one of a higher class, or of the same class
        with more of a claim, who waits for what all share."""
        turn, blocked = Turn(), False
        for ticket in self.queue:
            refused = self._never(ticket, now)
            if refused is not None:
                self._drop(ticket, refused, turn)
                continue
            shared, own = self._shared(ticket, now), self._own(ticket, now)
            if shared == 0.0 and own == 0.0 and not blocked:
                self.queue.served(ticket)
                self._send(ticket, now)
                turn.granted.append(ticket)
                continue
            blocked = blocked or shared != 0.0
            wait = max(shared or 0.0, own or 0.0)
            if now >= ticket.deadline or now + wait > ticket.deadline:
                self._drop(ticket, Denied("budget", 429, max(wait, 1.0)), turn)
                continue
            turn.look_at(min(ticket.deadline, now + max(wait, _LEAST_AGAIN)) if wait else ticket.deadline)
        return turn

    def _never(self, ticket: Ticket, now: float) -> Denied | None:
        banned = self.standing.banned(now)
        if banned > 0:
            return Denied("banned", 429, banned)
        opened = self.standing.opened(ticket.endpoint.name, ticket.priority, now)
        return Denied("open", 503, opened) if opened > 0 else None

    def _shared(self, ticket: Ticket, now: float) -> float | None:
        """Seconds until there is room in what all requests share; None: until an answer comes."""
        share = SHARES[ticket.priority]
        waits: list[float | None] = [self.standing.paused(ticket.priority, now)]
        counted = False
        for window in self.windows.values():
            waits.append(window.wait(share, self._weight(ticket, window), now))
            counted = counted or window.aligned
        if not counted:
            waits.append(self.bucket.wait(share, ticket.cost, now))
        if not ticket.straight and len(self._flying) >= share * MOST_FLYING:
            waits.append(None)
        return _longest(waits)

    def _own(self, ticket: Ticket, now: float) -> float | None:
        """The same in what its endpoint has for itself."""
        share = SHARES[ticket.priority]
        told = [one for (name, _), one in self._of_endpoints.items() if name == ticket.endpoint.name]
        return _longest([window.wait(share, 1.0, now) for window in told])

    def _weight(self, ticket: Ticket, window: Window) -> float:
        if window.aligned:
            return self.weights.of(ticket.endpoint.name, ticket.cost, ticket.endpoint.weight)
        return max(1.0, ticket.cost)

    def _drop(self, ticket: Ticket, denied: Denied, turn: Turn) -> None:
        self.queue.remove(ticket)
        turn.denied.append(self._deny(ticket, denied))

    def _deny(self, ticket: Ticket, denied: Denied) -> tuple[Ticket, Denied]:
        self.refused[ticket.priority] += 1
        return ticket, denied

    def _send(self, ticket: Ticket, now: float) -> None:
        self._numbers += 1
        ticket.number, ticket.sent_at = self._numbers, now
        self.bucket.charge(ticket.cost, now)
        if ticket.straight:
            for window in self.windows.values():
                window.permitted(self._weight(ticket, window), now)
            return
        self._flying[ticket.number] = ticket
        self.standing.sent(ticket.endpoint.name, now)
        for window, weight in self._counting(ticket):
            window.sent(ticket.number, weight)

    def _counting(self, ticket: Ticket) -> list[tuple[Window, float]]:
        shared = [(window, self._weight(ticket, window)) for window in self.windows.values()]
        own = [(one, 1.0) for (name, _), one in self._of_endpoints.items() if name == ticket.endpoint.name]
        return shared + own

    # --- what came of it

    def told(self, ticket: Ticket, status: int, headers: Mapping[str, str], now: float) -> None:
        """The exchange answered; `headers` with small letters. Others may go now."""
        self._hear_clock(headers, now)
        unix = now + (self._behind or 0.0)
        heard = readings(headers, unix)
        if ticket.priority != "data":  # what belongs to an account is no limit of this machine's address
            heard = [reading for reading in heard if reading.limit is None]
        told = {id(self._hear(ticket, reading, now)) for reading in heard}
        for window, _ in self._counting(ticket):
            if id(window) not in told:
                window.silent(ticket.number, now)
        self._flying.pop(ticket.number, None)
        if status in (418, 429):
            self.standing.refused(status, retry_after(headers, unix), ticket.sent_at, now)
            self.standing.withdrawn(ticket.endpoint.name)
        else:
            self.standing.answered(ticket.endpoint.name, status < 500, ticket.sent_at, now)

    def _hear(self, ticket: Ticket, reading: Reading, now: float) -> Window:
        window = self._window(ticket, reading, now)
        delta = window.told(ticket.number, reading, ticket.sent_at, now)
        if delta is not None and window.aligned:
            self.weights.learn(ticket.endpoint.name, ticket.cost, delta)
        return window

    def _window(self, ticket: Ticket, reading: Reading, now: float) -> Window:
        name = ticket.endpoint.name
        if reading.scope == "endpoint":
            known = self._of_endpoints.get((name, reading.name))
        else:
            known = self.windows.get(reading.name)
        if known is not None:
            return known
        seconds = reading.window_seconds or max(reading.resets_in or 0.0, 1.0)
        limit = reading.limit or self._limit(seconds, ticket.endpoint)
        window = Window(reading.name, seconds, limit, aligned=reading.limit is None)
        if self._behind is not None:
            window.hear_clock(self._behind, now)
        window.roll(now)
        window.began_at = 0.0  # it began before we looked
        if reading.scope == "endpoint":
            if len(self._of_endpoints) >= _MOST_ENDPOINT_WINDOWS:
                del self._of_endpoints[next(iter(self._of_endpoints))]
            self._of_endpoints[(name, reading.name)] = window
        else:
            self.windows[reading.name] = window
        for one in self._flying.values():
            if reading.scope == "address" or one.endpoint.name == name:
                window.sent(one.number, self._weight(one, window) if reading.scope == "address" else 1.0)
        return window

    def _limit(self, seconds: float, endpoint: Endpoint) -> float:
        """Where only what was used is told: what the exchange once listed, else ccxt's pace in the exchange's units."""
        return self._limits.get(seconds) or max(self.units * seconds / endpoint.scale, 1.0)

    def hear_limits(self, body: bytes) -> None:
        """A body that may list the exchange's limits."""
        for seconds, limit in limits_in(body).items():
            self._limits[seconds] = limit
            for window in self.windows.values():
                if window.aligned and window.seconds == seconds:
                    window.limit = limit

    def _hear_clock(self, headers: Mapping[str, str], now: float) -> None:
        at = date(headers.get("date"))
        if at is None or "age" in headers or abs(at - now) > 60.0:
            return
        if self._behind is None or at - now > self._behind or self._behind - (at - now) > 5.0:
            self._behind = at - now
            for window in self.windows.values():
                window.hear_clock(self._behind, now)

    def failed(self, ticket: Ticket, gone: bool, now: float) -> None:
        """No answer came; `gone`: because nobody waited any more. It may have counted at the exchange."""
        for window, _ in self._counting(ticket):
            window.silent(ticket.number, now)
        self._flying.pop(ticket.number, None)
        if gone:
            self.standing.withdrawn(ticket.endpoint.name)
        else:
            self.standing.answered(ticket.endpoint.name, False, ticket.sent_at, now)

    def withdraw(self, ticket: Ticket) -> None:
        """It had leave, and was not sent."""
        for window, _ in self._counting(ticket):
            window.withdrawn(ticket.number)
        self._flying.pop(ticket.number, None)
        self.standing.withdrawn(ticket.endpoint.name)

    def use(self, now: float) -> tuple[float, float, float]:
        """What is used, the limit and its length in seconds, of the window that is nearest to its end of room."""
        for window in self.windows.values():
            window.roll(now)
        if self.windows:
            fullest = max(self.windows.values(), key=lambda one: (one.used + one.held) / one.limit)
            return fullest.used + fullest.held, fullest.limit, fullest.seconds
        return self.bucket.level(1.0, now), self.bucket.capacity, self.bucket.capacity / self.units

    # --- what survives

    def to_json(self) -> dict[str, Any]:
        return {
            "units": self.units,
            "standing": self.standing.to_json(),
            "bucket": self.bucket.to_json(),
            "windows": [window.to_json() for window in self.windows.values()],
            "limits": sorted(self._limits.items()),
        }

    def of_json(self, value: dict[str, Any], now: float) -> None:
        self.standing.of_json(value["standing"])
        self.bucket.of_json(value["bucket"], now)
        self._limits = {float(seconds): float(limit) for seconds, limit in value["limits"]}
        for one in value["windows"]:
            window = Window.of_json(one)
            self.windows[window.name] = window


def _longest(waits: list[float | None]) -> float | None:
    """The longest that is known; None where nothing but an answer under way is waited for."""
    known = max((wait for wait in waits if wait is not None), default=0.0)
    return None if known == 0.0 and None in waits else known
