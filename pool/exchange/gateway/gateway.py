"""One request after another: from memory, with another's, or from the exchange, with leave of its budget."""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from loguru import logger
from multidict import CIMultiDictProxy
from pydantic_core import from_json

from pool.contract import freshness
from pool.contract.freshness import Moment
from pool.contract.market import ExchangeState, Kind
from pool.exchange.gateway.asking import Raw, Target, passed_headers
from pool.exchange.gateway.cache import Cache, Entry
from pool.exchange.gateway.clocks import Clock
from pool.exchange.gateway.flights import Asker, Flight, Flights, outcome
from pool.exchange.gateway.limits_told import number
from pool.exchange.gateway.seams import Admission, Budgets, Refused, Tables, Unready
from pool.exchange.gateway.tally import How, Tally
from pool.exchange.gateway.upstream import Answer, Upstream

PAPER = "paper"
LEAVE_SECONDS = 5.0
"""So long a request waits for leave of its budget."""
_TRIES = 3
_OLDEST_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Served:
    """An answer for one asker."""

    status: int
    body: bytes
    content_type: str
    how: How
    asked: Moment
    headers: CIMultiDictProxy[str] | None = None
    """The exchange's, where it was asked for this asker alone."""


Keep = Callable[[str, str, Entry, Kind], None]
"""Told (with key and exchange) of each answer that may outlive the process."""


class Gateway:
    """`paper` is the root of the paper exchange, which is all that the exchange of this name may be asked at."""

    def __init__(
        self, tables: Tables, budgets: Budgets, upstream: Upstream, paper: str | None, cache: Cache, clock: Clock
    ) -> None:
        self.incarnation = secrets.token_hex(8)
        self.started_at = datetime.now(UTC)
        self.tables = tables
        self.budgets = budgets
        self.cache = cache
        self.clock = clock
        self.keep: Keep | None = None
        self.tallies: dict[str, Tally] = {}
        self._upstream = upstream
        self._flights = Flights()
        self._paper = urlsplit(paper) if paper else None

    def allows(self, asked: Target) -> bool:
        """Whether that is an address of that exchange."""
        if asked.exchange == PAPER:
            paper = self._paper
            return paper is not None and (asked.scheme, asked.authority) == (paper.scheme, paper.netloc.lower())
        return asked.scheme == "https" and asked.authority in self.tables.allowed(asked.exchange)

    async def learn(self, asked: Target) -> bool:
        """Whether that is an address of that exchange, with its table read if need be. Raises Unready."""
        try:
            await self.tables.load(asked.exchange)
        except OSError as error:
            if asked.exchange != PAPER:
                raise Unready(str(error)) from error
        return self.allows(asked)

    def tally(self, exchange: str) -> Tally:
        """Of an exchange that `allows` knows."""
        known = self.tallies.get(exchange)
        if known is None:
            known = self.tallies[exchange] = Tally()
        return known

    def took(self, exchange: str, count: int) -> None:
        """So many answers bots took from what they map."""
        known = self.tallies.get(exchange)  # of no other can anything be mapped
        if known is not None:
            known.requests += count
            known.served["mapped"] += count

    def kept(self, asked: Target, key: str, kind: Kind) -> Served | None:
        """What memory has, if it is fresh for this asker."""
        entry = self.cache.get(key)
        if entry is None:
            return None
        now = self.clock.now()
        skew_ms = self.tally(asked.exchange).skew.applied(now)
        if not freshness.fresh(kind, entry.asked, now, skew_ms, len(entry.body), entry.holds):
            return None
        return Served(200, entry.body, entry.content_type, "hit", entry.asked)

    async def shared(self, asked: Target, key: str, kind: Kind, asker: Asker, headers: Raw) -> Served:
        """What memory has, another's request brings, or the exchange says. Raises Refused."""
        for _ in range(_TRIES):
            found = self.kept(asked, key, kind)
            if found is not None:
                return found
            now = self.clock.now()
            flight = self._flights.get(key)
            if flight is None or not flight.takes(asker, kind, now, self.tally(asked.exchange).skew.applied(now)):
                break
            came = await outcome(flight)
            if not flight.refused_for_others(came, asker):
                return _served(came, "joined", flight)
        flight = self._begin("GET", asked, key, kind, asker, passed_headers(headers), None)
        return _served(await outcome(flight), "miss", flight)

    async def alone(self, method: str, asked: Target, asker: Asker, headers: Raw, body: bytes | None) -> Served:
        """What the exchange says to this request, which is nobody else's. Raises Refused, and Unready where a fault of
        ours kept it from being sent."""
        flight = self._begin(method, asked, None, Kind(name="other"), asker, passed_headers(headers), body)
        try:
            return _served(await outcome(flight), "pass", flight)
        except Refused:
            raise
        except Exception as error:
            if flight.sent is not None:
                raise
            logger.opt(exception=True).error("no leave could be had of {}: {}", asked.exchange, type(error).__name__)
            raise Unready(str(error)) from error

    def _begin(
        self,
        method: str,
        asked: Target,
        key: str | None,
        kind: Kind,
        asker: Asker,
        headers: list[tuple[str, str]],
        body: bytes | None,
    ) -> Flight:
        async def work(flight: Flight) -> Answer:
            admission = await self.budgets.admit(
                asked.exchange,
                asked.authority,
                method,
                asked.path,
                asked.query,
                asker.priority,
                asker.tenant,
                asker.peer,
                asyncio.get_running_loop().time() + LEAVE_SECONDS,
                asker.bot,
            )
            flight.sent = sent = self.clock.now()
            answer = await self._ask(method, asked, kind, headers, body, admission, sent)
            if key is not None:
                self._keep(key, asked.exchange, kind, answer, sent)
            return answer

        return self._flights.begin(key, asker, work)

    async def _ask(
        self,
        method: str,
        asked: Target,
        kind: Kind,
        headers: list[tuple[str, str]],
        body: bytes | None,
        admission: Admission,
        sent: Moment,
    ) -> Answer:
        tally = self.tally(asked.exchange)
        tally.upstream += 1
        try:
            answer = await self._upstream.ask(method, asked, headers, body)
        except BaseException as error:
            tally.count_silence()
            admission.failed(error)
            raise
        try:
            received = self.clock.now()
            tally.count_answer(answer.status, received.steady - sent.steady)
            if "Age" not in answer.headers:
                tally.skew.told(answer.headers.get("Date"), sent, received)
        finally:  # what is under way for the budget must end, whatever else goes wrong
            admission.told(answer.status, answer.headers, asyncio.get_running_loop().time())
        if kind.name == "markets" and answer.status == 200:
            admission.body(answer.body)
        return answer

    def _keep(self, key: str, exchange: str, kind: Kind, answer: Answer, sent: Moment) -> None:
        if answer.status != 200 or kind.name == "time" or not _is_json(answer.body):
            return
        entry = Entry(answer.body, answer.content_type, _older(sent, answer.headers.get("Age")))
        if self.cache.put(key, entry) and self.keep is not None and freshness.lasts(kind):
            self.keep(key, exchange, entry, kind)

    def states(self) -> Iterable[ExchangeState]:
        for exchange, tally in sorted(self.tallies.items()):
            breaking = self.budgets.breaking(exchange)
            yield ExchangeState(
                exchange=exchange,
                breaker=breaking.state,
                reason=breaking.reason,
                retry_at=breaking.retry_at,
                clock_skew_ms=tally.skew.milliseconds(),
                requests=tally.requests,
                hits=tally.served["hit"] + tally.served["mapped"],
                joined=tally.served["joined"],
                upstream=tally.upstream,
                failures=tally.failures,
                refused_upstream=tally.refused_upstream,
                budgets=self.budgets.budgets(exchange),
            )

    async def close(self) -> None:
        await self._flights.end()
        await self._upstream.close()


def _served(came: Answer | Refused, how: How, flight: Flight) -> Served:
    if isinstance(came, Refused):
        raise Refused(came.refusal, came.retry_after_seconds, came.status)
    assert flight.sent is not None, "answered without being asked"
    asked = _older(flight.sent, came.headers.get("Age"))
    return Served(came.status, came.body, came.content_type, how, asked, came.headers)


def _older(sent: Moment, age: str | None) -> Moment:
    """When the exchange was asked for what a network in between had kept for `age` seconds."""
    told = number(age)
    if told is None:
        return sent
    seconds = min(int(told), _OLDEST_SECONDS)
    return Moment(sent.steady - seconds, sent.wall_ms - seconds * 1000, sent.jumps)


def _is_json(body: bytes) -> bool:
    try:
        from_json(body)
    except ValueError:
        return False
    return True
