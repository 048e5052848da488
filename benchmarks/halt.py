"""`make bench-halt`: from the kill switch to the last new entry of each bot.

The whole product with dry-run bots whose strategy adds to its trades in every loop, so that at any moment some bot is
about to enter. Everything is halted through the API (`POST /risk/halt`, scope `fleet`) at a random moment; a while
later each bot's database tells when its last entry was filled. A bot whose last fill is from before the request
counts as 0. Then all are released, and it is done again. Seconds; nothing like it exists in plain FreqTrade.
"""

import argparse
import json
import os
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.product import product
from benchmarks.rigs import PAIRS, ROOT, wait_until

_TEMPLATE = "adds"
_SETTLE_SECONDS = 15.0
"""Three loops of FreqTrade: whoever would still enter has."""
_TRADING_SECONDS = (5.0, 15.0)
_STRATEGY = '''
from freqtrade.strategy import IStrategy


class Adds(IStrategy):
    """Enters whenever it may, and adds to every trade in every loop."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 10}
    stoploss = -0.9
    startup_candle_count = 5
    process_only_new_candles = False
    position_adjustment_enable = True
    order_types = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe

    def adjust_trade_position(self, trade, current_time, current_rate, current_profit, min_stake, max_stake, **named):
        return 20
'''


def main() -> None:
    arguments = _arguments()
    scratch = Path(tempfile.mkdtemp(prefix="flotilla-halt-"))
    try:
        result = {"pool": _measure(scratch, arguments.bots, arguments.rounds)}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if arguments.json:
        print(json.dumps(result))
        return
    table = Table("", "seconds", title=f"Kill switch to last entry, {arguments.bots} bots")
    for name, value in result["pool"].items():
        table.add_row(name, str(value))
    Console().print(table)


def _measure(scratch: Path, bots: int, rounds: int) -> dict[str, Any]:
    seconds: list[float] = []
    with _templates(scratch / "templates"), product(scratch / "home") as client:
        for number in range(bots):
            pair = PAIRS[number % len(PAIRS)]
            body = {"name": f"bench-{number}", "template": _TEMPLATE, "pairs": [pair]}
            client.post("/bots", json=body).raise_for_status()
        databases = scratch / "home" / "pools"
        wait_until(partial(_all_enter, databases, bots, 0.0), 600, "an entry of every bot")
        for _ in range(rounds):
            wait_until(partial(_all_enter, databases, bots, time.time()), 300, "an entry of every bot again")
            time.sleep(random.uniform(*_TRADING_SECONDS))
            halted_at = time.time()
            client.post("/risk/halt", json={"scope": "fleet", "reason": "benchmark"}).raise_for_status()
            time.sleep(_SETTLE_SECONDS)
            last = _last_entries(databases)
            seconds += [max(at - halted_at, 0.0) for at in last]
            _release(client)
    return {"bots": bots, "rounds": rounds, **_summary(seconds)}


@contextmanager
def _templates(directory: Path) -> Iterator[None]:
    """The shipped templates and one that always enters, for the product that is started meanwhile."""
    shutil.copytree(ROOT / "bot_templates", directory)
    own = directory / _TEMPLATE
    own.mkdir()
    described = yaml.safe_load((ROOT / "bot_templates" / "breakout" / "template.yaml").read_text())
    described |= {"title": "Adds", "description": "Enters and adds all the time.", "strategy_class": "Adds"}
    described["parameters"]["properties"] = {}
    described["parameters_in_config"] = {}
    described["defaults"] |= {"stake_amount": "20", "starting_balance": "1000000", "max_open_trades": 1}
    (own / "template.yaml").write_text(yaml.safe_dump(described))
    config = json.loads((ROOT / "bot_templates" / "breakout" / "config.json").read_text())
    order_types = {"entry": "market", "exit": "market"}
    changed = {"minimal_roi": {"0": 10}, "stoploss": -0.9, "trailing_stop": False, "process_only_new_candles": False}
    config |= changed | {"position_adjustment_enable": True, "order_types": config["order_types"] | order_types}
    for name in ("trailing_stop_positive", "trailing_stop_positive_offset", "trailing_only_offset_is_reached"):
        config.pop(name, None)
    (own / "config.json").write_text(json.dumps(config))
    (own / "strategy.py").write_text(_STRATEGY)
    (own / "README.md").write_text("# Adds\n\nFor the benchmark of the kill switch.\n")
    os.environ["FLOTILLA_ORCH_TEMPLATES_DIRECTORY"] = str(directory)
    try:
        yield
    finally:
        del os.environ["FLOTILLA_ORCH_TEMPLATES_DIRECTORY"]


def _all_enter(databases: Path, bots: int, since: float) -> bool:
    """Whether all entered since then."""
    return sum(at > since for at in _last_entries(databases)) == bots


def _last_entries(databases: Path) -> list[float]:
    """When the last entry of each bot was filled, in seconds since 1970."""
    return [at for file in databases.glob("*/bots/*/tradesv3.sqlite") if (at := _last_entry(file)) is not None]


def _last_entry(file: Path) -> float | None:
    query = "SELECT max(order_filled_date) FROM orders WHERE ft_order_side = 'buy' AND filled > 0"
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            (told,) = database.execute(query).fetchone()
    except sqlite3.OperationalError:
        return None
    return datetime.fromisoformat(told).replace(tzinfo=UTC).timestamp() if told else None


def _release(client: httpx.Client) -> None:
    """It takes two calls."""
    asked = client.post("/risk/release", json={"scope": "fleet", "reason": "benchmark"})
    code = asked.json()["params"]["confirmation"]
    body = {"scope": "fleet", "reason": "benchmark", "confirmation": code}
    client.post("/risk/release", json=body).raise_for_status()


def _summary(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    found: dict[str, float] = {"entered_after": sum(one > 0 for one in ordered)}
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        found[name] = round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 3)
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.halt", description=__doc__)
    parser.add_argument("--bots", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
