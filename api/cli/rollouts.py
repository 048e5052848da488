"""`flotilla pools rollout …`: a new image, pool by pool."""

import time
from typing import Annotated

import typer
from flotilla_client.api import pools as calls
from flotilla_client.models import Act, RolloutCreate, RolloutResponse

from api.cli import output
from api.cli.client import Answer, ApiClient
from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Reason, Url, Yes, confirm, connect, given

app = typer.Typer(no_args_is_help=True, help="Roll-outs: start, list, show, abort, rollback.")

_POLL_SECONDS = 1.0
_ACTIVE = {"running", "stopping", "rolling_back"}

Rollout = Annotated[str, typer.Argument(metavar="ROLLOUT", help="Id of the roll-out.")]
Wait = Annotated[bool, typer.Option("--wait", help="Return once it has ended; exit code 1 unless it went well.")]


@app.command()
def start(
    image: Annotated[str | None, typer.Option(help="Image of the new pools; none where they are processes.")] = None,
    pools: Annotated[list[str] | None, typer.Option("--pool", help="Which pool; repeatable, all without it.")] = None,
    wait: Wait = False,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Replace pools one after another; stops by itself at the first bot that is not well."""
    which = ", ".join(pools) if pools else "every pool"
    confirm(yes, f"Replace {which} by new ones of {image or 'the code that is installed now'}? Each bot is moved.")
    body = RolloutCreate(reason=reason, image=given(image), pools=given(pools or None))
    with connect(url) as client:
        _tell(client, client.ask(calls.start_rollout, client=client.api, body=body), wait, {"done"}, as_json)


@app.command("list")
def list_rollouts(as_json: AsJson = False, url: Url = None) -> None:
    """List roll-outs, newest first."""
    with connect(url) as client:
        found = client.every(calls.list_rollouts, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (
            output.text(one.id),
            output.text(one.state),
            output.text(one.image),
            f"{sum(leg.phase == 'done' for leg in one.legs)}/{len(one.legs)}",
            output.text(sum(len(leg.moved) for leg in one.legs)),
            output.age(one.created_at),
            output.text(one.problem),
        )
        for one in found.body
    ]
    output.print_table(("ID", "STATE", "IMAGE", ">POOLS", ">MOVED", ">AGE", "PROBLEM"), rows, "No roll-outs.")


@app.command()
def show(rollout_id: Rollout, wait: Wait = False, as_json: AsJson = False, url: Url = None) -> None:
    """Show a roll-out, pool by pool."""
    with connect(url) as client:
        told = client.ask(calls.get_rollout, rollout_id, client=client.api)
        _tell(client, told, wait, {"done", "rolled_back"}, as_json)


@app.command()
def abort(
    rollout_id: Rollout, wait: Wait = False, reason: Reason = "", as_json: AsJson = False, url: Url = None
) -> None:
    """Move no further bot; the one under way goes back."""
    with connect(url) as client:
        told = client.ask(calls.abort_rollout, rollout_id, client=client.api, body=Act(reason))
        _tell(client, told, wait, {"aborted"}, as_json)


@app.command()
def rollback(
    rollout_id: Rollout,
    wait: Wait = False,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Move every bot back, into new pools of the former image where the old ones are gone."""
    confirm(yes, f"Move every bot of {rollout_id} back?")
    with connect(url) as client:
        told = client.ask(calls.roll_back_rollout, rollout_id, client=client.api, body=Act(reason))
        _tell(client, told, wait, {"rolled_back"}, as_json)


def _tell(client: ApiClient, told: Answer[RolloutResponse], wait: bool, good: set[str], as_json: bool) -> None:
    while wait and (told.body.state in _ACTIVE or told.body.wish):
        time.sleep(_POLL_SECONDS)
        told = client.ask(calls.get_rollout, told.body.id, client=client.api)
    rollout = told.body
    if as_json:
        output.print_json(told.json)
    else:
        _print(rollout)
    if wait and rollout.state not in good:
        raise CliError(f"The roll-out is {rollout.state}: {rollout.problem or 'no reason told.'}", ExitCode.ERROR)


def _print(rollout: RolloutResponse) -> None:
    output.print_fields(
        {
            "id": output.text(rollout.id),
            "state": output.text(rollout.state + (f", to come: {rollout.wish}" if rollout.wish else "")),
            "image": output.text(rollout.image),
            "problem": output.text(rollout.problem),
            "started by": output.text(rollout.actor),
            "reason": output.text(rollout.reason),
            "started": output.text(rollout.created_at),
            "ended": output.text(rollout.ended_at),
        }
    )
    output.show("")
    rows = [
        (
            output.text(leg.source_pool_id),
            output.text(leg.target_pool_id),
            output.text(leg.phase),
            output.text(len(leg.moved)),
            output.text(len(leg.left.additional_properties)),
            output.text(leg.bot_id),
        )
        for leg in rollout.legs
    ]
    output.print_table(("POOL", "REPLACED BY", "PHASE", ">MOVED", ">STAY", "UNDER WAY"), rows, "No pools.")
