"""`flotilla nodes`, `flotilla moves`, `flotilla bots move` and `flotilla audit`: for administrators."""

import json
from typing import Annotated, Any

import typer

from api.cli import bots, output
from api.cli.client import path_of
from api.cli.options import AsJson, Reason, Url, Yes, confirm, connect

moves_app = typer.Typer(no_args_is_help=True, help="Moves of bots between pools: list, abandon.")


def nodes(as_json: AsJson = False, url: Url = None) -> None:
    """List the machines that run pools."""
    with connect(url) as client:
        found = list(client.items("/api/v1/nodes"))
    if as_json:
        output.print_json({"items": found, "next": None})
        return
    rows = [_node_row(node) for node in found]
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
        found = list(client.items("/api/v1/moves"))
    if as_json:
        output.print_json({"items": found, "next": None})
        return
    rows = [
        (
            *(output.text(move[key]) for key in ("bot_id", "source_pool_id", "target_pool_id", "phase", "reason")),
            output.age(move["started_at"]),
            output.text(move["problem"]),
        )
        for move in found
    ]
    output.print_table(("BOT", "FROM", "TO", "PHASE", "REASON", ">AGE", "PROBLEM"), rows, "No bot is being moved.")


@moves_app.command("abandon")
def abandon_move(bot: bots.Bot, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Leave a bot where it is; refused once it belongs to the other pool."""
    with connect(url) as client:
        bot_id = _id_of(client, bot)
        client.call("DELETE", path_of("moves", bot_id), body={"reason": reason})
    if as_json:
        output.print_json({"bot_id": bot_id, "abandoned": True})
    else:
        output.show(f"Bot {output.text(bot_id)} stays where it is.")


@bots.app.command("move")
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
        bot_id = _id_of(client, bot)
        confirm(yes, f"Move bot {bot_id} to {to or 'another pool'}? It stops for some seconds.")
        move = client.call("POST", path_of("bots", bot_id, "move"), body={"pool_id": to, "reason": reason})
    if as_json:
        output.print_json(move)
    else:
        told = f"from {move['source_pool_id']} to {move['target_pool_id']}"
        output.show(f"Bot {output.text(bot_id)} is being moved {output.text(told)}.")


def audit(
    subject: Annotated[str | None, typer.Option(help="Only what was done to it: pool/ID, bot/ID, fleet.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only what that user did, by id.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show who did what to pools and bots, when and why."""
    filters = {key: value for key, value in (("subject", subject), ("actor", actor)) if value}
    with connect(url) as client:
        page = client.get("/api/v1/audit", {**filters, "limit": limit})
    if as_json:
        output.print_json(page)
        return
    rows = [
        (
            output.text(row["at"])[:19],
            output.text(row["actor_name"] or row["actor"]),
            output.text(row["action"]),
            output.text(row["subject"]),
            output.text(row["reason"]),
            output.text(_changes(row["before"] or {}, row["after"] or {})),
        )
        for row in page["items"]
    ]
    output.print_table(("AT (UTC)", "WHO", "WHAT", "TO WHAT", "WHY", "CHANGED"), rows, "Nothing was done yet.")


def _id_of(client: Any, bot: str) -> str:
    """An id as it is: an administrator's bots are not all his own. A name of one's own bots else."""
    return bot if bot.startswith("bot-") else str(bots.find(client, bot)["id"])


def _node_row(node: dict[str, Any]) -> tuple[str, ...]:
    report = node["report"]
    versions = ", ".join(f"{name} {version}" for name, version in (report.get("versions") or {}).items())
    return (
        output.text(node["name"]),
        output.text(node["driver"]),
        output.text(node["pools"]),
        output.text(report.get("cores")),
        output.megabytes(report.get("memory_bytes")),
        output.megabytes(report.get("memory_available_bytes")),
        output.megabytes(node["promised_bytes"]),
        output.megabytes(report.get("disk_free_bytes")),
        output.text(versions),
        output.text("; ".join(condition["message"] for condition in node["conditions"])),
    )


def _changes(before: dict[str, Any], after: dict[str, Any]) -> str:
    """`cordoned: false → true`, of what differs."""
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    shown = [f"{key}: {_short(before.get(key))} → {_short(after.get(key))}" for key in keys]
    return ", ".join(shown)[:200]


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)[:60]
