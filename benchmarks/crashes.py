"""The exit path, killed anywhere, again and again: no level of a ladder is sold twice, none is left out.

    python -m benchmarks.crashes [--runs 10000] [--plain 500] [--seed N] [--json]

Each run is a trade that is closed by a ladder of three levels in a process of its own, over a real FreqTrade database
and a real journal, against an exchange that is a ledger in a file (`benchmarks.floor`). The process ends, as by
`kill -9`, at a line of FreqTrade's or Flotilla's code that the seed chooses; so does the next one, sometimes, while it
recovers; and the exchange fails meanwhile as the seed says: requests that never arrive, 5xx and time-outs after the
order was taken, orders that are not shown yet. Then a process goes on to the end, and the ledger is compared with what
should have been sold. `--plain` runs are the same with FreqTrade alone.
"""

import argparse
import json
import os
import random
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import ccxt
import freqtrade.freqtradebot
import freqtrade.persistence.trade_model
from freqtrade.exceptions import DependencyException
from freqtrade.persistence import Trade
from rich.console import Console

from benchmarks.floor import AMOUNT, Floor, Ledger, wipe
from pool.bot.universal import journal, orders, orders_books, orders_dispatch, orders_gate, orders_sending

LADDER = (("flotilla:take_profit:0", 1.5), ("flotilla:take_profit:1", 2.5), ("flotilla:take_profit:2", None))
_KILLABLE = frozenset(
    str(module.__file__)
    for module in (
        freqtrade.freqtradebot, freqtrade.persistence.trade_model, journal, orders, orders_books, orders_dispatch,
        orders_gate, orders_sending,
    )
)  # fmt: skip
_MOST_LOOPS = 60
_KILLED = 137
_RUNS_PER_DIRECTORY = 200


@dataclass
class Tally:
    runs: int = 0
    killed: int = 0
    """Processes that ended at a line."""
    double_exits: int = 0
    lost_exits: int = 0
    wrong_books: int = 0
    """Ledger right, FreqTrade's database or its tags not."""
    unfinished: int = 0
    seeds: list[str] = field(default_factory=list)
    """Of runs that went wrong."""


def main() -> None:
    arguments = _arguments()
    began = time.monotonic()
    guarded = crash(arguments.runs, arguments.seed, guarded=True, progress=_progress(arguments))
    plain = crash(arguments.plain, arguments.seed, guarded=False, progress=_progress(arguments))
    result = {
        "seed": arguments.seed,
        "seconds": round(time.monotonic() - began, 1),
        "pool": asdict(guarded),
        "plain": asdict(plain) | {"seeds": len(plain.seeds)},
    }
    if arguments.json:
        print(json.dumps(result))
    else:
        Console().print(result)
    sys.exit(bool(guarded.seeds))


def crash(runs: int, seed: str, *, guarded: bool, progress: Callable[[int], None] = lambda _: None) -> Tally:
    """So many runs; run n of a seed is always the same."""
    tally = Tally()
    scratch_parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    while tally.runs < runs:
        with tempfile.TemporaryDirectory(dir=scratch_parent) as scratch:
            _warm(Path(scratch), guarded)
            for _ in range(min(_RUNS_PER_DIRECTORY, runs - tally.runs)):
                _run(Path(scratch), f"{seed}/{tally.runs}", guarded, tally)
                progress(tally.runs)
    return tally


def _run(directory: Path, seed: str, guarded: bool, tally: Tally) -> None:
    dice = random.Random(seed)
    tally.runs += 1
    for life in range(1 + (dice.random() < 0.4)):
        line, trouble = int(dice.triangular(1, 4000 if guarded else 1500, 500)), dice.random()
        code = _in_child(partial(_live, directory, guarded, trouble, line, first=life == 0))
        tally.killed += code == _KILLED
    code = _in_child(partial(_live, directory, guarded, None, None))
    wrong = _judge(directory, code, tally)
    if wrong:
        tally.seeds.append(seed)


def _warm(directory: Path, guarded: bool) -> None:
    """Make the files, and have SQLAlchemy compile in this process what all of its children need."""
    floor = Floor(directory, Ledger(directory / "ledger.sqlite"), guarded=guarded)
    floor.open_trade()
    for tag, amount in LADDER:
        floor.loop()
        floor.exit(tag, amount)
    floor.die()
    floor.ledger.close()
    Trade.session.get_bind().dispose()


def _live(
    directory: Path, guarded: bool, trouble: float | None, kill_at_line: int | None, *, first: bool = False
) -> int:
    """A process from its start (the first one opens the trade) until the trade is closed. 0, or 3 where it never
    was."""
    ledger = Ledger(directory / "ledger.sqlite")
    floor = Floor(directory, ledger, guarded=guarded)
    if first:
        wipe(floor)
        floor.open_trade()
    ledger.fault = _trouble(trouble)
    ledger.hide(0 if trouble is None else int(trouble * 7) % 3)
    if kill_at_line is not None:
        _kill_at(kill_at_line)
    floor.bot.startup()
    for _ in range(_MOST_LOOPS):
        floor.wait(2.0)
        try:
            floor.loop()
            for tag, amount in LADDER:
                trades = Trade.get_open_trades()
                if not trades:
                    return 0
                if not any(order.ft_order_tag == tag for order in trades[0].orders):
                    floor.exit(tag, amount)
                    break
        except DependencyException:
            continue  # as FreqTrade's `exit_positions` does
    return 3


def _trouble(seed: float | None) -> Callable[[str], None]:
    dice = random.Random(seed)

    def fault(point: str) -> None:
        if seed is None or dice.random() > 0.15:
            return
        if point == "before":
            raise dice.choice((ccxt.NetworkError, ccxt.ExchangeNotAvailable))("never arrived")
        if point == "after":
            raise dice.choice((ccxt.RequestTimeout, ccxt.ExchangeNotAvailable))("503 after it was taken")
        raise ccxt.NetworkError("no answer")

    return fault


def _kill_at(line: int) -> None:
    """End this process, without any goodbye, when so many lines of the killable files have run."""
    left = line

    def local(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if left <= 0:
                os._exit(_KILLED)
        return local

    def trace(frame: FrameType, _event: str, _argument: Any) -> Any:
        return local if frame.f_code.co_filename in _KILLABLE else None

    sys.settrace(trace)


def _in_child(work: Callable[[], int]) -> int:
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 4
    try:
        code = work()
    finally:
        os._exit(code)


def _judge(directory: Path, code: int, tally: Tally) -> bool:
    with closing(sqlite3.connect(directory / "ledger.sqlite")) as ledger:
        sold = [row[0] for row in ledger.execute("SELECT filled FROM orders WHERE side = 'sell' ORDER BY id")]
    with closing(sqlite3.connect(directory / "trades.sqlite")) as books:
        (is_open,) = books.execute("SELECT is_open FROM trades ORDER BY id DESC LIMIT 1").fetchone()
        tags = [row[0] for row in books.execute("SELECT ft_order_tag FROM orders WHERE ft_order_side = 'sell'")]
    wanted = [amount or AMOUNT - sum(part or 0.0 for _, part in LADDER) for _, amount in LADDER]
    double = len(sold) > len(wanted) or sum(sold) > AMOUNT + 1e-9
    lost = not double and sorted(sold) != sorted(wanted)
    books_wrong = not double and not lost and (bool(is_open) or sorted(tags) != sorted(tag for tag, _ in LADDER))
    tally.double_exits += double
    tally.lost_exits += lost
    tally.wrong_books += books_wrong
    tally.unfinished += code != 0
    return double or lost or books_wrong or code != 0


def _progress(arguments: argparse.Namespace) -> Callable[[int], None]:
    def tell(run: int) -> None:
        if not arguments.json and run % 500 == 0:
            print(f"{run} runs", file=sys.stderr)

    return tell


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Kill the exit path anywhere, and count what was sold twice.")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--plain", type=int, default=500, help="runs of FreqTrade alone")
    parser.add_argument("--seed", default=secrets.token_hex(4))
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
