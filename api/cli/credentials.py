"""What a command signs in with: an API token, or a password out of a file or from the terminal."""

import sys
from pathlib import Path

import typer

from api.cli.exits import CliError, ExitCode
from api.cli.settings import ADMIN, CliSettings


def find_token(settings: CliSettings) -> str | None:
    """The API token, from FLOTILLA_TOKEN or FLOTILLA_TOKEN_FILE; None where neither is set. Raises CliError."""
    if settings.token is not None:
        return settings.token.get_secret_value()
    if settings.token_file is not None:
        return read_secret(settings.token_file, "FLOTILLA_TOKEN_FILE")
    return None


def find_password(settings: CliSettings, url: str) -> str:
    """From FLOTILLA_PASSWORD_FILE, else the first admin's file of this machine, else the prompt. Raises CliError."""
    if settings.password_file is not None:
        return read_secret(settings.password_file, "FLOTILLA_PASSWORD_FILE")
    own = own_password_file(settings, url)
    if own is not None:
        return read_secret(own, "FLOTILLA_HOME")
    if sys.stdin.isatty():
        return ask_password(settings, url)
    raise CliError(
        f"No password for {settings.user} at {url}: name a file that holds it in FLOTILLA_PASSWORD_FILE, "
        "or set FLOTILLA_HOME to the control plane's home.",
        ExitCode.UNAUTHENTICATED,
    )


def ask_password(settings: CliSettings, url: str) -> str:
    """From the terminal."""
    password: str = typer.prompt(f"Password of {settings.user} at {url}", hide_input=True, err=True)
    return password


def own_password_file(settings: CliSettings, url: str) -> Path | None:
    """The first admin's, where he is who signs in to this machine's control plane."""
    own = settings.home / "admin-password"
    return own if settings.user == ADMIN and settings.is_here(url) and own.is_file() else None


def read_secret(path: Path, variable: str) -> str:
    """What the file has, without the end of its line. Raises CliError, which names the variable or option."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise CliError(
            f"Cannot read the secret from {path} ({variable}): {reason}.", ExitCode.UNAUTHENTICATED
        ) from None
