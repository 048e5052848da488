"""`flotilla init`: the guided set-up in the terminal, and without one by options alone.

What an option says is not asked for. Every step looks at what is so already: done twice, it does nothing twice. What
is asked for is sent at once, so that a refusal is told where it can be mended. Passwords and secrets are asked for, or
read from files and standard input: a command line is seen by every user of the machine.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from flotilla_client.api import auth
from flotilla_client.models import BotResponse, MeResponse, ProfileChange

from api.cli import output
from api.cli.client import Answer
from api.cli.credentials import read_secret
from api.cli.exits import CliError, ExitCode
from api.cli.init_asking import Done, Run
from api.cli.init_bots import FirstBots, await_trading, firsts_of
from api.cli.init_steps import Exchange, Steps, zone_here
from api.cli.options import AsJson, Url, Yes, connect


def init(
    password_file: Annotated[
        Path | None, typer.Option("--password-file", metavar="FILE", help="Has your new password, alone.")
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as Europe/Berlin.")] = None,
    currency: Annotated[str | None, typer.Option(help="What the portfolio is told in, such as USDT or EUR.")] = None,
    exchange: Annotated[
        Exchange | None, typer.Option(help="Where the first bots trade dry; `paper` is an exchange of our own.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="NAME", help="Also enter a key of that exchange, read as by `keys add`."),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option("--template", "-t", metavar="TEMPLATE[=NAME[:CAPITAL]]", help="A first bot; repeatable."),
    ] = None,
    keep_demo: Annotated[
        bool | None, typer.Option("--keep-demo/--no-demo", help="Whether the bots of the first start stay.")
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option("--rules", metavar="PRESET", help="One of `policies presets`, put in force over all your bots."),
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait for bots at most.")] = 600,
    yes: Yes = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Set up: password, time zone, currency, exchange, rules, first bots; ends when they trade.

    With --yes nothing is asked, and what no option says stays as it is. Doing it again does no harm."""
    if not yes and not sys.stdin.isatty():
        raise CliError("This asks questions: run it in a terminal, or say all by options, with --yes.", ExitCode.USAGE)
    if key is not None and exchange in (None, "paper"):
        raise CliError("--key is of an exchange: name it with --exchange.", ExitCode.USAGE)
    new = None if password_file is None else read_secret(password_file, "--password-file")
    wanted = None if template is None else firsts_of(template)
    with connect(url) as client:
        run = Run(client, asks=not yes)
        steps, first = Steps(run), FirstBots(run)
        steps.sign_in(new)
        if not steps.goes_on():
            return
        steps.settle("time_zone", "Time zone", time_zone, zone_here)
        steps.settle("reporting_currency", "Currency that your portfolio is told in", currency)
        where = steps.exchange(exchange, key)
        steps.knows(rules)
        kept = first.demo(keep_demo)
        steps.rules(rules)
        made = first.first_bots(wanted, where)
        me = client.ask(auth.update_me, client=client.api, body=ProfileChange(set_up=True))
        trading = await_trading(client, {*kept, *made}, timeout)
    _tell(me, run.done, trading, as_json)


def _tell(me: Answer[MeResponse], done: Done, trading: Answer[list[BotResponse]], as_json: bool) -> None:
    if as_json:
        output.print_json(
            {
                "user": me.json,
                "password_changed": done.password_changed,
                "exchange_key": done.exchange_key,
                "rules": done.rules,
                "created": done.created,
                "removed": done.removed,
                "bots": trading.json,
            }
        )
        return
    if trading.body:
        named = ", ".join(output.text(one.name) for one in trading.body)
        verb = "trades" if len(trading.body) == 1 else "trade"
        output.show(f"You are set up; {output.count(len(trading.body), 'bot')} {verb}, dry: {named}.")
        output.show("Look at them with `flotilla bots list`; halt all of them with `flotilla halt`.")
    else:
        output.show("You are set up. Create bots with `flotilla bots create`.")
