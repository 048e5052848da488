"""Requests that are under way, and who waits for them: one request, however many ask for the same.

A request goes on when the one who began it is gone; each of the others has its answer, or its failure.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pool.contract import freshness
from pool.contract.freshness import Moment
from pool.contract.market import Kind, Priority
from pool.exchange.gateway.seams import Refused
from pool.exchange.gateway.upstream import Answer

_RANKS: dict[Priority, int] = {"exit": 0, "cancel": 1, "urgent": 2, "entry": 3, "order": 4, "price": 4, "data": 5}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and how urgently."""

    tenant: str | None
    peer: str
    priority: Priority
    bot: str | None = None


@dataclass(slots=True, eq=False)
class Flight:
    asker: Asker
    sent: Moment | None = None
    """When the exchange was asked; None while the request waits for leave."""
    task: "asyncio.Task[Answer | Refused]" = field(init=False)

    def takes(self, asker: Asker, kind: Kind, now: Moment, skew_ms: int) -> bool:
        """Whether its answer does for somebody who asks now: late enough, and not behind less urgent requests."""
        if self.sent is None and _RANKS[asker.priority] < _RANKS[self.asker.priority]:
            return False
        return freshness.joinable(kind, self.sent, now, skew_ms)

    def refused_for_others(self, outcome: Answer | Refused, asker: Asker) -> bool:
        """Whether it failed for want of a share that is not this asker's."""
        if not isinstance(outcome, Refused) or outcome.refusal != "budget":
            return False
        return (self.asker.tenant, self.asker.peer) != (asker.tenant, asker.peer)


class Flights:
    """The latest of each key."""

    def __init__(self) -> None:
        self._latest: dict[str, Flight] = {}
        self._all: set[Flight] = set()

    def get(self, key: str) -> Flight | None:
        return self._latest.get(key)

    def begin(self, key: str | None, asker: Asker, work: Callable[[Flight], Awaitable[Answer]]) -> Flight:
        """Start a request; without a key nobody else can find it."""
        flight = Flight(asker)
        flight.task = asyncio.create_task(self._fly(key, flight, work))
        self._all.add(flight)
        if key is not None:
            self._latest[key] = flight
        return flight

    async def _fly(
        self, key: str | None, flight: Flight, work: Callable[[Flight], Awaitable[Answer]]
    ) -> Answer | Refused:
        try:
            return await work(flight)
        except Refused as refused:
            return refused
        finally:
            self._all.discard(flight)
            if key is not None and self._latest.get(key) is flight:
                del self._latest[key]

    async def end(self) -> None:
        """Cancel what is under way."""
        tasks = [flight.task for flight in self._all]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def outcome(flight: Flight) -> Answer | Refused:
    """What came of it. The one who waits may go without harm to the others."""
    return await asyncio.shield(flight.task)
