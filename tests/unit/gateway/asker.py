"""An asker of an exchange that counts, for tests of budgets. Times are given."""

import json
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from pool.contract.market import Priority
from pool.exchange.gateway.authority import Authority
from pool.exchange.gateway.tables import Endpoint
from pool.exchange.gateway.tickets import Denied, Ticket

MINUTE = 1_795_000_020.0
"""A full minute of the exchange's clock."""
ONE = Endpoint("GET /one", 0.2, 0.2)
KLINES = Endpoint("GET /klines", 0.4, 0.2)
ORDER = Endpoint("DELETE /order", 0.2, 0.2)


@dataclass
class Exchange:
    """Counts weights as Binance does, and says so."""

    limit: float
    used: float = 0.0
    minute: float = MINUTE // 60

    def answer(self, weight: float, now: float) -> tuple[int, dict[str, str]]:
        if now // 60 != self.minute:
            self.minute, self.used = now // 60, 0.0
        self.used += weight
        told = {"x-mbx-used-weight-1m": f"{self.used:g}", "date": formatdate(now, usegmt=True)}
        return (429, {**told, "retry-after": "10"}) if self.used > self.limit else (200, told)


@dataclass
class Asker:
    """An authority with an exchange behind it that answers when it is told to."""

    limit: float = 100.0
    units: float = 20.0
    now: float = MINUTE
    one: Authority = field(init=False)
    exchange: Exchange = field(init=False)
    under_way: list[Ticket] = field(default_factory=list)
    denied: list[tuple[Ticket, Denied]] = field(default_factory=list)
    again_at: float | None = None

    def __post_init__(self) -> None:
        self.one, self.exchange = Authority("api.example", self.units, lambda: 0.0), Exchange(self.limit)
        rows = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": int(self.limit)}]
        self.one.hear_limits("api", json.dumps({"rateLimits": rows}).encode())

    def ask(self, priority: Priority = "data", endpoint: Endpoint = ONE, patience: float = 5.0, **more: Any) -> Ticket:
        ticket = Ticket(endpoint, priority, more.pop("tenant", "t"), "p", self.now + patience, **more)
        self.denied += self.one.ask(ticket)
        self.look()
        return ticket

    def look(self) -> None:
        turn = self.one.turn(self.now)
        self.under_way += [ticket for ticket in turn.granted if not ticket.straight]
        self.denied += turn.denied
        self.again_at = turn.again_at

    def answer(self, ticket: Ticket | None = None, status: int | None = None) -> None:
        """The one that went first, or another."""
        ticket = ticket or self.under_way[0]
        self.under_way.remove(ticket)
        code, headers = self.exchange.answer(ticket.endpoint.weight, self.now)
        self.one.told(ticket, status or code, headers, self.now)
        self.look()

    def served(self, priority: Priority = "data", endpoint: Endpoint = ONE) -> bool:
        """Asked and answered, or refused at once."""
        ticket = self.ask(priority, endpoint)
        if ticket in self.under_way:
            self.answer(ticket)
            return True
        self.one.leave(ticket)
        return False

    def fill(self, priority: Priority, endpoint: Endpoint = ONE) -> None:
        """Until nothing of that class goes any more."""
        for _ in range(10_000):
            if not self.served(priority, endpoint):
                return
        raise AssertionError("nothing stops it")

    def refusals(self) -> list[str]:
        return [denied.refusal for _, denied in self.denied]


def state_of(one: Authority) -> Any:
    return json.loads(json.dumps(one.to_json()))


def restarted(one: Authority, shift: float) -> Authority:
    again = Authority(one.name, one.units, lambda: 0.0)
    again.of_json(state_of(one), shift)
    return again
