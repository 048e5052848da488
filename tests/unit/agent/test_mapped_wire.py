"""Mapped candles on their way: what is read back, what is refused, and names."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool.contract.mapped import (
    HEAD_BYTES,
    MOST_HEADER,
    MOST_ROWS,
    Head,
    LatestCandles,
    digest,
    joined,
    parted,
    size_of,
)
from tests.fakes.mapped_candles import candles_file

ROWS = [[1_772_625_600_000 + 60_000 * number, 1.0, 2.0, 0.5, 1.5, 10.0] for number in range(3)]
CONTENT = candles_file(ROWS, asked_boot=7.25, asked_ms=1_772_625_700_000, skew_ms=-300, url="u", maker="4.5")
NAMES = ["0" * 32, "0123456789abcdef" * 2]


def body(name: str = NAMES[0], content: bytes = CONTENT) -> bytes:
    return joined(iter([(name, content)]))


def parts(content: bytes) -> list[tuple[str, bytes]]:
    return list(parted(content))


def test_a_head_is_read_as_it_was_written() -> None:
    assert Head.of(CONTENT) == Head(3, 7.25, 1_772_625_700_000, -300, digest("u"), digest("4.5"))
    assert Head.of(memoryview(CONTENT)) == Head.of(CONTENT)
    assert len(CONTENT) == HEAD_BYTES + size_of(3)
    assert HEAD_BYTES % 8 == 0, "columns of eight bytes begin behind it"


@given(
    st.builds(
        Head,
        rows=st.integers(1, MOST_ROWS),
        asked_boot=st.floats(0, 1e9),
        asked_ms=st.integers(0, 2**62),
        skew_ms=st.integers(-(2**62), 2**62),
        url=st.binary(min_size=16, max_size=16),
        maker=st.binary(min_size=16, max_size=16),
    )
)
def test_every_head_comes_back(head: Head) -> None:
    assert Head.of(head.packed() + bytes(size_of(head.rows))) == head


@pytest.mark.parametrize("length", [0, 1, 8, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 8, len(CONTENT) - 1])
def test_what_is_cut_off_is_no_candles(length: int) -> None:
    assert Head.of(CONTENT[:length]) is None
    with pytest.raises(ValueError, match="candles"):
        parts(body(content=CONTENT[:length]))


def _with_rows(rows: int) -> bytes:
    """A head that tells of so many, and as many bytes."""
    head = Head(max(rows, 0), 0.0, 0, 0, bytes(16), bytes(16)).packed()
    return head + bytes(size_of(max(rows, 0)))


@pytest.mark.parametrize(
    "content",
    [
        CONTENT + b"\0",
        CONTENT + CONTENT,
        b"X" + CONTENT[1:],
        b"FLCANDL2" + CONTENT[8:],
        b"\0" * len(CONTENT),
        b"[[1772625600000,1,2,0.5,1.5,10]]" * 8,
        _with_rows(0),
        _with_rows(MOST_ROWS + 1),
    ],
)
def test_what_is_something_else_is_no_candles(content: bytes) -> None:
    assert Head.of(content) is None
    with pytest.raises(ValueError, match="no mapped candles"):
        parts(body(content=content))


def test_as_many_rows_as_there_may_be() -> None:
    content = _with_rows(MOST_ROWS)
    assert parts(body(content=content)) == [(NAMES[0], content)]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 4))))
def test_what_was_joined_is_parted(told: list[tuple[str, int]]) -> None:
    sent = [(name, candles_file(ROWS[:1] * rows, asked_ms=rows)) for name, rows in told]
    assert parts(joined(iter(sent))) == sent


@given(st.integers(1, len(body()) - 1))
def test_a_body_that_breaks_off_is_refused_behind_what_is_whole(kept: int) -> None:
    found: Iterator[tuple[str, bytes]] = parted(body() + body(NAMES[1])[:kept])
    assert next(found) == (NAMES[0], CONTENT)
    with pytest.raises(ValueError, match="candles"):
        next(found)


@given(st.binary(min_size=1, max_size=300))
def test_rubbish_is_refused(rubbish: bytes) -> None:
    with pytest.raises(ValueError, match="candles"):
        parts(rubbish)


@pytest.mark.parametrize(
    "name", ["../../agent-token".ljust(32, "0"), "A" * 32, "", "0" * 31, "0" * 31 + "/", "0" * 31 + "\xe9", "٣" * 16]
)
def test_only_names_of_candles_become_files(name: str) -> None:
    with pytest.raises(ValueError, match="no mapped candles"):
        parts(joined(iter([(name, CONTENT)])))


# ---- what a bot asks for


def test_what_a_header_says_is_read_back() -> None:
    for asked in (
        LatestCandles(symbol="BTC/USDT", timeframe="1m"),
        LatestCandles(symbol="BTC/USDT:USDT", timeframe="1h", limit=MOST_ROWS, price="mark"),
        LatestCandles(symbol="币安人生/USDT", timeframe="5m", limit=1),
        LatestCandles(symbol='"\\\r\n\x00', timeframe="1M"),
    ):
        header = asked.header()
        assert header.isascii()
        assert header.isprintable(), "it is a header's value"
        assert LatestCandles.of(header) == asked


def test_a_header_that_is_too_long_is_not_understood() -> None:
    """In ASCII a character may be twelve: what somebody has to remember is bounded all the same."""
    asked = LatestCandles(symbol="\N{ROCKET}" * 64, timeframe="1m")
    assert len(asked.header()) > MOST_HEADER
    assert LatestCandles.of(asked.header()) is None
    assert LatestCandles.of(LatestCandles(symbol="x" * 64, timeframe="1m", limit=MOST_ROWS, price="p" * 16).header())


@pytest.mark.parametrize(
    "header",
    [
        "", "null", "[]", "{}", "BTC/USDT", '{"symbol":"BTC/USDT"}', '{"symbol":1,"timeframe":"1m"}',
        '{"symbol":"BTC/USDT","timeframe":"1m","limit":0}', '{"symbol":"BTC/USDT","timeframe":"1m","limit":-5}',
        '{"symbol":"BTC/USDT","timeframe":"1m","limit":5001}', '{"symbol":"BTC/USDT","timeframe":"1m","limit":1.5}',
        '{"symbol":"BTC/USDT","timeframe":"1m","price":["mark"]}', '{"symbol":"BTC/USDT","timeframe":"100000000m"}',
    ],
)  # fmt: skip
def test_other_headers_are_not_understood(header: str) -> None:
    assert LatestCandles.of(header) is None


def test_names_tell_all_apart_that_is_asked_for() -> None:
    one = LatestCandles(symbol="BTC/USDT", timeframe="1m")
    changes = ({"symbol": "ETH/USDT"}, {"timeframe": "1M"}, {"limit": 500}, {"limit": 501}, {"price": "mark"}, {})
    names = [one.model_copy(update=change).name("binance") for change in changes] + [one.name("bybit")]
    assert len({*names}) == len(names)
    for name in names:
        assert parts(body(name)) == [(name, CONTENT)], "it can be sent"


def test_a_name_is_the_same_wherever_it_is_made() -> None:
    """Bots make them of their own calls, the gateway of what headers say, in releases of their own."""
    asked = LatestCandles(symbol="BTC/USDT", timeframe="1m", limit=500)
    told = LatestCandles.of('{"limit":500,"new":"of a later release","timeframe":"1m","symbol":"BTC/USDT"}')
    assert told is not None
    assert told.name("binance") == asked.name("binance") == "14ffa13aee4d636f3906ece513d71a57"


def test_spot_is_told_by_the_symbol() -> None:
    assert [LatestCandles(symbol=one, timeframe="1m").spot for one in ("BTC/USDT", "BTC/USDT:USDT")] == [True, False]


def test_digests_tell_apart_and_are_of_one_length() -> None:
    found = [digest(text) for text in ("", "a", "A", "é", "https://a/?symbol=A", "https://a/?symbol=B")]
    assert {len(one) for one in found} == {16}
    assert all(first != second for first, second in pairwise(sorted(found)))
