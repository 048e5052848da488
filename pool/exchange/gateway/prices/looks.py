"""One look at the best prices of many markets, by ccxt. In the worker's process."""

import time
from collections.abc import Sequence
from typing import Any

from pool.contract.market import Kind
from pool.exchange.gateway.candles import through
from pool.exchange.gateway.prices import sources

_NEWEST = Kind(name="ticker", within_ms=100)
"""What others were told lately would be older than it need be."""
_KNOWN_SECONDS = 600.0
"""So long a market that is not known is not looked for again."""


async def best(client: Any, exchange: str, market: str, symbols: Sequence[str]) -> dict[str, Any]:
    """By the exchange's own ids. `asked_at` is when the exchange was asked for the oldest of them, by CLOCK_BOOTTIME;
    `cost_seconds` is what a look takes of the exchange's patience and of this process."""
    found = sources.names(client, market, symbols)
    if len(found) < len(symbols) and time.monotonic() - getattr(client, "flotilla_listed_at", 0.0) > _KNOWN_SECONDS:
        client.flotilla_listed_at = time.monotonic()
        through.kind.set(Kind(name="markets"))
        await client.load_markets(True)
        found = sources.names(client, market, symbols)
    asked_at = time.clock_gettime(time.CLOCK_BOOTTIME)
    noted: list[float] = []
    through.asked.set(noted)
    through.kind.set(_NEWEST)
    through.priority.set("price")
    requests = sources.requests(exchange, market, list(found))
    before, prices = time.process_time(), {}
    for request in requests:
        tickers = await getattr(client, request.method)(request.symbols)
        for symbol in request.symbols or found:
            price = sources.price(tickers.get(symbol) or {})
            if price is not None:
                prices[found[symbol]] = price.model_dump(mode="json")
    cost = max(time.process_time() - before, len(requests) * float(client.rateLimit) / 1000)
    return {"prices": prices, "asked_at": min(noted, default=asked_at), "cost_seconds": cost}
