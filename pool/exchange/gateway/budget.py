"""Leave to ask exchanges: the thin shell that waits, around the decisions of `authority`."""

import asyncio
import json
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pool.contract.market import BreakerState, BudgetState, Priority
from pool.exchange.gateway.authority import Authority
from pool.exchange.gateway.seams import Refused
from pool.exchange.gateway.tables import Endpoint, Table, Tables, family
from pool.exchange.gateway.tickets import Denied, Ticket, Turn

_FORMAT = 1
_MOST_AUTHORITIES = 200
_NO_TABLE_UNITS = 10.0
"""Requests per second where ccxt's tables are not to be had."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an exchange stands, over all of its authorities."""

    state: BreakerState = "closed"
    reason: str | None = None
    retry_at: datetime | None = None


@dataclass(slots=True)
class Leave:
    """Of one request; exactly one of its two is called when that ends."""

    _budgets: "Budgets"
    _authority: Authority
    _ticket: Ticket

    def told(self, status: int, headers: Mapping[str, str], now: float) -> None:
        """The exchange answered at `now` (monotonic)."""
        small = {name.lower(): value for name, value in headers.items()}
        try:
            self._authority.told(self._ticket, status, small, self._budgets.unix(now))
        finally:
            self._budgets.turn(self._authority)

    def failed(self, error: BaseException) -> None:
        """It did not, or nobody waits any more."""
        self._authority.failed(self._ticket, isinstance(error, asyncio.CancelledError), self._budgets.now())
        self._budgets.turn(self._authority)

    def body(self, body: bytes) -> None:
        """What it answered, which may list its limits."""
        self._authority.hear_limits(self._ticket.endpoint.family, body)


@dataclass
class Budgets:
    """Of all exchanges. An authority has one budget whichever exchange's slots ask it: it sees one address."""

    tables: Tables
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random
    _authorities: dict[str, Authority] = field(default_factory=dict)
    _of: dict[str, set[str]] = field(default_factory=dict)
    _futures: dict[Ticket, "asyncio.Future[Denied | None]"] = field(default_factory=dict)
    _timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._apart = self.wall() - self.clock()

    def unix(self, monotonic: float) -> float:
        """Unix time that does not jump: what the wall said at the start, and what passed since."""
        return monotonic + self._apart

    def now(self) -> float:
        return self.unix(self.clock())

    async def admit(
        self,
        exchange: str,
        authority: str,
        method: str,
        path: str,
        query: str,
        priority: Priority,
        tenant: str | None,
        peer: str,
        deadline: float,
        bot: str | None = None,
    ) -> Leave:
        """Leave to ask, at the latest at `deadline` (monotonic). Raises Refused."""
        one, endpoint = await self._find(exchange, authority, method, path, query)
        ticket = Ticket(endpoint, priority, tenant or "", peer, self.unix(deadline), bot=bot or "")
        await self._wait(one, ticket)
        return Leave(self, one, ticket)

    async def permit(
        self,
        exchange: str,
        authority: str,
        method: str,
        path: str,
        priority: Priority,
        tenant: str | None,
        peer: str,
        deadline: float,
    ) -> None:
        """Leave for somebody who asks the exchange himself, whose answer nobody tells. Raises Refused."""
        one, endpoint = await self._find(exchange, authority, method, path, "")
        await self._wait(one, Ticket(endpoint, priority, tenant or "", peer, self.unix(deadline), straight=True))

    async def _find(
        self, exchange: str, authority: str, method: str, path: str, query: str
    ) -> tuple[Authority, Endpoint]:
        authority = authority.lower()
        table = self.tables.of(exchange)
        if table is None:
            try:
                table = await self.tables.load(exchange)
            except OSError:
                return self._authority(exchange, authority, None), Endpoint(f"{method} *", 1.0, family=family(path))
        if table is None or authority not in table.authorities:
            raise Refused("host", None, 403)
        return self._authority(exchange, authority, table), table.endpoint(authority, method, path, query)

    def _authority(self, exchange: str, name: str, table: Table | None) -> Authority:
        units = _NO_TABLE_UNITS if table is None else 1000.0 / table.rate_limit_ms
        one = self._authorities.get(name)
        if one is None:
            if len(self._authorities) >= _MOST_AUTHORITIES:
                raise Refused("budget", 60.0, 429)
            one = self._authorities[name] = Authority(name, units, self.jitter)
        self._of.setdefault(exchange, set()).add(name)
        return one

    async def _wait(self, authority: Authority, ticket: Ticket) -> None:
        future: asyncio.Future[Denied | None] = asyncio.get_running_loop().create_future()
        self._futures[ticket] = future
        self._answer(authority.ask(ticket))
        self.turn(authority)
        try:
            denied = await future
        except asyncio.CancelledError:
            if ticket.number and not ticket.straight:
                authority.withdraw(ticket)
            authority.leave(ticket)
            self.turn(authority)
            raise
        finally:
            self._futures.pop(ticket, None)
        if denied is not None:
            raise Refused(denied.refusal, denied.retry_after, denied.status)

    def turn(self, authority: Authority) -> None:
        """Let go who may."""
        turn = authority.turn(self.now())
        for ticket in turn.granted:
            future = self._futures.get(ticket)
            if future is not None and not future.done():
                future.set_result(None)
        self._answer(turn.denied)
        self._set_timer(authority, turn)

    def _answer(self, denied: list[tuple[Ticket, Denied]]) -> None:
        for ticket, why in denied:
            future = self._futures.get(ticket)
            if future is not None and not future.done():
                future.set_result(why)

    def _set_timer(self, authority: Authority, turn: Turn) -> None:
        timer = self._timers.pop(authority.name, None)
        if timer is not None:
            timer.cancel()
        if turn.again_at is not None:
            delay = max(0.0, turn.again_at - self.now())
            loop = asyncio.get_running_loop()
            self._timers[authority.name] = loop.call_later(delay, self.turn, authority)

    # --- what is seen from outside

    def pace(self, exchange: str) -> float | None:
        """In ccxt's cost units a second; None for an exchange without tables."""
        table = self.tables.of(exchange)
        return None if table is None else 1000.0 / table.rate_limit_ms

    def breaking(self, exchange: str) -> Standing:
        """The worst of its authorities."""
        now = self.now()
        found = [self._standing(self._authorities[name], now) for name in sorted(self._of.get(exchange, ()))]
        return max(found, key=lambda one: _WORSE[one.state] + (one.reason is not None) / 2, default=Standing())

    def _standing(self, authority: Authority, now: float) -> Standing:
        standing, name = authority.standing, authority.name
        if standing.banned_until > now:
            text = f"{name} bans this machine's address; nothing is sent to it until that ends."
            return Standing("banned", text, _instant(standing.banned_until))
        if standing.returning:
            return Standing("half_open", f"A ban by {name} is over; one request tries whether it answers.", None)
        failing, recent = standing.failing(now)
        if failing:
            return self._failing(authority, failing, recent, now)
        if standing.paused_until > now:
            text = f"{name} said that too much was asked; little but exits, cancels and prices is sent for a while."
            return Standing("closed", text, _instant(standing.paused_until))
        return Standing()

    def _failing(self, authority: Authority, failing: list[str], recent: int, now: float) -> Standing:
        breakers = [authority.standing.breaker(name) for name in failing]
        until = _instant(min(one.open_until or now for one in breakers))
        if not authority.standing.gone(now):
            text = f"{len(failing)} of {recent} endpoints of {authority.name} fail: {', '.join(failing[:3])}."
            return Standing("closed", text, until)
        tried = any(one.state(now) == "half_open" for one in breakers)
        return Standing("half_open" if tried else "open", f"{authority.name} does not answer, or fails.", until)

    def budgets(self, exchange: str) -> list[BudgetState]:
        return [self._budget(self._authorities[name]) for name in sorted(self._of.get(exchange, ()))]

    def _budget(self, authority: Authority) -> BudgetState:
        used, limit, seconds = authority.use(self.now())
        refused = sum(authority.refused.values())
        return BudgetState(
            authority=authority.name,
            used=round(used, 3),
            limit=limit,
            window_seconds=seconds,
            refused=refused,
            waiting=len(authority.queue),
        )

    def refused(self, exchange: str) -> Counter[str]:
        """By priority, since the start."""
        counted: Counter[str] = Counter()
        for name in self._of.get(exchange, ()):
            counted.update(self._authorities[name].refused)
        return counted

    # --- what survives a restart

    def to_json(self) -> str:
        """Bans and what was used, for the disk."""
        authorities = {name: one.to_json() for name, one in self._authorities.items()}
        of = {exchange: sorted(names) for exchange, names in self._of.items()}
        return json.dumps({"format": _FORMAT, "at": self.now(), "of": of, "authorities": authorities})

    def of_json(self, text: str) -> None:
        """What a former process wrote. Raises ValueError where it cannot be read."""
        try:
            told = json.loads(text)
            if told["format"] != _FORMAT:
                raise ValueError("written by another version")
            shift = min(0.0, self.now() - float(told["at"]))  # a clock that was set back makes nothing longer
            found = {str(name): self._restored(str(name), one, shift) for name, one in told["authorities"].items()}
            of = {str(exchange): {str(name) for name in names} & found.keys() for exchange, names in told["of"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not what a gateway wrote") from error
        self._authorities.update(found)
        self._of.update(of)

    def _restored(self, name: str, value: dict[str, Any], shift: float) -> Authority:
        one = Authority(name, float(value["units"]), self.jitter)
        one.of_json(value, shift)
        return one


_WORSE: dict[BreakerState, int] = {"closed": 0, "half_open": 1, "open": 2, "banned": 3}


def _instant(unix: float) -> datetime:
    return datetime.fromtimestamp(math.ceil(unix), UTC)
