"""`flotilla migrate` and `flotilla db …`: commands on the database itself, without a control plane.

A URL may hold a password and a command line is seen by every user of the machine, so each URL can be given by an
environment variable instead, and is printed without its password.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.progress import Progress as Bar
from rich.progress import TextColumn, TimeElapsedColumn
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, told
from api.cli.output import console, print_json, print_table, show, text
from api.cli.troubles import explain
from orchestrator import home as homes
from orchestrator.db import backup as backups
from orchestrator.db import check as checks
from orchestrator.db import copy as copies
from orchestrator.db import migrate as migrations
from orchestrator.db.copy import Copied
from orchestrator.errors import Conflict, Error
from orchestrator.settings import OrchestratorSettings
from orchestrator.tables import tables

T = TypeVar("T")

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
    settings = _settings()
    place = _place(url, settings.url)
    _make_private(place)
    done = _run(settings, migrations.upgrade(place))
    if done.before == done.after:
        show(f"{text(_shown(place))} is at version {done.after} already.")
    else:
        show(f"{text(_shown(place))}: from {done.before or 'an empty database'} to version {done.after}.")


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
    settings = _settings()
    from_ = _place(source, f"sqlite+aiosqlite:///{settings.home / homes.DATABASE_FILE}")
    if target is None and settings.database_url is None:
        raise CliError("Say where to: --to URL, or FLOTILLA_ORCH_DATABASE_URL.", ExitCode.USAGE)
    to = _place(target, settings.url)
    if from_ == to:
        raise CliError("Source and target are the same database.", ExitCode.USAGE)
    _must_exist(from_)
    with _locked(settings, from_, to):
        _make_private(to)
        with _progress(as_json) as progress:
            copied = _run(settings, copies.copy(from_, to, tables(), progress))
    _tell(copied, as_json, f"Copied from {_shown(from_)} to {_shown(to)}; counts and checksums are the same.")


@app.command()
def backup(file: Path, url: Url = None, as_json: AsJson = False) -> None:
    """Save the whole database in a new file (mode 0600). The control plane may run."""
    settings = _settings()
    place = _place(url, settings.url)
    _must_exist(place)
    with _progress(as_json) as progress:
        saved = _run(settings, backups.backup(place, file.absolute(), tables(), progress))
    _tell(saved, as_json, f"Saved {_shown(place)} in {file}.")
    if not as_json:
        secrets = settings.secrets_file or settings.home / homes.SECRETS_FILE
        show(
            f"Not in it: [bold]{text(secrets)}[/] (without it everybody's access tokens end at a restore), and the "
            f"bots' trades, which are in their pools: save [bold]{text(settings.home / 'pools')}[/] while the bots are "
            "stopped, or Docker's volumes flotilla-<installation>-<pool>."
        )


@app.command()
def restore(file: Path, url: Url = None, as_json: AsJson = False) -> None:
    """Fill an empty database from a backup, of whichever kind, and compare checksums. Stop the control plane first."""
    settings = _settings()
    place = _place(url, settings.url)
    if not file.is_file():
        raise CliError(f"There is no file {file}.", ExitCode.NOT_FOUND)
    homes.prepare(settings.home)
    with _locked(settings, place):
        _make_private(place)
        with _progress(as_json) as progress:
            header, restored = _run(settings, backups.restore(place, file, progress))
        note = _run(settings, _settle(settings, place))
    made = f"made {header.created_at} from {header.database}, version {header.schema}"
    _tell(restored, as_json, f"Restored {_shown(place)} from {file} ({made}); counts and checksums are the same.")
    if note and not as_json:
        show(note)


@app.command()
def check(url: Url = None, as_json: AsJson = False) -> None:
    """Whether the database answers, is at this Flotilla's version and whole, and how many rows it has."""
    settings = _settings()
    place = _place(url, settings.url)
    _must_exist(place)
    found = _run(settings, checks.check(place, tables()))
    if as_json:
        print_json({"version": found.version, "problems": found.problems, "tables": found.rows})
    else:
        print_table(["table", ">rows"], [[name, str(count)] for name, count in found.rows.items()], "No tables.")
        show(f"{text(_shown(place))}: {found.kind}, version {found.version or 'none'}.")
        for problem in found.problems:
            show(f"[bold red]{text(problem)}[/]")
    if found.problems:
        raise typer.Exit(int(ExitCode.CONFLICT))


def _settings() -> OrchestratorSettings:
    try:
        settings = OrchestratorSettings()
    except (ValidationError, SettingsError) as error:
        raise CliError(told(error)) from None
    return settings.model_copy(update={"home": settings.home.expanduser().resolve()})


def _place(url: str | None, default: str) -> str:
    try:
        name = make_url(url or default).drivername
    except (ArgumentError, ValueError):
        raise CliError(
            "This is no URL of a database; write driver://user:password@host/name.", ExitCode.USAGE
        ) from None
    if name not in ("sqlite+aiosqlite", "postgresql+psycopg"):
        raise CliError(
            f"{name} cannot be used: write sqlite+aiosqlite:///FILE or postgresql+psycopg://user@host/name.",
            ExitCode.USAGE,
        )
    return url or default


def _shown(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


def _file_of(url: str) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    parts = make_url(url)
    return Path(parts.database or "").absolute() if parts.get_backend_name() == "sqlite" else None


def _must_exist(url: str) -> None:
    """Opening a SQLite database that is not there would make one."""
    file = _file_of(url)
    if file is not None and not file.is_file():
        raise CliError(f"There is no database {file}.", ExitCode.NOT_FOUND)


def _make_private(url: str) -> None:
    """A SQLite file is made readable by its owner alone."""
    file = _file_of(url)
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
        for directory in sorted({file.parent for file in map(_file_of, urls) if file is not None}):
            if directory != settings.home and not (directory / homes.LOCK_FILE).exists():
                continue  # no home of a control plane
            try:
                held.callback(os.close, homes.lock(directory))
            except Conflict as error:
                raise CliError(error.message, ExitCode.CONFLICT) from None
            except OSError as error:
                raise CliError(explain(error, directory) or str(error)) from None
        yield


def _run(settings: OrchestratorSettings, work: Coroutine[Any, Any, T]) -> T:
    """Raises CliError in the place of foreseeable troubles."""
    try:
        return asyncio.run(work)
    except Conflict as error:
        raise CliError(error.message, ExitCode.CONFLICT) from None
    except (Error, migrations.DatabaseTooNew, SQLAlchemyError, OSError) as error:
        raise CliError(explain(error, settings.home) or str(error)) from None


async def _settle(settings: OrchestratorSettings, url: str) -> str | None:
    """Makes the home one of the restored installation; what the user should know of it."""
    installation = await backups.settle(url)
    if installation is None:
        return None
    if settings.secrets_file is None:
        homes.adopt(settings.home, installation)
        whose = f"The home {text(settings.home)} is one of {installation} now."
    else:
        whose = f"{text(settings.secrets_file)} must be that of {installation}: `installation_id` in it."
    return f"{whose} See to it that no pool of the time of the backup still runs elsewhere: its bots would trade twice."


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
