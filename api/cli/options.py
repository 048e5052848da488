"""Options that every client command has, and how a command comes by its client."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from flotilla_client.types import UNSET, Unset
from pydantic import ValidationError
from pydantic_settings import SettingsError

from api.cli.client import ApiClient
from api.cli.exits import CliError
from api.cli.settings import CliSettings

T = TypeVar("T")

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="FLOTILLA_URL",
        help="Control plane; default: http://FLOTILLA_HOST:FLOTILLA_PORT.",
        show_envvar=True,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the audit.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for scripts instead of a table.")]

_PREFIXES = {"OrchestratorSettings": "FLOTILLA_ORCH_", "ApiSettings": "FLOTILLA_API_", "PoolSettings": "FLOTILLA_POOL_"}

make_client: Callable[[CliSettings, str | None], ApiClient] = ApiClient


def connect(url: str | None) -> ApiClient:
    """A client of the control plane at `url`, or of the default one. Raises CliError."""
    try:
        settings = CliSettings()
    except (ValidationError, SettingsError) as error:
        raise CliError(told(error)) from None
    return make_client(settings, url)


def _parse_instant(written: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter("Write a time such as 2026-11-21T00:00:00Z.") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


Since = Annotated[
    datetime | None,
    typer.Option(parser=_parse_instant, metavar="TIME", help="Only what happened since, such as 2026-11-21T00:00:00Z."),
]


def given(value: T | None) -> T | Unset:
    """For a field of a body that is left out where nothing was said."""
    return UNSET if value is None else value


def confirm(yes: bool, question: str) -> None:
    """Asks on standard error, unless the answer was given already; aborts at a no."""
    if not yes:
        typer.confirm(question, abort=True, err=True)


def told(error: ValidationError | SettingsError) -> str:
    """Bad settings in a sentence: which variable, and what is wrong with it."""
    if isinstance(error, SettingsError):
        return f"Bad settings: {error}."
    prefix = _PREFIXES.get(error.title, "FLOTILLA_")
    problems = []
    for entry in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in entry["loc"])
        variable = name if name.isupper() else f"{prefix}{name.upper()}"
        problems.append(f"{variable}: {entry['msg']}")
    return "Bad settings: " + "; ".join(problems) + "."
