"""`flotilla actions`: what universal rules did, and what they refused."""

from decimal import Decimal
from typing import Annotated

import typer
from flotilla_client.api.actions import list_actions
from flotilla_client.models import ActionResponse, ListActionsKindType0

from api.cli import bots, output
from api.cli.options import AsJson, Since, Url, connect

_TAG = "flotilla:"
"""An order's tag says what rule and level say, too."""


def actions(
    bot: Annotated[str | None, typer.Option(help="Only of this bot, by name or id.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only of this rule; of refused entries the limit.")] = None,
    kind: Annotated[ListActionsKindType0 | None, typer.Option(help="Only of this kind.")] = None,
    trade: Annotated[int | None, typer.Option(min=0, help="Only about this trade of the bot.")] = None,
    since: Since = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show what universal rules did, and which entries they refused."""
    with connect(url) as client:
        page = client.ask(
            list_actions,
            client=client.api,
            bot=None if bot is None else bots.id_of(client, bot),
            rule=rule,
            kind=kind,
            trade=trade,
            since=since,
            limit=limit,
        )
    if as_json:
        output.print_json(page.json)
        return
    columns = (
        "AT (UTC)",
        "BOT",
        ">TRADE",
        "PAIR",
        "WHAT",
        "RULE",
        "STAGE",
        ">THRESHOLD",
        ">SEEN",
        ">FILLED",
        ">DELAY",
        "WHY",
    )
    output.print_table(columns, [_row(one) for one in page.body.items], "No rule has done anything yet.")


def _row(one: ActionResponse) -> tuple[str, ...]:
    rule = one.rule if one.level is None else f"{one.rule} {one.level}"
    times = f" ×{one.times}" if one.times > 1 else ""
    return (
        output.instant(one.updated_at),
        output.text(one.bot_name or one.bot_id),
        output.text(one.trade_id),
        output.text(one.pair),
        output.text(one.kind) + times,
        output.text(rule),
        output.text(one.stage),
        _price(one.threshold),
        _price(one.price_seen),
        _price(one.fill_price),
        "-" if one.delay_seconds is None else f"{float(one.delay_seconds):.2f} s",
        output.text("" if one.message.startswith(_TAG) or one.message == rule else one.message[:120]),
    )


def _price(value: str | None) -> str:
    """As many places as say something: thresholds are computed."""
    if value is None:
        return "-"
    price = Decimal(value)
    places = max(0, 8 - max(price.adjusted(), -8) - 1)
    told = f"{price:.{places}f}"
    return told.rstrip("0").rstrip(".") if "." in told else told
