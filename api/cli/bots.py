"""`flotilla bots …`: what a user wants of bots, and what they do."""

import json
import time
import uuid
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import typer

from api.cli import output
from api.cli.client import ApiClient, path_of
from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Url, connect

app = typer.Typer(no_args_is_help=True, help="Bots: list, create, start, stop, watch, delete.")

_POLL_SECONDS = 0.5
_SETTLED_BADLY = {"failed", "quarantined"}

Bot = Annotated[str, typer.Argument(metavar="BOT", help="Name or id of the bot.")]
Wait = Annotated[bool, typer.Option("--wait", help="Return once the bot is there, not only once it is wanted.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait at most.")]


class OpenTrades(StrEnum):
    KEEP = "keep"
    FLATTEN = "flatten"


OnOpenTrades = Annotated[
    OpenTrades, typer.Option("--open-trades", help="Keep open trades for the next start, or close them first.")
]


@app.command("list")
def list_bots(
    state: Annotated[str | None, typer.Option(help="Only bots that are seen in this state.")] = None,
    template: Annotated[str | None, typer.Option(help="Only bots of this template.")] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """List bots."""
    filters = {name: value for name, value in (("observed_state", state), ("template", template)) if value}
    with connect(url) as client:
        bots = list(client.items("/api/v1/bots", filters))
    if as_json:
        output.print_json({"items": bots, "next": None})
        return
    columns = ("NAME", "STATE", "TEMPLATE", "EXCHANGE", "POOL", ">MEMORY", ">AGE", "ID", "CONDITION")
    output.print_table(columns, [_row(bot) for bot in bots], "No bots. Create one with `flotilla bots create`.")


@app.command()
def show(bot: Bot, as_json: AsJson = False, url: Url = None) -> None:
    """Show one bot."""
    with connect(url) as client:
        _print_bot(find(client, bot), as_json)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Name of the new bot.")],
    template: Annotated[str, typer.Option("--template", "-t", help="See `flotilla templates list`.")],
    param: Annotated[list[str] | None, typer.Option("--param", "-p", metavar="KEY=VALUE", help="Repeatable.")] = None,
    pairs: Annotated[str | None, typer.Option(help="Separated by commas: BTC/USDT,ETH/USDT.")] = None,
    exchange: Annotated[str | None, typer.Option(help="`paper`, or an exchange id of ccxt.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Candles: 1m, 5m, 1h …")] = None,
    stake_currency: Annotated[str | None, typer.Option(help="Currency that trades are paid with.")] = None,
    stake_amount: Annotated[str | None, typer.Option(help="Stake of one trade.")] = None,
    max_open_trades: Annotated[int | None, typer.Option(help="Trades open at once, at most.")] = None,
    starting_balance: Annotated[str | None, typer.Option(help="Of the dry-run wallet.")] = None,
    wait: Wait = False,
    timeout: Timeout = 120,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Create a bot and start it. What is left out comes from the template."""
    wanted: dict[str, Any] = {
        "name": name,
        "template": template,
        "parameters": parse_parameters(param) if param else None,
        "pairs": [pair.strip() for pair in pairs.split(",") if pair.strip()] if pairs is not None else None,
        "exchange": exchange,
        "timeframe": timeframe,
        "stake_currency": stake_currency,
        "stake_amount": stake_amount,
        "max_open_trades": max_open_trades,
        "starting_balance": starting_balance,
    }
    body = {key: value for key, value in wanted.items() if value is not None}
    with connect(url) as client:
        key = {"Idempotency-Key": str(uuid.uuid4())}
        bot = client.call("POST", "/api/v1/bots", body=body, headers=key)
        if wait:
            bot = _await_state(client, bot["id"], "running", timeout)
        _print_bot(bot, as_json)


@app.command()
def start(bot: Bot, wait: Wait = False, timeout: Timeout = 120, as_json: AsJson = False, url: Url = None) -> None:
    """Start a stopped bot."""
    _change(bot, "start", "running", None, wait, timeout, as_json, url)


@app.command()
def stop(
    bot: Bot,
    open_trades: OnOpenTrades = OpenTrades.KEEP,
    wait: Wait = False,
    timeout: Timeout = 120,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Stop a bot."""
    _change(bot, "stop", "stopped", {"open_trades": open_trades.value}, wait, timeout, as_json, url)


@app.command()
def pause(bot: Bot, wait: Wait = False, timeout: Timeout = 120, as_json: AsJson = False, url: Url = None) -> None:
    """Let a bot manage its open trades, but open no new ones."""
    _change(bot, "pause", "paused", None, wait, timeout, as_json, url)


@app.command()
def resume(bot: Bot, wait: Wait = False, timeout: Timeout = 120, as_json: AsJson = False, url: Url = None) -> None:
    """Let a paused bot trade again."""
    _change(bot, "resume", "running", None, wait, timeout, as_json, url)


@app.command()
def restart(bot: Bot, as_json: AsJson = False, url: Url = None) -> None:
    """Give a bot a new process; also ends its quarantine."""
    _change(bot, "restart", "running", None, False, 0, as_json, url)


@app.command()
def delete(
    bot: Bot,
    open_trades: OnOpenTrades = OpenTrades.KEEP,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Wait = False,
    timeout: Timeout = 120,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Delete a bot. Its directory is archived, not removed."""
    with connect(url) as client:
        found = find(client, bot)
        if not yes:
            typer.confirm(f"Delete bot {found['name']!r} ({found['id']})?", abort=True, err=True)
        client.call("DELETE", path_of("bots", found["id"]), params={"open_trades": open_trades.value})
        if wait:
            _await_gone(client, found["id"], timeout)
        if as_json:
            output.print_json({"id": found["id"], "name": found["name"], "deleted": True})
        else:
            output.show(f"Bot {output.text(found['name'])} {'is deleted' if wait else 'will be deleted'}.")


@app.command()
def logs(
    bot: Bot,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines until Ctrl-C.")] = False,
    tail: Annotated[int, typer.Option("--tail", "-n", min=1, max=5000, help="Lines to begin with.")] = 200,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show a bot's log."""
    with connect(url) as client:
        path = path_of("bots", find(client, bot)["id"], "logs")
        if follow:
            _follow(client, path, tail, as_json)
            return
        page = client.get(path, {"tail": tail})
    if as_json:
        output.print_json(page)
    else:
        for line in page["items"]:
            typer.echo(line)


@app.command()
def events(
    bot: Bot,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show what happened to a bot."""
    with connect(url) as client:
        page = client.get(path_of("bots", find(client, bot)["id"], "events"), {"limit": limit})
    if as_json:
        output.print_json(page)
        return
    rows = [
        (output.text(event["at"])[:19], output.text(event["type"]), output.text(_short(event["data"])))
        for event in page["items"]
    ]
    output.print_table(("AT (UTC)", "EVENT", "WHAT"), rows, "Nothing happened yet.")


def find(client: ApiClient, name_or_id: str) -> dict[str, Any]:
    """The bot of that id, or else of that name. Raises CliError NOT_FOUND."""
    if name_or_id.startswith("bot-"):
        try:
            found: dict[str, Any] = client.get(path_of("bots", name_or_id))
        except CliError as error:
            if error.exit_code not in (ExitCode.NOT_FOUND, ExitCode.INVALID):
                raise
        else:
            return found
    for bot in client.items("/api/v1/bots", {"name": name_or_id}):
        if name_or_id == bot["name"]:
            return bot
    raise CliError(f"There is no bot {name_or_id!r}; see `flotilla bots list`.", ExitCode.NOT_FOUND)


def parse_parameters(given: list[str]) -> dict[str, Any]:
    """`key=value` each; a value that is JSON is taken as such, all else as text. Raises CliError USAGE."""
    parameters: dict[str, Any] = {}
    for entry in given:
        key, equals, value = entry.partition("=")
        if not equals or not key:
            raise CliError(f"--param {entry!r} must be KEY=VALUE, such as ema_fast=9.", ExitCode.USAGE)
        if key in parameters:
            raise CliError(f"--param {key} is given twice; give it once.", ExitCode.USAGE)
        try:
            parameters[key] = json.loads(value, parse_constant=str)
        except ValueError:
            parameters[key] = value
    return parameters


def _change(
    bot: str,
    verb: str,
    goal: str,
    params: dict[str, str] | None,
    wait: bool,
    timeout: float,
    as_json: bool,
    url: str | None,
) -> None:
    with connect(url) as client:
        found = find(client, bot)
        changed = client.call("POST", path_of("bots", found["id"], verb), params=params)
        if wait:
            changed = _await_state(client, found["id"], goal, timeout)
        _print_bot(changed, as_json)


def _await_state(client: ApiClient, bot_id: str, goal: str, timeout: float) -> dict[str, Any]:
    """Polls until the wanted generation is in the wanted state. Raises CliError where it fails or takes too long."""
    deadline = time.monotonic() + timeout
    while True:
        bot: dict[str, Any] = client.get(path_of("bots", bot_id))
        observed = bot["observed_state"]
        if observed == goal and (bot["observed_generation"] >= bot["generation"] or goal == "stopped"):
            return bot
        if observed in _SETTLED_BADLY:
            raise CliError(f"Bot {bot['name']} is {observed}: {_reason(bot)}", ExitCode.ERROR)
        if time.monotonic() >= deadline:
            raise CliError(
                f"Bot {bot['name']} is {observed}, not {goal}, after {timeout:g} s: {_reason(bot)}", ExitCode.ERROR
            )
        time.sleep(_POLL_SECONDS)


def _await_gone(client: ApiClient, bot_id: str, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            client.get(path_of("bots", bot_id))
        except CliError as error:
            if error.exit_code == ExitCode.NOT_FOUND:
                return
            raise
        if time.monotonic() >= deadline:
            raise CliError(f"Bot {bot_id} is still being deleted after {timeout:g} s.", ExitCode.ERROR)
        time.sleep(_POLL_SECONDS)


def _follow(client: ApiClient, path: str, tail: int, as_json: bool) -> None:
    for event, data in client.events(path, {"tail": tail, "follow": "true"}):
        if event == "error":
            raise CliError(data, ExitCode.UNREACHABLE)
        typer.echo(json.dumps({"line": data}, ensure_ascii=False) if as_json else data)


def _print_bot(bot: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.print_json(bot)
        return
    text = output.text
    output.print_fields(
        {
            "name": text(bot["name"]),
            "id": text(bot["id"]),
            "state": output.state(bot["observed_state"], bot["desired_state"]),
            "trader": text(bot["trader_state"]),
            "conditions": text("; ".join(_sentences(bot))),
            "template": text(bot["template"]),
            "parameters": text(", ".join(f"{key}={value}" for key, value in bot["parameters"].items())),
            "exchange": text(f"{bot['exchange']}, {bot['trading_mode']}, {'dry run' if bot['dry_run'] else 'LIVE'}"),
            "pairs": text(" ".join(bot["pairs"])),
            "timeframe": text(bot["timeframe"]),
            "stake": text(
                f"{_plain(bot['stake_amount'])} {bot['stake_currency']}, up to {bot['max_open_trades']} trades"
            ),
            "balance": text(f"{_plain(bot['starting_balance'])} {bot['stake_currency']} at the start"),
            "pool": text(bot["pool"]),
            "memory": _memory(bot),
            "restarts": text(bot["restarts"]),
            "generation": text(f"{bot['generation']} (in force: {bot['observed_generation']})"),
            "created": text(bot["created_at"]),
        }
    )


def _row(bot: dict[str, Any]) -> tuple[str, ...]:
    return (
        output.text(bot["name"]),
        output.state(bot["observed_state"], bot["desired_state"]),
        output.text(bot["template"]),
        output.text(bot["exchange"]),
        output.text(bot["pool"]),
        _memory(bot),
        output.age(bot["created_at"]),
        output.text(bot["id"]),
        output.text(_sentences(bot)[0] if _sentences(bot) else None),
    )


def _memory(bot: dict[str, Any]) -> str:
    return output.megabytes(bot["memory"]["pss_bytes"] if bot["memory"] else None)


def _sentences(bot: dict[str, Any]) -> list[str]:
    return [f"{condition['type']}: {condition['message']}" for condition in bot["conditions"]]


def _reason(bot: dict[str, Any]) -> str:
    return "; ".join(_sentences(bot)) or f"see `flotilla bots logs {bot['name']}`."


def _short(data: dict[str, Any]) -> str:
    shown = [f"{key}={value}" for key, value in data.items() if isinstance(value, str | int | float) and value != ""]
    return " ".join(shown)[:160]


def _plain(amount: Any) -> str:
    return format(Decimal(str(amount)).normalize(), "f")
