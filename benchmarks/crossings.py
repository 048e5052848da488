"""Prices that cross the stops of bots which are there for that: how long until each one's exit order.

A probe is a dry-run bot on a pair of its own that enters whenever it may, with a stop of FreqTrade's own 2 % below. Its
price stands still until it is set 5 % lower; what counts is from just before that call to the exchange's control until
the time that FreqTrade writes for the exit order. Afterwards the price is set back, and the probe enters again.
"""

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import yaml

from benchmarks.rigs import ROOT

TEMPLATE = "probe"
_PATIENCE_SECONDS = 90.0
_LOOK_SECONDS = 0.1
_BELOW = 0.95
_STRATEGY = '''
from freqtrade.strategy import IStrategy


class Probe(IStrategy):
    """Enters whenever it may, and leaves by its stop."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 10}
    stoploss = -0.02
    startup_candle_count = 5
    process_only_new_candles = True

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
'''


def write_templates(directory: Path) -> None:
    """The shipped ones, and the probes'."""
    shutil.copytree(ROOT / "bot_templates", directory)
    own, model = directory / TEMPLATE, ROOT / "bot_templates" / "breakout"
    own.mkdir()
    described = yaml.safe_load((model / "template.yaml").read_text())
    described |= {"title": "Probe", "description": "Enters, and leaves by its stop.", "strategy_class": "Probe"}
    described["parameters"]["properties"] = described["parameters_in_config"] = {}
    described["defaults"] |= {"max_open_trades": 1}
    (own / "template.yaml").write_text(yaml.safe_dump(described))
    config = json.loads((model / "config.json").read_text())
    config = {name: value for name, value in config.items() if not name.startswith("trailing")}
    config |= {"minimal_roi": {"0": 10}, "stoploss": -0.02}
    config["order_types"] |= {"entry": "market", "exit": "market"}
    (own / "config.json").write_text(json.dumps(config))
    (own / "strategy.py").write_text(_STRATEGY)
    (own / "README.md").write_text("# Probe\n\nFor the benchmark of a fleet.\n")


@dataclass(frozen=True)
class Probe:
    bot_id: str
    pair: str


class Prices:
    """Of the paper exchange of a home, by its control."""

    def __init__(self, home: Path) -> None:
        directory = home / "paper-exchange"
        self._url = json.loads((directory / "endpoint.json").read_text())["url"]
        token = (directory / "control-token").read_text().strip()
        self._client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def pairs(self, without: Sequence[str]) -> list[str]:
        """Against USDT, worth something, and none of these."""
        told = self._client.get(f"{self._url}/api/v3/ticker/price").raise_for_status().json()
        known = [one["symbol"] for one in told if one["symbol"].endswith("USDT") and float(one["price"]) > 0.05]
        pairs = [f"{name.removesuffix('USDT')}/USDT" for name in known if name not in ("USDCUSDT", "EURUSDT")]
        return [pair for pair in pairs if pair not in without]

    def hold(self, pair: str, price: float | None = None) -> None:
        """At this price, or at the present one."""
        symbol = pair.replace("/", "")
        if price is None:
            self._post("flat", {"symbol": symbol})
        else:
            self._post("set", {"symbol": symbol, "price": f"{price:.8f}"})

    def _post(self, what: str, body: dict[str, str]) -> None:
        self._client.post(f"{self._url}/control/prices/{what}", json=body).raise_for_status()


@dataclass
class Crossings:
    """Moves one probe's price after another's, in a thread of its own, until it is told to end."""

    home: Path
    prices: Prices
    probes: Sequence[Probe]
    seconds: list[float] = field(default_factory=list)
    missed: int = 0

    def __post_init__(self) -> None:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Raises what ended it before."""
        self._end.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def holding(self) -> int:
        """Probes with an open trade."""
        return sum(self._open_rate(probe) is not None for probe in self.probes)

    def _run(self) -> None:
        try:
            while not self._end.is_set():
                for probe in self.probes:
                    self._cross(probe)
                    if self._end.is_set():
                        return
        except BaseException as error:  # the boundary of the thread: raised again by `stop`
            self._failure = error

    def _cross(self, probe: Probe) -> None:
        rate = self._open_rate(probe)
        if rate is None:  # it is about to enter again
            self._end.wait(_LOOK_SECONDS)
            return
        at = time.time()
        self.prices.hold(probe.pair, rate * _BELOW)
        try:
            took = self._sold_after(probe, at)
        finally:
            self.prices.hold(probe.pair, rate)
        if took is None:
            self.missed += 1
        else:
            self.seconds.append(took)

    def _sold_after(self, probe: Probe, at: float) -> float | None:
        query = "SELECT min(order_date) FROM orders WHERE ft_order_side = 'sell' AND order_date >= ?"
        since = datetime.fromtimestamp(at - 0.002, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        while time.time() < at + _PATIENCE_SECONDS:
            told = self._ask(probe, query, since)
            if told:
                return max(datetime.fromisoformat(str(told)).replace(tzinfo=UTC).timestamp() - at, 0.0)
            time.sleep(_LOOK_SECONDS)
        return None

    def _open_rate(self, probe: Probe) -> float | None:
        rate = self._ask(probe, "SELECT max(open_rate) FROM trades WHERE is_open AND amount > 0 AND open_rate > ?", 0)
        return None if rate is None else float(str(rate))

    def _ask(self, probe: Probe, query: str, *values: object) -> object | None:
        """One value of its database; None where there is none yet."""
        for file in self.home.glob(f"pools/*/bots/{probe.bot_id}/tradesv3.sqlite"):
            try:
                with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)) as database:
                    (told,) = database.execute(query, values).fetchone()
            except sqlite3.OperationalError:
                continue
            return None if told is None else told
        return None
