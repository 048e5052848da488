"""One request as the endpoints see it, and the table they are entered in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from pool.exchange.simulator.parameters import Parameters


@dataclass(frozen=True)
class Call:
    """A request at a moment of the exchange's clock."""

    method: str
    path: str
    query: str
    """As sent, without the question mark."""
    body: bytes
    headers: Mapping[str, str]
    now_ms: int
    address: str = ""
    """Of whoever asks."""

    @property
    def second(self) -> int:
        return self.now_ms // 1000

    @cached_property
    def payload(self) -> str:
        """Query and form, joined without a separator: what Binance signs."""
        return self.query + self.body.decode("utf-8", errors="replace")

    @cached_property
    def parameters(self) -> Parameters:
        """From the query, then the form; the query wins."""
        form = parse_qsl(self.body.decode("utf-8", errors="replace"), keep_blank_values=True)
        return Parameters(dict(form) | dict(parse_qsl(self.query, keep_blank_values=True)))


@dataclass(frozen=True)
class Endpoint:
    """`answer` gives the body of a success. `weight` is what Binance charges for the call."""

    answer: Callable[[Call], bytes | Awaitable[bytes]]
    weight: Callable[[Parameters], int] = lambda _: 1
    shared: bool = False
    """The answer depends on path, query and second alone, so that everyone gets the same bytes."""


Endpoints = dict[tuple[str, str], Endpoint]
