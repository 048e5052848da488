"""`python -m benchmarks.frames`: what it costs a bot to make a new candle of a pair a frame, with FreqTrade's cleaning
and without. CPU of this process in milliseconds, medians; both sides take turns, so that a busy machine is as hard on
either. Nothing is asked of anybody.

`read` is what stays whoever makes the frame: JSON, and ccxt's own way to read the rows. `first` makes the frame of a
pair's first answer, `next` joins a later one to it, as `Exchange.refresh_latest_ohlcv` does with each new candle.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import ccxt
from freqtrade.data.converter import clean_ohlcv_dataframe, ohlcv_to_dataframe
from freqtrade.exchange import timeframe_to_msecs
from pandas import DataFrame, concat  # type: ignore[import-untyped]

from pool.bot.trial_candles import trial_candles
from pool.zygote import cleaning

PAIR, TIMEFRAME = "BTC/USDT", "1m"
_FIRST_MS = 1_790_000_040_000 // 60_000 * 60_000
Side = tuple[Callable[..., DataFrame], Callable[..., DataFrame]]
SIDES: dict[str, Side] = {
    "plain": (ohlcv_to_dataframe, clean_ohlcv_dataframe),
    "ours": (cleaning._from_rows, cleaning._clean),
}


def body(candles: int, first: int) -> str:
    """As Binance answers."""
    step = timeframe_to_msecs(TIMEFRAME)
    rows = trial_candles(TIMEFRAME, candles + first).itertuples(index=False)
    told = []
    for number, (_, *values) in enumerate(rows):
        opened = _FIRST_MS + number * step
        told.append([opened, *(f"{value:.8f}" for value in values), opened + step - 1, "1.0", 9, "1.0", "1.0", "0"])
    return json.dumps(told[first:])


def read(text: str) -> list[Any]:
    client = _client()
    rows: list[Any] = client.parse_ohlcvs(client.parse_json(text), None, TIMEFRAME, None, 10_000)
    return rows


def first_frame(side: Side, rows: list[Any]) -> DataFrame:
    return side[0](rows, TIMEFRAME, PAIR, fill_missing=True, drop_incomplete=True)


def next_frame(side: Side, old: DataFrame, rows: list[Any]) -> DataFrame:
    """`Exchange._process_ohlcv_df` where a frame is there already."""
    new = side[0](rows, TIMEFRAME, PAIR, fill_missing=False, drop_incomplete=True)
    whole = side[1](concat([old, new], axis=0), TIMEFRAME, PAIR, fill_missing=True, drop_incomplete=False)
    return whole.tail(len(old)).reset_index(drop=True)


def measure(candles: int, times: int) -> dict[str, Any]:
    texts = body(candles, 0), body(candles, 1)
    rows = [read(text) for text in texts]
    olds = {name: first_frame(side, rows[0]) for name, side in SIDES.items()}
    spent: dict[str, dict[str, list[float]]] = {name: {"read": [], "first": [], "next": []} for name in SIDES}
    for _ in range(times):
        for name, side in SIDES.items():
            for step, work in (
                ("read", lambda: read(texts[1])),
                ("first", lambda side=side: first_frame(side, rows[0])),
                ("next", lambda side=side, name=name: next_frame(side, olds[name], rows[1])),
            ):
                began = time.process_time()
                work()
                spent[name][step].append((time.process_time() - began) * 1000)
    made = {name: next_frame(side, olds[name], rows[1]) for name, side in SIDES.items()}
    if not made["ours"].equals(made["plain"]):
        raise SystemExit("the frames differ")
    result: dict[str, Any] = {
        name: {step: round(statistics.median(each), 2) for step, each in steps.items()} for name, steps in spent.items()
    }
    result["times_less"] = round(result["plain"]["next"] / result["ours"]["next"], 1)
    result["frame_kb"] = round(int(made["ours"].memory_usage().sum()) / 1000, 1)
    return {"candles": candles, **result}


_made: list[Any] = []


def _client() -> Any:
    if not _made:
        _made.append(ccxt.binance())
    return _made[0]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frames", description=__doc__)
    parser.add_argument("--candles", type=int, nargs="+", default=[260, 1000])
    parser.add_argument("--times", type=int, default=100)
    options = parser.parse_args()
    print(json.dumps([measure(candles, options.times) for candles in options.candles], indent=2))


if __name__ == "__main__":
    main()
