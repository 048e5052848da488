"""`flotilla nodes`, `flotilla moves` and `flotilla bots move`: for administrators."""

from typing import Annotated

import typer
from flotilla_client.api import pools
from flotilla_client.models import Act, MoveRequest, NodeResponse

from api.cli import bots, output
from api.cli.options import AsJson, Reason, Url, Yes, confirm, connect

moves_app = typer.Typer(no_args_is_help=True, help="Moves of bots between pools: list, abandon.")


def nodes(as_json: AsJson = False, url: Url = None) -> None:
    """List the machines that run pools."""
    with connect(url) as client:
        found = client.ask(pools.list_nodes, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [_node_row(node) for node in found.body.items]
    columns = (
        "NAME",
        "DRIVER",
        ">POOLS",
        ">CORES",
        ">MEMORY",
        ">AVAILABLE",
        ">PROMISED",
        ">DISK FREE",
        "VERSIONS",
        "CONDITION",
    )
    output.print_table(columns, rows, "No nodes yet.")


@moves_app.command("list")
def list_moves(as_json: AsJson = False, url: Url = None) -> None:
    """List bots that are on their way to another pool."""
    with connect(url) as client:
        found = client.ask(pools.list_moves, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (
            output.text(move.bot_id),
            output.text(move.source_pool_id),
            output.text(move.target_pool_id),
            output.text(move.phase),
            output.text(move.reason),
            output.age(move.started_at),
            output.text(move.problem),
        )
        for move in found.body.items
    ]
    output.print_table(("BOT", "FROM", "TO", "PHASE", "REASON", ">AGE", "PROBLEM"), rows, "No bot is being moved.")


@moves_app.command("abandon")
def abandon_move(bot: bots.Bot, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Leave a bot where it is; refused once it belongs to the other pool."""
    with connect(url) as client:
        bot_id = bots.id_of(client, bot)
        client.ask(pools.abandon_move, bot_id, client=client.api, body=Act(reason=reason))
    if as_json:
        output.print_json({"bot_id": bot_id, "abandoned": True})
    else:
        output.show(f"Bot {output.text(bot_id)} stays where it is.")


def move_bot(
    bot: bots.Bot,
    to: Annotated[
        str | None, typer.Option("--to", metavar="POOL", help="Where a new bot would be placed if left out.")
    ] = None,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Move a bot to another pool; it keeps its trades. For administrators."""
    with connect(url) as client:
        bot_id = bots.id_of(client, bot)
        confirm(yes, f"Move bot {bot_id} to {to or 'another pool'}? It stops for some seconds.")
        body = MoveRequest(reason=reason, pool_id=to)
        move = client.ask(pools.move_bot, bot_id, client=client.api, body=body)
    if as_json:
        output.print_json(move.json)
    else:
        told = f"from {move.body.source_pool_id} to {move.body.target_pool_id}"
        output.show(f"Bot {output.text(bot_id)} is being moved {output.text(told)}.")


def _node_row(node: NodeResponse) -> tuple[str, ...]:
    report = node.report.to_dict()
    versions = ", ".join(f"{name} {version}" for name, version in (report.get("versions") or {}).items())
    return (
        output.text(node.name),
        output.text(node.driver),
        output.text(node.pools),
        output.text(report.get("cores")),
        output.megabytes(report.get("memory_bytes")),
        output.megabytes(report.get("memory_available_bytes")),
        output.megabytes(node.promised_bytes),
        output.megabytes(report.get("disk_free_bytes")),
        output.text(versions),
        output.text("; ".join(condition.message for condition in node.conditions)),
    )
