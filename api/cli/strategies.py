"""`flotilla strategies …`: strategies of one's own, from a file to the bots that run them."""

import time
from pathlib import Path
from typing import Annotated

import typer
from flotilla_client.api import strategies as calls
from flotilla_client.models import (
    CheckAgain,
    Inspection,
    RollBack,
    RolloutStart,
    SharePut,
    SourceResponse,
    StrategiesFindingResponse,
    StrategyCreate,
    TagPut,
    VersionCreate,
    VersionResponse,
)

from api.cli import output
from api.cli.bots import find as find_bot
from api.cli.bots import find_strategy as find
from api.cli.client import Answer
from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Reason, Url, Yes, confirm, connect, given

app = typer.Typer(no_args_is_help=True, help="Your own strategies: upload, check, compare, share, roll out.")

_POLL_SECONDS = 1.0

Name = Annotated[str, typer.Argument(metavar="STRATEGY", help="Name or id of the strategy.")]
File = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The strategy, a Python file.")]
ClassName = Annotated[str | None, typer.Option("--class", help="Which class, where the file has several strategies.")]
Version = Annotated[str, typer.Option("--version", "-v", help="A number, a tag, or `head`.")]
Note = Annotated[str, typer.Option("--note", "-n", help="What changed.")]
Wait = Annotated[bool, typer.Option("--wait", help="Return once it is over; exit code 1 unless it went well.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait at most.")]


@app.command("list")
def list_strategies(as_json: AsJson = False, url: Url = None) -> None:
    """List your strategies, and those that are shared with you."""
    with connect(url) as client:
        found = client.every(calls.list_strategies, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (
            output.text(one.name),
            output.text(one.head.number),
            output.text(one.head.check.state),
            output.text(one.head.class_name),
            output.age(one.updated_at),
            output.text(one.id),
        )
        for one in found.body
    ]
    empty = "No strategies. Upload one with `flotilla strategies upload`."
    output.print_table(("NAME", ">VERSION", "CHECK", "CLASS", ">AGE", "ID"), rows, empty)


@app.command()
def check(file: File, class_name: ClassName = None, as_json: AsJson = False, url: Url = None) -> None:
    """Read a file as the server does, at once and without keeping it; an upload is also tried by a pool."""
    with connect(url) as client:
        body = Inspection(source=_source(file), class_name=given(class_name))
        told = client.ask(calls.inspect_strategy, client=client.api, body=body)
    if as_json:
        output.print_json(told.json)
    else:
        _print_findings(told.body.findings, f"Nothing is wrong with {told.body.class_name} at reading.")
    if not told.body.passed:
        raise CliError("It may not run as it is.", ExitCode.ERROR)


@app.command()
def upload(
    file: File,
    name: Annotated[str | None, typer.Option("--name", help="Of the strategy; the file's without it.")] = None,
    class_name: ClassName = None,
    note: Note = "",
    wait: Wait = False,
    timeout: Timeout = 180,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Keep a file: as a new strategy, or as the next version of the one of that name. No bot changes by this."""
    wanted = name or file.stem
    source, named = _source(file), given(class_name)
    with connect(url) as client:
        known = client.every(calls.list_strategies, client=client.api).body
        ids = [one.id for one in known if one.name == wanted]
        kept: Answer[VersionResponse] | Answer[SourceResponse]
        if ids:
            strategy_id = ids[0]
            next_one = VersionCreate(source=source, class_name=named, note=note)
            kept = client.ask(calls.add_strategy_version, strategy_id, client=client.api, body=next_one)
        else:
            first_one = StrategyCreate(name=wanted, source=source, class_name=named, note=note)
            made = client.ask(calls.create_strategy, client=client.api, body=first_one)
            strategy_id, kept = made.body.id, Answer(made.body.head, made.json["head"])
        deadline = time.monotonic() + timeout
        while wait and kept.body.check.state == "waiting" and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            number = str(kept.body.number)
            kept = client.ask(calls.get_strategy_version, strategy_id, number, client=client.api)
    _print_version(kept, as_json)
    state = kept.body.check.state
    if state == "failed" or (wait and state != "passed"):
        raise CliError(f"The check of version {kept.body.number} has not passed.", ExitCode.ERROR)


@app.command()
def recheck(
    strategy: Name,
    version: Version = "head",
    deep: Annotated[bool, typer.Option("--deep", help="With FreqTrade's lookahead- and recursive-analysis.")] = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Have a version checked anew; `show` tells what came of it."""
    with connect(url) as client:
        strategy_id = find(client, strategy).body.id
        body = CheckAgain(deep=deep)
        checked = client.ask(calls.check_strategy_version, strategy_id, version, client=client.api, body=body)
    _print_version(checked, as_json)


@app.command()
def versions(strategy: Name, as_json: AsJson = False, url: Url = None) -> None:
    """List a strategy's versions, newest first."""
    with connect(url) as client:
        strategy_id = find(client, strategy).body.id
        found = client.every(calls.list_strategy_versions, strategy_id, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (
            output.text(one.number),
            output.text(one.check.state),
            output.text(one.sha256[:12]),
            output.text(", ".join(one.tags)),
            output.age(one.created_at),
            output.text(one.note),
        )
        for one in found.body
    ]
    output.print_table((">VERSION", "CHECK", "SHA-256", "TAGS", ">AGE", "NOTE"), rows, "No versions.")


@app.command()
def show(
    strategy: Name,
    version: Version = "head",
    source: Annotated[bool, typer.Option("--source", help="Print the file alone.")] = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show a version and what its check found, or its source."""
    with connect(url) as client:
        strategy_id = find(client, strategy).body.id
        found = client.ask(calls.get_strategy_version, strategy_id, version, client=client.api)
    if source and not as_json:
        typer.echo(found.body.source, nl=not found.body.source.endswith("\n"))
    else:
        _print_version(found, as_json)


@app.command()
def diff(
    strategy: Name,
    before: Annotated[str, typer.Argument(help="A number, a tag, or `head`.")],
    after: Annotated[str, typer.Argument(help="The same.")] = "head",
    url: Url = None,
) -> None:
    """Compare two versions."""
    with connect(url) as client:
        strategy_id = find(client, strategy).body.id
        told = client.ask(calls.diff_strategy_versions, strategy_id, client=client.api, before=before, after=after)
    typer.echo(told.body.diff, nl=False)


@app.command()
def tag(strategy: Name, name: str, version: Version = "head", url: Url = None) -> None:
    """Name a version; a tag that another one has moves."""
    with connect(url) as client:
        strategy_id = find(client, strategy).body.id
        told = client.ask(calls.tag_strategy_version, strategy_id, name, client=client.api, body=TagPut(version))
    output.show(f"Version {told.body.number} is {output.text(name)}.")


@app.command("roll-back")
def roll_back(strategy: Name, version: int, note: Note = "", as_json: AsJson = False, url: Url = None) -> None:
    """Bring the content of an old version back as the newest. No bot changes by this."""
    with connect(url) as client:
        strategy_id = find(client, strategy).body.id
        body = RollBack(version=version, note=note)
        kept = client.ask(calls.roll_back_strategy, strategy_id, client=client.api, body=body)
    _print_version(kept, as_json)


@app.command()
def share(
    strategy: Name,
    username: str,
    use: Annotated[bool, typer.Option("--use", help="To run bots of it, not only to read it.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the share back; bots that run it go on.")] = False,
    url: Url = None,
) -> None:
    """Share a strategy with another user."""
    with connect(url) as client:
        strategy_id = find(client, strategy).body.id
        if remove:
            client.ask(calls.unshare_strategy, strategy_id, username, client=client.api)
        else:
            body = SharePut("use" if use else "view")
            client.ask(calls.share_strategy, strategy_id, username, client=client.api, body=body)
    output.show("Taken back." if remove else f"{output.text(username)} may {'use' if use else 'read'} it.")


@app.command()
def rollout(
    strategy: Name,
    version: Version = "head",
    bot: Annotated[list[str] | None, typer.Option("--bot", help="Which bot; repeatable, all without it.")] = None,
    wait: Wait = False,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Give bots a version, one after another; the first that does not come up goes back, and it stops."""
    confirm(yes, f"Give {', '.join(bot) if bot else 'all your bots of it'} version {version} of {strategy}?")
    with connect(url) as client:
        body = RolloutStart(version=version, why=reason)
        if bot:
            body.bots = [find_bot(client, one).body.id for one in bot]
        strategy_id = find(client, strategy).body.id
        found = client.ask(calls.roll_out_strategy_version, strategy_id, client=client.api, body=body)
        while wait and found.body.state == "running":
            time.sleep(_POLL_SECONDS)
            found = client.ask(calls.get_strategy_rollout, found.body.id, client=client.api)
    told = found.body
    if as_json:
        output.print_json(found.json)
    else:
        rows = [(output.text(leg.bot_id), output.text(leg.phase), output.text(leg.problem)) for leg in told.legs]
        output.show(f"{told.id}: {told.state}")
        output.print_table(("BOT", "PHASE", "PROBLEM"), rows, "No bots.")
    if wait and told.state != "done":
        raise CliError(f"The roll-out is {told.state}: {told.problem or 'no reason told.'}", ExitCode.ERROR)


@app.command()
def archive(strategy: Name, yes: Yes = False, url: Url = None) -> None:
    """Take a strategy off all lists; refused while bots run it."""
    confirm(yes, f"Archive {strategy}?")
    with connect(url) as client:
        client.ask(calls.archive_strategy, find(client, strategy).body.id, client=client.api)
    output.show("Archived.")


def _source(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"{file} cannot be read as UTF-8 text.", ExitCode.ERROR) from error


def _print_version(found: Answer[VersionResponse] | Answer[SourceResponse], as_json: bool) -> None:
    if as_json:
        output.print_json(found.json)
        return
    version = found.body
    told = version.check
    output.print_fields(
        {
            "version": output.text(version.number),
            "class": output.text(version.class_name),
            "sha-256": output.text(version.sha256),
            "tags": output.text(", ".join(version.tags)),
            "note": output.text(version.note),
            "check": output.text(told.state + (f": {told.waits_for}" if told.waits_for else "")),
            "timeframe": output.text(told.facts.timeframe if told.facts else None),
        }
    )
    _print_findings(told.findings, "")


def _print_findings(findings: list[StrategiesFindingResponse], nothing: str) -> None:
    rows = [
        (output.text(one.line), output.text(one.severity), output.text(one.code), output.text(one.message))
        for one in findings
    ]
    if rows or nothing:
        output.print_table((">LINE", "SEVERITY", "KIND", "MESSAGE"), rows, nothing)
