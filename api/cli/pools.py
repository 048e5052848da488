"""`flotilla pools …`: where bots run, and what administrators do to that."""

from typing import Annotated, Any

import typer
from flotilla_client.api import pools as calls
from flotilla_client.models import (
    Act,
    DiskResponse,
    Memory,
    PlanResponse,
    PoolCreate,
    PoolResponse,
    RebalanceRequest,
    RebalanceRequestGoalType0,
    SlotResponse,
)
from flotilla_client.types import Unset

from api.cli import output, rollouts
from api.cli.client import Answer
from api.cli.exits import ExitCode
from api.cli.options import AsJson, Reason, Url, Yes, confirm, connect, given

app = typer.Typer(no_args_is_help=True, help="Pools: list, show, slots; create, cordon, drain, rebalance, roll out.")
app.add_typer(rollouts.app, name="rollout")

Pool = Annotated[str, typer.Argument(metavar="POOL", help="Id of the pool.")]


@app.command("list")
def list_pools(as_json: AsJson = False, url: Url = None) -> None:
    """List pools: yours and shared ones, all for administrators."""
    with connect(url) as client:
        pools = client.every(calls.list_pools, client=client.api)
    if as_json:
        output.print_json(pools.json)
        return
    columns = ("ID", "STATE", "TENANT", "NODE", "DRIVER", "IMAGE", ">SLOTS", ">MEMORY", ">CPU", "ZYGOTE", "CONDITION")
    output.print_table(columns, [_pool_row(pool) for pool in pools.body], "No pools.")


@app.command("show")
def show_pool(pool_id: Pool, as_json: AsJson = False, url: Url = None) -> None:
    """Show a pool."""
    with connect(url) as client:
        _print_pool(client.ask(calls.get_pool, pool_id, client=client.api), as_json)


@app.command("slots")
def list_slots(pool_id: Pool, as_json: AsJson = False, url: Url = None) -> None:
    """List the bots in a pool: whose they are, what they do and take."""
    with connect(url) as client:
        slots = client.every(calls.list_slots, pool_id, client=client.api)
    if as_json:
        output.print_json(slots.json)
        return
    columns = ("BOT", "OWNER", "STATE", ">MEMORY", ">CPU", ">RESTARTS", ">UPTIME", ">TRADES", "MOVING TO", "ID")
    output.print_table(columns, [_slot_row(slot) for slot in slots.body], "No bots.")


@app.command("disks")
def list_disks(as_json: AsJson = False, url: Url = None) -> None:
    """List what removed pools left on disk; `flotilla pools delete POOL --purge` deletes it for good."""
    with connect(url) as client:
        disks = client.every(calls.list_disks, client=client.api)
    if as_json:
        output.print_json(disks.json)
        return
    columns = ("POOL", "DRIVER", "TENANT", ">REMOVED", "IN USE", "IMAGE")
    output.print_table(columns, [_disk_row(disk) for disk in disks.body], "Removed pools left nothing.")


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
    body = PoolCreate(
        tenant_id=given(tenant),
        slots_total=given(slots),
        memory_limit_bytes=given(None if memory is None else memory * 1_000_000),
        image=given(image),
        reason=reason,
    )
    with connect(url) as client:
        _print_pool(client.ask(calls.create_pool, client=client.api, body=body), as_json)


@app.command()
def cordon(pool_id: Pool, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Place no new bot in a pool; those that are there go on."""
    with connect(url) as client:
        _print_pool(client.ask(calls.cordon_pool, pool_id, client=client.api, body=Act(reason)), as_json)


@app.command()
def uncordon(pool_id: Pool, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Let a pool take bots again; ends a drain too."""
    with connect(url) as client:
        _print_pool(client.ask(calls.uncordon_pool, pool_id, client=client.api, body=Act(reason)), as_json)


@app.command()
def drain(pool_id: Pool, yes: Yes = False, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Move a pool's bots to other pools, one after another."""
    confirm(yes, f"Move every bot of {pool_id} to other pools? Each stops for some seconds.")
    with connect(url) as client:
        _print_pool(client.ask(calls.drain_pool, pool_id, client=client.api, body=Act(reason)), as_json)


@app.command()
def restart(pool_id: Pool, yes: Yes = False, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Restart a pool with all its bots; open trades are kept."""
    confirm(yes, f"Restart {pool_id} with all its bots?")
    with connect(url) as client:
        order = client.ask(calls.restart_pool, pool_id, client=client.api, body=Act(reason))
    _print_done(order.json, as_json, f"Pool {output.text(pool_id)} will be restarted.")


@app.command("rotate-token")
def rotate_token(pool_id: Pool, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Replace the token that the control plane and a pool's agent share; bots go on."""
    with connect(url) as client:
        done = client.ask(calls.rotate_pool_token, pool_id, client=client.api, body=Act(reason))
    _print_done(done.json, as_json, f"Pool {output.text(pool_id)} has a new token.")


@app.command()
def check(pool_id: Pool, as_json: AsJson = False, url: Url = None) -> None:
    """Ask a pool now how it is; exit code 1 where something is wrong."""
    with connect(url) as client:
        found = client.ask(calls.check_pool, pool_id, client=client.api)
    health = found.body
    if as_json:
        output.print_json(found.json)
    else:
        rows = [
            (output.text(one.name), "[green]well[/]" if one.ok else "[bold red]no[/]", output.text(one.detail))
            for one in health.checks
        ]
        output.print_table(("CHECK", "WELL", "WHAT"), rows, "Nothing was checked.")
    if not health.healthy:
        raise typer.Exit(int(ExitCode.ERROR))


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
    with connect(url) as client:
        gone = client.ask(
            calls.delete_pool,
            pool_id,
            client=client.api,
            purge=given(purge or None),
            confirm=pool_id if purge else None,
            reason=reason,
        )
    _print_done(gone.json, as_json, f"Pool {output.text(pool_id)} will be {'purged' if purge else 'deleted'}.")


@app.command()
def rebalance(
    goal: Annotated[
        RebalanceRequestGoalType0 | None,
        typer.Option(help="`spread` or `pack`; as the settings place bots without it."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show how bots would be moved so that pools are used well, and do just that once it is confirmed."""
    body = RebalanceRequest(reason=reason, goal=given(goal), dry_run=True)
    with connect(url) as client:
        plan = client.ask(calls.rebalance_pools, client=client.api, body=body)
        if not as_json:
            _print_plan(plan.body)
        if not dry_run and plan.body.moves:
            confirm(yes, "Move these bots?")
            body.dry_run, body.plan_id = False, plan.body.plan_id
            plan = client.ask(calls.rebalance_pools, client=client.api, body=body)
    if as_json:
        output.print_json(plan.json)
    elif plan.body.applied:
        output.show("The moves were asked for; see `flotilla moves`.")


@app.command()
def sync(reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Ask every pool again, and have mended what does not fit. Deletes no bot."""
    with connect(url) as client:
        found = client.ask(calls.sync_pools, client=client.api, body=Act(reason))
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (
            output.text(pool.pool_id),
            output.text(pool.slots),
            output.text(" ".join(pool.missing)),
            output.text(" ".join(pool.foreign)),
            output.text(pool.problem),
        )
        for pool in found.body.pools
    ]
    output.print_table(("POOL", ">SLOTS", "MISSING", "FOREIGN", "PROBLEM"), rows, "No pools.")


def _print_done(body: Any, as_json: bool, sentence: str) -> None:
    if as_json:
        output.print_json(body)
    else:
        output.show(sentence)


def _print_plan(plan: PlanResponse) -> None:
    rows = [
        (
            output.text(move.bot_id),
            output.text(move.source_pool_id),
            output.text(move.target_pool_id),
            output.text(move.why),
        )
        for move in plan.moves
    ]
    output.print_table(("BOT", "FROM", "TO", "WHY"), rows, "Nothing to move.")
    if not rows:
        return
    output.show("")
    uses = [
        (
            output.text(use.pool_id),
            f"{use.bots_before} → {use.bots_after}",
            output.text(use.slots_total),
            f"{output.megabytes(use.memory_before_bytes)} → {output.megabytes(use.memory_after_bytes)}",
            output.megabytes(use.memory_limit_bytes),
        )
        for use in plan.pools
    ]
    output.print_table(("POOL", ">BOTS", ">SLOTS", ">MEMORY", ">LIMIT"), uses, "No pools.")


def _print_pool(found: Answer[PoolResponse], as_json: bool) -> None:
    if as_json:
        output.print_json(found.json)
        return
    pool = found.body
    report = pool.report
    zygote = report.zygote if report else None
    isolation = (report and report.isolation) or (zygote and zygote.isolation)
    parts = isolation.parts if isolation else []
    output.print_fields(
        {
            "id": output.text(pool.id),
            "state": _state(pool),
            "tenant": output.text(pool.tenant_id),
            "node": output.text(pool.node),
            "driver": output.text(pool.driver),
            "image": output.text(pool.image),
            "image id": output.text(pool.image_id),
            "slots": _slots(pool),
            "version": output.text(pool.image_version),
            "protocol": output.text(pool.protocol),
            "zygote": output.text(zygote and zygote.state),
            "FreqTrade": output.text(zygote and zygote.freqtrade),
            "Python": output.text(zygote and zygote.python),
            "warm-up": output.text(_seconds(zygote and zygote.warm_seconds)),
            "isolation": output.text(", ".join(f"{one.name}{'' if one.in_force else ' (no)'}" for one in parts)),
            "notes": output.text("; ".join((zygote and zygote.notes) or [])),
            "restarts": output.text(f"{pool.restarts or 0} of the zygote, {pool.bot_restarts} of bots"),
            "CPU": _cpu(pool.cpu_percent),
            "memory of init": _pss(report.init_memory if report else None),
            "memory of zygote": _pss(zygote.memory if zygote else None),
            "memory of agent": _pss(report.agent_memory if report else None),
            "memory of bots": _pss(report.bots_memory if report else None),
            "memory in all": _memory(pool),
            "conditions": output.text("; ".join(condition.message for condition in pool.conditions)),
        }
    )


def _pool_row(pool: PoolResponse) -> tuple[str, ...]:
    return (
        output.text(pool.id),
        _state(pool),
        output.text(pool.tenant_id),
        output.text(pool.node),
        output.text(pool.driver),
        output.image(pool.image),
        _slots(pool),
        _memory(pool),
        _cpu(pool.cpu_percent),
        output.text(pool.report and pool.report.zygote.state),
        output.text("; ".join(condition.message for condition in pool.conditions)),
    )


def _disk_row(disk: DiskResponse) -> tuple[str, ...]:
    return (
        output.text(disk.pool_id),
        output.text(disk.driver),
        output.text(disk.tenant_id),
        output.age(disk.removed_at),
        "[bold red]yes[/]" if disk.in_use else "no",
        output.image(disk.image_id),
    )


def _slot_row(slot: SlotResponse) -> tuple[str, ...]:
    return (
        output.text(slot.bot),
        output.text(slot.owner),
        output.state(slot.observed_state, slot.desired_state),
        output.megabytes(slot.pss_bytes),
        _cpu(slot.cpu_percent),
        output.text(slot.restarts),
        output.duration(slot.uptime_seconds),
        output.text(slot.open_trades),
        output.text(slot.moving_to),
        output.text(slot.bot_id),
    )


def _state(pool: PoolResponse) -> str:
    desired = pool.desired_state
    marks = " (draining)" if pool.draining else " (cordoned)" if pool.cordoned and desired == "running" else ""
    return output.state(pool.observed_state) + (" → removed" if desired == "removed" else marks)


def _slots(pool: PoolResponse) -> str:
    return f"{pool.slots_used}/{pool.slots_total}"


def _memory(pool: PoolResponse) -> str:
    used, limit = output.megabytes(pool.pss_bytes), pool.memory_limit_bytes
    return used if limit is None else f"{used} of {output.megabytes(limit)}"


def _cpu(value: Any) -> str:
    return "-" if value is None else f"{float(value):.1f} %"


def _pss(memory: Memory | Unset | None) -> str:
    return output.megabytes(memory.pss_bytes if memory else None)


def _seconds(value: Any) -> str | None:
    return None if value is None else f"{float(value):.1f} s"
