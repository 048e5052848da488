"""`flotilla users …`: who there is, what each is and may have; for administrators."""

from typing import Annotated, Any

import typer
from flotilla_client.api import users as calls
from flotilla_client.api.sessions import end_user_sessions
from flotilla_client.models import (
    InvitationCreate,
    PasswordReset,
    QuotasChange,
    UserChange,
    UserCreate,
    UserCreateRole,
    UserDeactivate,
    UserReactivate,
    UserResponse,
)

from api.cli import output
from api.cli.client import Answer
from api.cli.options import AsJson, Reason, Url, Yes, confirm, connect

app = typer.Typer(no_args_is_help=True, help="Users, for administrators: list, invite, change, deactivate.")

User = Annotated[str, typer.Argument(metavar="USER", help="Name or id of the user.")]
Role = Annotated[UserCreateRole, typer.Option("--role", help="admin, trader or viewer.")]

DEFAULT = "default"


@app.command("list")
def list_users(as_json: AsJson = False, url: Url = None) -> None:
    """List all users, deactivated ones included."""
    with connect(url) as client:
        found = client.every(calls.list_users, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (
            output.text(user.username),
            output.text(user.id),
            output.text(user.role),
            "yes" if user.may_trade_live else "no",
            output.age(user.created_at),
            "" if user.deactivated_at is None else "deactivated",
        )
        for user in found.body
    ]
    output.print_table(("NAME", "ID", "ROLE", "LIVE", ">AGE", "STATE"), rows, "No users yet.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and . _ @ + -")],
    role: Role = "trader",
    live: Annotated[bool, typer.Option("--live", help="His bots may trade with real money.")] = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Make a user with a first password, told once, that he must change. An invitation is better: only he knows it."""
    body = UserCreate(username=name, role=role, may_trade_live=live, reason=reason)
    with connect(url) as client:
        made = client.ask(calls.create_user, client=client.api, body=body)
    if as_json:
        output.print_json(made.json)
        return
    output.show(f"User {output.text(made.body.user.username)} is a {output.text(made.body.user.role)}.")
    output.show(f"His first password, told this once: {output.text(made.body.password)}")
    output.show("He must change it before anything else: flotilla account password.")


@app.command()
def invite(
    role: Role = "trader",
    note: Annotated[str, typer.Option("--note", help="For whom, in your words.")] = "",
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Make an invitation, with which somebody makes himself one account within seven days."""
    with connect(url) as client:
        body = InvitationCreate(role=role, note=note, reason=reason)
        made = client.ask(calls.create_invitation, client=client.api, body=body)
    if as_json:
        output.print_json(made.json)
        return
    output.show(f"Good for one {output.text(role)} until {output.text(made.body.invitation.expires_at)[:16]} UTC.")
    output.show(f"Give it to whom you invite, told this once: {output.text(made.body.token)}")


@app.command()
def invitations(as_json: AsJson = False, url: Url = None) -> None:
    """List invitations that are open."""
    with connect(url) as client:
        found = client.ask(calls.list_invitations, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (output.text(one.id), output.text(one.role), output.text(one.note), output.text(one.expires_at)[:16])
        for one in found.body.items
    ]
    output.print_table(("ID", "ROLE", "NOTE", "EXPIRES"), rows, "No invitation is open.")


@app.command()
def uninvite(
    invitation: Annotated[str, typer.Argument(metavar="ID", help="Id of the invitation.")], url: Url = None
) -> None:
    """Take an invitation back."""
    with connect(url) as client:
        client.ask(calls.revoke_invitation, invitation, client=client.api)
    output.show("Nobody may accept it any more.")


@app.command()
def role(
    user: User,
    role: Annotated[UserCreateRole, typer.Argument(metavar="ROLE", help="admin, trader or viewer.")],
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Give a user another role; it counts at once."""
    _change(user, UserChange(role=role, reason=reason), as_json, url)


@app.command()
def live(
    user: User,
    allowed: Annotated[bool, typer.Option("--allow/--forbid", help="Whether his bots may trade with real money.")],
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Say whether a user's bots may trade with real money."""
    _change(user, UserChange(may_trade_live=allowed, reason=reason), as_json, url)


@app.command()
def deactivate(
    user: User,
    halt: Annotated[bool, typer.Option("--halt", help="His bots open nothing more, either.")] = False,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Let a user in no more: his sign-ins and API tokens end at once. His live bots open
    nothing more, their exits go on; dry ones go on, unless they are halted."""
    confirm(yes, f"Let {user} in no more?")
    with connect(url) as client:
        body = UserDeactivate(halt=halt, reason=reason)
        done = client.ask(calls.deactivate_user, user, client=client.api, body=body)
    if as_json:
        output.print_json(done.json)
        return
    bots = output.count(done.body.bots_trading, "bot")
    told = "halted" if done.body.halted else f"{bots} of his trade on"
    output.show(f"User {output.text(done.body.user.username)} is let in no more; {told}.")


@app.command()
def reactivate(user: User, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Let a user in again; sign-ins and API tokens of before stay ended."""
    with connect(url) as client:
        _show(client.ask(calls.reactivate_user, user, client=client.api, body=UserReactivate(reason)), as_json)


@app.command()
def password(user: User, yes: Yes = False, reason: Reason = "", as_json: AsJson = False, url: Url = None) -> None:
    """Give a user who lost his password another one, told once, that he must change; it ends his sign-ins."""
    confirm(yes, f"Give {user} another password?")
    with connect(url) as client:
        done = client.ask(calls.reset_user_password, user, client=client.api, body=PasswordReset(reason))
    if as_json:
        output.print_json(done.json)
    else:
        output.show(f"His new password, told this once: {output.text(done.body.password)}")


@app.command("sign-out")
def sign_out(user: User, yes: Yes = False, as_json: AsJson = False, url: Url = None) -> None:
    """End all sign-ins of a user; he may sign in again."""
    confirm(yes, f"Sign {user} out everywhere?")
    with connect(url) as client:
        done = client.ask(end_user_sessions, user, client=client.api)
    if as_json:
        output.print_json(done.json)
    else:
        output.show(f"{output.count(done.body.ended, 'sign-in')} ended.")


@app.command()
def quotas(
    user: User,
    bots: Annotated[
        str | None, typer.Option("--bots", help="Bots that he may have; `default`: as the settings say.")
    ] = None,
    memory: Annotated[
        str | None, typer.Option("--memory", help="Memory that his bots and pools may use, in MB; or `default`.")
    ] = None,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show what a user may have, and has; or change it. Nothing that he has is stopped."""
    body = QuotasChange(reason=reason)
    if bots is not None:
        body.max_bots = _number(bots, "--bots")
    if memory is not None:
        megabytes = _number(memory, "--memory")
        body.max_memory_bytes = None if megabytes is None else megabytes * 1_000_000
    with connect(url) as client:
        if bots is None and memory is None:
            answer = client.ask(calls.get_user_quotas, user, client=client.api)
        else:
            answer = client.ask(calls.update_user_quotas, user, client=client.api, body=body)
    if as_json:
        output.print_json(answer.json)
        return
    found = answer.body
    output.print_fields(
        {
            "user": output.text(f"{found.username} ({found.user_id})"),
            "bots": _share(found.bots, found.allowed_bots, found.max_bots),
            "memory": _share(
                output.megabytes(found.memory_bytes),
                None if found.allowed_memory_bytes is None else output.megabytes(found.allowed_memory_bytes),
                found.max_memory_bytes,
            ),
        }
    )


def _change(user: str, body: UserChange, as_json: bool, url: str | None) -> None:
    with connect(url) as client:
        _show(client.ask(calls.update_user, user, client=client.api, body=body), as_json)


def _show(found: Answer[UserResponse], as_json: bool) -> None:
    if as_json:
        output.print_json(found.json)
        return
    user = found.body
    output.print_fields(
        {
            "user": output.text(f"{user.username} ({user.id})"),
            "role": output.text(user.role),
            "live": "may trade with real money" if user.may_trade_live else "no",
            "state": "active" if user.deactivated_at is None else "deactivated",
        }
    )


def _number(written: str, option: str) -> int | None:
    if written == DEFAULT:
        return None
    if not (written.isascii() and written.isdigit()):
        raise typer.BadParameter(f"Write a number, or `{DEFAULT}`.", param_hint=option)
    return int(written)


def _share(used: Any, allowed: Any, own: Any) -> str:
    if allowed is None:
        return output.text(f"{used}, no limit")
    return output.text(f"{used} of {allowed}" + ("" if own is not None else " (default)"))
