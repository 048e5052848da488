"""`flotilla bots …`: what a user wants of bots, and what they do."""

import json
import time
import uuid
from typing import Annotated, Any, ClassVar, Literal

import typer
from flotilla_client.api import bots, strategies
from flotilla_client.models import (
    BotCreate,
    BotCreateParametersType0,
    BotResponse,
    ObservedState,
    StrategyChoice,
    StrategyResponse,
)

from api.cli import bot_view, output
from api.cli.client import Answer, ApiClient
from api.cli.exits import CliError, ExitCode
from api.cli.lazy import Command, LazyGroup
from api.cli.options import AsJson, Url, Yes, confirm, connect, given


class _Commands(LazyGroup):
    """What is done to a home without the API, and what administrators do."""

    known: ClassVar = {
        "move": Command(
            "api.cli.admin:move_bot", "Move a bot to another pool; it keeps its trades. For administrators."
        ),
        "pack": Command("api.cli.packing:pack", "Pack every bot of this home, with its trades, for another one."),
    }


app = typer.Typer(cls=_Commands, no_args_is_help=True, help="Bots: list, create, start, stop, watch, delete.")

_POLL_SECONDS = 0.5
SETTLED_BADLY = {"failed", "quarantined"}

Bot = Annotated[str, typer.Argument(metavar="BOT", help="Name or id of the bot.")]
Wait = Annotated[bool, typer.Option("--wait", help="Return once the bot is there, not only once it is wanted.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait at most.")]


OpenTrades = Literal["keep", "flatten"]
OnOpenTrades = Annotated[
    OpenTrades, typer.Option("--open-trades", help="Keep open trades for the next start, or close them first.")
]


@app.command("list")
def list_bots(
    state: Annotated[ObservedState | None, typer.Option(help="Only bots that are seen in this state.")] = None,
    template: Annotated[str | None, typer.Option(help="Only bots of this template.")] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """List bots."""
    with connect(url) as client:
        found = client.every(bots.list_bots, client=client.api, observed_state=state, template=template)
    if as_json:
        output.print_json(found.json)
        return
    columns = ("NAME", "STATE", "TEMPLATE", "EXCHANGE", "POOL", ">MEMORY", ">AGE", "ID", "CONDITION")
    output.print_table(
        columns, [bot_view.row(bot) for bot in found.body], "No bots. Create one with `flotilla bots create`."
    )


@app.command()
def show(bot: Bot, as_json: AsJson = False, url: Url = None) -> None:
    """Show one bot."""
    with connect(url) as client:
        bot_view.print_bot(find(client, bot), as_json)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Name of the new bot.")],
    template: Annotated[str | None, typer.Option("--template", "-t", help="See `flotilla templates list`.")] = None,
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="NAME[@VERSION]", help="One of your own, for a template.")
    ] = None,
    param: Annotated[list[str] | None, typer.Option("--param", "-p", metavar="KEY=VALUE", help="Repeatable.")] = None,
    pairs: Annotated[str | None, typer.Option(help="By commas: BTC/USDT,ETH/USDT; futures: BTC/USDT:USDT.")] = None,
    exchange: Annotated[str | None, typer.Option(help="`paper`, or an exchange id of ccxt.")] = None,
    trading_mode: Annotated[str | None, typer.Option(help="`spot`, or `futures`: long and short.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Candles: 1m, 5m, 1h …")] = None,
    stake_currency: Annotated[str | None, typer.Option(help="Currency that trades are paid with.")] = None,
    stake_amount: Annotated[str | None, typer.Option(help="Stake of one trade.")] = None,
    max_open_trades: Annotated[int | None, typer.Option(help="Trades open at once, at most.")] = None,
    starting_balance: Annotated[str | None, typer.Option(help="Its capital.")] = None,
    wallet: Annotated[str | None, typer.Option(help="Id of the wallet it is from; else your own of paper.")] = None,
    wake_on_need: Annotated[
        bool | None,
        typer.Option("--wake-on-need/--loop", help="Look only when something is due (default), or every few seconds."),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Trade with the money of the wallet's exchange account, for good.")
    ] = False,
    confirm_live: Annotated[
        str | None, typer.Option("--confirm-live", metavar="NAME", help="The bot's name again; else it is asked for.")
    ] = None,
    wait: Wait = False,
    timeout: Timeout = 120,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Create a bot of a template, or of a strategy of your own, and start it. What is left out has a default."""
    body = BotCreate(
        name=name,
        template=given(template),
        parameters=given(BotCreateParametersType0.from_dict(parse_parameters(param)) if param else None),
        pairs=given(None if pairs is None else [pair.strip() for pair in pairs.split(",") if pair.strip()]),
        exchange=given(exchange),
        trading_mode=given(trading_mode),
        timeframe=given(timeframe),
        stake_currency=given(stake_currency),
        stake_amount=given(stake_amount),
        max_open_trades=given(max_open_trades),
        starting_balance=given(starting_balance),
        wallet=given(wallet),
        wake_on_need=given(wake_on_need),
        dry_run=given(False if live else None),
        confirm_live=given(confirm_live or _typed(name) if live else None),
    )
    with connect(url) as client:
        if strategy is not None:
            known, _, version = strategy.partition("@")
            body.strategy = StrategyChoice(id=find_strategy(client, known).body.id, version=version or "head")
        made = client.ask(bots.create_bot, client=client.api, body=body, idempotency_key=str(uuid.uuid4()))
        if wait:
            made = _await_state(client, made.body.id, "running", timeout)
        bot_view.print_bot(made, as_json)


@app.command()
def start(bot: Bot, wait: Wait = False, timeout: Timeout = 120, as_json: AsJson = False, url: Url = None) -> None:
    """Start a stopped bot."""
    with connect(url) as client:
        changed = client.ask(bots.start_bot, find(client, bot).body.id, client=client.api)
        _print_once(client, changed, "running", timeout if wait else None, as_json)


@app.command()
def stop(
    bot: Bot,
    open_trades: OnOpenTrades = "keep",
    wait: Wait = False,
    timeout: Timeout = 120,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Stop a bot."""
    with connect(url) as client:
        found = find(client, bot).body
        changed = client.ask(bots.stop_bot, found.id, client=client.api, open_trades=open_trades)
        _print_once(client, changed, "stopped", timeout if wait else None, as_json)


@app.command()
def pause(bot: Bot, wait: Wait = False, timeout: Timeout = 120, as_json: AsJson = False, url: Url = None) -> None:
    """Let a bot manage its open trades, but open no new ones."""
    with connect(url) as client:
        changed = client.ask(bots.pause_bot, find(client, bot).body.id, client=client.api)
        _print_once(client, changed, "paused", timeout if wait else None, as_json)


@app.command()
def resume(bot: Bot, wait: Wait = False, timeout: Timeout = 120, as_json: AsJson = False, url: Url = None) -> None:
    """Let a paused bot trade again."""
    with connect(url) as client:
        changed = client.ask(bots.resume_bot, find(client, bot).body.id, client=client.api)
        _print_once(client, changed, "running", timeout if wait else None, as_json)


@app.command()
def restart(bot: Bot, as_json: AsJson = False, url: Url = None) -> None:
    """Give a bot a new process; also ends its quarantine."""
    with connect(url) as client:
        bot_view.print_bot(client.ask(bots.restart_bot, find(client, bot).body.id, client=client.api), as_json)


@app.command()
def delete(
    bot: Bot,
    open_trades: OnOpenTrades = "keep",
    yes: Yes = False,
    wait: Wait = False,
    timeout: Timeout = 120,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Delete a bot. Its directory is archived, not removed."""
    with connect(url) as client:
        found = find(client, bot).body
        confirm(yes, f"Delete bot {found.name!r} ({found.id})?")
        client.ask(bots.delete_bot, found.id, client=client.api, open_trades=open_trades)
        if wait:
            _await_gone(client, found.id, timeout)
        if as_json:
            output.print_json({"id": found.id, "name": found.name, "deleted": True})
        else:
            output.show(f"Bot {output.text(found.name)} {'is deleted' if wait else 'will be deleted'}.")


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
        bot_id = find(client, bot).body.id
        if follow:
            _follow(client, bot_id, tail, as_json)
            return
        page = client.ask(bots.get_bot_logs, bot_id, client=client.api, tail=tail)
    if as_json:
        output.print_json(page.json)
    else:
        for line in page.body.items:
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
        page = client.ask(bots.list_bot_events, find(client, bot).body.id, client=client.api, limit=limit)
    if as_json:
        output.print_json(page.json)
        return
    rows = [
        (output.instant(event.at), output.text(event.type_), output.text(bot_view.short(event.data.to_dict())))
        for event in page.body.items
    ]
    output.print_table(("AT (UTC)", "EVENT", "WHAT"), rows, "Nothing happened yet.")


def find(client: ApiClient, name_or_id: str) -> Answer[BotResponse]:
    """The bot of that id, or else of that name. Raises CliError NOT_FOUND."""
    if name_or_id.startswith("bot-"):
        try:
            return client.ask(bots.get_bot, name_or_id, client=client.api)
        except CliError as error:
            if error.exit_code not in (ExitCode.NOT_FOUND, ExitCode.INVALID):
                raise
    for bot in client.each(bots.list_bots, client=client.api, name=name_or_id):
        if name_or_id == bot.body.name:
            return bot
    raise CliError(f"There is no bot {name_or_id!r}; see `flotilla bots list`.", ExitCode.NOT_FOUND)


def id_of(client: ApiClient, name_or_id: str) -> str:
    """An id as it is: an administrator's bots are not all his own. Else that of one's own bot. Raises CliError."""
    return name_or_id if name_or_id.startswith("bot-") else find(client, name_or_id).body.id


def find_strategy(client: ApiClient, name_or_id: str) -> Answer[StrategyResponse]:
    """The strategy of that id or name. Raises CliError."""
    known = client.each(strategies.list_strategies, client=client.api)
    found = [one for one in known if name_or_id in (one.body.id, one.body.name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise CliError(f"Several strategies are named {name_or_id!r}; name the id.", ExitCode.ERROR)
    raise CliError(f"There is no strategy {name_or_id!r}; see `flotilla strategies list`.", ExitCode.NOT_FOUND)


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


def _typed(name: str) -> str:
    """What is typed to let a bot trade with real money."""
    question = f"{name} will trade with the money of an exchange account. Type its name to confirm"
    typed: str = typer.prompt(typer.style(question, fg=typer.colors.RED, bold=True), err=True)
    return typed


def _print_once(
    client: ApiClient, changed: Answer[BotResponse], goal: ObservedState, timeout: float | None, as_json: bool
) -> None:
    """At once, or when the bot is there."""
    bot_view.print_bot(changed if timeout is None else _await_state(client, changed.body.id, goal, timeout), as_json)


def _await_state(client: ApiClient, bot_id: str, goal: ObservedState, timeout: float) -> Answer[BotResponse]:
    """Polls until the wanted generation is in the wanted state. Raises CliError where it fails or takes too long."""
    deadline = time.monotonic() + timeout
    while True:
        found = client.ask(bots.get_bot, bot_id, client=client.api)
        bot = found.body
        observed = bot.observed_state
        if observed == goal and (bot.observed_generation >= bot.generation or goal == "stopped"):
            return found
        if observed in SETTLED_BADLY:
            raise CliError(f"Bot {bot.name} is {observed}: {bot_view.reason(bot)}", ExitCode.ERROR)
        if time.monotonic() >= deadline:
            raise CliError(
                f"Bot {bot.name} is {observed}, not {goal}, after {timeout:g} s: {bot_view.reason(bot)}",
                ExitCode.ERROR,
            )
        time.sleep(_POLL_SECONDS)


def _await_gone(client: ApiClient, bot_id: str, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            client.ask(bots.get_bot, bot_id, client=client.api)
        except CliError as error:
            if error.exit_code == ExitCode.NOT_FOUND:
                return
            raise
        if time.monotonic() >= deadline:
            raise CliError(f"Bot {bot_id} is still being deleted after {timeout:g} s.", ExitCode.ERROR)
        time.sleep(_POLL_SECONDS)


def _follow(client: ApiClient, bot_id: str, tail: int, as_json: bool) -> None:
    for event, data in client.follow_log(bot_id, tail):
        if event == "error":
            raise CliError(data, ExitCode.UNREACHABLE)
        typer.echo(json.dumps({"line": data}, ensure_ascii=False) if as_json else data)
