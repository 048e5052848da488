"""Options that every client command has, and how a command comes by its client."""

from collections.abc import Callable
from typing import Annotated

import typer
from pydantic import ValidationError

from api.cli.client import ApiClient
from api.cli.exits import CliError
from api.cli.settings import CliSettings

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="FLOTILLA_URL",
        help="Control plane; default: http://FLOTILLA_HOST:FLOTILLA_PORT.",
        show_envvar=True,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for scripts instead of a table.")]

make_client: Callable[[CliSettings, str | None], ApiClient] = ApiClient


def connect(url: str | None) -> ApiClient:
    """A client of the control plane at `url`, or of the default one. Raises CliError."""
    try:
        settings = CliSettings()
    except ValidationError as error:
        raise CliError(told(error, "FLOTILLA_")) from None
    return make_client(settings, url)


def told(error: ValidationError, prefix: str) -> str:
    """Bad settings in a sentence: which variable, and what is wrong with it."""
    problems = []
    for entry in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in entry["loc"])
        variable = name if name.isupper() else f"{prefix}{name.upper()}"
        problems.append(f"{variable}: {entry['msg']}")
    return "Bad settings: " + "; ".join(problems) + "."
