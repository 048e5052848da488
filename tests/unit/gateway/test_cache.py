"""Answers in memory."""

from pool.contract.freshness import Moment
from pool.exchange.gateway.cache import Cache, Entry

KILO = b"x" * 1_000


def entry(body: bytes = KILO, steady: float = 1.0) -> Entry:
    return Entry(body, "application/json", Moment(steady, 0, 0))


def test_what_was_used_last_stays_within_the_bytes() -> None:
    cache = Cache(most_bytes=7_000)
    for key in "abc":
        assert cache.put(key, entry())
    assert cache.get("a") is not None
    cache.put("d", entry())
    assert list(cache) == ["c", "a", "d"]
    assert cache.bytes == 3 * 2_001


def test_what_is_too_large_is_not_kept_and_takes_the_old_one_along() -> None:
    cache = Cache(most_bytes=10_000, most_bytes_each=3_000)
    cache.put("a", entry())
    assert not cache.put("a", entry(KILO * 3, steady=2.0))
    assert (cache.get("a"), cache.bytes, len(cache)) == (None, 0, 0)


def test_an_answer_that_was_asked_for_earlier_does_not_replace_a_newer_one() -> None:
    cache = Cache()
    new = entry(b"new", steady=2.0)
    cache.put("a", new)
    assert not cache.put("a", entry(b"old", steady=1.0))
    assert cache.get("a") is new
    cache.put("a", entry(b"newest!", steady=3.0))
    assert cache.bytes == len(b"newest!") + 1 + 1_000


def test_what_is_far_too_large_is_not_searched() -> None:
    opened = 1_700_000_040_000
    assert entry(b"[%d]" % opened + b" " * 1_000).holds(opened, 60_000)
    assert not entry(b"[%d]" % opened + b" " * 9_000_000).holds(opened, 60_000)


def test_a_candle_is_looked_for_once_and_what_is_remembered_is_bounded() -> None:
    one = entry(b"[[1700000040000,1]]")
    assert one.holds(1_700_000_040_000, 60_000)
    one.body = b"[]"
    assert one.holds(1_700_000_040_000, 60_000)
    for opened in range(100):
        one.holds(opened * 60_000, 60_000)
    assert len(one._holds) <= 8
    assert not one.holds(1_700_000_040_000, 60_000)
