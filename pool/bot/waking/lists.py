"""When FreqTrade's pairlists change by time alone."""

from typing import Any

_STEADY = frozenset(
    {
        "StaticPairList",
        "OffsetFilter",
        "PrecisionFilter",
        "PriceFilter",
        "SpreadFilter",
        "FullTradesFilter",
        "AgeFilter",
        "DelistFilter",
    }
)
"""What they answer is of tickers, which FreqTrade keeps for half an hour, of markets, days, and open trades."""


def pairlist_timers(pairlists: Any, since: float) -> list[float] | None:
    """Moments of the wall clock at which one of them asks anew, after `since`, when the last loop asked all of them;
    None where that cannot be told."""
    found: list[float] = []
    for handler in pairlists._pairlist_handlers:
        cache = getattr(handler, "_pair_cache", None)
        if cache is not None:
            expiry = _expiry(cache, since)
            if expiry is None:
                return None
            found += expiry
        elif handler.name not in _STEADY and not _shuffles_by_candle(handler):
            return None
    if pairlists._tickers_needed:
        expiry = _expiry(pairlists._get_cached_tickers.cache, since)
        if expiry is None:
            return None
        found += expiry
    return found


def _shuffles_by_candle(handler: Any) -> bool:
    return bool(handler.name == "ShuffleFilter" and getattr(handler, "_shuffle_freq", None) == "candle")


def _expiry(cache: Any, since: float) -> list[float] | None:
    """The nearest of a cache that counts by the wall clock; the library tells it nowhere. What had lapsed by `since`
    and is still there nobody asked for again."""
    links = getattr(cache, "_TTLCache__links", None)
    if links is None:
        return None
    later = [link.expires for link in links.values() if link.expires > since]
    return [min(later)] if later else []
