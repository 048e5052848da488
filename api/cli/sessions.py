"""`flotilla sessions …`: where one is signed in."""

from typing import Annotated

import typer
from flotilla_client.api import sessions

from api.cli import output
from api.cli.options import AsJson, Url, Yes, confirm, connect

app = typer.Typer(no_args_is_help=True, help="Where you are signed in, and ending that.")


@app.command("list")
def list_sessions(as_json: AsJson = False, url: Url = None) -> None:
    """List your sign-ins; the command's own is marked."""
    with connect(url) as client:
        found = client.every(sessions.list_sessions, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (
            output.text(one.id) + (" *" if one.current else ""),
            output.text(one.method if one.second_factor is None else f"{one.method}, {one.second_factor}"),
            output.text(one.address),
            output.text(one.user_agent),
            output.age(one.created_at),
            output.age(one.last_used_at),
        )
        for one in found.body
    ]
    output.print_table(("ID", "BY", "FROM", "WITH", ">AGE", ">USED"), rows, "Nobody is signed in.")


@app.command()
def end(session: Annotated[str, typer.Argument(metavar="ID", help="Id of the session.")], url: Url = None) -> None:
    """End one of your sign-ins, at once."""
    with connect(url) as client:
        client.ask(sessions.end_session, session, client=client.api)
    output.show("It has ended.")


@app.command("end-others")
def end_others(yes: Yes = False, as_json: AsJson = False, url: Url = None) -> None:
    """End all of your sign-ins but the command's own, which ends by itself."""
    confirm(yes, "Sign out everywhere?")
    with connect(url) as client:
        done = client.ask(sessions.end_other_sessions, client=client.api)
    if as_json:
        output.print_json(done.json)
    else:
        output.show(f"{output.count(done.body.ended, 'sign-in')} ended.")
