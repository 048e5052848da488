"""Where the best bids and asks of many markets come from, exchange by exchange. Pure.

Only exchanges of which somebody has read what their answer says are here: a bid that is not the best of the book would
let a bot sleep through its stop. Those of the others look at their exits themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pool.contract.market import Price

_BOOK = "fetch_bids_asks"
_TICKERS = "fetch_tickers"
_METHODS = {
    "paper": _BOOK,
    "binance": _BOOK,
    "binanceus": _BOOK,
    "binanceusdm": _BOOK,
    "bingx": _TICKERS,
    "bitget": _TICKERS,
    "bybit": _TICKERS,
    "bybiteu": _TICKERS,
    "gate": _TICKERS,
    "gateeu": _TICKERS,
    "htx": _TICKERS,
    "kraken": _TICKERS,
    "krakenfutures": _TICKERS,
    "myokx": _TICKERS,
    "okx": _TICKERS,
}
"""bingx tells the book of one future at a time only."""
STREAMED = frozenset(
    {"paper", "binance", "binanceus", "binanceusdm", "bitget", "bybit", "gate", "kraken", "krakenfutures", "okx"}
)
"""Those of which ccxt knows a websocket that tells best bids and asks, of the book itself."""
_OTHERWISE = {"hyperliquid": "its bids and asks are what a large order would get, not the best of the book"}
_NAMED = 100
"""Binance takes so many names of spot markets in one request; more are asked for by asking for all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of ccxt: `symbols` as ccxt has them, None for all."""

    method: str
    symbols: list[str] | None


def unusable(exchange: str) -> str | None:
    """Why this exchange's prices are of no use to those who wait for them, in a sentence; None where they are."""
    if exchange in _METHODS:
        return None
    reason = _OTHERWISE.get(exchange, "nobody has compared what it tells of all markets with its books")
    return f"Prices of {exchange} cannot be compared with those of exits: {reason}."


def chosen(markets: list[Mapping[str, Any]] | None, market: str) -> str | None:
    """ccxt's symbol of those that have an id, where one of them is traded in this kind of market."""
    for one in markets or []:
        of_kind = one.get("spot") if market == "spot" else one.get("swap") and one.get("linear")
        if of_kind and one.get("active") is not False:
            return str(one["symbol"])
    return None


def names(client: Any, market: str, symbols: Iterable[str]) -> dict[str, str]:
    """Of those that are traded: the exchange's ids by ccxt's symbols."""
    found = {one: chosen(client.markets_by_id.get(one), market) for one in symbols}
    return {symbol: one for one, symbol in found.items() if symbol is not None}


def requests(exchange: str, market: str, symbols: list[str]) -> list[Asked]:
    """What to ask for these prices. Futures that settle in different currencies are different books to some."""
    method = _METHODS[exchange]
    if market == "spot":
        return [Asked(method, symbols if method == _TICKERS or len(symbols) <= _NAMED else None)]
    by_settle: dict[str, list[str]] = {}
    for symbol in symbols:
        by_settle.setdefault(symbol.partition(":")[2], []).append(symbol)
    return [Asked(method, group) for group in by_settle.values()]


def price(ticker: Mapping[str, Any]) -> Price | None:
    """Of one of ccxt's tickers; None where it does not tell both sides of a book."""
    bid, ask, last = (_positive(ticker.get(name)) for name in ("bid", "ask", "last"))
    if bid is None or ask is None or bid > ask:
        return None
    at = ticker.get("timestamp")
    return Price(bid=bid, ask=ask, last=last, exchange_ms=at if isinstance(at, int) else None)


def _positive(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None
