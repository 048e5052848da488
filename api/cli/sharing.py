"""`flotilla shares …`: what one lets others look at or operate."""

from typing import Annotated

import typer
from flotilla_client.api import sharing
from flotilla_client.models import ShareChange, ShareChangeLevel, ShareCreate, SharingShareResponse

from api.cli import bots, output
from api.cli.client import Answer
from api.cli.options import AsJson, Url, connect

app = typer.Typer(no_args_is_help=True, help="Bots and portfolios that others may look at or operate.")


@app.command("list")
def list_shares(as_json: AsJson = False, url: Url = None) -> None:
    """List what you share with others, and others with you."""
    with connect(url) as client:
        found = client.every(sharing.list_shares, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (
            output.text(share.id),
            "given" if share.given else "got",
            output.text(share.user if share.given else share.owner),
            output.text(share.bot_name if share.what == "bot" else "all bots"),
            output.text(share.level),
        )
        for share in found.body
    ]
    output.print_table(("ID", "", "WITH", "WHAT", "LEVEL"), rows, "Nothing is shared.")


@app.command()
def add(
    user: Annotated[str, typer.Argument(metavar="USER", help="Name of the user.")],
    bot: Annotated[str | None, typer.Option("--bot", metavar="BOT", help="Name or id of one of your bots.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of your bots, those to come included.")] = False,
    operate: Annotated[bool, typer.Option("--operate", help="He may steer, too; otherwise he only looks.")] = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Let somebody look at a bot of yours, or at all of them."""
    if (bot is None) is not everything:
        raise typer.BadParameter("Name one bot, or say --all.", param_hint="--bot")
    body = ShareCreate(user=user, level="operate" if operate else "view", what="portfolio" if bot is None else "bot")
    with connect(url) as client:
        if bot is not None:
            body.bot_id = bots.find(client, bot).body.id
        _show(client.ask(sharing.create_share, client=client.api, body=body), as_json)


@app.command()
def level(
    share: Annotated[str, typer.Argument(metavar="ID", help="Id of the share.")],
    level: Annotated[ShareChangeLevel, typer.Argument(metavar="LEVEL", help="view or operate.")],
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Change what somebody may do with what you share."""
    with connect(url) as client:
        _show(client.ask(sharing.update_share, share, client=client.api, body=ShareChange(level)), as_json)


@app.command()
def remove(share: Annotated[str, typer.Argument(metavar="ID", help="Id of the share.")], url: Url = None) -> None:
    """Take away what you shared, or give back what you got."""
    with connect(url) as client:
        client.ask(sharing.delete_share, share, client=client.api)
    output.show("It is not shared any more.")


def _show(found: Answer[SharingShareResponse], as_json: bool) -> None:
    if as_json:
        output.print_json(found.json)
        return
    share = found.body
    what = f"bot {share.bot_name}" if share.what == "bot" else "all bots"
    may = "look at and operate" if share.level == "operate" else "look at"
    output.show(f"{output.text(share.user)} may {may} {output.text(what)} ({output.text(share.id)}).")
