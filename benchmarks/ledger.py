"""A real bot with signed orders, and faults of eight kinds in the way of them, again and again: what the exchange's
ledger says must be what was decided.

    python -m benchmarks.ledger [--seeds 20] [--steps 16] [--minutes M] [--seed N] [--keep DIR] [--json]

The machine is `tests.process.bot.stateful`, whose short version is among the tests. Each seed is a run: a bot, an
account and pairs of its own, `--steps` faults, and an end at which everything is sold and both books agree. Prints how
often each fault was played (and not met), and the seeds of runs in which something was wrong; exit code 1 if any was.
"""

import argparse
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tests.process.bot.harness import Init, paper_exchange
from tests.process.bot.stateful.hands import Tally
from tests.process.bot.stateful.running import Failure, run


def main() -> None:
    arguments = _arguments()
    began = time.monotonic()
    tally, failures = Tally(), list[Failure]()
    with tempfile.TemporaryDirectory() as scratch:
        kept = arguments.keep or Path(scratch)
        kept.mkdir(parents=True, exist_ok=True)
        init = Init()
        try:
            with paper_exchange(Path(scratch) / "paper-exchange") as exchange:
                for number in range(arguments.seeds):
                    if arguments.minutes and time.monotonic() - began > arguments.minutes * 60:
                        break
                    seed = f"{arguments.seed}/{number}"
                    directory = kept / seed.replace("/", "-")
                    failure = run(seed, arguments.steps, exchange, init, directory, tally, _teller(arguments))
                    if failure is not None:
                        failures.append(failure)
                        print(failure.text, file=sys.stderr, flush=True)
        finally:
            init.kill()
    result = {
        "seed": arguments.seed,
        "seconds": round(time.monotonic() - began, 1),
        "runs": tally.runs,
        "orders": tally.orders,
        "trades": tally.trades,
        "processes": tally.lives,
        "ended_by_themselves": tally.ended,
        "faults": dict(sorted(tally.played.items())),
        "not_met": dict(sorted(tally.missed.items())),
        "ledger_wrong": [failure.seed for failure in failures if failure.broken],
        "unfinished": [failure.seed for failure in failures if not failure.broken],
    }
    if arguments.json:
        print(json.dumps(result))
    else:
        Console().print(result)
    sys.exit(bool(failures))


def _teller(arguments: argparse.Namespace) -> Callable[[str], None]:
    def tell(line: str) -> None:
        if not arguments.json:
            print(f"{time.strftime('%X')} {line}", file=sys.stderr, flush=True)

    return tell


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Play faults in the way of a bot's orders, and audit the ledger.")
    parser.add_argument("--seeds", type=int, default=20, help="how many runs")
    parser.add_argument("--steps", type=int, default=16, help="faults of each run")
    parser.add_argument("--minutes", type=float, help="begin no further run after so long")
    parser.add_argument("--seed", default=secrets.token_hex(4))
    parser.add_argument("--keep", type=Path, help="where directories of bots are kept whose run failed")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
