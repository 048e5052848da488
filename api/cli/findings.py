"""`flotilla findings`: in what exchange accounts and the books of their bots differ, and settling that."""

from typing import Annotated

import typer
from flotilla_client.api.findings import list_findings, settle_finding
from flotilla_client.models import FindingsFindingResponse, SettleRequest

from api.cli import output
from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Url, Yes, confirm, connect

app = typer.Typer(help="Where exchange accounts and the books of their bots differ; `settle` settles one.")

FindingId = Annotated[str, typer.Argument(help="Id of the finding, as the list shows it.")]


@app.callback(invoke_without_command=True)
def findings(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that are settled, too.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """List what is open: while anything is, bots of that account open no new trades."""
    if context.invoked_subcommand is not None:
        return
    with connect(url) as client:
        page = client.ask(list_findings, client=client.api, state=None if everything else "open", limit=limit)
    if as_json:
        output.print_json(page.json)
        return
    rows = [
        (
            output.text(row.id),
            output.instant(row.first_seen),
            output.text(_state(row)),
            output.text(row.message),
            output.text(row.remedy if row.state == "open" else row.settled_why or ""),
        )
        for row in page.body.items
    ]
    output.print_table(("ID", "SINCE (UTC)", "STATE", "WHAT", "WHAT TO DO"), rows, "Accounts and books agree.")


@app.command()
def settle(
    finding_id: FindingId,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; kept with it.")],
    adopt: Annotated[bool, typer.Option("--adopt", help="Book what the account says into the ledger.")] = False,
    acknowledge: Annotated[
        bool, typer.Option("--acknowledge", help="Leave the ledger as it is; block nothing any more.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Settle one finding; most settle themselves when the difference is gone."""
    if adopt == acknowledge:
        raise CliError("Give one of --adopt and --acknowledge.", ExitCode.USAGE)
    confirm(yes, "Book it into the ledger?" if adopt else "Let bots of this account trade on with the difference?")
    with connect(url) as client:
        body = SettleRequest("adopt" if adopt else "acknowledge", reason)
        done = client.ask(settle_finding, finding_id, client=client.api, body=body)
    if as_json:
        output.print_json(done.json)
        return
    output.show("It is adopted within seconds; see `flotilla findings`." if adopt else "It is settled.")


def _state(row: FindingsFindingResponse) -> str:
    if row.state == "open":
        return "being adopted" if row.adopting else "open"
    return f"settled ({row.settled_how})"
