"""What universal rules cost a bot: CPU per loop and memory, of bots with a document beside bots without, in one pool.

    python -m benchmarks.overlay [--bots 20] [--minutes 6] [--json]

All bots trade the same: a strategy that enters five of ten pairs and leaves none, so that every loop looks at five open
trades. Every other bot keeps a document whose rules are all at work (a ladder, a hard stop by ATR, a trailing stop that
follows each new high, break-even, a time exit) at distances that none of them reaches. Memory is USS at the end, by
/proc/PID/smaps_rollup; CPU that of the last half of the time, per loop of FreqTrade's own 5 s throttle. What one
decision costs by itself is timed in this process.
"""

import argparse
import json
import tempfile
import time
import timeit
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.processes import Cost, cost
from benchmarks.rigs import PoolRig, paper_exchange, pool, rendered_bots, wait_until
from orchestrator.templates.render import RenderedBot
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.contract.slots import StrategySource
from pool.rules.exits import decide, thresholds
from pool.rules.position import Marks, Position, Price

SYMBOLS = 300
LOOP_SECONDS = 5.0
OPEN_TRADES = 5
MEGABYTE = 1_000_000

HOLDER = '''
from freqtrade.strategy import IStrategy


class Holder(IStrategy):
    """Enters whatever it may and leaves nothing."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 100}
    stoploss = -0.99
    startup_candle_count = 30
    process_only_new_candles = True

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
'''

DOCUMENT = PolicyDocument.model_validate(
    {
        "take_profit": {
            "levels": [{"profit": "3", "fraction": "0.25"}, {"profit": "5", "fraction": "0.5"}, {"profit": "8"}]
        },
        "trailing_stop": {"distance": "0.9"},
        "break_even": {"trigger": "3", "offset": "0.01"},
        "hard_stop": {"atr_multiple": "50"},
        "time_exit": {"after_minutes": 500_000},
        "limits": {"cool_down": {"after_loss_minutes": 1}},
    }
)
POLICY = PolicyInForce(label="1.0.0", fingerprint="0" * 64, document=DOCUMENT)


def main() -> None:
    arguments = _arguments()
    with (
        tempfile.TemporaryDirectory() as scratch,
        paper_exchange(Path(scratch) / "exchange", SYMBOLS) as url,
        pool(Path(scratch) / "pool", url, arguments.bots) as rig,
    ):
        result = {"decision": decision_microseconds(), **_measure(rig, arguments.bots, arguments.minutes)}
    if arguments.json:
        print(json.dumps(result))
    else:
        _print_table(result)


def decision_microseconds() -> dict[str, float]:
    """Of one open trade at one price: what to do, and the rates at which to look again."""
    opened = datetime(2026, 1, 1, tzinfo=UTC)
    position = Position(False, 100.0, 1.0, 1.0, 1.0, 0.001, 0.001, opened)
    now, atr = opened + timedelta(hours=1), {14: 1.0}
    marks = decide(position, Marks(), Price(100.0), DOCUMENT, now, atr=atr).marks
    return {
        "decide_us": _microseconds(lambda: decide(position, marks, Price(100.0), DOCUMENT, now, atr=atr)),
        "thresholds_us": _microseconds(lambda: thresholds(position, marks, DOCUMENT, atr, rate=100.0)),
    }


def _microseconds(call: Any) -> float:
    times = 5_000
    return round(min(timeit.repeat(call, number=times, repeat=5)) / times * 1e6, 1)


def _measure(rig: PoolRig, bots: int, minutes: float) -> dict[str, Any]:
    for number, bot in enumerate(_holders(bots)):
        rig.put([bot], **({"policy": json.loads(POLICY.to_json())} if number % 2 else {}))
    wait_until(lambda: rig.running() == bots, 300, f"{bots} bots running")
    wait_until(lambda: all(_open_trades(slot) == OPEN_TRADES for slot in rig.slots()), 180, "open trades of every bot")
    wait_until(lambda: len(_sides(rig)["with"]) == bots // 2, 30, "policies in force")
    begun = {slot["bot_id"]: slot["run_id"] for slot in rig.slots()}
    time.sleep(minutes * 30)
    since, before = time.monotonic(), _costs(rig)
    time.sleep(minutes * 30)
    after, loops = _costs(rig), (time.monotonic() - since) / LOOP_SECONDS
    lost = sum(begun[slot["bot_id"]] != slot["run_id"] for slot in rig.slots())
    sides = {side: _side(pids, before, after, loops) for side, pids in _sides(rig).items()}
    return {
        **sides,
        "difference": {name: round(sides["with"][name] - sides["without"][name], 3) for name in sides["with"]},
        "dead": lost,
    }


def _holders(count: int) -> list[RenderedBot]:
    (bot,) = rendered_bots(1)
    own = {"strategy": "Holder", "stoploss": -0.99, "minimal_roi": {"0": 100}, "trailing_stop": False}
    config = {**bot.config, **own, "timeframe": "1m", "max_open_trades": OPEN_TRADES}
    return [replace(bot, strategy=StrategySource(class_name="Holder", source=HOLDER), config=config)] * count


def _sides(rig: PoolRig) -> dict[str, list[int]]:
    """Processes of the bots that keep a document, and of those that do not, as they told themselves."""
    slots = rig.slots()
    return {
        "without": [slot["pid"] for slot in slots if slot["policy"] is None],
        "with": [slot["pid"] for slot in slots if slot["policy"] == POLICY.fingerprint],
    }


def _costs(rig: PoolRig) -> dict[int, Cost]:
    return {slot["pid"]: cost([slot["pid"]]) for slot in rig.slots()}


def _side(pids: list[int], before: dict[int, Cost], after: dict[int, Cost], loops: float) -> dict[str, float]:
    """Medians of its bots."""
    return {
        "uss_mb": round(median(after[pid].uss_bytes for pid in pids) / MEGABYTE, 3),
        "cpu_ms_per_loop": round(
            median(after[pid].cpu_seconds - before[pid].cpu_seconds for pid in pids) / loops * 1000, 3
        ),
    }


def _open_trades(slot: dict[str, Any]) -> int:
    return len(slot["snapshot"]["open_trades"]) if slot["snapshot"] else 0


def _print_table(result: dict[str, Any]) -> None:
    table = Table("", "without", "with a document", "difference", title="Universal rules, per bot")
    for name in ("uss_mb", "cpu_ms_per_loop"):
        table.add_row(name, *(str(result[side][name]) for side in ("without", "with", "difference")))
    table.add_row("bots that died", "", str(result["dead"]), "")
    for name, figure in result["decision"].items():
        table.add_row(f"{name} (one trade)", "", str(figure), "")
    Console().print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overlay", description=__doc__)
    parser.add_argument("--bots", type=int, default=20, help="bots in the pool, half of them with a document")
    parser.add_argument("--minutes", type=float, default=6, help="minutes of trading")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
