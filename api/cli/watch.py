"""Keeps the terminal up to date: a live view on a terminal, plain lines elsewhere. Ends when cancelled.

Neither may take the control plane down: where the fleet cannot be read it says so and tries again, and where
nobody reads the output any more it goes quiet.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from loguru import logger
from rich.console import Console
from rich.live import Live
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from api.cli import view
from api.cli.fleet import Fleet
from orchestrator.errors import Error

_REFRESH_SECONDS = 1.0
_SUMMARY_SECONDS = 30.0
_ROWS_AROUND_BOTS = 12

Source = Callable[[], Awaitable[Fleet]]
"""Reads the fleet; may raise SQLAlchemyError, Error, ArithmeticError or ValueError."""


class SteadyConsole(Console):
    """A console whose reader may go away: rich would end the process, here output ends in silence."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


async def watch(source: Source, console: Console, header: str, footer: Callable[[], str]) -> None:
    """Until cancelled. `header` and `footer` are rich markup for the live view; the footer may change."""
    try:
        if console.is_terminal:
            await _live(source, console, header, footer)
        else:
            await _plain(source, console)
    except OSError as error:
        logger.warning("nobody reads the output any more: {}", error.strerror or error)


async def _live(source: Source, console: Console, header: str, footer: Callable[[], str]) -> None:
    fleet: Fleet | None = None
    with Live(Text("…"), console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        while True:
            fresh = await _read(source)
            fleet = fresh or fleet
            if fleet is not None:
                told = footer() if fresh else "[red]These are old values: the fleet cannot be read; see the log.[/]"
                rows = max(3, console.height - _ROWS_AROUND_BOTS - len(fleet.pools))
                live.update(view.live_view(fleet, header, told, rows), refresh=True)
            await asyncio.sleep(_REFRESH_SECONDS)


async def _plain(source: Source, console: Console) -> None:
    fleet: Fleet | None = None
    summarised = time.monotonic()
    while True:
        fresh = await _read(source)
        if fresh is not None:
            for line in view.changes(fleet, fresh):
                _say(console, fresh.as_of, line)
            fleet = fresh
        if fleet is not None and time.monotonic() - summarised >= _SUMMARY_SECONDS:
            summarised = time.monotonic()
            _say(console, fleet.as_of, view.summary(fleet))
        await asyncio.sleep(_REFRESH_SECONDS)


async def _read(source: Source) -> Fleet | None:
    try:
        return await source()
    except (SQLAlchemyError, Error, ArithmeticError, ValueError) as error:
        logger.warning("the view cannot read the fleet: {}", error)
        return None


def _say(console: Console, at: datetime, line: str) -> None:
    console.print(f"{at.astimezone():%H:%M:%S} {line}", markup=False, highlight=False, soft_wrap=True)
    console.file.flush()
