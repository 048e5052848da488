"""When pairlists change by time alone."""

from types import SimpleNamespace
from typing import Any

from freqtrade.util import FtTTLCache

from pool.bot.waking.lists import pairlist_timers


def manager(*handlers: Any, tickers: bool = False) -> Any:
    cache: FtTTLCache = FtTTLCache(maxsize=1, ttl=1800, timer=lambda: 5000.0)
    if tickers:
        cache["tickers"] = {}
    asked = SimpleNamespace(cache=cache)
    return SimpleNamespace(_pairlist_handlers=list(handlers), _tickers_needed=tickers, _get_cached_tickers=asked)


def timers(of: Any) -> Any:
    return pairlist_timers(of, 900.0)


def handler(name: str, **attributes: Any) -> Any:
    return SimpleNamespace(name=name, **attributes)


def test_lists_that_do_not_change_have_no_timer() -> None:
    assert timers(manager(handler("StaticPairList"), handler("PrecisionFilter"))) == []


def test_a_list_that_is_kept_for_a_while_is_asked_anew_then_by_the_wall_clock() -> None:
    now = [1000.0]
    cache: FtTTLCache = FtTTLCache(maxsize=10, ttl=600, timer=lambda: now[0])
    cache["a"] = 1
    now[0] = 1200.0
    cache["b"] = 2

    assert timers(manager(handler("VolumePairList", _pair_cache=cache))) == [1600.0]
    assert timers(manager(handler("StaticPairList"), tickers=True)) == [6800.0]


def test_what_lapsed_before_the_last_loop_and_was_not_asked_for_again_is_nothing_to_wait_for() -> None:
    now = [1000.0]
    cache: FtTTLCache = FtTTLCache(maxsize=10, ttl=600, timer=lambda: now[0])
    cache["left"] = 1
    now[0] = 1200.0
    cache["stays"] = 2
    lists = manager(handler("VolatilityFilter", _pair_cache=cache))
    now[0] = 1700.0

    assert pairlist_timers(lists, 1599.0) == [1600.0], "that loop may have come too early for it"
    assert pairlist_timers(lists, 1600.0) == [1800.0]
    assert pairlist_timers(lists, 1900.0) == []


def test_what_is_not_known_may_change_at_any_time() -> None:
    assert timers(manager(handler("StaticPairList"), handler("PerformanceFilter"))) is None
    assert timers(manager(handler("ShuffleFilter", _shuffle_freq="iteration"))) is None
    assert timers(manager(handler("ShuffleFilter", _shuffle_freq="candle"))) == []
    assert timers(manager(handler("VolumePairList", _pair_cache={}))) is None
