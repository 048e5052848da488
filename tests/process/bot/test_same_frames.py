"""Strategies get the candles that plain FreqTrade would give them, to the last bit, over a day of market.

Two of FreqTrade's own exchanges, each with a strategy, loop at the same moments of a virtual clock (`virtual.frames`):
one asks the exchange, the other maps candles that the gateway's worker read, or asks the gateway, and makes frames as
bots do. Each
frame that either holds is compared: of every timeframe that the exchange lists, of a second pair, of mark prices and
funding, and what the strategies made of them. What has to be seen on that day follows from its plan (`virtual.day`).
"""

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pool.zygote.environment import VARIABLES
from tests.process.bot.harness import ROOT
from tests.process.bot.virtual.day import FUNDING_SECONDS, is_asked, last_closed, looks, seconds_of

pytestmark = [pytest.mark.timeout(700), pytest.mark.slow]

_MODULE = "tests.process.bot.virtual.frames"
_MOST_SECONDS = 600
_MODES = ("spot", "futures")
_ANALYSED = "15m"
_UNSHARED = ("1s", "3d")
"""Candles that the gateway gives from before for a second at most: so soon there is another, or nobody knows when."""
_POLLED = ("1w", "1M")
"""FreqTrade takes weeks for beginning on Thursdays, months for 30 days, and asks again for what does not come."""
Told = dict[str, Any]


@pytest.fixture(scope="module", params=_MODES)
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    place: Path = tmp_path_factory.mktemp(request.param)
    made = subprocess.run(
        [sys.executable, "-m", _MODULE, request.param, str(place)], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, **VARIABLES}, check=False, timeout=_MOST_SECONDS,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-6000:]
    told: Told = json.loads(made.stdout.splitlines()[-1])
    return told | {"mode": request.param}


def test_each_frame_is_the_same(day: Told) -> None:
    assert day["different"] == {}


def test_frames_of_all_kinds_were_compared_at_each_close(day: Told) -> None:
    """Of each timeframe the exchange has; of Bitcoin and another pair; marks and rates."""
    wanted = {name: _closed(timeframe, day["mode"]) for name, timeframe in _candles(day).items()}
    wanted["analysed"] = _closed(_ANALYSED, day["mode"])
    if day["mode"] == "futures":
        paid = sorted({look.at // FUNDING_SECONDS * FUNDING_SECONDS for look in looks("futures")})
        wanted |= {f"{coin}/USDT:USDT 1h funding_rate": paid for coin in ("BTC", "ETH")}
    assert {name: [] for name in wanted} | day["ends"] == wanted
    assert all(len(ends) > 1 for ends in wanted.values()), "nothing closed on that day"
    assert all(count > 20 for count in day["candles"].values()), day["candles"]
    assert set(day["timeframes"]) >= {"1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "1w"}


def test_other_timeframes_and_pairs_were_taken_in(day: Told) -> None:
    rates = {"mark_open", "funding_open"} if day["mode"] == "futures" else set()
    assert {"mean_1h", "mean_1d", "eth_usdt_change_1h"} | rates <= {*day["columns"]}


def test_candles_were_mapped_where_answers_from_before_were_right(day: Told) -> None:
    """Each candle that was new was mapped where somebody had asked for it since it had settled, and asked of the
    exchange where somebody had asked too early."""
    for kept, how in (("kept", "mapped"), ("new", "miss")):
        served = day["served"][kept]
        for timeframe, count in _due(day, kept == "kept").items():
            found = {one: served.get(f"{seconds_of(timeframe)} {one}", 0) for one in ("mapped", "hit", "miss")}
            assert found == {"mapped": 0, "hit": 0, "miss": 0} | {how: count}, timeframe


def test_what_is_harmed_is_seen(day: Told) -> None:
    """Candles of five minutes that are late, the last bit of one price of a minute's."""
    pair, mode = f"BTC/USDT{_ending(day)}", day["mode"]
    late = {f"{pair} 5m {kind}" for kind in (mode, "mark") if f"{pair} 5m {kind}" in _candles(day)}
    assert day["harmed"] == {"late": sorted(late | {"times of candles"}), "changed": [f"{pair} 1m {mode}"]}


def _ending(day: Told) -> str:
    return ":USDT" if day["mode"] == "futures" else ""


def _candles(day: Told) -> dict[str, str]:
    """Timeframes, by what was compared; without funding, which has payments."""
    bitcoin, ether = (f"{coin}/USDT{_ending(day)}" for coin in ("BTC", "ETH"))
    names = {f"{bitcoin} {timeframe} {day['mode']}": timeframe for timeframe in day["timeframes"]}
    names |= {f"{ether} {timeframe} {day['mode']}": timeframe for timeframe in ("5m", "1h")}
    marks = {f"{bitcoin} {timeframe} mark": timeframe for timeframe in ("5m", "1h")}
    return names | (marks if day["mode"] == "futures" else {})


def _closed(timeframe: str, mode: str) -> list[int]:
    return sorted({last_closed(timeframe, look.at) for look in looks(mode) if is_asked(timeframe, look.at)})


def _due(day: Told, kept: bool) -> Counter[str]:
    """How often candles of a timeframe are new at such looks; nobody could ask before the first of all."""
    due: Counter[str] = Counter()
    for timeframe in _candles(day).values():
        if timeframe in _UNSHARED + _POLLED:
            continue
        for before, look in pairwise(looks(day["mode"])):
            is_new = last_closed(timeframe, look.at) != last_closed(timeframe, before.at)
            due[timeframe] += is_new and look.kept == kept
    return due
