"""`flotilla keys …`: keys of exchange accounts. Secrets are asked for, or read from standard input, one a line: a
command line is seen by every user of the machine, and kept in the shell's history."""

import sys
from datetime import datetime
from typing import Annotated

import typer
from flotilla_client.api import exchange_keys as calls
from flotilla_client.models import (
    KeyCreate,
    KeyPatch,
    KeyResponse,
    KeySecrets,
    PaperKeyCreate,
    PaperKeyCreateBalances,
    RotateRequest,
)
from flotilla_client.types import UNSET

from api.cli import output
from api.cli.client import Answer, ApiClient
from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Reason, Url, Yes, confirm, connect

app = typer.Typer(no_args_is_help=True, help="Exchange keys: enter, check, rename, replace, remove; what seals them.")

_WITH_PASSPHRASE = frozenset({"okx"})

Key = Annotated[str, typer.Argument(metavar="KEY", help="Name or id of the key.")]
Days = Annotated[int | None, typer.Option("--rotate-after", help="Days after which to be reminded to replace it.")]


@app.command("list")
def list_keys(as_json: AsJson = False, url: Url = None) -> None:
    """List your exchange keys."""
    with connect(url) as client:
        found = client.ask(calls.list_exchange_keys, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    rows = [
        (
            output.text(key.name),
            output.text(key.exchange),
            _state(key),
            output.text(" ".join(key.permissions)),
            output.text(" ".join(key.bots) or None),
            output.text(_day(key.expires_at)),
            output.text(key.id),
        )
        for key in found.body.items
    ]
    columns = ("NAME", "EXCHANGE", "STATE", "MAY", "LIVE BOTS", "EXPIRES", "ID")
    output.print_table(columns, rows, "No exchange keys. Enter one with `flotilla keys add`.")


@app.command()
def show(key: Key, as_json: AsJson = False, url: Url = None) -> None:
    """Show one key; nothing secret of it is ever told."""
    with connect(url) as client:
        _print(client.ask(calls.get_exchange_key, find(client, key).id, client=client.api), as_json)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    exchange: Annotated[str, typer.Option("--exchange", "-e", help="`binance`, `bybit`, `okx`, or `paper`.")],
    rotate_after: Days = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Enter a key. Its exchange is asked first; one that may withdraw is refused. Key, secret and, where there is one,
    passphrase are asked for, or read from standard input, one a line."""
    with connect(url) as client:
        secrets = read_secrets(exchange)
        body = KeyCreate(
            name=name,
            exchange=exchange,
            key=secrets.key,
            secret=secrets.secret,
            password=secrets.password,
            rotate_after_days=rotate_after,
        )
        _print(client.ask(calls.create_exchange_key, client=client.api, body=body), as_json)


@app.command()
def paper(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    balance: Annotated[
        list[str] | None, typer.Option("--balance", metavar="ASSET=AMOUNT", help="Repeatable; default USDT=10000.")
    ] = None,
    futures: Annotated[str, typer.Option(help="USDT as margin for futures.")] = "0",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Get a key of a new account on the paper exchange: live trading can be tried with it, with play money."""
    body = PaperKeyCreate(name=name, futures=futures)
    if balance:
        body.balances = PaperKeyCreateBalances.from_dict(dict(_balance(one) for one in balance))
    with connect(url) as client:
        _print(client.ask(calls.create_paper_key, client=client.api, body=body), as_json)


@app.command()
def check(key: Key, as_json: AsJson = False, url: Url = None) -> None:
    """Ask the key's exchange once more what it may do."""
    with connect(url) as client:
        _print(client.ask(calls.check_exchange_key, find(client, key).id, client=client.api), as_json)


@app.command()
def replace(key: Key, rotate_after: Days = None, as_json: AsJson = False, url: Url = None) -> None:
    """Put another key of the same account in its place; live bots get it at once. Secrets are read as by `add`."""
    with connect(url) as client:
        found = find(client, key)
        body = read_secrets(found.exchange)
        body.rotate_after_days = rotate_after
        _print(client.ask(calls.replace_exchange_key, found.id, client=client.api, body=body), as_json)


@app.command()
def remind(
    key: Key,
    days: Annotated[int | None, typer.Option("--days", help="From today; without it never.")] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Set when to be reminded to replace the key."""
    with connect(url) as client:
        body = KeyPatch(rotate_after_days=days)
        _print(client.ask(calls.update_exchange_key, find(client, key).id, client=client.api, body=body), as_json)


@app.command()
def rename(
    key: Key,
    name: Annotated[str, typer.Argument(help="The new name.")],
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Give a key another name."""
    with connect(url) as client:
        body = KeyPatch(name=name)
        _print(client.ask(calls.update_exchange_key, find(client, key).id, client=client.api, body=body), as_json)


@app.command()
def remove(key: Key, yes: Yes = False, url: Url = None) -> None:
    """Forget a key for good. Delete it at the exchange, too."""
    with connect(url) as client:
        found = find(client, key)
        confirm(yes, f"Forget the key {found.name} of {found.exchange}?")
        client.ask(calls.delete_exchange_key, found.id, client=client.api)
    typer.echo(f"{found.name} is removed; delete it at {found.exchange}, too.")


@app.command()
def vault(as_json: AsJson = False, url: Url = None) -> None:
    """Show where the key-encryption key comes from and whether it is right; for administrators."""
    with connect(url) as client:
        found = client.ask(calls.get_vault, client=client.api)
    told = found.body
    if as_json:
        output.print_json(found.json)
    else:
        numbers = told.wrapping.to_dict().items()
        wrapping = ", ".join(f"{name}: {output.count(number, 'key')}" for name, number in numbers)
        output.print_fields(
            {
                "source": output.text(told.source),
                "problem": output.text(told.problem),
                "at hand": output.text(", ".join(told.at_hand)),
                "seals": output.text(wrapping),
            }
        )
    if told.problem is not None:
        raise typer.Exit(ExitCode.ERROR)


@app.command()
def rotate(
    lost: Annotated[
        bool, typer.Option("--lost", help="The present one is lost: exchange keys under it must be replaced.")
    ] = False,
    yes: Yes = False,
    reason: Reason = "",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Change the key-encryption key, while bots trade on; for administrators. Where it comes from a variable, a command
    or a file of your own, put the new one in front of the others first."""
    if lost:
        confirm(yes, "Is the key-encryption key lost for good? Every exchange key has to be entered again then.")
    with connect(url) as client:
        found = client.ask(calls.rotate_vault, client=client.api, body=RotateRequest(lost=lost, reason=reason))
    if as_json:
        output.print_json(found.json)
        return
    done = found.body
    if done.new_kek is not None:
        typer.echo(f"Made the key-encryption key {done.new_kek}: keep a copy of it, apart from backups.")
    typer.echo(f"{output.count(done.rewrapped, 'exchange key')} wrapped anew.")
    for number, why in ((done.damaged, "damaged"), (done.locked, "under a key that is not there")):
        if number:
            typer.echo(f"{output.count(number, 'exchange key')} {why}: replace with `flotilla keys replace`.")


def find(client: ApiClient, name: str) -> KeyResponse:
    """By name or id. Raises CliError."""
    for key in client.ask(calls.list_exchange_keys, client=client.api).body.items:
        if name in (key.id, key.name):
            return key
    raise CliError(f"There is no exchange key {name}; see `flotilla keys list`.", ExitCode.NOT_FOUND)


def read_secrets(exchange: str) -> KeySecrets:
    """Key, secret and passphrase, asked for where there is a terminal. Raises CliError."""
    if sys.stdin.isatty():
        asked = ["API key", "Secret", *(["Passphrase"] if exchange in _WITH_PASSPHRASE else [])]
        given: list[str] = [typer.prompt(name, hide_input=True, err=True).strip() for name in asked]
    else:
        given = [line.strip() for line in sys.stdin.read(65_536).splitlines() if line.strip()]
    if len(given) not in (2, 3):
        raise CliError(
            "Standard input must have the API key, its secret and, where there is one, its passphrase, one a line.",
            ExitCode.USAGE,
        )
    return KeySecrets(given[0], given[1], password=given[2] if len(given) == 3 else UNSET)


def _balance(written: str) -> tuple[str, str]:
    asset, _, amount = written.partition("=")
    if not asset or not amount:
        raise typer.BadParameter("Write ASSET=AMOUNT, such as USDT=5000.", param_hint="--balance")
    return asset.upper(), amount


def _print(found: Answer[KeyResponse], as_json: bool) -> None:
    if as_json:
        output.print_json(found.json)
        return
    key = found.body
    restricted = {True: "some addresses", False: "any address", None: "not told by the exchange"}
    output.print_fields(
        {
            "name": output.text(key.name),
            "id": output.text(key.id),
            "exchange": output.text(key.exchange),
            "state": _state(key),
            "problem": output.text(key.problem),
            "may": output.text(" ".join(key.permissions)),
            "from": output.text(restricted[key.ip_restricted]),
            "look out": output.text(" ".join(key.warnings) or None),
            "fingerprint": output.text(f"{key.fingerprint}, version {key.version}"),
            "wallet": output.text(key.wallet),
            "live bots": output.text(" ".join(key.bots) or None),
            "checked": output.text(key.checked_at),
            "expires": output.text(key.expires_at),
            "replace": output.text(key.rotate_after),
            "last used": output.text(key.last_used_at),
        }
    )


def _state(key: KeyResponse) -> str:
    style = "green" if key.state == "active" else "bold red"
    return f"[{style}]{output.text(key.state)}[/]"


def _day(instant: datetime | None) -> str | None:
    return None if instant is None else f"{instant:%Y-%m-%d}"
