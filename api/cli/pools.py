"""`flotilla pools …`: where bots run, and what administrators do to that."""

from typing import Annotated, Any

import typer

from api.cli import output, rollouts
from api.cli.client import path_of
from api.cli.options import AsJson, Reason, Url, Yes, confirm, connect

app = typer.Typer(no_args_is_help=True, help="Pools: list, show, slots; create, cordon, drain, rebalance, roll out.")
app.add_typer(rollouts.app, name="rollout")

Pool = Annotated[str, typer.Argument(metavar="POOL", help="Id of the pool.")]


@app.command("list")
def list_pools(as_json: AsJson = False, url: Url = None) -> None:
    """List pools: yours and shared ones, all for administrators."""
    with connect(url) as client:
        pools = list(client.items("/api/v1/pools"))
    if as_json:
        output.print_json({"items": pools, "next": None})
        return
    columns = ("ID", "STATE", "TENANT", "NODE", "DRIVER", "IMAGE", ">SLOTS", ">MEMORY", ">CPU", "ZYGOTE", "CONDITION")
    output.print_table(columns, [_pool_row(pool) for pool in pools], "No pools.")


@app.command("show")
def show_pool(pool_id: Pool, as_json: AsJson = False, url: Url = None) -> None:
    """Show a pool."""
    with connect(url) as client:
        _print_pool(client.get(path_of("pools", pool_id)), as_json)


@app.command("slots")
def list_slots(pool_id: Pool, as_json: AsJson = False, url: Url = None) -> None:
    """List the bots in a pool: whose they are, what they do and take."""
    with connect(url) as client:
        slots = list(client.items(path_of("pools", pool_id, "slots")))
    if as_json:
        output.print_json({"items": slots, "next": None})
        return
    columns = ("BOT", "OWNER", "STATE", ">MEMORY", ">CPU", ">RESTARTS", ">UPTIME", ">TRADES", "MOVING TO", "ID")
    output.print_table(columns, [_slot_row(slot) for slot in slots], "No bots.")


@app.command()
def create(
    tenant: Annotated[str | None, typer.Option(help="Id of the user whose bots it takes; shared without it.")] = None,
    slots: Annotated[int | None, typer.Option(min=1, help="Bots that it takes.")] = None,
    memory: Annotated[int | None, typer.Option(min=1, help="Memory limit in MB.")] = None,
    image: Annotated[str | None, typer.Option(help="Image of its container.")] = None,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Create a pool. Bots get pools by themselves: this is for having one ready."""
    wanted = {
        "tenant_id": tenant,
        "slots_total": slots,
        "memory_limit_bytes": None if memory is None else memory * 1_000_000,
        "image": image,
        "reason": reason,
    }
    with connect(url) as client:
        body = {key: value for key, value in wanted.items() if value is not None}
        _print_pool(client.call("POST", "/api/v1/pools", body=body), as_json)


@app.command()
def cordon(pool_id: Pool, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Place no new bot in a pool; those that are there go on."""
    _act(pool_id, "cordon", reason, as_json, url)


@app.command()
def uncordon(pool_id: Pool, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Let a pool take bots again; ends a drain too."""
    _act(pool_id, "uncordon", reason, as_json, url)


@app.command()
def drain(pool_id: Pool, yes: Yes = False, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Move a pool's bots to other pools, one after another."""
    confirm(yes, f"Move every bot of {pool_id} to other pools? Each stops for some seconds.")
    _act(pool_id, "drain", reason, as_json, url)


@app.command()
def restart(pool_id: Pool, yes: Yes = False, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Restart a pool with all its bots; open trades are kept."""
    confirm(yes, f"Restart {pool_id} with all its bots?")
    with connect(url) as client:
        order = client.call("POST", path_of("pools", pool_id, "restart"), body={"reason": reason})
    _print_done(order, as_json, f"Pool {output.text(pool_id)} will be restarted.")


@app.command()
def check(pool_id: Pool, as_json: AsJson = False, url: Url = None) -> None:
    """Ask a pool now how it is; exit code 1 where something is wrong."""
    with connect(url) as client:
        health = client.call("POST", path_of("pools", pool_id, "health-check"))
    if as_json:
        output.print_json(health)
    else:
        rows = [
            (output.text(one["name"]), "[green]well[/]" if one["ok"] else "[bold red]no[/]", output.text(one["detail"]))
            for one in health["checks"]
        ]
        output.print_table(("CHECK", "WELL", "WHAT"), rows, "Nothing was checked.")
    if not health["healthy"]:
        raise typer.Exit(1)


@app.command()
def delete(
    pool_id: Pool,
    purge: Annotated[bool, typer.Option("--purge", help="Also delete its disk, trades included, for good.")] = False,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Delete an empty pool. Its disk stays unless it is purged, now or later."""
    told = "its disk and every trade on it. Nothing brings them back" if purge else "its disk stays"
    confirm(yes, f"Delete pool {pool_id} ({told})?")
    params = {"reason": reason, **({"purge": "true", "confirm": pool_id} if purge else {})}
    with connect(url) as client:
        gone = client.call("DELETE", path_of("pools", pool_id), params=params)
    _print_done(gone, as_json, f"Pool {output.text(pool_id)} will be {'purged' if purge else 'deleted'}.")


@app.command()
def rebalance(
    goal: Annotated[str | None, typer.Option(help="`spread` or `pack`; as the settings place bots without it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show how bots would be moved so that pools are used well, and do just that once it is confirmed."""
    body = {"reason": reason, **({"goal": goal} if goal else {})}
    with connect(url) as client:
        plan = client.call("POST", "/api/v1/pools/rebalance", body={**body, "dry_run": True})
        if not as_json:
            _print_plan(plan)
        if not dry_run and plan["moves"]:
            confirm(yes, "Move these bots?")
            apply = {**body, "dry_run": False, "plan_id": plan["plan_id"]}
            plan = client.call("POST", "/api/v1/pools/rebalance", body=apply)
    if as_json:
        output.print_json(plan)
    elif plan["applied"]:
        output.show("The moves were asked for; see `flotilla moves`.")


@app.command()
def sync(reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Ask every pool again, and have mended what does not fit. Deletes no bot."""
    with connect(url) as client:
        found = client.call("POST", "/api/v1/pools/sync", body={"reason": reason})
    if as_json:
        output.print_json(found)
        return
    rows = [
        (
            output.text(pool["pool_id"]),
            output.text(pool["slots"]),
            output.text(" ".join(pool["missing"])),
            output.text(" ".join(pool["foreign"])),
            output.text(pool["problem"]),
        )
        for pool in found["pools"]
    ]
    output.print_table(("POOL", ">SLOTS", "MISSING", "FOREIGN", "PROBLEM"), rows, "No pools.")


def _act(pool_id: str, verb: str, reason: str, as_json: bool, url: str | None) -> None:
    with connect(url) as client:
        pool = client.call("POST", path_of("pools", pool_id, verb), body={"reason": reason})
    _print_pool(pool, as_json)


def _print_done(body: Any, as_json: bool, sentence: str) -> None:
    if as_json:
        output.print_json(body)
    else:
        output.show(sentence)


def _print_plan(plan: dict[str, Any]) -> None:
    rows = [
        tuple(output.text(move[key]) for key in ("bot_id", "source_pool_id", "target_pool_id", "why"))
        for move in plan["moves"]
    ]
    output.print_table(("BOT", "FROM", "TO", "WHY"), rows, "Nothing to move.")
    if not rows:
        return
    output.show("")
    uses = [
        (
            output.text(use["pool_id"]),
            f"{use['bots_before']} → {use['bots_after']}",
            output.text(use["slots_total"]),
            f"{output.megabytes(use['memory_before_bytes'])} → {output.megabytes(use['memory_after_bytes'])}",
            output.megabytes(use["memory_limit_bytes"]),
        )
        for use in plan["pools"]
    ]
    output.print_table(("POOL", ">BOTS", ">SLOTS", ">MEMORY", ">LIMIT"), uses, "No pools.")


def _print_pool(pool: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.print_json(pool)
        return
    report = pool["report"] or {}
    zygote = report.get("zygote") or {}
    parts = (report.get("isolation") or zygote.get("isolation") or {}).get("parts") or []
    output.print_fields(
        {
            "id": output.text(pool["id"]),
            "state": _state(pool),
            "tenant": output.text(pool["tenant_id"]),
            "node": output.text(pool["node"]),
            "driver": output.text(pool["driver"]),
            "image": output.text(pool["image"]),
            "slots": _slots(pool),
            "version": output.text(pool["image_version"]),
            "protocol": output.text(pool["protocol"]),
            "zygote": output.text(zygote.get("state")),
            "FreqTrade": output.text(zygote.get("freqtrade")),
            "Python": output.text(zygote.get("python")),
            "warm-up": output.text(_seconds(zygote.get("warm_seconds"))),
            "isolation": output.text(", ".join(f"{one['name']}{'' if one['in_force'] else ' (no)'}" for one in parts)),
            "notes": output.text("; ".join(zygote.get("notes") or [])),
            "restarts": output.text(f"{pool['restarts'] or 0} of the zygote, {pool['bot_restarts']} of bots"),
            "CPU": _cpu(pool["cpu_percent"]),
            "memory of init": _pss(report.get("init_memory")),
            "memory of zygote": _pss(zygote.get("memory")),
            "memory of agent": _pss(report.get("agent_memory")),
            "memory of bots": _pss(report.get("bots_memory")),
            "memory in all": _memory(pool),
            "conditions": output.text("; ".join(condition["message"] for condition in pool["conditions"])),
        }
    )


def _pool_row(pool: dict[str, Any]) -> tuple[str, ...]:
    report = pool["report"] or {}
    return (
        output.text(pool["id"]),
        _state(pool),
        output.text(pool["tenant_id"]),
        output.text(pool["node"]),
        output.text(pool["driver"]),
        output.text(pool["image"]),
        _slots(pool),
        _memory(pool),
        _cpu(pool["cpu_percent"]),
        output.text((report.get("zygote") or {}).get("state")),
        output.text("; ".join(condition["message"] for condition in pool["conditions"])),
    )


def _slot_row(slot: dict[str, Any]) -> tuple[str, ...]:
    return (
        output.text(slot["bot"]),
        output.text(slot["owner"]),
        output.state(slot["observed_state"], slot["desired_state"]),
        output.megabytes(slot["pss_bytes"]),
        _cpu(slot["cpu_percent"]),
        output.text(slot["restarts"]),
        output.duration(slot["uptime_seconds"]),
        output.text(slot["open_trades"]),
        output.text(slot["moving_to"]),
        output.text(slot["bot_id"]),
    )


def _state(pool: dict[str, Any]) -> str:
    desired = pool["desired_state"]
    marks = " (draining)" if pool["draining"] else " (cordoned)" if pool["cordoned"] and desired == "running" else ""
    return output.state(pool["observed_state"]) + (" → removed" if desired == "removed" else marks)


def _slots(pool: dict[str, Any]) -> str:
    return f"{pool['slots_used']}/{pool['slots_total']}"


def _memory(pool: dict[str, Any]) -> str:
    used, limit = output.megabytes(pool["pss_bytes"]), pool["memory_limit_bytes"]
    return used if limit is None else f"{used} of {output.megabytes(limit)}"


def _cpu(value: Any) -> str:
    return "-" if value is None else f"{float(value):.1f} %"


def _pss(memory: dict[str, Any] | None) -> str:
    return output.megabytes(memory["pss_bytes"] if memory else None)


def _seconds(value: Any) -> str | None:
    return None if value is None else f"{float(value):.1f} s"
