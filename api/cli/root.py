"""The `flotilla` command. Client commands talk HTTP; `up` and `serve` run the control plane itself."""

import sys
from typing import Annotated, ClassVar

import typer

from api.cli.exits import EXIT_CODES_HELP, CliError, ExitCode
from api.cli.lazy import Command, LazyGroup
from orchestrator.kit.undumpable import guard_memory


class Commands(LazyGroup):
    """All that do not run the control plane."""

    known: ClassVar = {
        "status": Command(
            "api.cli.overview:status",
            "Show whether the control plane is ready, and how many bots are in which state; exit code 6 if not ready.",
        ),
        "portfolio": Command(
            "api.cli.overview:portfolio", "Show the portfolio: equity, profit, exposure, and each bot's part."
        ),
        "bots": Command("api.cli.bots:app", "Bots: list, create, start, stop, watch, delete."),
        "trades": Command("api.cli.trades:app", "Trades of all your bots: close many at once."),
        "strategies": Command(
            "api.cli.strategies:app", "Your own strategies: upload, check, compare, share, roll out."
        ),
        "templates": Command("api.cli.catalogue:templates_app", "Templates: list, show with parameters."),
        "wallets": Command(
            "api.cli.wallets:app", "Wallets: paper money, exchange accounts, and what bots have of them."
        ),
        "keys": Command("api.cli.keys:app", "Exchange keys: enter, check, rename, replace, remove; what seals them."),
        "findings": Command(
            "api.cli.findings:app", "Where exchange accounts and the books of their bots differ; `settle` settles one."
        ),
        "policies": Command(
            "api.cli.policies:app", "Policies: show, set, preview, compare, revert; presets, dial, guardrails."
        ),
        "actions": Command("api.cli.actions:actions", "Show what universal rules did, and which entries they refused."),
        "risk": Command(
            "api.cli.risk:risk",
            "Show what your bots may do and why, how far every limit is used, and what is reserved.",
        ),
        "halt": Command(
            "api.cli.risk:halt",
            "Halt your bots, one of them, or everything: no new risk, resting entries cancelled; stops stay.",
        ),
        "reduce": Command("api.cli.risk:reduce", "Let your bots only exit from now on."),
        "release": Command(
            "api.cli.risk:release",
            "Release what was halted or reduced with the same scope, after a second confirmation.",
        ),
        "init": Command(
            "api.cli.init:init",
            "Set up: password, time zone, currency, exchange, rules, first bots; ends when they trade.",
        ),
        "account": Command(
            "api.cli.account:app", "Your account: by an invitation; password, authenticator app, recovery codes."
        ),
        "sessions": Command("api.cli.sessions:app", "Where you are signed in, and ending that."),
        "tokens": Command(
            "api.cli.tokens:app",
            "API tokens, for programs: FLOTILLA_TOKEN here, the password of FreqUI and FreqTrade's client at a bot.",
        ),
        "shares": Command("api.cli.sharing:app", "Bots and portfolios that others may look at or operate."),
        "users": Command("api.cli.users:app", "Users, for administrators: list, invite, change, deactivate."),
        "pools": Command("api.cli.pools:app", "Pools: list, show, slots; create, cordon, drain, rebalance, roll out."),
        "nodes": Command("api.cli.admin:nodes", "List the machines that run pools."),
        "moves": Command("api.cli.admin:moves_app", "Moves of bots between pools: list, abandon."),
        "audit": Command(
            "api.cli.audit:app",
            "Who did what to pools and bots, when and why; `verify` tells whether that is whole.",
        ),
        "market": Command(
            "api.cli.market:app", "Candles that this machine keeps: list, import from FreqTrade, export."
        ),
        "db": Command(
            "api.cli.database:app", "The database itself: move it, save it, restore it. Needs no control plane."
        ),
        "migrate": Command(
            "api.cli.database:migrate",
            "Bring the database to the version of this Flotilla; a start of the control plane does the same.",
        ),
    }


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Fleets of FreqTrade bots: run them (`up`, `serve`), and look after them.",
    epilog=EXIT_CODES_HELP,
)

Demo = Annotated[bool, typer.Option("--demo/--no-demo", help="Whether the very first start makes three demo bots.")]
ApiOnly = Annotated[bool, typer.Option("--api-only", help="Serve the API and never lead; needs PostgreSQL and Redis.")]


@app.command()
def up(demo: Demo = True) -> None:
    """Run everything with a live view; Ctrl-C stops everything, bots included."""
    from api.cli.up import run  # the client commands must not load the server

    raise typer.Exit(run(view=True, demo=demo))


@app.command()
def serve(demo: Demo = True, api_only: ApiOnly = False) -> None:
    """Run everything without a view; bots go on when the control plane stops.

    Several may share a PostgreSQL: one leads, another takes over within seconds."""
    from api.cli.up import run  # the client commands must not load the server

    raise typer.Exit(run(view=False, demo=demo, candidate=not api_only))


def main() -> None:
    """Entry point: a sentence and an exit code where a command fails."""
    guard_memory()
    try:
        app()
    except CliError as error:
        sys.stderr.write(f"flotilla: {error.message}\n")
        sys.exit(int(error.exit_code))
    except KeyboardInterrupt:
        sys.exit(int(ExitCode.ERROR))
