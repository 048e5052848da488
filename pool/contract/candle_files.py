"""What becomes of candle files on their way between FreqTrade's data directories and the gateway's store.

`python -m pool.exchange.gateway.candles.moving` prints a line of JSON for each file.
"""

from typing import Literal

from pydantic import Field

from pool.contract import market
from pool.contract.model import Wire

SETTINGS_PREFIX = f"{market.SETTINGS_PREFIX}CANDLES_"


class CandleFile(Wire):
    """One file. Moments are in milliseconds since 1970."""

    file: str
    """Its name below the data directory."""
    outcome: Literal["done", "nothing", "skipped", "refused"]
    """`done`; `nothing` was in it that is to be taken; `skipped`: what the store does not keep; `refused`."""
    exchange: str
    pair: str | None = None
    timeframe: str | None = None
    type: str | None = None
    candles: int = 0
    """That it has and can be used."""
    added: int = 0
    """Of these, not there before. Before anything is done: what would be."""
    differing: int = 0
    """Of these, there with other values: the store's own stay."""
    left_out: dict[str, int] = Field(default_factory=dict)
    """Why → how many."""
    gaps: int = 0
    begin: int | None = None
    end: int | None = None
    """When the last one opens."""
    message: str | None = None
    """Why it was skipped or refused, and what to do."""
