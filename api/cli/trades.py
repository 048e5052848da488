"""`flotilla trades …`: trades of all bots at once."""

from typing import Annotated

import typer
from flotilla_client.api.trades import close_trades
from flotilla_client.models import CloseRequest, TradesCloseResponse
from flotilla_client.types import UNSET

from api.cli import bots, output
from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Reason, Url, Yes, confirm, connect, given

app = typer.Typer(no_args_is_help=True, help="Trades of all your bots: close many at once.")

_CLOSE_SECONDS = 120.0
"""Bots exit between two of their loops."""


@app.command()
def close(
    everything: Annotated[bool, typer.Option("--all", help="Everything that the other options leave.")] = False,
    winners: Annotated[bool, typer.Option("--winners", help="Those in profit.")] = False,
    losers: Annotated[bool, typer.Option("--losers", help="Those at a loss.")] = False,
    asset: Annotated[str | None, typer.Option("--asset", help="Only of this base currency, such as BTC.")] = None,
    bot: Annotated[str | None, typer.Option("--bot", "-b", help="Only of this bot, by name or id.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what it would close.")] = False,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Close winners, losers, one asset, one bot, or everything, after a look at the list."""
    if sum((everything, winners, losers)) > 1:
        raise CliError("Give one of --all, --winners and --losers.", ExitCode.USAGE)
    if not (everything or winners or losers or asset or bot):
        raise CliError("Say what to close: --winners, --losers, --asset, --bot or --all.", ExitCode.USAGE)
    with connect(url) as client:
        body = CloseRequest(
            which="winners" if winners else "losers" if losers else "all",
            asset=given(asset),
            bot_id=UNSET if bot is None else bots.find(client, bot).body.id,
            dry_run=True,
            reason=reason,
        )
        found = client.ask(close_trades, client=client.api, body=body)
        if not dry_run and found.body.items:
            if not as_json:
                _print(found.body)
            confirm(yes, f"Close {output.count(len(found.body.items), 'trade')} at the market?")
            body.dry_run = False
            found = client.ask(close_trades, client=client.patient(_CLOSE_SECONDS), body=body)
    if as_json:
        output.print_json(found.json)
    else:
        _print(found.body)
    if found.body.failed:
        raise CliError(f"{output.count(found.body.failed, 'trade')} could not be closed; see above.", ExitCode.ERROR)


def _print(found: TradesCloseResponse) -> None:
    rows = [
        (
            output.text(one.bot),
            output.text(one.trading),
            output.text(one.trade_id),
            output.text(one.pair) + (" short" if one.is_short else ""),
            output.text(f"{one.profit} {one.currency}"),
            output.text(one.profit_ratio),
            output.text(one.message),
        )
        for one in found.items
    ]
    output.print_table(("BOT", "OF", ">TRADE", "PAIR", ">PROFIT", ">RATIO", "WHAT"), rows, "No such trades are open.")
