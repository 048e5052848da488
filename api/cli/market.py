"""`flotilla market …`: FreqTrade's data directories and the candles that the gateway of this machine keeps.

Of the pool the upper floors see the contract alone: `pool.exchange.gateway.candles.moving` does the work, as a process
of its own. It needs no control plane; the gateway may run.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Yes, confirm
from api.cli.output import count, print_json, print_table, show, text
from api.cli.places import own_settings
from orchestrator.templates.exchange_ids import EXCHANGE_IDS, PAPER
from pool.contract.candle_files import CandleFile

app = typer.Typer(no_args_is_help=True, help="Candles that this machine keeps: list, import from FreqTrade, export.")

Exchange = Annotated[
    str | None, typer.Option("--exchange", "-e", help="Its id in ccxt; default: as the folder is named.")
]
Pairs = Annotated[list[str] | None, typer.Option("--pair", help="Only of this pair; repeatable.")]
Timeframes = Annotated[list[str] | None, typer.Option("--timeframe", help="Only of this timeframe; repeatable.")]
_SUFFIXES = (".feather", ".parquet", ".json", ".json.gz")
_MODULE = "pool.exchange.gateway.candles.moving"


@app.command("import")
def import_(
    directory: Annotated[Path, typer.Argument(help="FreqTrade's user_data, or a data directory in it.")],
    exchange: Exchange = None,
    check: Annotated[bool, typer.Option("--check", help="Only tell what would be done.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Import the candles of FreqTrade's data directories, so that nobody downloads them again.

    What is kept already stays as it is. The last candle of each file is left out, for it may not have been closed, and
    whatever cannot be the exchange's own; gaps are fetched when they are wanted. Exit code 5 where a file was refused:
    the others are imported."""
    home = _gateway()
    sources = _sources(directory, exchange)
    if check or not yes:
        looked = _all(home, sources, "--check")
        if check:
            _tell(looked, as_json, "would be added")
            return
        old = sum(one.left_out.get("older than is kept", 0) for one in looked)
        if old:
            confirm(
                False,
                f"{old} candles are older than is kept (FLOTILLA_GATEWAY_CANDLES_KEEP_DAYS) and are left out. Import "
                "the others?",
            )
    _tell(_all(home, sources), as_json, "added")


@app.command()
def export(
    directory: Annotated[Path, typer.Argument(help="FreqTrade's user_data, its data folder, or any other place.")],
    exchange: Exchange = None,
    pair: Pairs = None,
    timeframe: Timeframes = None,
    as_json: AsJson = False,
) -> None:
    """Export candles as files that FreqTrade reads, into what it has there already.

    The gateway writes candles within a minute; what it has not written yet is not exported."""
    home = _gateway()
    root = directory / "data" if (directory / "data").is_dir() else directory
    found: list[CandleFile] = []
    for one in _kept(home, exchange):
        target = root if root.name == one else root / one
        found += _run(home, one, "export", *_filters(pair, timeframe), "--to", str(target.absolute()))
    _tell(found, as_json, "written")


@app.command("list")
def list_candles(
    exchange: Exchange = None, pair: Pairs = None, timeframe: Timeframes = None, as_json: AsJson = False
) -> None:
    """List the candles that are kept.

    FreqTrade reads them where they are: `--datadir HOME/gateway/candles/EXCHANGE`."""
    home = _gateway()
    found = [file for one in _kept(home, exchange) for file in _run(home, one, "list", *_filters(pair, timeframe))]
    if as_json:
        print_json({"items": [one.model_dump(mode="json") for one in found]})
        return
    rows = [
        (text(one.exchange), text(one.pair), text(one.timeframe), text(one.type), str(one.candles), _moment(one.begin),
         _moment(one.end), str(one.gaps), text(one.message))
        for one in found
    ]  # fmt: skip
    columns = ("EXCHANGE", "PAIR", "TIMEFRAME", "TYPE", ">CANDLES", "FROM (UTC)", "TO (UTC)", ">GAPS", "PROBLEM")
    print_table(columns, rows, "No candles are kept yet. Import some with `flotilla market import`.")


def _gateway() -> Path:
    """Its directory. Raises CliError."""
    settings = own_settings()
    if settings.pool_driver == "docker":
        raise CliError(
            "The gateway is a container, and its candles are in its volume: on the machine of the Docker daemon "
            f"`docker run … -m {_MODULE}` does the work there, as the README has it under Market data.",
            ExitCode.CONFLICT,
        )
    if not settings.home.is_dir():
        raise CliError(f"There is no home {settings.home}; set FLOTILLA_HOME.", ExitCode.NOT_FOUND)
    return settings.home / "gateway"


def _sources(directory: Path, exchange: str | None) -> list[tuple[Path, str]]:
    """Data directories, and whose candles they have. Raises CliError."""
    root = (directory / "data" if (directory / "data").is_dir() else directory).absolute()
    if not root.is_dir():
        raise CliError(f"There is no directory {root}.", ExitCode.NOT_FOUND)
    if exchange is not None:
        found = [(root / exchange if (root / exchange).is_dir() else root, exchange)]
    elif _has_candles(root):
        found = [(root, root.name)]
    else:
        found = [(folder, folder.name) for folder in sorted(root.iterdir()) if folder.is_dir() and _has_candles(folder)]
    if not any(_has_candles(folder) for folder, _ in found):
        raise CliError(f"There are no candle files of FreqTrade's in {root}.", ExitCode.NOT_FOUND)
    for folder, name in found:
        if name == PAPER:
            raise CliError("The paper exchange's candles are its own alone; nothing is imported.", ExitCode.INVALID)
        if name not in EXCHANGE_IDS:
            raise CliError(f"Which exchange is {folder} of? Name it with --exchange, and its folder.", ExitCode.USAGE)
        if folder.name != name and folder.name in EXCHANGE_IDS:
            raise CliError(
                f"{folder} is named as FreqTrade names the candles of {folder.name}; where they are of {name}, rename "
                "it.",
                ExitCode.INVALID,
            )
    return found


def _has_candles(folder: Path) -> bool:
    return any(
        file.name.endswith(_SUFFIXES) for place in (folder, folder / "futures") for file in place.glob("*-*.*")
    )  # fmt: skip


def _kept(home: Path, exchange: str | None) -> list[str]:
    """Exchanges. Raises CliError."""
    kept = sorted(place.name for place in (home / "candles").glob("*") if place.is_dir())
    if exchange is not None and exchange not in kept:
        raise CliError(f"No candles of {exchange} are kept.", ExitCode.NOT_FOUND)
    return kept if exchange is None else [exchange]


def _filters(pairs: list[str] | None, timeframes: list[str] | None) -> list[str]:
    told = [("--pair", pair) for pair in pairs or []] + [("--timeframe", one) for one in timeframes or []]
    return [word for both in told for word in both]


def _all(home: Path, sources: Iterable[tuple[Path, str]], *more: str) -> list[CandleFile]:
    return [one for folder, name in sources for one in _run(home, name, "import", "--from", str(folder), *more)]


def _run(home: Path, exchange: str, *words: str) -> list[CandleFile]:
    """Raises CliError."""
    command = [sys.executable, "-m", _MODULE, "--directory", str(home), "--exchange", exchange, *words]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["It ended without a word."]
        raise CliError(lines[-1], ExitCode.CONFLICT)
    return [CandleFile.model_validate_json(line) for line in done.stdout.splitlines()]


def _tell(found: Sequence[CandleFile], as_json: bool, done: str) -> None:
    """Raises CliError INVALID where a file was refused."""
    refused = [one for one in found if one.outcome == "refused"]
    if as_json:
        print_json({"items": [one.model_dump(mode="json") for one in found]})
    else:
        rows = [
            (text(f"{one.exchange}/{one.file}"), one.outcome, str(one.added), str(one.differing), str(one.gaps),
             text(_why(one)))
            for one in found
        ]  # fmt: skip
        columns = ("FILE", "OUTCOME", f">{done.upper()}", ">DIFFERING, OURS KEPT", ">GAPS", "LEFT OUT, OR WHY")
        print_table(columns, rows, "No files.")
        outcomes = Counter(one.outcome for one in found)
        told = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items())
        show(f"{count(len(found), 'file')} ({text(told)}); {sum(one.added for one in found)} candles {done}.")
    if refused:
        raise CliError(f"{count(len(refused), 'file')} refused; what to do stands beside them.", ExitCode.INVALID)


def _why(one: CandleFile) -> str | None:
    return one.message or "; ".join(f"{number} {why}" for why, number in one.left_out.items()) or None


def _moment(milliseconds: int | None) -> str:
    return "-" if milliseconds is None else f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M}"
