"""One authority of an exchange, as it counts for this machine's address: who may ask it, and when. Pure.

`now` is Unix time that does not jump. A request waits as long as it may still go before its deadline; where that is
certain not to come it is refused at once.

What is public is limited by address: by what the exchange tells of it, else at ccxt's pace. What is signed counts only
where the exchange tells what this address used, whoever asked; elsewhere it is its account's, which ccxt in the bot
paces as ever. However many accounts look at their orders, they take nothing of the prices that exits are decided on.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pool.exchange.gateway.limits_told import Reading, date, limits_in, readings, retry_after
from pool.exchange.gateway.meters import SHARES, Bucket, Weights, Window
from pool.exchange.gateway.queueing import Queue
from pool.exchange.gateway.standing import Standing
from pool.exchange.gateway.tables import Endpoint
from pool.exchange.gateway.tickets import Denied, Ticket, Turn

MOST_FLYING = 50
"""Requests under way: as many as the server has connections. Shares hold for these, too: data that hangs leaves others
theirs."""
_MOST_ENDPOINT_WINDOWS = 500
_LEAST_AGAIN = 0.05
_ALL, _PACE, _CONNECTIONS = "", "/pace", "/connections"
"""What requests of all families of endpoints share: the limits that hold for all, the bucket, the way out."""
_MOST_SKEW_SECONDS = 60.0
_CLOCK_SET_SECONDS = 5.0
"""An exchange's clock that falls behind by more than an answer's way was set."""


class _Look(NamedTuple):
    """How it stands with requests of one kind: what will never be, what they share with others, what of that holds
    them, whether nothing does, and for how long for certain."""

    never: Denied | None
    needs: set[str]
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
            alike = (ticket.endpoint, ticket.priority, ticket.straight, ticket.account if ticket.signed else None)
            look = looks.get(alike) or self._look(ticket, now)
            looks[alike] = look
            if look.never is not None:
                self._drop(ticket, look.never, turn)
                continue
            if look.free and blocked.isdisjoint(look.needs):
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
        shared, own = self._shared(ticket, now), self._own(ticket, now)
        held = {name for name, wait in shared.items() if wait != 0.0}
        needs = set(shared)
        if self.bucket.guarantees(ticket.priority, ticket.cost, now):
            needs.discard(_PACE)
        if self._guarantees(ticket, now):
            needs.discard(ticket.endpoint.family)
        wait = max(own or 0.0, *(one or 0.0 for one in shared.values()))
        return _Look(self._never(ticket, now), needs, held, not held and own == 0.0, wait)

    def _never(self, ticket: Ticket, now: float) -> Denied | None:
        banned = self.standing.banned(now)
        if banned > 0:
            return Denied("banned", 429, banned)
        trying = self.standing.tried_straight(ticket.priority, now) if ticket.straight else 0.0
        if trying > 0:
            return Denied("banned", 429, trying)
        opened = self.standing.opened(ticket.endpoint.name, ticket.priority, now)
        return Denied("open", 503, opened) if opened > 0 else None

    def _shared(self, ticket: Ticket, now: float) -> dict[str, float | None]:
        """Seconds until there is room in what it shares with others; None: until an answer comes."""
        told = self._windows_in(ticket.endpoint.family)
        shared = {ticket.endpoint.family: self._room(told, ticket, now)}
        if not ticket.signed:
            if not told:
                shared[_PACE] = self.bucket.wait(ticket.priority, ticket.cost, now)
            shared[_ALL] = self._room(self._windows_in(_ALL), ticket, now)
        if not ticket.straight:
            busy = len(self._flying) >= SHARES[ticket.priority] * MOST_FLYING
            shared[_CONNECTIONS] = None if busy else 0.0
        return shared

    def _room(self, windows: list[Window], ticket: Ticket, now: float) -> float | None:
        return _longest([one.wait(ticket.priority, self._weight(ticket, one), now) for one in windows])

    def _guarantees(self, ticket: Ticket, now: float) -> bool:
        told = self._windows_in(ticket.endpoint.family)
        return all(one.guarantees(ticket.priority, self._weight(ticket, one), now) for one in told)

    def _windows_in(self, family: str) -> list[Window]:
        return [window for (one, _), window in self.windows.items() if one == family]

    def _own(self, ticket: Ticket, now: float) -> float | None:
        """The same in what its endpoint or its account has for itself, and in what all have to wait for."""
        endpoint, priority = ticket.endpoint.name, ticket.priority
        waits: list[float | None] = [self.standing.paused(priority, endpoint, ticket.account, now)]
        if self.standing.probing(priority, now):
            waits.append(None)
        told = {} if ticket.signed else self._of_endpoints.get(endpoint, {})
        return _longest([*waits, *(window.wait(priority, 1.0, now) for window in told.values())])

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
        if not ticket.signed:
            self.bucket.charge(ticket.priority, ticket.cost, now)
        if ticket.straight:
            self.standing.permitted(now)
            for window, weight in self._counting(ticket):
                window.permitted(ticket.priority, weight, now)
            return
        self._flying[ticket.number] = ticket
        self.standing.sent(ticket.endpoint.name, now)
        for window, weight in self._counting(ticket):
            window.sent(ticket.number, ticket.priority, weight)

    def _counting(self, ticket: Ticket) -> list[tuple[Window, float]]:
        told = [(one, self._weight(ticket, one)) for one in self._windows_in(ticket.endpoint.family)]
        if ticket.signed:
            return told
        shared = [(one, self._weight(ticket, one)) for one in self._windows_in(_ALL)]
        return told + shared + [(one, 1.0) for one in self._of_endpoints.get(ticket.endpoint.name, {}).values()]

    # --- what came of it

    def told(self, ticket: Ticket, status: int, headers: Mapping[str, str], now: float) -> None:
        """The exchange answered; `headers` with small letters. Others may go now."""
        told: list[Window] = []
        try:
            at = self._hear_clock(headers, now)
            heard = readings(headers, self._theirs(now))
            if ticket.signed:  # what belongs to an account is no limit of this machine's address
                heard = [reading for reading in heard if _counts_addresses(reading)]
            told.extend(self._hear(ticket, reading, at, now) for reading in heard)
        finally:
            self._flying.pop(ticket.number, None)
            for window, _ in self._counting(ticket):
                if not any(window is one for one in told):
                    window.silent(ticket.number, now)
        if status in (418, 429):
            self._refused(ticket, status, retry_after(headers, self._theirs(now)), told, now)
        else:
            self.standing.answered(ticket.endpoint.name, status < 500, ticket.sent_at, now)

    def _refused(self, ticket: Ticket, status: int, retry: float | None, told: list[Window], now: float) -> None:
        """Too much was asked: of the address, or by one account, where what is told of the address is not full. Not all
        limits of an address are told (Binance's of raw requests): where several tenants hear it at a time it is one of
        those, and the next that is sent may be a ban's."""
        endpoint = ticket.endpoint.name
        self.standing.withdrawn(endpoint)
        full = any(one.used + self._weight(ticket, one) > SHARES["exit"] * one.limit for one in told)
        own = status == 429 and ticket.signed and not full
        if own and not self.standing.refused_account(ticket.account, retry, ticket.sent_at, now):
            return
        self.standing.refused(status, retry, ticket.sent_at, now, endpoint, alone=endpoint in self._of_endpoints)
        self._doubt(now)

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
                    window.sent(one.number, one.priority, weight)
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

    def _theirs(self, now: float) -> float:
        return now + (self._behind or 0.0)

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
