"""Which candles a file of FreqTrade's has, by its name and folder. Pure.

Names lose what stood between a pair's currencies; where more than one pair may be meant nothing is guessed.
"""

import re

from pool.exchange.gateway.candles.series import SPOT, TYPES, Refused, Series

SUFFIXES = (".feather", ".parquet", ".json.gz", ".json")
_NAME = re.compile(r"(?P<pair>[\w-]+?)-(?P<timeframe>\d+[a-zA-Z]{1,2})(?:-(?P<type>[a-zA-Z_]+))?", re.ASCII)
_PARTS = {True: 2, False: 3}
"""Of a pair, of spot markets and of others."""


class NotKept(Exception):
    """The store has no such candles; says in a sentence why."""


def series_of(exchange: str, name: str, in_futures: bool) -> Series | None:
    """None for what is no file of candles. Raises NotKept."""
    suffix = next((one for one in SUFFIXES if name.endswith(one)), None)
    found = None if suffix is None else _NAME.fullmatch(name.removesuffix(suffix))
    if suffix is None or found is None:
        return None
    kind = found["type"] or SPOT
    if kind not in TYPES:
        raise NotKept(f"Candles of {kind} are not kept.")
    if in_futures != (kind != SPOT):
        raise NotKept("Spot candles lie in the data directory itself, all others in its folder futures; move it there.")
    parts = found["pair"].split("_")
    if len(parts) != _PARTS[kind == SPOT]:
        raise NotKept(
            "Which pair it is cannot be told from its name; spot files are named as BTC_USDT-5m, others as "
            "BTC_USDT_USDT-5m-futures."
        )
    pair = f"{parts[0]}/{':'.join(parts[1:])}"
    try:
        return Series.of(exchange, pair, found["timeframe"], kind)
    except Refused as refused:
        raise NotKept(refused.message) from refused
