"""One authority of an exchange, as it counts for this machine's address: who may ask it, and when. Pure.

`now` is Unix time that does not jump. A request waits as long as it may still go before its deadline; where that is
certain not to come it is refused at once.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pool.exchange.gateway.breaker import Standing
from pool.exchange.gateway.limits_told import Reading, date, limits_in, readings, retry_after
from pool.exchange.gateway.meters import SHARES, Bucket, Weights, Window
from pool.exchange.gateway.queueing import Queue
from pool.exchange.gateway.tables import Endpoint
from pool.exchange.gateway.tickets import Denied, Ticket, Turn

MOST_FLYING = 50
"""Requests under way: as many as the server has connections. Shares hold for these, too: data that hangs leaves others
theirs."""
_MOST_ENDPOINT_WINDOWS = 500
_LEAST_AGAIN = 0.05
_ALL = ""
"""Of what all families of endpoints share."""
_MOST_SKEW_SECONDS = 60.0
_CLOCK_SET_SECONDS = 5.0
"""An exchange's clock that falls behind by more than an answer's way was set."""


class _Look(NamedTuple):
    """How it stands with requests of one kind: what will never be, what of the shared ones holds them, whether nothing
    does, and for how long for certain."""

    never: Denied | None
    held: set[str]
    free: bool
    wait: float


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
        self.windows: dict[tuple[str, str], Window] = {}
        """By family of endpoints and name: used weights are counted by family, other limits hold for all (`""`)."""
        self._of_endpoints: dict[str, dict[str, Window]] = {}
        self._limits: dict[tuple[str, float], float] = {}
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
        with more of a claim, who waits for what both share."""
        turn = Turn()
        blocked: set[str] = set()
        looks: dict[object, _Look] = {}
        for ticket in self.queue:
            alike = (ticket.endpoint, ticket.priority, ticket.straight)
            look = looks.get(alike) or self._look(ticket, now)
            looks[alike] = look
            if look.never is not None:
                self._drop(ticket, look.never, turn)
                continue
            family = ticket.endpoint.family
            if look.free and not blocked & {_ALL, family}:
                self.queue.served(ticket)
                self._send(ticket, now)
                turn.granted.append(ticket)
                looks.clear()  # what it takes, others have no more
                continue
            if now >= ticket.deadline or now + look.wait > ticket.deadline:
                self._drop(ticket, Denied("budget", 429, max(look.wait, 1.0)), turn)
                continue
            blocked |= look.held
            turn.look_at(min(ticket.deadline, now + max(look.wait, _LEAST_AGAIN)) if look.wait else ticket.deadline)
        return turn

    def _look(self, ticket: Ticket, now: float) -> "_Look":
        never = self._never(ticket, now)
        common, counted, own = self._common(ticket, now), self._counted(ticket, now), self._own(ticket, now)
        held = {_ALL} if common != 0.0 else set[str]()
        if counted != 0.0:
            held.add(ticket.endpoint.family)
        return _Look(never, held, not held and own == 0.0, max(common or 0.0, counted or 0.0, own or 0.0))

    def _never(self, ticket: Ticket, now: float) -> Denied | None:
        banned = self.standing.banned(now)
        if banned > 0:
            return Denied("banned", 429, banned)
        opened = self.standing.opened(ticket.endpoint.name, ticket.priority, now)
        return Denied("open", 503, opened) if opened > 0 else None

    def _common(self, ticket: Ticket, now: float) -> float | None:
        """Seconds until there is room in what all requests share; None: until an answer comes."""
        share = SHARES[ticket.priority]
        waits: list[float | None] = [self.standing.paused(ticket.priority, now)]
        if not self._used_told(ticket):
            waits.append(self.bucket.wait(share, ticket.cost, now))
        for (family, _), window in self.windows.items():
            if family == _ALL:
                waits.append(window.wait(share, self._weight(ticket, window), now))
        if self.standing.probing(ticket.priority, now):
            waits.append(None)
        if not ticket.straight and len(self._flying) >= share * MOST_FLYING:
            waits.append(None)
        return _longest(waits)

    def _counted(self, ticket: Ticket, now: float) -> float | None:
        """The same in what is counted for its family of endpoints."""
        share, told = SHARES[ticket.priority], self._used_told(ticket)
        return _longest([window.wait(share, self._weight(ticket, window), now) for window in told])

    def _used_told(self, ticket: Ticket) -> list[Window]:
        return [window for (family, _), window in self.windows.items() if family == ticket.endpoint.family]

    def _own(self, ticket: Ticket, now: float) -> float | None:
        """The same in what its endpoint has for itself."""
        share = SHARES[ticket.priority]
        told = self._of_endpoints.get(ticket.endpoint.name, {})
        return _longest([window.wait(share, 1.0, now) for window in told.values()])

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
            for window, weight in self._counting(ticket):
                window.permitted(weight, now)
            return
        self._flying[ticket.number] = ticket
        self.standing.sent(ticket.endpoint.name, now)
        for window, weight in self._counting(ticket):
            window.sent(ticket.number, weight)

    def _counting(self, ticket: Ticket) -> list[tuple[Window, float]]:
        families = (_ALL, ticket.endpoint.family)
        shared = [(one, self._weight(ticket, one)) for (family, _), one in self.windows.items() if family in families]
        return shared + [(window, 1.0) for window in self._of_endpoints.get(ticket.endpoint.name, {}).values()]

    # --- what came of it

    def told(self, ticket: Ticket, status: int, headers: Mapping[str, str], now: float) -> None:
        """The exchange answered; `headers` with small letters. Others may go now."""
        at = self._hear_clock(headers, now)
        unix = now + (self._behind or 0.0)
        heard = readings(headers, unix)
        if ticket.priority != "data":  # what belongs to an account is no limit of this machine's address
            heard = [reading for reading in heard if _counts_addresses(reading)]
        told = {id(self._hear(ticket, reading, at, now)) for reading in heard}
        for window, _ in self._counting(ticket):
            if id(window) not in told:
                window.silent(ticket.number, now)
        self._flying.pop(ticket.number, None)
        if status in (418, 429):
            self.standing.refused(status, retry_after(headers, unix), ticket.sent_at, now)
            self.standing.withdrawn(ticket.endpoint.name)
            self._doubt(now)
        else:
            self.standing.answered(ticket.endpoint.name, status < 500, ticket.sent_at, now)

    def _doubt(self, now: float) -> None:
        self.bucket.fill(now)
        for window in self.windows.values():
            window.doubt()

    def _hear(self, ticket: Ticket, reading: Reading, at: float | None, now: float) -> Window:
        window = self._window(ticket, reading, now)
        delta = window.told(ticket.number, reading, at, ticket.sent_at, now)
        if delta is not None and window.aligned:
            self.weights.learn(ticket.endpoint.name, ticket.cost, delta)
        return window

    def _window(self, ticket: Ticket, reading: Reading, now: float) -> Window:
        endpoint = ticket.endpoint
        if reading.scope == "endpoint":
            window = self._windows_of(endpoint.name).get(reading.name)
        else:
            family = endpoint.family if _counts_addresses(reading) else _ALL
            window = self.windows.get((family, reading.name))
        if window is not None:
            return window
        limit = reading.limit or reading.remaining or self._limit(reading.window_seconds, endpoint)
        window = Window(reading.name, reading.window_seconds, limit, aligned=_counts_addresses(reading))
        window.hear_clock(window.behind if self._behind is None else self._behind)
        window.roll(now)
        window.began_at = 0.0  # it began before we looked
        if reading.scope == "endpoint":
            self._windows_of(endpoint.name)[reading.name] = window
        else:
            self.windows[family, reading.name] = window
        for one in self._flying.values():
            for counting, weight in self._counting(one):
                if counting is window:
                    window.sent(one.number, weight)
        return window

    def _windows_of(self, endpoint: str) -> dict[str, Window]:
        if endpoint not in self._of_endpoints and len(self._of_endpoints) >= _MOST_ENDPOINT_WINDOWS:
            del self._of_endpoints[next(iter(self._of_endpoints))]
        return self._of_endpoints.setdefault(endpoint, {})

    def _limit(self, seconds: float, endpoint: Endpoint) -> float:
        """Where only what was used is told: what the exchange once listed, else ccxt's pace in the exchange's units."""
        return self._limits.get((endpoint.family, seconds)) or max(self.units * seconds / endpoint.scale, 1.0)

    def hear_limits(self, family: str, body: bytes) -> None:
        """A body that may list the limits of a family."""
        for seconds, limit in limits_in(body).items():
            self._limits[family, seconds] = limit
            for (one, _), window in self.windows.items():
                if one == family and window.seconds == seconds:
                    window.limit = limit

    def _hear_clock(self, headers: Mapping[str, str], now: float) -> float | None:
        """The exchange's time of an answer, in whole seconds; None where it told none that can be."""
        at = date(headers.get("date"))
        if at is None or "age" in headers or abs(at - now) > _MOST_SKEW_SECONDS:
            return None
        if self._behind is None or not 0 <= self._behind - (at - now) <= _CLOCK_SET_SECONDS:
            self._behind = at - now
            for window in self.windows.values():
                window.hear_clock(self._behind)
        return at

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
            "windows": [[family, window.to_json()] for (family, _), window in self.windows.items()],
            "limits": [[family, seconds, limit] for (family, seconds), limit in sorted(self._limits.items())],
        }

    def of_json(self, value: dict[str, Any], shift: float) -> None:
        """Times are `shift`ed. Raises ValueError, KeyError and TypeError for what is not its own."""
        self.standing.of_json(value["standing"], shift)
        self.bucket.of_json(value["bucket"], shift)
        self._limits = {(str(family), float(seconds)): float(limit) for family, seconds, limit in value["limits"]}
        for family, one in value["windows"]:
            window = Window.of_json(one, shift)
            self.windows[str(family), window.name] = window


def _longest(waits: list[float | None]) -> float | None:
    """The longest that is known; None where nothing but an answer under way is waited for."""
    known = max((wait for wait in waits if wait is not None), default=0.0)
    return None if known == 0.0 and None in waits else known


def _counts_addresses(reading: Reading) -> bool:
    """Whether it tells what this address used, whoever asked; others may tell of an account."""
    return reading.limit is None and reading.used is not None
