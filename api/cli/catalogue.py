"""`flotilla templates …` and `flotilla pools …`: what bots are made of, and where they run."""

from typing import Annotated, Any

import typer

from api.cli import output
from api.cli.client import path_of
from api.cli.options import AsJson, Url, connect

templates_app = typer.Typer(no_args_is_help=True, help="Templates: list, show with parameters.")
pools_app = typer.Typer(no_args_is_help=True, help="Pools: list, show.")


@templates_app.command("list")
def list_templates(as_json: AsJson = False, url: Url = None) -> None:
    """List templates."""
    with connect(url) as client:
        templates = list(client.items("/api/v1/templates"))
    if as_json:
        output.print_json({"items": templates, "next": None})
        return
    rows = [
        (output.text(item["name"]), output.text(item["title"]), output.text(item["description"])) for item in templates
    ]
    output.print_table(("NAME", "TITLE", "DESCRIPTION"), rows, "No templates.")


@templates_app.command("show")
def show_template(name: str, as_json: AsJson = False, url: Url = None) -> None:
    """Show a template: what it does, its parameters, its defaults."""
    with connect(url) as client:
        template = client.get(path_of("templates", name))
    if as_json:
        output.print_json(template)
        return
    output.print_docs(template["docs"])
    output.show("")
    properties = template["parameters"]["properties"]
    columns = ("PARAMETER", ">DEFAULT", ">LEAST", ">MOST", "WHAT")
    rows = [
        (
            output.text(key),
            output.text(entry["default"]),
            output.text(entry.get("minimum")),
            output.text(entry.get("maximum")),
            output.text(entry["description"]),
        )
        for key, entry in properties.items()
    ]
    output.print_table(columns, rows, "No parameters.")
    output.show("")
    defaults = template["defaults"]
    output.print_fields(
        {key: output.text(" ".join(value) if isinstance(value, list) else value) for key, value in defaults.items()}
    )


@pools_app.command("list")
def list_pools(as_json: AsJson = False, url: Url = None) -> None:
    """List pools."""
    with connect(url) as client:
        pools = list(client.items("/api/v1/pools"))
    if as_json:
        output.print_json({"items": pools, "next": None})
        return
    columns = ("ID", "STATE", "NODE", "DRIVER", ">SLOTS", ">MEMORY", "ZYGOTE", "CONDITION")
    output.print_table(columns, [_pool_row(pool) for pool in pools], "No pools.")


@pools_app.command("show")
def show_pool(
    pool_id: Annotated[str, typer.Argument(metavar="POOL")], as_json: AsJson = False, url: Url = None
) -> None:
    """Show a pool."""
    with connect(url) as client:
        pool = client.get(path_of("pools", pool_id))
    if as_json:
        output.print_json(pool)
        return
    report = pool["report"] or {}
    zygote = report.get("zygote") or {}
    output.print_fields(
        {
            "id": output.text(pool["id"]),
            "state": output.state(pool["observed_state"]),
            "node": output.text(pool["node"]),
            "driver": output.text(pool["driver"]),
            "slots": _slots(pool),
            "zygote": output.text(zygote.get("state")),
            "FreqTrade": output.text(zygote.get("freqtrade")),
            "Python": output.text(zygote.get("python")),
            "warm-up": output.text(_seconds(zygote.get("warm_seconds"))),
            "notes": output.text("; ".join(zygote.get("notes") or [])),
            "memory of init": _pss(report.get("init_memory")),
            "memory of zygote": _pss(zygote.get("memory")),
            "memory of agent": _pss(report.get("agent_memory")),
            "memory of bots": _pss(report.get("bots_memory")),
            "memory in all": output.megabytes(pool["pss_bytes"]),
            "conditions": output.text("; ".join(condition["message"] for condition in pool["conditions"])),
        }
    )


def _pool_row(pool: dict[str, Any]) -> tuple[str, ...]:
    report = pool["report"] or {}
    return (
        output.text(pool["id"]),
        output.state(pool["observed_state"]),
        output.text(pool["node"]),
        output.text(pool["driver"]),
        _slots(pool),
        output.megabytes(pool["pss_bytes"]),
        output.text((report.get("zygote") or {}).get("state")),
        output.text("; ".join(condition["message"] for condition in pool["conditions"])),
    )


def _slots(pool: dict[str, Any]) -> str:
    return f"{pool['slots_used']}/{pool['slots_total']}"


def _pss(memory: dict[str, Any] | None) -> str:
    return output.megabytes(memory["pss_bytes"] if memory else None)


def _seconds(value: Any) -> str | None:
    return None if value is None else f"{float(value):.1f} s"
