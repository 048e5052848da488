"""`flotilla risk`, `halt`, `reduce`, `release`: what bots may do, and the kill switch, also without a control plane."""

from typing import Annotated

import typer
from flotilla_client.api.risk import get_risk, halt_risk, reduce_risk, release_risk
from flotilla_client.models import (
    ActResponse,
    HaltRequest,
    HaltRequestScope,
    ReduceRequest,
    ReleaseRequest,
    RiskResponse,
)
from flotilla_client.types import UNSET, Unset

from api.cli import bots, flags, output
from api.cli.client import Answer, ApiClient
from api.cli.exits import CliError, ExitCode, Refused
from api.cli.options import AsJson, Reason, Url, Yes, confirm, connect, given

Bot = Annotated[str | None, typer.Option("--bot", "-b", help="Name or id of one bot.")]
User = Annotated[str | None, typer.Option("--user", help="All bots of another user, id or name; for administrators.")]
Fleet = Annotated[bool, typer.Option("--fleet", help="Everything; for administrators.")]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="By flag files in FLOTILLA_HOME, or, where it has no pools, in those that Docker has here: no control "
        "plane, database or bus is needed.",
    ),
]
Installation = Annotated[
    str | None,
    typer.Option("--installation", help="With --offline: pools that are containers, of this installation."),
]
_MODES = {"active": "green", "reducing": "yellow", "halted": "bold red"}


def risk(
    user: Annotated[str | None, typer.Option("--user", help="Of another user; for administrators.")] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show what your bots may do and why, how far every limit is used, and what is reserved."""
    with connect(url) as client:
        found = client.ask(get_risk, client=client.api, user=user)
    if as_json:
        output.print_json(found.json)
        return
    _print_risk(found.body)


def halt(
    flatten: Annotated[bool, typer.Option("--flatten", help="Also close everything.")] = False,
    bot: Bot = None,
    user: User = None,
    fleet: Fleet = False,
    offline: Offline = False,
    installation: Installation = None,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Halt your bots, one of them, or everything: no new risk, resting entries cancelled; stops stay."""
    if offline:
        if user is not None:
            raise CliError("Offline, nobody knows whose a bot is: name one with --bot ID, or halt all.", ExitCode.USAGE)
        flags.halt(bot, installation, flatten=flatten, reason=reason, as_json=as_json)
        return
    if flatten:
        confirm(yes, "Close every open trade of these bots at the market, and halt them?")
    with connect(url) as client:
        scope, bot_id = _target(client, bot, user, fleet)
        body = HaltRequest(scope=scope, bot_id=bot_id, user=given(user), flatten=flatten, reason=reason)
        done = client.ask(halt_risk, client=client.api, body=body)
    _print_act(done, as_json, "halted" + (" and being flattened" if flatten else ""))


def reduce(
    fraction: Annotated[
        str | None, typer.Option("--fraction", help="Also close so much of each open trade, such as 0.5.")
    ] = None,
    bot: Bot = None,
    user: User = None,
    fleet: Fleet = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Let your bots only exit from now on."""
    with connect(url) as client:
        scope, bot_id = _target(client, bot, user, fleet)
        body = ReduceRequest(scope=scope, bot_id=bot_id, user=given(user), fraction=given(fraction), reason=reason)
        done = client.ask(reduce_risk, client=client.api, body=body)
    _print_act(done, as_json, "reducing")


def release(
    bot: Bot = None,
    user: User = None,
    fleet: Fleet = False,
    offline: Offline = False,
    installation: Installation = None,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Release what was halted or reduced with the same scope, after a second confirmation."""
    if offline:
        flags.release(bot, installation, as_json=as_json)
        return
    with connect(url) as client:
        scope, bot_id = _target(client, bot, user, fleet)
        body = ReleaseRequest(scope=scope, bot_id=bot_id, user=given(user), reason=reason)
        try:
            done = client.ask(release_risk, client=client.api, body=body)
        except Refused as refusal:
            if "confirmation" not in refusal.params:
                raise
            for line in refusal.params["consequences"]:
                typer.echo(line, err=True)
            confirm(yes, "Release them?")
            body.confirmation = refusal.params["confirmation"]
            done = client.ask(release_risk, client=client.api, body=body)
    _print_act(done, as_json, "released")


def _target(client: ApiClient, bot: str | None, user: str | None, fleet: bool) -> tuple[HaltRequestScope, str | Unset]:
    """The scope, and the bot's id where it is one. Raises CliError."""
    if sum((bot is not None, user is not None, fleet)) > 1:
        raise CliError("Give one of --bot, --user and --fleet.", ExitCode.USAGE)
    if fleet:
        return "fleet", UNSET
    if bot is not None:
        return "bot", bots.find(client, bot).body.id
    return "user", UNSET


def _print_act(done: Answer[ActResponse], as_json: bool, what: str) -> None:
    if as_json:
        output.print_json(done.json)
        return
    number = len(done.body.bots)
    output.show(f"{output.count(number, 'bot')} {'is' if number == 1 else 'are'} {what}; see `flotilla risk`.")


def _print_risk(body: RiskResponse) -> None:
    output.print_fields(
        {
            "mode": _mode(body.mode),
            "told": output.instant(body.as_of) + ("" if body.current else " (not current)"),
            **({"warming": "nothing is granted until all bots have reported"} if body.warming else {}),
        }
    )
    names = {one.bot_id: one.name for one in body.bots}
    halts = [
        (
            output.text(f"{one.scope} {names.get(one.subject, one.subject)}".strip()),
            _mode(one.mode) + (" flatten" if one.flatten else ""),
            output.text(one.source),
            output.instant(one.at),
            output.instant(one.release_at) if one.release_at else "by hand",
            output.text(one.why),
        )
        for one in body.halts
    ]
    output.show("")
    output.print_table(("HALT", "MODE", "SOURCE", "SINCE", "UNTIL", "WHY"), halts, "Nothing is halted.")
    rows = [
        (
            output.text(one.name),
            output.text(one.trading),
            _mode(one.ordered),
            _mode(one.in_force),
            "yes" if one.leased else "no",
            output.text(one.problem or one.blocked or one.why),
        )
        for one in body.bots
    ]
    output.show("")
    output.print_table(("BOT", "TRADING", "ORDERED", "IN FORCE", "LEASE", "WHY"), rows, "No bots.")
    uses = [
        (
            output.text(one.limit),
            output.text(one.trading),
            output.text(names.get(one.subject, one.subject)),
            output.text(one.used),
            output.text(one.allowed),
        )
        for one in body.uses
    ]
    output.show("")
    output.print_table(("LIMIT", "OF", "WHAT", ">USED", ">ALLOWED"), uses, "No limits across bots are set.")
    reserved = [
        (
            output.text(names.get(one.bot_id, one.bot_id)),
            output.text(one.pair),
            output.text(one.state),
            output.text(one.exposure),
            output.text(one.currency),
        )
        for one in body.reservations
    ]
    output.show("")
    output.print_table(("RESERVED BY", "PAIR", "STATE", ">EXPOSURE", "IN"), reserved, "Nothing is reserved.")


def _mode(mode: str | None) -> str:
    style = _MODES.get(mode or "")
    return output.text(mode) if style is None else f"[{style}]{mode}[/]"
