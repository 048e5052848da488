"""Candles that bots map: which answer of an exchange, when it was asked for, and its rows as columns of numbers.

The gateway's worker makes them of answers that the gateway keeps, by the same ccxt and from the same URL as the bots
that ask; the gateway tells them to agents (`GET /v1/mapped`), agents write them to their pool's directory `mapped`,
where bots may only read. A bot takes them in place of an answer while that would still be right (`freshness`).
"""

import hashlib
import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from pool.contract.model import Wire

MAPPED = "/v1/mapped"
DIRECTORY = "mapped"
"""In that of a pool."""
SERIES_HEADER = "X-Flotilla-Series"
"""In a bot's request for candles: `LatestCandles.header()`. Nothing else is made, and that for pools that ask."""
TAKEN_HEADER = "X-Flotilla-Taken"
"""In an agent's request to `MAPPED`: so many answers its bots took from mapped candles since it said so last
(`taken_header`)."""
KEPT_HEADER = "X-Flotilla-Kept"
"""In the worker's request: what memory has, else 404, and nothing of the exchange."""
ASKED_HEADER = "X-Flotilla-Asked"
"""In the answer to that: when the exchange was asked for it, `<CLOCK_BOOTTIME seconds> <Unix ms> <skew ms>`."""
NUMBER_HEADER = "X-Flotilla-Number"
"""In answers of `MAPPED`: what to ask after next."""
MOST_HEADER = 400
MOST_TAKEN = 99_999
"""Of one exchange, told at a time."""
_MOST_EXCHANGES = 50
_TAKEN = re.compile(r"([a-z0-9_]{1,40})=([0-9]{1,5})")
MOST_ROWS = 1_500
"""More than nearly all exchanges give at a time."""
LATEST_MS = 2**47
"""Of times that are told."""
_MAGIC = b"FLCANDL1"
_HEAD = struct.Struct("<8sIqdq16s16s4x")
_PART = struct.Struct("<32sI")
COLUMNS = 5
"""Of fractions, behind the times: open, high, low, close, volume."""
JUMP_MS = 1_000
"""A change of wall time against steady time by more is a jump."""


def taken_header(counts: Mapping[str, int]) -> str:
    """`binance=12;paper=3`: `TAKEN_HEADER`."""
    return ";".join(f"{exchange}={count}" for exchange, count in sorted(counts.items()))


def taken_of(header: str | None) -> dict[str, int]:
    """By exchange; without what is not understood, and of so many at most."""
    found = (_TAKEN.fullmatch(part) for part in (header or "").split(";", _MOST_EXCHANGES)[:_MOST_EXCHANGES])
    return {one[1]: int(one[2]) for one in found if one is not None}


class LatestCandles(Wire):
    """Arguments of ccxt's `fetch_ohlcv` for the latest candles."""

    symbol: str = Field(max_length=64)
    timeframe: str = Field(max_length=8)
    limit: int | None = Field(default=None, ge=1, le=MOST_ROWS)
    price: str | None = Field(default=None, max_length=16)
    """`mark`, `index`, …: the one parameter that FreqTrade adds."""

    @property
    def spot(self) -> bool:
        return ":" not in self.symbol

    def header(self) -> str:
        """JSON in ASCII."""
        return json.dumps(self.model_dump(exclude_none=True), separators=(",", ":"))

    @classmethod
    def of(cls, header: str) -> "LatestCandles | None":
        """What a header says; None for what is not understood."""
        try:
            return cls.model_validate_json(header) if len(header) <= MOST_HEADER else None
        except ValueError:
            return None

    def name(self, exchange: str) -> str:
        """Of its file: 32 hexadecimal digits."""
        return hashlib.sha256(f"{exchange} {self.header()}".encode()).hexdigest()[:32]


_CALL = ("symbol", "timeframe", "since", "limit", "params")


def series_of(given: Sequence[Any], named: Mapping[str, Any]) -> LatestCandles | None:
    """What a call of ccxt's `fetch_ohlcv` asks for; None where that is something else than the latest candles."""
    call = {**dict(zip(_CALL, given, strict=False)), **named}
    symbol, timeframe, limit, params = (call.pop(name, None) for name in ("symbol", "timeframe", "limit", "params"))
    if any(value is not None for value in call.values()) or {*(params or {})} - {"price"}:
        return None
    if limit is not None and type(limit) is not int:
        return None
    try:
        return LatestCandles(symbol=symbol, timeframe=timeframe or "1m", limit=limit, price=(params or {}).get("price"))
    except ValueError:
        return None


def digest(text: str) -> bytes:
    """Sixteen bytes that tell URLs, and versions, apart."""
    return hashlib.sha256(text.encode()).digest()[:16]


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of the rows."""

    rows: int
    asked_boot: float
    """When the exchange was asked, seconds of CLOCK_BOOTTIME: the same for all processes of a machine."""
    asked_ms: int
    """The same moment by the wall clock."""
    skew_ms: int
    """The exchange's clock minus ours, as `freshness` reckons with it."""
    url: bytes
    """`digest` of what was asked."""
    maker: bytes
    """`digest` of the version of ccxt that read the answer."""

    def packed(self) -> bytes:
        return _HEAD.pack(_MAGIC, self.rows, self.asked_ms, self.asked_boot, self.skew_ms, self.url, self.maker)

    @classmethod
    def of(cls, content: memoryview | bytes) -> "Head | None":
        """None for what is no mapped candles, or not all of them."""
        if len(content) < _HEAD.size:
            return None
        magic, rows, asked_ms, asked_boot, skew_ms, url, maker = _HEAD.unpack_from(content)
        if magic != _MAGIC or not 0 < rows <= MOST_ROWS or len(content) != HEAD_BYTES + size_of(rows):
            return None
        return cls(rows, asked_boot, asked_ms, skew_ms, url, maker)


HEAD_BYTES = _HEAD.size


def size_of(rows: int) -> int:
    """Bytes of the columns: times (Unix milliseconds, int64), then `COLUMNS` of float64, one column after another."""
    return rows * 8 * (1 + COLUMNS)


MOST_BYTES = HEAD_BYTES + size_of(MOST_ROWS)
"""Of one file."""


def place(directory: Path, name: str) -> Path:
    """Of the candles of that name, in a pool's directory."""
    return directory / DIRECTORY / name


def joined(parts: Iterator[tuple[str, bytes]]) -> bytes:
    """Names and candles, as one body."""
    return b"".join(piece for name, content in parts for piece in (_PART.pack(name.encode(), len(content)), content))


def parted(body: bytes) -> Iterator[tuple[str, bytes]]:
    """What `joined` made. Raises ValueError."""
    at = 0
    while at < len(body):
        try:
            name, length = _PART.unpack_from(body, at)
        except struct.error as problem:
            raise ValueError("mapped candles are cut off") from problem
        at += _PART.size
        content = body[at : at + length]
        at += length
        text = name.decode("ascii", "replace")
        if len(content) != length or not _is_name(text) or Head.of(content) is None:
            raise ValueError("these are no mapped candles")
        yield text, content


def _is_name(text: str) -> bool:
    return len(text) == 32 and all(one in "0123456789abcdef" for one in text)
