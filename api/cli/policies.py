"""`flotilla policies …`: the universal rules of all your bots, or of one."""

import sys
from typing import Annotated, cast

import typer
from flotilla_client.api import policies as calls
from flotilla_client.models import DialRequest, Guardrails, PolicyDocument, PolicyOverride, RevertRequest
from flotilla_client.types import UNSET, Unset

from api.cli import bots, output, policy_view
from api.cli.client import ApiClient
from api.cli.documents import Written, read_document
from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Reason, Url, connect, given

app = typer.Typer(
    no_args_is_help=True, help="Policies: show, set, preview, compare, revert; presets, dial, guardrails."
)

Bot = Annotated[
    str | None, typer.Option("--bot", "-b", help="Name or id: what this bot has otherwise than the default.")
]
User = Annotated[str | None, typer.Option("--user", help="Name or id of another user, for administrators.")]
OfGuardrails = Annotated[bool, typer.Option("--guardrails", help="Of the guardrails, for administrators.")]
Document = Annotated[str, typer.Argument(metavar="FILE", help="JSON or YAML; - for standard input.")]
Confirmed = Annotated[bool, typer.Option("--yes", "-y", help="Even if open trades are closed at once by it.")]
IfVersion = Annotated[int | None, typer.Option("--if-version", min=0, help="Only if this version is in force.")]


@app.command()
def show(bot: Bot = None, user: User = None, as_json: AsJson = False, url: Url = None) -> None:
    """Show the document in force as it was written."""
    with connect(url) as client:
        if bot is not None:
            found = client.ask(calls.get_bot_policy, _bot_id(client, bot), client=client.api)
        else:
            found = client.ask(calls.get_default_policy, client=client.api, user=user)
    policy_view.print_policy(found, as_json)


@app.command("set")
def set_policy(
    document: Document,
    bot: Bot = None,
    user: User = None,
    if_version: IfVersion = None,
    yes: Confirmed = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Put a whole document in force; see `preview` first."""
    body = Written(read_document(document))
    version = _tag(if_version)
    with connect(url) as client:
        if bot is not None:
            bot_id, override = _bot_id(client, bot), cast(PolicyOverride, body)
            found = client.ask(
                calls.put_bot_policy,
                bot_id,
                client=client.api,
                body=override,
                reason=given(reason or None),
                confirm=given(yes or None),
                if_match=version,
            )
        else:
            default = cast(PolicyDocument, body)
            found = client.ask(
                calls.put_default_policy,
                client=client.api,
                body=default,
                user=user,
                reason=given(reason or None),
                confirm=given(yes or None),
                if_match=version,
            )
    policy_view.print_policy(found, as_json)


@app.command()
def delete(
    bot: Bot = None, yes: Confirmed = False, reason: Reason = "", as_json: AsJson = False, url: Url = None
) -> None:
    """Have a bot keep your default again."""
    if bot is None:
        raise CliError("Name the bot with --bot; a default is emptied with `policies set`.", ExitCode.USAGE)
    with connect(url) as client:
        bot_id = _bot_id(client, bot)
        found = client.ask(
            calls.delete_bot_policy, bot_id, client=client.api, reason=given(reason or None), confirm=given(yes or None)
        )
    policy_view.print_policy(found, as_json)


@app.command()
def effective(bot: Bot = None, user: User = None, as_json: AsJson = False, url: Url = None) -> None:
    """Show what follows from default, override and guardrails, and where each value is from."""
    with connect(url) as client:
        if bot is not None:
            found = client.ask(calls.get_effective_bot_policy, _bot_id(client, bot), client=client.api)
        else:
            found = client.ask(calls.get_effective_default_policy, client=client.api, user=user)
    if as_json:
        output.print_json(found.json)
        return
    sources = found.body.sources.to_dict()
    rows = [
        (output.text(path), output.text(policy_view.short(value)), output.text(sources.get(path)))
        for path, value in policy_view.leaves(found.body.document.to_dict())
        if value is not None
    ]
    output.print_table(("FIELD", ">VALUE", "FROM"), rows, "Nothing.")
    kept = {True: "kept by the bot", False: "not kept by the bot yet", None: ""}[found.body.in_force]
    output.show(f"Policy {output.text(found.body.label)} {kept}".rstrip())


@app.command()
def versions(
    bot: Bot = None, user: User = None, guardrails: OfGuardrails = False, as_json: AsJson = False, url: Url = None
) -> None:
    """List versions, newest first."""
    with connect(url) as client:
        if guardrails:
            found = client.every(calls.list_guardrails_versions, client=client.api)
        elif bot is not None:
            found = client.every(calls.list_bot_policy_versions, _bot_id(client, bot), client=client.api)
        else:
            found = client.every(calls.list_default_policy_versions, client=client.api, user=user)
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (
            output.text(one.version),
            output.age(one.at),
            output.text(one.by_name or one.by),
            output.text(f"as {one.reverted_from}" if one.reverted_from else policy_view.what(one.document)),
            output.text(one.reason),
        )
        for one in found.body
    ]
    output.print_table((">VERSION", ">AGE", "BY", "SAYS", "WHY"), rows, "No versions.")


@app.command()
def diff(
    before: Annotated[int, typer.Argument(metavar="FROM", min=0, help="A version; 0: the empty document.")],
    after: Annotated[int, typer.Argument(metavar="TO", min=0, help="Another one.")],
    bot: Bot = None,
    user: User = None,
    guardrails: OfGuardrails = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Compare two versions."""
    with connect(url) as client:
        if guardrails:
            found = client.ask(calls.diff_guardrails, client=client.api, from_=before, to=after)
        elif bot is not None:
            bot_id = _bot_id(client, bot)
            found = client.ask(calls.diff_bot_policy, bot_id, client=client.api, from_=before, to=after)
        else:
            found = client.ask(calls.diff_default_policy, client=client.api, from_=before, to=after, user=user)
    if as_json:
        output.print_json(found.json)
    else:
        policy_view.print_changes(found.body.changes)


@app.command()
def revert(
    version: Annotated[int, typer.Argument(min=1, help="What it said becomes a new version.")],
    bot: Bot = None,
    user: User = None,
    guardrails: OfGuardrails = False,
    yes: Confirmed = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Bring back an old version."""
    with connect(url) as client:
        body = RevertRequest(version=version, reason=reason)
        if guardrails:
            found = client.ask(calls.revert_guardrails, client=client.api, body=body, confirm=given(yes or None))
        elif bot is not None:
            bot_id = _bot_id(client, bot)
            found = client.ask(
                calls.revert_bot_policy, bot_id, client=client.api, body=body, confirm=given(yes or None)
            )
        else:
            found = client.ask(
                calls.revert_default_policy, client=client.api, body=body, confirm=given(yes or None), user=user
            )
    policy_view.print_policy(found, as_json)


@app.command()
def preview(document: Document, bot: Bot = None, user: User = None, as_json: AsJson = False, url: Url = None) -> None:
    """Show what a document would change of open trades right now. Changes nothing."""
    body = Written(read_document(document))
    with connect(url) as client:
        if bot is not None:
            bot_id, override = _bot_id(client, bot), cast(PolicyOverride, body)
            found = client.ask(calls.preview_bot_policy, bot_id, client=client.api, body=override)
        else:
            default = cast(PolicyDocument, body)
            found = client.ask(calls.preview_default_policy, client=client.api, body=default, user=user)
    if as_json:
        output.print_json(found.json)
        return
    rows = [policy_view.trade_row(trade) for trade in found.body.trades if trade.changed]
    columns = ("BOT", "PAIR", ">RATE", ">STOP NOW", ">STOP THEN", ">NEXT LEVEL", "CLOSES AT ONCE")
    output.print_table(columns, rows, "No open trade would change.")
    for trade in found.body.trades:
        if trade.unknown:
            rules = " and ".join(trade.unknown)
            what = f"{rules} of {trade.pair} ({trade.bot}): its bot tells no ATR of that period"
            output.show(f"[yellow]Not known:[/] {output.text(what)}")
    for one in found.body.exceeded:
        of = f" of {one.subject}" if one.subject else ""
        used = f"{one.limit}{of} ({one.mode}): {one.used} used, {one.allowed} allowed"
        output.show(f"[yellow]Exceeded already:[/] {output.text(used)}")


@app.command()
def presets(as_json: AsJson = False, url: Url = None) -> None:
    """List presets."""
    with connect(url) as client:
        found = client.ask(calls.list_policy_presets, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (
            output.text(one.name),
            output.text(one.dial),
            output.text(one.horizon),
            output.text(one.description),
        )
        for one in found.body.items
    ]
    output.print_table(("PRESET", ">DIAL", ">HORIZON", "WHAT"), rows, "No presets.")


@app.command()
def dial(
    setting: Annotated[str, typer.Argument(metavar="DIAL", help="0, most careful, to 100; or the name of a preset.")],
    pair: Annotated[str | None, typer.Option("--pair", help="Whose fall is an emergency; BTC/USDT without it.")] = None,
    zone: Annotated[str | None, typer.Option("--time-zone", help="Such as Europe/Berlin; as now without it.")] = None,
    user: User = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Print the document of a risk dial, for `policies set -`; what it changes goes to standard error."""
    body = DialRequest(time_zone=given(zone), reference_pair=given(pair))
    if setting.isdecimal():
        body.dial = int(setting)
    else:
        body.preset = setting
    with connect(url) as client:
        found = client.ask(calls.dial_policy, client=client.api, body=body, user=user)
    if as_json:
        output.print_json(found.json)
        return
    output.print_json(found.json["document"])
    for line in policy_view.sentences(found.body.changes):
        sys.stderr.write(f"{line}\n")
    for one in found.body.refused:
        sys.stderr.write(f"refused by a guardrail: {one.field} {one.message}\n")


@app.command()
def guardrails(
    document: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="To be set: JSON or YAML; - for standard input.")
    ] = None,
    if_version: IfVersion = None,
    yes: Confirmed = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show what binds every policy, or set it; for administrators."""
    body = None if document is None else cast(Guardrails, Written(read_document(document)))
    version = _tag(if_version)
    with connect(url) as client:
        if body is None:
            found = client.ask(calls.get_guardrails, client=client.api)
        else:
            found = client.ask(
                calls.put_guardrails,
                client=client.api,
                body=body,
                reason=given(reason or None),
                confirm=given(yes or None),
                if_match=version,
            )
    policy_view.print_policy(found, as_json)


def _bot_id(client: ApiClient, bot: str) -> str:
    try:
        return bots.find(client, bot).body.id
    except CliError as error:
        if error.exit_code != ExitCode.NOT_FOUND or not bot.startswith("bot-"):
            raise
        return bot  # another user's, which an administrator reaches by its id


def _tag(version: int | None) -> str | Unset:
    """As `If-Match` has it."""
    return UNSET if version is None else f'"{version}"'
