"""Keeps the terminal up to date: a live view on a terminal, plain lines elsewhere. Ends when cancelled.

Neither may take the control plane down: where the database does not answer it says so and tries again, and where
nobody reads the output any more it goes quiet.
"""

import asyncio
import time
from datetime import datetime

from loguru import logger
from rich.console import Console
from rich.live import Live
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from api.cli import view
from api.cli.fleet import Fleet, read_fleet
from orchestrator.db.engine import Database

_REFRESH_SECONDS = 1.0
_SUMMARY_SECONDS = 30.0
_ROWS_AROUND_BOTS = 12


async def watch(database: Database, console: Console, header: str, footer: str) -> None:
    """Until cancelled. `header` and `footer` are rich markup for the live view."""
    try:
        if console.is_terminal:
            await _live(database, console, header, footer)
        else:
            await _plain(database, console)
    except OSError as error:
        logger.warning("nobody reads the output any more: {}", error.strerror or error)


async def _live(database: Database, console: Console, header: str, footer: str) -> None:
    fleet: Fleet | None = None
    with Live(Text("…"), console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        while True:
            fresh = await _read(database)
            fleet = fresh or fleet
            if fleet is not None:
                told = footer if fresh else "[red]The database does not answer; see the log.[/]"
                rows = max(3, console.height - _ROWS_AROUND_BOTS - len(fleet.pools))
                live.update(view.live_view(fleet, header, told, rows), refresh=True)
            await asyncio.sleep(_REFRESH_SECONDS)


async def _plain(database: Database, console: Console) -> None:
    fleet: Fleet | None = None
    summarised = time.monotonic()
    while True:
        fresh = await _read(database)
        if fresh is not None:
            for line in view.changes(fleet, fresh):
                _say(console, fresh.as_of, line)
            fleet = fresh
        if fleet is not None and time.monotonic() - summarised >= _SUMMARY_SECONDS:
            summarised = time.monotonic()
            _say(console, fleet.as_of, view.summary(fleet))
        await asyncio.sleep(_REFRESH_SECONDS)


async def _read(database: Database) -> Fleet | None:
    try:
        return await read_fleet(database)
    except SQLAlchemyError as error:
        logger.warning("the view cannot read the database: {}", error)
        return None


def _say(console: Console, at: datetime, line: str) -> None:
    console.print(f"{at.astimezone():%H:%M:%S} {line}", markup=False, highlight=False, soft_wrap=True)
    console.file.flush()
