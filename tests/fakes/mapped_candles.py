"""Mapped candles as the gateway makes them, of whatever rows."""

from array import array
from collections.abc import Sequence
from typing import Any

import ccxt

from pool.contract.mapped import Head, digest


def candles_file(
    rows: Sequence[Sequence[Any]],
    *,
    asked_boot: float = 0.0,
    asked_ms: int = 0,
    skew_ms: int = 0,
    url: str = "",
    maker: str = ccxt.__version__,
) -> bytes:
    times, *values = zip(*rows, strict=True)
    head = Head(len(rows), asked_boot, asked_ms, skew_ms, digest(url), digest(maker))
    return head.packed() + array("q", times).tobytes() + b"".join(array("d", column).tobytes() for column in values)
