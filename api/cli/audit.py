"""`flotilla audit`: who did what, and whether what is written of it is whole."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from flotilla_client.api.audit import list_audit, verify_audit
from flotilla_client.models import (
    AuditResponse,
    AuditResponseAfterType0,
    AuditResponseBeforeType0,
    BreakResponse,
    ChainResponse,
    VerifyResponse,
)

from api.cli import output
from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Url, Yes, confirm, connect
from api.cli.places import must_exist, own_settings, place_of, run_here, shown
from orchestrator import home as homes
from orchestrator.audit.elsewhere import seal_database, verify_backup, verify_database
from orchestrator.audit.seal import SealKey
from orchestrator.audit.verify import Chain
from orchestrator.errors import Conflict
from orchestrator.settings import OrchestratorSettings

app = typer.Typer(help="Who did what to pools and bots, when and why; `verify` tells whether that is whole.")

Tenant = Annotated[str | None, typer.Option(help="Only the chain of this user, by id, or of `fleet`.")]
DbUrl = Annotated[
    str | None,
    typer.Option(
        "--db-url",
        envvar="FLOTILLA_DB_URL",
        help="With --offline: SQLAlchemy URL with an async driver; default: FLOTILLA_ORCH_DATABASE_URL, else SQLite in "
        "the home.",
    ),
]


@app.callback(invoke_without_command=True)
def audit(
    context: typer.Context,
    subject: Annotated[str | None, typer.Option(help="Only what was done to it: pool/ID, bot/ID, fleet.")] = None,
    tenant: Annotated[
        str | None, typer.Option(help="Only what concerns this user, by id, or `fleet`; for administrators.")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Only what that user did, by id.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show who did what to pools and bots, when and why; `verify` tells whether that is whole."""
    if context.invoked_subcommand is not None:
        return
    with connect(url) as client:
        page = client.ask(list_audit, client=client.api, subject=subject, actor=actor, tenant=tenant, limit=limit)
    if as_json:
        output.print_json(page.json)
        return
    rows = [
        (
            output.instant(row.at),
            output.text(row.actor_name or row.actor),
            output.text(row.action),
            output.text(_subject(row)),
            output.text(row.reason),
            output.text(_changes(_kept(row.before), _kept(row.after))),
        )
        for row in page.body.items
    ]
    output.print_table(("AT (UTC)", "WHO", "WHAT", "TO WHAT", "WHY", "CHANGED"), rows, "Nothing was done yet.")


@app.command()
def verify(
    tenant: Tenant = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Read the database itself; no control plane needed.")
    ] = False,
    backup: Annotated[Path | None, typer.Option("--backup", help="Read this backup instead.")] = None,
    db_url: DbUrl = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Whether the audit is whole, and where the first row is that was changed, removed, swapped or added.

    `all` is the register over all chains. Keep its hash somewhere else: an audit that was put back to an earlier moment
    as a whole fits again, and has another one."""
    if backup is not None or offline:
        chains = _verified(backup, db_url, tenant)
        if not chains and tenant is not None:
            told = f"Nothing is written of {tenant}, or it is gone: leave --tenant out, and the register tells."
            raise CliError(told, ExitCode.NOT_FOUND)
        body: dict[str, Any] = {
            "whole": all(chain.whole for chain in chains),
            "chains": [_body(chain) for chain in chains],
        }
    else:
        with connect(url) as client:
            body = client.ask(verify_audit, client=client.api, tenant=tenant).json
    found = VerifyResponse.from_dict(body)
    if as_json:
        output.print_json(body)
    else:
        _tell(found.chains)
    if not found.whole:
        raise typer.Exit(int(ExitCode.CONFLICT))


@app.command()
def seal(yes: Yes = False, db_url: DbUrl = None) -> None:
    """Seal the chains with this home's secret where another one did, say because `secrets.json` was lost. Works on the
    database itself."""
    settings = own_settings()
    place = place_of(db_url, settings.url)
    must_exist(place)
    key = _key(settings)
    if key is None:
        raise CliError(f"There is no secret to seal with: {_secrets_file(settings)} is missing.", ExitCode.NOT_FOUND)
    confirm(yes, f"Vouch for the audit in {shown(place)} as it is now?")
    sealed = run_here(settings, seal_database(place, key))
    output.show(f"Sealed: {output.text(', '.join(sealed))}." if sealed else "All chains were sealed already.")


def _verified(backup: Path | None, db_url: str | None, tenant: str | None) -> list[Chain]:
    settings = own_settings()
    key = _key(settings)
    if backup is None:
        place = place_of(db_url, settings.url)
        must_exist(place)
        return run_here(settings, verify_database(place, key, tenant))
    if not backup.is_file():
        raise CliError(f"There is no file {backup}.", ExitCode.NOT_FOUND)
    try:
        return verify_backup(backup, key, tenant)
    except Conflict as error:
        raise CliError(error.message, ExitCode.CONFLICT) from None


def _secrets_file(settings: OrchestratorSettings) -> Path:
    return settings.secrets_file or settings.home / homes.SECRETS_FILE


def _key(settings: OrchestratorSettings) -> SealKey | None:
    """None where there is no secret here: nothing is made for reading's sake."""
    if not _secrets_file(settings).is_file():
        return None
    try:
        return SealKey.of(homes.load_secrets(settings.home, settings.secrets_file).token_signing_key)
    except Conflict as error:
        raise CliError(error.message, ExitCode.CONFLICT) from None


def _body(chain: Chain) -> dict[str, Any]:
    """As the API tells it."""
    problem = None if chain.problem is None else asdict(chain.problem)
    if problem is not None:
        number = problem.pop("number")
        problem["id"] = None if number is None else str(number)
    return {
        "tenant": chain.tenant_id, "rows": chain.rows, "hash": chain.hash, "seal": str(chain.anchor), "problem": problem
    }  # fmt: skip


def _tell(chains: Sequence[ChainResponse]) -> None:
    rows = [
        (
            output.text(chain.tenant),
            str(chain.rows),
            output.text(chain.seal),
            output.text(chain.hash_),
            "[green]whole[/]" if chain.problem is None else f"[bold red]{output.text(_where(chain.problem))}[/]",
        )
        for chain in chains
    ]
    output.print_table(("TENANT", ">ROWS", "SEAL", "LAST HASH", "FOUND"), rows, "Nothing was done yet.")
    if any(chain.seal == "unchecked" for chain in chains):
        output.show("Seals were not checked, for the secret is not here: an end that was cut off may read as whole.")


def _where(problem: BreakResponse) -> str:
    row = f" (id {problem.id})" if problem.id is not None else ""
    return f"breaks at row {problem.sequence}{row}: {problem.message}"


def _subject(row: AuditResponse) -> str:
    """`bot demo-trend` where it has a name, else as `--subject` takes it."""
    kind = row.subject.partition("/")[0]
    return f"{kind} {row.subject_name}" if row.subject_name else row.subject


def _kept(values: AuditResponseBeforeType0 | AuditResponseAfterType0 | None) -> dict[str, Any]:
    return {} if values is None else values.to_dict()


def _changes(before: dict[str, Any], after: dict[str, Any]) -> str:
    """`cordoned: false → true`, of what differs."""
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    shown = [f"{key}: {_short(before.get(key))} → {_short(after.get(key))}" for key in keys]
    return ", ".join(shown)[:200]


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)[:60]
