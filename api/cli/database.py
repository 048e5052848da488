"""`flotilla migrate` and `flotilla db …`: commands on the database itself, without a control plane.

A URL may hold a password and a command line is seen by every user of the machine, so each URL can be given by an
environment variable instead, and is printed without its password.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress as Bar
from rich.progress import TextColumn, TimeElapsedColumn

from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson
from api.cli.output import console, print_json, print_table, show, text
from api.cli.places import file_of, must_exist, own_settings, place_of, run_here, shown
from api.cli.troubles import explain
from orchestrator import home as homes
from orchestrator.db import backup as backups
from orchestrator.db import check as checks
from orchestrator.db import copy as copies
from orchestrator.db import migrate as migrations
from orchestrator.db import settle as settling
from orchestrator.db.copy import Copied
from orchestrator.errors import Conflict
from orchestrator.settings import OrchestratorSettings
from orchestrator.tables import tables

app = typer.Typer(
    no_args_is_help=True, help="The database itself: move it, save it, restore it. Needs no control plane."
)
_DEFAULT = "default: FLOTILLA_ORCH_DATABASE_URL, else SQLite in the home"
Url = Annotated[
    str | None,
    typer.Option("--url", envvar="FLOTILLA_DB_URL", help=f"SQLAlchemy URL with an async driver; {_DEFAULT}."),
]


def migrate(url: Url = None) -> None:
    """Bring the database to the version of this Flotilla; a start of the control plane does the same."""
    settings = own_settings()
    place = place_of(url, settings.url)
    _make_private(place)
    done = run_here(settings, migrations.upgrade(place))
    if done.before == done.after:
        show(f"{text(shown(place))} is at version {done.after} already.")
    else:
        show(f"{text(shown(place))}: from {done.before or 'an empty database'} to version {done.after}.")


@app.command()
def copy(
    source: Annotated[
        str | None,
        typer.Option("--from", envvar="FLOTILLA_DB_FROM", help="What to copy; default: SQLite in the home."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--to", envvar="FLOTILLA_DB_TO", help="An empty database; default: FLOTILLA_ORCH_DATABASE_URL."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy everything into another, empty database and compare counts and checksums. Stop the control plane first."""
    settings = own_settings()
    from_ = place_of(source, f"sqlite+aiosqlite:///{settings.home / homes.DATABASE_FILE}")
    if target is None and settings.database_url is None:
        raise CliError("Say where to: --to URL, or FLOTILLA_ORCH_DATABASE_URL.", ExitCode.USAGE)
    to = place_of(target, settings.url)
    if from_ == to:
        raise CliError("Source and target are the same database.", ExitCode.USAGE)
    must_exist(from_)
    with _locked(settings, from_, to):
        _make_private(to)
        with _progress(as_json) as progress:
            copied = run_here(settings, copies.copy(from_, to, tables(), progress))
    _tell(copied, as_json, f"Copied from {shown(from_)} to {shown(to)}; counts and checksums are the same.")


@app.command()
def backup(file: Path, url: Url = None, as_json: AsJson = False) -> None:
    """Save the whole database in a new file (mode 0600). The control plane may run."""
    settings = own_settings()
    place = place_of(url, settings.url)
    must_exist(place)
    with _progress(as_json) as progress:
        saved = run_here(settings, backups.backup(place, file.absolute(), tables(), progress))
    _tell(saved, as_json, f"Saved {shown(place)} in {file}.")
    if not as_json:
        secrets = settings.secrets_file or settings.home / homes.SECRETS_FILE
        show(
            f"Not in it: [bold]{text(secrets)}[/] (without it everybody's access tokens end at a restore), and the "
            f"bots' trades, which are in their pools: save [bold]{text(settings.home / 'pools')}[/] while the bots are "
            "stopped, or Docker's volumes flotilla-<installation>-<pool>."
        )


@app.command()
def restore(
    file: Path,
    url: Url = None,
    without_trades: Annotated[
        bool,
        typer.Option(
            "--without-trades",
            help="Bots whose pools do not come along start empty, rather than wait for their parcels (`bots pack`).",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fill an empty database from a backup, of whichever kind, and compare checksums. Stop the control plane first."""
    settings = own_settings()
    place = place_of(url, settings.url)
    if not file.is_file():
        raise CliError(f"There is no file {file}.", ExitCode.NOT_FOUND)
    homes.prepare(settings.home)
    with _locked(settings, place):
        _make_private(place)
        with _progress(as_json) as progress:
            header, restored = run_here(settings, backups.restore(place, file, progress))
        note = run_here(settings, _settle(settings, place, without_trades))
    made = f"made {header.created_at} from {header.database}, version {header.schema}"
    _tell(restored, as_json, f"Restored {shown(place)} from {file} ({made}); counts and checksums are the same.")
    if not as_json:
        for sentence in note:
            show(sentence)


@app.command()
def check(url: Url = None, as_json: AsJson = False) -> None:
    """Whether the database answers, is at this Flotilla's version and whole, and how many rows it has."""
    settings = own_settings()
    place = place_of(url, settings.url)
    must_exist(place)
    found = run_here(settings, checks.check(place, tables()))
    if as_json:
        print_json({"version": found.version, "problems": found.problems, "tables": found.rows})
    else:
        print_table(["table", ">rows"], [[name, str(count)] for name, count in found.rows.items()], "No tables.")
        show(f"{text(shown(place))}: {found.kind}, version {found.version or 'none'}.")
        for problem in found.problems:
            show(f"[bold red]{text(problem)}[/]")
    if found.problems:
        raise typer.Exit(int(ExitCode.CONFLICT))


def _make_private(url: str) -> None:
    """A SQLite file is made readable by its owner alone."""
    file = file_of(url)
    if file is None or file.exists():
        return
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise CliError(explain(error, file.parent) or str(error)) from None


@contextlib.contextmanager
def _locked(settings: OrchestratorSettings, *urls: str) -> Iterator[None]:
    """Keeps control planes away from SQLite databases; PostgreSQL's own locks do that there."""
    with contextlib.ExitStack() as held:
        for directory in sorted({file.parent for file in map(file_of, urls) if file is not None}):
            if directory != settings.home and not (directory / homes.LOCK_FILE).exists():
                continue  # no home of a control plane
            try:
                held.callback(os.close, homes.lock(directory))
            except Conflict as error:
                raise CliError(error.message, ExitCode.CONFLICT) from None
            except OSError as error:
                raise CliError(explain(error, directory) or str(error)) from None
        yield


async def _settle(settings: OrchestratorSettings, url: str, without_trades: bool) -> list[str]:
    """Makes the home one of the restored installation; what the user should know of it, in sentences."""
    settled = await settling.settle(url, settings.pool_driver, without_trades=without_trades)
    told = []
    if settled.without_pool and not without_trades:
        told.append(
            f"Bots whose pools did not come along: {settled.without_pool}. Each waits for its parcel, which "
            f"`flotilla bots pack` makes in its old home: put it into {text(settings.home / 'arrivals')}."
        )
    installation = settled.installation
    if installation is None:
        return told
    if settings.secrets_file is None:
        homes.adopt(settings.home, installation)
        whose = f"The home {text(settings.home)} is one of {installation} now."
    else:
        whose = f"{text(settings.secrets_file)} must be that of {installation}: `installation_id` in it."
    warning = "See to it that no pool of the time of the backup still runs elsewhere: its bots would trade twice."
    return [*told, f"{whose} {warning}"]


@contextlib.contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, int], None]]:
    """A line per table on a terminal; nothing elsewhere."""
    terminal = console()
    if quiet or not terminal.is_terminal:
        yield copies.quiet
        return
    with Bar(
        TextColumn("{task.description}"), TextColumn("{task.completed:>10,.0f} rows"), TimeElapsedColumn(),
        console=terminal,
    ) as bar:  # fmt: skip
        known: dict[str, Any] = {}

        def progress(table: str, rows: int) -> None:
            if table not in known:
                known[table] = bar.add_task(table, total=None)
            bar.update(known[table], completed=rows)

        yield progress


def _tell(done: Sequence[Copied], as_json: bool, sentence: str) -> None:
    if as_json:
        print_json({"tables": [{"table": one.table, "rows": one.rows, "checksum": one.checksum} for one in done]})
        return
    rows = [[one.table, f"{one.rows:,}", one.checksum[:16]] for one in done]
    print_table(["table", ">rows", "checksum"], rows, "No tables.")
    show(text(sentence))
