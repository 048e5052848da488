"""The `flotilla` command. Client commands talk HTTP; `up` and `serve` run the control plane itself."""

import sys
from typing import Annotated

import typer

from api.cli import admin, bots, catalogue, database, overview, pools
from api.cli.exits import EXIT_CODES_HELP, CliError, ExitCode

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Fleets of FreqTrade bots: run them (`up`, `serve`), and look after them.",
    epilog=EXIT_CODES_HELP,
)
app.add_typer(bots.app, name="bots")
app.add_typer(pools.app, name="pools")
app.add_typer(admin.moves_app, name="moves")
app.add_typer(catalogue.templates_app, name="templates")
app.add_typer(database.app, name="db")
app.command()(database.migrate)
app.command()(admin.nodes)
app.command()(admin.audit)
app.command()(overview.portfolio)
app.command()(overview.status)

Demo = Annotated[bool, typer.Option("--demo/--no-demo", help="Whether the very first start makes three demo bots.")]
ApiOnly = Annotated[bool, typer.Option("--api-only", help="Serve the API and never lead; needs PostgreSQL and Redis.")]


@app.command()
def up(demo: Demo = True) -> None:
    """Run everything with a live view; Ctrl-C stops everything, bots included."""
    from api.cli.up import run  # the client commands must not load the server

    raise typer.Exit(run(view=True, demo=demo))


@app.command()
def serve(demo: Demo = True, api_only: ApiOnly = False) -> None:
    """Run everything without a view; bots go on when the control plane stops. Several may share a PostgreSQL: one
    leads, another takes over within seconds."""
    from api.cli.up import run  # the client commands must not load the server

    raise typer.Exit(run(view=False, demo=demo, candidate=not api_only))


def main() -> None:
    """Entry point: a sentence and an exit code where a command fails."""
    try:
        app()
    except CliError as error:
        sys.stderr.write(f"flotilla: {error.message}\n")
        sys.exit(int(error.exit_code))
    except KeyboardInterrupt:
        sys.exit(int(ExitCode.ERROR))
