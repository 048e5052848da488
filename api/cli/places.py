"""Databases and homes that commands work on by themselves, without a control plane: where they are, in sentences where
they are not."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from api.cli.exits import CliError, ExitCode
from api.cli.options import told
from api.cli.troubles import explain
from orchestrator.db.schema import DatabaseTooNew
from orchestrator.errors import Conflict, Error
from orchestrator.settings import OrchestratorSettings

T = TypeVar("T")


def own_settings() -> OrchestratorSettings:
    try:
        settings = OrchestratorSettings()
    except (ValidationError, SettingsError) as error:
        raise CliError(told(error)) from None
    return settings.model_copy(update={"home": settings.home.expanduser().resolve()})


def place_of(url: str | None, default: str) -> str:
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


def shown(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


def file_of(url: str) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    parts = make_url(url)
    return Path(parts.database or "").absolute() if parts.get_backend_name() == "sqlite" else None


def must_exist(url: str) -> None:
    """Opening a SQLite database that is not there would make one."""
    file = file_of(url)
    if file is not None and not file.is_file():
        raise CliError(f"There is no database {file}.", ExitCode.NOT_FOUND)


def run_here(settings: OrchestratorSettings, work: Coroutine[Any, Any, T]) -> T:
    """Raises CliError in the place of foreseeable troubles."""
    try:
        return asyncio.run(work)
    except Conflict as error:
        raise CliError(error.message, ExitCode.CONFLICT) from None
    except (Error, DatabaseTooNew, SQLAlchemyError, OSError) as error:
        raise CliError(explain(error, settings.home) or str(error)) from None
