"""How `flotilla init` asks, and what one run of it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import typer
from rich.console import Console

from api.cli import output
from api.cli.client import ApiClient
from api.cli.exits import CliError, ExitCode

NONE = "none"
"""The answer that wants nothing of what is offered."""


@dataclass(slots=True)
class Done:
    """What this run did."""

    password_changed: bool = False
    exchange_key: str | None = None
    rules: str | None = None
    created: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """Whom it speaks to, whether it asks anybody, and what it did."""

    client: ApiClient
    asks: bool
    done: Done = field(default_factory=Done)

    def again(self, refusal: CliError) -> None:
        """Tells it to who can answer otherwise. Raises it where nobody is asked, or another answer would not help."""
        if not self.asks or refusal.exit_code not in (ExitCode.INVALID, ExitCode.CONFLICT):
            raise refusal
        say(output.text(refusal.message))


def ask(question: str, usual: str, among: Sequence[str] | None = None) -> str:
    answer: str = typer.prompt(question, default=usual, err=True)
    while among is not None and answer not in among:
        say(f"It is one of {', '.join(among)}.")
        answer = typer.prompt(question, default=usual, err=True)
    return answer.strip()


def ask_hidden(question: str) -> str:
    answer: str = typer.prompt(question, default="", show_default=False, hide_input=True, err=True)
    return answer


def confirm(question: str, usual: bool) -> bool:
    return typer.confirm(question, default=usual, err=True)


def say(line: str) -> None:
    """On standard error, so that standard output has the outcome alone."""
    Console(stderr=True, highlight=False).print(line, soft_wrap=True)
