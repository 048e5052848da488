"""`flotilla tokens …`: personal API tokens, for programs."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from flotilla_client.api import tokens
from flotilla_client.models import TokenCreate, TokenCreateScopesItem

from api.cli import bots, output
from api.cli.options import AsJson, Url, connect

app = typer.Typer(
    no_args_is_help=True,
    help="API tokens, for programs: FLOTILLA_TOKEN here, the password of FreqUI and FreqTrade's client at a bot.",
)


@app.command("list")
def list_tokens(as_json: AsJson = False, url: Url = None) -> None:
    """List your API tokens, with their last use."""
    with connect(url) as client:
        found = client.every(tokens.list_tokens, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (
            output.text(token.id),
            output.text(token.name),
            output.text(", ".join(token.scopes)),
            "all" if token.bot_ids is None else output.count(len(token.bot_ids), "bot"),
            output.text(token.expires_at or "never")[:16],
            "never" if token.last_used_at is None else output.age(token.last_used_at),
            output.text(token.last_used_address),
        )
        for token in found.body
    ]
    columns = ("ID", "NAME", "SCOPES", "BOTS", "EXPIRES", ">USED", "FROM")
    output.print_table(columns, rows, "No API tokens yet.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scope: Annotated[
        TokenCreateScopesItem, typer.Option("--scope", help="read, trade or admin; each contains those before it.")
    ] = "read",
    bot: Annotated[
        list[str] | None, typer.Option("--bot", metavar="BOT", help="Only this bot, by name or id; may be repeated.")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, max=3650, help="Good for so many days.")] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Make an API token; it is told once."""
    body = TokenCreate(name=name, scopes=[scope])
    if days is not None:
        body.expires_at = datetime.now(UTC) + timedelta(days=days)
    with connect(url) as client:
        if bot:
            body.bot_ids = [bots.find(client, one).body.id for one in bot]
        made = client.ask(tokens.create_token, client=client.api, body=body)
    if as_json:
        output.print_json(made.json)
        return
    output.show(f"Told this once: {output.text(made.body.token)}")


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help="Id of the token, not the token itself.")],
    url: Url = None,
) -> None:
    """Make an API token good for nothing, at once."""
    with connect(url) as client:
        client.ask(tokens.revoke_token, token, client=client.api)
    output.show("It is good for nothing any more.")
