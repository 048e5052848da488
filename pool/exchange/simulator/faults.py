"""Trouble on demand: slow answers, refusals, answers that come after the deed, and connections that drop.

A fault matches requests by method and by a shell pattern over the path (`/api/v3/order`, `/api/v3/*`), and holds for
a number of requests, for some seconds, or until removed. The first match in order of entry is taken.
"""

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from pool.exchange.simulator.problems import GatewayPage, Problem


class Kind(StrEnum):
    """What happens to a matching request."""

    LATENCY = "latency"
    """It waits `milliseconds`, then proceeds."""
    LATENCY_AFTER = "latency_after"
    """It does its work, and its answer waits `milliseconds`: time to end the client that was told nothing yet."""
    FAIL = "fail"
    """It is refused with `status` and does nothing."""
    FAIL_AFTER = "fail_after"
    """It does its work, then answers with `status`: the order was accepted, the client cannot know."""
    DROP = "drop"
    """The connection is closed without an answer, the work undone."""
    DROP_AFTER = "drop_after"
    """The connection is closed without an answer, the work done."""
    STREAM_SILENT = "stream_silent"
    """A websocket tells no prices; pings are answered."""
    STREAM_DEAD = "stream_dead"
    """A websocket stays open and says nothing at all."""
    STREAM_DELAYED = "stream_delayed"
    """A websocket tells prices `milliseconds` late; pings are answered at once."""
    STREAM_DISCONNECT = "stream_disconnect"
    """A websocket breaks off, each new one too; `times` counts them."""


STREAM_KINDS = frozenset({Kind.STREAM_SILENT, Kind.STREAM_DEAD, Kind.STREAM_DELAYED, Kind.STREAM_DISCONNECT})
"""They hold while they stand for open websockets, matched by path; requests do not suffer them."""


@dataclass
class Fault:
    """One standing fault. `remaining` and `until` (seconds of the exchange's clock) are None where there is no end."""

    number: int
    kind: Kind
    path: str = "*"
    method: str = "*"
    status: int = 503
    code: int | None = None
    message: str | None = None
    milliseconds: int = 0
    remaining: int | None = None
    until: float | None = None

    def matches(self, method: str, path: str, now: float) -> bool:
        live = (self.remaining is None or self.remaining > 0) and (self.until is None or now < self.until)
        return live and self.method in ("*", method) and fnmatchcase(path, self.path)

    def problem(self, now: float) -> Problem:
        """The answer to give: as Binance words a refusal, or for a 5xx without `code` a gateway's page."""
        if self.status >= 500 and self.code is None:
            return GatewayPage(self.status)
        retry = max(1, round(self.until - now)) if self.until is not None else 1
        code, message = _WORDS.get(self.status, (-1000, "An unknown error occurred while processing the request."))
        headers = {"Retry-After": str(retry)} if self.status in (418, 429) else {}
        return Problem(self.status, self.code or code, self.message or message, headers)


_WORDS = {
    418: (-1003, "Way too much request weight used; IP banned. Please use WebSocket Streams to avoid bans."),
    429: (-1003, "Too many requests; please use the websocket for live updates to avoid polling the API."),
}


class Faults:
    """The standing faults."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._next = 1

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, fault: Fault) -> Fault:
        """Stands from now on; gets its number."""
        fault.number = self._next
        self._next += 1
        self._faults.append(fault)
        return fault

    def remove(self, number: int | None) -> int:
        """Remove one, or all of them for None; how many there were."""
        kept = [fault for fault in self._faults if number is not None and fault.number != number]
        removed = len(self._faults) - len(kept)
        self._faults = kept
        return removed

    def standing(self) -> list[Fault]:
        return list(self._faults)

    def take(self, method: str, path: str, now: float) -> tuple[int, Fault | None]:
        """For one request: milliseconds to wait, and the fault to suffer. Counts it against the faults' remaining."""
        wait, suffered = 0, None
        for fault in self._faults:
            if fault.kind in STREAM_KINDS or not fault.matches(method, path, now):
                continue
            if fault.kind is Kind.LATENCY:
                wait += fault.milliseconds
            elif suffered is None:
                suffered = fault
            else:
                continue
            if fault.remaining is not None:
                fault.remaining -= 1
        self._faults = [f for f in self._faults if f.remaining != 0 and (f.until is None or now < f.until)]
        return wait, suffered

    def streams(self, path: str, now: float) -> list[Fault]:
        """What an open websocket suffers."""
        return [fault for fault in self._faults if fault.kind in STREAM_KINDS and fault.matches("GET", path, now)]

    def spend(self, fault: Fault) -> None:
        """A websocket suffered it."""
        if fault.remaining is not None:
            fault.remaining -= 1
        self._faults = [one for one in self._faults if one.remaining != 0]
