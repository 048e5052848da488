"""Proving who one is, beyond a password: the code of an authenticator app, asked for in the terminal."""

import sys

import typer
from flotilla_client.models import ChallengeResponse, SecondFactorRequest
from flotilla_client.types import UNSET, Unset

from api.cli.exits import CliError, ExitCode, Refused

_RECOVERY_CODE_LENGTH = 16


def answer_to(challenge: ChallengeResponse, user: str) -> SecondFactorRequest:
    """The body that answers the challenge of a sign-in. Raises CliError."""
    if not {"totp", "recovery"} & set(challenge.ways):
        raise CliError(
            f"{user} signs in with a passkey, which a terminal has none of: use an API token (FLOTILLA_TOKEN_FILE).",
            ExitCode.UNAUTHENTICATED,
        )
    code, recovery_code = ask_code(user)
    return SecondFactorRequest(challenge=challenge.challenge, code=code, recovery_code=recovery_code)


def ask_code(user: str) -> tuple[str | Unset, str | Unset]:
    """A code of the app, or else a recovery code. Raises CliError without a terminal."""
    if not sys.stdin.isatty():
        raise CliError(
            f"{user} has a second factor, and there is no terminal to ask for its code: run the command in one, or use "
            "an API token (FLOTILLA_TOKEN_FILE).",
            ExitCode.UNAUTHENTICATED,
        )
    code: str = typer.prompt(f"Code of the authenticator app of {user}, or a recovery code", err=True)
    letters = "".join(letter for letter in code if letter.isalnum())
    return (UNSET, code) if len(letters) >= _RECOVERY_CODE_LENGTH else (code, UNSET)


def wants_step_up(refusal: Refused) -> bool:
    """Whether who one is must be proved anew first."""
    return refusal.code == "step_up_required"


def wants_code(refusal: Refused) -> bool:
    """Whether a step-up lacks the code of a second factor."""
    return refusal.status == 422 and refusal.params.get("field") == "code"
