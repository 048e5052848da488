"""`python -m pool.exchange.gateway.candles.moving`: the store's candles and FreqTrade's data directories.

A line of JSON for each file (`pool.contract.candle_files`). Works beside a gateway that runs, as the user that it runs
as. Exit code 1 and a sentence on standard error where nothing further can be done.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from loguru import logger

from pool.contract.candle_files import CandleFile
from pool.exchange.gateway.candles.bringing import Bringing, CannotMove, exported, listed
from pool.exchange.gateway.candles.series import Series
from pool.exchange.gateway.clocks import wall_clock_ms

_PATIENCE_SECONDS = 120.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Answers the exit code."""
    options = _parser().parse_args(arguments)
    logger.remove()
    os.umask(0o077 if options.what == "import" else 0o022)
    try:
        for one in _moved(options):
            print(one.model_dump_json(), flush=True)
    except CannotMove as problem:
        return _refuse(str(problem))
    except OSError as problem:
        return _refuse(f"{problem.filename or options.directory}: {problem.strerror or problem}.")
    return 0


def _moved(options: argparse.Namespace) -> Iterator[CandleFile]:
    home = options.directory
    if options.what == "import":
        _check_owner(home)
        bringing = Bringing(home, options.source, options.exchange, wall_clock_ms, options.patience)
        return bringing.check() if options.check else bringing.run()
    wanted = _wanted(options)
    if options.what == "export":
        return exported(home, options.exchange, options.to, wanted)
    return listed(home, options.exchange, wanted)


def _check_owner(home: Path) -> None:
    """What another user writes there the gateway could not read."""
    if home.exists() and home.stat().st_uid != os.geteuid():
        raise CannotMove(
            f"{home} is another user's: run this as the user (id {home.stat().st_uid}) that Flotilla runs as."
        )


def _wanted(options: argparse.Namespace) -> Callable[[Series], bool]:
    pairs, timeframes = set(options.pair), set(options.timeframe)
    return lambda one: (not pairs or one.pair in pairs) and (not timeframes or one.timeframe in timeframes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pool.exchange.gateway.candles.moving", description="Candles in and out of the gateway's store."
    )
    parser.add_argument("--directory", type=Path, required=True, help="the gateway's")
    parser.add_argument("--exchange", required=True, help="paper, or its id in ccxt")
    what = parser.add_subparsers(dest="what", required=True)
    bring = what.add_parser("import")
    bring.add_argument("--from", type=Path, required=True, dest="source", help="a data directory of FreqTrade's")
    bring.add_argument("--check", action="store_true", help="only tell what would be done")
    bring.add_argument("--patience", type=float, default=_PATIENCE_SECONDS, help="seconds to wait for the gateway")
    for name in ("export", "list"):
        part = what.add_parser(name)
        part.add_argument("--pair", action="append", default=[])
        part.add_argument("--timeframe", action="append", default=[])
        if name == "export":
            part.add_argument("--to", type=Path, required=True, help="a data directory of FreqTrade's")
    return parser


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
