"""What ccxt is asked for while it makes a request: its URL does not tell that for every exchange.

ccxt's unified methods call each other (candles in pages ask for candles, all load markets first): the innermost one
that is known counts. Each request is made in the context of its method, in threads and tasks alike.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal

from pool.contract.mapped import series_of
from pool.contract.market import Kind, KindName, Priority

Need = Literal["urgent", "price", "entry", "look", "data"]
"""What for the price of one pair is asked: for a trade whose watched price was crossed or whose exit is being sent, for
exits of open trades, for an entry; by strategies and for people (`look`, data that is not waited for); anything else is
`data`."""

URGENT_WITHIN_MS = 400
"""A price that was crossed just now is not to be looked up in an answer from before."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """Of the requests that are made now."""

    kind: Kind
    need: Need = "data"
    series: str | None = None
    """Of the latest candles: `LatestCandles.header()`."""


_OTHER = Purpose(Kind(name="other"))
_purpose: ContextVar[Purpose] = ContextVar("purpose", default=_OTHER)
_price_need: ContextVar[Need] = ContextVar("price_need", default="look")
_priority: ContextVar[Priority] = ContextVar("priority", default="order")
_at_close: ContextVar[bool] = ContextVar("at_close", default=False)

_METHODS: Mapping[KindName, tuple[str, ...]] = {
    "candles": ("fetch_ohlcv", "fetch_mark_ohlcv", "fetch_index_ohlcv", "fetch_premium_index_ohlcv"),
    "book": ("fetch_order_book", "fetch_l2_order_book"),
    "ticker": ("fetch_ticker", "fetch_tickers", "fetch_bids_asks", "fetch_last_prices", "fetch_mark_price"),
    "trades": ("fetch_trades",),
    "funding": ("fetch_funding_rate", "fetch_funding_rates", "fetch_funding_rate_history", "fetch_funding_interval"),
    "markets": ("fetch_markets", "fetch_currencies", "fetch_leverage_tiers", "fetch_market_leverage_tiers"),
    "time": ("fetch_time",),
}
_PRICES = frozenset({"fetch_order_book", "fetch_l2_order_book", "fetch_ticker"})
_CANCEL = ("cancel_order", "cancel_orders", "cancel_all_orders")
_CANDLES = ("symbol", "timeframe", "since", "limit", "params")
_BOUNDS = ("until", "endTime", "end", "to", "till")
"""Parameters by which somebody asks for candles up to a time: those are not the latest."""


def purpose() -> Purpose:
    return _purpose.get()


def priority(*, signed: bool) -> Priority:
    """Of a request that is made now."""
    if signed:
        return _priority.get()
    need = _purpose.get().need
    return need if need in ("urgent", "price") else "data"


@contextmanager
def pricing(what: Need) -> Iterator[None]:
    """Prices of single pairs are asked for this within; what is urgent stays it."""
    token = _price_need.set("urgent" if _price_need.get() == "urgent" else what)
    try:
        yield
    finally:
        _price_need.reset(token)


@contextmanager
def due_at_close(due: bool) -> Iterator[None]:
    """Candles are asked for within by who was due at their close, and asks later only because bots are spread."""
    token = _at_close.set(due)
    try:
        yield
    finally:
        _at_close.reset(token)


@contextmanager
def sending(what: Priority) -> Iterator[None]:
    """Signed requests within are of this priority."""
    token = _priority.set(what)
    try:
        yield
    finally:
        _priority.reset(token)


def told_methods(cls: type) -> dict[str, Any]:
    """Methods for a subclass of a ccxt class that tell what they ask for, under both of the names that ccxt calls them
    by."""
    methods: dict[str, Any] = {}
    for kind, names in _METHODS.items():
        for name in names:
            if hasattr(cls, name):
                methods[name] = methods[_camel(name)] = _telling(getattr(cls, name), _teller(kind, name))
    for name in _CANCEL:
        if hasattr(cls, name):
            methods[name] = methods[_camel(name)] = _cancelling(getattr(cls, name))
    return methods


def candles(parse: Callable[[str], int], given: Sequence[Any], named: Mapping[str, Any]) -> Kind:
    """Of a call of `fetch_ohlcv`; `parse` makes seconds of a timeframe."""
    call = {**dict(zip(_CANDLES, given, strict=False)), **named}
    params = call.get("params") or {}
    since = call.get("since")
    if any(name in params for name in _BOUNDS) or (since is None and params.get("paginate")):
        return _OTHER.kind
    try:
        seconds = int(parse(call.get("timeframe") or "1m"))
        since, limit = _whole(since), _whole(call.get("limit"))
        return Kind(name="candles", timeframe=seconds, since=since, limit=limit, at_close=_at_close.get() or None)
    except (ValueError, TypeError, KeyError, ArithmeticError):  # no timeframe of ccxt's, or no numbers
        return _OTHER.kind


def _teller(kind: KindName, name: str) -> Callable[[Any, Sequence[Any], Mapping[str, Any]], Purpose]:
    if name == "fetch_ohlcv":
        return _latest
    if kind == "candles":
        return lambda client, given, named: Purpose(candles(client.parse_timeframe, given, named))
    if name in _PRICES:
        return lambda client, given, named: _of_price(kind, _price_need.get())
    always = Purpose(Kind(name=kind))
    return lambda client, given, named: always


def _latest(client: Any, given: Sequence[Any], named: Mapping[str, Any]) -> Purpose:
    series = series_of(given, named)
    return Purpose(candles(client.parse_timeframe, given, named), series=None if series is None else series.header())


def _of_price(kind: KindName, need: Need) -> Purpose:
    return Purpose(Kind(name=kind, within_ms=URGENT_WITHIN_MS if need == "urgent" else None), need)


def _telling(method: Any, teller: Callable[[Any, Sequence[Any], Mapping[str, Any]], Purpose]) -> Any:
    @contextmanager
    def told(client: Any, given: Sequence[Any], named: Mapping[str, Any]) -> Iterator[None]:
        token = _purpose.set(teller(client, given, named))
        try:
            yield
        finally:
            _purpose.reset(token)

    return _within(method, told)


def _cancelling(method: Any) -> Any:
    return _within(method, lambda client, given, named: sending("cancel"))


def _within(method: Any, context: Callable[..., Any]) -> Any:
    """The method, run within a context that is made of its arguments."""
    if inspect.iscoroutinefunction(method):

        @wraps(method)
        async def awaited(self: Any, *given: Any, **named: Any) -> Any:
            with context(self, given, named):
                return await method(self, *given, **named)

        return awaited

    @wraps(method)
    def called(self: Any, *given: Any, **named: Any) -> Any:
        with context(self, given, named):
            return method(self, *given, **named)

    return called


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join("OHLCV" if part == "ohlcv" else part[:1].upper() + part[1:] for part in rest)
