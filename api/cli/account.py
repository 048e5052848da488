"""`flotilla account …`: one by an invitation, its password and second factors; and their reset, for administrators."""

import io
import sys
from pathlib import Path
from typing import Annotated

import segno
import typer
from flotilla_client.api import auth
from flotilla_client.models import FactorsReset, InvitationAccept, PasswordChange, TotpConfirmation

from api.cli import output
from api.cli.client import ApiClient
from api.cli.credentials import find_token, own_password_file
from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Reason, Url, Yes, confirm, connect
from orchestrator.kit.detached import write_private

app = typer.Typer(
    no_args_is_help=True, help="Your account: by an invitation; password, authenticator app, recovery codes."
)


@app.command()
def show(as_json: AsJson = False, url: Url = None) -> None:
    """Show what you prove with who you are."""
    with connect(url) as client:
        found = client.ask(auth.get_factors, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    output.print_fields(
        {
            "password": "yes" if found.body.password else "none",
            "authenticator app": f"since {output.text(found.body.totp_since)}" if found.body.totp_since else "none",
            "passkeys": str(found.body.passkeys),
            "recovery codes": f"{found.body.recovery_codes_left} left",
        }
    )


@app.command()
def password(url: Url = None) -> None:
    """Change your password; your other sessions end."""
    _need_terminal()
    with connect(url) as client:
        refuse_token(client)
        client.sign_in()  # nobody is asked for a new password that cannot be set
        new: str = typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
        change_password(client, new)
    output.show("The password is changed; your other sessions have ended.")


@app.command()
def join(url: Url = None) -> None:
    """Make an account of yours, by an invitation."""
    _need_terminal()
    invitation: str = typer.prompt("Invitation", hide_input=True, err=True)
    username: str = typer.prompt("User name", err=True)
    new: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    with connect(url) as client:
        made = client.join(InvitationAccept(token=invitation, username=username, password=new))
    output.show(f"You are {made.username}, a {made.role}. Set FLOTILLA_USER={made.username} for this command.")


@app.command("app")
def add_app(url: Url = None) -> None:
    """Add an authenticator app: sign-ins want a code of it from then on, here as well."""
    _need_terminal()
    with connect(url) as client:
        made = client.ask(auth.add_totp, client=client.api).body
        drawn = io.StringIO()
        segno.make(made.uri, error="m").terminal(drawn, compact=True)
        sys.stdout.write(f"{drawn.getvalue()}\nScan this with the app, or type the secret: {made.secret}\n")
        code: str = typer.prompt("Code that the app shows", err=True)
        confirmed = client.ask(auth.confirm_totp, client=client.api, body=TotpConfirmation(code))
    output.show("A sign-in with your password wants a code of the app from now on.")
    _tell_codes(confirmed.body.recovery_codes)


@app.command("remove-app")
def remove_app(yes: Yes = False, url: Url = None) -> None:
    """Remove the authenticator app."""
    confirm(yes, "Remove the authenticator app, so that sign-ins want no code of it?")
    with connect(url) as client:
        client.ask(auth.remove_totp, client=client.api)
    output.show("The authenticator app is removed.")


@app.command("recovery-codes")
def recovery_codes(yes: Yes = False, url: Url = None) -> None:
    """Make new recovery codes; those before are good no more."""
    confirm(yes, "Make new recovery codes, so that those before are good no more?")
    with connect(url) as client:
        made = client.ask(auth.make_recovery_codes, client=client.api)
    _tell_codes(made.body.recovery_codes)


@app.command()
def reset(
    user: Annotated[str, typer.Argument(metavar="USER", help="Name or id of the user.")],
    reason: Reason = "",
    yes: Yes = False,
    url: Url = None,
) -> None:
    """Take all second factors from a user who lost them, for administrators; his sessions end."""
    confirm(yes, f"Take all second factors from {user}, whose password alone signs in then?")
    with connect(url) as client:
        client.ask(auth.reset_user_factors, user, client=client.api, body=FactorsReset(reason))
    output.show(f"{output.text(user)} has no second factor any more.")


def refuse_token(client: ApiClient) -> None:
    """For what is done to an account itself. Raises CliError where an API token would sign in."""
    if find_token(client.settings) is not None:
        raise CliError(
            "API tokens do not reach an account itself: unset FLOTILLA_TOKEN and FLOTILLA_TOKEN_FILE.", ExitCode.USAGE
        )


def change_password(client: ApiClient, new: str) -> Path | None:
    """The file of this home that has it from now on, where one had the password before. Raises CliError."""
    file = own_password_file(client.settings, client.url)  # of which the control plane removes what it no longer fits
    body = PasswordChange(current_password=client.password, new_password=new)
    client.ask(auth.change_password, client=client.api, body=body)
    client.password = new
    if file is None or client.settings.password_file is not None:
        return None
    write_private(file, new)  # what this command signs in with here
    return file


def _tell_codes(codes: list[str] | None) -> None:
    if codes is not None:
        listed = "\n".join(f"  {output.text(code)}" for code in codes)
        output.show(f"Recovery codes, each good once and told once; keep them apart from the app:\n{listed}")


def _need_terminal() -> None:
    if not sys.stdin.isatty():
        raise CliError("This asks questions: run it in a terminal.", ExitCode.USAGE)
