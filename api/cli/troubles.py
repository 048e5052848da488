"""What can go wrong at start, each told in one sentence with its remedy."""

import errno
import sqlite3
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from api.cli.exits import CliError
from api.cli.options import told
from orchestrator.db.schema import DatabaseTooNew
from orchestrator.errors import Error

_BY_ERRNO = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EACCES: "permission denied; check who owns it, or set FLOTILLA_HOME to a directory of yours",
    errno.EPERM: "permission denied; check who owns it, or set FLOTILLA_HOME to a directory of yours",
    errno.EROFS: "the file system is read-only; set FLOTILLA_HOME to a place that can be written",
    errno.ENOTDIR: "a part of the path is no directory; set FLOTILLA_HOME to a directory",
    errno.EMFILE: "too many open files; raise `ulimit -n`",
}


def explain(error: BaseException, home: Path) -> str | None:
    """A sentence for a foreseeable trouble; None for a surprise."""
    match error:
        case CliError():
            return error.message
        case Error():
            return error.message
        case ValidationError() | SettingsError():
            return told(error)
        case DatabaseTooNew():
            return str(error)
        case DBAPIError():
            return _explain_database(error, home)
        case SQLAlchemyError():
            return f"The database cannot be used: {_first_line(error)}."
        case OSError():
            return _explain_os(error, home)
    return None


def port_taken(host: str, port: int, error: OSError) -> CliError:
    """Why the API cannot listen."""
    if error.errno == errno.EADDRINUSE:
        return CliError(
            f"Port {port} on {host} is taken; stop what listens there, or set FLOTILLA_PORT to another port."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return CliError(f"Port {port} needs more rights; set FLOTILLA_PORT to one above 1023.")
    return CliError(
        f"Cannot listen on {host}:{port}: {error.strerror or error}; check FLOTILLA_HOST and FLOTILLA_PORT."
    )


def _explain_database(error: DBAPIError, home: Path) -> str:
    cause = error.orig
    text = str(cause).lower()
    if "disk is full" in text or "disk i/o" in text:
        return f"The database in {home} cannot be written: the disk is full or failing; free some space."
    if "not a database" in text or "malformed" in text:
        return (
            f"The database in {home} is damaged; restore it from a backup, or move flotilla.db* away to start anew "
            "(bots that run keep running)."
        )
    if "unable to open" in text or "readonly" in text:
        return f"The database in {home} cannot be opened; check that the directory exists and is yours to write."
    if isinstance(cause, sqlite3.OperationalError) and "locked" in text:
        return f"The database in {home} is locked by another process; stop that one first."
    return f"The database cannot be used: {_first_line(cause or error)}."


def _explain_os(error: OSError, home: Path) -> str:
    place = error.filename or home
    remedy = _BY_ERRNO.get(error.errno or 0, error.strerror or str(error))
    return f"{place}: {remedy}."


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
