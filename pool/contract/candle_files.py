"""What becomes of candle files on their way between FreqTrade's data directories and the gateway's store.

`python -m pool.exchange.gateway.candles.moving` prints a line of JSON for each file.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from pool.contract.model import Wire

SETTINGS_PREFIX = "FLOTILLA_GATEWAY_CANDLES_"
"""Of the gateway's settings in the environment of whoever starts it."""


def settings_in(environment: Mapping[str, str]) -> dict[str, str]:
    """The gateway's own."""
    return {name: value for name, value in environment.items() if name.startswith(SETTINGS_PREFIX)}


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
